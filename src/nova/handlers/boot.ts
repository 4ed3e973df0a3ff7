import { NONE } from '../../state/table.ts';
import {
  destroyInstance,
  instanceOf,
  loadInstance,
  oneOf,
  saveInstance,
  setHost,
  setPinned,
  setPower,
  setTask,
  setVm,
} from '../database.ts';
import { claimResources, forceDeleteAllocations, getAllocations, ignore, legacy } from '../report-client.ts';
import { POWER, SERVICE, TASK, VM } from '../states.ts';
import {
  call,
  cast,
  cinder,
  database,
  driver,
  memory,
  neutron,
  notification,
  OUTCOME,
  type Outcome,
  type Region,
  read,
  type Step,
  saving,
  tracker,
} from '../step.ts';
import { claimCpus, trackInstance } from '../tracker.ts';
import type { Job, World } from '../world.ts';
import { API, compute, handler, here, I, lowest, MANAGER, ok, TRACKER, wanted } from './common.ts';
import { trackerUpdate } from './prep-resize.ts';

const CONDUCTOR = 'nova/conductor/manager.py:ComputeTaskManager';

/** POST /servers: a request spec, a build request and an instance mapping to no cell, in the API's database. */
export const apiCreate = handler({
  id: 'api.create',
  nova: `${API}.create`,
  prefix: 'boot',
  steps: [
    // one transaction
    database('boot.create', `${API}._create_reqspec_buildreq_instmapping`, (world, job) => {
      const row = instanceOf(world, job);
      row.exists = 1;
      row.buildRequest = 1;
      row.unmapped = 2;
      return loadInstance(world, job);
    }),
    cast(
      'boot.cast-conductor',
      'nova/conductor/rpcapi.py:ComputeTaskAPI.schedule_and_build_instances',
      'conductor.schedule_and_build_instances',
      () => SERVICE.CONDUCTOR,
    ),
  ],
});

/** What goes wrong there goes to the conductor's caller, which nobody is. */
const UNGUARDED: readonly Region[] = ['vm', 'state'];

const toCompute = (id: string): Step =>
  cast(
    id,
    'nova/compute/rpcapi.py:ComputeAPI.build_and_run_instance',
    'compute.build_and_run_instance',
    (_world, job) => compute(job.destination),
    undefined,
    { outside: UNGUARDED },
  );

export const scheduleAndBuildInstances = handler({
  id: 'conductor.schedule_and_build_instances',
  nova: `${CONDUCTOR}.schedule_and_build_instances`,
  prefix: 'boot.conductor',
  steps: [
    call(
      'boot.schedule',
      `${CONDUCTOR}._schedule_instances`,
      'scheduler.select_destinations',
      () => SERVICE.SCHEDULER,
      (world, job, callee) => {
        job.destination = callee.destination;
        job.hosts = callee.hosts;
        // populate_retry: a forced host or a single attempt means no reschedule
        job.retry = job.requested < 0 && world.setting.options.max_attempts > 1 ? 1 : 0;
        return OUTCOME.OK;
      },
      { outside: ['vm'] },
    ),
    database(
      'boot.get-build-request',
      'nova/objects/build_request.py:BuildRequest.get_by_instance_uuid',
      (world, job) => (instanceOf(world, job).buildRequest === 1 ? OUTCOME.OK : OUTCOME.ELSE),
      { outside: UNGUARDED, else: 'boot.gone.delete-alloc' },
    ),
    database(
      'boot.create-in-cell',
      'nova/objects/instance.py:Instance.create',
      (world, job) => {
        instanceOf(world, job).unmapped = 1;
        return OUTCOME.OK;
      },
      { outside: UNGUARDED },
    ),
    // what raises here is TooManyInstances or ProjectOverLimit
    database('boot.recheck-quota', `${CONDUCTOR}._recheck_quota`, ok, { outside: ['state'] }),
    memory('boot.fill', 'nova/scheduler/utils.py:fill_provider_mapping', ok, { outside: ['state'] }),
    database('boot.create-bdms', `${CONDUCTOR}._create_block_device_mapping`, ok, { outside: UNGUARDED }),
    database(
      'boot.map-to-cell',
      `${CONDUCTOR}._map_instance_to_cell`,
      (world, job) => {
        const row = instanceOf(world, job);
        if (row.exists === 1) row.unmapped = 0;
        return OUTCOME.OK;
      },
      { outside: UNGUARDED },
    ),
    database(
      'boot.delete-build-request',
      `${CONDUCTOR}._delete_build_request`,
      (world, job) => {
        const row = instanceOf(world, job);
        // the API was first: there is nothing to build, and what is in the cell goes
        if (row.buildRequest === 0) {
          destroyInstance(world, job.instance);
          return OUTCOME.DONE;
        }
        row.buildRequest = 0;
        return OUTCOME.OK;
      },
      { outside: UNGUARDED },
    ),
    memory('boot.bind-arqs', `${CONDUCTOR}._create_and_bind_arq_for_instance`, ok, { outside: ['state'] }),
    toCompute('boot.cast-build'),
    memory('boot.sent', `${CONDUCTOR}.schedule_and_build_instances`, () => OUTCOME.DONE, { outside: UNGUARDED }),
    { ...forceDeleteAllocations('boot.gone.delete-alloc', I), outside: UNGUARDED },
  ],
});

