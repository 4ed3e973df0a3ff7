import { NONE } from '../../state/table.ts';
import {
  destroyInstance,
  findMigration,
  instanceOf,
  loadInstance,
  saveInstance,
  setPower,
  setTask,
  setVm,
} from '../database.ts';
import { forceDeleteAllocations } from '../report-client.ts';
import { POWER, STATUS, TASK, VM } from '../states.ts';
import {
  call,
  cast,
  cinder,
  database,
  driver,
  memory,
  neutron,
  OUTCOME,
  type Outcome,
  request,
  type Step,
  tracker,
} from '../step.ts';
import { untrackDeleted } from '../tracker.ts';
import { type Job, seemsUp, trackingOf, type World } from '../world.ts';
import { API, compute, handler, here, I, MANAGER, refuse, toSource } from './common.ts';
import { noteDecision } from './confirm.ts';
import { trackerUpdate } from './prep-resize.ts';
import { destroyGuest } from './revert.ts';

/**
 * _confirm_resize_on_deleting: a move that waits for its decision, or whose confirm is stuck, is confirmed by call. It is looked
 * up before the call is made, and may be decided before it is taken.
 */
function findConfirmed(world: World, job: Job): void {
  if (job.vm !== VM.RESIZED) return;
  job.migration = findMigration(world, job.instance, STATUS.FINISHED);
  if (job.migration === NONE) job.migration = findMigration(world, job.instance, STATUS.CONFIRMING);
  if (job.migration !== NONE) job.payloadStatus = world.migrations[job.migration]!.status;
}

/** The API has the instance from its build request, which is building whatever a cell may say. */
const inBuildRequest = (world: World, job: Job): boolean => {
  const { buildRequest, unmapped } = instanceOf(world, job);
  return buildRequest === 1 && unmapped > 0;
};

/** nova/compute/utils.py:may_have_ports_or_volumes: what has no host any more may have left things behind. */
const mayHavePortsOrVolumes = (world: World, job: Job): boolean =>
  (job.vm === VM.ERROR || job.vm === VM.SHELVED_OFFLOADED) && !inBuildRequest(world, job);

const unscheduled = (world: World, job: Job): boolean => job.host === NONE && !mayHavePortsOrVolumes(world, job);
const hasBuildRequest = (world: World, job: Job): boolean =>
  unscheduled(world, job) && instanceOf(world, job).buildRequest === 1;

/** DELETE /servers/{id}: by cast to the host, or locally when the host is down or there is none. */
export const apiDelete = handler({
  id: 'api.delete',
  nova: `${API}._delete`,
  prefix: 'delete',
  steps: [
    request('delete.api', `${API}._delete`, (world, job) => {
      if (loadInstance(world, job) !== OUTCOME.OK) return refuse(world, job, 404);
      // original_task_state
      job.beganTask = job.task;
      return OUTCOME.OK;
    }),
    // before conductor does: then it stops there
    database(
      'delete.build-request',
      `${API}._attempt_delete_of_buildrequest`,
      (world, job) => {
        if (hasBuildRequest(world, job)) instanceOf(world, job).buildRequest = 0;
        return OUTCOME.OK;
      },
      { when: hasBuildRequest },
    ),
    // a server that never came to a host is only in the databases: its row goes first, and what frees its claim may fail
    database(
      'delete.unscheduled.destroy',
      `${API}._delete`,
      (world, job) => {
        if (!unscheduled(world, job)) return OUTCOME.ELSE;
        // ObjectActionError, "host changed": it came to a host meanwhile
        if (instanceOf(world, job).exists === 1 && instanceOf(world, job).host !== NONE) {
          return loadInstance(world, job) === OUTCOME.OK ? OUTCOME.ELSE : OUTCOME.DONE;
        }
        return destroyInstance(world, job.instance) === OUTCOME.OK ? OUTCOME.OK : OUTCOME.DONE;
      },
      { when: unscheduled, else: 'delete.set-task' },
    ),
    { ...forceDeleteAllocations('delete.unscheduled.delete-alloc', I), swallows: true },
    memory('delete.unscheduled.done', `${API}._delete`, () => OUTCOME.DONE),
    // no task_state is expected
    database('delete.set-task', `${API}._delete`, (world, job) => {
      setTask(job, TASK.DELETING);
      const saved = saveInstance(world, job);
      if (saved === OUTCOME.OK) findConfirmed(world, job);
      return saved === OUTCOME.RAISE_NOT_FOUND ? OUTCOME.DONE : saved;
    }),
    call(
      'delete.confirm',
      `${API}._confirm_resize_on_deleting`,
      'compute.confirm_resize',
      (world, job) => (job.migration === NONE ? NONE : toSource(world, job)),
      (world, job) => {
        noteDecision(world, job.instance, 1);
        return OUTCOME.OK;
      },
    ),
    memory(
      'delete.check-host',
      `${API}._delete`,
      (world, job) => {
        if (job.host === NONE || !seemsUp(world, job.host)) return OUTCOME.ELSE;
        // "already in deleting state, ignoring this request"
        return job.beganTask === TASK.DELETING ? OUTCOME.DONE : OUTCOME.OK;
      },
      { when: (_world, job) => job.host !== NONE, else: 'delete.local.network' },
    ),
    cast(
      'delete.cast',
      'nova/compute/rpcapi.py:ComputeAPI.terminate_instance',
      'compute.terminate_instance',
      (_world, job) => compute(job.host),
    ),
    memory('delete.done', `${API}._delete`, () => OUTCOME.DONE),
    neutron('delete.local.network', `${API}._local_delete`),
    cinder('delete.local.volumes', `${API}._local_cleanup_bdm_volumes`),
    forceDeleteAllocations('delete.local.delete-alloc', I),
    database('delete.local.destroy', `${API}._local_delete`, (world, job) => {
      // a nova-compute that was only said to be down is not told
      if (job.host !== NONE) world.hosts[job.host]!.uncounted = 1;
      return destroyRow(world, job);
    }),
  ],
});

