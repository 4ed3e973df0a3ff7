import type { Request, Response } from '../../placement/api.ts';
import type { Provider } from '../../placement/store.ts';
import { NONE } from '../../state/table.ts';
import {
  destroyInstance,
  instanceOf,
  loadInstance,
  saveInstance,
  saveMigrationStatus,
  saveStatus,
  setTask,
  setVm,
} from '../database.ts';
import { deleteAllocations, forceDeleteAllocations, removeProviderTree } from '../report-client.ts';
import { STATUS, TASK, VM } from '../states.ts';
import {
  call,
  database,
  driver,
  type Handler,
  type Item,
  memory,
  neutron,
  OUTCOME,
  type Outcome,
  read,
  type Step,
  tracker,
  write,
} from '../step.ts';
import { recount } from '../tracker.ts';
import { type Instance, inventoriesOf, type Job, seemsUp, setService, type World } from '../world.ts';
import { handler, here, I, lowest, MANAGER, TRACKER, toDestination } from './common.ts';
import { resetLiveMigration } from './live-migration.ts';
import { trackerUpdate } from './prep-resize.ts';
import { completeEvacuation, evacuationFrom } from './rebuild-instance.ts';
import { destroyGuest, restoreGuest } from './revert.ts';

const REPORT = 'nova/scheduler/client/report.py:SchedulerReportClient';

const rootProvider = (world: World, job: Job): Provider => world.placement.providers[here(job)]!;

/** As a nova-compute finds it that had to take its node back. */
const isMissing = (world: World, job: Job): boolean => rootProvider(world, job).exists === 0;

const isUnreported = (world: World, job: Job): boolean => world.hosts[here(job)]!.unreported === 1;

const lacksInventory = (world: World, job: Job): boolean => {
  const { placement, setting } = world;
  const lacks = (c: number): boolean => placement.inventories[here(job) * placement.classes + c]!.exists === 0;
  return isUnreported(world, job) && [...setting.hosts[here(job)]!.inventories.keys()].some(lacks);
};

/** A write under the tracker's lock, made only where it is needed. */
function whereNeeded(
  needed: (world: World, job: Job) => boolean,
  id: string,
  nova: string,
  ask: (world: World, job: Job) => Request,
  done: (world: World, job: Job) => void = () => {},
): Step {
  const asked = (world: World, job: Job): Request | null => (needed(world, job) ? ask(world, job) : null);
  const take = (world: World, job: Job, { status }: Response): Outcome => {
    if (status !== 200) return OUTCOME.RAISE_PLACEMENT;
    done(world, job);
    return OUTCOME.OK;
  };
  return { ...write(id, `${REPORT}.${nova}`, asked, take, { when: needed }), under: 'tracker' };
}

/**
 * _update_to_placement, with what it does where the provider went with a service that was deleted: the driver reports what it
 * always did.
 */
const updateToPlacement: readonly Step[] = [
  whereNeeded(isMissing, 'audit.create-provider', '_ensure_resource_provider', (_world, job) => ({
    op: 'create-provider',
    provider: here(job),
  })),
  trackerUpdate('audit.update'),
  whereNeeded(lacksInventory, 'audit.put-inventories', 'set_inventory_for_provider', (world, job) => ({
    op: 'put-inventories',
    provider: here(job),
    generation: rootProvider(world, job).generation,
    inventories: inventoriesOf(world, here(job)),
  })),
  whereNeeded(
    isUnreported,
    'audit.put-traits',
    'set_traits_for_provider',
    (world, job) => ({
      op: 'put-traits',
      provider: here(job),
      generation: rootProvider(world, job).generation,
      traits: world.setting.hosts[here(job)]!.traits,
    }),
    (world, job) => {
      world.hosts[here(job)]!.unreported = 0;
    },
  ),
];

/**
 * The audit: the tracker counts afresh, then removes what deleted instances still hold here. It never writes the claim of a
 * live instance, never frees a migration's, and repairs nothing of an instance that lives elsewhere.
 */
