/** Threads of this process as hands: a pool of workers, each with the engine compiled once. */
import { join } from 'node:path';
import { Piscina } from 'piscina';
import type { Known } from '../contract/known/known.ts';
import { ROOT } from '../root.ts';
import type { BlockResult, Minimised } from './block.ts';
import type { CampaignConfig } from './config.ts';
import { type Hands, startOf } from './hands.ts';

/** Far above what a block takes; a worker that wants more is ended, and its block tried once more. */
const MEMORY_MB = 2048;

/** Threads that cannot even start would be replaced for ever. */
const MOST_ENDED = 20;

export function threadHands(
  config: CampaignConfig,
  known: Known,
  workers: number,
  { memoryMb = MEMORY_MB, file = join(ROOT, 'dist', 'worker.mjs') }: { memoryMb?: number; file?: string } = {},
): Hands {
  const pool = new Piscina({
    filename: file,
    minThreads: workers,
    maxThreads: workers,
    workerData: startOf(config, known),
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  // a thread that is ended between two jobs is replaced; one that is ended at a job fails that job
  let ended = 0;
  pool.on('error', () => {
    if (++ended === MOST_ENDED) void pool.destroy();
  });
  const twice = async <T>(job: unknown, name: string): Promise<T> => {
    try {
      return (await pool.run(job, { name })) as T;
    } catch {
      return (await pool.run(job, { name })) as T;
    }
  };
  return {
    width: workers,
    run: (slice) => twice<BlockResult>(slice, 'run'),
    minimise: (place) => twice<Minimised>(place, 'minimise'),
    close: () => pool.destroy(),
  };
}
