/** Services that are deleted, and healing tools: what each historical bug breaks, and what Nova still breaks until it is repaired. */
import { findDefect } from 'claimcheck';
import { describe, expect, test } from 'vitest';
import { laws } from './broken-laws.ts';
import {
  audit,
  confirm,
  crash,
  del,
  deleteService,
  fault,
  healAll,
  type Line,
  migrateTo,
  restart,
  revert,
  type Step,
} from './conformance/scenario.ts';

const line = (...steps: Step[]): Line => ({ steps });

describe('with the bug a law is broken, and without it none', () => {
  const sequences: Readonly<Record<string, Line>> = {
    'N-01': line(deleteService('h2')),
    'N-02': line(deleteService('h1')),
    'N-03': line(migrateTo('h2'), deleteService('h1')),
    'N-04': line(del(), healAll()),
  };
  test.each(Object.entries(sequences))('%s', (id, sequence) => {
    const shown = laws(sequence, id);
    expect(findDefect(id)!.catches.filter((law) => !shown.includes(law))).toEqual([]);
    expect(laws(sequence)).toEqual([]);
  });
});

describe('a weakness is shown by Nova as it is, and gone with its repair', () => {
  const orphan = [migrateTo('h2'), revert(fault('revert.dest-destroy', 'error-before')), del()];
  const weaknesses: readonly (readonly [string, Line])[] = [
    ['somebody holds something there still', line(...orphan, deleteService('h1'))],
    ['Placement cannot be reached', line(deleteService('h2', fault('service-delete.delete-provider', 'refused')))],
    [
      'Placement does not answer in time',
      line(deleteService('h2', fault('service-delete.get-tree', 'timeout-before'))),
    ],
  ];
  test.each(weaknesses)('W-24: %s', (_, sequence) => {
    expect(laws(sequence)).toContain('provider-lifecycle');
    expect(laws(sequence, 'W-24')).not.toContain('provider-lifecycle');
  });
});

describe('a service that is deleted', () => {
  test.each([
    [
      'comes back with its node and its provider when nova-compute starts',
      line(deleteService('h2'), restart('h2'), migrateTo('h2'), confirm()),
    ],
    ['leaves a nova-compute that takes its node back when it audits', line(deleteService('h2'), audit('h2'))],
    ['and was stopped before', line(crash('h2'), deleteService('h2'))],
    ['takes no server', line(deleteService('h2'), migrateTo('h2'))],
  ])('%s', (_, sequence) => {
    expect(laws(sequence)).toEqual([]);
  });
});
