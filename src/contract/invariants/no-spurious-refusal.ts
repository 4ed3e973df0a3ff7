import { lastMoveOf } from '../facts.ts';
import type { Invariant } from '../invariant.ts';

export const noSpuriousRefusal: Invariant = {
  id: 'no-spurious-refusal',
  code: 'LIVE',
  when: 'settled',
  law: 'A move that fits and meets no fault commits, and a confirm or revert of it completes.',
  broken({ observation, instance }) {
    const move = lastMoveOf(observation, instance);
    if (move === undefined || move.fits === 0 || move.disturbed === 1) return null;
    if (observation.instances[instance]!.exists !== 1) return null;
    return move.committed === 1 ? null : 'a move that fits and met no fault did not commit';
  },
};
