import { holdsBothSides, isOpen, lastMoveOf, restsOnItsHost } from '../facts.ts';
import type { Invariant } from '../invariant.ts';

export const hostAgreement: Invariant = {
  id: 'host-agreement',
  code: 'HOST',
  when: 'settled',
  law: 'An instance holds exactly its flavor on its host and its migrations hold nothing; while a move is open they hold together exactly old on the source and new on the destination.',
  broken({ observation, instance }) {
    const { exists, unmapped } = observation.instances[instance]!;
    // a request to build is no instance yet: it is judged once it is deleted
    if (exists !== 1 || unmapped > 0) return null;
    if (isOpen(observation, instance)) {
      const move = lastMoveOf(observation, instance)!;
      return holdsBothSides(observation, instance, move) ? null : 'an open move does not hold exactly its two sides';
    }
    return restsOnItsHost(observation, instance) ? null : 'the claim is not exactly the flavor on the host';
  },
};
