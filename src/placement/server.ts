/**
 * Placement as Nova sees it: a request in, an answer out. Mirrors placement/handlers/allocation.py,
 * placement/handlers/util.py:ensure_consumer and placement/objects/allocation.py:_set_allocations.
 */
import { NONE } from '../state/table.ts';
import { answer, type Entry, failure, NO_CONTENT, type Request, type Response } from './api.ts';
import { capacity, type Store } from './store.ts';

/** Cells of Placement that a defect may change; each is how the server really behaves unless a defect says otherwise. */
export interface PlacementRules {
  /** consumers without allocations are removed (P-03, bug 1780799) */
  dropEmptyConsumers: boolean;
  /** amounts written to one provider by several consumers of a request are added up (P-01, bug 1778743) */
  sumWithinRequest: boolean;
  /** a write that does not fit is refused */
  checkCapacity: boolean;
  /** a consumer generation that differs is refused */
  checkConsumerGeneration: boolean;
  /** a refused write is undone whole */
  atomicWrites: boolean;
}

export const PLACEMENT_RULES: Readonly<PlacementRules> = {
  dropEmptyConsumers: true,
  sumWithinRequest: true,
  checkCapacity: true,
  checkConsumerGeneration: true,
  atomicWrites: true,
};

/**
 * Serves one request.
 * @param cut the server dies between its two transactions: consumers are made, nothing is written (and no answer
 *   is given: the caller sees a reset connection)
 */
export function serve(store: Store, rules: PlacementRules, request: Request, cut = false): Response {
  switch (request.op) {
    case 'get-allocations': {
      const consumer = store.consumers[request.consumer]!;
      const { allocations } = consumer;
      // GET shows neither generation nor project for a consumer without allocations, also when a row exists
      if (allocations.count === 0) return answer(200);
      return answer(200, consumer.generation, allocations.rows());
    }
    case 'put-allocations':
    case 'post-allocations':
      return writeAllocations(store, rules, request.entries, cut);
    case 'delete-allocations':
      return deleteAllocations(store, rules, request.consumer);
    case 'get-provider-allocations': {
      const provider = store.providers[request.provider];
      if (provider === undefined || provider.exists === 0) return failure(404, 'not-found', 'no such provider');
      const ids: number[] = [];
      for (let c = 0; c < store.consumers.length; c++) {
        if (store.consumers[c]!.allocations.holdsOn(request.provider)) ids.push(c);
      }
      return answer(200, provider.generation, undefined, ids);
    }
    case 'get-provider-traits': {
      const provider = store.providers[request.provider];
      if (provider === undefined || provider.exists === 0) return failure(404, 'not-found', 'no such provider');
      return answer(200, provider.traits);
    }
    case 'get-candidates':
      return candidates(store, request);
    case 'put-inventory':
      return putInventory(store, request);
  }
}

/** placement/handlers/util.py:ensure_consumer, once a consumer, in the order sent, before the write's transaction. */
function ensureConsumers(
  store: Store,
  rules: PlacementRules,
  entries: readonly Entry[],
  made: number[],
): Response | null {
  for (const { consumer: id, generation } of entries) {
    const consumer = store.consumers[id]!;
    if (consumer.exists !== 0) {
      if (rules.checkConsumerGeneration && generation !== consumer.generation) return conflict(store, made);
    } else {
      if (generation !== NONE) return conflict(store, made);
      consumer.exists = 1;
      consumer.generation = 0;
      made.push(id);
    }
  }
  return null;
}

function conflict(store: Store, made: readonly number[]): Response {
  removeConsumers(store, made);
  return failure(409, 'concurrent-update', 'consumer generation conflict', true);
}

function removeConsumers(store: Store, ids: readonly number[]): void {
  for (const id of ids) {
    const consumer = store.consumers[id]!;
    consumer.exists = 0;
    consumer.generation = 0;
  }
}

function writeAllocations(store: Store, rules: PlacementRules, entries: readonly Entry[], cut: boolean): Response {
  const made: number[] = [];
  const refusal = ensureConsumers(store, rules, entries, made);
  if (refusal !== null) return refusal;
  if (cut) return failure(0, 'refused', 'connection reset');

  for (const { allocations } of entries) {
    for (let k = 0; k < allocations.length; k += 3) {
      const provider = store.providers[allocations[k]!];
      // consumers made by this request stay behind: this check stands outside the clean-up
      if (provider === undefined || provider.exists === 0) return failure(400, 'undefined', 'provider does not exist');
    }
  }

  if (rules.checkCapacity) {
    const reason = checkWrite(store, rules, entries);
    if (reason !== '') {
      if (rules.atomicWrites) removeConsumers(store, made);
      return failure(409, 'undefined', reason);
    }
  }

  let touched = 0;
  for (const { consumer: id, allocations } of entries) {
    const consumer = store.consumers[id]!;
    // generations of providers that the write names, or that an emptied consumer had; not of those silently dropped
    if (allocations.length === 0) {
      for (let row = 0; row < consumer.allocations.count; row++) touched |= 1 << consumer.allocations.provider(row);
    }
    for (let k = 0; k < allocations.length; k += 3) touched |= 1 << allocations[k]!;
    // an empty write for a consumer that held nothing leaves its row, at the generation it has: the left-behind consumer
    if (allocations.length === 0 && consumer.allocations.count === 0) continue;
    account(store, id, -1);
    consumer.allocations.assign(allocations);
    account(store, id, 1);
    consumer.generation++;
    if (rules.dropEmptyConsumers && allocations.length === 0) removeConsumers(store, [id]);
  }
  for (let p = 0; p < store.providers.length; p++) if ((touched & (1 << p)) !== 0) store.providers[p]!.generation++;
  return NO_CONTENT;
}

