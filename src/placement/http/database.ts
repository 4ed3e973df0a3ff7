/**
 * What Placement keeps, by name: the store of ../store.ts, which holds all that capacity and generations depend on, grown as
 * needed, and beside it what a store of a fixed cloud does without: names, traits, aggregates, whose a consumer is.
 */

import { STANDARD_CLASSES } from '../../scenario/flavor-properties.ts';
import { NONE, type Packed } from '../../state/table.ts';
import { STANDARD_TRAITS } from '../standard.ts';
import { type InventoryRecord, newConsumer, newInventory, newProvider, type Provider, type Store } from '../store.ts';

export interface ProviderRow {
  readonly id: number;
  readonly uuid: string;
  name: string;
  readonly traits: Set<string>;
  readonly aggregates: Set<string>;
}

export interface ConsumerRow {
  readonly id: number;
  readonly uuid: string;
  project: string;
  user: string;
  /** null reads as "unknown" */
  type: string | null;
}

interface Tables {
  providers: Provider[];
  inventories: InventoryRecord[];
  consumers: ReturnType<typeof newConsumer>[];
  ratios: number[];
}

/** Rows that a consumer has from the start; one that needs more gets a larger view. */
const ROWS = 16;

export class Database {
  readonly classes: (string | null)[] = [...STANDARD_CLASSES];
  readonly traits = new Set<string>(STANDARD_TRAITS);
  /** that were ever named as somebody's: they outlive their consumers */
  readonly projects = new Set<string>();
  private readonly providers = new Map<string, ProviderRow>();
  private readonly providerById: (ProviderRow | null)[] = [];
  private readonly consumers = new Map<string, ConsumerRow>();
  private readonly consumerById: (ConsumerRow | null)[] = [];
  private readonly tables: Tables = { providers: [], inventories: [], consumers: [], ratios: [] };
  /** classes that there is room for */
  private width = 2 * STANDARD_CLASSES.length;
  private current: Store;

  constructor(release: number) {
    this.current = this.makeStore(release >= 14);
  }

  get store(): Store {
    return this.current;
  }

  private makeStore(overCapacityRewrite: boolean): Store {
    return { classes: this.width, ...this.tables, overCapacityRewrite };
  }

  // ---- providers

  provider(uuid: string): ProviderRow | undefined {
    return this.providers.get(uuid);
  }

  providerAt(id: number): ProviderRow {
    return this.providerById[id]!;
  }

  allProviders(): IterableIterator<ProviderRow> {
    return this.providers.values();
  }

  generation(row: ProviderRow): number {
    return this.tables.providers[row.id]!.generation;
  }

  bump(row: ProviderRow): void {
    this.tables.providers[row.id]!.generation++;
  }

  parentOf(row: ProviderRow): ProviderRow | null {
    const { parent } = this.tables.providers[row.id]!;
    return parent === NONE ? null : this.providerAt(parent);
  }

  setParent(row: ProviderRow, parent: ProviderRow | null): void {
    this.tables.providers[row.id]!.parent = parent?.id ?? NONE;
  }

  rootOf(row: ProviderRow): ProviderRow {
    let at = row;
    for (let parent = this.parentOf(at); parent !== null; parent = this.parentOf(at)) at = parent;
    return at;
  }

  hasChildren(row: ProviderRow): boolean {
    for (const other of this.providers.values()) if (this.parentOf(other) === row) return true;
    return false;
  }

  addProvider(uuid: string, name: string, parent: ProviderRow | null): ProviderRow {
    const { providers, inventories } = this.tables;
    const free = this.providerById.indexOf(null);
    const id = free < 0 ? providers.length : free;
    providers[id] = newProvider();
    for (let c = 0; c < this.width; c++) inventories[id * this.width + c] = newInventory();
    const row = { id, uuid, name, traits: new Set<string>(), aggregates: new Set<string>() };
    this.providerById[id] = row;
    this.providers.set(uuid, row);
    providers[id].exists = 1;
    this.setParent(row, parent);
    return row;
  }

