import { NONE } from '../../state/table.ts';
import { instanceOf, loadInstance, oneOf, saveInstance, setHost, setPower, setTask, setVm } from '../database.ts';
import { forceDeleteAllocations, getAllocations, ignore, legacy } from '../report-client.ts';
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
  type Region,
  read,
  request,
  type Step,
  saving,
  tracker,
} from '../step.ts';
import { untrackDeleted } from '../tracker.ts';
import type { Job, World } from '../world.ts';
import { claimInstance, setSpawned, spawnGuest } from './boot.ts';
import { API, compute, handler, here, I, MANAGER, ok, refuse, setTaskFromNone, TRACKER } from './common.ts';
import { isTracked } from './delete.ts';
import { trackerUpdate } from './prep-resize.ts';
import { destroyGuest } from './revert.ts';

const CONDUCTOR = 'nova/conductor/manager.py:ComputeTaskManager';
const toHost = (_world: World, job: Job): number => compute(job.host);

/** @check_instance_state: in one of these vm_states, and nothing under way. */
const inState =
  (...states: readonly number[]) =>
  (world: World, job: Job) => {
    if (loadInstance(world, job) !== OUTCOME.OK) return refuse(world, job, 404);
    return states.includes(job.vm) && job.task === TASK.NONE ? OUTCOME.OK : refuse(world, job, 409);
  };

const volumeBacked = (world: World, job: Job): boolean => instanceOf(world, job).volumeBacked === 1;
const imageBacked = (world: World, job: Job): boolean => !volumeBacked(world, job);

/** POST /servers/{id}/action {shelve}. There is no error handling from set-task on. */
export const apiShelve = handler({
  id: 'api.shelve',
  nova: `${API}.shelve`,
  prefix: 'shelve',
  steps: [
    request('shelve.api', `${API}.shelve`, inState(VM.ACTIVE, VM.STOPPED)),
    setTaskFromNone('shelve.set-task', `${API}.shelve`, TASK.SHELVING),
    database('shelve.action-record', `${API}._record_action_start`, ok),
    memory('shelve.create-image', 'nova/compute/utils.py:create_image', ok, { when: imageBacked }),
    cast('shelve.cast', 'nova/compute/rpcapi.py:ComputeAPI.shelve_instance', 'compute.shelve_instance', (world, job) =>
      imageBacked(world, job) ? compute(job.host) : NONE,
    ),
    // a server whose disk is a volume needs no image: it is offloaded at once
    cast(
      'shelve.cast-offload',
      'nova/compute/rpcapi.py:ComputeAPI.shelve_offload_instance',
      'compute.shelve_offload_instance',
      (world, job) => (volumeBacked(world, job) ? compute(job.host) : NONE),
    ),
  ],
});

export const apiShelveOffload = handler({
  id: 'api.shelve_offload',
  nova: `${API}.shelve_offload`,
  prefix: 'shelve-offload',
  steps: [
    request('shelve-offload.api', `${API}.shelve_offload`, inState(VM.SHELVED)),
    setTaskFromNone('shelve-offload.set-task', `${API}.shelve_offload`, TASK.SHELVING_OFFLOADING),
    database('shelve-offload.action-record', `${API}._record_action_start`, ok),
    cast(
      'shelve-offload.cast',
      'nova/compute/rpcapi.py:ComputeAPI.shelve_offload_instance',
      'compute.shelve_offload_instance',
      toHost,
    ),
  ],
});

function powerOff(world: World, job: Job): number {
  instanceOf(world, job).running &= ~(1 << here(job));
  return OUTCOME.OK;
}

