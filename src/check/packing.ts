/**
 * A world as few bytes: where its cells differ from the world that the search began with, as pairs of a distance and a
 * value. Nothing here knows a field: a field added to a record is packed with the rest.
 */

export class Packer {
  readonly bytes = new Uint8Array(1 << 16);
  length = 0;

  begin(): void {
    this.length = 0;
  }

  /** A number of any sign: small ones are one byte. */
  number(value: number): void {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    if (rest <= 0x7f) {
      this.bytes[this.length++] = rest;
      return;
    }
    while (rest > 0x7f) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  /** @param free from there to `used` all are as in the template */
  cells(cells: Int32Array, template: Int32Array, free: number, used: number): void {
    const last = this.stretch(cells, template, -1, 0, free);
    this.stretch(cells, template, last, used, cells.length);
  }

  private stretch(cells: Int32Array, template: Int32Array, before: number, from: number, to: number): number {
    let last = before;
    let k = from;
    while (k < to) {
      // most of a world is as it was
      while (k + 8 <= to && isSame8(cells, template, k)) k += 8;
      const end = Math.min(k + 8, to);
      for (; k < end; k++) {
        const value = cells[k]!;
        if (value === template[k]) continue;
        this.number(k - last);
        this.number(value);
        last = k;
      }
    }
    return last;
  }
}

const isSame8 = (a: Int32Array, b: Int32Array, k: number): boolean =>
  ((a[k]! ^ b[k]!) |
    (a[k + 1]! ^ b[k + 1]!) |
    (a[k + 2]! ^ b[k + 2]!) |
    (a[k + 3]! ^ b[k + 3]!) |
    (a[k + 4]! ^ b[k + 4]!) |
    (a[k + 5]! ^ b[k + 5]!) |
    (a[k + 6]! ^ b[k + 6]!) |
    (a[k + 7]! ^ b[k + 7]!)) ===
  0;

export class Unpacker {
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;

  begin(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.at = 0;
  }

  number(): number {
    let value = 0;
    let shift = 0;
    for (;;) {
      const byte = this.bytes[this.at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
      shift += 7;
    }
    return (value >>> 1) ^ -(value & 1);
  }

  cells(cells: Int32Array, template: Int32Array): void {
    cells.set(template);
    for (let k = -1; this.at < this.bytes.length; ) {
      k += this.number();
      cells[k] = this.number();
    }
  }
}
