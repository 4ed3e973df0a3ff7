/** Uuids made from names, so that a scenario shows the same ones every time. */

export type UuidKind = 'provider' | 'consumer' | 'project' | 'user';

/** Four FNV-1a lanes over the UTF-16 units, each mixed with the others at the end; shaped as a version 4 uuid. */
export function uuidFor(kind: UuidKind, name: string): string {
  const text = `${kind}/${name}`;
  const lanes = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35];
  for (let k = 0; k < text.length; k++) {
    const unit = text.charCodeAt(k);
    for (let lane = 0; lane < 4; lane++) lanes[lane] = Math.imul(lanes[lane]! ^ unit, 0x01000193 + 2 * lane);
  }
  let hex = '';
  let carry = 0;
  for (let lane = 0; lane < 4; lane++) {
    carry = mixed(lanes[lane]! ^ carry);
    hex += (carry >>> 0).toString(16).padStart(8, '0');
  }
  const variant = '89ab'[Number.parseInt(hex[16]!, 16) & 3]!;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** A bijection of 32 bits in which every bit of the input moves about half of the output. */
function mixed(word: number): number {
  let bits = word;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