/** What compute comes back with when it could not build: the next alternate is claimed here, without the scheduler. */
export const buildInstances = handler({
  id: 'conductor.build_instances',
  nova: `${CONDUCTOR}.build_instances`,
  prefix: 'boot.again',
  steps: [
    memory('boot.again.next-host', `${CONDUCTOR}.build_instances`, (_world, job) => {
      job.destination = lowest(job.hosts);
      if (job.destination < 0) return OUTCOME.RAISE_NO_VALID_HOST;
      job.hosts &= ~(1 << job.destination);
      return OUTCOME.OK;
    }),
    claimResources('boot.again.claim-get', 'boot.again.claim-put', I, wanted, 'boot.again.next-host'),
    database(
      'boot.again.save',
      `${CONDUCTOR}.build_instances`,
      // "Instance deleted during build"
      (world, job) => (instanceOf(world, job).exists === 1 ? saveInstance(world, job) : OUTCOME.DONE),
      { outside: UNGUARDED },
    ),
    database('boot.again.get-bdms', 'nova/objects/block_device.py:BlockDeviceMappingList.get_by_instance_uuid', ok, {
      outside: UNGUARDED,
    }),
    cinder('boot.again.attachments', `${CONDUCTOR}._validate_existing_attachment_ids`, ok, { outside: UNGUARDED }),
    memory('boot.again.bind-arqs', `${CONDUCTOR}._create_and_bind_arq_for_instance`),
    toCompute('boot.again.cast-build'),
  ],
});

/** UnexpectedDeletingTaskStateError is handled wherever InstanceNotFound is: a user deletes it. */
function disappeared(world: World, job: Job): void {
  const deleting = job.error === OUTCOME.RAISE_TASK_STATE && instanceOf(world, job).task === TASK.DELETING;
  if (deleting) job.error = OUTCOME.RAISE_NOT_FOUND;
}

/** What becomes of an exception on its way out of _build_and_run_instance. */
const becomes =
  (outcome: Outcome) =>
  (world: World, job: Job): void => {
    disappeared(world, job);
    if (job.error !== OUTCOME.RAISE_NOT_FOUND && job.error !== OUTCOME.RAISE_BUILD_ABORT) job.error = outcome;
  };
export const rescheduled = becomes(OUTCOME.RAISE_RESCHEDULED);
export const aborted = becomes(OUTCOME.RAISE_BUILD_ABORT);

/** What _build_resources yields to: what raises is shut down, its claim aborted, and it is rescheduled. */
const spawning = { inside: ['guest', 'abort'] as Region[], onError: rescheduled };

/** The claim sets the host, of a build and of an unshelve. */
export function claimInstance(world: World, job: Job): Outcome {
  // ResourceTracker.disabled: the update at start never came to this host's node
  if (world.hosts[here(job)]!.initialised === 0) return OUTCOME.RAISE_UNAVAILABLE;
  const cpus = claimCpus(world, here(job), job.instance);
  if (cpus === NONE) return OUTCOME.RAISE_UNAVAILABLE;
  if (cpus !== job.pinned) setPinned(job, cpus);
  setHost(job, here(job));
  const saved = saveInstance(world, job);
  return saved === OUTCOME.OK ? trackInstance(world, here(job), job.instance) : saved;
}

