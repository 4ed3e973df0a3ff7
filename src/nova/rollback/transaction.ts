/**
 * One database transaction over an instance and its migration: both rows are in one cell database, so Nova could do it. A
 * leg whose expectation of either does not hold any more has been overtaken, and leaves everything as it is.
 */

import { NONE } from '../../state/table.ts';
import { loadInstance, noteCommit } from '../database.ts';
import { OUTCOME, type Outcome } from '../step.ts';
import type { Instance, Job, Migration, World } from '../world.ts';

export interface Transaction {
  /** task states of the instance under which it may happen, as bits */
  readonly task: number;
  /** statuses of the migration under which it may happen, as bits */
  readonly status: number;
  write(instance: Instance, migration: Migration, job: Job): void;
}

export function transact(world: World, job: Job, { task, status, write }: Transaction): Outcome {
  if (job.migration === NONE) return OUTCOME.RAISE_NOT_FOUND;
  const instance = world.instances[job.instance]!;
  const migration = world.migrations[job.migration]!;
  if (instance.exists !== 1 || migration.exists !== 1) return OUTCOME.RAISE_NOT_FOUND;
  if (((1 << instance.task) & task) === 0 || ((1 << migration.status) & status) === 0) return OUTCOME.RAISE_TASK_STATE;
  write(instance, migration, job);
  migration.updated = ++world.globals.updates;
  noteCommit(world, job);
  return loadInstance(world, job);
}

/** The move is over: nothing of it stays on the instance. */
export function clearMove(instance: Instance): void {
  instance.oldFlavor = NONE;
  instance.newFlavor = NONE;
  instance.oldVm = NONE;
  instance.migrationContext = NONE;
}
