import { NONE } from '../../state/table.ts';
import { heldBefore, holdingMigration, instanceHoldings, notAtHome, undoneMove, within } from '../facts.ts';
import type { Invariant } from '../invariant.ts';

export const destinationEmpty: Invariant = {
  id: 'destination-empty',
  code: 'DEST0',
  when: 'settled',
  law: 'After a failed or reverted move no migration of the instance holds anything, and the instance holds nothing that it did not hold before.',
  broken(judged) {
    const undone = undoneMove(judged);
    if (undone === undefined) return null;
    const { observation, instance } = judged;
    if (undone.stayed) return notAtHome(observation, instance);
    if (holdingMigration(observation, instance) !== NONE) return 'a migration of the server still holds a claim';
    if (!within(instanceHoldings(observation, instance), heldBefore(observation, undone.move))) {
      return 'the server holds what it did not hold before the move';
    }
    return null;
  },
};