export function spawnGuest(world: World, job: Job): Outcome {
  const instance = instanceOf(world, job);
  instance.guests |= 1 << here(job);
  instance.running |= 1 << here(job);
  return OUTCOME.OK;
}

/** _update_instance_after_spawn */
export function setSpawned(_world: World, job: Job): void {
  setVm(job, VM.ACTIVE);
  setTask(job, TASK.NONE);
  setPower(job, POWER.RUNNING);
}

/** Save vm_state building and the task_state that comes next. */
const building =
  (task: number) =>
  (_world: World, job: Job): void => {
    setVm(job, VM.BUILDING);
    setTask(job, task);
  };

export const buildAndRunInstance = handler({
  id: 'compute.build_and_run_instance',
  nova: `${MANAGER}._do_build_and_run_instance`,
  prefix: 'boot.compute',
  locksInstance: true,
  steps: [
    {
      ...database(
        'boot.set-building',
        `${MANAGER}._do_build_and_run_instance`,
        (world, job) => {
          building(TASK.NONE)(world, job);
          const saved = saveInstance(world, job, oneOf(TASK.SCHEDULING, TASK.NONE));
          // "Instance disappeared before build"
          const gone = saved === OUTCOME.RAISE_NOT_FOUND || saved === OUTCOME.RAISE_TASK_STATE;
          return gone ? OUTCOME.ELSE : saved;
        },
        { outside: ['notify', 'retry', 'vm'], else: 'boot.failed.delete-alloc' },
      ),
      dirties: building(TASK.NONE),
    },
    // before the try that schedules again
    notification('boot.start-notify', `${MANAGER}._build_and_run_instance`, undefined, { outside: ['notify'] }),
    memory('boot.pci-map', `${MANAGER}._build_and_run_instance`, ok, {
      mayAbort: true,
      outside: ['notify'],
    }),
    read('boot.get-allocs', `${MANAGER}._build_and_run_instance`, getAllocations(I), legacy(ignore), {
      falsy: 'go-on',
      outside: ['notify'],
    }),
    tracker('boot.rt-claim', `${TRACKER}.instance_claim`, claimInstance, { onError: rescheduled }),
    { ...trackerUpdate('boot.rt-claim.placement'), onError: rescheduled },
    memory('boot.group-policy', `${MANAGER}._validate_instance_group_policy`, ok, {
      inside: ['abort'],
      onError: becomes(OUTCOME.RAISE_POLICY),
    }),
    saving('boot.set-networking', `${MANAGER}._allocate_network`, building(TASK.NETWORKING), oneOf(TASK.NONE), {
      inside: ['abort'],
      onError: aborted,
    }),
    saving(
      'boot.set-block-device-mapping',
      `${MANAGER}._build_resources`,
      building(TASK.BLOCK_DEVICE_MAPPING),
      undefined,
      { inside: ['abort'], onError: aborted },
    ),
    cinder('boot.volumes', `${MANAGER}._prep_block_device`, ok, { inside: ['abort'], onError: aborted }),
    saving(
      'boot.set-spawning',
      `${MANAGER}._build_and_run_instance`,
      building(TASK.SPAWNING),
      oneOf(TASK.BLOCK_DEVICE_MAPPING),
      spawning,
    ),
    // allocated in the background: what goes wrong is raised where the driver asks for it
    neutron('boot.network', `${MANAGER}._allocate_network_async`, ok, spawning),
    driver('boot.driver', 'nova/virt/driver.py:ComputeDriver.spawn', spawnGuest, spawning),
    // the claim and the try that schedules again are over
    saving('boot.set-active', `${MANAGER}._build_and_run_instance`, setSpawned, oneOf(TASK.SPAWNING), {
      outside: ['notify'],
      onError: disappeared,
    }),
    notification('boot.end-notify', `${MANAGER}._build_and_run_instance`, undefined, { outside: ['notify'] }),
    memory('boot.built', `${MANAGER}._do_build_and_run_instance`, () => OUTCOME.DONE, { outside: ['notify'] }),
    {
      ...forceDeleteAllocations('boot.failed.delete-alloc', I),
      outside: ['notify', 'retry', 'vm', 'task', 'claim'],
    },
  ],
});
