/** The simplest there is: a campaign as fuzz runs it by itself, hosts with room to spare, flavors that ask for nothing special. */
import { DEFAULT_OPTIONS, type Fault, type Flavor, type Host, type Scenario } from '../scenario/scenario.ts';
import type { CampaignConfig } from './config.ts';

export const ROOM = { VCPU: 64, MEMORY_MB: 65536, DISK_GB: 1000 };

export function roomy(total: number): Host['inventories'][string] {
  return { total, reserved: 0, min_unit: 1, max_unit: total, step_size: 1, allocation_ratio: 1 };
}

export function roomyHost(name: string): Host {
  return {
    name,
    traits: [],
    inventories: Object.fromEntries(Object.entries(ROOM).map(([key, total]) => [key, roomy(total)])),
  };
}

/** Number k of a list of flavors, each larger than the one before. */
export function plainFlavor(name: string, k: number): Flavor {
  return { name, vcpus: k + 1, ram: 512 * (k + 1), disk: k + 1, ephemeral: 0, swap: 0, properties: {} };
}

export const plainCampaign = (seed: string): CampaignConfig => ({
  seed,
  protocol: 'nova',
  contract: 'strict',
  defects: [],
  repairs: [],
  novaRelease: DEFAULT_OPTIONS.nova_release,
  placementRelease: DEFAULT_OPTIONS.placement_release,
  faults: 1,
  cloud: null,
});

/** A resize of a server from one of two hosts to the other, in which one fault strikes. */
export function failedResize(fault: Pick<Fault, 'point' | 'kind'>, host = 'h1'): Scenario {
  return {
    version: 1,
    cloud: { hosts: [roomyHost(host), roomyHost('h2')], flavors: [plainFlavor('m1', 0), plainFlavor('m2', 1)] },
    options: DEFAULT_OPTIONS,
    operations: [
      { operation: 'boot', server: 's1', flavor: 'm1', volume_backed: false },
      { operation: 'resize', server: 's1', flavor: 'm2' },
    ],
    faults: [{ operation: 1, ...fault, nth: 1, times: 1 }],
    holds: [],
  };
}
