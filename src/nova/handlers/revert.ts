import { NONE } from '../../state/table.ts';
import {
  findMigration,
  instanceOf,
  loadInstance,
  migrationOf,
  oneOf,
  saveInstance,
  saveMigrationStatus,
  saveStatus,
  setFlavor,
  setHost,
  setMigrationContext,
  setTask,
  setVm,
} from '../database.ts';
import { getAllocations, ignore, legacy, moveAllocations } from '../report-client.ts';
import { STATUS, TASK, VM } from '../states.ts';
import {
  call,
  cast,
  cinder,
  database,
  driver,
  neutron,
  OUTCOME,
  type Outcome,
  read,
  request,
  saving,
  tracker,
} from '../step.ts';
import { contextPins, type DropMoveClaim, dropMoveClaim, droppedFlavor } from '../tracker.ts';
import type { Job, World } from '../world.ts';
import { API, handler, here, I, M, MANAGER, refuse, TRACKER, toDestination, toSource } from './common.ts';
import { noteDecision } from './confirm.ts';
import { createGuest } from './finish-resize.ts';
import { trackerUpdate } from './prep-resize.ts';

export function checkRevert(world: World, job: Job): Outcome {
  if (loadInstance(world, job) !== OUTCOME.OK) return refuse(world, job, 404);
  if (job.vm !== VM.RESIZED || job.task !== TASK.NONE) return refuse(world, job, 409);
  job.migration = findMigration(world, job.instance, STATUS.FINISHED);
  if (job.migration === NONE) return refuse(world, job, 400);
  return OUTCOME.OK;
}

export const apiRevert = handler({
  id: 'api.revert_resize',
  nova: `${API}.revert_resize`,
  prefix: 'api-revert',
  steps: [
    request('revert.api', `${API}.revert_resize`, (world, job) => {
      const checked = checkRevert(world, job);
      // instance.old_flavor['id']: a move that was decided late took the stashed flavors of this one with its own
      return checked === OUTCOME.OK && job.oldFlavor === NONE ? OUTCOME.RAISE : checked;
    }),
    database(
      'revert.save-reqspec',
      'nova/objects/request_spec.py:RequestSpec.save',
      (world, job) => {
        instanceOf(world, job).requestSpecFlavor = job.oldFlavor;
        return OUTCOME.OK;
      },
      { when: (world, job) => instanceOf(world, job).requestSpecFlavor !== job.oldFlavor },
    ),
    database('revert.set-task', `${API}.revert_resize`, (world, job) => {
      setTask(job, TASK.RESIZE_REVERTING);
      const saved = saveInstance(world, job, oneOf(TASK.NONE));
      if (saved !== OUTCOME.OK) return refuse(world, job, 409);
      noteDecision(world, job.instance, 2);
      return OUTCOME.OK;
    }),
    database('revert.set-reverting', `${API}.revert_resize`, (world, job) => saveStatus(world, job, STATUS.REVERTING)),
    cast('revert.cast', 'nova/compute/rpcapi.py:ComputeAPI.revert_resize', 'compute.revert_resize', toDestination),
  ],
});

/** driver.destroy on the destination. */
export function destroyGuest(world: World, job: Job): Outcome {
  const instance = instanceOf(world, job);
  const bit = 1 << here(job);
  instance.guests &= ~bit;
  instance.running &= ~bit;
  return OUTCOME.OK;
}

/** A save that compares although nothing of ours is dirty. */
function expectTask(world: World, job: Job, task: number): Outcome {
  const row = instanceOf(world, job);
  if (row.exists !== 1) return OUTCOME.RAISE_NOT_FOUND;
  return row.task === task ? OUTCOME.OK : OUTCOME.RAISE_TASK_STATE;
}

export const dropClaimAtDestination =
  (drop: DropMoveClaim) =>
  (world: World, job: Job): Outcome => {
    const saved = saveMigrationStatus(world, migrationOf(world, job), STATUS.REVERTED);
    if (saved !== OUTCOME.OK) return saved;
    return drop(
      world,
      here(job),
      job.instance,
      droppedFlavor(world, here(job), job.instance, job.instanceFlavor, job.newFlavor),
      contextPins(world, job.migrationContext).new,
    );
  };

