/** Child processes as hands: a pool of workers, each with the engine compiled once. */
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import workerpool from 'workerpool';
import type { Known } from '../contract/known/known.ts';
import { ROOT } from '../root.ts';
import type { BlockResult, Minimised } from './block.ts';
import type { CampaignConfig } from './config.ts';
import { type Hands, HandsGone, startOf } from './hands.ts';

/** Far above what a block takes; a worker that wants more is ended, and its block tried once more. */
const MEMORY_MB = 2048;

/** A worker that was told to end and is in the middle of a block is killed after as long; nobody waits longer than twice that. */
const END_MS = 1000;

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
  const start = serialize(startOf(config, known));
  const written: string[] = [];
  const forget = (): void => {
    for (const path of written.splice(0)) rmSync(path, { force: true });
  };
  process.once('exit', forget);
  const pool = workerpool.pool(file, {
    workerType: 'process',
    maxWorkers: workers,
    workerTerminateTimeout: END_MS,
    forkOpts: {
      execArgv: [`--max-old-space-size=${memoryMb}`],
      serialization: 'advanced',
    },
    // what Node says of a worker that ran out of memory helps nobody: the block is tried once more
    emitStdStreams: true,
    // a cloud of thousands of hosts is more than an argument or a variable may hold; each worker takes its file away itself, so
    // that nothing stays behind when this process is killed
    onCreateWorker: (options) => {
      const path = join(tmpdir(), `claimcheck-start-${randomUUID()}`);
      written.push(path);
      writeFileSync(path, start, { mode: 0o600, flag: 'wx' });
      return { ...options, forkArgs: [path] };
    },
  });
  /** A job is a function of what it is told: only one that did not get to its end is tried again. */
  const twice = async <T>(name: string, job: unknown): Promise<T> => {
    for (let died = 0; ; ) {
      try {
        return (await pool.exec(name, [job])) as T;
      } catch (error) {
        if (!(error instanceof workerpool.TerminateError)) throw error;
        // it was dead before it could be given anything, and is out of the pool now
        if (error.message === 'Worker is terminated') continue;
        if (++died < 2) continue;
        // the pool looks into its queue when a job is asked for or is done, not when a worker has died
        pool.exec('methods').then(
          () => {},
          () => {},
        );
        throw new HandsGone(`a worker process died twice of the same work: ${name} ${JSON.stringify(job)}`);
      }
    }
  };
  return {
    width: workers,
    run: (slice) => twice<BlockResult>('run', slice),
    minimise: (place) => twice<Minimised>('minimise', place),
    async close() {
      // the pool waits for ever for the end of a worker that died while it had nothing to do
      await pool.terminate(true, 2 * END_MS).then(
        () => {},
        () => {},
      );
      process.off('exit', forget);
      forget();
    },
  };
}
