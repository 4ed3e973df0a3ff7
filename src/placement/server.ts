/**
 * Placement as Nova sees it: a request in, an answer out. Mirrors placement/handlers/allocation.py,
 * placement/handlers/util.py:ensure_consumer and placement/objects/allocation.py:_set_allocations of 16.0.0, and of older
 * releases by `overCapacityRewrite`. Microversions are those that Nova asks for: consumer generations are required.
 *
 * Known limits: every trait that a request can name exists (else 400), and providers are roots. http/ has neither.
 */
import { type Holdings, NO_ROWS } from '../state/holdings.ts';
import { NONE } from '../state/table.ts';
import {
  ANY_GENERATION,
  answer,
  type Detail,
  type Entry,
  failure,
  INVENTORY_CELLS,
  NO_CONTENT,
  type Request,
  type Response,
  type Subject,
} from './api.ts';
import { type Consumer, capacity, type InventoryRecord, type Store, setInventories } from './store.ts';

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
  /** a refused write takes back the consumers it made */
  atomicWrites: boolean;
  /** a write empties each consumer that it says is to hold nothing (P-06, bug 1781430) */
  emptiesEveryConsumer: boolean;
  /** a reshape may leave a provider without any inventory (P-04, bug 1783130) */
  reshapesToNothing: boolean;
  /** a write whose provider another write changed meanwhile reads it again and goes on (P-02, bugs 1719933 and 1728722) */
  retriesProviderConflicts: boolean;
  /** projects are made outside of the transaction of a claim, where two may make the same one (P-05, story 2009159) */
  makesProjectsApart: boolean;
  /** amounts are judged also where no more is taken of the provider than was before (what W-04's repair does without) */
  judgesWhatStays: boolean;
}

export const PLACEMENT_RULES: Readonly<PlacementRules> = {
  dropEmptyConsumers: true,
  sumWithinRequest: true,
  checkCapacity: true,
  checkConsumerGeneration: true,
  atomicWrites: true,
  emptiesEveryConsumer: true,
  reshapesToNothing: true,
  retriesProviderConflicts: true,
  makesProjectsApart: true,
  judgesWhatStays: true,
};

const NOTHING_HELD = answer(200);
const NO_PROVIDER = failure(404, 'not-found', 'no such provider');
const CONFLICTING_TRAITS = failure(400, 'undefined', 'a trait is both required and forbidden');
const UNKNOWN_CLASS = failure(400, 'undefined', 'unknown resource class named');
const NO_ALLOCATIONS = failure(404, 'not-found', 'no allocations for the consumer');

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
      if (allocations.count === 0) return NOTHING_HELD;
      return answer(200, consumer.generation, allocations.rows());
    }
    case 'put-allocations':
    case 'post-allocations':
      return writeAllocations(store, rules, request.entries, cut);
    case 'delete-allocations':
      return deleteAllocations(store, rules, request.consumer);
    case 'get-provider-allocations': {
      const provider = store.providers[request.provider];
      if (provider === undefined || provider.exists === 0) return NO_PROVIDER;
      const ids: number[] = [];
      const rows: number[] = [];
      for (let c = 0; c < store.consumers.length; c++) {
        const { allocations } = store.consumers[c]!;
        if (!allocations.holdsOn(request.provider)) continue;
        ids.push(c);
        for (let row = 0; row < allocations.count; row++) {
          if (allocations.provider(row) === request.provider) {
            rows.push(c, allocations.resourceClass(row), allocations.amount(row));
          }
        }
      }
      return answer(200, provider.generation, rows, ids);
    }
    case 'get-provider-traits': {
      const provider = store.providers[request.provider];
      if (provider === undefined || provider.exists === 0) return NO_PROVIDER;
      return answer(200, provider.traits);
    }
    case 'get-providers-in-tree':
      return answer(200, NONE, NO_ROWS, store.providers[request.provider]?.exists === 1 ? [request.provider] : NO_ROWS);
    case 'get-candidates':
      return candidates(store, request);
    case 'put-inventory':
      return putInventory(store, request);
    case 'create-provider':
      return createProvider(store, request.provider);
    case 'delete-provider':
      return deleteProvider(store, request.provider);
    case 'put-inventories':
      return putInventories(store, request);
    case 'put-traits':
      return putTraits(store, request);
  }
}

/** POST /reshaper sets inventories within the transaction; what it throws there, its caller undoes. */
export interface Reshape {
  /** all inventories that there are to be, and all that there were */
  interim(): void;
  /** those that there are to be */
  final(): void;
}

/**
 * In this order, so that the first of several mistakes is the one answered: consumer generations, one consumer after the
 * other, each missing one made at once; providers; then, in one transaction, inventories, units and capacity.
 */
