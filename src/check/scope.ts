/** What an exhaustive check goes through: how many of each thing there are, and what may happen to them. */
import { DEFAULT_MOVES, type MoveFamily } from '../generate/move-families.ts';
import type { Cloud, Flavor, Host, Inventory, Options } from '../scenario/scenario.ts';

export interface Scope {
  readonly hosts: number;
  readonly flavors: number;
  /** servers that are there when it begins, each on every host and with every flavor */
  readonly servers: number;
  /** operations after the boots */
  readonly operations: number;
  /** faults of a scenario, of whichever kind */
  readonly faults: number;
  /** jobs of a scenario that are held, for others to overtake them */
  readonly holds: number;
  /** of both together: each is one thing that goes differently */
  readonly together: number;
  /** faults that kill a service, crashes and hosts that are lost */
  readonly crashes: number;
  /** servers of the largest flavor that a host has room for */
  readonly room: number;
  /** requests too that the API refuses as the world stands: held before it looks, one may be taken later */
  readonly anyRequest: boolean;
  readonly moves: readonly MoveFamily[];
  readonly options: Options;
}

/** More of any would be no small scope: what the language allows at once, and what a search can end with. */
export const MOST = {
  hosts: 8,
  flavors: 8,
  servers: 6,
  operations: 10,
  faults: 6,
  holds: 20,
  together: 26,
  crashes: 6,
  room: 100,
} as const;

/** Some seconds. */
export const smallScope = (options: Options): Scope => ({
  hosts: 2,
  flavors: 2,
  servers: 1,
  operations: 2,
  faults: 1,
  holds: 1,
  together: 1,
  crashes: 1,
  room: 1,
  anyRequest: false,
  moves: DEFAULT_MOVES,
  options,
});

/** Of one disk size: Nova refuses a smaller disk than the image says, and half of the resizes would be refused for it. */
const RAM_MB = 512;
const DISK_GB = 1;

export function cloudOf({ hosts, flavors, room }: Scope): Cloud {
  const inventory = (total: number): Inventory => ({
    total,
    reserved: 0,
    min_unit: 1,
    max_unit: total,
    step_size: 1,
    allocation_ratio: 1,
  });
  return {
    hosts: Array.from(
      { length: hosts },
      (_, h): Host => ({
        name: `h${h + 1}`,
        inventories: {
          VCPU: inventory(room * flavors),
          MEMORY_MB: inventory(room * flavors * RAM_MB),
          DISK_GB: inventory(room * DISK_GB),
        },
        traits: [],
      }),
    ),
    flavors: Array.from(
      { length: flavors },
      (_, f): Flavor => ({
        name: `m${f + 1}`,
        vcpus: f + 1,
        ram: (f + 1) * RAM_MB,
        disk: DISK_GB,
        ephemeral: 0,
        swap: 0,
        properties: {},
      }),
    ),
  };
}

/** Where each server is and with which flavor, before anything happens. */
export type Placing = readonly { readonly host: number; readonly flavor: number }[];

/**
 * Families in which a server has one place to go where there are two hosts. Elsewhere the scheduler has a choice and takes
 * the first host: what hosts are called decides then.
 */
const TO_THE_OTHER: ReadonlySet<MoveFamily> = new Set<MoveFamily>(['resize', 'live-migration']);

/**
 * Every way to place the servers. `symmetric`: one of each set that differ only in which server is called what, and which
 * host, where that decides nothing.
 */
export function placings({ hosts, flavors, servers, moves }: Scope, symmetric: boolean): Placing[] {
  const one = Array.from({ length: hosts * flavors }, (_, k) => ({ host: k % hosts, flavor: Math.floor(k / hosts) }));
  let all: Placing[] = [[]];
  for (let s = 0; s < servers; s++) all = all.flatMap((placing) => one.map((place) => [...placing, place]));
  if (!symmetric) return all;
  const alike = hosts === 2 && moves.every((family) => TO_THE_OTHER.has(family));
  const orders = alike
    ? [
        [0, 1],
        [1, 0],
      ]
    : [one.slice(0, hosts).map(({ host }) => host)];
  const seen = new Set<string>();
  return all.filter((placing) => {
    const least = orders.map((order) => nameOf(placing, order)).sort()[0]!;
    if (seen.has(least)) return false;
    seen.add(least);
    return true;
  });
}

/** The placing with its hosts renamed and its servers in any order. */
const nameOf = (placing: Placing, order: readonly number[]): string =>
  placing
    .map(({ host, flavor }) => `${order[host]}/${flavor}`)
    .sort()
    .join(' ');
