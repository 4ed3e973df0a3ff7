import { NONE } from '../../state/table.ts';
import { instanceOf, loadInstance, oneOf, saveInstance, setPower, setTask, setVm } from '../database.ts';
import { atWork, moveUnderWay, noteSabotage } from '../sabotage.ts';
import { POWER, TASK, VM } from '../states.ts';
import { cast, database, driver, type Handler, OUTCOME, type Outcome, request } from '../step.ts';
import type { Job, World } from '../world.ts';
import { API, compute, handler, here, MANAGER, refuse } from './common.ts';

/**
 * A request that checks states, sets task_state by compare-and-swap and casts to the host.
 * @param alsoVm the compare-and-swap is on vm_state as well: Nova's is not, so that a stop that was checked before a resize
 *   can be carried out on the server that waits for its confirm
 */
function powerRequest(
  verb: string,
  nova: string,
  states: readonly number[],
  task: number,
  to: string,
  alsoVm: boolean,
): Handler {
  return handler({
    id: `api.${nova}`,
    nova: `${API}.${nova}`,
    prefix: verb,
    steps: [
      request(`${verb}.api`, `${API}.${nova}`, (world, job) => {
        if (loadInstance(world, job) !== OUTCOME.OK) return refuse(world, job, 404);
        const fits = states.includes(job.vm) && job.host !== NONE;
        return fits && job.task === TASK.NONE ? OUTCOME.OK : refuse(world, job, 409);
      }),
      database(`${verb}.set-task`, `${API}.${nova}`, (world, job) => {
        if (alsoVm && instanceOf(world, job).vm !== job.vm) return refuse(world, job, 409);
        setTask(job, task);
        return saveInstance(world, job, oneOf(TASK.NONE)) === OUTCOME.OK ? OUTCOME.OK : refuse(world, job, 409);
      }),
      cast(`${verb}.cast`, `nova/compute/rpcapi.py:ComputeAPI.${to}`, `compute.${to}`, (_world, job) =>
        compute(job.host),
      ),
    ],
  });
}

/** The three requests about a server's power: stop, start, hard reboot. */
export const powerRequests = (alsoVm: boolean): readonly Handler[] => [
  powerRequest('stop', 'stop', [VM.ACTIVE, VM.ERROR], TASK.POWERING_OFF, 'stop_instance', alsoVm),
  powerRequest('start', 'start', [VM.STOPPED], TASK.POWERING_ON, 'start_instance', alsoVm),
  powerRequest(
    'hard-reboot',
    'hard_reboot',
    [VM.ACTIVE, VM.STOPPED, VM.ERROR],
    TASK.REBOOTING_HARD,
    'reboot_instance',
    alsoVm,
  ),
];

export function power(world: World, job: Job, on: boolean): Outcome {
  const instance = instanceOf(world, job);
  const bit = 1 << here(job);
  // what a failed resize left under the `_resize` name is brought back; the fake driver does as much
  if ((instance.guests & bit) === 0 && (instance.backups & bit) !== 0 && instance.host === here(job)) {
    instance.backups &= ~bit;
    instance.guests |= bit;
  }
  if (on && instance.host === here(job)) {
    instance.guests |= bit;
    instance.running |= bit;
  } else instance.running &= ~bit;
  setPower(job, on ? POWER.RUNNING : POWER.SHUTDOWN);
  return OUTCOME.OK;
}

export function settleState(world: World, job: Job, vm: number, ...expected: number[]): Outcome {
  setVm(job, vm);
  setTask(job, TASK.NONE);
  return expected.length === 0 ? saveInstance(world, job) : saveInstance(world, job, oneOf(...expected));
}

export const stopInstance = handler({
  id: 'compute.stop_instance',
  nova: `${MANAGER}.stop_instance`,
  prefix: 'stop',
  locksInstance: true,
  steps: [
    driver('stop.driver', 'nova/virt/driver.py:ComputeDriver.power_off', (world, job) => power(world, job, false)),
    database('stop.set-state', `${MANAGER}.stop_instance`, (world, job) =>
      settleState(world, job, VM.STOPPED, TASK.POWERING_OFF, TASK.NONE),
    ),
  ],
});

export const startInstance = handler({
  id: 'compute.start_instance',
  nova: `${MANAGER}.start_instance`,
  prefix: 'start',
  steps: [
    driver('start.driver', 'nova/virt/driver.py:ComputeDriver.power_on', (world, job) => power(world, job, true)),
    database('start.set-state', `${MANAGER}.start_instance`, (world, job) =>
      settleState(world, job, VM.ACTIVE, TASK.POWERING_ON),
    ),
  ],
});

export const rebootInstance = handler({
  id: 'compute.reboot_instance',
  nova: `${MANAGER}._reboot_instance`,
  prefix: 'hard-reboot',
  locksInstance: true,
  steps: [
    database('hard-reboot.set-started', `${MANAGER}._reboot_instance`, (world, job) => {
      setTask(job, TASK.REBOOT_STARTED_HARD);
      return saveInstance(world, job, oneOf(TASK.REBOOTING_HARD));
    }),
    driver('hard-reboot.driver', 'nova/virt/driver.py:ComputeDriver.reboot', (world, job) => power(world, job, true)),
    database('hard-reboot.set-state', `${MANAGER}._reboot_instance`, (world, job) =>
      settleState(world, job, VM.ACTIVE),
    ),
  ],
});

/**
 * os-resetState of an administrator: vm_state and task_state, nothing else, whatever is going on.
 * @param sparesWork refused while a move of the server is under way or waits, or a delete: somebody will see it through.
 *   Nova's is not, and leaves the claims of the move to nobody
 */
export const resetState = (sparesWork: boolean): Handler =>
  handler({
    id: 'api.reset_state',
    nova: 'nova/api/openstack/compute/admin_actions.py:AdminActionsController._reset_state',
    prefix: 'reset-state',
    steps: [
      request('reset-state.api', 'nova/api/openstack/compute/admin_actions.py:_reset_state', (world, job) =>
        loadInstance(world, job) === OUTCOME.OK ? OUTCOME.OK : refuse(world, job, 404),
      ),
      database('reset-state.save', 'nova/api/openstack/compute/admin_actions.py:_reset_state', (world, job) => {
        if (sparesWork) {
          const { task } = instanceOf(world, job);
          const busy = task === TASK.DELETING || task !== job.task || moveUnderWay(world, job.instance, job.id);
          if (busy) return refuse(world, job, 409);
        } else if (atWork(world, job.instance, job.id)) noteSabotage(world, job.operation, job.instance);
        setVm(job, job.cursor);
        setTask(job, TASK.NONE);
        return saveInstance(world, job);
      }),
    ],
  });
