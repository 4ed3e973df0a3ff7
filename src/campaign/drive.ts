/** A campaign from its first block to its last, whoever runs them. */
import { BLOCK_SIZE, type BlockResult, type Slice } from './block.ts';
import type { Campaign, CountedFinding } from './campaign.ts';
import type { Hands } from './hands.ts';

export interface Course {
  /** what is still to be run, in the order of the blocks */
  readonly slices: Iterable<Slice>;
  /** whether another may be begun */
  more(): boolean;
  /** after each block that was added, with what it found that nobody had found before */
  added(fresh: readonly CountedFinding[], slice: Slice): void;
}

/** Blocks that wait beside those that are being run, so that nobody stands idle. */
const AHEAD = 1;

export async function drive(campaign: Campaign, hands: Hands, { slices, more, added }: Course): Promise<void> {
  const waiting = slices[Symbol.iterator]();
  const begun: { slice: Slice; result: Promise<BlockResult> }[] = [];
  const begin = (): void => {
    while (begun.length < hands.width + AHEAD && more()) {
      const next = waiting.next();
      if (next.done === true) return;
      const result = hands.run(next.value);
      // told when it is its turn
      result.catch(() => {});
      begun.push({ slice: next.value, result });
    }
  };
  begin();
  for (let next = begun.shift(); next !== undefined; next = begun.shift()) {
    const result = await next.result;
    begin();
    const minimised = await Promise.all(campaign.open(result).map((place) => hands.minimise(place)));
    added(campaign.add(result, minimised), next.slice);
    begin();
  }
}

export interface Shard {
  /** from 1 */
  readonly index: number;
  readonly of: number;
}

export const WHOLE: Shard = { index: 1, of: 1 };

/**
 * The slices of so many scenarios, or without end; of a shard those of its blocks. `atOnce` scenarios go into a slice where a block
 * takes too long to be one.
 */
export function* slicesOf(
  runs: number,
  { from = 0, atOnce = BLOCK_SIZE, shard = WHOLE }: { from?: number; atOnce?: number; shard?: Shard } = {},
): Generator<Slice> {
  for (let block = from; block * BLOCK_SIZE < runs; block++) {
    if (block % shard.of !== shard.index - 1) continue;
    const most = Math.min(BLOCK_SIZE, runs - block * BLOCK_SIZE);
    for (let at = 0; at < most; at += atOnce) yield { block, from: at, to: Math.min(at + atOnce, most) };
  }
}
