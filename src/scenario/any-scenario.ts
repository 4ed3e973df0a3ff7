/** For tests: every scenario that `checkScenario` accepts, odd names and names of nothing included. */
import * as fc from 'fast-check';
import {
  FAULT_KINDS,
  type Fault,
  type Flavor,
  type Hold,
  type Host,
  type Inventory,
  MIGRATION_STATUSES,
  NOVA_RELEASES,
  type Operation,
  type Options,
  PLACEMENT_RELEASES,
  type Scenario,
} from './scenario.ts';

/** Objects as JSON.parse makes them, which have a prototype. */
const record = <T, K extends keyof T = keyof T>(
  model: { [P in keyof T]: fc.Arbitrary<T[P]> },
  { requiredKeys }: { requiredKeys?: K[] } = {},
) => fc.record<T, K>(model, { noNullPrototype: true, ...(requiredKeys === undefined ? {} : { requiredKeys }) });

const anyCodeUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1, maxLength: 8 })
  .map((units) => String.fromCharCode(...units));

const ODD_NAMES = ['h1', 'h2', 'm1', 's1', 's2', 'none1', 'api', 'constructor', '__proto__', '\ud800', ' ', '0', '-1'];

const anyName = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...ODD_NAMES) },
  { weight: 2, arbitrary: fc.string({ minLength: 1, maxLength: 255, size: 'medium' }) },
  { weight: 1, arbitrary: anyCodeUnits },
);

const anyText = fc
  .oneof(fc.constantFrom('', 'constructor', 'toString', '10', '9', 'hw:cpu_policy'), anyName)
  .filter((text) => text !== '__proto__');

const anyClass = fc.oneof(
  fc.constantFrom('VCPU', 'MEMORY_MB', 'DISK_GB', 'CUSTOM_A', '7', '10'),
  fc.stringMatching(/^[A-Z0-9_]{1,12}$/).filter((name) => name !== '__proto__'),
);

const MOST = 2147483647;
const positive = fc.oneof(fc.constantFrom(1, 4, 8192, MOST), fc.integer({ min: 1, max: MOST }));
const amount = fc.oneof(fc.constantFrom(0, 1), fc.integer({ min: 0, max: MOST }));
const index = (count: number) => fc.integer({ min: 0, max: count - 1 });
const nth = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 99 }));

/** Without -0, which JSON writes as 0. */
const ratio = fc
  .oneof(fc.constantFrom(0, 1, 1.5, 4), fc.double({ min: 0, max: 3.5e38, noNaN: true }))
  .map((value) => value + 0);

const anyInventory: fc.Arbitrary<Inventory> = record({
  total: positive,
  reserved: amount,
  min_unit: positive,
  max_unit: fc.option(positive),
  step_size: fc.oneof(fc.constant(1), positive),
  allocation_ratio: ratio,
}).map((inventory) => ({ ...inventory, max_unit: inventory.max_unit ?? inventory.total }));

/** What bystanders hold, of some of the classes that the host has. */
const anyUsed = (inventories: Host['inventories']): fc.Arbitrary<Host['used']> => {
  const classes = Object.keys(inventories);
  return fc.option(
    fc
      .tuple(fc.subarray(classes), fc.array(positive, { minLength: classes.length, maxLength: classes.length }))
      .map(([some, amounts]) => Object.fromEntries(some.map((name, at) => [name, amounts[at]!]))),
    { nil: undefined, freq: 1 },
  );
};

const anyHostContent: fc.Arbitrary<Omit<Host, 'name'>> = record({
  inventories: fc
    .uniqueArray(fc.tuple(anyClass, anyInventory), { selector: ([name]) => name, maxLength: 5 })
    .map((pairs) => Object.fromEntries(pairs)),
  traits: fc.array(anyClass, { maxLength: 4 }),
}).chain((content) =>
  anyUsed(content.inventories).map((used) => (used === undefined ? content : { ...content, used })),
);

