/** Who runs blocks and minimises what they showed. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Known, NOTHING_KNOWN } from '../contract/known/known.ts';
import type { PlacementService } from '../engine/run.ts';
import { type BlockResult, BlockRunner, type Minimised, type Place, type Slice } from './block.ts';
import type { CampaignConfig } from './config.ts';

export interface Hands {
  /** how many jobs they can be at, at once */
  readonly width: number;
  run(slice: Slice): Promise<BlockResult>;
  minimise(place: Place): Promise<Minimised>;
  close(): Promise<void>;
}

/** Who ran the blocks is gone: one sentence, for the user. What they brought until then stands. */
export class HandsGone extends Error {
  override readonly name = 'HandsGone';
}

/** This process, which looks up between two jobs. */
export function ownHands(config: CampaignConfig, known: Known, placement: PlacementService | null = null): Hands {
  const runner = new BlockRunner(config, known, placement);
  return {
    width: 1,
    async run(slice) {
      await nextTurn();
      return runner.run(slice);
    },
    async minimise(place) {
      await nextTurn();
      return runner.minimise(place);
    },
    async close() {},
  };
}

/** What a worker is told when it starts; a list that is none stays none on the way. */
export interface WorkerStart {
  readonly config: CampaignConfig;
  readonly known: Known | null;
}

export const startOf = (config: CampaignConfig, known: Known): WorkerStart => ({
  config,
  known: known === NOTHING_KNOWN ? null : known,
});

export const runnerOf = ({ config, known }: WorkerStart): BlockRunner =>
  new BlockRunner(config, known ?? NOTHING_KNOWN);
