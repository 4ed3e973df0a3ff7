/** The oracle is tested too: every defect and mutant dies, and every invariant has killed. */
import {
  CONTRACTS,
  compile,
  DEFECTS,
  deriveSeed,
  GROUP,
  HEADER,
  MOST_OPERATIONS,
  madeUp,
  Player,
  PROTOCOLS,
  sample,
  wordStream,
} from 'claimcheck';
import { describe, expect, test } from 'vitest';

const MOST_RUNS = 6000;
const SEED = 'oracle';
const stream = wordStream(HEADER, GROUP, MOST_OPERATIONS);
const situations = sample(madeUp(16), deriveSeed(SEED, 'clouds'), 16);

const STOP = new Error('seen enough');

/** Plays the same words under a protocol until `seen` has seen enough. */
function play(
  protocol: 'nova' | 'rollback',
  defects: typeof DEFECTS,
  seen: (signature: string, invariants: readonly string[]) => boolean,
): number {
  const choices = { mostFaults: 1, without: new Set<never>(), spareMoves: protocol === 'rollback' };
  const player = new Player(compile(PROTOCOLS[protocol], defects), CONTRACTS.strict, choices, situations);
  let runs = 0;
  try {
    stream.forEach(deriveSeed(SEED, protocol), MOST_RUNS, (words) => {
      runs++;
      player.play(words);
      for (const { signature, invariants } of player.trial.violations) if (seen(signature, invariants)) throw STOP;
    });
  } catch (error) {
    if (error !== STOP) throw error;
  }
  return runs;
}

/** What is seen without any defect: a defect must show something else. */
const baseline = { nova: new Set<string>(), rollback: new Set<string>() };
for (const protocol of ['nova', 'rollback'] as const) {
  play(protocol, [], (signature) => {
    baseline[protocol].add(signature);
    return false;
  });
}

const killers = new Map<string, string>();

describe('every defect and mutant dies', () => {
  for (const defect of DEFECTS) {
    if (defect.kind === 'repair' || defect.catches.length === 0) continue;
    test(`${defect.id}: ${defect.title}`, () => {
      const protocol = defect.protocol ?? 'nova';
      const wanted = new Set(defect.catches);
      const broken = new Set<string>();
      play(protocol, [defect], (signature, invariants) => {
        if (baseline[protocol].has(signature)) return false;
        for (const id of invariants) {
          broken.add(id);
          wanted.delete(id);
          if (!killers.has(id)) killers.set(id, defect.id);
        }
        return wanted.size === 0;
      });
      expect([...broken]).toEqual(expect.arrayContaining([...defect.catches]));
    });
  }
});

test('the rollback protocol breaks nothing without one', () => {
  expect([...baseline.rollback]).toEqual([]);
});

test('every invariant of the contract has turned red for one of them', () => {
  const all = [...CONTRACTS.strict.invariants.map(({ id }) => id), 'bystanders-unchanged', 'tracker-matches'];
  expect(all.filter((id) => !killers.has(id))).toEqual([]);
});
