/** Shelve, offload and unshelve: what each historical bug breaks, and what Nova still breaks until it is repaired. */
import { compile, findDefect, modelTarget, PROTOCOLS } from 'claimcheck';
import { describe, expect, test } from 'vitest';
import { laws } from './broken-laws.ts';
import {
  audit,
  fault,
  hold,
  type Line,
  restart,
  type Step,
  scenarioOf,
  shelve,
  shelveOffload,
  unshelve,
  unshelveTo,
} from './conformance/scenario.ts';

const line = (...steps: Step[]): Line => ({ steps });

describe('with the bug a law is broken, and without it none', () => {
  const sequences: Readonly<Record<string, Line>> = {
    'S-01': line(shelve()),
    'S-02': line(shelve(), unshelve(fault('unshelve.driver', 'error-before'))),
    'S-03': line(shelve(), unshelve(fault('unshelve.network', 'error-before'))),
    'S-04': line(shelve(hold('offload.delete-alloc')), unshelveTo('h2')),
  };
  test.each(Object.entries(sequences))('%s', (id, sequence) => {
    const shown = laws(sequence, id);
    expect(findDefect(id)!.catches.filter((law) => !shown.includes(law))).toEqual([]);
    expect(laws(sequence)).toEqual([]);
  });
  test.each(['unavailable', 'error-before'] as const)('S-02, where the claim fails: %s', (kind) => {
    const sequence = line(shelve(), unshelve(fault('unshelve.rt-claim', kind)));
    expect(laws(sequence, 'S-02')).toContain('host-agreement');
    expect(laws(sequence)).toEqual([]);
  });
  test('S-04 while the server is at no host yet: it keeps its host, and has no claim there', () => {
    const handler = 'scheduler.select_destinations';
    const sequence = line(shelve({ hold: 'offload.delete-alloc', nth: 1, after: 1, handler }), unshelveTo('h2'));
    expect(laws(sequence, 'S-04')).toContain('host-agreement');
    expect(laws(sequence)).toEqual([]);
  });
  test('S-04 as it was reported: the unshelve that read the old claim is refused', () => {
    const sequence = line(shelve(hold('offload.delete-alloc')), unshelve(hold('scheduler.claim-put')), audit('h2'));
    const play = (...switches: string[]) => {
      const { steps, quiescent } = modelTarget(
        compile(
          PROTOCOLS.nova,
          switches.map((id) => findDefect(id)!),
        ),
      ).play(scenarioOf(sequence));
      return [steps[2]!.operation.http, quiescent.s1];
    };
    expect(play('S-04')).toEqual([202, '- shelved_offloaded/none m1 | I{}']);
    expect(play()).toEqual([409, '- shelved_offloaded/none m1 | I{}']);
  });
});

describe('a weakness is shown by Nova as it is, and gone with its repair', () => {
  const weaknesses: readonly (readonly [string, string, Line, string])[] = [
    [
      'W-03-offload',
      'Placement cannot be reached for the release',
      line(shelve(fault('offload.delete-alloc', 'refused'))),
      'host-agreement',
    ],
    [
      'W-19',
      'the availability zone cannot be looked up',
      line(shelve(), unshelve(fault('unshelve.get-zone', 'error-before'))),
      'host-agreement',
    ],
    [
      'W-19',
      'accelerators cannot be bound',
      line(shelve(), unshelve(fault('unshelve.bind-arqs', 'error-before'))),
      'host-agreement',
    ],
    [
      'W-19',
      'block devices cannot be prepared',
      line(shelve(), unshelve(fault('unshelve.volumes', 'error-before'))),
      'host-agreement',
    ],
    [
      'W-29',
      'nova-compute dies right after the release',
      line(shelve(fault('offload.delete-alloc', 'crash-after')), restart('h1')),
      'no-stuck-migration',
    ],
    [
      'W-29',
      'of a server that was shelved before',
      line(
        shelve(fault('offload.unbind-ports', 'error-before')),
        shelveOffload(fault('offload.delete-alloc', 'crash-after')),
        restart('h1'),
      ),
      'host-agreement',
    ],
  ];
  test.each(weaknesses)('%s: %s', (repair, _, sequence, law) => {
    expect(laws(sequence)).toContain(law);
    expect(laws(sequence, repair)).toEqual([]);
  });
});
