/**
 * Nova's power handlers, with saves that compare: one that was overtaken by a delete leaves the server to it. Nova's save
 * what their error handlers hold dirty, over whatever stands there.
 */
import { instanceOf, loadInstance, oneOf } from '../database.ts';
import { handler, here, MANAGER } from '../handlers/common.ts';
import { power, powered, settleState } from '../handlers/power.ts';
import {
  clearRebootUnlessOvertaken,
  driveAgain,
  initHandler,
  initInstance,
  STOP_AND_START,
  taskIn,
} from '../handlers/service.ts';
import { inProgress, TASK, VM } from '../states.ts';
import { database, driver, OUTCOME, type Outcome, type UndoGroup } from '../step.ts';
import type { Job, World } from '../world.ts';

const REBOOTS = oneOf(TASK.REBOOTING_HARD, TASK.REBOOT_STARTED_HARD);
const POWER_TASKS = REBOOTS | oneOf(TASK.POWERING_OFF, TASK.POWERING_ON);

const taskIs = (world: World, job: Job, tasks: number): boolean => {
  const row = instanceOf(world, job);
  return row.exists === 1 && ((1 << row.task) & tasks) !== 0;
};

export const rebootInstance = handler({
  id: 'compute.reboot_instance',
  nova: `${MANAGER}._reboot_instance`,
  prefix: 'hard-reboot',
  locksInstance: true,
  steps: [
    database('hard-reboot.set-started', `${MANAGER}._reboot_instance`, (world, job) => {
      if (!taskIs(world, job, REBOOTS)) return OUTCOME.DONE;
      instanceOf(world, job).task = TASK.REBOOT_STARTED_HARD;
      return loadInstance(world, job);
    }),
    driver('hard-reboot.driver', 'nova/virt/driver.py:ComputeDriver.reboot', (world, job) => power(world, job, true)),
    settleState('hard-reboot.set-state', `${MANAGER}._reboot_instance`, VM.ACTIVE, oneOf(TASK.REBOOT_STARTED_HARD)),
  ],
});

/**
 * Nova's also takes a stop whose task_state is none, where the guest is off already: of a message that comes late, behind a
 * resize that was asked for since, it makes a stopped server of one that waits for its confirm.
 */
export const stopInstance = handler({
  id: 'compute.stop_instance',
  nova: `${MANAGER}.stop_instance`,
  prefix: 'stop',
  locksInstance: true,
  steps: [
    driver('stop.driver', 'nova/virt/driver.py:ComputeDriver.power_off', (world, job) =>
      taskIs(world, job, oneOf(TASK.POWERING_OFF)) ? powered(false)(world, job) : OUTCOME.DONE,
    ),
    settleState('stop.set-state', `${MANAGER}.stop_instance`, VM.STOPPED, oneOf(TASK.POWERING_OFF)),
  ],
});

/** vm_state and task_state in one save, if they are still this handler's to set. */
export const errorUnlessOvertaken: UndoGroup = (prefix) => [
  database(`${prefix}.undo.vm`, `${MANAGER}._reboot_instance`, (world, job) => {
    if (taskIs(world, job, POWER_TASKS)) {
      const row = instanceOf(world, job);
      row.vm = VM.ERROR;
      row.task = TASK.NONE;
    }
    return OUTCOME.OK;
  }),
];

export const clearUnlessOvertaken: UndoGroup = (prefix) => [
  database(`${prefix}.undo.task`, `${MANAGER}._reboot_instance`, (world, job) => {
    if (taskIs(world, job, POWER_TASKS)) instanceOf(world, job).task = TASK.NONE;
    return OUTCOME.OK;
  }),
];

/**
 * A restart leaves moves and deletes alone: conductor recovers them, and knows more than one host does. An interrupted reboot
 * is done again.
 */
export const initHostWithoutMoves = initHandler(
  (world, job) => (job.vm === VM.ERROR && job.task !== TASK.NONE ? OUTCOME.OK : initInstance(world, job)),
  [
    driveAgain('init.reboot', 'compute.reboot_instance', taskIn(TASK.REBOOTING_HARD, TASK.REBOOT_STARTED_HARD)),
    ...STOP_AND_START,
  ],
  [
    driver('init.clear-leftovers', 'rollback: as ComputeManager._destroy_evacuated_instances', clearLeftovers, {
      swallows: true,
    }),
  ],
  clearRebootUnlessOvertaken,
);

/** What moves left here while the host was down: guests of others, and the copy of its own guest behind a move that is over. */
function clearLeftovers(world: World, job: Job): Outcome {
  const bit = 1 << here(job);
  for (let i = 0; i < world.globals.instances; i++) {
    const instance = world.instances[i]!;
    const left = ((instance.guests | instance.backups) & bit) !== 0;
    if (!left || isMoving(world, i, here(job))) continue;
    if (instance.exists === 1 && instance.host === here(job)) {
      if ((instance.backups & bit) !== 0 && (instance.guests & bit) === 0) {
        instance.guests |= bit;
        if (instance.vm !== VM.STOPPED) instance.running |= bit;
      }
    } else {
      instance.guests &= ~bit;
      instance.running &= ~bit;
    }
    instance.backups &= ~bit;
  }
  return OUTCOME.OK;
}

function isMoving(world: World, i: number, h: number): boolean {
  return world.migrations.some(
    ({ exists, instance, status, source, destination }) =>
      exists === 1 && instance === i && inProgress(status) && (source === h || destination === h),
  );
}
