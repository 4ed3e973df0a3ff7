/**
 * The one form that stands for all scenarios which differ in names and in the order of unordered things only. It
 * behaves as they do: what named nothing names nothing, and what is ordered keeps its order.
 */
import type { Fault, Flavor, Hold, Host, Inventory, Operation, Options, Scenario } from './scenario.ts';

/** As `crash` and `restart` know them; any other service is a compute host's. */
export const CONTROLLERS: readonly string[] = ['api', 'conductor', 'scheduler', 'placement'];

/** The classes that every host has, in the order in which Nova reports them. */
const STANDARD_CLASSES: readonly string[] = ['VCPU', 'MEMORY_MB', 'DISK_GB'];

export type Rename = (name: string) => string;

/** By code units: the order must not depend on a locale. */
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function byFields<T>(...fields: readonly ((entry: T) => number | string)[]): (a: T, b: T) => number {
  return (a, b) => {
    for (const field of fields) {
      const [x, y] = [field(a), field(b)];
      if (x !== y) return x < y ? -1 : 1;
    }
    return 0;
  };
}

/** Names by position, and for those that are not in the list names of nothing, in order of first use. */
export function renaming(names: readonly string[], prefix: string): Rename {
  const renamed = new Map<string, string>();
  for (const name of names) if (!renamed.has(name)) renamed.set(name, `${prefix}${renamed.size + 1}`);
  let strangers = 0;
  return (name) => {
    const known = renamed.get(name);
    if (known !== undefined) return known;
    strangers++;
    const stranger = `none${strangers}`;
    renamed.set(name, stranger);
    return stranger;
  };
}

function normalInventory(inventory: Inventory): Inventory {
  const { total, reserved, min_unit, max_unit, step_size, allocation_ratio } = inventory;
  return { total, reserved, min_unit, max_unit, step_size, allocation_ratio };
}

function normalHost(host: Host, rename: Rename): Host {
  const standard = STANDARD_CLASSES.filter((name) => Object.hasOwn(host.inventories, name));
  const others = Object.keys(host.inventories).filter((name) => !STANDARD_CLASSES.includes(name));
  const classes = [...standard, ...others.sort(byText)];
  const used = classes.flatMap((name) => {
    const amount = host.used !== undefined && Object.hasOwn(host.used, name) ? host.used[name] : undefined;
    return amount === undefined ? [] : [[name, amount] as const];
  });
  return {
    name: rename(host.name),
    inventories: Object.fromEntries(classes.map((name) => [name, normalInventory(host.inventories[name]!)])),
    traits: [...host.traits].sort(byText),
    ...(used.length === 0 ? {} : { used: Object.fromEntries(used) }),
  };
}

function normalFlavor(flavor: Flavor, rename: Rename): Flavor {
  const { name, vcpus, ram, disk, ephemeral, swap, properties } = flavor;
  const sorted = Object.entries(properties).sort(([a], [b]) => byText(a, b));
  return { name: rename(name), vcpus, ram, disk, ephemeral, swap, properties: Object.fromEntries(sorted) };
}

function normalOptions(options: Options): Options {
  return {
    allow_resize_to_same_host: options.allow_resize_to_same_host,
    supports_migrate_to_same_host: options.supports_migrate_to_same_host,
    max_attempts: options.max_attempts,
    client_replay: options.client_replay,
    nova_release: options.nova_release,
    placement_release: options.placement_release,
  };
}

interface Renames {
  host: Rename;
  flavor: Rename;
  server: Rename;
}

