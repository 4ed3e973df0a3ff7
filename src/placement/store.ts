/**
 * What Placement keeps in its database: providers, inventories, consumers and their allocations.
 *
 * Ids are small integers; uuids appear only at the REST edge. Usage is kept beside each inventory record, where
 * Placement would sum the allocations: the sum is the same, since only `write` in server.ts changes either.
 */
import { Holdings } from '../state/holdings.ts';
import { assert, type Packed, table } from '../state/table.ts';
import { INVENTORY_CELLS } from './api.ts';

export interface Provider {
  exists: number;
  generation: number;
  /** id of the parent provider, or NONE for a root */
  parent: number;
  /** bit k: has the k-th trait of the scenario's vocabulary */
  traits: number;
}
export const ProviderTable = table<Provider>('Provider', ['exists', 'generation', 'parent', 'traits']);

interface InventoryCells {
  exists: number;
  total: number;
  reserved: number;
  minUnit: number;
  maxUnit: number;
  stepSize: number;
  /** index into `ratios`: an allocation ratio is a double, which a cell cannot hold */
  ratio: number;
  usedLow: number;
  usedHigh: number;
}
const InventoryBase = table<InventoryCells>('InventoryRecord', [
  'exists',
  'total',
  'reserved',
  'minUnit',
  'maxUnit',
  'stepSize',
  'ratio',
  'usedLow',
  'usedHigh',
]);

export interface InventoryRecord extends Omit<InventoryCells, 'usedLow' | 'usedHigh'> {
  /** what all consumers hold of this class on this provider */
  used: number;
}

const HALF = 2 ** 31;

/** One amount fits a cell; their sum does not where the ratio is large (SQL sums into 64 bits). */
class InventoryView extends InventoryBase implements InventoryRecord {
  get used(): number {
    return this.usedHigh * HALF + this.usedLow;
  }
  set used(sum: number) {
    const low = sum & 0x7fffffff;
    this.usedLow = low;
    this.usedHigh = (sum - low) / HALF;
  }
}

export interface ConsumerRecord {
  /** a row is there; true with no allocations is the left-behind consumer */
  exists: number;
  generation: number;
}
const ConsumerBase = table<ConsumerRecord>('ConsumerRecord', ['exists', 'generation']);

export interface Consumer extends ConsumerRecord {
  readonly allocations: Holdings;
}

class ConsumerView extends (ConsumerBase as new (cells: Int32Array, offset: number) => ConsumerRecord & Packed) {
  readonly allocations: Holdings;
  constructor(cells: Int32Array, offset: number, rows: number) {
    super(cells, offset);
    this.allocations = new Holdings(cells, offset + ConsumerBase.size, rows);
  }
}

export interface StoreShape {
  readonly providers: number;
  readonly classes: number;
  readonly consumers: number;
  /** most rows that one consumer can hold */
  readonly rows: number;
}

export interface Store {
  readonly classes: number;
  readonly providers: readonly Provider[];
  /** the record of class c on provider p stands at p * classes + c */
  readonly inventories: readonly InventoryRecord[];
  readonly consumers: readonly Consumer[];
  /** the doubles that `InventoryRecord.ratio` points to; grows, never changes in place */
  readonly ratios: readonly number[];
  /** from 14.0.0 on a write may leave usage above capacity if it does not raise it (placement bug 2104040) */
  overCapacityRewrite: boolean;
}

export function storeSize(shape: StoreShape): number {
  return (
    shape.providers * ProviderTable.size +
    shape.providers * shape.classes * InventoryBase.size +
    shape.consumers * (ConsumerBase.size + Holdings.size(shape.rows))
  );
}

/** Sets of providers are masks of one cell. */
const MOST_PROVIDERS = 32;

export function makeStore(cells: Int32Array, offset: number, shape: StoreShape, ratios: number[]): Store {
  assert(shape.providers <= MOST_PROVIDERS, `a store has at most ${MOST_PROVIDERS} providers`);
  let at = offset;
  const take = <T>(count: number, size: number, make: (at: number) => T): T[] =>
    Array.from({ length: count }, () => {
      const made = make(at);
      at += size;
      return made;
    });
  return {
    classes: shape.classes,
    providers: take(shape.providers, ProviderTable.size, (o) => new ProviderTable(cells, o)),
    inventories: take(shape.providers * shape.classes, InventoryBase.size, (o) => new InventoryView(cells, o)),
    consumers: take(
      shape.consumers,
      ConsumerBase.size + Holdings.size(shape.rows),
      (o) => new ConsumerView(cells, o, shape.rows),
    ),
    ratios,
    overCapacityRewrite: true,
  };
}

/** Single rows with cells of their own, for a store that grows. */
export const newProvider = (): Provider => new ProviderTable(new Int32Array(ProviderTable.size), 0);
export const newInventory = (): InventoryRecord => new InventoryView(new Int32Array(InventoryBase.size), 0);
export const newConsumer = (rows: number): Consumer =>
  new ConsumerView(new Int32Array(ConsumerBase.size + Holdings.size(rows)), 0, rows);

/** Capacity as Placement computes it: a double, subtracted and multiplied in this order, never rounded. */
export function capacity(
  store: Pick<Store, 'ratios'>,
  inventory: Pick<InventoryRecord, 'total' | 'reserved' | 'ratio'>,
): number {
  return (inventory.total - inventory.reserved) * store.ratios[inventory.ratio]!;
}

/** Gives a provider the inventories of a `put-inventories`, and no other. */
export function setInventories(store: Store, provider: number, cells: readonly number[]): void {
  for (let c = 0; c < store.classes; c++) store.inventories[provider * store.classes + c]!.exists = 0;
  for (let k = 0; k < cells.length; k += INVENTORY_CELLS) {
    const record = store.inventories[provider * store.classes + cells[k]!]!;
    record.exists = 1;
    record.total = cells[k + 1]!;
    record.reserved = cells[k + 2]!;
    record.minUnit = cells[k + 3]!;
    record.maxUnit = cells[k + 4]!;
    record.stepSize = cells[k + 5]!;
    record.ratio = cells[k + 6]!;
  }
}
