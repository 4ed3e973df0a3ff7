import { loadInstance, saveInstance, setHost, setPower, setTask, setVm } from '../database.ts';
import { POWER, SERVICE, TASK, VM } from '../states.ts';
import { call, cast, database, driver, OUTCOME, tracker } from '../step.ts';
import { trackInstance } from '../tracker.ts';
import { API, compute, handler, here, MANAGER, TRACKER } from './common.ts';
import { createGuest } from './finish-resize.ts';

/** POST /servers. The row is there before the message: cells and build requests come with the other moves. */
export const apiCreate = handler({
  id: 'api.create',
  nova: `${API}.create`,
  prefix: 'boot',
  steps: [
    database('boot.create', `${API}.create`, loadInstance),
    cast(
      'boot.cast-conductor',
      'nova/conductor/rpcapi.py:ComputeTaskAPI.build_instances',
      'conductor.build_instances',
      () => SERVICE.CONDUCTOR,
    ),
  ],
});

export const buildInstances = handler({
  id: 'conductor.build_instances',
  nova: 'nova/conductor/manager.py:ComputeTaskManager.schedule_and_build_instances',
  prefix: 'boot.conductor',
  steps: [
    call(
      'boot.schedule',
      'nova/conductor/manager.py:ComputeTaskManager._schedule_instances',
      'scheduler.select_destinations',
      () => SERVICE.SCHEDULER,
      (_world, job, callee) => {
        job.destination = callee.destination;
        return OUTCOME.OK;
      },
    ),
    cast(
      'boot.cast-build',
      'nova/compute/rpcapi.py:ComputeAPI.build_and_run_instance',
      'compute.build_and_run_instance',
      (_world, job) => compute(job.destination),
    ),
  ],
});

export const buildAndRunInstance = handler({
  id: 'compute.build_and_run_instance',
  nova: `${MANAGER}._build_and_run_instance`,
  prefix: 'boot.compute',
  locksInstance: true,
  steps: [
    tracker('boot.rt-claim', `${TRACKER}.instance_claim`, (world, job) => {
      setHost(job, here(job));
      setTask(job, TASK.SPAWNING);
      const saved = saveInstance(world, job);
      if (saved === OUTCOME.OK) trackInstance(world, here(job), job.instance);
      return saved;
    }),
    driver('boot.driver', 'nova/virt/driver.py:ComputeDriver.spawn', createGuest),
    database('boot.set-active', `${MANAGER}._build_and_run_instance`, (world, job) => {
      setVm(job, VM.ACTIVE);
      setTask(job, TASK.NONE);
      setPower(job, POWER.RUNNING);
      return saveInstance(world, job);
    }),
  ],
});
