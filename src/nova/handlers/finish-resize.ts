import {
  applyMigrationContext,
  instanceOf,
  migrationOf,
  oneOf,
  saveStatus,
  setFlavor,
  setOldFlavor,
  setTask,
  setVm,
} from '../database.ts';
import { getAllocations, ignore, strict } from '../report-client.ts';
import { MOVE_TYPE, STATUS, TASK, VM } from '../states.ts';
import {
  cinder,
  database,
  driver,
  memory,
  neutron,
  notification,
  OUTCOME,
  type Outcome,
  read,
  saving,
} from '../step.ts';
import type { Job, World } from '../world.ts';
import { handler, here, I, MANAGER } from './common.ts';

/** The guest comes up on this host, running unless the server was stopped. */
export function createGuest(world: World, job: Job): Outcome {
  const instance = instanceOf(world, job);
  const bit = 1 << here(job);
  instance.guests |= bit;
  if (job.oldVm === VM.STOPPED) instance.running &= ~bit;
  else instance.running |= bit;
  return OUTCOME.OK;
}

const isResize = (world: World, job: Job): boolean => migrationOf(world, job).type === MOVE_TYPE.RESIZE;

export const finishResize = handler({
  id: 'compute.finish_resize',
  nova: `${MANAGER}._finish_resize_helper`,
  prefix: 'finish',
  steps: [
    // before the context that sets vm_state
    database('finish.swap-bdm', `${MANAGER}._update_bdm_for_swap_to_finish_resize`, undefined, { outside: ['vm'] }),
    memory(
      'finish.set-flavor',
      `${MANAGER}._finish_resize`,
      (world, job) => {
        setOldFlavor(job, job.instanceFlavor);
        if (isResize(world, job)) setFlavor(job, job.newFlavor);
        applyMigrationContext(world, job);
        return OUTCOME.OK;
      },
      { when: isResize },
    ),
    neutron('finish.network', `${MANAGER}._finish_resize`),
    saving(
      'finish.set-task',
      `${MANAGER}._finish_resize`,
      (_world, job) => {
        setTask(job, TASK.RESIZE_FINISH);
      },
      oneOf(TASK.RESIZE_MIGRATED),
    ),
    cinder('finish.volumes-update', `${MANAGER}._update_volume_attachments`),
    read('finish.get-allocs', `${MANAGER}._finish_resize`, getAllocations(I), strict(ignore)),
    driver('finish.driver', 'nova/virt/driver.py:ComputeDriver.finish_migration', createGuest, {
      // "reset the instance flavor-related fields to the old flavor. An error handler will save the changes"
      onError: (world, job) => {
        if (isResize(world, job)) setFlavor(job, migrationOf(world, job).oldFlavor);
      },
    }),
    cinder('finish.volumes-complete', `${MANAGER}._complete_volume_attachments`),
    database('finish.set-finished', `${MANAGER}._finish_resize`, (world, job) =>
      saveStatus(world, job, STATUS.FINISHED),
    ),
    saving(
      'finish.set-resized',
      `${MANAGER}._finish_resize`,
      (_world, job) => {
        setVm(job, VM.RESIZED);
        setTask(job, TASK.NONE);
      },
      oneOf(TASK.RESIZE_FINISH),
    ),
    // behind that context, but not behind the one that drops the source's claim
    notification('finish.post', `${MANAGER}._finish_resize_helper`, undefined, { outside: ['vm'] }),
  ],
});
