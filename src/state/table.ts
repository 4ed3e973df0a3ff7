/**
 * Packed records: a world is one Int32Array, and a record is a view of a stretch of it.
 *
 * Handlers read and write plain properties (`instance.host = job.destination`); cloning a world is one `set()`, resetting
 * it one `fill(0)`. One class a table for the whole process, scalars at fixed offsets: classes made per world size turn
 * property access megamorphic (measured 5.8 times slower).
 */
import { rowClass } from './row-class.ts';

/** A reference to nothing: no host, no migration, no job. */
export const NONE = -1;

export interface Packed {
  readonly cells: Int32Array;
  readonly offset: number;
}

export interface TableClass<R> {
  readonly fields: readonly (keyof R & string)[];
  /** cells of the scalars; what a table has beside them (holdings) comes after */
  readonly size: number;
  new (cells: Int32Array, offset: number): R & Packed;
}

/** `fields` must be all keys of R: a key left out is a compile error at the call. */
export function table<R extends Record<keyof R, number>>(
  name: string,
  fields: readonly (keyof R & string)[],
): TableClass<R> {
  const made = rowClass(name, fields) as TableClass<R>;
  return Object.assign(made, { fields, size: fields.length });
}

/** Raised when the model itself is wrong or too small: never an outcome of a scenario. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new ModelError(message);
}