function normalOperation(op: Operation, rename: Renames): Operation {
  switch (op.operation) {
    case 'boot': {
      const { operation, server, flavor, host, volume_backed, min_kbps } = op;
      return {
        operation,
        server: rename.server(server),
        flavor: rename.flavor(flavor),
        ...(host === undefined ? {} : { host: rename.host(host) }),
        ...(volume_backed === true ? { volume_backed } : {}),
        ...(min_kbps === undefined ? {} : { min_kbps }),
      };
    }
    case 'resize':
      return { operation: op.operation, server: rename.server(op.server), flavor: rename.flavor(op.flavor) };
    case 'cold_migrate':
    case 'unshelve': {
      const host = op.host === undefined ? {} : { host: rename.host(op.host) };
      return { operation: op.operation, server: rename.server(op.server), ...host };
    }
    case 'live_migrate':
    case 'evacuate': {
      const host = op.host === undefined ? {} : { host: rename.host(op.host) };
      const force = op.force === undefined ? {} : { force: op.force };
      return { operation: op.operation, server: rename.server(op.server), ...host, ...force };
    }
    case 'confirm':
    case 'revert':
    case 'abort_live_migration':
    case 'shelve':
    case 'shelve_offload':
    case 'rebuild':
    case 'delete':
    case 'stop':
    case 'start':
    case 'hard_reboot':
    case 'detach_interface':
      return { operation: op.operation, server: rename.server(op.server) };
    case 'reset_state':
      return { operation: op.operation, server: rename.server(op.server), state: op.state };
    case 'audit':
    case 'poll_unconfirmed_resizes':
    case 'cleanup_incomplete_migrations':
    case 'lose_host':
    case 'delete_service':
      return { operation: op.operation, host: rename.host(op.host) };
    case 'force_down':
      return { operation: op.operation, host: rename.host(op.host), forced_down: op.forced_down };
    case 'set_inventory':
      return {
        operation: op.operation,
        host: rename.host(op.host),
        resource_class: op.resource_class,
        inventory: normalInventory(op.inventory),
      };
    case 'crash':
    case 'restart':
      return {
        operation: op.operation,
        service: CONTROLLERS.includes(op.service) ? op.service : rename.host(op.service),
        ...('reinstalled' in op && op.reinstalled !== undefined ? { reinstalled: op.reinstalled } : {}),
      };
    case 'settle':
    case 'recover':
      return { operation: op.operation };
    case 'placement_audit':
      return {
        operation: op.operation,
        ...(op.delete === undefined ? {} : { delete: op.delete }),
        ...(op.host === undefined ? {} : { host: rename.host(op.host) }),
      };
    case 'heal_allocations':
      return {
        operation: op.operation,
        ...(op.server === undefined ? {} : { server: rename.server(op.server) }),
        ...(op.force === undefined ? {} : { force: op.force }),
      };
    case 'delete_allocations':
      return { operation: op.operation, server: rename.server(op.server), of: op.of };
    case 'edit_row':
      return {
        operation: op.operation,
        server: rename.server(op.server),
        ...(op.host === undefined ? {} : { host: rename.host(op.host) }),
        ...(op.migration_status === undefined ? {} : { migration_status: op.migration_status }),
      };
  }
}

const normalFault = ({ operation, point, kind, nth, times }: Fault): Fault => ({ operation, point, kind, nth, times });

const normalHold = ({ operation, point, nth, until, handler }: Hold): Hold => ({
  operation,
  point,
  nth,
  until,
  ...(handler === undefined ? {} : { handler }),
});

/** Those that operations name, in order of first use; a cloud must have one, so else the first of all. */
function usedFlavors(scenario: Scenario): Flavor[] {
  const { flavors } = scenario.cloud;
  const named = new Set(scenario.operations.flatMap((op) => ('flavor' in op ? [op.flavor] : [])));
  const used = [...named].flatMap((name) => flavors.find((flavor) => flavor.name === name) ?? []);
  return used.length > 0 ? used : flavors.slice(0, 1);
}

/** Those that boot first, in order of boot. */
export function serversInOrder(operations: readonly Operation[]): string[] {
  const booted = operations.flatMap((op) => (op.operation === 'boot' ? [op.server] : []));
  const used = operations.flatMap((op) => ('server' in op && op.server !== undefined ? [op.server] : []));
  return [...booted, ...used];
}

export function normalForm(scenario: Scenario): Scenario {
  const { hosts } = scenario.cloud;
  const flavors = usedFlavors(scenario);
  const rename: Renames = {
    host: renaming(
      hosts.map(({ name }) => name),
      'h',
    ),
    flavor: renaming(
      flavors.map(({ name }) => name),
      'm',
    ),
    server: renaming(serversInOrder(scenario.operations), 's'),
  };
  return {
    version: scenario.version,
    cloud: {
      hosts: hosts.map((host) => normalHost(host, rename.host)),
      flavors: flavors.map((flavor) => normalFlavor(flavor, rename.flavor)),
    },
    options: normalOptions(scenario.options),
    operations: scenario.operations.map((op) => normalOperation(op, rename)),
    faults: scenario.faults.map(normalFault).sort(
      byFields(
        (fault) => fault.operation,
        (fault) => fault.point,
        (fault) => fault.nth,
        (fault) => fault.kind,
        (fault) => fault.times,
      ),
    ),
    holds: scenario.holds.map(normalHold).sort(
      byFields(
        (hold) => hold.operation,
        (hold) => hold.point,
        (hold) => hold.nth,
        (hold) => hold.until,
        (hold) => hold.handler ?? '',
      ),
    ),
  };
}

/** Equal for two scenarios exactly where their normal forms are: every object of those is built in one order of keys. */
export const scenarioKey = (scenario: Scenario): string => JSON.stringify(normalForm(scenario));