const auditItems: readonly Item[] = [
  tracker('audit.recount', `${TRACKER}._update_available_resource`, (world, job) => {
    // _init_compute_node: "Undeleting compute node"
    const host = world.hosts[here(job)]!;
    host.nodeDeleted = 0;
    if (isMissing(world, job)) host.unreported = 1;
    recount(world, here(job));
    return OUTCOME.OK;
  }),
  {
    ...read(
      'audit.get-provider-allocations',
      `${TRACKER}._remove_deleted_instances_allocations`,
      (_world, job) => ({ op: 'get-provider-allocations', provider: here(job) }),
      (world, job, response) => {
        job.hosts = 0;
        if (response.status !== 200) return OUTCOME.ELSE;
        for (const id of response.ids) {
          // one that never was in a cell is deleted in none
          const instance = world.instances[id];
          if (id < world.shape.instances && instance?.exists === 2 && instance.unmapped === 0) job.hosts |= 1 << id;
        }
        return OUTCOME.OK;
      },
      { else: 'audit.create-provider' },
    ),
    under: 'tracker',
  },
  {
    ...memory(
      'audit.next-deleted',
      `${TRACKER}._remove_deleted_instances_allocations`,
      (_world, job) => {
        job.instance = lowest(job.hosts);
        if (job.instance === NONE) return OUTCOME.ELSE;
        job.hosts &= ~(1 << job.instance);
        return OUTCOME.OK;
      },
      { else: 'audit.create-provider' },
    ),
    under: 'tracker',
  },
  { steps: deleteAllocations('audit.delete-alloc', I).steps.map((step) => ({ ...step, under: 'tracker' as const })) },
  { ...memory('audit.again', TRACKER, () => OUTCOME.ELSE, { else: 'audit.next-deleted' }), under: 'tracker' },
  ...updateToPlacement,
];

export const audit = handler({
  id: 'compute.update_available_resource',
  nova: `${MANAGER}.update_available_resource`,
  prefix: 'audit',
  steps: auditItems,
});

/** Goes over the instances of this host, as init_host reads them from the database, but for those that were evacuated. */
function nextInstance(world: World, job: Job): Outcome {
  for (let i = job.cursor; i < world.globals.instances; i++) {
    const row = world.instances[i]!;
    if (row.exists !== 1 || row.host !== here(job) || (job.ignoreHosts & (1 << i)) !== 0) continue;
    job.cursor = i + 1;
    job.instance = i;
    return loadInstance(world, job);
  }
  job.instance = NONE;
  return OUTCOME.ELSE;
}

const BUILDING_TASKS: readonly number[] = [TASK.SCHEDULING, TASK.BLOCK_DEVICE_MAPPING, TASK.NETWORKING, TASK.SPAWNING];

/** The branches of _init_instance that need nobody else. ELSE: there is nothing more to do for this one. */
export function initInstance(world: World, job: Job): Outcome {
  const { vm, task } = job;
  if (vm === VM.ERROR && task !== TASK.RESIZE_MIGRATING && task !== TASK.DELETING) return OUTCOME.ELSE;
  const rebuilding = task >= TASK.REBUILDING && task <= TASK.REBUILD_SPAWNING && vm !== VM.ERROR;
  if (vm === VM.BUILDING || BUILDING_TASKS.includes(task) || rebuilding) {
    setVm(job, VM.ERROR);
    setTask(job, TASK.NONE);
    saveInstance(world, job);
    return OUTCOME.ELSE;
  }
  return OUTCOME.OK;
}

/** What _init_instance does for a server whose task_state says that something was interrupted: it does it again, here. */
export const driveAgain = (id: string, handlerId: string, where: (world: World, job: Job) => number): Step =>
  call(id, `${MANAGER}._init_instance`, handlerId, where, reload, { swallows: true });

export const taskIn =
  (...tasks: readonly number[]) =>
  (_world: World, job: Job): number =>
    tasks.includes(job.task) ? job.service : NONE;

