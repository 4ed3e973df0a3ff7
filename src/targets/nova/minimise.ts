/** The smallest scenario in which Nova and the model still differ in the same thing: each try costs a play of Nova's. */
import type { Scenario } from '../../scenario/scenario.ts';
import { without } from '../../scenario/without.ts';
import type { Target } from '../target.ts';
import { compare, kindOf } from './conform.ts';
import type { Disagreement } from './conformance.ts';
import type { NovaPool } from './pool.ts';

export async function minimiseDisagreement(
  found: Disagreement,
  pool: NovaPool,
  model: Target,
  budget: number,
): Promise<Disagreement> {
  const kinds = new Set(found.differences.map(kindOf));
  let best = found;
  let left = budget;
  const tried = async (scenario: Scenario): Promise<boolean> => {
    if (left-- <= 0) return false;
    const play = await pool.play(scenario);
    if ('failed' in play) return false;
    const { differences } = compare(scenario, model.play(scenario), play);
    if (!differences.some((one) => kinds.has(kindOf(one)))) return false;
    best = { scenario, differences };
    return true;
  };
  for (let before = ''; before !== JSON.stringify(best.scenario) && left > 0; ) {
    before = JSON.stringify(best.scenario);
    for (let k = best.scenario.operations.length - 1; k >= 0; k--) {
      await tried(without(best.scenario, (_operation, other) => other === k));
    }
    for (const part of ['faults', 'holds'] as const) {
      for (let k = best.scenario[part].length - 1; k >= 0; k--) {
        await tried({ ...best.scenario, [part]: best.scenario[part].filter((_, other) => other !== k) });
      }
    }
    const { hosts } = best.scenario.cloud;
    if (hosts.length > 1)
      await tried({ ...best.scenario, cloud: { ...best.scenario.cloud, hosts: hosts.slice(0, -1) } });
  }
  return best;
}
