/**
 * What Nova does when a handler fails: one row a handler, its guarded regions from the innermost out, one cell a region.
 *
 * This is the page to hold against Nova: prep and the source's leg give the claim back, finish and confirm drop the
 * source's, revert undoes nothing. A defect is one changed cell.
 */

import { NONE } from '../state/table.ts';
import {
  migrationOf,
  saveInstance,
  saveStatus,
  setHost,
  setNewFlavor,
  setOldFlavor,
  setOldVm,
  setTask,
  setVm,
} from './database.ts';
import { isEvacuation } from './handlers/evacuate.ts';
import { deleteAllocations, getAllocations, ignore, legacy, moveAllocations } from './report-client.ts';
import { SERVICE, STATUS, TASK, VM } from './states.ts';
import {
  call,
  database,
  type Group,
  memory,
  notification,
  OUTCOME,
  type Region,
  read,
  type Step,
  saving,
  type UndoGroup,
  type UndoRow,
} from './step.ts';
import { allowsRemoval, contextPins, type DropMoveClaim, dropMoveClaim, untrackDeleted } from './tracker.ts';
import { BUILD_UNDO_GROUPS } from './undo-build.ts';
import { EVACUATION_UNDO, EVACUATION_UNDO_GROUPS } from './undo-evacuation.ts';
import { LIVE_MIGRATION_UNDO, LIVE_MIGRATION_UNDO_GROUPS } from './undo-live-migration.ts';
import { instanceConsumer, type Job, migrationConsumer, type World } from './world.ts';

const I = (_world: World, job: Job): number => instanceConsumer(job.instance);
const M = (world: World, job: Job): number => migrationConsumer(world, job.migration);

export const NOVA_UNDO: Readonly<Record<string, UndoRow>> = {
  // nova/conductor/tasks/base.py:rollback_wrapper, MigrationTask.rollback; nova/conductor/manager.py:_cold_migrate
  'conductor.migrate_server': { claim: 'swap-back-if-held', state: 'clear-task-state' },
  // nova/compute/manager.py
  'compute.prep_resize': {
    abort: 'abort-claim',
    claim: 'give-back',
    retry: 'reschedule',
    notify: 'finally:end-notify',
    migration: 'error',
    vm: 'error',
    task: 'clear',
  },
  'compute.resize_instance': { migration: 'error', vm: 'error', claim: 'give-back', task: 'clear' },
  'compute.finish_resize': { vm: 'error', claim: 'drop-source', migration: 'error', task: 'clear' },
  'compute.confirm_resize': {
    claim: 'finally:delete-alloc',
    unstash: 'finally:unstash',
    vm: 'error',
    migration: 'error',
  },
  'compute.revert_resize': { vm: 'error', claim: 'keep', migration: 'error', task: 'clear' },
  'compute.finish_revert_resize': {
    vm: 'error',
    unstash: 'finally:unstash',
    claim: 'keep',
    migration: 'error',
    task: 'clear',
  },
  ...LIVE_MIGRATION_UNDO,
  ...EVACUATION_UNDO,
  'compute.terminate_instance': { vm: 'set-error', task: 'clear' },
  // _init_instance, which no reverts_task_state stands around
  'compute._delete_instance': { vm: 'set-error' },
  'compute.reboot_instance': { vm: 'set-error', task: 'clear' },
  'compute.stop_instance': { task: 'clear' },
  'compute.start_instance': { task: 'clear' },
  // nova/conductor/manager.py: what cannot be scheduled is buried in cell0; then it is in a cell, and put in error there
  'conductor.schedule_and_build_instances': { vm: 'clean-up-artifacts', state: 'bury' },
  'conductor.build_instances': { state: 'give-up' },
  'compute.build_and_run_instance': {
    guest: 'shut-down',
    abort: 'abort-build',
    notify: 'create-error',
    retry: 'reschedule-build',
    vm: 'build-failed',
    task: 'clear',
    claim: 'release',
  },
  'compute.shelve_instance': { task: 'clear' },
  'compute.shelve_offload_instance': { task: 'clear' },
  'conductor.unshelve_instance': { state: 'unshelve-failed' },
  'compute.unshelve_instance': { abort: 'abort-unshelve', claim: 'release-unshelve', task: 'clear' },
};

const MANAGER = 'nova/compute/manager.py:ComputeManager';

