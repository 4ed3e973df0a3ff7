import { STATUS } from '../../nova/states.ts';
import type { Observation } from '../../observation/observation.ts';
import { isOpen, lastMoveOf } from '../facts.ts';
import type { Invariant } from '../invariant.ts';

export const noSpuriousRefusal: Invariant = {
  id: 'no-spurious-refusal',
  code: 'LIVE',
  when: 'settled',
  law: 'A move that fits and meets no fault commits, and a confirm or revert of it completes; one that meets a single fault in scheduling or prep while another host can take it commits there.',
  broken({ observation, instance }) {
    const move = lastMoveOf(observation, instance);
    if (move === undefined || move.fits === 0 || move.committed === 1) return null;
    if (observation.instances[instance]!.exists !== 1) return null;
    if (move.elsewhere === 1) return 'a move that failed on one host did not end on the alternate';
    return move.disturbed === 1 ? null : 'a move that fits and met no fault did not commit';
  },
};

/** The other half, judged after a confirm or revert that the API took: what was open is decided as it was asked. */
export function decisionTaken(
  before: Observation,
  after: Observation,
  i: number,
  asked: 'confirm' | 'revert',
): string | null {
  const move = lastMoveOf(before, i);
  if (move === undefined || move.disturbed === 1 || !isOpen(before, i) || after.instances[i]!.exists !== 1) return null;
  const wanted = asked === 'confirm' ? STATUS.CONFIRMED : STATUS.REVERTED;
  return after.migrations[move.migration]!.status === wanted ? null : `the ${asked} was accepted and did not happen`;
}
