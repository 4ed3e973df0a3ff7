/** An evacuation and a rebuild up to the host that builds the guest: the API's requests, and conductor's one function for both. */
import { NONE } from '../../state/table.ts';
import { createMigration, instanceOf, loadInstance, migrationOf, noteMigration, setTask } from '../database.ts';
import { claimResources, getAllocations, strict } from '../report-client.ts';
import { MOVE_TYPE, SERVICE, STATUS, TASK, VM } from '../states.ts';
import {
  call,
  cast,
  database,
  type Group,
  memory,
  neutron,
  notification,
  OUTCOME,
  type Outcome,
  type Region,
  read,
  request,
  type Step,
  saving,
} from '../step.ts';
import { isListed, type Job, seemsUp, type World } from '../world.ts';
import { API, compute, flavorRows, handler, hasLaunched, I, ok, refuse, setTaskFromNone } from './common.ts';

/** What conductor.rebuild_instance is asked for, in `job.option`. */
export const REBUILD = { EVACUATE: 0, EVACUATE_FORCED: 1, IN_PLACE: 2 } as const;
export const isEvacuation = ({ option }: Job): boolean => option !== REBUILD.IN_PLACE;
const isForced = ({ option }: Job): boolean => option === REBUILD.EVACUATE_FORCED;
/** A host that the scheduler is to keep to. */
const isAsked = (_world: World, job: Job): boolean => job.requested !== NONE && !isForced(job);

const STATES: readonly number[] = [VM.ACTIVE, VM.STOPPED, VM.ERROR];

/** nova/api/openstack/compute/evacuate.py, then what decorates API.evacuate: any task_state will do. */
function checkEvacuate(world: World, job: Job): Outcome {
  if (loadInstance(world, job) !== OUTCOME.OK) return refuse(world, job, 404);
  if (isForced(job) && job.requested === NONE) return refuse(world, job, 400);
  if (job.requested !== NONE && world.hosts[job.requested]!.serviceDeleted === 1) return refuse(world, job, 404);
  if (job.requested !== NONE && job.requested === job.host) return refuse(world, job, 400);
  if (!STATES.includes(job.vm) || job.host === NONE || !hasLaunched(world, job)) return refuse(world, job, 409);
  // Service.get_by_compute_host raises, and nobody expects that
  if (world.hosts[job.host]!.serviceDeleted === 1) return refuse(world, job, 500);
  return seemsUp(world, job.host) ? refuse(world, job, 400) : OUTCOME.OK;
}

/** "Create this as a tombstone for the source compute to find and cleanup": it names no node of a destination, and no flavor. */
function createTombstone(world: World, job: Job): Outcome {
  job.migration = createMigration(world, job, MOVE_TYPE.EVACUATION, STATUS.ACCEPTED);
  const migration = migrationOf(world, job);
  migration.oldFlavor = NONE;
  migration.newFlavor = NONE;
  noteMigration(world, job);
  return OUTCOME.OK;
}

/** POST /servers/{id}/action {evacuate}, by a microversion that has `force` and leaves a running server running. */
export const apiEvacuate = handler({
  id: 'api.evacuate',
  nova: `${API}.evacuate`,
  prefix: 'evacuate',
  steps: [
    request('evacuate.api', `${API}.evacuate`, checkEvacuate),
    // `expected_task_state=None` expects nothing
    saving('evacuate.set-task', `${API}.evacuate`, (_world, job) => setTask(job, TASK.REBUILDING)),
    database('evacuate.action-record', `${API}._record_action_start`, ok),
    database('evacuate.create-migration', `${API}.evacuate`, createTombstone),
    notification('evacuate.notify', `${API}.evacuate`),
    database(
      'evacuate.get-nodes',
      `${API}.evacuate`,
      (world, job) => {
        if (!isAsked(world, job)) return OUTCOME.OK;
        return world.hosts[job.requested]!.nodeDeleted === 0 ? OUTCOME.OK : OUTCOME.RAISE;
      },
      { when: isAsked },
    ),
    cast(
      'evacuate.cast-conductor',
      'nova/conductor/rpcapi.py:ComputeTaskAPI.rebuild_instance',
      'conductor.rebuild_instance',
      () => SERVICE.CONDUCTOR,
    ),
  ],
});

