/** Scenarios as a campaign makes them up. */
import {
  Campaign,
  type CampaignConfig,
  CONTRACTS,
  deriveSeed,
  GROUP,
  HEADER,
  MOST_OPERATIONS,
  NOTHING_KNOWN,
  Player,
  wordStream,
} from 'claimcheck';
import type { Scenario } from '../src/scenario/scenario.ts';

/** So many of each block's beginning: clouds change with the block. */
const OF_BLOCK = 10;

export function* generatedScenarios(config: CampaignConfig, count: number): Generator<Scenario> {
  const campaign = new Campaign(config, NOTHING_KNOWN);
  const stream = wordStream(HEADER, GROUP, MOST_OPERATIONS);
  for (let block = 0, left = count; left > 0; block++, left -= OF_BLOCK) {
    const player = new Player(campaign.code, CONTRACTS.strict, config.faults, campaign.situations(block), {
      sabotage: config.sabotage === true,
    });
    const made: Scenario[] = [];
    stream.forEach(deriveSeed(config.seed, config.protocol, block), Math.min(OF_BLOCK, left), (words) => {
      player.play(words);
      made.push(player.scenario());
    });
    yield* made;
  }
}