const runsHere = (world: World, job: Job): boolean => (instanceOf(world, job).running & (1 << here(job))) !== 0;

/** _retry_reboot: does it again here, unless the guest runs. */
export const retryReboot =
  (...tasks: readonly number[]) =>
  (world: World, job: Job): number => {
    const again = job.task === TASK.REBOOT_PENDING_HARD || (tasks.includes(job.task) && !runsHere(world, job));
    return again ? job.service : NONE;
  };

/** "an instance might be in power_state.RUNNING with a transient state" */
export const clearReboot =
  (...tasks: readonly number[]) =>
  (world: World, job: Job): Outcome => {
    if (!tasks.includes(job.task) || !runsHere(world, job)) return OUTCOME.ELSE;
    setTask(job, TASK.NONE);
    setVm(job, VM.ACTIVE);
    saveInstance(world, job);
    return OUTCOME.ELSE;
  };

/** The same by compare-and-swap, where a delete may have come since the instance was read. */
export const clearRebootUnlessOvertaken =
  (...tasks: readonly number[]) =>
  (world: World, job: Job): Outcome =>
    tasks.includes(instanceOf(world, job).task) ? clearReboot(...tasks)(world, job) : OUTCOME.ELSE;

const REBOOTS = [TASK.REBOOTING_HARD, TASK.REBOOT_STARTED_HARD];

/** Power requests that were interrupted. */
export const STOP_AND_START: readonly Step[] = [
  driveAgain('init.stop', 'compute.stop_instance', taskIn(TASK.POWERING_OFF)),
  driveAgain('init.start', 'compute.start_instance', taskIn(TASK.POWERING_ON)),
];

/**
 * _error_out_instances_whose_build_was_interrupted: those that wait to be claimed here have no host yet, and are found by
 * what they hold.
 */
const interruptedBuilds: readonly Step[] = [
  read(
    'init.get-provider-allocations',
    `${MANAGER}._error_out_instances_whose_build_was_interrupted`,
    (_world, job) => ({ op: 'get-provider-allocations', provider: here(job) }),
    (world, job, response) => {
      job.hosts = 0;
      // logged
      if (response.status !== 200) return OUTCOME.ELSE;
      for (const id of response.ids) {
        if (id >= world.shape.instances) continue;
        const { exists, host, vm, unmapped } = world.instances[id]!;
        const inCell = exists === 1 && unmapped < 2;
        if (inCell && vm === VM.BUILDING && host !== here(job)) job.hosts |= 1 << id;
      }
      return OUTCOME.OK;
    },
    { else: 'init.create-service' },
  ),
  database(
    'init.interrupted-build',
    `${MANAGER}._error_out_instances_whose_build_was_interrupted`,
    (world, job) => {
      job.instance = lowest(job.hosts);
      if (job.instance === NONE) return OUTCOME.ELSE;
      job.hosts &= ~(1 << job.instance);
      if (loadInstance(world, job) !== OUTCOME.OK) return OUTCOME.OK;
      setVm(job, VM.ERROR);
      setTask(job, TASK.NONE);
      return saveInstance(world, job);
    },
    { when: (_world, job) => job.hosts !== 0, else: 'init.create-service' },
  ),
  memory(
    'init.interrupted-build.again',
    `${MANAGER}._error_out_instances_whose_build_was_interrupted`,
    () => OUTCOME.ELSE,
    {
      else: 'init.interrupted-build',
    },
  ),
];

const isNew = (world: World, job: Job): boolean => world.hosts[here(job)]!.serviceDeleted === 1;

/** "My hypervisor has existing instances, but I appear to be a new service in this database": it refuses to start. */
const sanityCheckNewHost: Step = driver(
  'init.sanity-check-new-host',
  `${MANAGER}._sanity_check_new_host`,
  (world, job) => {
    if (!isNew(world, job) || world.instances.every(({ guests }) => (guests & (1 << here(job))) === 0))
      return OUTCOME.OK;
    setService(world, job.service, 0);
    return OUTCOME.REFUSE;
  },
  { when: isNew },
);

