/** The contract, judged on what Nova itself was seen to do: its settled end, and the moves on the way there. */
import type { Contract } from '../contract/contracts.ts';
import { endStateClass } from '../contract/signature.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { NovaPlay } from '../targets/nova/harness.ts';
import { observationOf, UnknownWord } from '../targets/nova/observation.ts';

/**
 * Laws that ask for nothing but what Nova's and Placement's databases and the hypervisors have at the end, and for what was
 * written of a move. The others (no-spurious-refusal, generation-honesty, idempotent-recovery, tracker-matches,
 * bystanders-unchanged, capacity of writes) are judged on the model alone.
 */
export const JUDGED_ON_NOVA: ReadonlySet<string> = new Set([
  'destination-empty',
  'source-unchanged',
  'source-zero',
  'host-agreement',
  'no-double-allocation',
  'no-orphan-consumer',
  'delete-releases-all',
  'no-stuck-migration',
  'atomic-decision',
  'guest-single-home',
  'capacity-respected',
]);

/** What one server's end breaks, law by law with what is wrong; empty: every law that is judged here holds. */
export interface JudgedServer {
  readonly server: string;
  readonly broken: ReadonlyMap<string, string>;
  readonly endState: string;
}

/** Or why it cannot be judged. */
export function judgeNova(
  contract: Contract,
  scenario: Scenario,
  play: NovaPlay,
): readonly JudgedServer[] | { readonly unjudged: string } {
  try {
    const observation = observationOf(scenario, play);
    return play.settled.instances.map(({ server }, instance) => {
      const { pointOfNoReturn } = contract;
      const judged = { observation, instance, settled: null, peaceful: false, pointOfNoReturn };
      const broken = new Map<string, string>();
      for (const invariant of contract.invariants) {
        if (!JUDGED_ON_NOVA.has(invariant.id)) continue;
        const detail = invariant.broken(judged);
        if (detail !== null) broken.set(invariant.id, detail);
      }
      return { server, broken, endState: endStateClass(observation, instance) };
    });
  } catch (error) {
    if (error instanceof UnknownWord) return { unjudged: error.message };
    throw error;
  }
}
