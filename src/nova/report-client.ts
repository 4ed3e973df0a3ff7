/**
 * nova/scheduler/client/report.py:SchedulerReportClient as conversations: what is asked, and what each answer means. The
 * difference between "returned falsy" and "raised" is the heart of Nova's failure table.
 */
import type { Entry, Request, Response } from '../placement/api.ts';
import { NO_ROWS, type Rows } from '../state/holdings.ts';
import { NONE } from '../state/table.ts';
import { type Group, OUTCOME, type Outcome, read, type Step, write } from './step.ts';
import type { Job, World } from './world.ts';

type ConsumerOf = (world: World, job: Job) => number;

/** `retries` gives up after this many attempts and returns False. */
const ATTEMPTS = 4;

const REPORT = 'nova/scheduler/client/report.py:SchedulerReportClient';

/** @safe_connect: a refused or reset connection (ConnectFailure) becomes None; a time-out (ConnectTimeout) is raised. */
function safeConnect(response: Response): Outcome | null {
  if (response.code === 'refused') return OUTCOME.FALSY;
  if (response.code === 'timeout') return OUTCOME.RAISE_PLACEMENT;
  return null;
}

export const getAllocations =
  (consumer: ConsumerOf) =>
  (world: World, job: Job): Request => ({
    op: 'get-allocations',
    consumer: consumer(world, job),
  });

/** get_allocs_for_consumer: anything but a 2xx raises. */
export function strict(keep: (job: Job, response: Response) => Outcome) {
  return (_world: World, job: Job, response: Response): Outcome =>
    response.status === 200 ? keep(job, response) : OUTCOME.RAISE_PLACEMENT;
}

/** get_allocations_for_consumer, the legacy getter: "nothing there" and "could not look" are both falsy. */
export function legacy(keep: (job: Job, response: Response) => Outcome) {
  return (_world: World, job: Job, response: Response): Outcome =>
    response.status === 200 && response.rows.length > 0 ? keep(job, response) : OUTCOME.FALSY;
}

export const ignore = (): Outcome => OUTCOME.OK;

const entry = (consumer: number, generation: number, allocations: Rows): Entry => ({
  consumer,
  generation,
  allocations,
});

/** What a write's refusal means where the caller parses the body (claim_resources, move_allocations). */
function parsedRefusal(job: Job, response: Response): Outcome {
  if (response.code === 'html') return OUTCOME.RAISE_PLACEMENT;
  if (response.code === 'concurrent-update') {
    if (response.consumerConflict) return OUTCOME.RAISE_CONFLICT;
    return retry(job);
  }
  return OUTCOME.FALSY;
}

/** Another attempt, or False when there were as many as `retries` makes. */
export function retry(job: Job): Outcome {
  if (++job.attempt < ATTEMPTS) return OUTCOME.AGAIN;
  job.attempt = 0;
  return OUTCOME.FALSY;
}

/**
 * move_allocations [safe_connect, retries]: GET source, GET target, POST both.
 * @param falsy what the caller does with None or False
 * @param moved runs when the claim has moved, or is taken to have moved already
 */
export function moveAllocations(
  id: string,
  from: ConsumerOf,
  to: ConsumerOf,
  falsy: string,
  moved: (job: Job) => void = () => {},
  falsyRaises: Outcome = OUTCOME.RAISE_NO_VALID_HOST,
): Group {
  const nova = `${REPORT}.move_allocations`;
  const cells = { falsy, falsyRaises, again: `${id}.get-source` };
  // a read that fails ends the conversation: nothing is posted
  const reading = { ...cells, falsy: falsy === 'go-on' ? '$end' : falsy };
  const getting =
    (keep: (job: Job, response: Response) => Outcome) =>
    (_world: World, job: Job, response: Response): Outcome => {
      const unreachable = safeConnect(response);
      if (unreachable !== null) return unreachable;
      return response.status === 200 ? keep(job, response) : OUTCOME.RAISE_PLACEMENT;
    };
  return {
    steps: [
      read(
        `${id}.get-source`,
        nova,
        getAllocations(from),
        getting((job, response) => {
          job.read.assign(response.rows);
          job.generation = response.generation;
          return OUTCOME.OK;
        }),
        reading,
      ),
      read(
        `${id}.get-target`,
        nova,
        getAllocations(to),
        getting((job, response) => {
          job.generation2 = response.generation;
          if (job.read.count > 0) return OUTCOME.OK;
          // the KeyError on project_id when neither holds anything; else "assuming they were already moved"
          if (response.rows.length === 0) return OUTCOME.RAISE_PLACEMENT;
          moved(job);
          return OUTCOME.ELSE;
        }),
        { ...reading, else: '$end' },
      ),
      write(
        id,
        nova,
        (world, job) => ({
          op: 'post-allocations',
          entries: [
            entry(from(world, job), job.generation, NO_ROWS),
            entry(to(world, job), job.generation2, job.read.rows()),
          ],
        }),
        (_world, job, response) => {
          if (response.status === 204) {
            job.attempt = 0;
            forget(job);
            moved(job);
            return OUTCOME.OK;
          }
          return safeConnect(response) ?? parsedRefusal(job, response);
        },
        cells,
      ),
    ],
  };
}