/** Two contents for all hosts, so that equal hosts are frequent. */
const anyHosts: fc.Arbitrary<Host[]> = fc
  .tuple(
    // a host may not bear a service's name
    fc.uniqueArray(
      anyName.filter((name) => !['api', 'conductor', 'scheduler', 'placement'].includes(name)),
      { minLength: 1, maxLength: 6 },
    ),
    fc.array(anyHostContent, { minLength: 2, maxLength: 2 }),
    fc.array(index(2), { minLength: 6, maxLength: 6 }),
  )
  .map(([names, contents, picks]) => names.map((name, at) => ({ name, ...contents[picks[at]!]! })));

const anyFlavors: fc.Arbitrary<Flavor[]> = fc.uniqueArray(
  record({
    name: anyName,
    vcpus: positive,
    ram: positive,
    disk: amount,
    ephemeral: amount,
    swap: amount,
    properties: fc.array(fc.tuple(anyText, anyText), { maxLength: 3 }).map((pairs) => Object.fromEntries(pairs)),
  }),
  { selector: ({ name }) => name, minLength: 1, maxLength: 5 },
);

export const anyOptions: fc.Arbitrary<Options> = record({
  allow_resize_to_same_host: fc.boolean(),
  supports_migrate_to_same_host: fc.boolean(),
  max_attempts: fc.integer({ min: 1, max: 10 }),
  client_replay: fc.integer({ min: 0, max: 1 }),
  nova_release: fc.integer({ min: NOVA_RELEASES.oldest, max: NOVA_RELEASES.newest }),
  placement_release: fc.integer({ min: PLACEMENT_RELEASES.oldest, max: PLACEMENT_RELEASES.newest }),
});

function anyOperation(hosts: readonly Host[], flavors: readonly Flavor[]): fc.Arbitrary<Operation> {
  const host = fc.oneof(fc.constantFrom(...hosts.map(({ name }) => name)), anyName);
  const flavor = fc.oneof(fc.constantFrom(...flavors.map(({ name }) => name)), anyName);
  const server = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('s1', 's2', 's3', 'web') }, anyName);
  const service = fc.oneof(fc.constantFrom('api', 'conductor', 'scheduler', 'placement'), host);
  const operation = <K extends string>(...names: K[]) => fc.constantFrom(...names);
  return fc.oneof(
    record(
      {
        operation: operation('boot'),
        server,
        flavor,
        host,
        volume_backed: fc.boolean(),
        min_kbps: fc.integer({ min: 1, max: 2147483647 }),
      },
      { requiredKeys: ['operation', 'server', 'flavor'] },
    ),
    record({ operation: operation('resize'), server, flavor }),
    record(
      { operation: operation('cold_migrate', 'unshelve'), server, host },
      { requiredKeys: ['operation', 'server'] },
    ),
    record(
      { operation: operation('live_migrate', 'evacuate'), server, host, force: fc.constant<true>(true) },
      { requiredKeys: ['operation', 'server'] },
    ),
    record({ operation: operation('confirm', 'revert', 'delete', 'stop', 'start', 'hard_reboot'), server }),
    record({ operation: operation('abort_live_migration', 'shelve', 'shelve_offload', 'rebuild'), server }),
    record({ operation: operation('detach_interface'), server }),
    record({
      operation: operation('reset_state'),
      server,
      state: fc.constantFrom<'active' | 'error'>('active', 'error'),
    }),
    record({
      operation: operation(
        'audit',
        'poll_unconfirmed_resizes',
        'cleanup_incomplete_migrations',
        'lose_host',
        'delete_service',
      ),
      host,
    }),
    record({ operation: operation('force_down'), host, forced_down: fc.boolean() }),
    record({ operation: operation('set_inventory'), host, resource_class: anyClass, inventory: anyInventory }),
    record({ operation: operation('crash'), service }),
    record(
      { operation: operation('restart'), service, reinstalled: fc.constant<true>(true) },
      { requiredKeys: ['operation', 'service'] },
    ),
    record({ operation: operation('settle', 'recover') }),
    record(
      { operation: operation('placement_audit'), delete: fc.constant<true>(true), host },
      { requiredKeys: ['operation'] },
    ),
    record(
      { operation: operation('heal_allocations'), server, force: fc.constant<true>(true) },
      { requiredKeys: ['operation'] },
    ),
    record({ operation: operation('delete_allocations'), server, of: operation('instance', 'migration') }),
    record(
      { operation: operation('edit_row'), server, host, migration_status: fc.constantFrom(...MIGRATION_STATUSES) },
      { requiredKeys: ['operation', 'server'] },
    ),
  );
}

