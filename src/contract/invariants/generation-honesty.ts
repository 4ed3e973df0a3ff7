import type { Invariant } from '../invariant.ts';

/**
 * An empty row at generation 0 is what a Placement that died between its two transactions leaves, and GET does not show
 * it: no write of anybody's was dishonest.
 */
export const generationHonesty: Invariant = {
  id: 'generation-honesty',
  code: 'GEN',
  when: 'settled',
  law: 'A consumer that was written has its row in Placement exactly while it holds claims: a refused write leaves no trace, a reported success is true.',
  broken({ observation, instance }) {
    const { consumers } = observation.placement;
    const wrong = (id: number): boolean => {
      const { exists, generation, allocations } = consumers[id]!;
      return exists === 1 ? allocations.count === 0 && generation > 0 : allocations.count > 0;
    };
    if (wrong(instance)) return 'the consumer row of the server and its claims disagree';
    for (let m = 0; m < observation.globals.migrations; m++) {
      if (observation.migrations[m]!.instance === instance && wrong(observation.shape.instances + m)) {
        return 'the consumer row of a migration and its claims disagree';
      }
    }
    return null;
  },
};
