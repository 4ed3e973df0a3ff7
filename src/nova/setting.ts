/**
 * What does not change while a scenario runs, as numbers: names resolved to indexes, flavors to amounts.
 */
import { askedBy, MOST_PCPUS, pcpusOf, pinnedCpusOf, requestedResources } from '../scenario/flavor-properties.ts';
import type { Cloud, Flavor, Inventory, Operation, Options } from '../scenario/scenario.ts';
import { ModelError, NONE } from '../state/table.ts';

/** The resources that a flavor asks of Placement, and what the resource tracker counts for it. */
export interface Amounts {
  /** class, amount, class, amount, ... : nova/scheduler/utils.py:ResourceRequest.from_request_spec */
  readonly resources: readonly number[];
  readonly vcpus: number;
  readonly memoryMb: number;
  /**
   * root, ephemeral and whole GB of swap. ComputeNode.local_gb_used is an integer, so that Nova drops a part of a GB when it
   * comes; that it takes a whole one away when it goes, until the next audit, is left out.
   */
  readonly localGb: number;
  /** host CPUs that the guest has to itself: `hw:cpu_policy` is dedicated, or PCPU is asked for by name */
  readonly pinnedCpus: number;
}

export interface FlavorSetting {
  readonly name: string;
  readonly imageBacked: Amounts;
  readonly volumeBacked: Amounts;
  readonly required: number;
  readonly forbidden: number;
  readonly rootGb: number;
  readonly extraSpecs: boolean;
}

export interface HostSetting {
  readonly name: string;
  readonly traits: number;
  readonly inventories: ReadonlyMap<number, Inventory>;
  /** class, amount, class, amount, ... : what the host's bystander holds */
  readonly used: readonly number[];
  /** NUMACell.pcpuset, as bits: as many as the host's inventory of PCPU says when it starts, all in one cell */
  readonly pcpuset: number;
}

export interface Setting {
  readonly hosts: readonly HostSetting[];
  readonly flavors: readonly FlavorSetting[];
  readonly classes: readonly string[];
  readonly traits: readonly string[];
  readonly options: Options;
}

const SAME_HOST_TRAIT = 'COMPUTE_SAME_HOST_COLD_MIGRATE';
/** What a port that guarantees bandwidth asks for: NET_BW_EGR_KILOBIT_PER_SEC, here of the host's own provider. */
export const BANDWIDTH = 'NET_BW_EGR_KILOBIT_PER_SEC';
const FLAVOR_CLASSES = ['VCPU', 'MEMORY_MB', 'DISK_GB'];

export function makeSetting(cloud: Cloud, options: Options, operations: readonly Operation[] = []): Setting {
  const classes = [...FLAVOR_CLASSES];
  const addClass = (name: string): void => {
    if (!classes.includes(name)) classes.push(name);
  };
  for (const host of cloud.hosts) for (const name of Object.keys(host.inventories)) addClass(name);
  for (const operation of operations) if (operation.operation === 'set_inventory') addClass(operation.resource_class);
  for (const flavor of cloud.flavors) for (const [name] of requestedResources(flavor)) addClass(name);
  if (cloud.flavors.some((flavor) => pinnedCpusOf(flavor) > 0)) addClass('PCPU');

  if (operations.some((one) => one.operation === 'boot' && one.min_kbps !== undefined)) addClass(BANDWIDTH);

  const traits = [SAME_HOST_TRAIT];
  for (const flavor of cloud.flavors) {
    for (const [name] of requestedTraits(flavor)) if (!traits.includes(name)) traits.push(name);
  }
  if (traits.length > MOST_TRAITS + 1) throw new ModelError(`the flavors name more than ${MOST_TRAITS} traits`);

  const bits = (names: Iterable<string>): number => {
    let mask = 0;
    for (const name of names) {
      const k = traits.indexOf(name);
      if (k >= 0) mask |= 1 << k;
    }
    return mask;
  };
  const chosen = (flavor: Flavor, value: string): string[] =>
    requestedTraits(flavor).flatMap(([name, asked]) => (asked === value ? [name] : []));

  return {
    hosts: cloud.hosts.map((host) => ({
      name: host.name,
      traits: bits(options.supports_migrate_to_same_host ? [...host.traits, SAME_HOST_TRAIT] : host.traits),
      inventories: new Map(
        Object.entries(host.inventories).map(([name, inventory]) => [classes.indexOf(name), inventory]),
      ),
      used: Object.entries(host.used ?? {}).flatMap(([name, amount]) => [classes.indexOf(name), amount]),
      pcpuset: 2 ** Math.min(pcpusOf(host), MOST_PCPUS) - 1,
    })),
    flavors: cloud.flavors.map((flavor) => ({
      name: flavor.name,
      imageBacked: amounts(flavor, false, classes),
      volumeBacked: amounts(flavor, true, classes),
      required: bits(chosen(flavor, 'required')),
      forbidden: bits(chosen(flavor, 'forbidden')),
      rootGb: flavor.disk,
      extraSpecs: Object.keys(flavor.properties).length > 0,
    })),
    classes,
    traits,
    options,
  };
}

