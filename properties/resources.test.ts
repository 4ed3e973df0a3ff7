/** Resources beside those of a flavor: what each historical bug breaks, and what Nova still breaks until it is repaired. */
import { findDefect } from 'claimcheck';
import { describe, expect, test } from 'vitest';
import { broken, laws } from './broken-laws.ts';
import {
  audit,
  bootOther,
  confirm,
  crash,
  del,
  detach,
  evacuate,
  fault,
  hold,
  type Line,
  migrate,
  resize,
  revert,
  type Step,
  setMost,
} from './conformance/scenario.ts';

/** h2 has CPU 0 taken, so that a server of h1, which has it there, gets another one. */
const pinned = (...steps: Step[]): Line => ({ steps: [bootOther('h2', 'm1'), ...steps], pinned: true });

describe('with the bug a law is broken, and without it none', () => {
  const sequences: Readonly<Record<string, Line>> = {
    'R-10': pinned(migrate(hold('src.cast-finish')), audit('h2')),
    'R-09': pinned(resize(hold('src.cast-finish')), audit('h1')),
  };
  test.each(Object.entries(sequences))('%s', (id, sequence) => {
    const shown = laws(sequence, id);
    expect(findDefect(id)!.catches.filter((law) => !shown.includes(law))).toEqual([]);
    expect(laws(sequence)).toEqual([]);
  });
  test('E-09: the next evacuation takes the CPUs of the one that the audit left out', () => {
    const sequence = pinned(crash('h1'), evacuate(hold('rebuild.spawn', 2)), audit('h2'), bootOther('h2', 'm1', 's3'));
    expect(laws(sequence, 'E-09')).toContain('capacity-respected');
    expect(laws(sequence)).toEqual([]);
  });
  test('R-10 on an empty destination: the CPUs that it counts are not those that the server lets go', () => {
    const sequence: Line = {
      steps: [bootOther('h1', 'm1'), migrate(hold('src.cast-finish')), audit('h2')],
      pinned: true,
    };
    // s2 has moved in between, so that the first CPU of h2 is not what s1 had
    expect(laws({ ...sequence, steps: [bootOther('h2', 'm1'), ...sequence.steps.slice(1), del()] }, 'R-10')).toContain(
      'tracker-matches',
    );
    expect(laws(sequence)).toEqual([]);
  });
  test('R-10 is harmless where no server has CPUs of its own', () => {
    expect(laws({ steps: [migrate(hold('src.cast-finish')), audit('h2')] }, 'R-10')).toEqual([]);
  });
});

describe('moves of servers with CPUs of their own keep every law', () => {
  test.each([
    ['confirm', [resize(), confirm()]],
    ['revert', [resize(), revert()]],
    ['audits in between', [resize(), audit('h1'), audit('h2'), revert(), audit('h1')]],
  ] as const)('%s', (_, steps) => {
    expect(laws(pinned(...steps))).toEqual([]);
  });
});

describe('a weakness is shown by Nova as it is, and gone with its repair', () => {
  const port = (...steps: Step[]): Line => ({ steps, port: true });
  test.each([
    ['Placement refuses what is left of the claim', port(resize(), confirm(), setMost('h2', 'VCPU', 1), detach())],
    ['Placement cannot be reached', port(detach(fault('detach.remove-resources', 'refused')))],
    ['another writer was there first, four times', port(detach(fault('detach.remove-resources', 'conflict', 4)))],
  ])('W-30: %s', (_, sequence) => {
    expect(laws(sequence)).toContain('host-agreement');
    expect(laws(sequence, 'W-30')).toEqual([]);
  });
});

describe('what Nova 34.0.0 leaves open', () => {
  test('the source audits between the two legs of a revert, and its own CPUs look free', () => {
    const sequence = pinned(migrate(), revert(hold('revert.cast-finish')), audit('h1'));
    expect(broken(sequence).map(({ invariants }) => invariants)).toEqual([['tracker-matches']]);
  });
  test('until another server takes them', () => {
    const sequence = pinned(migrate(), revert(hold('revert.cast-finish', 1)), audit('h1'), bootOther('h1', 'm1', 's3'));
    expect(laws(sequence)).toContain('capacity-respected');
  });
});
