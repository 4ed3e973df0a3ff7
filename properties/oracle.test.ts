/** The oracle is tested too: every defect and mutant dies, and every invariant has killed. */
import {
  CLOUD_LAWS,
  CONTRACTS,
  compile,
  DEFECTS,
  decodeToken,
  deriveSeed,
  GROUP,
  HEADER,
  judgeScenario,
  MOST_OPERATIONS,
  madeUp,
  markdownTable,
  movesServed,
  Player,
  PROTOCOLS,
  partsOfRollback,
  type Scenario,
  sample,
  staleReasons,
  type Violation,
  wordStream,
} from 'claimcheck';
import { describe, expect, test } from 'vitest';

const MOST_RUNS = 80_000;
const LEAST_RUNS = 2500;
/** What a source that is gone asks of recovery is rare. */
const MOST_RUNS_OF_A_PART = 20_000;
const SEED = 'oracle';
const stream = wordStream(HEADER, GROUP, MOST_OPERATIONS);
const situations = sample(madeUp(null), deriveSeed(SEED, 'clouds'), 16);

type ProtocolName = keyof typeof PROTOCOLS;
type Defect = (typeof DEFECTS)[number];

const plain = { nova: compile(PROTOCOLS.nova), rollback: compile(PROTOCOLS.rollback) };
const protocolOf = (defect: Defect): ProtocolName => defect.protocol ?? 'nova';

/**
 * Races that take a hold at one step and a fault at another: random words meet one in ten thousand runs or more, so the
 * minimal scenario is written down. `npx claimcheck replay` tells its story. And made-up clouds have no bystanders.
 */
const WITNESSES: Readonly<Record<string, string>> = {
  'L-05': 'cc1.AxkIlDUDGQlxG9hMoCzQVIiZQPuBepBNAZoBpo1AEmAKzIMaCjY3B-hpvaLSPEjaARcCwGSjBDTdBKIGbJZOtJKProGpUmwsAOK8Ew',
  'E-08':
    'cc1.AxkIlLVAMxFoJMRAoOVgDSBxIxMdI4RpEPNMwBRQBsyDGA6kwKaDLShKTSrNzEkB5h944IMiWglokzFQgVJiaUpmCTC3JeeX5gFFjYGeB2tVUooFAOtm7g',
  // made-up clouds have no servers with CPUs of their own
  'R-10':
    'cc1.AxkYrQSqNpR0LICSFmhGA82GmAx0BVAKbI5OtBJK7aKkowSvX5RAxoL0GpkAjSBGOdx5YJuAzoM6Eagb5GAQB0iDHYuWdJSANhhDJGEWBekaGgDNBACb4aM',
  'R-08': 'cc1.AxkIlDUDGQlxG9hMoCzQVIiZQPvBekASRiY6RjgNBPJAgkAabDSsZChPzAQGOLDqBgZpthLQfGOIErAROtFKQboGFkqxsQDm4ag',
  'mutant-audit-releases-strangers':
    'cc1.AxkIlDUDGQlxG9hMiKFIVsWClYMdAzQAzAaZCGTAENgKnWil3FJguwYYgqUpmaCghzZbgAUcqLovKlaKjQUAkuOq',
  'rollback-confirm-overwrites':
    'cc1.AxkIlDUDGQlxG9hMoCzQVIiZQPvBekASRiY6RjgN1Ik2gRmLpXRT0jHWMbSESCOXLIjKVAlotzFIQayOEmbrpQZWXwGzJshwaN0dXZqXXppYBKzgYiENAQVthYzUHGilAjEbi9IaBRdorVwDrZX1wfVxXmq5gme1ixWQrlXwra5Fqs3BTlIAtR6UgIEFjAulovycHFAlAvODLqgRVV6UCSwTlGJjAb4aOw',
  'rollback-undo-acts-when-overtaken':
    'cc1.bZbBCsIwEER_JeTaFrGKQs-9ePDksQQJNFgxTaG1Fqn9d2e3CUr1FjJkNmHZvCFDqDuynO_GnlDhOnuiPp8hId3G6T_D9T4s2XXRLglzX4_b-ZVfSNqQpGK5iEjRb4J5BWZhHKmC53fxqJVo9bVDQyNRGcsQ9sNNFc814k3Ru0uvW6BQwSgP0F8xh50ZxGE8ZY0tJ3Ec8wwb0wfgfBUQsjYRvmr95BfFhWwbawkjyDNlk4BqXTJUxiWUpu76ZpxU6g2sS98',
  'rollback-confirm-without-source-never-reopens':
    'cc1.AxkIlDUDGQlxG9hMoCzQVIiZQPvBegx1jEHONASZBRHDZTKQhAoaA40FaQEZD7QFYidKCaUEkrcASQCRqY6hcayOElpbSRu14aKN2R4BCaG1PbSR2xU1sLpOD2o3tOKPLs1LL00sAtaOsZBWBFClC6w1oA-uoPNSyxU8q4Ot8nNSahV8q12sgAK1yC0AcDsLWHnmpiqBPRmtVJSfkwOqW0DOA6nSLc8syQC1QmCFEqi0BqbK_ILUvGKl2FgAVb4z',
  'rollback-poll-overwrites':
    'cc1.AxkIlDUDGQlxG9hMoCzQVIiZQPvBekASRiY6RlgNNDQEUyYgQUMzIAtsOjDh5kAKIiWguSYgnaY6hsaxOkrozaEaaB2sA6x5c3Ligc0DWC0KraOLdaClnA6wjiopARYY2goZqTnwCg0Yhdj1RZfmpZcmFgFrwFigLcHQurgGWhfrg2vhfKA5ntXBVkC6VsG3uhZaQ4ObUMB6MTdVCeg7AFTCpw',
  'recover.confirm-without-source.reopen':
    'cc1.AxkIlDUDGQlxG9hMoCzQVIiZQPvBegx1jEHONASZBRHDZTKQhAoaA40FaQEZD7QFYidKCaUEkrcASQCRqY6hcayOElpbSRu14aKN2R4BCaG1PbSR2xU1sLpOD2o3tOKPLs1LL00sAtaOsZBWBFClC6w1oA-uoPNSyxU8q4Ot8nNSahV8q12sgAK1yC0AcDsLWHnmpiqBPRmtVJSfkwOqW0DOA6nSLc8syQC1QmCFEqi0BqbK_ILUvGKl2FgAVb4z',
};

