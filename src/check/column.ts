/** A list of numbers that grows: four bytes each. */
export class Column {
  length = 0;
  private cells = new Int32Array(1 << 10);

  push(value: number): void {
    if (this.length === this.cells.length) {
      const wider = new Int32Array(2 * this.cells.length);
      wider.set(this.cells);
      this.cells = wider;
    }
    this.cells[this.length++] = value;
  }

  at(index: number): number {
    return this.cells[index]!;
  }
}