/** Between init_host and pre_start_hook, which takes the node back. */
const createService: Step = database(
  'init.create-service',
  'nova/service.py:Service.start',
  (world, job) => {
    const host = world.hosts[here(job)]!;
    if (host.serviceDeleted === 1) host.forcedDown = 0;
    host.serviceDeleted = 0;
    return OUTCOME.OK;
  },
  { when: isNew },
);

/**
 * What nova-compute does when its service starts.
 * @param init the branches of _init_instance that need nobody else
 * @param driven those that do an interrupted task again, and what comes for moves
 * @param first what is done before any instance is looked at
 * @param clear what becomes of the task_state of a reboot whose guest runs
 */
export const initHandler = (
  init: (world: World, job: Job) => Outcome,
  driven: readonly Step[],
  first: readonly Step[] = [],
  clear = clearReboot,
): Handler =>
  handler({
    id: 'compute.init_host',
    nova: `${MANAGER}.init_host`,
    prefix: 'init',
    steps: [
      sanityCheckNewHost,
      ...first,
      database('init.next-instance', `${MANAGER}._init_instance`, nextInstance, {
        else: 'init.get-provider-allocations',
      }),
      database('init.instance', `${MANAGER}._init_instance`, init, { else: 'init.next-instance' }),
      ...driven,
      database('init.clear-reboot', `${MANAGER}._init_instance`, clear(...REBOOTS), {
        swallows: true,
        else: 'init.next-instance',
      }),
      memory('init.again', `${MANAGER}.init_host`, () => OUTCOME.ELSE, { else: 'init.next-instance' }),
      ...interruptedBuilds,
      createService,
      ...auditItems,
    ],
  });

const halfDeleted = (world: World, job: Job): boolean => instanceOf(world, job).vm === VM.DELETED;

/** _complete_partial_deletion: the row goes first, and with it whoever would free the claim if that fails. */
const completePartialDeletion: readonly Step[] = [
  database(
    'init.destroy',
    `${MANAGER}._complete_partial_deletion`,
    (world, job) => (halfDeleted(world, job) ? destroyInstance(world, job.instance) : OUTCOME.ELSE),
    { when: halfDeleted, swallows: 'init.again', else: 'init.delete' },
  ),
  { ...forceDeleteAllocations('init.delete-alloc', I, 'init.again'), swallows: true },
  memory('init.destroyed', `${MANAGER}._init_instance`, () => OUTCOME.ELSE, { else: 'init.again' }),
];

/** There is no branch for resize_migrated, resize_finish, resize_reverting. */
const interruptedResize = (_world: World, job: Job): boolean => job.task === TASK.RESIZE_MIGRATING;

/** An exception goes through init_host: nova-compute does not come up. */
function failsToStart(world: World, job: Job): void {
  setService(world, job.service, 0);
}
const fatal = (step: Step): Step => ({ ...step, onError: failsToStart });

const EVACUATED = `${MANAGER}._destroy_evacuated_instances`;

/** What was evacuated from here, as _destroy_evacuated_instances finds it by the records. */
export function findEvacuations(world: World, job: Job, statuses?: readonly number[]): Outcome {
  for (let i = 0; i < world.globals.instances; i++) {
    if (evacuationFrom(world, here(job), i, statuses) !== NONE) job.ignoreHosts |= 1 << i;
  }
  job.hosts = job.ignoreHosts;
  return job.hosts === 0 ? OUTCOME.ELSE : OUTCOME.OK;
}

/** The next of what was evacuated from here, with its record. */
const nextEvacuated =
  (statuses: readonly number[] | undefined, fits: (world: World, instance: Instance, job: Job) => boolean) =>
  (world: World, job: Job): Outcome => {
    for (;;) {
      job.instance = lowest(job.hosts);
      if (job.instance === NONE) {
        job.migration = NONE;
        return OUTCOME.ELSE;
      }
      job.hosts &= ~(1 << job.instance);
      job.migration = evacuationFrom(world, here(job), job.instance, statuses);
      if (fits(world, instanceOf(world, job), job)) return OUTCOME.OK;
    }
  };

