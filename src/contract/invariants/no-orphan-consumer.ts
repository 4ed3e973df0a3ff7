import { NONE } from '../../state/table.ts';
import { holdingMigration, isOpen, lastMoveOf } from '../facts.ts';
import type { Invariant } from '../invariant.ts';

export const noOrphanConsumer: Invariant = {
  id: 'no-orphan-consumer',
  code: 'ORPHAN',
  when: 'settled',
  law: 'Whoever holds a claim is an instance that exists, or the migration of an open move of one.',
  broken({ observation, instance }) {
    const open = isOpen(observation, instance) ? lastMoveOf(observation, instance)!.migration : NONE;
    const orphan = holdingMigration(observation, instance, open);
    if (orphan !== NONE) return 'a migration whose move is over holds a claim';
    const gone = observation.instances[instance]!.exists === 2;
    return gone && observation.placement.consumers[instance]!.allocations.count > 0
      ? 'a deleted server holds a claim'
      : null;
  },
};
