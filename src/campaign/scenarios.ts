/** A campaign's scenarios in full, for targets that take seconds for one: so many of the beginning of each block. */
import { NOTHING_KNOWN } from '../contract/known/known.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { BlockRunner } from './block.ts';
import type { CampaignConfig } from './config.ts';

/** Clouds change with the block. */
export const PLAYED_OF_BLOCK = 10;

export function* campaignScenarios(config: CampaignConfig): Generator<Scenario> {
  const runner = new BlockRunner(config, NOTHING_KNOWN);
  for (let block = 0; ; block++) yield* runner.scenarios(block, PLAYED_OF_BLOCK);
}
