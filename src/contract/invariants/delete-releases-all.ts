import { NONE } from '../../state/table.ts';
import { holdingMigration, instanceHoldings } from '../facts.ts';
import type { Invariant } from '../invariant.ts';

export const deleteReleasesAll: Invariant = {
  id: 'delete-releases-all',
  code: 'DEL',
  when: 'settled',
  law: 'A deleted instance leaves no claim of its own and none of any of its migrations.',
  broken({ observation, instance }) {
    if (observation.instances[instance]!.exists !== 2) return null;
    if (instanceHoldings(observation, instance).count > 0) return 'the deleted server holds a claim';
    return holdingMigration(observation, instance) === NONE ? null : 'a migration of the deleted server holds a claim';
  },
};
