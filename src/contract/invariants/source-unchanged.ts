import { heldBefore, instanceHoldings, notAtHome, sameHoldings, undoneMove } from '../facts.ts';
import type { Invariant } from '../invariant.ts';

export const sourceUnchanged: Invariant = {
  id: 'source-unchanged',
  code: 'SRC',
  when: 'settled',
  law: 'After a failed or reverted move the instance itself holds exactly what it held before the move began.',
  broken(judged) {
    const undone = undoneMove(judged);
    if (undone === undefined) return null;
    const { observation, instance } = judged;
    if (undone.stayed) return notAtHome(observation, instance);
    return sameHoldings(instanceHoldings(observation, instance), heldBefore(observation, undone.move))
      ? null
      : 'the server does not hold what it held before the move';
  },
};
