import { amounts } from '../../observation/amounts.ts';
import { NONE } from '../../state/table.ts';
import { isOpen, lastMoveOf, settledHoldings } from '../facts.ts';
import type { Invariant } from '../invariant.ts';

export const noDoubleAllocation: Invariant = {
  id: 'no-double-allocation',
  code: 'DOUBLE',
  when: 'settled',
  law: "Outside an open move an instance is claimed on one compute provider, for no more than one flavor's worth.",
  broken({ observation, instance }) {
    const row = observation.instances[instance]!;
    // a request to build is no instance yet
    if (row.exists !== 1 || row.unmapped > 0 || isOpen(observation, instance)) return null;
    const held = settledHoldings(observation, instance);
    for (let k = 1; k < held.count; k++)
      if (held.provider(k) !== held.provider(0)) return 'it is claimed on two providers';
    const move = lastMoveOf(observation, instance);
    const flavors = [row.flavor, move?.oldFlavor ?? NONE, move?.newFlavor ?? NONE];
    next: for (let k = 0; k < held.count; k++) {
      for (const flavor of flavors) {
        if (flavor === NONE) continue;
        const { resources } = amounts(observation.setting, flavor, row.volumeBacked, row.minKbps);
        for (let r = 0; r < resources.length; r += 2) {
          if (resources[r] === held.resourceClass(k) && held.amount(k) <= resources[r + 1]!) continue next;
        }
      }
      return 'it is claimed for more than any flavor it had';
    }
    return null;
  },
};
