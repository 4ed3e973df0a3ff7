/**
 * The language of scenarios: one test case as plain JSON data, concrete and complete.
 *
 * A scenario names everything it uses (hosts, flavors, servers), so it outlives changes of the generators and runs on
 * every target. All amounts are in Nova's units: RAM and swap in MB, disks in GB.
 */
import * as z from 'zod';

/** The version of this language. A reader refuses any other by name. */
export const SCENARIO_VERSION = 1;

const name = z.string().min(1).max(255);
const amount = z.int().min(0).max(2147483647);
const index = z.int().min(0).max(999);

/** One inventory record as Placement keeps it (placement/objects/inventory.py). */
export const inventorySchema = z.strictObject({
  total: z.int().min(1).max(2147483647),
  reserved: amount,
  min_unit: z.int().min(1).max(2147483647),
  max_unit: z.int().min(1).max(2147483647),
  step_size: z.int().min(1).max(2147483647),
  allocation_ratio: z.number().min(0).max(3.5e38),
});
export type Inventory = z.infer<typeof inventorySchema>;

/** VCPU, MEMORY_MB, DISK_GB or a class of the operator's own. */
export const resourceClassSchema = z.string().regex(/^[A-Z0-9_]{1,255}$/, 'a resource class is made of A-Z, 0-9 and _');

/** A compute host with one node, whose root provider bears the host's name. */
export const hostSchema = z.strictObject({
  name,
  inventories: z.record(resourceClassSchema, inventorySchema),
  traits: z.array(resourceClassSchema),
  /** what servers outside the scenario hold there: allocations that nothing of it may touch; may exceed the capacity */
  used: z.record(resourceClassSchema, z.int().min(1).max(2147483647)).optional(),
});
export type Host = z.infer<typeof hostSchema>;

/** A flavor as the compute API gives it; `properties` are its extra specs. */
export const flavorSchema = z.strictObject({
  name,
  vcpus: z.int().min(1).max(2147483647),
  ram: z.int().min(1).max(2147483647),
  disk: amount,
  ephemeral: amount,
  swap: amount,
  properties: z.record(z.string(), z.string()),
});
export type Flavor = z.infer<typeof flavorSchema>;

/** Zed, the first with Placement 8, to the newest that was held against the model. 27 means 27.0.0, and so on. */
export const NOVA_RELEASES = { oldest: 26, newest: 34 } as const;
export const PLACEMENT_RELEASES = { oldest: 8, newest: 16 } as const;

/** What an operator sets in nova.conf, and which releases are played. */
export const optionsSchema = z.strictObject({
  /** `[DEFAULT] allow_resize_to_same_host` */
  allow_resize_to_same_host: z.boolean(),
  /** the driver's capability of that name, seen in Placement as trait COMPUTE_SAME_HOST_COLD_MIGRATE */
  supports_migrate_to_same_host: z.boolean(),
  /** `[scheduler] max_attempts`: one selected host and at most this less one alternates */
  max_attempts: z.int().min(1).max(10),
  /** how often openstacksdk re-sends a request after a transport error: 1 up to SDK 4.14, 0 from 4.15 on */
  client_replay: z.int().min(0).max(1),
  nova_release: z.int().min(NOVA_RELEASES.oldest).max(NOVA_RELEASES.newest),
  placement_release: z.int().min(PLACEMENT_RELEASES.oldest).max(PLACEMENT_RELEASES.newest),
});
export type Options = z.infer<typeof optionsSchema>;

/** Nova 34.0.0 and Placement 16.0.0 with the defaults of nova/conf. */
export const DEFAULT_OPTIONS: Options = {
  allow_resize_to_same_host: false,
  supports_migrate_to_same_host: false,
  max_attempts: 3,
  client_replay: 0,
  nova_release: NOVA_RELEASES.newest,
  placement_release: PLACEMENT_RELEASES.newest,
};

const onServer = <K extends string>(operation: K) => z.strictObject({ operation: z.literal(operation), server: name });
const onHost = <K extends string>(operation: K) => z.strictObject({ operation: z.literal(operation), host: name });

/** `api`, `conductor`, `scheduler`, `placement`, or the name of a compute host. */
const service = name;

/**
 * What Nova writes into the status of a migration's record: of a resize or cold migration, then of a live migration and an
 * evacuation (nova/objects/fields.py:MigrationStatus). Tokens number them in this order: one may be added behind the last,
 * none moved.
 */
export const MIGRATION_STATUSES = [
  'pre-migrating',
  'migrating',
  'post-migrating',
  'finished',
  'confirming',
  'confirmed',
  'reverting',
  'reverted',
  'error',
  'failed',
  'accepted',
  'queued',
  'preparing',
  'running',
  'completed',
  'cancelled',
  'done',
] as const;

