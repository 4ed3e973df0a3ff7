import { failed, instanceHoldings, lastMoveOf, restsOnItsHost, sameHoldings } from '../facts.ts';
import type { Invariant } from '../invariant.ts';

export const sourceUnchanged: Invariant = {
  id: 'source-unchanged',
  code: 'SRC',
  when: 'settled',
  law: 'After a failed or reverted move the instance itself holds exactly what it held before the move began.',
  broken({ observation, instance, pointOfNoReturn }) {
    const move = lastMoveOf(observation, instance);
    const row = observation.instances[instance]!;
    if (move === undefined || row.exists !== 1) return null;
    const reverted = move.committed === 1 && move.decision === 2 && row.host === move.source;
    if (!failed(move) && !reverted) return null;
    if (failed(move) && pointOfNoReturn && move.flipped === 1) {
      return restsOnItsHost(observation, instance) ? null : 'the server does not hold exactly its flavor where it is';
    }
    return sameHoldings(instanceHoldings(observation, instance), move.before)
      ? null
      : 'the server does not hold what it held before the move';
  },
};