/** Of servers that the hypervisor had, those that were deleted among them; which they were is remembered. */
function destroyEvacuatedGuest(world: World, job: Job): Outcome {
  job.option |= 1 << job.instance;
  return destroyGuest(world, job);
}

/** One that was not on the hypervisor is read, and not found if it is deleted; a node that is not there has nothing to give up. */
const hasRecordToClose = (world: World, { exists }: Instance, job: Job): boolean =>
  (exists === 1 || (job.option & (1 << job.instance)) !== 0) && world.hosts[here(job)]!.nodeDeleted === 0;

/**
 * _destroy_evacuated_instances: by the records alone, whatever became of the server since. First the guests that the hypervisor
 * has, then what is held here, of all of them.
 * @param statuses of the records that it goes by
 */
export const destroyEvacuated = (statuses?: readonly number[]): readonly Step[] =>
  [
    database('init.evacuations', EVACUATED, (world, job) => findEvacuations(world, job, statuses), {
      else: 'init.next-instance',
    }),
    memory(
      'init.next-evacuated',
      EVACUATED,
      nextEvacuated(statuses, (_world, { guests }, job) => (guests & (1 << here(job))) !== 0),
      { when: () => false, else: 'init.evacuated.destroyed' },
    ),
    neutron('init.evacuated.network-info', EVACUATED),
    call(
      'init.evacuated.shared-storage',
      `${MANAGER}._is_instance_storage_shared`,
      'compute.check_instance_shared_storage',
      toDestination,
      () => OUTCOME.OK,
      { swallows: true },
    ),
    driver('init.evacuated.destroy', 'nova/virt/driver.py:ComputeDriver.destroy', destroyEvacuatedGuest),
    memory('init.evacuated.again', EVACUATED, () => OUTCOME.ELSE, { when: () => false, else: 'init.next-evacuated' }),
    memory(
      'init.evacuated.destroyed',
      EVACUATED,
      (_world, job) => {
        job.hosts = job.ignoreHosts;
        return OUTCOME.OK;
      },
      { when: () => false },
    ),
    database('init.next-claim', EVACUATED, nextEvacuated(statuses, hasRecordToClose), {
      else: 'init.evacuations-done',
    }),
    ...removeProviderTree('init.evacuated.remove-alloc', I, here).steps.map((step) => ({
      ...step,
      // who deleted it has given up what it held
      ask: (world: World, job: Job) => (instanceOf(world, job).exists === 1 ? step.ask!(world, job) : null),
      ...(step.else === undefined ? {} : { else: 'init.evacuated.set-completed' }),
    })),
    database('init.evacuated.set-completed', EVACUATED, completeEvacuation),
    memory('init.evacuated.next', EVACUATED, () => OUTCOME.ELSE, { when: () => false, else: 'init.next-claim' }),
    memory('init.evacuations-done', EVACUATED, () => OUTCOME.OK, { when: () => false }),
  ].map((step) => ('swallows' in step ? step : fatal(step)));

export const initHost = initHandler(
  (world, job) => {
    const outcome = initInstance(world, job);
    if (outcome === OUTCOME.OK && job.vm !== VM.ERROR && job.task === TASK.RESIZE_PREP) {
      setTask(job, TASK.NONE);
      saveInstance(world, job);
    }
    return outcome;
  },
  [
    ...completePartialDeletion,
    driveAgain('init.delete', 'compute._delete_instance', taskIn(TASK.DELETING)),
    driveAgain('init.reboot', 'compute.reboot_instance', retryReboot(...REBOOTS)),
    ...STOP_AND_START,
    ...resetLiveMigration,
    driver(
      'init.finish-revert-migration',
      `${MANAGER}._init_instance`,
      (world, job) => (interruptedResize(world, job) ? restoreGuest(world, job) : OUTCOME.ELSE),
      { when: interruptedResize, swallows: true, else: 'init.clear-reboot' },
    ),
    database(
      'init.clear-migrating',
      `${MANAGER}._init_instance`,
      (world, job) => {
        // neither Placement nor the migration is told
        setTask(job, TASK.NONE);
        saveInstance(world, job);
        return OUTCOME.OK;
      },
      { swallows: true },
    ),
  ],
  destroyEvacuated(),
);