/** Second boots of a server become starts. */
function bootedOnce(operations: readonly Operation[]): Operation[] {
  const booted = new Set<string>();
  return operations.map((op) => {
    if (op.operation !== 'boot' || !booted.has(op.server)) {
      if (op.operation === 'boot') booted.add(op.server);
      return op;
    }
    return { operation: 'start', server: op.server };
  });
}

const anyPoint = fc.oneof(
  fc.constantFrom('finish.driver', 'src.flip-host'),
  fc.string({ minLength: 1, maxLength: 100, size: 'medium' }),
);

function anyFaults(count: number): fc.Arbitrary<Fault[]> {
  if (count === 0) return fc.constant([]);
  const fault = { operation: index(count), point: anyPoint, kind: fc.constantFrom(...FAULT_KINDS), nth, times: nth };
  return fc.array(record(fault), { maxLength: 5 });
}

function anyHolds(count: number): fc.Arbitrary<Hold[]> {
  if (count < 2) return fc.constant([]);
  const hold = index(count - 1).chain((operation) =>
    record({
      operation: fc.constant(operation),
      point: anyPoint,
      nth,
      until: fc.integer({ min: operation + 1, max: count - 1 }),
    }),
  );
  const withinOne = index(count).chain((operation) =>
    record({
      operation: fc.constant(operation),
      point: anyPoint,
      nth,
      until: fc.constant(operation),
      handler: anyPoint,
    }),
  );
  return fc.array(fc.oneof(hold, withinOne), { maxLength: 4 });
}

export const anyScenario: fc.Arbitrary<Scenario> = fc.tuple(anyHosts, anyFlavors).chain(([hosts, flavors]) =>
  fc.array(anyOperation(hosts, flavors), { maxLength: 12 }).chain((list) =>
    record({
      version: fc.constant<1>(1),
      cloud: fc.constant({ hosts, flavors }),
      options: anyOptions,
      operations: fc.constant(bootedOnce(list)),
      faults: anyFaults(list.length),
      holds: anyHolds(list.length),
    }),
  ),
);

/** What the tests of single behaviours start from: three hosts, three flavors, five operations, two faults, a hold. */
export function someScenario(): Scenario {
  const inventory = (total: number, allocation_ratio: number, reserved = 0): Inventory => ({
    total,
    reserved,
    min_unit: 1,
    max_unit: total,
    step_size: 1,
    allocation_ratio,
  });
  const host = (name: string): Host => ({
    name,
    inventories: { VCPU: inventory(8, 4), MEMORY_MB: inventory(16384, 1, 512), DISK_GB: inventory(200, 1) },
    traits: [],
  });
  const flavor = (name: string, vcpus: number, ram: number, disk: number): Flavor => ({
    name,
    vcpus,
    ram,
    disk,
    ephemeral: 0,
    swap: 0,
    properties: {},
  });
  return {
    version: 1,
    cloud: {
      hosts: [host('compute-1'), host('compute-2'), host('compute-3')],
      flavors: [flavor('m1.small', 1, 2048, 20), flavor('m1.medium', 2, 4096, 40), flavor('m1.large', 4, 8192, 80)],
    },
    options: {
      allow_resize_to_same_host: false,
      supports_migrate_to_same_host: false,
      max_attempts: 3,
      client_replay: 0,
      nova_release: 34,
      placement_release: 16,
    },
    operations: [
      { operation: 'boot', server: 'web', flavor: 'm1.small' },
      { operation: 'resize', server: 'web', flavor: 'm1.large' },
      { operation: 'crash', service: 'compute-2' },
      { operation: 'restart', service: 'compute-2' },
      { operation: 'confirm', server: 'web' },
    ],
    faults: [
      { operation: 1, point: 'finish.driver', kind: 'error-before', nth: 1, times: 1 },
      { operation: 4, point: 'confirm.delete-alloc', kind: 'timeout-after', nth: 2, times: 3 },
    ],
    holds: [{ operation: 1, point: 'src.flip-host', nth: 1, until: 2 }],
  };
}
