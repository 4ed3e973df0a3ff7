/** Child processes as hands: a pool of workers, each with the engine compiled once. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import workerpool from 'workerpool';
import type { Known } from '../contract/known/known.ts';
import { ROOT } from '../root.ts';
import type { BlockResult, Minimised } from './block.ts';
import type { CampaignConfig } from './config.ts';
import { type Hands, startOf } from './hands.ts';

/** Far above what a block takes; a worker that wants more is ended, and its block tried once more. */
const MEMORY_MB = 2048;

/**
 * Processes and no threads: a thread that runs out of memory ends the whole process from Node 24 on, and one that has an isolate
 * of its own inside another's process costs more CPU for the same work.
 */
export function processHands(
  config: CampaignConfig,
  known: Known,
  workers: number,
  { memoryMb = MEMORY_MB, file = join(ROOT, 'dist', 'worker.mjs') }: { memoryMb?: number; file?: string } = {},
): Hands {
  // a cloud of thousands of hosts is more than an argument or a variable may hold
  const folder = mkdtempSync(join(tmpdir(), 'claimcheck-start-'));
  const start = join(folder, 'start');
  writeFileSync(start, serialize(startOf(config, known)));
  const forget = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', forget);
  const pool = workerpool.pool(file, {
    workerType: 'process',
    maxWorkers: workers,
    forkArgs: [start],
    forkOpts: {
      execArgv: [`--max-old-space-size=${memoryMb}`],
      serialization: 'advanced',
    },
    // what Node says of a worker that ran out of memory helps nobody: the block is tried once more
    emitStdStreams: true,
  });
  const twice = async <T>(name: string, job: unknown): Promise<T> => {
    try {
      return (await pool.exec(name, [job])) as T;
    } catch {
      return (await pool.exec(name, [job])) as T;
    }
  };
  return {
    width: workers,
    run: (slice) => twice<BlockResult>('run', slice),
    minimise: (place) => twice<Minimised>('minimise', place),
    async close() {
      await pool.terminate(true);
      process.off('exit', forget);
      forget();
    },
  };
}
