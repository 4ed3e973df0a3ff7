import { MOVE } from '../../nova/states.ts';
import { NONE } from '../../state/table.ts';
import { holdingMigration, holdsOn, isOpen, lastMoveOf, settledHoldings } from '../facts.ts';
import type { Invariant } from '../invariant.ts';

export const sourceZero: Invariant = {
  id: 'source-zero',
  code: 'SRC0',
  when: 'settled',
  law: 'After a completed move nothing of the instance or its migrations is left on the source.',
  broken({ observation, instance }) {
    const move = lastMoveOf(observation, instance);
    const row = observation.instances[instance]!;
    if (move === undefined || row.exists !== 1 || move.committed === 0) return null;
    if (move.kind === MOVE.RESIZE && move.decision !== 1) return null;
    if (isOpen(observation, instance)) return null;
    if (holdingMigration(observation, instance) !== NONE) return 'a migration still holds the source';
    if (
      row.host !== move.source &&
      move.source !== NONE &&
      holdsOn(settledHoldings(observation, instance), move.source)
    ) {
      return 'the server still holds the source';
    }
    return null;
  },
};