export const computeRevertResize = handler({
  id: 'compute.revert_resize',
  nova: `${MANAGER}.revert_resize`,
  prefix: 'revert',
  steps: [
    neutron('revert.dest-network', `${MANAGER}.revert_resize`),
    call(
      'revert.dest-shared-storage',
      `${MANAGER}._is_instance_storage_shared`,
      'compute.check_instance_shared_storage',
      toSource,
      () => OUTCOME.OK,
      // an error here is taken to mean that storage is shared
      { swallows: true },
    ),
    driver('revert.dest-destroy', 'nova/virt/driver.py:ComputeDriver.destroy', destroyGuest),
    cinder('revert.dest-volumes', `${MANAGER}._terminate_volume_connections`),
    tracker('revert.drop-claim', `${TRACKER}.drop_move_claim_at_dest`, dropClaimAtDestination(dropMoveClaim)),
    trackerUpdate('revert.drop-claim.placement'),
    // revert_migration_context changes only what lives in `instance_extra`: Instance.save returns before it compares
    {
      ...database('revert.drop-context', `${TRACKER}.drop_move_claim_at_dest`, (world, job) => {
        if (job.migrationContext === NONE) return OUTCOME.OK;
        job.pinned = contextPins(world, job.migrationContext).old;
        instanceOf(world, job).pinned = job.pinned;
        return OUTCOME.OK;
      }),
      under: 'tracker',
    },
    cast(
      'revert.cast-finish',
      'nova/compute/rpcapi.py:ComputeAPI.finish_revert_resize',
      'compute.finish_revert_resize',
      toSource,
    ),
  ],
});

/** driver.finish_revert_migration: the `_resize` copy becomes the guest again. */
export function restoreGuest(world: World, job: Job): Outcome {
  instanceOf(world, job).backups &= ~(1 << here(job));
  return createGuest(world, job);
}

export const computeFinishRevertResize = handler({
  id: 'compute.finish_revert_resize',
  nova: `${MANAGER}._finish_revert_resize`,
  prefix: 'frevert',
  steps: [
    database('frevert.prepare', `${MANAGER}._update_bdm_for_swap_to_finish_resize`),
    // ownership flips back here
    saving(
      'frevert.set-host',
      `${MANAGER}._revert_instance_flavor_host_node`,
      (world, job) => {
        if (job.oldFlavor !== NONE) setFlavor(job, job.oldFlavor);
        setHost(job, migrationOf(world, job).source);
      },
      oneOf(TASK.RESIZE_REVERTING),
    ),
    {
      steps: [
        read('frevert.swap-back.get-allocs', `${MANAGER}._revert_allocation`, getAllocations(M), legacy(ignore), {
          falsy: '$end',
        }),
        ...moveAllocations('frevert.swap-back', M, I, 'go-on').steps,
      ],
    },
    neutron('frevert.network', `${MANAGER}._finish_revert_resize`),
    cinder('frevert.volumes', `${MANAGER}._update_volume_attachments`),
    driver('frevert.driver', 'nova/virt/driver.py:ComputeDriver.finish_revert_migration', restoreGuest),
    database('frevert.save', `${MANAGER}._finish_revert_resize`, (world, job) => {
      setMigrationContext(job, NONE);
      const saved = saveInstance(world, job);
      // launched_at is always dirty, so this save always compares
      return saved === OUTCOME.OK ? expectTask(world, job, TASK.RESIZE_REVERTING) : saved;
    }),
    cinder('frevert.volumes-complete', `${MANAGER}._complete_volume_attachments`),
    saving('frevert.set-state', `${MANAGER}._finish_revert_resize`, (_world, job) => {
      if (job.oldVm === VM.STOPPED) {
        // by way of powering-off and a local stop_instance
        setVm(job, VM.STOPPED);
      } else setVm(job, VM.ACTIVE);
      setTask(job, TASK.NONE);
    }),
  ],
});

/** Asks nothing of anybody: a call whose failure matters to nobody. */
export const checkSharedStorage = handler({
  id: 'compute.check_instance_shared_storage',
  nova: `${MANAGER}.check_instance_shared_storage`,
  prefix: 'shared-storage',
  steps: [driver('revert.shared-storage', `${MANAGER}.check_instance_shared_storage`)],
});
