/** The releases of Nova as tables of changes: every one is alive, and none is forgotten by whoever runs a scenario. */

import {
  Campaign,
  type CampaignConfig,
  CONTRACTS,
  campaignJson,
  compile,
  decodeToken,
  indexKnown,
  judgeScenario,
  KNOWN_OF_NOVA,
  modelTarget,
  NOTHING_KNOWN,
  PROTOCOLS,
  type Scenario,
  tryScenario,
  verdictOf,
} from 'claimcheck';
import { describe, expect, test } from 'vitest';
import { plainCampaign } from '../src/campaign/plain.ts';
import { CASES } from './conformance/rows.ts';
import { scenarioOf } from './conformance/scenario.ts';

const OLDEST = 26;
const NEWEST = 34;
const RELEASES = Array.from({ length: NEWEST - OLDEST + 1 }, (_, k) => OLDEST + k);
const { nova } = PROTOCOLS;
const asOf = (nova_release: number, scenario: Scenario): Scenario => ({
  ...scenario,
  options: { ...scenario.options, nova_release },
});

const CONFIG: CampaignConfig = { ...plainCampaign('claimcheck'), novaRelease: 29 };

describe('a release', () => {
  test('has the failure points of the newest but for those that came later', () => {
    const points = (release: number): string[] => compile(nova, [], release).points.map(({ id }) => id);
    const newest = points(NEWEST);
    const differing = RELEASES.flatMap((release) => {
      const own = points(release);
      const missing = newest.filter((id) => !own.includes(id));
      const added = own.filter((id) => !newest.includes(id));
      return missing.length + added.length === 0 ? [] : [{ release, missing, added }];
    });
    const missing = ['finish.swap-bdm'];
    expect(differing).toEqual([26, 27, 28, 29, 30].map((release) => ({ release, missing, added: [] })));
  });

  test('is no part of the rollback protocol: every one is played alike', () => {
    const played = [OLDEST, NEWEST].map((novaRelease) => {
      const campaign = new Campaign({ ...CONFIG, protocol: 'rollback', novaRelease }, NOTHING_KNOWN);
      campaign.runBlock(0, 300);
      return campaignJson(campaign, verdictOf(campaign, false));
    });
    expect(played[0]).toEqual(played[1]);
  });

  test('of a scenario is that of the tables that run it, or nothing runs', () => {
    const scenario = asOf(29, scenarioOf({ steps: [] }));
    const other = 'the scenario is for Nova 29, the tables are those of 34';
    expect(() => judgeScenario(compile(nova), CONTRACTS.strict, scenario)).toThrow(other);
    expect(() => tryScenario(compile(nova), CONTRACTS.strict, scenario)).toThrow(other);
    expect(() => modelTarget(compile(nova)).play(scenario)).toThrow(other);
    expect(judgeScenario(compile(nova, [], 29), CONTRACTS.strict, scenario)).toEqual([]);
  });
});

describe('a change', () => {
  test('stands behind newer ones, says where Nova made it, and why the model does not carry it', () => {
    const since = nova.changes.map((change) => change.since);
    expect(since).toEqual(since.toSorted((a, b) => b - a));
    for (const change of nova.changes) {
      expect(change.since).toBeGreaterThan(OLDEST);
      expect(change.since).toBeLessThanOrEqual(NEWEST);
      expect(change.nova.filter((source) => !/^nova\/[\w/]+\.py(:[\w.]+)?$/.test(source))).toEqual([]);
      expect(change.nova).not.toEqual([]);
      if (change.before === null) expect(change.note).not.toBe('');
    }
  });

  test('names handlers, steps and undos that are there', () => {
    const steps = new Set(compile(nova).points.map(({ id }) => id));
    for (const { before } of nova.changes) {
      const { steps: cells = {}, order = {}, undo = {}, undoGroups = {} } = before ?? {};
      expect(Object.keys(cells).filter((id) => !steps.has(id))).toEqual([]);
      expect(Object.keys(order).filter((id) => !nova.handlers.some((handler) => handler.id === id))).toEqual([]);
      expect(Object.keys(undo).filter((id) => nova.undo[id] === undefined)).toEqual([]);
      expect(Object.keys(undoGroups).filter((name) => nova.undoGroups[name] === undefined)).toEqual([]);
    }
  });

  /** The scenarios of a release's rows, played with and without one change alone. */
  const carried = nova.changes.filter(({ before }) => before !== null);
  test.each(carried.map((change) => [`${change.since}.0: ${change.title}`, change] as const))(
    'shows: %s',
    (_, change) => {
      const { since } = change;
      const alone = { ...nova, changes: [change] };
      const lines = CASES.filter(({ row, options }) => row.startsWith('release.') && options?.nova_release === since);
      const after = modelTarget(compile(alone, [], since));
      const before = modelTarget(compile(alone, [], since - 1));
      const telling = lines.filter((line) => {
        const scenario = scenarioOf(line);
        const pictures = [after.play(scenario), before.play(asOf(since - 1, scenario))].map((play) =>
          JSON.stringify([play.steps, play.quiescent]),
        );
        return pictures[0] !== pictures[1];
      });
      expect(telling.length).toBeGreaterThan(0);
      // and in company with the others the row of the release before is another one
      for (const line of telling) {
        const twin = CASES.find(
          ({ row, name, options }) =>
            row === line.row &&
            name === line.name.replace(String(since), String(since - 1)) &&
            options?.nova_release === since - 1,
        );
        expect({ name: line.name, expected: twin?.expected, used: twin?.used }).not.toEqual({
          name: line.name,
          expected: line.expected,
          used: line.used,
        });
      }
    },
  );
});

describe('a campaign of an older release', () => {
  const known = indexKnown(KNOWN_OF_NOVA);
  const older = new Campaign(CONFIG, known);
  for (let block = 0; block < 2; block++) older.runBlock(block);
  const findings = [...older.findings.values()];

  test('knows what the list of the newest has, and what a later release took away', () => {
    expect(findings.filter((one) => one.known === null).map(({ signature }) => signature)).toEqual([]);
    const gone = findings.filter(({ signature }) => !known.has(signature));
    expect(new Set(gone.map((one) => one.known!.weakness))).toEqual(new Set(['before 30.0']));
    expect(findings.length).toBeGreaterThan(gone.length);
  });

  test('hands out tokens of that release, which show their signature there', () => {
    const code = compile(nova, [], 29);
    const stale = findings.filter(({ signature, token }) => {
      const reading = decodeToken(token);
      if (!reading.ok) throw new Error(reading.error);
      return !judgeScenario(code, CONTRACTS.strict, reading.value.scenario).some((one) => one.signature === signature);
    });
    expect(stale).toEqual([]);
  });

  test('takes nothing for known that the newest release shows too, and nothing at all without a list', () => {
    const broken = new Campaign({ ...CONFIG, defects: ['R-03'] }, known);
    broken.runBlock(0);
    expect([...broken.findings.values()].filter((one) => one.known === null).length).toBeGreaterThan(0);
    const bare = new Campaign(CONFIG, NOTHING_KNOWN);
    bare.runBlock(0, 300);
    expect([...bare.findings.values()].filter((one) => one.known !== null)).toEqual([]);
  });
});
