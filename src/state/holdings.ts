import { assert } from './table.ts';

const ROW = 3;

/** An immutable copy of holdings, as a request or response carries it: provider, class, amount, provider, ... */
export type Rows = readonly number[];

export const NO_ROWS: Rows = [];

/**
 * What a consumer holds: a few rows (provider, resource class, amount), kept sorted, so that equal holdings are equal
 * cells. Amounts are Placement's integers, up to 2^31-1.
 */
export class Holdings {
  readonly cells: Int32Array;
  readonly offset: number;
  readonly capacity: number;

  constructor(cells: Int32Array, offset: number, capacity: number) {
    this.cells = cells;
    this.offset = offset;
    this.capacity = capacity;
  }

  static size(capacity: number): number {
    return 1 + ROW * capacity;
  }

  get count(): number {
    return this.cells[this.offset]!;
  }

  provider(row: number): number {
    return this.cells[this.offset + 1 + ROW * row]!;
  }

  resourceClass(row: number): number {
    return this.cells[this.offset + 2 + ROW * row]!;
  }

  amount(row: number): number {
    return this.cells[this.offset + 3 + ROW * row]!;
  }

  clear(): void {
    const { cells, offset } = this;
    const end = offset + 1 + ROW * cells[offset]!;
    for (let k = offset; k < end; k++) cells[k] = 0;
  }

  /** Adds a row in its place; an equal (provider, class) has its amount raised. */
  add(provider: number, resourceClass: number, amount: number): void {
    const { cells, offset } = this;
    const count = cells[offset]!;
    let row = 0;
    let at = offset + 1;
    while (row < count) {
      const p = cells[at]!;
      if (p > provider || (p === provider && cells[at + 1]! >= resourceClass)) break;
      row++;
      at += ROW;
    }
    if (row < count && cells[at] === provider && cells[at + 1] === resourceClass) {
      cells[at + 2]! += amount;
      return;
    }
    assert(count < this.capacity, 'the table of allocations is full');
    cells.copyWithin(at + ROW, at, offset + 1 + ROW * count);
    cells[at] = provider;
    cells[at + 1] = resourceClass;
    cells[at + 2] = amount;
    cells[offset] = count + 1;
  }

  assign(rows: Rows): void {
    this.clear();
    for (let k = 0; k < rows.length; k += ROW) this.add(rows[k]!, rows[k + 1]!, rows[k + 2]!);
  }

  copy(from: Holdings): void {
    this.clear();
    const end = 1 + ROW * from.count;
    for (let k = 0; k < end; k++) this.cells[this.offset + k] = from.cells[from.offset + k]!;
  }

  rows(): Rows {
    const count = this.count;
    if (count === 0) return NO_ROWS;
    const start = this.offset + 1;
    const rows: number[] = [];
    for (let k = start; k < start + ROW * count; k++) rows.push(this.cells[k]!);
    return rows;
  }

  holdsOn(provider: number): boolean {
    for (let row = 0; row < this.count; row++) if (this.provider(row) === provider) return true;
    return false;
  }
}
