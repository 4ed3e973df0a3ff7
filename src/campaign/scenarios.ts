/** A campaign's scenarios in full, for targets that take seconds for one: so many of the beginning of each block. */
import { CONTRACTS } from '../contract/contracts.ts';
import { NOTHING_KNOWN } from '../contract/known/known.ts';
import { deriveSeed, wordStream } from '../generate/adapter.ts';
import { GROUP, HEADER, MOST_OPERATIONS } from '../generate/decode.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { Campaign, type CampaignConfig } from './campaign.ts';
import { Player } from './player.ts';

/** Clouds change with the block. */
export const PLAYED_OF_BLOCK = 10;

export function* campaignScenarios(config: CampaignConfig): Generator<Scenario> {
  const campaign = new Campaign(config, NOTHING_KNOWN);
  const stream = wordStream(HEADER, GROUP, MOST_OPERATIONS);
  for (let block = 0; ; block++) {
    const player = new Player(campaign.code, CONTRACTS[config.contract], config.faults, campaign.situations(block), {
      sabotage: config.sabotage === true,
    });
    const made: Scenario[] = [];
    stream.forEach(deriveSeed(config.seed, config.protocol, block), PLAYED_OF_BLOCK, (words) => {
      player.play(words);
      made.push(player.scenario());
    });
    yield* made;
  }
}
