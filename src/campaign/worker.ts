/** What a worker process does (processes.ts): one job at a time. It ends when whoever started it is gone. */
import { readFileSync } from 'node:fs';
import { deserialize } from 'node:v8';
import workerpool from 'workerpool';
import type { BlockResult, Minimised, Place, Slice } from './block.ts';
import { runnerOf, type WorkerStart } from './hands.ts';

// Ctrl-C goes to the whole group of a terminal: who started this one says when it is done
process.on('SIGINT', () => {});

const runner = runnerOf(deserialize(readFileSync(process.argv[2]!)) as WorkerStart);

workerpool.worker({
  run: (slice: Slice): BlockResult => runner.run(slice),
  minimise: (place: Place): Minimised => runner.minimise(place),
});