export const operationSchema = z.discriminatedUnion('operation', [
  /** a user creates a server; `host` is a forced host (`--availability-zone nova:HOST`) */
  onServer('boot').extend({
    flavor: name,
    host: name.optional(),
    volume_backed: z.boolean().optional(),
    /** of a port with a QoS policy: the egress bandwidth that it guarantees */
    min_kbps: z.int().min(1).max(2147483647).optional(),
  }),
  onServer('resize').extend({ flavor: name }),
  /** an administrator migrates a server, to a requested host or anywhere */
  onServer('cold_migrate').extend({ host: name.optional() }),
  onServer('confirm'),
  onServer('revert'),
  /** an administrator moves a running server, anywhere or to a requested host; by force the scheduler is not asked */
  onServer('live_migrate').extend({ host: name.optional(), force: z.literal(true).optional() }),
  /** `openstack server migration abort`, of the live migration that was asked for last, running or queued */
  onServer('abort_live_migration'),
  /** a server whose host is down is rebuilt elsewhere: anywhere, on a requested host, or by force without the scheduler */
  onServer('evacuate').extend({ host: name.optional(), force: z.literal(true).optional() }),
  onServer('shelve'),
  onServer('shelve_offload'),
  /** anywhere, or an offloaded one on a requested host */
  onServer('unshelve').extend({ host: name.optional() }),
  /** with another image than it has */
  onServer('rebuild'),
  onServer('delete'),
  onServer('stop'),
  onServer('start'),
  onServer('hard_reboot'),
  /** `openstack server remove port`, of the port that guarantees bandwidth */
  onServer('detach_interface'),
  onServer('reset_state').extend({ state: z.enum(['active', 'error']) }),
  /** the resource tracker's periodic update of one host */
  onHost('audit'),
  onHost('poll_unconfirmed_resizes'),
  onHost('cleanup_incomplete_migrations'),
  /** the operator changes one inventory record of a host's provider */
  onHost('set_inventory').extend({ resource_class: resourceClassSchema, inventory: inventorySchema }),
  z.strictObject({ operation: z.literal('crash'), service }),
  /** `reinstalled`: a compute host that comes back with an empty hypervisor */
  z.strictObject({ operation: z.literal('restart'), service, reinstalled: z.literal(true).optional() }),
  /** `openstack compute service set --down` and `--up`: what a nova-compute is taken for, whether or not it runs */
  onHost('force_down').extend({ forced_down: z.boolean() }),
  /** `openstack compute service delete` of the nova-compute of a host */
  onHost('delete_service'),
  /** a compute host is gone for good, with its nova-compute, its guests and its disks */
  onHost('lose_host'),
  /** what conductor does from time to time in a protocol that recovers moves by itself; Nova has nothing of the kind */
  z.strictObject({ operation: z.literal('recover') }),
  /** bring everything to rest (the engine's settle), in mid-scenario */
  z.strictObject({ operation: z.literal('settle') }),
  /** `nova-manage placement audit`, of every provider or of one host's: `--resource_provider` */
  z.strictObject({
    operation: z.literal('placement_audit'),
    delete: z.literal(true).optional(),
    host: name.optional(),
  }),
  /** `nova-manage placement heal_allocations`, of every instance or of one: `--instance`, which `--force` asks for */
  z.strictObject({
    operation: z.literal('heal_allocations'),
    server: name.optional(),
    force: z.literal(true).optional(),
  }),
  /** `openstack resource provider allocation delete`: of the server, or of every migration of it that holds something */
  onServer('delete_allocations').extend({ of: z.enum(['instance', 'migration']) }),
  /** the operator writes into Nova's database: `host` of the instance, `status` of its last migration */
  onServer('edit_row').extend({ host: name.optional(), migration_status: z.enum(MIGRATION_STATUSES).optional() }),
]);
export type Operation = z.infer<typeof operationSchema>;
export type OperationName = Operation['operation'];
export const OPERATION_NAMES: readonly OperationName[] = operationSchema.options.map(
  ({ shape }) => shape.operation.value,
);

/** What can go wrong at a failure point. Which kinds fit which point is said by `list failure-points`. */
export const FAULT_KINDS = [
  'error-before',
  'error-after',
  'fault-rollback',
  'unavailable',
  'build-abort',
  'refused',
  'lost',
  'late',
  'doubled',
  'timeout-before',
  'timeout-after',
  'timeout-during',
  'reply-lost',
  'conflict',
  'provider-conflict',
  'html-before',
  'html-after',
  'placement-crash',
  'crash-before',
  'crash-after',
  'unknown-node',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export const faultSchema = z.strictObject({
  /** index of the operation in whose handlers the fault strikes */
  operation: index,
  /** id of the failure point */
  point: z.string().min(1).max(100),
  kind: z.enum(FAULT_KINDS),
  /** which visit of the point within the operation, counted from 1, retries and the client's replay included */
  nth: z.int().min(1).max(99),
  /** how many visits in a row fail */
  times: z.int().min(1).max(99),
});
export type Fault = z.infer<typeof faultSchema>;

/**
 * Hold the job of `operation` that comes to `point`, before that step, until operation `until` is done; with `handler`,
 * until a job of that operation which runs that handler has ended (the same operation's, for a race within one).
 */
export const holdSchema = z.strictObject({
  operation: index,
  point: z.string().min(1).max(100),
  nth: z.int().min(1).max(99),
  until: index,
  handler: z.string().min(1).max(100).optional(),
});
export type Hold = z.infer<typeof holdSchema>;

export const scenarioSchema = z.strictObject({
  version: z.literal(SCENARIO_VERSION),
  cloud: z.strictObject({ hosts: z.array(hostSchema).min(1).max(32), flavors: z.array(flavorSchema).min(1).max(64) }),
  options: optionsSchema,
  operations: z.array(operationSchema).max(200),
  faults: z.array(faultSchema).max(20),
  holds: z.array(holdSchema).max(20),
});
export type Scenario = z.infer<typeof scenarioSchema>;
export type Cloud = Scenario['cloud'];