/** The conversation is over: what was read must not tell two worlds apart. */
function forget(job: Job): void {
  job.read.clear();
  job.generation = 0;
  job.generation2 = 0;
}

/** nova/scheduler/client/report.py:_move_operation_alloc_request: providers already held keep their current amounts. */
function doubled(current: Rows, wanted: Rows): Rows {
  if (current.length === 0) return wanted;
  const rows = [...current];
  for (let k = 0; k < wanted.length; k += 3) {
    let held = false;
    for (let c = 0; c < current.length; c += 3) if (current[c] === wanted[k]) held = true;
    if (!held) rows.push(wanted[k]!, wanted[k + 1]!, wanted[k + 2]!);
  }
  return rows;
}

/**
 * claim_resources [safe_connect, retries]: GET the consumer, PUT what is wanted.
 * @param replace the rollback protocol writes what is wanted and nothing else, and goes on with the next host whatever
 *   failed; Nova adds it to what is there
 */
export function claimResources(
  getId: string,
  putId: string,
  consumer: ConsumerOf,
  wanted: (world: World, job: Job) => Rows,
  falsy: string,
  replace = false,
): Group {
  const nova = `${REPORT}.claim_resources`;
  const cells = { falsy, again: getId };
  // what is written afresh for the next host does no harm for having been applied on this one
  const failed = (outcome: Outcome): Outcome => (replace && outcome >= OUTCOME.RAISE ? OUTCOME.FALSY : outcome);
  return {
    steps: [
      read(
        getId,
        nova,
        getAllocations(consumer),
        (_world, job, response) => {
          const unreachable = safeConnect(response);
          if (unreachable !== null) return failed(unreachable);
          // `if r.status_code == 200`: any other answer is taken for a new consumer
          job.read.assign(response.rows);
          job.generation = response.rows.length > 0 ? response.generation : NONE;
          return OUTCOME.OK;
        },
        cells,
      ),
      write(
        putId,
        nova,
        (world, job) => ({
          op: 'put-allocations',
          entries: [
            entry(
              consumer(world, job),
              job.generation,
              replace ? wanted(world, job) : doubled(job.read.rows(), wanted(world, job)),
            ),
          ],
        }),
        (_world, job, response) => {
          if (response.status === 204) {
            job.attempt = 0;
            forget(job);
            return OUTCOME.OK;
          }
          return failed(safeConnect(response) ?? parsedRefusal(job, response));
        },
        cells,
      ),
    ],
  };
}

/** delete_allocation_for_instance(force=False) [safe_connect]: GET, PUT {} at the generation read. No retries. */
export function deleteAllocations(id: string, consumer: ConsumerOf, falsy = 'go-on'): Group {
  const nova = `${REPORT}.delete_allocation_for_instance`;
  return {
    steps: [
      read(
        `${id}.get`,
        nova,
        getAllocations(consumer),
        (_world, job, response) => {
          const unreachable = safeConnect(response);
          if (unreachable !== null) return unreachable;
          if (response.status !== 200) return OUTCOME.RAISE_PLACEMENT;
          job.generation = response.generation;
          return response.rows.length === 0 ? OUTCOME.ELSE : OUTCOME.OK;
        },
        { falsy: falsy === 'go-on' ? '$end' : falsy, else: '$end' },
      ),
      write(
        id,
        nova,
        (world, job) => ({
          op: 'put-allocations',
          entries: [entry(consumer(world, job), job.generation, NO_ROWS)],
        }),
        (_world, job, response) => {
          if (response.status === 204) {
            forget(job);
            return OUTCOME.OK;
          }
          const unreachable = safeConnect(response);
          if (unreachable !== null) return unreachable;
          return response.consumerConflict ? OUTCOME.RAISE_CONFLICT : OUTCOME.RAISE_PLACEMENT;
        },
        { falsy },
      ),
    ],
  };
}

/**
 * remove_provider_tree_from_instance_allocation: GET the consumer, GET the tree, PUT what is left. Reads raise; what the PUT is
 * answered nobody looks at, and nothing is tried again.
 */
export function removeProviderTree(id: string, consumer: ConsumerOf, provider: (job: Job) => number): Group {
  const nova = `${REPORT}.remove_provider_tree_from_instance_allocation`;
  return {
    steps: [
      read(
        `${id}.get`,
        nova,
        getAllocations(consumer),
        strict((job, response) => {
          job.read.assign(response.rows);
          job.generation = response.generation;
          return response.rows.length === 0 ? OUTCOME.ELSE : OUTCOME.OK;
        }),
        { else: '$end' },
      ),
      read(
        `${id}.get-tree`,
        nova,
        (_world, job) => ({ op: 'get-providers-in-tree', provider: provider(job) }),
        (_world, job, response) => {
          if (response.status !== 200) return OUTCOME.RAISE_PLACEMENT;
          const rows = job.read.rows();
          const held = rows.some((one, k) => k % 3 === 0 && response.ids.includes(one));
          if (held) return OUTCOME.OK;
          forget(job);
          return OUTCOME.ELSE;
        },
        { else: '$end' },
      ),
      write(
        id,
        nova,
        (world, job) => ({
          op: 'put-allocations',
          entries: [entry(consumer(world, job), job.generation, without(job.read.rows(), provider(job)))],
        }),
        (_world, job, response) => {
          forget(job);
          return response.status === 0 ? OUTCOME.RAISE_PLACEMENT : OUTCOME.OK;
        },
      ),
    ],
  };
}

