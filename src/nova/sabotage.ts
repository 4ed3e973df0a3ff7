/**
 * Sabotage: what an operator does to a server behind the back of whoever is moving it. Such a scenario lies outside the
 * contract: what it breaks is told, and is nobody's bug.
 *
 * Sabotage are `reset_state`, `heal_allocations --force` and `placement_audit --delete` where they strike a server that is
 * being moved, and whatever is written by hand, into Nova's database or into Placement. Inventory changes are not: a claim
 * that no longer fits is still a claim. Nor is a `reset_state` of a server that nobody works for: Nova lets an operator do
 * that in VERIFY_RESIZE and to a move that died, where no other protocol is at hand to recover it.
 */
import { NONE } from '../state/table.ts';
import { inProgress, SERVICE } from './states.ts';
import { JOB, type Job, type World } from './world.ts';

/**
 * A handler works for the server.
 * @param own the job that asks does not count, nor does an operator's command
 */
export function atWork(world: World, instance: number, own: number = NONE): boolean {
  for (const { id, state, instance: of, service } of world.jobs) {
    if (state !== JOB.FREE && of === instance && id !== own && service !== SERVICE.OPERATOR) return true;
  }
  return false;
}

/** A handler works for the server, or a move of it is not over: it waits for its decision, or is to be recovered. */
export function moveUnderWay(world: World, instance: number, own: number = NONE): boolean {
  if (atWork(world, instance, own)) return true;
  for (let m = 0; m < world.globals.migrations; m++) {
    const { exists, instance: of, status } = world.migrations[m]!;
    if (exists === 1 && of === instance && inProgress(status)) return true;
  }
  return false;
}

/**
 * By the rows as they stand, what the consumer holds on the host's provider is an orphan to `placement audit`. One that is
 * none any more when it is deleted became one's right while the command ran.
 */
export function isOrphan(world: World, host: number, consumer: number): boolean {
  if (consumer < world.shape.instances) {
    const instance = world.instances[consumer]!;
    return instance.exists !== 1 || instance.host !== host;
  }
  const { exists, status, source, destination } = world.migrations[consumer - world.shape.instances]!;
  return exists !== 1 || !inProgress(status) || (source !== host && destination !== host);
}

/** From now on what becomes of the server is the operator's doing, and nothing that it met is held against Nova. */
export function noteSabotage(world: World, operation: number, instance: number): void {
  const { globals, instances, moves, operations } = world;
  operations[operation]!.sabotage |= 1 << instance;
  globals.disturbed = 1;
  globals.crossed = 1;
  instances[instance]!.disturbed = 1;
  for (let k = 0; k < globals.moves; k++) if (moves[k]!.instance === instance) moves[k]!.disturbed = 1;
}

/** An operator's command is about to write, or just wrote, what a consumer of the job's instance holds. */
export function noteWrite(world: World, job: Job, sabotages: boolean): void {
  world.instances[job.instance]!.touched = 1;
  if (sabotages) noteSabotage(world, job.operation, job.instance);
}