/** _shelve_offload_instance: the claim is released before anybody can see that the server is offloaded. */
const OFFLOAD = `${MANAGER}._shelve_offload_instance`;
const offloadSteps: readonly Step[] = [
  notification('offload.start-notify', OFFLOAD),
  driver('offload.power-off', `${MANAGER}._power_off_instance`, powerOff),
  neutron('offload.unbind-ports', OFFLOAD),
  driver('offload.driver', 'nova/virt/driver.py:ComputeDriver.destroy', destroyGuest),
  cinder('offload.volumes', `${MANAGER}._terminate_volume_connections`),
  forceDeleteAllocations('offload.delete-alloc', I),
  saving(
    'offload.set-offloaded',
    OFFLOAD,
    (_world, job) => {
      setPower(job, POWER.SHUTDOWN);
      setVm(job, VM.SHELVED_OFFLOADED);
      setTask(job, TASK.NONE);
    },
    oneOf(TASK.SHELVING, TASK.SHELVING_OFFLOADING),
  ),
  tracker(
    'offload.rt-update',
    `${MANAGER}._update_resource_tracker`,
    (world, job) => {
      if (!isTracked(world, job)) return OUTCOME.ELSE;
      return untrackDeleted(world, here(job), job.instance, job.instanceFlavor);
    },
    { when: isTracked, else: 'offload.unset-host' },
  ),
  trackerUpdate('offload.rt-update.placement'),
  // expected_task_state=None compares with nothing: an unshelve that has begun meanwhile loses its host
  saving('offload.unset-host', OFFLOAD, (_world, job) => setHost(job, NONE)),
  notification('offload.end-notify', OFFLOAD),
];

const SHELVE = `${MANAGER}._shelve_instance`;

/** `[DEFAULT] shelved_offload_time` is 0: what is shelved is offloaded at once. */
export const shelveInstance = handler({
  id: 'compute.shelve_instance',
  nova: SHELVE,
  prefix: 'shelve',
  locksInstance: true,
  steps: [
    notification('shelve.start-notify', SHELVE),
    driver('shelve.power-off', `${MANAGER}._power_off_instance`, powerOff),
    // the driver takes the snapshot, and tells how far it is
    saving(
      'shelve.set-pending-upload',
      SHELVE,
      (_world, job) => setTask(job, TASK.SHELVING_IMAGE_PENDING_UPLOAD),
      oneOf(TASK.SHELVING),
    ),
    driver('shelve.driver', 'nova/virt/driver.py:ComputeDriver.snapshot'),
    saving(
      'shelve.set-uploading',
      SHELVE,
      (_world, job) => setTask(job, TASK.SHELVING_IMAGE_UPLOADING),
      oneOf(TASK.SHELVING_IMAGE_PENDING_UPLOAD),
    ),
    saving(
      'shelve.set-shelved',
      SHELVE,
      (_world, job) => {
        setVm(job, VM.SHELVED);
        setTask(job, TASK.SHELVING_OFFLOADING);
        setPower(job, POWER.SHUTDOWN);
      },
      oneOf(TASK.SHELVING, TASK.SHELVING_IMAGE_UPLOADING),
    ),
    notification('shelve.end-notify', SHELVE),
    ...offloadSteps,
  ],
});

export const shelveOffloadInstance = handler({
  id: 'compute.shelve_offload_instance',
  nova: OFFLOAD,
  prefix: 'offload',
  locksInstance: true,
  steps: offloadSteps,
});

/** POST /servers/{id}/action {unshelve} */
export const apiUnshelve = handler({
  id: 'api.unshelve',
  nova: `${API}.unshelve`,
  prefix: 'unshelve',
  steps: [
    request('unshelve.api', `${API}.unshelve`, (world, job) => {
      const checked = inState(VM.SHELVED, VM.SHELVED_OFFLOADED)(world, job);
      if (checked !== OUTCOME.OK) return checked;
      // _check_offloaded
      if (job.requested !== NONE && job.vm !== VM.SHELVED_OFFLOADED) return refuse(world, job, 409);
      // what will be asked of Placement is the request spec's, which a move that failed late has changed
      job.flavor = instanceOf(world, job).requestSpecFlavor;
      return OUTCOME.OK;
    }),
    database('unshelve.save-reqspec', 'nova/objects/request_spec.py:RequestSpec.save', ok),
    setTaskFromNone('unshelve.set-task', `${API}.unshelve`, TASK.UNSHELVING),
    database('unshelve.action-record', `${API}._record_action_start`, ok),
    cast(
      'unshelve.cast-conductor',
      'nova/conductor/rpcapi.py:ComputeTaskAPI.unshelve_instance',
      'conductor.unshelve_instance',
      () => SERVICE.CONDUCTOR,
    ),
  ],
});