function reload(world: World, job: Job): Outcome {
  loadInstance(world, job);
  return OUTCOME.OK;
}

/**
 * _poll_unconfirmed_resizes, with every finished migration of this destination old enough.
 * @param guarded a migration that was decided since it was listed is left alone, as it is not in Nova
 */
export function pollUnconfirmedResizes(confirmSteps: readonly Step[], guarded = false): Handler {
  const fail = (world: World, job: Job): Outcome => {
    const { status } = world.migrations[job.migration]!;
    if (!guarded || status === STATUS.FINISHED) saveStatus(world, job, STATUS.ERROR);
    return OUTCOME.ELSE;
  };
  return handler({
    id: 'compute.poll_unconfirmed_resizes',
    nova: `${MANAGER}._poll_unconfirmed_resizes`,
    prefix: 'poll',
    steps: [
      database('poll.next', `${MANAGER}._poll_unconfirmed_resizes`, (world, job) => {
        for (let m = job.cursor; m < world.globals.migrations; m++) {
          const row = world.migrations[m]!;
          // migration_get_unconfirmed_by_dest_compute reads deleted rows too
          if (row.exists === 0 || row.status !== STATUS.FINISHED || row.destination !== here(job)) continue;
          job.cursor = m + 1;
          job.migration = m;
          job.instance = row.instance;
          return OUTCOME.OK;
        }
        return OUTCOME.DONE;
      }),
      database(
        'poll.check',
        `${MANAGER}._poll_unconfirmed_resizes`,
        (world, job) => {
          if (loadInstance(world, job) !== OUTCOME.OK || job.vm === VM.ERROR) return fail(world, job);
          if (job.task === TASK.DELETING || job.task === TASK.RESIZE_FINISH) return OUTCOME.ELSE;
          if (job.vm !== VM.RESIZED || job.task !== TASK.NONE) return fail(world, job);
          return OUTCOME.OK;
        },
        { else: 'poll.next' },
      ),
      // the API's own function, called in this process with this migration; its refusal is logged
      ...confirmSteps.map((step): Step => {
        if (step.run === undefined) return step;
        const { run } = step;
        return {
          ...step,
          run: (world, job) => {
            if (step.id === 'confirm.api') {
              return seemsUp(world, world.migrations[job.migration]!.source) ? OUTCOME.OK : OUTCOME.ELSE;
            }
            const outcome = run(world, job);
            return outcome === OUTCOME.REFUSE ? OUTCOME.ELSE : outcome;
          },
          else: 'poll.next',
        };
      }),
      memory('poll.again', `${MANAGER}._poll_unconfirmed_resizes`, () => OUTCOME.ELSE, { else: 'poll.next' }),
    ],
  });
}

/** _cleanup_incomplete_migrations: rarely finds anything, since deleting an instance soft-deletes its migrations. */
export const cleanupIncompleteMigrations = handler({
  id: 'compute.cleanup_incomplete_migrations',
  nova: `${MANAGER}._cleanup_incomplete_migrations`,
  prefix: 'cleanup',
  steps: [
    database('cleanup.fail-migrations', `${MANAGER}._cleanup_incomplete_migrations`, (world, job) => {
      for (const row of world.migrations) {
        if (row.exists !== 1 || row.status !== STATUS.ERROR) continue;
        if (row.source !== here(job) && row.destination !== here(job)) continue;
        const instance = world.instances[row.instance]!;
        if (instance.exists === 2 && instance.host !== here(job)) saveMigrationStatus(world, row, STATUS.FAILED);
      }
      return OUTCOME.OK;
    }),
  ],
});
