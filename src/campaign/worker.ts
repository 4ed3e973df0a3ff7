/** What a thread does (threads.ts): one job at a time. */
import { workerData } from 'piscina';
import type { BlockResult, Minimised, Place, Slice } from './block.ts';
import { runnerOf, type WorkerStart } from './hands.ts';

const runner = runnerOf(workerData as WorkerStart);

export const run = (slice: Slice): BlockResult => runner.run(slice);
export const minimise = (place: Place): Minimised => runner.minimise(place);
