/** Open weaknesses of resize, delete and the audit: each is shown by Nova as it is, and gone with its repair. */
import { compile, DEFECTS, PROTOCOLS } from 'claimcheck';
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
} from './conformance/scenario.ts';

const line = (...steps: Step[]): Line => ({ steps });

/** The largest amount that one consumer may hold has become less than what the server had. */
const smaller: Step = {
  operation: {
    operation: 'set_inventory',
    host: 'h1',
    resource_class: 'MEMORY_MB',
    inventory: { total: 8192, reserved: 0, min_unit: 1, max_unit: 256, step_size: 1, allocation_ratio: 1 },
  },
  marks: [],
};

const WEAKNESSES: readonly (readonly [string, string, Line, string])[] = [
  ['W-03', 'a confirm', line(migrate(), confirm(fault('confirm.delete-alloc', 'refused'))), 'source-zero'],
  ['W-03', 'a revert', line(migrate(), revert(fault('frevert.swap-back', 'refused'))), 'destination-empty'],
  [
    'W-03',
    'a resize that failed',
    line(resize(fault('src.driver', 'error-before'), fault('src.undo.claim', 'refused'))),
    'source-unchanged',
  ],
  ['W-04', 'the host has become too small for what was there', line(resize(), smaller, revert()), 'destination-empty'],
  [
    'W-05',
    'what the migration holds cannot be read',
    {
      hosts: 3,
      steps: [
        migrate(fault('prep.stash', 'error-before'), fault('prep.undo.claim.get-allocs', 'html-before')),
        confirm(),
      ],
    },
    'host-agreement',
  ],
  [
    'W-12',
    'the destination fails',
    line(migrate(), revert(fault('revert.dest-network', 'error-before'))),
    'atomic-decision',
  ],
  [
    'W-12',
    'the destination dies',
    line(migrate(), revert(fault('revert.dest-destroy', 'crash-after'))),
    'atomic-decision',
  ],
  [
    'W-12',
    'the source fails',
    line(migrate(), revert(fault('frevert.set-host', 'error-before'))),
    'no-orphan-consumer',
  ],
  ['W-12', 'a delete whose confirm is not taken', line(migrate(), crash('h1'), del()), 'delete-releases-all'],
  [
    'W-13',
    'between the legs of a revert',
    line(migrate(), revert(hold('frevert.prepare')), del()),
    'delete-releases-all',
  ],
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
  ['W-17', 'conductor did not hear', line(migrate(fault('conductor.swap', 'reply-lost'))), 'source-unchanged'],
  ['W-17', 'conductor dies', line(migrate(fault('conductor.swap', 'crash-after'))), 'no-orphan-consumer'],
  [
    'W-18',
    'the give-back meets a consumer that was written meanwhile',
    line(migrateTo('h2', fault('prep.stash', 'error-before'), fault('prep.undo.claim', 'conflict'))),
    'destination-empty',
  ],
  ['W-21', 'active', line(migrate(), poll('h2', hold('poll.check')), resetState()), 'no-orphan-consumer'],
  ['W-21', 'error', line(migrate(), poll('h2', hold('poll.check')), resetToError()), 'no-orphan-consumer'],
  ['W-22', 'the message is lost', line(migrate(), confirm(fault('confirm.cast', 'lost'))), 'no-stuck-migration'],
  ['W-22', 'the source dies', line(migrate(), confirm(fault('confirm.driver', 'crash-before'))), 'no-stuck-migration'],
  ['W-23', 'during a move', line(migrate(hold('prep.stash')), auditDelete('h2')), 'host-agreement'],
  [
    'W-25',
    'the source is gone for good',
    line(migrate(hold('scheduler.filter', 2), fault('scheduler.filter', 'error-before')), del(), loseHost('h1')),
    'delete-releases-all',
  ],
  ['W-32', 'a confirm', line(migrate(), confirm(fault('confirm.delete-alloc', 'conflict'))), 'no-orphan-consumer'],
  ['W-32', 'a revert', line(migrate(), revert(fault('frevert.swap-back', 'conflict'))), 'destination-empty'],
];

test.each(WEAKNESSES)('%s: %s', (repair, _, sequence, law) => {
  expect(laws(sequence)).toContain(law);
  expect(laws(sequence, repair)).toEqual([]);
});

test('repairs may be taken together', () => {
  const repairs = DEFECTS.filter(({ kind }) => kind === 'repair');
  const ids = compile(PROTOCOLS.nova, repairs).protocol.handlers.map(({ steps }) =>
    steps.flatMap((item) => ('steps' in item ? item.steps : [item])).map(({ id }) => id),
  );
  expect(ids.flatMap((all) => all.filter((id, k) => all.indexOf(id) !== k))).toEqual([]);
});
