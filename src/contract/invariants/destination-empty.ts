import { NONE } from '../../state/table.ts';
import { failed, holdingMigration, instanceHoldings, lastMoveOf, restsOnItsHost, within } from '../facts.ts';
import type { Invariant } from '../invariant.ts';

export const destinationEmpty: Invariant = {
  id: 'destination-empty',
  code: 'DEST0',
  when: 'settled',
  law: 'After a failed or reverted move no migration of the instance holds anything, and the instance holds nothing that it did not hold before.',
  broken({ observation, instance, pointOfNoReturn }) {
    const move = lastMoveOf(observation, instance);
    const row = observation.instances[instance]!;
    if (move === undefined || row.exists !== 1) return null;
    const reverted = move.committed === 1 && move.decision === 2 && row.host === move.source;
    if (!failed(move) && !reverted) return null;
    if (failed(move) && pointOfNoReturn && move.flipped === 1) {
      return restsOnItsHost(observation, instance) ? null : 'the server does not hold exactly its flavor where it is';
    }
    if (holdingMigration(observation, instance) !== NONE) return 'a migration of the server still holds a claim';
    if (!within(instanceHoldings(observation, instance), move.before)) {
      return 'the server holds what it did not hold before the move';
    }
    return null;
  },
};
