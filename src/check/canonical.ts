/**
 * Worlds that nothing tells apart are made the same: orders of arrival become ranks, jobs stand in that order, and what
 * only grows or is read by nobody any more is taken out. Nothing here changes what can happen, and to whom.
 */
import { JOB, type Job, type World } from '../nova/world.ts';
import { NONE } from '../state/table.ts';

export const offsetOf = (record: unknown): number => (record as { readonly offset: number }).offset;

export class Canonical {
  /** the jobs of the last world, in order: they stand before all that are free */
  readonly live: Job[] = [];
  private readonly times: number[] = [];
  private readonly places: number[] = [];
  private before = new Int32Array(0);

  /** @returns the number that a job has now, of `job`, which may be NONE */
  make(world: World, job: number): number {
    const { live } = this;
    const { jobs, globals, placement } = world;
    live.length = 0;
    for (let k = 0; k < jobs.length; k++) if (jobs[k]!.state !== JOB.FREE) live.push(jobs[k]!);
    this.rankClock(world);
    this.forgetOperations(world);
    for (let p = 0; p < placement.providers.length; p++) placement.providers[p]!.generation = 0;
    globals.brokenHolds = 0;
    if (live.length > 0) return this.orderJobs(world, job);
    globals.sequence = 0;
    // nobody has read one
    for (let c = 0; c < placement.consumers.length; c++) {
      const consumer = placement.consumers[c]!;
      if (consumer.generation > 1) consumer.generation = 1;
    }
    return NONE;
  }

  /** `updated` and `accepted` are compared with each other and with nothing else. */
  private rankClock({ globals, migrations, moves }: World): void {
    const { times } = this;
    times.length = 0;
    for (let m = 0; m < globals.migrations; m++) insert(times, migrations[m]!.updated);
    for (let k = 0; k < globals.moves; k++) insert(times, moves[k]!.accepted);
    globals.updates = times.length;
    if (times.length === 0 || times[times.length - 1] === times.length) return;
    for (let m = 0; m < globals.migrations; m++) migrations[m]!.updated = times.indexOf(migrations[m]!.updated) + 1;
    for (let k = 0; k < globals.moves; k++) moves[k]!.accepted = times.indexOf(moves[k]!.accepted) + 1;
  }

  /** What an operation came to is the user's to know, and its own jobs'. */
  private forgetOperations({ operations, globals }: World): void {
    const { live } = this;
    for (let k = 0; k < globals.operation; k++) {
      let done = true;
      for (let j = 0; j < live.length; j++) if (live[j]!.operation === k) done = false;
      if (!done) continue;
      operations[k]!.outcome = 0;
      operations[k]!.http = 0;
    }
  }

  /** A caller stands before the job that it waits for: both arrived at once. */
  private orderJobs(world: World, current: number): number {
    const { live, places } = this;
    const { jobs, cells, hosts, tracking, globals } = world;
    for (let k = 1; k < live.length; k++) {
      const job = live[k]!;
      let at = k;
      for (; at > 0 && comesBefore(job, live[at - 1]!); at--) live[at] = live[at - 1]!;
      live[at] = job;
    }
    let rank = 0;
    let last: number = NONE;
    let inOrder = true;
    for (let k = 0; k < live.length; k++) {
      const job = live[k]!;
      if (job.sequence !== last) rank++;
      last = job.sequence;
      job.sequence = rank;
      if (job.id !== k) inOrder = false;
    }
    globals.sequence = rank;
    if (inOrder) return current;
    const size = offsetOf(jobs[1]) - offsetOf(jobs[0]);
    const first = offsetOf(jobs[0]);
    const end = first + size * jobs.length;
    if (this.before.length < end - first) this.before = new Int32Array(end - first);
    this.before.set(cells.subarray(first, end));
    places.length = 0;
    for (let k = 0; k < jobs.length; k++) places.push(NONE);
    for (let k = 0; k < live.length; k++) places[live[k]!.id] = k;
    cells.fill(0, first, end);
    for (let k = 0; k < live.length; k++) {
      const from = live[k]!.id * size;
      for (let c = 0; c < size; c++) cells[first + k * size + c] = this.before[from + c]!;
      const job = jobs[k]!;
      if (job.caller !== NONE) job.caller = places[job.caller]!;
      if (job.callee !== NONE) job.callee = places[job.callee]!;
    }
    for (let h = 0; h < hosts.length; h++) {
      const host = hosts[h]!;
      if (host.trackerLock !== 0) host.trackerLock = places[host.trackerLock - 1]! + 1;
      if (host.pool !== 0) host.pool = places[host.pool - 1]! + 1;
    }
    for (let t = 0; t < tracking.length; t++) {
      const record = tracking[t]!;
      if (record.lock !== 0) record.lock = places[record.lock - 1]! + 1;
    }
    for (let k = 0; k < live.length; k++) live[k] = jobs[k]!;
    return current === NONE ? NONE : places[current]!;
  }
}

/** Adds a time to the list in its place, unless it is there or none. */
function insert(times: number[], time: number): void {
  if (time <= 0) return;
  let at = times.length;
  while (at > 0 && times[at - 1]! >= time) {
    if (times[at - 1] === time) return;
    at--;
  }
  times.splice(at, 0, time);
}

function comesBefore(a: Job, b: Job): boolean {
  if (a.sequence !== b.sequence) return a.sequence < b.sequence;
  if (a.callee === b.id) return true;
  return b.callee !== a.id && a.id < b.id;
}
