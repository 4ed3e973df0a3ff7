import { MOVE, STATUS } from '../../nova/states.ts';
import { NONE } from '../../state/table.ts';
import {
  goneHosts,
  heldBefore,
  holdingMigration,
  holdsBothSides,
  instanceHoldings,
  isOffloaded,
  isOpen,
  lastMoveOf,
  restsOnItsHost,
  sameHoldings,
} from '../facts.ts';
import type { Invariant } from '../invariant.ts';

export const atomicDecision: Invariant = {
  id: 'atomic-decision',
  code: 'DECISION',
  when: 'settled',
  law: 'A confirm or revert is complete or can be asked for again with both claims and the guest in place; until it is decided a committed move keeps both claims and takes both requests.',
  broken({ observation, instance }) {
    const move = lastMoveOf(observation, instance);
    const row = observation.instances[instance]!;
    if (move === undefined || move.kind !== MOVE.RESIZE || row.exists !== 1 || move.committed === 0) return null;
    if (isOpen(observation, instance)) {
      const destination = observation.migrations[move.migration]!.destination;
      const gone = goneHosts(observation);
      const guest =
        ((row.guests | gone) & (1 << destination)) !== 0 && ((row.backups | gone) & (1 << move.source)) !== 0;
      if (!guest) return 'the move is open, but a side has lost its guest or disks';
      return holdsBothSides(observation, instance, move) ? null : 'the move is open without both its claims';
    }
    const status = observation.migrations[move.migration]!.status;
    switch (move.decision) {
      case 1:
        return status === STATUS.CONFIRMED && restsOnItsHost(observation, instance) ? null : 'the confirm is half done';
      case 2: {
        const held = instanceHoldings(observation, instance);
        const back = isOffloaded(observation, instance)
          ? held.count === 0
          : row.host === move.source && sameHoldings(held, heldBefore(observation, move));
        const done = back && status === STATUS.REVERTED && holdingMigration(observation, instance) === NONE;
        return done ? null : 'the revert is half done';
      }
      default:
        return 'the move takes neither confirm nor revert, and nobody decided it';
    }
  },
};
