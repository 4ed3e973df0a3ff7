/** The model against what is known of Nova: every row of the specification, every fault that it names. */
import { describe, expect, test } from 'vitest';
import { compile } from '../../src/engine/compile.ts';
import { nova } from '../../src/nova/protocol-nova.ts';
import { checkScenario } from '../../src/scenario/read.ts';
import { modelTarget } from '../../src/targets/model.ts';
import { CASES, ROW_IDS } from './rows.ts';
import { scenarioOf } from './scenario.ts';

const target = modelTarget(compile(nova));

describe.each(ROW_IDS)('%s', (id) => {
  test.each(CASES.filter(({ row }) => row === id).map((line) => [line.name, line] as const))('%s', (_, line) => {
    const play = target.play(scenarioOf(line));
    const { s1 } = play.quiescent;
    const struck = play.fired.concat(play.held.map((state) => state !== 'did not strike' && state !== 'broken'));
    const exits = play.steps.flatMap(({ operation }) => operation.exit_code ?? []);
    expect({ s1, struck, exits }).toEqual({
      s1: line.expected,
      struck: struck.map(() => true),
      exits: line.exits ?? exits,
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
