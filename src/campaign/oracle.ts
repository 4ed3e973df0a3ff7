/** Whether what is known to be wrong is still seen: a bug of the past, brought back, within so many scenarios. */
import { CONTRACTS } from '../contract/contracts.ts';
import { compile } from '../engine/compile.ts';
import { deriveSeed, sample, wordStream } from '../generate/adapter.ts';
import { madeUp } from '../generate/clouds.ts';
import { GROUP, HEADER, MOST_OPERATIONS } from '../generate/decode.ts';
import type { Defect } from '../nova/defects/defect.ts';
import { PROTOCOLS } from '../nova/protocols.ts';
import { judgeScenario } from './judge.ts';
import { Player } from './player.ts';

const SITUATIONS = 16;

export interface Sight {
  readonly scenarios: number;
  readonly signature: string;
}

/**
 * Plays scenarios of a seed on the protocol with the defect until one breaks a law that the defect is to be caught by, and does not
 * break it so without the defect.
 */
export function sightOf(defect: Defect, seed: string, budget: number): Sight | null {
  const protocol = PROTOCOLS[defect.protocol ?? 'nova'];
  const plain = compile(protocol);
  const situations = sample(madeUp(null), deriveSeed(seed, defect.id, 'clouds'), SITUATIONS);
  const player = new Player(compile(protocol, [defect]), CONTRACTS.strict, 1, situations);
  let scenarios = 0;
  let signature: string | null = null;
  const found = new Error('found');
  try {
    wordStream(HEADER, GROUP, MOST_OPERATIONS).forEach(deriveSeed(seed, defect.id), budget, (words) => {
      scenarios++;
      player.play(words);
      const caught = player.trial.violations.filter(({ invariants }) =>
        invariants.some((id) => defect.catches.includes(id)),
      );
      if (caught.length === 0) return;
      const without = new Set(judgeScenario(plain, CONTRACTS.strict, player.scenario()).map((one) => one.signature));
      signature = caught.find((one) => !without.has(one.signature))?.signature ?? null;
      if (signature !== null) throw found;
    });
  } catch (error) {
    if (error !== found) throw error;
  }
  return signature === null ? null : { scenarios, signature };
}
