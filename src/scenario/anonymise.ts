/**
 * A scenario without the names of whoever's cloud it came from. Numbers stay, what is ordered keeps its order, and one name
 * gets one replacement everywhere, so that it runs to the same end: only names differ.
 *
 * Replaced are hosts, flavors, servers, resource classes and traits of the operator's own, and flavor properties that decide
 * nothing about a claim, keys and values: aliases, device profiles and whatever else an operator wrote there.
 */
import { askedBy, CPU_POLICY, isAmount, isRequestable, STANDARD_CLASSES } from './flavor-properties.ts';
import { CONTROLLERS, type Rename, renaming, serversInOrder } from './normal-form.ts';
import type { Flavor, Host, Operation, Scenario } from './scenario.ts';

/** Of a cloud, whether a scenario's or a whole one that scenarios are drawn from. */
interface CloudRenames {
  host: Rename;
  flavor: Rename;
  resourceClass: Rename;
  trait: Rename;
  property: Rename;
  value: Rename;
}

/** `prefix1`, `prefix2`, ... in order of first use. */
function numbered(prefix: string, kept: (name: string) => boolean = () => false): Rename {
  const renamed = new Map<string, string>();
  return (name) => {
    if (kept(name)) return name;
    const known = renamed.get(name) ?? `${prefix}${renamed.size + 1}`;
    renamed.set(name, known);
    return known;
  };
}

function resourceClasses(): Rename {
  const custom = numbered('CUSTOM_CLASS_');
  // no class that a flavor could ask for may become one that it can, nor the other way round
  const other = numbered('CLASS_', (name) => STANDARD_CLASSES.includes(name));
  return (name) => (isRequestable(name) && !STANDARD_CLASSES.includes(name) ? custom(name) : other(name));
}

/** Traits of os_traits, which say what hardware and drivers can do. */
const isStandardTrait = (name: string): boolean => /^(?!CUSTOM_)[A-Z0-9_]+$/.test(name);

function renamesOf(hosts: readonly Host[], flavors: readonly Flavor[]): CloudRenames {
  const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);
  return {
    host: renaming(names(hosts), 'h'),
    flavor: renaming(names(flavors), 'm'),
    resourceClass: resourceClasses(),
    trait: numbered('CUSTOM_TRAIT_', isStandardTrait),
    property: numbered('property-'),
    value: numbered('value-'),
  };
}

function renamedKeys<T>(record: Readonly<Record<string, T>>, rename: Rename): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [rename(key), value]));
}

function anonymousHost(host: Host, renames: CloudRenames): Host {
  const inventories = renamedKeys(host.inventories, renames.resourceClass);
  return {
    name: renames.host(host.name),
    inventories,
    traits: host.traits.map(renames.trait),
    ...(host.used === undefined ? {} : { used: renamedKeys(host.used, renames.resourceClass) }),
  };
}

function anonymousProperty(key: string, value: string, renames: CloudRenames): [string, string] {
  const asked = askedBy(key);
  if (asked?.what === 'resources' && isRequestable(asked.name)) {
    return [`resources:${renames.resourceClass(asked.name)}`, isAmount(value) ? value : renames.value(value)];
  }
  if (asked?.what === 'trait') {
    const decides = value === 'required' || value === 'forbidden';
    return [`trait:${renames.trait(asked.name)}`, decides ? value : renames.value(value)];
  }
  // it decides what kind of CPU is claimed
  if (key === CPU_POLICY && value === 'dedicated') return [key, value];
  return [renames.property(key), renames.value(value)];
}

function anonymousFlavor(flavor: Flavor, renames: CloudRenames): Flavor {
  const { vcpus, ram, disk, ephemeral, swap } = flavor;
  const properties = Object.fromEntries(
    Object.entries(flavor.properties).map(([key, value]) => anonymousProperty(key, value, renames)),
  );
  return { name: renames.flavor(flavor.name), vcpus, ram, disk, ephemeral, swap, properties };
}

function anonymousOperation(op: Operation, server: Rename, renames: CloudRenames): Operation {
  const { host, flavor, resourceClass } = renames;
  const changed = { ...op };
  if ('server' in changed && changed.server !== undefined) changed.server = server(changed.server);
  if ('flavor' in changed) changed.flavor = flavor(changed.flavor);
  if ('host' in changed && changed.host !== undefined) changed.host = host(changed.host);
  if ('service' in changed && !CONTROLLERS.includes(changed.service)) changed.service = host(changed.service);
  if ('resource_class' in changed) changed.resource_class = resourceClass(changed.resource_class);
  return changed;
}

/** Hosts and flavors as `anonymise` would have them: of one cloud, the same name gets the same replacement. */
export function anonymiseCloud(cloud: { readonly hosts: readonly Host[]; readonly flavors: readonly Flavor[] }): {
  hosts: Host[];
  flavors: Flavor[];
} {
  return renamedCloud(cloud, renamesOf(cloud.hosts, cloud.flavors));
}

function renamedCloud(
  { hosts, flavors }: { readonly hosts: readonly Host[]; readonly flavors: readonly Flavor[] },
  renames: CloudRenames,
): { hosts: Host[]; flavors: Flavor[] } {
  return {
    hosts: hosts.map((host) => anonymousHost(host, renames)),
    flavors: flavors.map((flavor) => anonymousFlavor(flavor, renames)),
  };
}

export function anonymise(scenario: Scenario): Scenario {
  const renames = renamesOf(scenario.cloud.hosts, scenario.cloud.flavors);
  const cloud = renamedCloud(scenario.cloud, renames);
  const server = renaming(serversInOrder(scenario.operations), 's');
  const operations = scenario.operations.map((op) => anonymousOperation(op, server, renames));
  return { ...scenario, cloud, operations };
}
