/** Rows and cells of the undo table for live migrations: what Nova does when one fails, and what it leaves undone. */
import { loadInstance, migrationOf, oneOf, saveInstance, saveStatus, setHost, setTask, setVm } from './database.ts';
import { here, I, M, MANAGER } from './handlers/common.ts';
import {
  arrive,
  cleanUpPre,
  disconnectSourceAnyway,
  notePower,
  runsOn,
  settleContext,
} from './handlers/live-migration.ts';
import { deleteAllocations, moveAllocations, removeProviderTree } from './report-client.ts';
import { STATUS, TASK, VM } from './states.ts';
import { database, memory, OUTCOME, type Outcome, saving, type UndoGroup, type UndoRow } from './step.ts';
import type { Job, World } from './world.ts';

export const LIVE_MIGRATION_UNDO: Readonly<Record<string, UndoRow>> = {
  // nova/conductor/tasks/live_migrate.py, nova/conductor/manager.py:_live_migrate
  'conductor.live_migrate_instance': {
    abort: 'remove-destination',
    claim: 'revert-if-held',
    state: 'clear-or-error',
  },
  // nova/compute/manager.py
  'compute.live_migration': { migration: 'error' },
  'compute._do_live_migration': {
    abort: 'cleanup-pre-live-migration',
    teardown: 'disconnect-source',
    host: 'destination',
    state: 'error-out',
  },
  'compute.post_live_migration_at_destination': { host: 'arrive-in-error' },
};

/** LiveMigrationTask.rollback */
const revertIfHeld: UndoGroup = (prefix) => [
  {
    steps: [
      memory(
        `${prefix}.undo.held`,
        'nova/conductor/tasks/live_migrate.py:LiveMigrationTask.rollback',
        (_world, job) => ((job.held & 1) === 1 ? OUTCOME.OK : OUTCOME.ELSE),
        { when: () => false, else: '$end' },
      ),
      ...moveAllocations(`${prefix}.undo.claim`, M, I, 'go-on').steps,
    ],
  },
];

/** What _live_migrate knows leaves the server as it was; anything else puts it into error. */
const isKnown = (outcome: Outcome): boolean =>
  outcome === OUTCOME.RAISE_NO_VALID_HOST || outcome === OUTCOME.RAISE_PRE_CHECK;

const CONDUCTOR = 'nova/conductor/manager.py:ComputeTaskManager._live_migrate';

const clearOrError: UndoGroup = (prefix) => [
  database(`${prefix}.undo.state`, CONDUCTOR, (world, job) => {
    const row = world.instances[job.instance]!;
    if (row.exists !== 1) return OUTCOME.RAISE_NOT_FOUND;
    row.vm = isKnown(job.error) ? job.vm : VM.ERROR;
    row.task = TASK.NONE;
    return OUTCOME.OK;
  }),
  database(`${prefix}.undo.migration`, CONDUCTOR, (world, job) => saveStatus(world, job, STATUS.ERROR)),
];

/** _post_live_migration_update_host: "we can never rollback from post live migration" */
function toDestination(world: World, job: Job): void {
  settleContext(world, job);
  setHost(job, migrationOf(world, job).destination);
  setTask(job, TASK.NONE);
}

const destination: UndoGroup = (prefix) => [
  saving(`${prefix}.undo.host`, `${MANAGER}._post_live_migration_update_host`, toDestination),
];

/** "Put instance and migration into error state, as its almost certainly too late to rollback" */
const errorOut: UndoGroup = (prefix) => [
  database(`${prefix}.undo.migration`, `${MANAGER}._do_live_migration`, (world, job) =>
    saveStatus(world, job, STATUS.ERROR),
  ),
  database(`${prefix}.undo.vm`, `${MANAGER}._set_instance_obj_error_state`, errorState),
];

function errorState(world: World, job: Job): Outcome {
  const loaded = loadInstance(world, job);
  if (loaded !== OUTCOME.OK) return loaded;
  setVm(job, VM.ERROR);
  setTask(job, TASK.NONE);
  return saveInstance(world, job);
}

/** What W-06's repair does: the server is there, and what it held here is dropped. */
const destinationAndRelease: UndoGroup = (prefix) => [
  ...destination(prefix),
  deleteAllocations(`${prefix}.undo.host.delete-alloc`, M),
];

/** What W-09's repair does: a guest that has not left has its claim back. */
const giveBackAndErrorOut: UndoGroup = (prefix) => [
  {
    steps: [
      memory(
        `${prefix}.undo.stayed`,
        `${MANAGER}._do_live_migration`,
        (world, job) => (runsOn(world, job, here(job)) ? OUTCOME.OK : OUTCOME.ELSE),
        { else: '$end' },
      ),
      ...moveAllocations(`${prefix}.undo.claim`, M, I, 'go-on').steps,
    ],
  },
  ...errorOut(prefix),
];

const arriveInError: UndoGroup = (prefix) => [
  saving(
    `${prefix}.undo.host`,
    `${MANAGER}._do_post_live_migration_at_destination`,
    (world, job) => {
      setVm(job, VM.ERROR);
      notePower(world, job);
      arrive(world, job);
    },
    oneOf(TASK.MIGRATING),
  ),
];

export const LIVE_MIGRATION_UNDO_GROUPS: Readonly<Record<string, UndoGroup>> = {
  'remove-destination': (prefix) => [removeProviderTree(`${prefix}.undo.remove-alloc`, I, (job) => job.destination)],
  'revert-if-held': revertIfHeld,
  'clear-or-error': clearOrError,
  'cleanup-pre-live-migration': cleanUpPre,
  'disconnect-source': disconnectSourceAnyway,
  'host.destination': destination,
  'host.destination-and-release': destinationAndRelease,
  'error-out': errorOut,
  'give-back-and-error-out': giveBackAndErrorOut,
  'arrive-in-error': arriveInError,
};
