/** The simplest cloud there is: hosts with room to spare, flavors that ask for nothing special. */
import type { Flavor, Host } from '../scenario/scenario.ts';

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
