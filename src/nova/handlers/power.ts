import { NONE } from '../../state/table.ts';
import {
  instanceOf,
  leaveFlavors,
  loadFlavors,
  loadInstance,
  oneOf,
  saveInstance,
  setPower,
  setTask,
  setVm,
} from '../database.ts';
import { atWork, moveUnderWay, noteSabotage } from '../sabotage.ts';
import { POWER, TASK, VM } from '../states.ts';
import { cast, database, driver, type Handler, OUTCOME, type Outcome, request, type Step, saving } from '../step.ts';
import type { Job, World } from '../world.ts';
import { API, compute, handler, hasLaunched, here, MANAGER, refuse } from './common.ts';

/**
 * A request that checks states, sets task_state by compare-and-swap and casts to the host.
 * @param checks function of the API that checks states; `saves` the one that sets task_state
 * @param alsoVm the compare-and-swap is on vm_state as well: Nova's is not, so that a stop that was checked before a resize
 *   can be carried out on the server that waits for its confirm
 * @param readsFlavors with flavors that count as changed: a protocol that writes only what it sets asks for none
 */
function powerRequest(
  verb: string,
  checks: string,
  saves: string,
  states: readonly number[],
  tasks: readonly number[],
  task: number,
  to: string,
  alsoVm: boolean,
  readsFlavors: boolean,
): Handler {
  return handler({
    id: `api.${verb.replace('-', '_')}`,
    nova: `${API}.${checks}`,
    prefix: verb,
    steps: [
      request(`${verb}.api`, `${API}.${checks}`, (world, job) => {
        if (loadInstance(world, job) !== OUTCOME.OK) return refuse(world, job, 404);
        // ServersController._get_instance of stop and start asks for no flavor, _get_server of reboot does, and its saves write it
        if (!readsFlavors) leaveFlavors(job);
        const fits = states.includes(job.vm) && job.host !== NONE && hasLaunched(world, job);
        return fits && tasks.includes(job.task) ? OUTCOME.OK : refuse(world, job, 409);
      }),
      database(`${verb}.set-task`, `${API}.${saves}`, (world, job) => {
        if (alsoVm && instanceOf(world, job).vm !== job.vm) return refuse(world, job, 409);
        setTask(job, task);
        return saveInstance(world, job, oneOf(...tasks)) === OUTCOME.OK ? OUTCOME.OK : refuse(world, job, 409);
      }),
      cast(`${verb}.cast`, `nova/compute/rpcapi.py:ComputeAPI.${to}`, `compute.${to}`, (_world, job) =>
        compute(job.host),
      ),
    ],
  });
}

/** The three requests about a server's power: stop, start, hard reboot. */
export const powerRequests = (alsoVm: boolean): readonly Handler[] => [
  powerRequest(
    'stop',
    'stop',
    'stop',
    [VM.ACTIVE, VM.ERROR],
    [TASK.NONE],
    TASK.POWERING_OFF,
    'stop_instance',
    alsoVm,
    false,
  ),
  powerRequest('start', 'start', 'start', [VM.STOPPED], [TASK.NONE], TASK.POWERING_ON, 'start_instance', alsoVm, false),
  powerRequest(
    'hard-reboot',
    'reboot',
    '_hard_reboot',
    [VM.ACTIVE, VM.STOPPED, VM.ERROR],
    // task_states.ALLOW_REBOOT, as far as the model has them
    [TASK.NONE, TASK.REBOOTING_HARD],
    TASK.REBOOTING_HARD,
    'reboot_instance',
    alsoVm,
    !alsoVm,
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
  return OUTCOME.OK;
}

/** _get_power_state: what the driver says of the guest. */
export function powerHere(world: World, job: Job): number {
  const { guests, running } = instanceOf(world, job);
  const bit = 1 << here(job);
  if ((guests & bit) === 0) return POWER.NOSTATE;
  return (running & bit) === 0 ? POWER.SHUTDOWN : POWER.RUNNING;
}

/** vm_state and no task_state, in one save; one that fails leaves both to the error handler's. */
export const settleState = (id: string, nova: string, vm: number, expected?: number): Step =>
  saving(
    id,
    nova,
    (world, job) => {
      setPower(job, powerHere(world, job));
      setVm(job, vm);
      setTask(job, TASK.NONE);
    },
    expected,
  );

/** Behind notifications, which tell of the flavor. */
export const powered =
  (on: boolean) =>
  (world: World, job: Job): Outcome => {
    loadFlavors(world, job);
    return power(world, job, on);
  };

export const stopInstance = handler({
  id: 'compute.stop_instance',
  nova: `${MANAGER}.stop_instance`,
  prefix: 'stop',
  locksInstance: true,
  steps: [
    driver('stop.driver', 'nova/virt/driver.py:ComputeDriver.power_off', powered(false)),
    settleState('stop.set-state', `${MANAGER}.stop_instance`, VM.STOPPED, oneOf(TASK.POWERING_OFF, TASK.NONE)),
  ],
});

export const startInstance = handler({
  id: 'compute.start_instance',
  nova: `${MANAGER}.start_instance`,
  prefix: 'start',
  steps: [
    driver('start.driver', 'nova/virt/driver.py:ComputeDriver.power_on', powered(true)),
    settleState('start.set-state', `${MANAGER}.start_instance`, VM.ACTIVE, oneOf(TASK.POWERING_ON)),
  ],
});

/** "if the reboot failed but the VM is running don't put it into an error state" */
const notRunning = (world: World, job: Job): boolean => (instanceOf(world, job).running & (1 << here(job))) === 0;

export const rebootInstance = handler({
  id: 'compute.reboot_instance',
  nova: `${MANAGER}._reboot_instance`,
  prefix: 'hard-reboot',
  locksInstance: true,
  steps: [
    // before the try that sets vm_state
    saving(
      'hard-reboot.set-pending',
      `${MANAGER}._reboot_instance`,
      (_world, job) => setTask(job, TASK.REBOOT_PENDING_HARD),
      oneOf(TASK.REBOOTING_HARD, TASK.REBOOT_PENDING_HARD, TASK.REBOOT_STARTED_HARD),
      { outside: ['vm'] },
    ),
    saving(
      'hard-reboot.set-started',
      `${MANAGER}._reboot_instance`,
      (_world, job) => setTask(job, TASK.REBOOT_STARTED_HARD),
      oneOf(TASK.REBOOT_PENDING_HARD),
      { swallows: 'hard-reboot.set-state', unless: notRunning },
    ),
    driver('hard-reboot.driver', 'nova/virt/driver.py:ComputeDriver.reboot', (world, job) => power(world, job, true), {
      swallows: 'hard-reboot.set-state',
      unless: notRunning,
    }),
    { ...settleState('hard-reboot.set-state', `${MANAGER}._reboot_instance`, VM.ACTIVE), outside: ['vm'] },
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
      request('reset-state.api', 'nova/api/openstack/compute/admin_actions.py:_reset_state', (world, job) => {
        if (loadInstance(world, job) !== OUTCOME.OK) return refuse(world, job, 404);
        leaveFlavors(job);
        return OUTCOME.OK;
      }),
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