/**
 * remove_resources_from_instance_allocation [retries]: GET the consumer, PUT it without them. A refusal that is no generation
 * conflict is taken for success (W-30).
 */
export function removeResources(id: string, consumer: ConsumerOf, removed: (world: World, job: Job) => Rows): Group {
  const nova = `${REPORT}._remove_resources_from_instance_allocation`;
  const cells = { falsy: 'raise', falsyRaises: OUTCOME.RAISE_PLACEMENT, again: `${id}.get` };
  return {
    steps: [
      read(
        `${id}.get`,
        nova,
        getAllocations(consumer),
        (world, job, response) => {
          if (response.status !== 200) return OUTCOME.RAISE_PLACEMENT;
          job.read.assign(response.rows);
          job.generation = response.generation;
          // AllocationUpdateFailed where it does not hold them
          return less(job.read.rows(), removed(world, job)) === null ? OUTCOME.RAISE_PLACEMENT : OUTCOME.OK;
        },
        cells,
      ),
      write(
        id,
        nova,
        (world, job) => ({
          op: 'put-allocations',
          entries: [entry(consumer(world, job), job.generation, less(job.read.rows(), removed(world, job)) ?? NO_ROWS)],
        }),
        (_world, job, response) => {
          if (response.status === 0 || response.code === 'html') return OUTCOME.RAISE_PLACEMENT;
          if (response.code === 'concurrent-update') return retry(job);
          job.attempt = 0;
          forget(job);
          return OUTCOME.OK;
        },
        cells,
      ),
    ],
  };
}

/** The rows without those, or null where they do not hold as much. */
function less(rows: Rows, removed: Rows): Rows | null {
  const left = [...rows];
  for (let k = 0; k < removed.length; k += 3) {
    let at = 0;
    while (at < left.length && (left[at] !== removed[k] || left[at + 1] !== removed[k + 1])) at += 3;
    if (at >= left.length || left[at + 2]! < removed[k + 2]!) return null;
    if (left[at + 2] === removed[k + 2]) left.splice(at, 3);
    else left[at + 2] = left[at + 2]! - removed[k + 2]!;
  }
  return left;
}

/** What W-10's repair does: a write that lost a race is made again, and one that was refused is no success. */
export const tryingAgain = ({ steps }: Group): Group => ({
  steps: steps.map((step): Step => {
    if (step.touches !== 'placement-write') return step;
    return {
      ...step,
      again: steps[0]!.id,
      falsy: 'raise',
      take: (_world, job, response) => {
        job.read.clear();
        if (response.status === 204) {
          job.attempt = 0;
          return OUTCOME.OK;
        }
        return response.status === 409 ? retry(job) : OUTCOME.RAISE_PLACEMENT;
      },
    };
  }),
});

/** No conversation of Nova's: what a consumer holds anywhere but at one provider is given up. */
export function releaseElsewhere(id: string, consumer: ConsumerOf, provider: (job: Job) => number): Group {
  const elsewhere = (job: Job): boolean => without(job.read.rows(), provider(job)).length > 0;
  return {
    steps: [
      read(
        `${id}.get`,
        REPORT,
        getAllocations(consumer),
        strict((job, response) => {
          job.read.assign(response.rows);
          job.generation = response.generation;
          return elsewhere(job) ? OUTCOME.OK : OUTCOME.ELSE;
        }),
        { else: '$end' },
      ),
      write(
        id,
        REPORT,
        (world, job) => ({
          op: 'put-allocations',
          entries: [entry(consumer(world, job), job.generation, only(job.read.rows(), provider(job)))],
        }),
        (_world, job, response) => {
          forget(job);
          return response.status === 204 ? OUTCOME.OK : OUTCOME.RAISE_PLACEMENT;
        },
      ),
    ],
  };
}

export const only = (rows: Rows, provider: number): Rows => rows.filter((_, k) => rows[k - (k % 3)] === provider);
export const without = (rows: Rows, provider: number): Rows => rows.filter((_, k) => rows[k - (k % 3)] !== provider);

/** delete_allocation_for_instance(force=True) [safe_connect]: one DELETE; a 404 is fine, a refused connection is not noticed. */
export function forceDeleteAllocations(id: string, consumer: ConsumerOf, falsy = 'go-on'): Step {
  return write(
    id,
    `${REPORT}.delete_allocation_for_instance`,
    (world, job) => ({ op: 'delete-allocations', consumer: consumer(world, job) }),
    (_world, _job, response) => {
      if (response.status === 204 || response.status === 404) return OUTCOME.OK;
      return safeConnect(response) ?? OUTCOME.RAISE_PLACEMENT;
    },
    { falsy },
  );
}