const STOP = new Error('seen enough');

/** Plays the same words under a protocol until `seen` has seen enough, but no less than `least`. */
function play(
  protocol: ProtocolName,
  defects: readonly Defect[],
  seen: (violation: Violation, scenario: () => Scenario) => boolean,
  runs = MOST_RUNS,
  least = 0,
): void {
  const player = new Player(compile(PROTOCOLS[protocol], defects), CONTRACTS.strict, 3, situations, {
    moves: movesServed(plain[protocol]),
  });
  const scenario = () => player.scenario();
  let enough = false;
  try {
    stream.forEach(deriveSeed(SEED, protocol), runs, (words, run) => {
      player.play(words);
      for (const violation of player.trial.violations) enough = seen(violation, scenario) || enough;
      if (enough && run + 1 >= least) throw STOP;
    });
  } catch (error) {
    if (error !== STOP) throw error;
  }
}

/** What is seen without any defect: a defect must show something else. */
const baseline = { nova: new Set<string>(), rollback: new Set<string>() };
for (const protocol of ['nova', 'rollback'] as const) {
  play(protocol, [], ({ signature }) => {
    baseline[protocol].add(signature);
    return false;
  });
}

/** Invariants that the violation breaks and that the very same scenario keeps without the defect. */
function due(protocol: ProtocolName, { instance, invariants }: Violation, scenario: Scenario): readonly string[] {
  // a step that the defect adds is none that a fault could strike without it
  if (scenario.faults.some(({ point }) => !plain[protocol].pointIndex.has(point))) return [];
  const anyway = judgeScenario(plain[protocol], CONTRACTS.strict, scenario).filter((one) => one.instance === instance);
  return invariants.filter((id) => !anyway.some((one) => one.invariants.includes(id)));
}

/** What was wrong, in the laws' own words. */
const heard = new Set<string>();

/** Invariants that a small campaign, or the witness, sees broken by the defect. */
function brokenBy(defect: Defect): { readonly broken: ReadonlySet<string>; readonly alone: ReadonlySet<string> } {
  const protocol = protocolOf(defect);
  const broken = new Set<string>();
  const alone = new Set<string>();
  const count = (violation: Violation, scenario: Scenario): void => {
    for (const id of due(protocol, violation, scenario)) {
      broken.add(id);
      if (violation.invariants.length === 1) alone.add(id);
      heard.add(violation.details[violation.invariants.indexOf(id)]!);
    }
  };
  const witness = WITNESSES[defect.id];
  if (witness !== undefined) {
    const reading = decodeToken(witness);
    if (!reading.ok) throw new Error(reading.error);
    const { scenario } = reading.value;
    for (const violation of judgeScenario(compile(PROTOCOLS[protocol], [defect]), CONTRACTS.strict, scenario)) {
      count(violation, scenario);
    }
    return { broken, alone };
  }
  play(
    protocol,
    [defect],
    (violation, scenario) => {
      const { signature, invariants } = violation;
      const nothingNew =
        invariants.every((id) => broken.has(id)) && (invariants.length > 1 || alone.has(invariants[0]!));
      if (baseline[protocol].has(signature) || nothingNew) return false;
      count(violation, scenario());
      return defect.kind === 'mutant'
        ? defect.catches.every((id) => broken.has(id))
        : defect.catches.some((id) => broken.has(id));
    },
    MOST_RUNS,
    LEAST_RUNS,
  );
  return { broken, alone };
}

