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
  setMigrationContext,
  setTask,
  setVm,
} from '../database.ts';
import { POWER, STATUS, TASK, VM } from '../states.ts';
import {
  cast,
  database,
  driver,
  memory,
  neutron,
  notification,
  OUTCOME,
  type Outcome,
  request,
  type Step,
  saving,
  tracker,
} from '../step.ts';
import { contextPins, type DropMoveClaim, dropMoveClaim, droppedFlavor } from '../tracker.ts';
import { type Job, lastMove, seemsUp, type World } from '../world.ts';
import { API, handler, here, MANAGER, refuse, TRACKER, toSource } from './common.ts';
import { trackerUpdate } from './prep-resize.ts';

export function noteDecision(world: World, instance: number, decision: number): void {
  const move = lastMove(world, instance);
  if (move !== undefined) move.decision = decision;
}

/** before 22.0.0 nobody asked whether the source was there to take the message. */
export function confirmWithoutUpCheck(world: World, job: Job): Outcome {
  if (loadInstance(world, job) !== OUTCOME.OK) return refuse(world, job, 404);
  if (job.vm !== VM.RESIZED || job.task !== TASK.NONE) return refuse(world, job, 409);
  const m = findMigration(world, job.instance, STATUS.FINISHED);
  if (m === NONE) return refuse(world, job, 400);
  job.migration = m;
  return OUTCOME.OK;
}

function checkConfirm(world: World, job: Job): Outcome {
  const outcome = confirmWithoutUpCheck(world, job);
  if (outcome !== OUTCOME.OK) return outcome;
  return !seemsUp(world, migrationOf(world, job).source) ? refuse(world, job, 409) : OUTCOME.OK;
}

export const confirmSteps: readonly Step[] = [
  request('confirm.api', `${API}.confirm_resize`, checkConfirm),
  // a plain save, without compare-and-swap; the instance is not touched
  database('confirm.set-confirming', `${API}.confirm_resize`, (world, job) => {
    const saved = saveStatus(world, job, STATUS.CONFIRMING);
    if (saved !== OUTCOME.OK) return saved;
    job.payloadStatus = STATUS.CONFIRMING;
    noteDecision(world, job.instance, 1);
    return OUTCOME.OK;
  }),
  cast('confirm.cast', 'nova/compute/rpcapi.py:ComputeAPI.confirm_resize', 'compute.confirm_resize', toSource),
];

export const apiConfirm = handler({
  id: 'api.confirm_resize',
  nova: `${API}.confirm_resize`,
  prefix: 'api-confirm',
  steps: confirmSteps,
});

/** driver.confirm_migration: the `_resize` copy and the undefined domain go, unless the server stayed on this host. */
function confirmMigration(world: World, job: Job): Outcome {
  const instance = instanceOf(world, job);
  const bit = 1 << here(job);
  instance.backups &= ~bit;
  if (instance.host !== here(job)) {
    instance.guests &= ~bit;
    instance.running &= ~bit;
  }
  return OUTCOME.OK;
}

export const dropClaimAtSource =
  (drop: DropMoveClaim) =>
  (world: World, job: Job): Outcome => {
    const saved = saveMigrationStatus(world, migrationOf(world, job), STATUS.CONFIRMED);
    if (saved !== OUTCOME.OK) return saved;
    return drop(
      world,
      here(job),
      job.instance,
      droppedFlavor(world, here(job), job.instance, job.instanceFlavor, job.oldFlavor),
      contextPins(world, job.migrationContext).old,
    );
  };

export const computeConfirmResize = handler({
  id: 'compute.confirm_resize',
  nova: `${MANAGER}.confirm_resize`,
  prefix: 'confirm',
  locksInstance: true,
  steps: [
    memory(
      'confirm.check',
      `${MANAGER}.confirm_resize`,
      (world, job) => {
        if (job.payloadStatus !== STATUS.FINISHED && job.payloadStatus !== STATUS.CONFIRMING) return OUTCOME.DONE;
        return loadInstance(world, job) === OUTCOME.OK ? OUTCOME.OK : OUTCOME.DONE;
      },
      // only the decorator that marks the migration is around this
      { outside: ['claim', 'unstash', 'vm'] },
    ),
    // behind the teardown: get_pci_mapping_for_migration of a migration_context that is gone, an AttributeError
    neutron('confirm.network', `${MANAGER}._confirm_resize`, (_world, job) =>
      job.migrationContext === NONE ? OUTCOME.RAISE : OUTCOME.OK,
    ),
    driver('confirm.driver', 'nova/virt/driver.py:ComputeDriver.confirm_migration', confirmMigration),
    tracker('confirm.drop-claim', `${TRACKER}.drop_move_claim_at_source`, dropClaimAtSource(dropMoveClaim)),
    trackerUpdate('confirm.drop-claim.placement'),
    {
      ...database('confirm.drop-context', 'nova/objects/instance.py:Instance.drop_migration_context', (world, job) => {
        setMigrationContext(job, NONE);
        return saveInstance(world, job);
      }),
      under: 'tracker',
    },
    saving(
      'confirm.set-state',
      `${MANAGER}._confirm_resize`,
      (_world, job) => {
        setVm(job, job.power === POWER.SHUTDOWN ? VM.STOPPED : VM.ACTIVE);
        setTask(job, TASK.NONE);
      },
      oneOf(TASK.NONE, TASK.DELETING),
    ),
    notification('confirm.end-notify', `${MANAGER}._confirm_resize`),
  ],
});