  removeProvider(row: ProviderRow): void {
    this.tables.providers[row.id]!.exists = 0;
    for (let c = 0; c < this.width; c++) this.inventory(row, c).exists = 0;
    this.providers.delete(row.uuid);
    this.providerById[row.id] = null;
  }

  // ---- inventories

  inventory(row: ProviderRow, resourceClass: number): InventoryRecord {
    return this.tables.inventories[row.id * this.width + resourceClass]!;
  }

  /** Ids of the classes that the provider has inventory of. */
  inventoried(row: ProviderRow): number[] {
    return this.classes.flatMap((_, c) => (this.inventory(row, c).exists === 0 ? [] : [c]));
  }

  ratio(value: number): number {
    const { ratios } = this.tables;
    const known = ratios.indexOf(value);
    return known >= 0 ? known : ratios.push(value) - 1;
  }

  // ---- resource classes

  classId(name: string): number {
    return this.classes.indexOf(name);
  }

  addClass(name: string): void {
    const free = this.classes.indexOf(null);
    if (free >= 0) {
      this.classes[free] = name;
      return;
    }
    this.classes.push(name);
    if (this.classes.length > this.width) this.widen();
  }

  /** Records of a provider stand side by side: more classes move them all. */
  private widen(): void {
    const { tables, width } = this;
    this.width = 2 * width;
    const moved: InventoryRecord[] = [];
    for (let p = 0; p < tables.providers.length; p++) {
      for (let c = 0; c < this.width; c++) {
        moved.push(c < width ? tables.inventories[p * width + c]! : newInventory());
      }
    }
    tables.inventories = moved;
    this.current = this.makeStore(this.current.overCapacityRewrite);
  }

  // ---- consumers

  consumer(uuid: string): ConsumerRow | undefined {
    return this.consumers.get(uuid);
  }

  consumerAt(id: number): ConsumerRow {
    return this.consumerById[id]!;
  }

  allConsumers(): IterableIterator<ConsumerRow> {
    return this.consumers.values();
  }

  /** A row for a consumer that a request names, with room for what it is to hold. The store says whether it exists. */
  rowFor(uuid: string, rows: number, fresh: Pick<ConsumerRow, 'project' | 'user' | 'type'>): ConsumerRow {
    const { consumers } = this.tables;
    const known = this.consumers.get(uuid);
    if (known !== undefined) {
      const view = consumers[known.id]!;
      if (rows > view.allocations.capacity) {
        const larger = newConsumer(2 * rows);
        Object.assign(larger, { exists: view.exists, generation: view.generation });
        larger.allocations.copy(view.allocations);
        consumers[known.id] = larger;
      }
      return known;
    }
    const free = this.consumerById.indexOf(null);
    const id = free < 0 ? consumers.length : free;
    consumers[id] = newConsumer(Math.max(ROWS, rows));
    const row = { id, uuid, ...fresh };
    this.consumerById[id] = row;
    this.consumers.set(uuid, row);
    return row;
  }

  /** Lets go of rows that the store says do not exist. */
  forgetAbsent(rows: Iterable<ConsumerRow>): void {
    for (const row of rows) {
      if (this.tables.consumers[row.id]!.exists !== 0) continue;
      this.consumers.delete(row.uuid);
      this.consumerById[row.id] = null;
    }
  }

  // ---- transactions

  /** The cells of all rows. */
  snapshot(): readonly Int32Array[] {
    return this.cells().map((cells) => cells.slice());
  }

  restore(snapshot: readonly Int32Array[]): void {
    for (const [k, cells] of this.cells().entries()) cells.set(snapshot[k]!);
  }

  private cells(): Int32Array[] {
    const { providers, inventories, consumers } = this.tables;
    const views: readonly unknown[] = [...providers, ...inventories, ...consumers];
    return views.map((view) => (view as Packed).cells);
  }
}
