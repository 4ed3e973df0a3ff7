/** Runs a search in slices, so that it can be stopped and tell how far it is. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Stopped } from './result.ts';
import type { Figures, Search } from './search.ts';

const SLICE_MS = 200;

export interface Bounds {
  readonly seconds: number | null;
  /** bytes of the process */
  readonly memory: number | null;
}

export async function carryOut(
  search: Search,
  { seconds, memory }: Bounds,
  asked: () => boolean,
  tell: (figures: Figures, elapsed: number) => void,
): Promise<{ readonly stopped: Stopped | null; readonly seconds: number }> {
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1000;
  for (;;) {
    const until = performance.now() + SLICE_MS;
    if (search.go(() => performance.now() > until)) return { stopped: null, seconds: elapsed() };
    await nextTurn();
    tell(search.figures(), elapsed());
    if (asked()) return { stopped: 'interrupted', seconds: elapsed() };
    if (seconds !== null && elapsed() >= seconds) return { stopped: 'time', seconds: elapsed() };
    if (memory !== null && process.memoryUsage.rss() >= memory) return { stopped: 'memory', seconds: elapsed() };
  }
}
