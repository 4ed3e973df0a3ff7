/** Small things that several handlers say. */

import type { Rows } from '../../state/holdings.ts';
import { assert, NONE } from '../../state/table.ts';
import { oneOf, saveInstance, setTask } from '../database.ts';
import { SERVICE, TASK } from '../states.ts';
import { database, type Handler, OUTCOME, type Outcome, type Step } from '../step.ts';
import { amountsOf, instanceConsumer, type Job, migrationConsumer, type World } from '../world.ts';

export const MANAGER = 'nova/compute/manager.py:ComputeManager';
export const TRACKER = 'nova/compute/resource_tracker.py:ResourceTracker';
export const API = 'nova/compute/api.py:API';

/** The instance as a consumer. */
export const I = (_world: World, job: Job): number => instanceConsumer(job.instance);
/** The migration record as a consumer. */
export const M = (world: World, job: Job): number => migrationConsumer(world, job.migration);

/** The host whose nova-compute runs the handler. */
export const here = (job: Job): number => job.service - SERVICE.COMPUTE;
/** A row that an operator edited may name no host: a message to nobody. */
export const compute = (host: number): number => (host === NONE ? NONE : SERVICE.COMPUTE + host);

export const toSource = (world: World, job: Job): number => compute(world.migrations[job.migration]!.source);
export const toDestination = (world: World, job: Job): number => compute(world.migrations[job.migration]!.destination);

/** What the wanted flavor asks of the chosen host, as rows. */
export const wanted = (world: World, job: Job): Rows => flavorRows(world, job, job.flavor, job.destination);

/** What a flavor asks for the job's instance, all of it of the host's root provider. */
export function flavorRows(world: World, job: Job, flavor: number, host: number): Rows {
  const { resources } = amountsOf(world, flavor, world.instances[job.instance]!);
  const rows: number[] = [];
  for (let k = 0; k < resources.length; k += 2) rows.push(host, resources[k]!, resources[k + 1]!);
  return rows;
}

/** The API answers with an error: nothing was done and nothing is undone. */
export function refuse(world: World, job: Job, http: number): Outcome {
  const record = world.operations[job.operation];
  if (record !== undefined) record.http = http;
  return OUTCOME.REFUSE;
}

/** check_instance_state: must_have_launched */
export const hasLaunched = (world: World, job: Job): boolean => world.instances[job.instance]!.launched === 1;

export const ok = (): Outcome => OUTCOME.OK;

/** Takes the lowest host out of a mask, or NONE. */
export function lowest(mask: number): number {
  return mask === 0 ? NONE : 31 - Math.clz32(mask & -mask);
}

export function handler(definition: Handler): Handler {
  assert(definition.steps.length > 0, `${definition.id} has no steps`);
  return definition;
}

/** The API's save under compare-and-swap: whoever came first is under way. */
export const setTaskFromNone = (id: string, nova: string, task: number): Step =>
  database(id, nova, (world, job) => {
    setTask(job, task);
    return saveInstance(world, job, oneOf(TASK.NONE)) === OUTCOME.OK ? OUTCOME.OK : refuse(world, job, 409);
  });