/** By defect and mutant, the invariants that see it, and those that see some scenario of it which no other sees. */
const kills = new Map<string, { readonly broken: ReadonlySet<string>; readonly alone: ReadonlySet<string> }>();

describe('every defect and mutant dies', () => {
  for (const defect of DEFECTS) {
    if (defect.kind === 'repair' || defect.byRequests === true) continue;
    test(`${defect.id}: ${defect.title}`, () => {
      const seen = brokenBy(defect);
      kills.set(defect.id, seen);
      // a bug of the past is caught by one of its laws or another, as the luck of the scenarios has it
      const caught = defect.catches.filter((id) => seen.broken.has(id));
      expect(caught).toEqual(defect.kind === 'mutant' || caught.length === 0 ? defect.catches : caught);
    });
  }
});

describe('a move under rollback needs', () => {
  const brokenWithout = (part: Defect, runs: number): readonly string[] => {
    if (WITNESSES[part.id] !== undefined) return [...brokenBy(part).broken];
    const broken: string[] = [];
    play(
      'rollback',
      [part],
      ({ invariants }) => {
        broken.push(...invariants);
        return true;
      },
      runs,
    );
    return broken;
  };
  for (const part of partsOfRollback()) {
    if (part.spare === null) test(part.id, () => expect(brokenWithout(part, MOST_RUNS_OF_A_PART)).not.toEqual([]));
    else test(`not ${part.id}: ${part.spare}`, () => expect(brokenWithout(part, 1500)).toEqual([]));
  }
  test('nothing else', () => expect(staleReasons()).toEqual([]));
});

test('the rollback protocol breaks nothing without one', () => {
  expect([...baseline.rollback]).toEqual([]);
});

test('every witness is that of a defect or a part', () => {
  const ids = [...DEFECTS, ...partsOfRollback()].map(({ id }) => id);
  expect(Object.keys(WITNESSES).filter((id) => !ids.includes(id))).toEqual([]);
});

const LAWS = [...CONTRACTS.strict.invariants, ...CLOUD_LAWS];

test('every invariant of the contract has turned red for one of them', () => {
  const broken = new Set([...kills.values()].flatMap((seen) => [...seen.broken]));
  expect(LAWS.map(({ id }) => id).filter((id) => !broken.has(id))).toEqual([]);
});

/** Why an invariant stays although another sees all that it sees. */
const STAYS: Readonly<Record<string, string>> = {
  'destination-empty':
    'Half of the mission: contract `mission` has it and source-unchanged, and no law of the whole cloud.',
  'source-unchanged':
    'The other half. At rest host-agreement sees it too, but not whether the server held something else before.',
  'source-zero':
    'Says which side of a completed move leaks: what is to be cleaned, and what host-agreement leaves open.',
  'no-double-allocation': 'Tells a double claim from a wrong one.',
  'no-orphan-consumer': 'Says that nobody is left to give the claim back, alive or deleted.',
  'delete-releases-all': 'Says that it was the delete that left it; a claim of a deleted server is an orphan as well.',
};

const solely = (id: string): string[] => [...kills].flatMap(([defect, { alone }]) => (alone.has(id) ? [defect] : []));

test('every invariant sees something that no other does, or a sentence says why it stays', () => {
  const idle = LAWS.map(({ id }) => id).filter((id) => solely(id).length === 0);
  expect(idle.sort()).toEqual(Object.keys(STAYS).sort());
});

test('who sees what is kept', async () => {
  const rows = [...kills].map(([defect, { broken, alone }]) => [
    defect,
    ...LAWS.map(({ id }) => (alone.has(id) ? '**x**' : broken.has(id) ? 'x' : '')),
  ]);
  const page = [
    '# Who sees what',
    '',
    'Rows are bugs of the past and mutants, columns the short names of invariants: x, it turned red for that row alone and not without',
    `it, within ${LEAST_RUNS} scenarios or as many as it took to see all that the row is to be caught by. Bold: in one of them it was`,
    'the only one that did, and without it the scenario would have been green.',
    'Written by `npx vitest run properties/oracle.test.ts --update`, and compared by every run of the tests.',
    '',
    markdownTable(['', ...LAWS.map(({ code }) => code)], rows),
    '',
    '## What each alone sees',
    '',
    markdownTable(
      ['invariant', 'code', 'alone in a scenario of'],
      LAWS.map(({ id, code }) => [id, code, solely(id).join(', ') || (STAYS[id] ?? '')]),
    ),
    '',
  ].join('\n');
  await expect(page).toMatchFileSnapshot('../reports/bench/kill-matrix.md');
});

test('capacity has turned red for its writes and for guests without a claim', () => {
  expect([...heard]).toEqual(
    expect.arrayContaining(['a write took usage above capacity', 'a guest runs where nothing is claimed for it']),
  );
});
