import type { Observation } from '../../observation/observation.ts';
import { NONE } from '../../state/table.ts';
import { goneHosts, holdsOn, instanceHoldings, migrationHoldings } from '../facts.ts';
import type { Invariant, StepInvariant } from '../invariant.ts';

const LAW =
  "No write that Placement accepted made a usage exceed capacity further, and no guest runs without a claim on its host, or on another's CPUs.";

/** Judged after every operation. Usage above capacity alone is no violation: operators lower inventories. */
export const capacityOfWrites: StepInvariant = {
  id: 'capacity-respected',
  code: 'CAP',
  when: 'always',
  law: LAW,
  broken(before, after) {
    const { inventories, ratios } = after.placement;
    for (let k = 0; k < inventories.length; k++) {
      const now = inventories[k]!;
      if (now.used <= before.placement.inventories[k]!.used) continue;
      if (now.used > (now.total - now.reserved) * ratios[now.ratio]!) {
        return { instance: NONE, detail: 'a write took usage above capacity' };
      }
    }
    return null;
  },
};

export const capacityRespected: Invariant = {
  id: 'capacity-respected',
  code: 'CAP',
  when: 'settled',
  law: LAW,
  broken({ observation, instance }) {
    const row = observation.instances[instance]!;
    if (row.exists !== 1) return null;
    const running = row.running & ~goneHosts(observation);
    for (let h = 0; h < observation.setting.hosts.length; h++) {
      if ((running & (1 << h)) !== 0 && !claimedOn(observation, instance, h))
        return 'a guest runs where nothing is claimed for it';
    }
    return row.pinned !== 0 && sharesCpus(observation, instance) ? 'two guests are pinned to one CPU' : null;
  },
};

/** Another server of its host is pinned to a CPU that it is pinned to, and both run there. */
function sharesCpus({ globals, instances }: Observation, i: number): boolean {
  const { host, pinned, running } = instances[i]!;
  if (host === NONE || (running & (1 << host)) === 0) return false;
  for (let k = 0; k < globals.instances; k++) {
    const other = instances[k]!;
    if (k === i || other.exists !== 1 || other.host !== host || (other.pinned & pinned) === 0) continue;
    if ((other.running & (1 << host)) !== 0) return true;
  }
  return false;
}

function claimedOn(observation: Observation, i: number, h: number): boolean {
  if (holdsOn(instanceHoldings(observation, i), h)) return true;
  for (let m = 0; m < observation.globals.migrations; m++) {
    if (observation.migrations[m]!.instance === i && holdsOn(migrationHoldings(observation, m), h)) return true;
  }
  return false;
}