/** The steps of a group, out of reach of regions that stand beside it in Nova's code rather than around it. */
const without = (regions: readonly Region[], group: Group): Group => ({
  steps: group.steps.map((step): Step => ({ ...step, outside: [...(step.outside ?? []), ...regions] })),
});

const giveBack: UndoGroup = (prefix) => {
  const id = `${prefix}.undo.claim`;
  return [
    // a failure here replaces the exception under way and keeps `retry` from running
    without(['retry'], {
      steps: [
        read(`${id}.get-allocs`, `${MANAGER}._revert_allocation`, getAllocations(M), legacy(ignore), { falsy: '$end' }),
        ...moveAllocations(id, M, I, 'go-on').steps,
      ],
    }),
  ];
};

/** What W-14's repair does: the server comes home with its claim. */
const giveBackWithHost: UndoGroup = (prefix) => [
  database(`${prefix}.undo.claim.set-host`, `${MANAGER}.resize_instance`, (world, job) => {
    setHost(job, migrationOf(world, job).source);
    // a server that was deleted meanwhile has no home to come to, but a claim to give back
    const saved = saveInstance(world, job);
    return saved === OUTCOME.RAISE_NOT_FOUND ? OUTCOME.OK : saved;
  }),
  ...giveBack(prefix),
];

/** The remaining alternates go back to conductor; a failure of the call is logged, and the one under way goes on. */
export const callConductorAgain = (id: string): Step =>
  call(
    id,
    'nova/conductor/api.py:ComputeTaskAPI.resize_instance',
    'conductor.migrate_server',
    () => SERVICE.CONDUCTOR,
    () => OUTCOME.DONE,
    {
      swallows: true,
      fill: (_world, _job, message) => {
        message.rescheduled = 1;
        message.destination = NONE;
      },
    },
  );

const reschedule: UndoGroup = (prefix) => [
  {
    steps: [
      database(
        `${prefix}.undo.reschedule.set-task`,
        `${MANAGER}._reschedule_resize_or_reraise`,
        (world, job) => {
          if (job.retry === 0 || job.error === OUTCOME.RAISE_BUILD_ABORT) return OUTCOME.ELSE;
          setTask(job, TASK.RESIZE_PREP);
          return saveInstance(world, job) === OUTCOME.OK ? OUTCOME.OK : OUTCOME.ELSE;
        },
        { else: '$end', swallows: '$end' },
      ),
      callConductorAgain(`${prefix}.undo.reschedule.call-conductor`),
    ],
  },
];

/** MigrationTask.rollback: the record, then the claim if conductor knows that it moved it. */
const swapBackIfHeld: UndoGroup = (prefix) => [
  {
    steps: [
      database(`${prefix}.undo.migration`, 'nova/conductor/tasks/migrate.py:MigrationTask.rollback', (world, job) =>
        job.migration === NONE ? OUTCOME.OK : saveStatus(world, job, STATUS.ERROR),
      ),
      memory(
        `${prefix}.undo.held`,
        'nova/conductor/tasks/migrate.py:MigrationTask.rollback',
        (_world, job) => (job.held === 1 ? OUTCOME.OK : OUTCOME.ELSE),
        { else: '$end' },
      ),
      ...moveAllocations(`${prefix}.undo.claim`, M, I, 'go-on').steps,
    ],
  },
];

const clearTaskState: UndoGroup = (prefix) => [
  database(`${prefix}.undo.state`, 'nova/conductor/manager.py:ComputeTaskManager._cold_migrate', (world, job) => {
    const row = world.instances[job.instance]!;
    if (row.exists !== 1) return OUTCOME.OK;
    // NoValidHost puts back the vm_state of the message, anything else refreshes the instance first
    if (job.error === OUTCOME.RAISE_NO_VALID_HOST) row.vm = job.vm;
    row.task = TASK.NONE;
    return OUTCOME.OK;
  }),
];

/** What is to be saved, and stays dirty for reverts_task_state where that fails. */
function backOrError(_world: World, job: Job): void {
  if (job.error === OUTCOME.RAISE_ROLLBACK) {
    setVm(job, job.beganVm);
    setTask(job, TASK.NONE);
  } else setVm(job, VM.ERROR);
}

