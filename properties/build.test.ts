/** Builds and deletes: what each historical bug breaks, and what Nova still breaks until it is repaired. */
import { findDefect } from 'claimcheck';
import { describe, expect, test } from 'vitest';
import { laws } from './broken-laws.ts';
import { del, fault, hold, type Line, loseHost, type Mark, restart, type Step } from './conformance/scenario.ts';

const line = (boot: readonly Mark[], ...steps: Step[]): Line => ({ steps, boot, anywhere: true });
const spawnFails = fault('boot.driver', 'error-before');

describe('with the bug a law is broken, and without it none', () => {
  const sequences: readonly (readonly [string, string, Line, string])[] = [
    ['B-01', 'rescheduled', line([spawnFails]), 'no-double-allocation'],
    ['B-01', 'aborted', line([fault('boot.volumes', 'error-before')]), 'host-agreement'],
    ['B-02', 'looked at before any audit', line([], del()), 'delete-releases-all'],
    ['B-03', 'the host is gone', line([], loseHost('h1'), del()), 'delete-releases-all'],
    ['B-04', 'conductor died', line([fault('boot.create-in-cell', 'crash-before')], del()), 'delete-releases-all'],
    ['B-05', 'another writes', line([], del(fault('terminate.delete-alloc.put', 'conflict'))), 'guest-single-home'],
    ['B-08', 'no alternate', { ...line([spawnFails]), hosts: 1 }, 'no-stuck-migration'],
    [
      'B-08',
      'the alternate cannot be claimed',
      line([spawnFails, fault('boot.again.claim-put', 'timeout-before')]),
      'no-stuck-migration',
    ],
  ];
  test.each(sequences)('%s: %s', (id, _, sequence, law) => {
    expect(findDefect(id)!.catches).toContain(law);
    expect(laws(sequence, id)).toContain(law);
    expect(laws(sequence)).toEqual([]);
  });
  test.each([
    ['a restart while it waits for the claim', line([hold('boot.rt-claim')], restart('h1'))],
    ['nova-compute dies there', line([fault('boot.rt-claim', 'crash-before')], restart('h1'))],
  ])('B-07: %s', (_, sequence) => {
    expect(laws(sequence, 'B-07')).toContain('no-stuck-migration');
    // in error it holds its claim until the user deletes it
    expect(laws(sequence)).toEqual(['host-agreement']);
  });
});

describe('a weakness is shown by Nova as it is, and gone with its repair', () => {
  const weaknesses: readonly (readonly [string, string, Line, string])[] = [
    [
      'W-03-build',
      'Placement cannot be reached for the release',
      line([spawnFails, fault('boot.compute.undo.reschedule.delete-alloc', 'refused')]),
      'no-double-allocation',
    ],
    [
      'W-20',
      'the quota is exceeded after scheduling',
      line([fault('boot.recheck-quota', 'error-before')]),
      'host-agreement',
    ],
    ['W-20', 'the scheduler is not waited for', line([fault('boot.schedule', 'timeout-after')]), 'host-agreement'],
    [
      'W-20',
      'an error after an alternate was claimed',
      line([spawnFails, fault('boot.again.bind-arqs', 'error-before')]),
      'host-agreement',
    ],
  ];
  test.each(weaknesses)('%s: %s', (repair, _, sequence, law) => {
    expect(laws(sequence)).toContain(law);
    expect(laws(sequence, repair)).toEqual([]);
  });
});
