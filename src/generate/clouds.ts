/** Small made-up clouds, and small pieces of a user's own. */
import { BANDWIDTH, MOST_TRAITS, makeSetting, resourcesOf, traitsAskedOf } from '../nova/setting.ts';
import { MOST_PCPUS } from '../scenario/flavor-properties.ts';
import type { Cloud, Flavor, Host, Inventory, Options } from '../scenario/scenario.ts';
import { DEFAULT_OPTIONS } from '../scenario/scenario.ts';
import { fc } from './adapter.ts';

export interface Situation {
  readonly cloud: Cloud;
  readonly options: Options;
}

export const MOST_HOSTS = 4;
export const MOST_FLAVORS = 4;
/** VCPU, MEMORY_MB, DISK_GB and one of the operator's own */
export const MOST_CLASSES = 4;

/** What each port guarantees. */
export const PORT_KBPS = 1000;

/** Ratios that are exact in binary, and some that are not. */
const RATIOS = [1, 1, 1, 1.5, 2, 4, 16, 1.1, 0.7, 1.001];
const CUSTOM_CLASS = 'CUSTOM_LICENCE';
const CUSTOM_TRAIT = 'CUSTOM_FAST';

const flavor = fc.record({
  vcpus: fc.constantFrom(1, 2, 3, 4),
  ram: fc.constantFrom(512, 1024, 2048, 3072),
  disk: fc.constantFrom(1, 2, 10, 0),
  ephemeral: fc.constantFrom(0, 0, 1),
  swap: fc.constantFrom(0, 0, 512, 1500),
  custom: fc.constantFrom(0, 0, 0, 1),
  trait: fc.constantFrom('', '', '', 'required', 'forbidden'),
});

const flavors = fc.array(flavor, { minLength: 2, maxLength: MOST_FLAVORS }).map((list) =>
  list.map(
    ({ custom, trait, ...sizes }, k): Flavor => ({
      name: `m${k + 1}`,
      ...sizes,
      properties: {
        ...(custom === 0 ? {} : { [`resources:${CUSTOM_CLASS}`]: String(custom) }),
        ...(trait === '' ? {} : { [`trait:${CUSTOM_TRAIT}`]: trait }),
      },
    }),
  ),
);

/** Of these, some ask for CPUs of their own. */
const pinnedFlavors = fc
  .tuple(flavors, fc.array(fc.boolean(), { minLength: MOST_FLAVORS, maxLength: MOST_FLAVORS }))
  .map(([list, pinned]) =>
    list.map(
      (one, k): Flavor =>
        pinned[k] === true ? { ...one, properties: { ...one.properties, 'hw:cpu_policy': 'dedicated' } } : one,
    ),
  );

/**
 * How much of one class a host has: room to spare, or at an edge: exactly what some servers of these flavors take, one
 * less, one more.
 */
const room = fc.record({
  /** 0: to spare */
  fits: fc.constantFrom(0, 0, 0, 1, 2, 3, 4),
  edge: fc.constantFrom(0, -1, 1),
  ratio: fc.constantFrom(...RATIOS),
  reserved: fc.constantFrom(0, 0, 0, 1),
});

const hostRooms = fc.record({
  rooms: fc.array(room, { minLength: MOST_CLASSES, maxLength: MOST_CLASSES }),
  trait: fc.boolean(),
});

/** Any capacity up to room to spare is as likely as any other: to measure what edges are worth. */
const anyRooms = fc.record({
  rooms: fc.array(
    fc.record({
      fits: fc.constant(0),
      share: fc.integer({ min: 1, max: 1000 }),
      edge: fc.constant(0),
      ratio: fc.constant(1),
      reserved: fc.constant(0),
    }),
    { minLength: MOST_CLASSES, maxLength: MOST_CLASSES },
  ),
  trait: fc.boolean(),
});

const options = (placementRelease: number | null, novaRelease: number): fc.Arbitrary<Options> =>
  fc.record({
    allow_resize_to_same_host: fc.constantFrom(false, false, false, true),
    supports_migrate_to_same_host: fc.constantFrom(false, false, false, true),
    max_attempts: fc.constantFrom(3, 3, 2, 1),
    client_replay: fc.constantFrom(0, 0, 1),
    nova_release: fc.constant(novaRelease),
    placement_release: placementRelease === null ? fc.constantFrom(16, 13) : fc.constant(placementRelease),
  });

type Rooms = {
  rooms: { fits: number; edge: number; ratio: number; reserved: number; share?: number }[];
  trait: boolean;
};

/** An inventory whose capacity is `wanted`, as near as the ratio allows. */
function inventory(wanted: number, ratio: number, reserved: number): Inventory {
  const total = Math.max(1, Math.round(wanted / ratio)) + reserved;
  return { total, reserved, min_unit: 1, max_unit: 2147483647, step_size: 1, allocation_ratio: ratio };
}

