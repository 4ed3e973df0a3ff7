/** A set of packed states, whole and exact, each with a number: open addressing over bytes that stand one behind the other. */

/** Bytes of one stretch; a state never lies across two. */
const STRETCH = 1 << 24;

export class StateSet {
  /** how many there are: their numbers are those below it */
  size = 0;
  private slots: Int32Array;
  private hashes: Int32Array;
  /** where each begins: its stretch times STRETCH, and its place there */
  private starts: Float64Array;
  private lengths: Uint16Array;
  private readonly stretches: Uint8Array[] = [];
  private stretch = 0;
  private end = 0;

  constructor(room = 1 << 10) {
    this.slots = new Int32Array(2 * room);
    this.hashes = new Int32Array(room);
    this.starts = new Float64Array(room);
    this.lengths = new Uint16Array(room);
  }

  /** what the states are long together */
  get packed(): number {
    return this.stretch * STRETCH + this.end;
  }

  /** Forgets all of them, and keeps the room. */
  clear(): void {
    // one that was large once would be slow to empty ever after
    if (this.slots.length > 1 << 14 && this.size * 16 < this.slots.length) this.slots = new Int32Array(1 << 12);
    else if (this.size > 0) this.slots.fill(0);
    this.size = 0;
    this.stretch = 0;
    this.end = 0;
  }

  /** Adds the first `length` bytes. Returns the number of the new state, or -1 where it was there. */
  add(bytes: Uint8Array, length: number): number {
    const hash = hashOf(bytes, length);
    const mask = this.slots.length - 1;
    let at = hash & mask;
    for (let slot = this.slots[at]!; slot !== 0; slot = this.slots[at]!) {
      const other = slot - 1;
      if (this.hashes[other] === hash && this.isThere(other, bytes, length)) return -1;
      at = (at + 1) & mask;
    }
    const id = this.size++;
    this.slots[at] = id + 1;
    if (id >= this.hashes.length) this.widen();
    this.hashes[id] = hash;
    this.keep(id, bytes, length);
    if (2 * this.size > this.slots.length) this.rehash();
    return id;
  }

  /** The bytes of a state: a view that nobody may write to. */
  get(id: number): Uint8Array {
    const start = this.starts[id]!;
    const place = start % STRETCH;
    return this.stretches[(start - place) / STRETCH]!.subarray(place, place + this.lengths[id]!);
  }

  private isThere(id: number, bytes: Uint8Array, length: number): boolean {
    if (this.lengths[id] !== length) return false;
    const start = this.starts[id]!;
    const place = start % STRETCH;
    const stretch = this.stretches[(start - place) / STRETCH]!;
    for (let k = 0; k < length; k++) if (stretch[place + k] !== bytes[k]) return false;
    return true;
  }

  private keep(id: number, bytes: Uint8Array, length: number): void {
    if (this.end + length > STRETCH) {
      this.stretch++;
      this.end = 0;
    }
    if (this.stretch === this.stretches.length) this.stretches.push(new Uint8Array(STRETCH));
    const stretch = this.stretches[this.stretch]!;
    for (let k = 0; k < length; k++) stretch[this.end + k] = bytes[k]!;
    this.starts[id] = this.stretch * STRETCH + this.end;
    this.lengths[id] = length;
    this.end += length;
  }

  private widen(): void {
    const room = 2 * this.hashes.length;
    const hashes = new Int32Array(room);
    hashes.set(this.hashes);
    this.hashes = hashes;
    const starts = new Float64Array(room);
    starts.set(this.starts);
    this.starts = starts;
    const lengths = new Uint16Array(room);
    lengths.set(this.lengths);
    this.lengths = lengths;
  }

  private rehash(): void {
    const slots = new Int32Array(2 * this.slots.length);
    const mask = slots.length - 1;
    for (let id = 0; id < this.size; id++) {
      let at = this.hashes[id]! & mask;
      while (slots[at] !== 0) at = (at + 1) & mask;
      slots[at] = id + 1;
    }
    this.slots = slots;
  }
}

function hashOf(bytes: Uint8Array, length: number): number {
  let hash = 0x811c9dc5;
  for (let k = 0; k < length; k++) hash = Math.imul(hash ^ bytes[k]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