const isShelved = (_world: World, job: Job): boolean => job.vm === VM.SHELVED;
/** Before the try that clears task_state. */
const UNGUARDED: readonly Region[] = ['state'];
const UNSHELVE = `${CONDUCTOR}.unshelve_instance`;

export const conductorUnshelve = handler({
  id: 'conductor.unshelve_instance',
  nova: UNSHELVE,
  prefix: 'unshelve.conductor',
  steps: [
    database(
      'unshelve.set-powering-on',
      UNSHELVE,
      (world, job) => {
        if (!isShelved(world, job)) return OUTCOME.ELSE;
        setTask(job, TASK.POWERING_ON);
        return saveInstance(world, job, oneOf(TASK.UNSHELVING));
      },
      { when: isShelved, outside: UNGUARDED, else: 'unshelve.get-image' },
    ),
    cast(
      'unshelve.cast-start',
      'nova/compute/rpcapi.py:ComputeAPI.start_instance',
      'compute.start_instance',
      toHost,
      undefined,
      { outside: UNGUARDED },
    ),
    memory('unshelve.started', UNSHELVE, () => OUTCOME.DONE, { outside: UNGUARDED }),
    memory('unshelve.get-image', UNSHELVE, ok, { when: imageBacked, outside: UNGUARDED }),
    neutron('unshelve.requested-resource', UNSHELVE),
    database('unshelve.restrict-to-cell', `${CONDUCTOR}._restrict_request_spec_to_cell`),
    call(
      'unshelve.schedule',
      `${CONDUCTOR}._schedule_instances`,
      'scheduler.select_destinations',
      () => SERVICE.SCHEDULER,
      (_world, job, callee) => {
        job.destination = callee.destination;
        return OUTCOME.OK;
      },
    ),
    database('unshelve.get-zone', 'nova/availability_zones.py:get_host_availability_zone'),
    memory('unshelve.fill', 'nova/scheduler/utils.py:fill_provider_mapping'),
    memory('unshelve.bind-arqs', `${CONDUCTOR}._create_and_bind_arq_for_instance`),
    cast(
      'unshelve.cast',
      'nova/compute/rpcapi.py:ComputeAPI.unshelve_instance',
      'compute.unshelve_instance',
      (_world, job) => compute(job.destination),
    ),
  ],
});

const COMPUTE_UNSHELVE = `${MANAGER}._unshelve_instance`;
/** Before the try that releases the claim, or behind it. */
const UNCLAIMED: readonly Region[] = ['claim'];
const claimed = { inside: ['abort'] as Region[] };

export const unshelveInstance = handler({
  id: 'compute.unshelve_instance',
  nova: COMPUTE_UNSHELVE,
  prefix: 'unshelve.compute',
  locksInstance: true,
  steps: [
    notification('unshelve.start-notify', COMPUTE_UNSHELVE, undefined, { outside: UNCLAIMED }),
    saving('unshelve.set-spawning', COMPUTE_UNSHELVE, (_world, job) => setTask(job, TASK.SPAWNING), undefined, {
      outside: UNCLAIMED,
    }),
    cinder('unshelve.volumes', `${MANAGER}._prep_block_device`, undefined, { outside: UNCLAIMED }),
    read('unshelve.get-allocs', COMPUTE_UNSHELVE, getAllocations(I), legacy(ignore), {
      falsy: 'go-on',
      outside: UNCLAIMED,
    }),
    tracker('unshelve.rt-claim', `${TRACKER}.instance_claim`, claimInstance),
    trackerUpdate('unshelve.rt-claim.placement'),
    neutron('unshelve.network', COMPUTE_UNSHELVE, undefined, claimed),
    driver('unshelve.driver', 'nova/virt/driver.py:ComputeDriver.spawn', spawnGuest, claimed),
    memory('unshelve.delete-snapshot', `${MANAGER}._delete_snapshot_of_shelved_instance`, undefined, {
      when: imageBacked,
      swallows: true,
      outside: UNCLAIMED,
    }),
    saving('unshelve.set-active', COMPUTE_UNSHELVE, setSpawned, oneOf(TASK.SPAWNING), { outside: UNCLAIMED }),
    notification('unshelve.end-notify', COMPUTE_UNSHELVE, undefined, { outside: UNCLAIMED }),
  ],
});