export const SAME_HOST_TRAIT_BIT = 1;
/** Sets of traits are masks of one cell, and one trait is the driver's. */
export const MOST_TRAITS = 30;

/** Traits that decide where a server of the flavor may be. */
export const traitsAskedOf = (flavor: Flavor): string[] => requestedTraits(flavor).map(([name]) => name);

function requestedTraits(flavor: Flavor): [string, string][] {
  const found: [string, string][] = [];
  for (const [key, value] of Object.entries(flavor.properties)) {
    const asked = askedBy(key);
    if (asked?.what !== 'trait') continue;
    if (value === 'required' || value === 'forbidden') found.push([asked.name, value]);
  }
  return found;
}

/** Class by class what a server of the flavor claims. */
export function resourcesOf(flavor: Flavor, volumeBacked: boolean): Map<string, number> {
  const root = volumeBacked ? 0 : flavor.disk;
  const asked = requestedResources(flavor);
  const resources = new Map<string, number>([
    // either kind of CPU that is asked for by name stands for all of them
    ...(asked.some(([name]) => name === 'PCPU')
      ? []
      : [[pinnedCpusOf(flavor) > 0 ? 'PCPU' : 'VCPU', flavor.vcpus] as const]),
    ['MEMORY_MB', flavor.ram],
    ['DISK_GB', root + flavor.ephemeral + Math.ceil(flavor.swap / 1024)],
    ...asked,
  ]);
  for (const [name, amount] of resources) if (amount === 0) resources.delete(name);
  return resources;
}

function amounts(flavor: Flavor, volumeBacked: boolean, classes: readonly string[]): Amounts {
  const root = volumeBacked ? 0 : flavor.disk;
  const flat: number[] = [];
  for (const [name, amount] of resourcesOf(flavor, volumeBacked)) flat.push(classes.indexOf(name), amount);
  return {
    resources: flat,
    vcpus: flavor.vcpus,
    memoryMb: flavor.ram,
    // wraps like every sum of it in a cell: flavors of exabytes are legal, and only differences matter
    localGb: (root + flavor.ephemeral + Math.floor(flavor.swap / 1024)) | 0,
    pinnedCpus: pinnedCpusOf(flavor),
  };
}

/** RequestSpec.requested_resources beside what the flavor asks for. */
export function withPort(amounts: Amounts, { classes }: Pick<Setting, 'classes'>, minKbps: number): Amounts {
  if (minKbps === 0) return amounts;
  return { ...amounts, resources: [...amounts.resources, classes.indexOf(BANDWIDTH), minKbps] };
}

/** Index of a name, or NONE: an operation that names what is not there is skipped. */
export function indexOfName(list: readonly { readonly name: string }[], name: string | undefined): number {
  return name === undefined ? NONE : list.findIndex((entry) => entry.name === name);
}