function checkRebuild(world: World, job: Job): Outcome {
  if (loadInstance(world, job) !== OUTCOME.OK) return refuse(world, job, 404);
  const fits = STATES.includes(job.vm) && job.task === TASK.NONE && job.host !== NONE && hasLaunched(world, job);
  if (!fits) return refuse(world, job, 409);
  // ImageUnacceptable: the root disk is a volume
  if (instanceOf(world, job).volumeBacked === 1) return refuse(world, job, 400);
  job.option = REBUILD.IN_PLACE;
  job.requested = job.host;
  job.flavor = job.instanceFlavor;
  return OUTCOME.OK;
}

/** POST /servers/{id}/action {rebuild} with another image, which the scheduler is asked about: on the same host, without a claim. */
export const apiRebuild = handler({
  id: 'api.rebuild',
  nova: `${API}.rebuild`,
  prefix: 'rebuild',
  steps: [
    request('rebuild.api', `${API}.rebuild`, checkRebuild),
    setTaskFromNone('rebuild.set-rebuilding', `${API}.rebuild`, TASK.REBUILDING),
    // image_min_disk among it, which is the root disk of the flavor that the server has
    database('rebuild.image-metadata', `${API}.rebuild`, (world, job) => {
      instanceOf(world, job).bootFlavor = job.instanceFlavor;
      return OUTCOME.OK;
    }),
    database('rebuild.action-record', `${API}._record_action_start`, ok),
    database('rebuild.save-reqspec', 'nova/objects/request_spec.py:RequestSpec.save', ok),
    cast(
      'rebuild.cast-conductor',
      'nova/conductor/rpcapi.py:ComputeTaskAPI.rebuild_instance',
      'conductor.rebuild_instance',
      () => SERVICE.CONDUCTOR,
    ),
  ],
});

const CONDUCTOR = 'nova/conductor/manager.py:ComputeTaskManager';
const REBUILD_INSTANCE = `${CONDUCTOR}.rebuild_instance`;
const CLAIM = 'nova/scheduler/utils.py:claim_resources_on_destination';

/**
 * Migration.get_by_instance_and_status reads deleted rows, asks for no type, and takes the first: a rebuild finds what a failed
 * evacuation left `accepted`.
 */
function findAccepted(world: World, job: Job): Outcome {
  job.migration = NONE;
  for (let m = 0; m < world.globals.migrations && job.migration === NONE; m++) {
    const { exists, instance, status } = world.migrations[m]!;
    if (exists !== 0 && instance === job.instance && status === STATUS.ACCEPTED) job.migration = m;
  }
  // the request spec has the flavor that is asked for
  job.flavor = instanceOf(world, job).requestSpecFlavor;
  job.ignoreHosts = isEvacuation(job) ? 1 << job.host : 0;
  return OUTCOME.OK;
}

/** What neither `try` is around. */
const UNGUARDED: readonly Region[] = ['state'];

/** The nodes of both hosts; of one that is not there the server keeps its vm_state and loses its task_state. */
function getNodes(world: World, job: Job): Outcome {
  job.destination = job.requested;
  const found = world.hosts[job.host]!.nodeDeleted === 0 && world.hosts[job.destination]!.nodeDeleted === 0;
  if (!found) instanceOf(world, job).task = TASK.NONE;
  return found ? OUTCOME.OK : OUTCOME.RAISE;
}

/**
 * claim_resources is told the generation that was read: where it cannot read what is there itself, it writes what it wants in the
 * place of all.
 */
const atThatGeneration = ({ take, touches }: Step): Partial<Step> =>
  touches !== 'placement-read'
    ? {}
    : {
        take: (world, job, response) => {
          const outcome = take!(world, job, response);
          if (outcome === OUTCOME.OK && response.rows.length === 0) job.generation = job.generation2;
          return outcome;
        },
      };