const vmError: UndoGroup = (prefix) => [
  {
    ...database(`${prefix}.undo.vm`, `${MANAGER}._error_out_instance_on_exception`, (world, job) => {
      backOrError(world, job);
      const saved = saveInstance(world, job);
      if (job.error !== OUTCOME.RAISE_ROLLBACK) return OUTCOME.OK;
      // the wrapped exception is what goes on
      job.error = OUTCOME.RAISE;
      return saved;
    }),
    dirties: backOrError,
  },
];

/** Handlers that set the error state themselves, and do not know InstanceFaultRollback. */
const setError: UndoGroup = (prefix) => [
  {
    ...database(`${prefix}.undo.vm`, `${MANAGER}._set_instance_obj_error_state`, (world, job) => {
      setVm(job, VM.ERROR);
      saveInstance(world, job);
      return OUTCOME.OK;
    }),
    dirties: (_world, job) => setVm(job, VM.ERROR),
  },
];

const migrationError: UndoGroup = (prefix) => [
  database(
    `${prefix}.undo.migration`,
    'nova/compute/manager.py:errors_out_migration_ctxt',
    (world, job) => (job.migration === NONE ? OUTCOME.OK : saveStatus(world, job, STATUS.ERROR)),
    { swallows: true },
  ),
];

const taskClear: UndoGroup = (prefix) => [
  database(
    `${prefix}.undo.task`,
    'nova/compute/manager.py:reverts_task_state',
    (world, job) => {
      // "unexpected task state means the current task is preempted": left as it is
      if (job.error === OUTCOME.RAISE_TASK_STATE) return OUTCOME.OK;
      setTask(job, TASK.NONE);
      const saved = saveInstance(world, job);
      // _instance_update tells the tracker, which lets go of what is offloaded
      const here = job.service - SERVICE.COMPUTE;
      if (saved === OUTCOME.OK && job.host === here && allowsRemoval(job.vm, job.task)) {
        return untrackDeleted(world, here, job.instance, job.instanceFlavor);
      }
      return saved;
    },
    { swallows: true },
  ),
];

/** The `with self.rt.resize_claim(...)` around the cast alone. */
export const abortClaim =
  (drop: DropMoveClaim, claimed: (job: Job) => boolean = () => true): UndoGroup =>
  (prefix) => [
    {
      ...database(
        `${prefix}.undo.abort`,
        'nova/compute/claims.py:MoveClaim.abort',
        (world, job) => {
          if (!claimed(job)) return OUTCOME.OK;
          const row = world.instances[job.instance]!;
          const { new: pinned } = contextPins(world, row.migrationContext);
          const dropped = drop(world, job.service - SERVICE.COMPUTE, job.instance, job.flavor, pinned);
          if (dropped !== OUTCOME.OK) return dropped;
          row.migrationContext = NONE;
          job.migrationContext = NONE;
          return OUTCOME.OK;
        },
        { swallows: true },
      ),
      under: 'tracker',
    },
  ];

/** _delete_stashed_flavor_info */
const unstash: UndoGroup = (prefix) => [
  saving(`${prefix}.unstash`, `${MANAGER}._delete_stashed_flavor_info`, (_world, job) => {
    setOldFlavor(job, NONE);
    setNewFlavor(job, NONE);
    setOldVm(job, NONE);
  }),
];

export const NOVA_UNDO_GROUPS: Readonly<Record<string, UndoGroup>> = {
  'give-back': giveBack,
  'give-back-with-host': giveBackWithHost,
  'drop-source': (prefix) => [deleteAllocations(`${prefix}.undo.claim`, M)],
  // one `finally` with both: what cannot be deleted leaves the stash as it is
  'delete-alloc': (prefix) => [without(['unstash'], deleteAllocations(`${prefix}.delete-alloc`, M))],
  'swap-back-if-held': swapBackIfHeld,
  'clear-task-state': clearTaskState,
  reschedule,
  'end-notify': (prefix) => [notification(`${prefix}.end-notify`, `${MANAGER}._send_prep_resize_notifications`)],
  'abort-claim': abortClaim(dropMoveClaim),
  unstash,
  'vm.error': vmError,
  'set-error': setError,
  'migration.error': migrationError,
  clear: taskClear,
  ...BUILD_UNDO_GROUPS,
  ...LIVE_MIGRATION_UNDO_GROUPS,
  ...EVACUATION_UNDO_GROUPS,
  // a rebuild has a NopClaim
  'abort-rebuild': abortClaim(dropMoveClaim, isEvacuation),
};