export function writeAllocations(
  store: Store,
  rules: PlacementRules,
  entries: readonly Entry[],
  cut = false,
  reshape: Reshape | null = null,
): Response {
  /** consumers that this request made */
  const made: Consumer[] = [];
  for (let e = 0; e < entries.length; e++) {
    const { consumer: id, generation } = entries[e]!;
    const consumer = store.consumers[id]!;
    const expected = consumer.exists === 0 ? NONE : consumer.generation;
    if (rules.checkConsumerGeneration && generation !== expected && generation !== ANY_GENERATION) {
      if (rules.atomicWrites) unmake(made);
      const subject = { consumer: id, generation: expected, provider: NONE, resourceClass: NONE };
      return failure(409, 'concurrent-update', 'consumer generation conflict', true, subject);
    }
    if (consumer.exists === 0) {
      consumer.exists = 1;
      consumer.generation = 0;
      made.push(consumer);
    }
  }
  if (cut) return failure(0, 'refused', 'connection reset after the request was sent');

  let unknownClass = false;
  for (let e = 0; e < entries.length; e++) {
    const { allocations } = entries[e]!;
    for (let k = 0; k < allocations.length; k += 3) {
      if (allocations[k + 1] === NONE) unknownClass = true;
      const provider = store.providers[allocations[k]!];
      if (provider !== undefined && provider.exists !== 0) continue;
      // consumers made by this request stay behind: this check stands outside the clean-up
      return failure(400, 'undefined', 'unknown provider named', false, about(allocations[k]!, NONE));
    }
  }
  if (unknownClass) {
    if (rules.atomicWrites) unmake(made);
    return UNKNOWN_CLASS;
  }

  reshape?.interim();
  for (let e = 0; e < entries.length; e++) account(store, store.consumers[entries[e]!.consumer]!.allocations, -1);
  const refusal = occupy(store, rules, entries);
  if (refusal !== null) {
    for (let e = 0; e < entries.length; e++) account(store, store.consumers[entries[e]!.consumer]!.allocations, 1);
    if (rules.atomicWrites) unmake(made);
    return refusal;
  }

  // those that the write names, and those that a consumer emptied by it had; not those that a new, non-empty set just drops
  const touched: number[] = [];
  let emptied = 0;
  for (let e = 0; e < entries.length; e++) {
    const { consumer: id, allocations: rows } = entries[e]!;
    const consumer = store.consumers[id]!;
    const { allocations } = consumer;
    if (rows.length > 0) {
      for (let k = 0; k < rows.length; k += 3) addOnce(touched, rows[k]!);
      allocations.assign(rows);
    } else {
      const { count } = allocations;
      if (count > 0 && ++emptied > 1 && !rules.emptiesEveryConsumer) {
        account(store, allocations, 1);
        continue;
      }
      // emptying a consumer that held nothing writes nothing: its row stays, at the generation it has
      if (count === 0) continue;
      for (let row = 0; row < count; row++) addOnce(touched, allocations.provider(row));
      allocations.clear();
      if (rules.dropEmptyConsumers) {
        consumer.exists = 0;
        consumer.generation = 0;
        continue;
      }
    }
    consumer.generation++;
  }
  for (let k = 0; k < touched.length; k++) store.providers[touched[k]!]!.generation++;
  reshape?.final();
  return NO_CONTENT;
}

function addOnce(ids: number[], id: number): void {
  if (!ids.includes(id)) ids.push(id);
}

function unmake(made: readonly Consumer[]): void {
  for (let k = 0; k < made.length; k++) {
    const consumer = made[k]!;
    consumer.exists = 0;
    consumer.generation = 0;
  }
}

/** Adds what a consumer holds to the usages, or takes it off. */
function account(store: Store, allocations: Holdings, sign: number): void {
  const { count } = allocations;
  for (let row = 0; row < count; row++) {
    const inventory = store.inventories[allocations.provider(row) * store.classes + allocations.resourceClass(row)]!;
    inventory.used += sign * allocations.amount(row);
  }
}

/**
 * placement/objects/allocation.py:_check_capacity_exceeded, called when the usages hold what everybody else has. Adds
 * every amount to its usage as it goes, so that each is judged with those before it; takes all off again on a refusal.
 */
function occupy(store: Store, rules: PlacementRules, entries: readonly Entry[]): Response | null {
  for (let e = 0; e < entries.length; e++) {
    const { allocations: rows } = entries[e]!;
    for (let k = 0; k < rows.length; k += 3) {
      const inventory = store.inventories[rows[k]! * store.classes + rows[k + 1]!]!;
      if (rules.checkCapacity) {
        const refusal = judge(store, rules, entries, e, k, inventory);
        if (refusal !== null) {
          for (let undo = 0; undo <= e; undo++) {
            const { allocations } = entries[undo]!;
            const end = undo === e ? k : allocations.length;
            for (let at = 0; at < end; at += 3) {
              store.inventories[allocations[at]! * store.classes + allocations[at + 1]!]!.used -= allocations[at + 2]!;
            }
          }
          return refusal;
        }
      }
      inventory.used += rows[k + 2]!;
    }
  }
  return null;
}

