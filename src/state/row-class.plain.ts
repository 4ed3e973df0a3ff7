/**
 * The same without generating source, for the page of a report, whose policy forbids it: slower, and there a scenario is
 * played once. The build puts it in the place of row-class.ts.
 */
import type { RowClass } from './row-class.ts';

export function rowClass(name: string, fields: readonly string[]): RowClass {
  class Row {
    readonly cells: Int32Array;
    readonly offset: number;

    constructor(cells: Int32Array, offset: number) {
      this.cells = cells;
      this.offset = offset;
    }
  }
  Object.defineProperty(Row, 'name', { value: name });
  for (const [k, field] of fields.entries()) {
    Object.defineProperty(Row.prototype, field, {
      get(this: Row): number {
        return this.cells[this.offset + k]!;
      },
      set(this: Row, value: number) {
        this.cells[this.offset + k] = value;
      },
      configurable: true,
    });
  }
  return Row;
}
