/**
 * Worlds that nothing tells apart are made the same: orders of arrival become ranks, jobs stand in that order, and what
 * only grows or is read by nobody any more is taken out. Nothing here changes what can happen, and to whom.
 */
import { JOB, type Job, type World } from '../nova/world.ts';
import { NONE } from '../state/table.ts';

const offsetOf = (record: unknown): number => (record as { readonly offset: number }).offset;

/** @returns the number that a job has now, of `job`, which may be NONE */
export function canonicalise(world: World, job: number): number {
  const live = world.jobs.filter(({ state }) => state !== JOB.FREE);
  rankClock(world);
  forgetOperations(world, live);
  for (const provider of world.placement.providers) provider.generation = 0;
  world.globals.brokenHolds = 0;
  if (live.length === 0) {
    world.globals.sequence = 0;
    // nobody has read one
    for (const consumer of world.placement.consumers) if (consumer.generation > 1) consumer.generation = 1;
    return NONE;
  }
  return orderJobs(world, live, job);
}

/** `updated` and `accepted` are compared with each other and with nothing else. */
function rankClock(world: World): void {
  const { globals, migrations, moves } = world;
  const times: number[] = [];
  for (let m = 0; m < globals.migrations; m++) times.push(migrations[m]!.updated);
  for (let k = 0; k < globals.moves; k++) times.push(moves[k]!.accepted);
  const order = [...new Set(times)].filter((time) => time > 0).sort((a, b) => a - b);
  const rank = (time: number): number => (time > 0 ? order.indexOf(time) + 1 : time);
  for (let m = 0; m < globals.migrations; m++) migrations[m]!.updated = rank(migrations[m]!.updated);
  for (let k = 0; k < globals.moves; k++) moves[k]!.accepted = rank(moves[k]!.accepted);
  globals.updates = order.length;
}

/** What an operation came to is the user's to know, and its own jobs'. */
function forgetOperations({ operations, globals }: World, live: readonly Job[]): void {
  for (const [k, record] of operations.entries()) {
    if (k === globals.operation || live.some(({ operation }) => operation === k)) continue;
    record.outcome = 0;
    record.http = 0;
  }
}

/** A caller stands before the job that it waits for: both arrived at once. */
function orderJobs(world: World, live: readonly Job[], current: number): number {
  const { jobs, cells, hosts, tracking, globals } = world;
  const order = [...live].sort(
    (a, b) => a.sequence - b.sequence || (a.callee === b.id ? -1 : b.callee === a.id ? 1 : a.id - b.id),
  );
  let rank = 0;
  let last = NONE;
  for (const job of order) {
    const { sequence } = job;
    if (sequence !== last) rank++;
    last = sequence;
    job.sequence = rank;
  }
  globals.sequence = rank;
  if (order.every(({ id }, k) => id === k)) return current;
  const size = offsetOf(jobs[1]) - offsetOf(jobs[0]);
  const first = offsetOf(jobs[0]);
  const before = cells.slice(first, first + size * jobs.length);
  const places = new Map(order.map(({ id }, k) => [id, k]));
  const place = (id: number): number => places.get(id) ?? NONE;
  cells.fill(0, first, first + size * jobs.length);
  for (const [k, { id }] of order.entries()) {
    cells.set(before.subarray(id * size, (id + 1) * size), first + k * size);
    const job = jobs[k]!;
    job.caller = place(job.caller);
    job.callee = place(job.callee);
  }
  const holder = (lock: number): number => (lock === 0 ? 0 : place(lock - 1) + 1);
  for (const host of hosts) {
    host.trackerLock = holder(host.trackerLock);
    host.pool = holder(host.pool);
  }
  for (const record of tracking) record.lock = holder(record.lock);
  return place(current);
}