function judge(
  store: Store,
  rules: PlacementRules,
  entries: readonly Entry[],
  e: number,
  k: number,
  inventory: InventoryRecord,
): Response | null {
  const { allocations: rows } = entries[e]!;
  const provider = rows[k]!;
  const resourceClass = rows[k + 1]!;
  const amount = rows[k + 2]!;
  if (inventory.exists === 0) return refuse(store, entries, 'no inventory of the class', provider, resourceClass);
  if (!rules.judgesWhatStays && inventory.used + amount <= usedBefore(store, entries, e, k).usage) return null;
  if (!inUnits(inventory, amount)) {
    return refuse(store, entries, 'constraints violated', provider, resourceClass);
  }
  const sum = inventory.used + amount;
  if (sum <= capacity(store, inventory)) return null;
  const before = usedBefore(store, entries, e, k);
  if (!rules.sumWithinRequest && sum - before.written <= capacity(store, inventory)) return null;
  if (store.overCapacityRewrite && sum <= before.usage) return null;
  return refuse(store, entries, 'capacity exceeded', provider, resourceClass);
}

/** Of the class and provider of row k of entry e: what the request wrote before that row, and the usage before it came. */
function usedBefore(
  store: Store,
  entries: readonly Entry[],
  e: number,
  k: number,
): { readonly written: number; readonly usage: number } {
  const { allocations: rows } = entries[e]!;
  const provider = rows[k]!;
  const resourceClass = rows[k + 1]!;
  let written = 0;
  let held = 0;
  for (let other = 0; other < entries.length; other++) {
    const { consumer, allocations } = entries[other]!;
    const end = other < e ? allocations.length : other === e ? k : 0;
    for (let at = 0; at < end; at += 3) {
      if (allocations[at] === provider && allocations[at + 1] === resourceClass) written += allocations[at + 2]!;
    }
    const old = store.consumers[consumer]!.allocations;
    for (let row = 0; row < old.count; row++) {
      if (old.provider(row) === provider && old.resourceClass(row) === resourceClass) held += old.amount(row);
    }
  }
  return { written, usage: store.inventories[provider * store.classes + resourceClass]!.used - written + held };
}

/** A provider that has no inventory of any class named anywhere in the request is found before any amount is looked at. */
function refuse(
  store: Store,
  entries: readonly Entry[],
  detail: Detail,
  provider: number,
  resourceClass: number,
): Response {
  for (let e = 0; e < entries.length; e++) {
    const { allocations } = entries[e]!;
    for (let k = 0; k < allocations.length; k += 3) {
      if (hasAnyOf(store, allocations[k]!, entries)) continue;
      return failure(409, 'undefined', 'no inventory of the class', false, about(allocations[k]!, NONE));
    }
  }
  return failure(409, 'undefined', detail, false, about(provider, resourceClass));
}

function hasAnyOf(store: Store, provider: number, entries: readonly Entry[]): boolean {
  for (let e = 0; e < entries.length; e++) {
    const { consumer, allocations } = entries[e]!;
    for (let k = 0; k < allocations.length; k += 3) {
      if (store.inventories[provider * store.classes + allocations[k + 1]!]!.exists !== 0) return true;
    }
    if (allocations.length > 0) continue;
    // what an emptied consumer had counts as named, with an amount of zero
    const old = store.consumers[consumer]!.allocations;
    for (let row = 0; row < old.count; row++) {
      if (store.inventories[provider * store.classes + old.resourceClass(row)]!.exists !== 0) return true;
    }
  }
  return false;
}

function about(provider: number, resourceClass: number): Subject {
  return { consumer: NONE, generation: NONE, provider, resourceClass };
}

/** Unconditional: no generation is asked, no provider generation moves. */
function deleteAllocations(store: Store, rules: PlacementRules, id: number): Response {
  const consumer = store.consumers[id]!;
  if (consumer.allocations.count === 0) return NO_ALLOCATIONS;
  account(store, consumer.allocations, -1);
  consumer.allocations.clear();
  if (rules.dropEmptyConsumers) {
    consumer.exists = 0;
    consumer.generation = 0;
  }
  return NO_CONTENT;
}

/** min_unit, max_unit and step_size bound each single amount, never the sum. */
function inUnits(inventory: InventoryRecord, amount: number): boolean {
  return amount >= inventory.minUnit && amount <= inventory.maxUnit && amount % inventory.stepSize === 0;
}

