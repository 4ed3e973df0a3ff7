import { NONE } from './table.ts';

/** A set of small ids, as bits of a few cells. */
export class IdSet {
  readonly cells: Int32Array;
  readonly offset: number;
  readonly size: number;

  /** @param ids as many as there can be: 0 to ids - 1 */
  constructor(cells: Int32Array, offset: number, ids: number) {
    this.cells = cells;
    this.offset = offset;
    this.size = IdSet.size(ids);
  }

  static size(ids: number): number {
    return (ids + 31) >> 5;
  }

  has(id: number): boolean {
    return (this.cells[this.offset + (id >> 5)]! & (1 << (id & 31))) !== 0;
  }

  add(id: number): void {
    this.cells[this.offset + (id >> 5)]! |= 1 << (id & 31);
  }

  clear(): void {
    for (let k = 0; k < this.size; k++) this.cells[this.offset + k] = 0;
  }

  /** The lowest id, taken out, or NONE. */
  take(): number {
    for (let k = 0; k < this.size; k++) {
      const bits = this.cells[this.offset + k]!;
      if (bits === 0) continue;
      const bit = 31 - Math.clz32(bits & -bits);
      this.cells[this.offset + k] = bits & ~(1 << bit);
      return 32 * k + bit;
    }
    return NONE;
  }
}
