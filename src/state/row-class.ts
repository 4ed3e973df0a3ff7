/** The class of a table's records. Its getters are generated as source: they cost no more than a field. */
export type RowClass = new (cells: Int32Array, offset: number) => object;

export function rowClass(name: string, fields: readonly string[]): RowClass {
  const accessors = fields
    .map(
      (field, k) =>
        `get ${field}() { return this.cells[this.offset + ${k}]; } set ${field}(v) { this.cells[this.offset + ${k}] = v; }`,
    )
    .join('\n');
  const source = `return class ${name} {
    constructor(cells, offset) { this.cells = cells; this.offset = offset; }
    ${accessors}
  }`;
  return new Function(source)() as RowClass;
}
