/** Evacuation and rebuild: what each historical bug breaks, and what Nova still breaks until it is repaired. */
import { findDefect } from 'claimcheck';
import { describe, expect, test } from 'vitest';
import { laws } from './broken-laws.ts';
import {
  audit,
  confirm,
  crash,
  deleteService,
  evacuate,
  evacuateForced,
  evacuateTo,
  fault,
  forceDown,
  hold,
  type Line,
  loseHost,
  migrateTo,
  rebuild,
  reinstall,
  restart,
  revert,
  type Step,
  setTotal,
} from './conformance/scenario.ts';

const line = (...steps: Step[]): Line => ({ steps });
const on = (hosts: 1 | 3, ...steps: Step[]): Line => ({ steps, hosts });
const down = crash('h1');
const back = restart('h1');

describe('with the bug a law is broken, and without it none', () => {
  const sequences: readonly (readonly [string, string, Line, readonly string[]])[] = [
    ['E-01', 'the host comes back', line(down, evacuate(), back), ['source-zero', 'no-double-allocation']],
    ['E-02', 'the host comes back', line(down, evacuate(), back), ['source-zero', 'no-double-allocation']],
    ['E-03', 'there is no other host', on(1, down, evacuate(), back), ['guest-single-home', 'host-agreement']],
    ['E-04', 'forced', line(down, evacuateForced('h2')), ['capacity-respected', 'host-agreement']],
    ['E-04', 'refused', line(down, evacuate(fault('rebuild.rt-claim', 'unavailable'))), ['destination-empty']],
    ['E-05', 'reinstalled', line(down, evacuate(), reinstall('h1')), ['source-zero', 'no-double-allocation']],
    [
      'E-06',
      'gone for good',
      line(loseHost('h1'), evacuate(), deleteService('h1')),
      ['provider-lifecycle', 'source-zero'],
    ],
    ['E-07', 'while it is built', line(down, evacuate(hold('rebuild.spawn')), back), ['guest-single-home']],
    [
      'E-08',
      'the audit reads before, and after',
      line(down, evacuate(hold('rebuild.finish.set-host')), audit('h2', hold('audit.recount')), audit('h1')),
      ['tracker-matches'],
    ],
    ['E-09', 'the audit comes late', line(down, evacuate(hold('rebuild.spawn')), audit('h2')), ['tracker-matches']],
    [
      'E-10',
      'forced down, and up',
      line(forceDown('h1', true), evacuate(), forceDown('h1', false), migrateTo('h1'), confirm(), back),
      ['guest-single-home', 'host-agreement'],
    ],
    ['B-06', 'once', line(rebuild()), ['no-double-allocation', 'host-agreement']],
  ];
  test.each(sequences)('%s: %s', (id, _, sequence, expected) => {
    expect(laws(sequence, id)).toEqual(expect.arrayContaining([...expected]));
    expect(laws(sequence)).toEqual([]);
  });
  test('every law that a bug is said to break is broken here', () => {
    const ids = [...new Set(sequences.map(([id]) => id))];
    const missed = ids.flatMap((id) => {
      const shown = sequences.flatMap(([of, , sequence]) => (of === id ? laws(sequence, id) : []));
      return findDefect(id)!
        .catches.filter((law) => !shown.includes(law))
        .map((law) => `${id} ${law}`);
    });
    expect(missed).toEqual([]);
  });
});

/** The host is up before the evacuation has come to its end, and closes a record that is opened again. */
const cameBackTooEarly = [down, evacuate(hold('rebuild.spawn')), back];

describe('a weakness is shown by Nova as it is, and gone with its repair', () => {
  const lost = 'error-before';
  const weaknesses: readonly (readonly [string, string, Line, string])[] = [
    [
      'W-01',
      'a server that moved back is destroyed',
      line(...cameBackTooEarly, migrateTo('h1'), confirm(), back),
      'guest-single-home',
    ],
    [
      'W-02',
      'scheduling times out',
      line(down, evacuate(fault('rebuild.schedule', 'lost')), back),
      'guest-single-home',
    ],
    [
      'W-02',
      'and the claim was made',
      line(down, evacuate(fault('rebuild.schedule', 'timeout-after')), back),
      'guest-single-home',
    ],
    [
      'W-02',
      'networks cannot be read',
      line(down, evacuate(fault('rebuild.requested-resources', lost)), back),
      'guest-single-home',
    ],
    ['W-02', 'the zone cannot be read', line(down, evacuate(fault('rebuild.zone', lost)), back), 'host-agreement'],
    ['W-02', 'the cast fails', line(down, evacuate(fault('rebuild.cast-compute', 'refused')), back), 'host-agreement'],
    [
      'W-02',
      'a forced one',
      line(down, evacuateForced('h2', fault('rebuild.forced.get-allocs', lost)), back),
      'guest-single-home',
    ],
    [
      'W-10',
      'the source loses a race',
      line(down, evacuate(), restart('h1', fault('init.evacuated.remove-alloc', 'conflict'))),
      'source-zero',
    ],
    [
      'W-10',
      'a failed evacuation does',
      line(down, evacuate(fault('rebuild.spawn', lost), fault('rebuild.undo.claim.remove-alloc', 'conflict'))),
      'destination-empty',
    ],
    [
      'W-11',
      'a server that moves on before its host comes back',
      on(3, down, evacuateTo('h2'), migrateTo('h3'), back, revert()),
      'host-agreement',
    ],
  ];
  test.each(weaknesses)('%s: %s', (repair, _, sequence, law) => {
    expect(laws(sequence)).toContain(law);
    expect(laws(sequence, repair)).toEqual([]);
  });
});

describe('what is no weakness', () => {
  test('an evacuation to where there is no room leaves the server in error, and where it is', () => {
    expect(laws(line(setTotal('h2', 'VCPU', 1), down, evacuate(), back))).toEqual([]);
  });
});