function makeHost(name: string, { rooms, trait }: Rooms, list: readonly Flavor[]): Host {
  const setting = makeSetting({ hosts: [], flavors: [...list] }, DEFAULT_OPTIONS);
  const inventories: Record<string, Inventory> = {};
  for (const [c, resourceClass] of setting.classes.entries()) {
    const asked = setting.flavors.map(({ imageBacked: { resources } }) => {
      for (let k = 0; k < resources.length; k += 2) if (resources[k] === c) return resources[k + 1]!;
      return 0;
    });
    const { fits, edge, ratio, reserved, share = 1000 } = rooms[c % MOST_CLASSES]!;
    const largest = Math.max(...asked, 1);
    let wanted = Math.max(1, Math.ceil((largest * 8 * share) / 1000));
    if (fits > 0) {
      // two flavors side by side: what a resize within the host, or back to it, has to fit into
      wanted = 0;
      for (let k = 0; k < fits; k++) wanted += asked[k % asked.length] ?? 0;
      wanted = Math.max(1, Math.max(wanted, largest) + edge);
    }
    inventories[resourceClass] =
      resourceClass === 'PCPU'
        ? // a CPU that is a guest's own is given to one
          inventory(Math.min(wanted, MOST_PCPUS), 1, 0)
        : inventory(wanted, fits > 0 ? ratio : 1, reserved);
  }
  return { name, inventories, traits: trait ? [CUSTOM_TRAIT] : [] };
}

/** The host with bandwidth for as many ports as it has room for servers in its first class. */
function withBandwidth(host: Host, { rooms }: Rooms): Host {
  const { fits, edge } = rooms[0]!;
  const record = inventory(fits === 0 ? 16 * PORT_KBPS : fits * PORT_KBPS + edge, 1, 0);
  return { ...host, inventories: { ...host.inventories, [BANDWIDTH]: record } };
}

/** What flavors and hosts have beside the plain classes where a campaign asks for it. */
export interface Extras {
  readonly pinnedCpus?: boolean | undefined;
  readonly ports?: boolean | undefined;
}

/** Clouds of two to four hosts whose capacities stand at the edge of what the flavors need. */
export function madeUp(
  placementRelease: number | null,
  novaRelease: number = DEFAULT_OPTIONS.nova_release,
  edges = true,
  { pinnedCpus = false, ports = false }: Extras = {},
): fc.Arbitrary<Situation> {
  const hosts = fc.array<Rooms>(edges ? hostRooms : anyRooms, { minLength: 2, maxLength: MOST_HOSTS });
  return fc
    .tuple(pinnedCpus ? pinnedFlavors : flavors, hosts, options(placementRelease, novaRelease))
    .map(([list, rooms, chosen]) => ({
      cloud: {
        flavors: list,
        hosts: rooms.map((one, k) => {
          const host = makeHost(`h${k + 1}`, one, list);
          return ports ? withBandwidth(host, one) : host;
        }),
      },
      // no driver that migrates within its host gives guests CPUs of their own
      options: pinnedCpus ? { ...chosen, supports_migrate_to_same_host: false } : chosen,
    }));
}

/** A few hosts and flavors of the user's cloud; without hosts, made-up ones for the user's flavors. */
export function drawnFrom(
  user: { hosts: readonly Host[]; flavors: readonly Flavor[] },
  placementRelease: number | null,
  novaRelease: number = DEFAULT_OPTIONS.nova_release,
): fc.Arbitrary<Situation> {
  const fitting = user.hosts.length === 0 ? user.flavors : flavorsThatFit(user.hosts, user.flavors);
  const flavors = fitting.length === 0 ? user.flavors : fitting;
  const someFlavors = fc.shuffledSubarray([...flavors], {
    minLength: Math.min(2, flavors.length),
    maxLength: Math.min(MOST_FLAVORS, flavors.length),
  });
  const someHosts =
    user.hosts.length === 0
      ? null
      : fc.shuffledSubarray([...user.hosts], {
          minLength: Math.min(2, user.hosts.length),
          maxLength: Math.min(MOST_HOSTS, user.hosts.length),
        });
  const rooms = fc.array(hostRooms, { minLength: 2, maxLength: MOST_HOSTS });
  return fc
    .tuple(someFlavors, someHosts ?? fc.constant(null), rooms, options(placementRelease, novaRelease))
    .map(([list, hosts, made, chosen]) => ({
      cloud: { flavors: few(list), hosts: hosts ?? made.map((one, k) => makeHost(`h${k + 1}`, one, few(list))) },
      options: chosen,
    }));
}

/** As many of the flavors as do not name more traits than a world has room for. */
function few(flavors: readonly Flavor[]): Flavor[] {
  const traits = new Set<string>();
  return flavors.filter((flavor) => {
    const more = traitsAskedOf(flavor).filter((name) => !traits.has(name));
    if (traits.size + more.length > MOST_TRAITS) return false;
    for (const name of more) traits.add(name);
    return true;
  });
}

/** Flavors that some host has room for beside what is in use there: the others could never be booted. */
function flavorsThatFit(hosts: readonly Host[], flavors: readonly Flavor[]): Flavor[] {
  return flavors.filter((flavor) => {
    const asked = [...resourcesOf(flavor, false)];
    return hosts.some(({ inventories, used }) =>
      asked.every(([name, amount]) => {
        const record = Object.hasOwn(inventories, name) ? inventories[name] : undefined;
        if (record === undefined) return false;
        const inUse = used?.[name] ?? 0;
        return (
          inUse + amount <= (record.total - record.reserved) * record.allocation_ratio && amount <= record.max_unit
        );
      }),
    );
  });
}
