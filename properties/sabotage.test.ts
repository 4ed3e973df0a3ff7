/** What operators do to servers that are being moved lies outside the contract, and nothing else does. */
import {
  Campaign,
  CONTRACTS,
  campaignJson,
  campaignReport,
  compile,
  deriveSeed,
  GROUP,
  HEADER,
  indexKnown,
  KNOWN_OF_NOVA,
  MOST_OPERATIONS,
  madeUp,
  modelTarget,
  type Operation,
  Player,
  PROTOCOLS,
  sample,
  type Violation,
  verdictOf,
  wordStream,
} from 'claimcheck';
import { describe, expect, test } from 'vitest';
import { scenario } from './moves.ts';

const CONFIG = {
  seed: 'sabotage',
  contract: 'strict',
  defects: [],
  repairs: [],
  placementRelease: 16,
  novaRelease: 34,
  faults: 1,
  cloud: null,
} as const;
const TOOLS = ['placement_audit', 'heal_allocations', 'delete_allocations', 'edit_row'] as const;

/** Violations of many scenarios, as they were found: not minimised, one list a scenario. */
function played(protocol: 'nova' | 'rollback', runs: number): (readonly Violation[])[] {
  const situations = sample(madeUp(16), deriveSeed('sabotage', protocol, 'clouds'), 16);
  const player = new Player(compile(PROTOCOLS[protocol]), CONTRACTS.strict, 1, situations, { sabotage: true });
  const found: (readonly Violation[])[] = [];
  wordStream(HEADER, GROUP, MOST_OPERATIONS).forEach(deriveSeed('sabotage', protocol), runs, (words) => {
    player.play(words);
    found.push([...player.trial.violations]);
  });
  return found;
}
const isSabotage = ({ cause }: Violation): boolean => cause.sabotage.length > 0;

test('under rollback only sabotage breaks a law, and each of its kinds does', () => {
  const violations = played('rollback', 8000).flat();
  expect(violations.filter((one) => !isSabotage(one)).map(({ signature }) => signature)).toEqual([]);
  const saboteurs = new Set(violations.flatMap(({ cause }) => cause.sabotage));
  expect([...saboteurs].sort()).toEqual(['delete_allocations', 'edit_row', 'heal_allocations', 'placement_audit']);
});

test('a sabotaged server does not hide what befalls the others', () => {
  const both = played('nova', 10_000).filter(
    (found) => found.some(isSabotage) && found.some((one) => !isSabotage(one) && one.instance >= 0),
  );
  expect(both.length).toBeGreaterThan(5);
});

describe.each(['nova', 'rollback'] as const)('a campaign of %s with sabotage', (protocol) => {
  const campaign = new Campaign({ ...CONFIG, protocol, sabotage: true }, indexKnown(KNOWN_OF_NOVA));
  campaign.runBlock(0, 120);
  const verdict = verdictOf(campaign, false);
  const { findings } = campaignJson(campaign, verdict) as { findings: { signature: string; sabotage: boolean }[] };

  test('is not red', () => {
    expect(['held', 'known']).toContain(verdict);
    expect(findings.some(({ sabotage }) => sabotage)).toBe(true);
  });
  test('labels what sabotage broke in signature and JSON', () => {
    for (const { signature, sabotage } of findings) expect(signature.includes(' | sabotage by ')).toBe(sabotage);
  });
  test('lists it apart', () => {
    const text = campaignReport(campaign, verdict, {
      color: false,
      verbose: false,
      replayLine: (token) => token,
      madeFor: 34,
    });
    expect(text).toMatch(/^\d+ ways? to break the laws by sabotage, which lies outside the contract$/m);
    expect(text).toMatch(/Sabotage broke them in \d+ ways?\.$/);
  });
});

test('a campaign that was not asked for sabotage draws none of the commands', () => {
  const campaign = new Campaign({ ...CONFIG, protocol: 'nova' }, indexKnown(KNOWN_OF_NOVA));
  campaign.runBlock(0);
  expect(TOOLS.filter((name) => campaign.statistics.operations[name] !== undefined)).toEqual([]);
  expect([...campaign.findings.values()].filter(({ sabotage }) => sabotage)).toEqual([]);
});

test('audit --delete takes nothing of a move that waits for its decision, under either protocol', () => {
  const operations: Operation[] = [
    { operation: 'boot', server: 's1', flavor: 'm1', host: 'h1' },
    { operation: 'resize', server: 's1', flavor: 'm2' },
    { operation: 'placement_audit', delete: true },
    { operation: 'confirm', server: 's1' },
  ];
  for (const protocol of [PROTOCOLS.nova, PROTOCOLS.rollback]) {
    const code = compile(protocol);
    const { steps, settled } = modelTarget(code).play(scenario(2, operations, []));
    expect(steps[2]!.operation.exit_code).toBe(0);
    expect(settled).toEqual({ s1: 'h2 active/none m2 | I{h2:m2} | M1{} confirmed' });
  }
});
