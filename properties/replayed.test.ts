/** What a campaign plays from its choice words is what the scenario it writes down says: a replay breaks the same laws. */
import { CONTRACTS, compile, judgeScenario, PROTOCOLS } from 'claimcheck';
import { expect, test } from 'vitest';
import { Player } from '../src/campaign/player.ts';
import { deriveSeed, sample, wordStream } from '../src/generate/adapter.ts';
import { madeUp } from '../src/generate/clouds.ts';
import { GROUP, HEADER, MOST_OPERATIONS } from '../src/generate/decode.ts';
import { movesServed } from '../src/generate/move-families.ts';

const BLOCKS = 6;
const SCENARIOS = 500;

test.each(['nova', 'rollback'] as const)('with every family of moves that %s serves', (protocol) => {
  const code = compile(PROTOCOLS[protocol]);
  const stream = wordStream(HEADER, GROUP, MOST_OPERATIONS);
  const otherwise: string[] = [];
  for (let block = 0; block < BLOCKS; block++) {
    const situations = sample(madeUp(16, undefined, true), deriveSeed('replayed', block, 'clouds'), 16);
    const player = new Player(code, CONTRACTS.strict, 2, situations, { moves: movesServed(code) });
    stream.forEach(deriveSeed('replayed', block), SCENARIOS, (words) => {
      player.play(words);
      const played = player.trial.violations.map(({ signature }) => signature);
      const scenario = player.scenario();
      const replayed = judgeScenario(code, CONTRACTS.strict, scenario).map(({ signature }) => signature);
      if (played.join() !== replayed.join()) otherwise.push([...played, 'but', ...replayed].join('\n'));
    });
  }
  expect(otherwise).toEqual([]);
});
