/** The model against what is known of Nova: every row of the specification, every fault that it names. */
import { describe, expect, test } from 'vitest';
import { compile } from '../../src/engine/compile.ts';
import { nova } from '../../src/nova/protocol-nova.ts';
import { checkScenario } from '../../src/scenario/read.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import { modelTarget } from '../../src/targets/model.ts';
import type { Target } from '../../src/targets/target.ts';
import { BUILD_ROWS } from './build-rows.ts';
import { EVACUATION_ROWS } from './evacuation-rows.ts';
import { LIVE_ROWS } from './live-migration-rows.ts';
import { RESOURCE_ROWS } from './resource-rows.ts';
import { CASES, ROW_IDS } from './rows.ts';
import { scenarioOf } from './scenario.ts';
import { SHELVE_ROWS } from './shelve-rows.ts';

const targets = new Map<number, Target>();

/** The model at the release that a scenario names. */
function targetFor({ options: { nova_release } }: Scenario): Target {
  const target = targets.get(nova_release) ?? modelTarget(compile(nova, [], nova_release));
  targets.set(nova_release, target);
  return target;
}

describe.each(ROW_IDS)('%s', (id) => {
  test.each(CASES.filter(({ row }) => row === id).map((line) => [line.name, line] as const))('%s', (_, line) => {
    const scenario = scenarioOf(line);
    const play = targetFor(scenario).play(scenario);
    const { s1 } = play.quiescent;
    const struck = play.fired.concat(play.held.map((state) => state !== 'did not strike' && state !== 'broken'));
    const exits = play.steps.flatMap(({ operation }) => operation.exit_code ?? []);
    const { trackers } = play.steps.at(-1)!.picture;
    const used = line.used && Object.fromEntries(Object.keys(line.used).map((h) => [h, trackers[h]!.vcpus_used]));
    expect({ s1, struck, exits, used }).toEqual({
      s1: line.expected,
      struck: struck.map(() => line.misses !== true),
      exits: line.exits ?? exits,
      used: line.used,
    });
  });
});

test('every row has a case, and every case a row of its own name', () => {
  expect(new Set(CASES.map(({ row }) => row))).toEqual(new Set(ROW_IDS));
  const names = CASES.map(({ row, name }) => `${row}: ${name}`);
  expect(names.filter((name, k) => names.indexOf(name) !== k)).toEqual([]);
});

test('every case is a scenario that can be stored and replayed', () => {
  const refused = CASES.map((line) => checkScenario(scenarioOf(line), `${line.row}: ${line.name}`)).filter(
    ({ ok }) => !ok,
  );
  expect(refused).toEqual([]);
});

const MOVES = { ...LIVE_ROWS, ...EVACUATION_ROWS, ...SHELVE_ROWS, ...BUILD_ROWS };

describe.each(Object.keys(MOVES))('%s', (id) => {
  test.each(MOVES[id]!.map((line) => [line.name, line] as const))('%s', (_, line) => {
    const scenario = scenarioOf(line);
    expect(checkScenario(scenario, line.name)).toMatchObject({ ok: true });
    const play = targetFor(scenario).play(scenario);
    const struck = play.fired.concat(play.held.map((state) => state !== 'did not strike' && state !== 'broken'));
    expect({ s1: play.quiescent.s1, struck }).toEqual({ s1: line.expected, struck: struck.map(() => true) });
  });
});

describe.each(Object.keys(RESOURCE_ROWS))('%s', (id) => {
  test.each(RESOURCE_ROWS[id]!.map((line) => [line.name, line] as const))('%s', (_, line) => {
    const scenario = scenarioOf(line);
    expect(checkScenario(scenario, line.name)).toMatchObject({ ok: true });
    const play = targetFor(scenario).play(scenario);
    const struck = play.fired.concat(play.held.map((state) => state !== 'did not strike' && state !== 'broken'));
    const { instances, trackers } = play.steps.at(-1)!.picture;
    const cpus = (list: readonly (readonly [string, readonly number[] | undefined])[]): string =>
      list.map(([name, pinned]) => `${name}:${pinned?.join()}`).join(' ');
    const pins = `${cpus(Object.entries(trackers).map(([h, one]) => [h, one.pinned_cpus]))} | ${cpus(
      instances.map(({ server, pinned_cpus }) => [server, pinned_cpus]),
    )}`;
    expect({ s1: play.quiescent.s1, pins: line.pins && pins, struck }).toEqual({
      s1: line.expected,
      pins: line.pins,
      struck: struck.map(() => true),
    });
  });
});
