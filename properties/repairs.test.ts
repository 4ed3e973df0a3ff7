/** Open weaknesses of resize, delete and the audit: each is shown by Nova as it is, and gone with its repair. */
import { expect, test } from 'vitest';
import { laws } from './broken-laws.ts';
import {
  auditDelete,
  confirm,
  crash,
  del,
  fault,
  hold,
  type Line,
  loseHost,
  migrate,
  migrateTo,
  poll,
  resetState,
  resetToError,
  resize,
  restart,
  revert,
  type Step,
  setTotal,
} from './conformance/scenario.ts';

const line = (...steps: Step[]): Line => ({ steps });

const WEAKNESSES: readonly (readonly [string, string, Line, string])[] = [
  ['W-03', 'a confirm', line(migrate(), confirm(fault('confirm.delete-alloc', 'refused'))), 'source-zero'],
  ['W-03', 'a revert', line(migrate(), revert(fault('frevert.swap-back', 'refused'))), 'destination-empty'],
  [
    'W-03',
    'a resize that failed',
    line(resize(fault('src.driver', 'error-before'), fault('src.undo.claim', 'refused'))),
    'source-unchanged',
  ],
  [
    'W-04',
    'the host has become too small for what was there',
    line(resize(), setTotal('h1', 'VCPU', 0), revert()),
    'destination-empty',
  ],
  [
    'W-05',
    'what the migration holds cannot be read',
    {
      hosts: 3,
      steps: [migrate(fault('prep.stash', 'error-before'), fault('prep.undo.claim.get-allocs', 'http-500')), confirm()],
    },
    'no-double-allocation',
  ],
  [
    'W-12',
    'the revert failed before',
    line(migrate(), revert(fault('revert.dest-network', 'error-before')), del()),
    'delete-releases-all',
  ],
  [
    'W-12',
    'the destination is down',
    line(migrate(fault('src.cast-finish', 'lost')), crash('h2'), del()),
    'delete-releases-all',
  ],
  ['W-13', 'between the legs of a revert', line(migrate(), revert(hold('frevert.prepare')), del()), 'delete-releases-all'],
  [
    'W-15',
    'the finish message is lost',
    line(migrate(fault('src.cast-finish', 'lost')), restart('h1'), restart('h2')),
    'no-stuck-migration',
  ],
  ['W-15', 'the destination dies', line(resize(fault('finish.driver', 'crash-before'))), 'no-stuck-migration'],
  [
    'W-16',
    'the destination never takes the message',
    line(migrate(fault('conductor.cast-prep', 'lost')), restart('h1')),
    'destination-empty',
  ],
  ['W-16', 'the source dies', line(migrate(fault('src.driver', 'crash-before'))), 'destination-empty'],
  [
    'W-17',
    'conductor dies, and the user tries again',
    {
      hosts: 2,
      steps: [
        migrate(fault('conductor.swap', 'crash-after')),
        restart('conductor'),
        restart('h1'),
        migrate(fault('scheduler.candidates', 'http-500')),
      ],
    },
    'host-agreement',
  ],
  [
    'W-18',
    'the give-back meets a consumer that was written meanwhile',
    line(migrateTo('h2', fault('prep.stash', 'error-before'), fault('prep.undo.claim', 'conflict-consumer'))),
    'destination-empty',
  ],
  ['W-21', 'active', line(migrate(), resetState(), poll('h2')), 'source-zero'],
  ['W-21', 'error', line(migrate(), resetToError(), poll('h2')), 'no-orphan-consumer'],
  ['W-22', 'the message is lost', line(migrate(), confirm(fault('confirm.cast', 'lost'))), 'no-stuck-migration'],
  ['W-22', 'the source dies', line(migrate(), confirm(fault('confirm.driver', 'crash-before'))), 'no-stuck-migration'],
  ['W-23', 'during a move', line(migrate(hold('prep.stash')), auditDelete('h2')), 'host-agreement'],
  [
    'W-25',
    'the source is gone for good',
    line(migrate(hold('scheduler.filter', 2), fault('scheduler.filter', 'error-before')), del(), loseHost('h1')),
    'delete-releases-all',
  ],
  [
    'W-32',
    'a confirm',
    line(migrate(), confirm(fault('confirm.delete-alloc', 'conflict-consumer'))),
    'no-orphan-consumer',
  ],
  ['W-32', 'a revert', line(migrate(), revert(fault('frevert.swap-back', 'conflict-consumer'))), 'destination-empty'],
];

test.each(WEAKNESSES)('%s: %s', (repair, _, sequence, law) => {
  expect(laws(sequence)).toContain(law);
  expect(laws(sequence, repair)).toEqual([]);
});