/** placement/objects/research_context.py:_capacity_check_clause: without the exemption that writes have. */
export function hasRoom(store: Store, inventory: InventoryRecord, amount: number): boolean {
  return inventory.used + amount <= capacity(store, inventory) && inUnits(inventory, amount);
}

/** GET /allocation_candidates for flat providers: roots that have every class and trait, in the order of their ids. */
function candidates(store: Store, request: Extract<Request, { op: 'get-candidates' }>): Response {
  const found: number[] = [];
  const { resources, required, forbidden, inTree } = request;
  if ((required & forbidden) !== 0) return CONFLICTING_TRAITS;
  next: for (let p = 0; p < store.providers.length; p++) {
    const provider = store.providers[p]!;
    if (provider.exists === 0 || (inTree !== NONE && inTree !== p)) continue;
    if ((provider.traits & required) !== required || (provider.traits & forbidden) !== 0) continue;
    for (let k = 0; k < resources.length; k += 2) {
      const inventory = store.inventories[p * store.classes + resources[k]!]!;
      if (inventory.exists === 0 || !hasRoom(store, inventory, resources[k + 1]!)) continue next;
    }
    found.push(p);
  }
  return answer(200, NONE, undefined, found);
}

/** PUT /resource_providers/{uuid}/inventories/{class}: usage may end above capacity; the server only logs that. */
function putInventory(store: Store, request: Extract<Request, { op: 'put-inventory' }>): Response {
  const provider = store.providers[request.provider];
  if (provider === undefined || provider.exists === 0) return NO_PROVIDER;
  if (request.generation !== provider.generation) {
    return failure(409, 'concurrent-update', 'resource provider generation conflict');
  }
  const subject = about(request.provider, request.resourceClass);
  const ratio = store.ratios[request.ratio]!;
  // the product, truncated, is what placement/objects/inventory.py tests from 1.26 on
  if (Math.trunc((request.total - request.reserved) * ratio) < 0) {
    return failure(400, 'undefined', 'negative capacity', false, subject);
  }
  const inventory = store.inventories[request.provider * store.classes + request.resourceClass]!;
  if (inventory.exists === 0) return failure(400, 'undefined', 'no such inventory record', false, subject);
  inventory.total = request.total;
  inventory.reserved = request.reserved;
  inventory.minUnit = request.minUnit;
  inventory.maxUnit = request.maxUnit;
  inventory.stepSize = request.stepSize;
  inventory.ratio = request.ratio;
  provider.generation++;
  return answer(200, provider.generation);
}

/** POST /resource_providers */
function createProvider(store: Store, id: number): Response {
  const provider = store.providers[id]!;
  if (provider.exists === 1) return failure(409, 'undefined', 'the provider is there already', false, about(id, NONE));
  provider.exists = 1;
  provider.generation = 0;
  provider.parent = NONE;
  provider.traits = 0;
  return answer(200, provider.generation);
}

/** DELETE /resource_providers/{uuid}: with its inventories and traits, unless somebody holds anything there. */
function deleteProvider(store: Store, id: number): Response {
  const provider = store.providers[id];
  if (provider === undefined || provider.exists === 0) return NO_PROVIDER;
  for (let c = 0; c < store.consumers.length; c++) {
    if (store.consumers[c]!.allocations.holdsOn(id)) {
      return failure(409, 'undefined', 'provider in use', false, about(id, NONE));
    }
  }
  provider.exists = 0;
  provider.generation = 0;
  provider.traits = 0;
  setInventories(store, id, []);
  return NO_CONTENT;
}

/** PUT /resource_providers/{uuid}/inventories */
function putInventories(store: Store, request: Extract<Request, { op: 'put-inventories' }>): Response {
  const { provider: id, inventories } = request;
  const provider = store.providers[id];
  if (provider === undefined || provider.exists === 0) return NO_PROVIDER;
  if (request.generation !== provider.generation) {
    return failure(409, 'concurrent-update', 'resource provider generation conflict');
  }
  for (let c = 0; c < store.classes; c++) {
    const { exists, used } = store.inventories[id * store.classes + c]!;
    const named = inventories.some((cell, k) => k % INVENTORY_CELLS === 0 && cell === c);
    if (exists === 1 && used > 0 && !named) return failure(409, 'undefined', 'inventory in use', false, about(id, c));
  }
  setInventories(store, id, inventories);
  provider.generation++;
  return answer(200, provider.generation);
}

/** PUT /resource_providers/{uuid}/traits */
function putTraits(store: Store, request: Extract<Request, { op: 'put-traits' }>): Response {
  const provider = store.providers[request.provider];
  if (provider === undefined || provider.exists === 0) return NO_PROVIDER;
  if (request.generation !== provider.generation) {
    return failure(409, 'concurrent-update', 'resource provider generation conflict');
  }
  provider.traits = request.traits;
  provider.generation++;
  return answer(200, provider.generation);
}