/** vm_state deleted, task_state None, then Instance.destroy: what is gone already is no error. */
function destroyRow(world: World, job: Job): Outcome {
  setVm(job, VM.DELETED);
  setTask(job, TASK.NONE);
  if (saveInstance(world, job) !== OUTCOME.OK) return OUTCOME.DONE;
  return destroyInstance(world, job.instance) === OUTCOME.OK ? OUTCOME.OK : OUTCOME.DONE;
}

export const isTracked = (world: World, job: Job): boolean =>
  job.host === here(job) && trackingOf(world, here(job), job.instance).instance === 1;

/** What terminate_instance does, and a nova-compute that starts and finds a delete that was interrupted. */
const deleteSteps: readonly Step[] = [
  driver('terminate.driver', `${MANAGER}._shutdown_instance`, destroyGuest),
  cinder('terminate.volumes', `${MANAGER}._cleanup_volumes`),
  database('terminate.set-deleted', `${MANAGER}._delete_instance`, (world, job) => {
    setVm(job, VM.DELETED);
    setTask(job, TASK.NONE);
    setPower(job, POWER.NOSTATE);
    const saved = saveInstance(world, job);
    return saved === OUTCOME.RAISE_NOT_FOUND ? OUTCOME.DONE : saved;
  }),
  tracker(
    'terminate.rt-update',
    `${MANAGER}._update_resource_tracker`,
    (world, job) => {
      // "don't update usage for this instance unless it submitted a resource claim first": Placement is not asked either
      if (!isTracked(world, job)) return OUTCOME.ELSE;
      return untrackDeleted(world, here(job), job.instance, job.instanceFlavor);
    },
    { when: isTracked, else: 'terminate.delete-alloc' },
  ),
  trackerUpdate('terminate.rt-update.placement'),
  forceDeleteAllocations('terminate.delete-alloc', I),
  // only when the allocations are gone is the row destroyed
  database('terminate.destroy', `${MANAGER}._delete_instance`, (world, job) =>
    destroyInstance(world, job.instance) === OUTCOME.OK ? OUTCOME.OK : OUTCOME.DONE,
  ),
];

export const terminateInstance = handler({
  id: 'compute.terminate_instance',
  nova: `${MANAGER}._delete_instance`,
  prefix: 'terminate',
  locksInstance: true,
  steps: deleteSteps,
});

/** Called by _init_instance, without the lock. */
export const deleteAgain = handler({
  id: 'compute._delete_instance',
  nova: `${MANAGER}._delete_instance`,
  prefix: 'terminate',
  steps: deleteSteps,
});