function account(store: Store, id: number, sign: number): void {
  const { allocations } = store.consumers[id]!;
  for (let row = 0; row < allocations.count; row++) {
    const inventory = store.inventories[allocations.provider(row) * store.classes + allocations.resourceClass(row)]!;
    inventory.used += sign * allocations.amount(row);
  }
}

/** placement/objects/allocation.py:_check_capacity_exceeded. Returns what is wrong, or the empty string. */
function checkWrite(store: Store, rules: PlacementRules, entries: readonly Entry[]): string {
  for (let e = 0; e < entries.length; e++) {
    const { allocations } = entries[e]!;
    for (let k = 0; k < allocations.length; k += 3) {
      const provider = allocations[k]!;
      const resourceClass = allocations[k + 1]!;
      const amount = allocations[k + 2]!;
      const inventory = store.inventories[provider * store.classes + resourceClass]!;
      if (inventory.exists === 0) return 'provider has no inventory of the class';
      if (amount < inventory.minUnit || amount > inventory.maxUnit || amount % inventory.stepSize !== 0) {
        return 'min_unit, max_unit or step_size violated';
      }
      let others = inventory.used;
      for (const { consumer } of entries) others -= heldBy(store, consumer, provider, resourceClass);
      const sum = rules.sumWithinRequest ? writtenSoFar(entries, e, k, provider, resourceClass) : amount;
      if (others + sum <= capacity(store, inventory)) continue;
      if (store.overCapacityRewrite && inventory.used > 0 && others + sum <= inventory.used) continue;
      return 'capacity exceeded';
    }
  }
  return '';
}

function heldBy(store: Store, consumer: number, provider: number, resourceClass: number): number {
  const { allocations } = store.consumers[consumer]!;
  for (let row = 0; row < allocations.count; row++) {
    if (allocations.provider(row) === provider && allocations.resourceClass(row) === resourceClass) {
      return allocations.amount(row);
    }
  }
  return 0;
}

function writtenSoFar(
  entries: readonly Entry[],
  entry: number,
  at: number,
  provider: number,
  resourceClass: number,
): number {
  let sum = 0;
  for (let e = 0; e <= entry; e++) {
    const { allocations } = entries[e]!;
    const end = e === entry ? at + 3 : allocations.length;
    for (let k = 0; k < end; k += 3) {
      if (allocations[k] === provider && allocations[k + 1] === resourceClass) sum += allocations[k + 2]!;
    }
  }
  return sum;
}

/** Unconditional: no generation is asked, no provider generation moves. */
function deleteAllocations(store: Store, rules: PlacementRules, id: number): Response {
  const consumer = store.consumers[id]!;
  if (consumer.allocations.count === 0) return failure(404, 'not-found', 'no allocations for the consumer');
  account(store, id, -1);
  consumer.allocations.clear();
  if (rules.dropEmptyConsumers) removeConsumers(store, [id]);
  return NO_CONTENT;
}

/** GET /allocation_candidates for flat providers: roots that have every class and trait, in the order of their ids. */
function candidates(store: Store, request: Extract<Request, { op: 'get-candidates' }>): Response {
  const found: number[] = [];
  const { resources, required, forbidden, inTree } = request;
  next: for (let p = 0; p < store.providers.length; p++) {
    const provider = store.providers[p]!;
    if (provider.exists === 0 || (inTree !== NONE && inTree !== p)) continue;
    if ((provider.traits & required) !== required || (provider.traits & forbidden) !== 0) continue;
    for (let k = 0; k < resources.length; k += 2) {
      const inventory = store.inventories[p * store.classes + resources[k]!]!;
      const amount = resources[k + 1]!;
      if (inventory.exists === 0 || inventory.used + amount > capacity(store, inventory)) continue next;
      if (amount < inventory.minUnit || amount > inventory.maxUnit || amount % inventory.stepSize !== 0) continue next;
    }
    found.push(p);
  }
  return answer(200, NONE, undefined, found);
}

function putInventory(store: Store, request: Extract<Request, { op: 'put-inventory' }>): Response {
  const provider = store.providers[request.provider];
  if (provider === undefined || provider.exists === 0) return failure(404, 'not-found', 'no such provider');
  if (request.generation !== provider.generation) {
    return failure(409, 'concurrent-update', 'resource provider generation conflict');
  }
  const ratio = store.ratios[request.ratio]!;
  // the product, truncated, is what placement/objects/inventory.py tests from 1.26 on
  if (Math.trunc((request.total - request.reserved) * ratio) < 0) return failure(400, 'undefined', 'negative capacity');
  const inventory = store.inventories[request.provider * store.classes + request.resourceClass]!;
  if (inventory.exists === 0) return failure(400, 'undefined', 'no such inventory record');
  inventory.total = request.total;
  inventory.reserved = request.reserved;
  inventory.minUnit = request.minUnit;
  inventory.maxUnit = request.maxUnit;
  inventory.stepSize = request.stepSize;
  inventory.ratio = request.ratio;
  provider.generation++;
  return answer(200, provider.generation);
}