/** What the instance has on its host is asked of the one that is forced. */
const claimForced: Group = {
  steps: [
    read(
      'rebuild.forced.get-allocs',
      CLAIM,
      getAllocations(I),
      strict((job, { rows, generation }) => {
        if (rows.length === 0) return OUTCOME.RAISE;
        job.generation2 = generation;
        if (rows.some((one, k) => k % 3 === 0 && one !== rows[0])) return OUTCOME.RAISE_NO_VALID_HOST;
        return rows[0] === job.host ? OUTCOME.OK : OUTCOME.RAISE;
      }),
    ),
    ...claimResources(
      'rebuild.forced.claim-get',
      'rebuild.forced.claim-put',
      I,
      (world, job) => flavorRows(world, job, job.instanceFlavor, job.destination),
      'raise',
    ).steps.map((step) => ({ ...step, falsyRaises: OUTCOME.RAISE_NO_VALID_HOST, ...atThatGeneration(step) })),
  ],
};

export const conductorRebuildInstance = handler({
  id: 'conductor.rebuild_instance',
  nova: REBUILD_INSTANCE,
  prefix: 'rebuild.conductor',
  steps: [
    database('rebuild.find-migration', REBUILD_INSTANCE, findAccepted, { outside: UNGUARDED }),
    memory('rebuild.host', REBUILD_INSTANCE, (_world, job) => (isForced(job) ? OUTCOME.OK : OUTCOME.ELSE), {
      when: () => false,
      else: 'rebuild.requested-resources',
    }),
    database('rebuild.forced.get-nodes', `${CONDUCTOR}._allocate_for_evacuate_dest_host`, getNodes, {
      outside: UNGUARDED,
    }),
    claimForced,
    memory('rebuild.forced.done', REBUILD_INSTANCE, () => OUTCOME.ELSE, {
      when: () => false,
      else: 'rebuild.scheduled-notify',
    }),
    neutron('rebuild.requested-resources', REBUILD_INSTANCE, undefined, {
      when: (_world, job) => isEvacuation(job),
      outside: UNGUARDED,
    }),
    call(
      'rebuild.schedule',
      `${CONDUCTOR}._schedule_instances`,
      'scheduler.select_destinations',
      (_world, job) => (isEvacuation(job) ? SERVICE.SCHEDULER : NONE),
      (_world, job, callee) => {
        job.destination = callee.destination;
        return OUTCOME.OK;
      },
    ),
    call(
      'rebuild.check',
      `${CONDUCTOR}._schedule_instances`,
      'scheduler.select_destinations.rebuild',
      (_world, job) => (isEvacuation(job) ? NONE : SERVICE.SCHEDULER),
      (_world, job, callee) => {
        job.destination = callee.destination;
        return OUTCOME.OK;
      },
    ),
    memory('rebuild.fill', 'nova/scheduler/utils.py:fill_provider_mapping', ok, {
      when: (_world, job) => isEvacuation(job),
    }),
    notification('rebuild.scheduled-notify', REBUILD_INSTANCE, undefined, { outside: UNGUARDED }),
    database('rebuild.zone', 'nova/availability_zones.py:get_host_availability_zone', ok, { outside: UNGUARDED }),
    cast(
      'rebuild.cast-compute',
      'nova/compute/rpcapi.py:ComputeAPI.rebuild_instance',
      'compute.rebuild_instance',
      (_world, job) => compute(job.destination),
      (world, job, message) => {
        message.flavor = job.instanceFlavor;
        message.payloadStatus = job.migration === NONE ? 0 : world.migrations[job.migration]!.status;
      },
      { outside: UNGUARDED },
    ),
  ],
});

const SCHEDULER = 'nova/scheduler/manager.py:SchedulerManager';

/**
 * select_destinations of a rebuild asks Placement nothing and claims nothing: it is the host that is forced, if it is listed, and
 * ComputeFilter is not among the filters that run.
 */
export const selectRebuild = handler({
  id: 'scheduler.select_destinations.rebuild',
  nova: `${SCHEDULER}._legacy_find_hosts`,
  prefix: 'scheduler.rebuild',
  steps: [
    memory('scheduler.rebuild.filter', `${SCHEDULER}._get_sorted_hosts`, (world, job) => {
      job.destination = job.requested;
      return isListed(world, job.destination) ? OUTCOME.OK : OUTCOME.RAISE_NO_VALID_HOST;
    }),
  ],
});
