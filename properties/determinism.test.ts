/** One scenario in twenty of a campaign, run twice more by others: nothing differs. */
import {
  CONTRACTS,
  compile,
  deriveSeed,
  GROUP,
  HEADER,
  MOST_OPERATIONS,
  madeUp,
  Player,
  PROTOCOLS,
  sample,
  wordStream,
} from 'claimcheck';
import { expect, test } from 'vitest';
import { fingerprint } from '../src/engine/settle.ts';
import { picture } from '../src/observation/picture.ts';

const RUNS = 2000;
const ONE_IN = 20;
const SERVERS = ['s1', 's2', 's3', 's4', 's5', 's6', 's7', 's8'];

/** All that can be seen of a scenario that was just played. */
function seen({ run, trial, operations }: Player): unknown {
  const { world } = run;
  return {
    operations: operations.map(({ operation }) => operation),
    outcomes: operations.map((_, k) => world.operations[k]!.outcome),
    violations: trial.violations.map(({ signature, details, operation }) => ({ signature, details, operation })),
    fingerprint: fingerprint(world),
    picture: picture(world, SERVERS.slice(0, world.shape.instances)),
  };
}

test.each(['nova', 'rollback'] as const)('%s', (protocol) => {
  const situations = sample(madeUp(null), deriveSeed('determinism', protocol, 'clouds'), 16);
  const player = (): Player => new Player(compile(PROTOCOLS[protocol]), CONTRACTS.strict, 3, situations);
  const [campaign, again, others] = [player(), player(), player()];
  let compared = 0;
  wordStream(HEADER, GROUP, MOST_OPERATIONS).forEach(deriveSeed('determinism', protocol), RUNS, (words, run) => {
    campaign.play(words);
    // what this one played before is not what the first played before
    if (run % 3 === 0) others.play(words.slice());
    if (run % ONE_IN !== 0) return;
    const first = seen(campaign);
    for (const one of [again, others]) {
      one.play(words);
      expect(seen(one)).toEqual(first);
    }
    compared++;
  });
  expect(compared).toBe(RUNS / ONE_IN);
});
