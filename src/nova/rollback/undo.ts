/**
 * The undo table of the rollback protocol: whoever fails puts right what it did itself and asks conductor for the rest. If
 * asking fails too, `conductor.recover_moves` finds the migration row. Confirm, revert and delete undo nothing: they are
 * driven again until they are done.
 */

import { NONE } from '../../state/table.ts';
import { instanceOf, migrationOf } from '../database.ts';
import { here } from '../handlers/common.ts';
import { destroyGuest, restoreGuest } from '../handlers/revert.ts';
import { SERVICE, STATUS } from '../states.ts';
import { cast, database, driver, memory, OUTCOME, type UndoGroup, type UndoRow } from '../step.ts';
import { callConductorAgain } from '../undo.ts';
import type { Job } from '../world.ts';

export const ROLLBACK_UNDO: Readonly<Record<string, UndoRow>> = {
  'conductor.migrate_server': { claim: 'ask-for-undo' },
  'compute.prep_resize': { retry: 'reschedule-or-go-on', claim: 'ask-for-undo' },
  'compute.resize_instance': { abort: 'keep', vm: 'restore-here', claim: 'ask-for-undo' },
  'compute.finish_resize': { vm: 'discard-here', claim: 'ask-for-undo' },
};

/** A transaction found another state than this leg left: whoever overtook it looks after what it did. */
const overtaken = ({ error }: Job): boolean => error === OUTCOME.RAISE_TASK_STATE || error === OUTCOME.RAISE_NOT_FOUND;

const askForUndo: UndoGroup = (prefix) => [
  cast(`${prefix}.undo.ask-conductor`, 'rollback:conductor.undo_move', 'conductor.undo_move', (_world, job) =>
    job.migration === NONE || overtaken(job) ? NONE : SERVICE.CONDUCTOR,
  ),
];

const reschedule: UndoGroup = (prefix) => [
  {
    steps: [
      memory(
        `${prefix}.undo.may-reschedule`,
        'nova/compute/manager.py:ComputeManager._reschedule_resize_or_reraise',
        (world, job) => {
          const begun = migrationOf(world, job).status !== STATUS.PRE_MIGRATING;
          const no = job.retry === 0 || job.hosts === 0 || job.error === OUTCOME.RAISE_BUILD_ABORT || overtaken(job);
          return no || begun ? OUTCOME.ELSE : OUTCOME.OK;
        },
        { else: '$end' },
      ),
      callConductorAgain(`${prefix}.undo.call-conductor`),
    ],
  },
];

/** The guest comes back at once, unless the destination has it already or the move went on without this leg. */
const restoreHere: UndoGroup = (prefix) => [
  driver(`${prefix}.undo.restore-guest`, 'nova/virt/driver.py:ComputeDriver.finish_revert_migration', (world, job) => {
    const { status, exists } = migrationOf(world, job);
    const instance = instanceOf(world, job);
    if (overtaken(job)) return OUTCOME.OK;
    const mine = exists === 1 && status !== STATUS.FINISHED && instance.host === here(job);
    if (mine && (instance.backups & (1 << here(job))) !== 0) return restoreGuest(world, job);
    return OUTCOME.OK;
  }),
];

/** The commit may have happened although its save raised: then there is nothing to undo. */
const discardHere: UndoGroup = (prefix) => [
  {
    steps: [
      database(`${prefix}.undo.check-commit`, 'rollback:compute.finish_resize', (world, job) => {
        if (overtaken(job)) return OUTCOME.DONE;
        const { status, exists } = migrationOf(world, job);
        return exists === 1 && status !== STATUS.POST_MIGRATING && status !== STATUS.UNDOING && status !== STATUS.ERROR
          ? OUTCOME.DONE
          : OUTCOME.OK;
      }),
      driver(`${prefix}.undo.discard-guest`, 'nova/virt/driver.py:ComputeDriver.destroy', (world, job) =>
        instanceOf(world, job).host === here(job) && instanceOf(world, job).exists === 1
          ? OUTCOME.OK
          : destroyGuest(world, job),
      ),
    ],
  },
];

export const ROLLBACK_UNDO_GROUPS: Readonly<Record<string, UndoGroup>> = {
  'ask-for-undo': askForUndo,
  'reschedule-or-go-on': reschedule,
  'restore-here': restoreHere,
  'discard-here': discardHere,
};
