/** Rows and cells of the undo table for evacuations and rebuilds: what is told to whom, and what is left as an order to destroy. */

import { NONE } from '../state/table.ts';
import { instanceOf, saveStatus } from './database.ts';
import { here, I, MANAGER } from './handlers/common.ts';
import { REBUILD } from './handlers/evacuate.ts';
import { isGiven, saveGiven } from './handlers/rebuild-instance.ts';
import { releaseElsewhere, removeProviderTree, tryingAgain } from './report-client.ts';
import { STATUS, TASK, VM } from './states.ts';
import { database, type Item, memory, notification, OUTCOME, type UndoGroup, type UndoRow } from './step.ts';
import type { Job, World } from './world.ts';

export const EVACUATION_UNDO: Readonly<Record<string, UndoRow>> = {
  // nova/conductor/manager.py:rebuild_instance
  'conductor.rebuild_instance': { state: 'close-if-known' },
  // nova/compute/manager.py
  'compute.rebuild_instance': { abort: 'abort-rebuild', claim: 'remove-destination', vm: 'error', task: 'clear' },
};

const CONDUCTOR = 'nova/conductor/manager.py:ComputeTaskManager';

/** NoValidHost and AllocationUpdateFailed; whatever else is raised nobody has thought of. */
const isKnown = (job: Job): boolean =>
  job.error === OUTCOME.RAISE_NO_VALID_HOST || job.error === OUTCOME.RAISE_CONFLICT;

/** A forced host that has no room leaves the server as it was. */
const keepsState = (job: Job): boolean =>
  job.option === REBUILD.EVACUATE_FORCED && job.error === OUTCOME.RAISE_NO_VALID_HOST;

function setState(world: World, job: Job, vm: number): number {
  const row = instanceOf(world, job);
  if (row.exists !== 1) return OUTCOME.RAISE_NOT_FOUND;
  row.vm = vm;
  row.task = TASK.NONE;
  return OUTCOME.OK;
}

/**
 * What conductor does about a failure before it casts.
 * @param known W-02's repair is to know them all
 */
const closeIf =
  (known: (job: Job) => boolean): UndoGroup =>
  (prefix) => [
    {
      steps: [
        memory(
          `${prefix}.undo.known`,
          `${CONDUCTOR}.rebuild_instance`,
          (_world, job) => (known(job) ? OUTCOME.OK : OUTCOME.ELSE),
          {
            when: () => false,
            else: '$end',
          },
        ),
        database(
          `${prefix}.undo.kept-state`,
          `${CONDUCTOR}._set_vm_state_and_notify`,
          (world, job) => (keepsState(job) ? setState(world, job, job.vm) : OUTCOME.OK),
          { when: (_world, job) => keepsState(job) },
        ),
        database(`${prefix}.undo.migration`, `${CONDUCTOR}.rebuild_instance`, (world, job) =>
          job.migration === NONE ? OUTCOME.OK : saveStatus(world, job, STATUS.ERROR),
        ),
        database(
          `${prefix}.undo.state`,
          `${CONDUCTOR}._set_vm_state_and_notify`,
          (world, job) => (keepsState(job) ? OUTCOME.OK : setState(world, job, VM.ERROR)),
          { when: (_world, job) => !keepsState(job) },
        ),
      ],
    },
  ];

/** InstanceNotFound and UnexpectedDeletingTaskStateError: it was deleted meanwhile, and that is no failure. */
const wasDeleted = (world: World, job: Job): boolean =>
  job.error === OUTCOME.RAISE_NOT_FOUND ||
  (job.error === OUTCOME.RAISE_TASK_STATE && instanceOf(world, job).task === TASK.DELETING);

/**
 * The three `except`s behind the claim. What is removed is what the instance holds of this host, also where it was rebuilt here
 * and holds nothing else.
 */
const removeDestination =
  (removing: (id: string) => readonly Item[]): UndoGroup =>
  (prefix) => {
    const id = `${prefix}.undo.claim`;
    return [
      database(
        `${id}.set-failed`,
        `${MANAGER}._set_migration_status`,
        (world, job) => saveGiven(world, job, STATUS.FAILED),
        { when: isGiven },
      ),
      memory(
        `${id}.deleted`,
        `${MANAGER}.rebuild_instance`,
        (world, job) => (wasDeleted(world, job) ? OUTCOME.ELSE : OUTCOME.OK),
        {
          when: () => false,
          else: `${id}.notify`,
        },
      ),
      ...removing(id),
      notification(
        `${id}.notify`,
        `${MANAGER}._notify_instance_rebuild_error`,
        (world, job) => {
          if (wasDeleted(world, job)) return OUTCOME.ELSE;
          // InstanceFaultRollback around BuildAbortException
          if (job.error === OUTCOME.RAISE_UNAVAILABLE) job.error = OUTCOME.RAISE_ROLLBACK;
          return OUTCOME.OK;
        },
        { else: '$done' },
      ),
    ];
  };

/** E-03: an evacuation that no host can take leaves everything as it was, its record as well. */
const leaveAccepted: UndoGroup = (prefix) => [
  database(`${prefix}.undo.state`, `${CONDUCTOR}._set_vm_state_and_notify`, (world, job) =>
    isKnown(job) ? setState(world, job, job.vm) : OUTCOME.OK,
  ),
];

/** What W-02's repair does: whatever failed, the server holds what it has on its host, and no record says that it left. */
const closeAndRelease: UndoGroup = (prefix) => [
  releaseElsewhere(`${prefix}.undo.claim`, I, (job) => job.host),
  ...closeIf(() => true)(prefix),
];

/** E-04: the refusal of a claim was thought of by nobody. */
const keepsWhereRefused = (id: string): readonly Item[] => [
  {
    steps: removeProviderTree(`${id}.remove-alloc`, I, here).steps.map((step) => ({
      ...step,
      ask: (world, job) => (job.error === OUTCOME.RAISE_UNAVAILABLE ? null : step.ask!(world, job)),
    })),
  },
];

export const EVACUATION_UNDO_GROUPS: Readonly<Record<string, UndoGroup>> = {
  'close-if-known': closeIf(isKnown),
  'leave-accepted': leaveAccepted,
  'close-and-release': closeAndRelease,
  'claim.remove-destination': removeDestination((id) => [removeProviderTree(`${id}.remove-alloc`, I, here)]),
  'claim.keep-where-refused': removeDestination(keepsWhereRefused),
  // what W-10's repair does
  'claim.remove-destination-again': removeDestination((id) => [
    tryingAgain(removeProviderTree(`${id}.remove-alloc`, I, here)),
  ]),
};
