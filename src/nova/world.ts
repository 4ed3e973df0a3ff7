/**
 * The world of a scenario: Nova's databases, what its processes hold in memory, the message bus, Placement, and the
 * history that laws need. One Int32Array with views; see state/table.ts.
 */
import { releaseRules } from '../placement/releases.ts';
import { makeStore, type Store, type StoreShape, setInventories, storeSize } from '../placement/store.ts';
import { Holdings } from '../state/holdings.ts';
import { IdSet } from '../state/id-set.ts';
import { assert, NONE, type Packed, type TableClass, table } from '../state/table.ts';
import { type Amounts, type Setting, withPort } from './setting.ts';
import { inProgress, SERVICE } from './states.ts';

/** A row of `instances` with what `instance_extra` and `system_metadata` add (nova/objects/instance.py). */
export interface Instance {
  /** 0 never created, 1 there, 2 soft-deleted */
  exists: number;
  host: number;
  vm: number;
  task: number;
  power: number;
  flavor: number;
  /** instances.instance_type_id, a column: `flavor` is in `instance_extra`, where a stale copy may be written over it */
  instanceType: number;
  oldFlavor: number;
  newFlavor: number;
  /** system_metadata['old_vm_state'], or NONE */
  oldVm: number;
  /** migration_context.migration_id, or NONE */
  migrationContext: number;
  /** instance.numa_topology: the CPUs of its host that it is pinned to, as bits */
  pinned: number;
  /** RequestSpec.flavor, in the API database */
  requestSpecFlavor: number;
  /** of the boot: its root disk is image_min_disk in the system metadata */
  bootFlavor: number;
  volumeBacked: number;
  /** the egress bandwidth that its port guarantees, in kbps, or 0 */
  minKbps: number;
  /** launched_at is set: its build came to its end */
  launched: number;
  /** its build request is there: to the API it is what that says, and in no cell */
  buildRequest: number;
  /** 0 its instance mapping names a cell; 1 a cell has its row, and the mapping does not say so; 2 no cell has it */
  unmapped: number;
  /** bit h: host h has a guest or its disks under the instance's name (the hypervisor's truth, not Nova's) */
  guests: number;
  /** bit h: the guest there runs */
  running: number;
  /** bit h: host h keeps the `_resize` copy that a revert starts from */
  backups: number;
  /** history: an operation or a job touched it since it was last judged */
  touched: number;
  /** history: 1 a fault fired, a hold cut in or a service was down while a job of it was alive; 2 and it was judged since */
  disturbed: number;
  /** history: judged and found wrong; set aside since */
  condemned: number;
}
const InstanceTable = table<Instance>('Instance', [
  'exists',
  'host',
  'vm',
  'task',
  'power',
  'flavor',
  'instanceType',
  'oldFlavor',
  'newFlavor',
  'oldVm',
  'migrationContext',
  'pinned',
  'requestSpecFlavor',
  'bootFlavor',
  'volumeBacked',
  'minKbps',
  'launched',
  'buildRequest',
  'unmapped',
  'guests',
  'running',
  'backups',
  'touched',
  'disturbed',
  'condemned',
]);

/** A row of `migrations` (nova/objects/migration.py). */
export interface Migration {
  /** 0 free, 1 there, 2 soft-deleted with its instance */
  exists: number;
  instance: number;
  status: number;
  type: number;
  source: number;
  /** NONE until the destination's claim */
  destination: number;
  oldFlavor: number;
  newFlavor: number;
  /** of the migration_context that names it: old_numa_topology on the source, new_numa_topology on the destination */
  oldPinned: number;
  newPinned: number;
  /** updated_at, as an order */
  updated: number;
}
const MigrationTable = table<Migration>('Migration', [
  'exists',
  'instance',
  'status',
  'type',
  'source',
  'destination',
  'oldFlavor',
  'newFlavor',
  'oldPinned',
  'newPinned',
  'updated',
]);

/** A compute host: its service, and what its resource tracker has in memory and on the ComputeNode row. */
export interface HostRecord {
  up: number;
  /** services.forced_down: what an operator said of it, whether or not it runs */
  forcedDown: number;
  /** the host is gone for good: nothing brings its service back, and what it held of guests and disks is lost */
  gone: number;
  /** its row in `services` was deleted: whether or not it runs, nobody knows of it */
  serviceDeleted: number;
  /** its row in `compute_nodes` was deleted, which the host's nova-compute takes back */
  nodeDeleted: number;
  /** its provider was made anew, and has not all yet that the driver reports */
  unreported: number;
  /** the tracker has run once since the service started */
  initialised: number;
  vcpusUsed: number;
  memoryMbUsed: number;
  localGbUsed: number;
  /** ComputeNode.numa_topology: the pinned CPUs, as bits */
  pinned: number;
  /** job + 1 that holds `compute_resources` */
  trackerLock: number;
  /** job + 1 that the executor of live migrations runs */
  pool: number;
  /** history: a server came by live migration, or went by evacuation or a delete in its absence, and no audit has counted yet */
  uncounted: number;
}
const HostTable = table<HostRecord>('HostRecord', [
  'up',
  'forcedDown',
  'gone',
  'serviceDeleted',
  'nodeDeleted',
  'unreported',
  'initialised',
  'vcpusUsed',
  'memoryMbUsed',
  'localGbUsed',
  'pinned',
  'trackerLock',
  'pool',
  'uncounted',
]);

/** What one compute process knows of one instance. */
export interface Tracking {
  /** in `tracked_instances` */
  instance: number;
  /** in `tracked_migrations`: migration + 1 */
  migration: number;
  /** job + 1 that holds the lock on the instance's uuid in this process */
  lock: number;
  /** in `_waiting_live_migrations`: migration + 1 */
  waiting: number;
  /** the live migration whose future has begun to run: migration + 1 */
  begun: number;
  /** the live migration that the driver was asked to abort: migration + 1 */
  aborted: number;
}
const TrackingTable = table<Tracking>('Tracking', ['instance', 'migration', 'lock', 'waiting', 'begun', 'aborted']);

/**
 * A handler under way, or a message not yet delivered: the same record, with the private and possibly dirty copies that
 * Nova carries in its payloads.
 */
export interface JobRecord {
  state: number;
  pc: number;
  service: number;
  /** the operation in whose course it runs */
  operation: number;
  /** order of arrival */
  sequence: number;
  /** the job that waits for this one, or NONE */
  caller: number;
  /** the job that this one waits for, or NONE */
  callee: number;
  /** operation after which a held or late job goes on */
  until: number;
  /** hold + 1 that holds it */
  hold: number;
  instance: number;
  migration: number;
  /** flavor asked for */
  flavor: number;
  destination: number;
  /** host asked for by name, or NONE */
  requested: number;
  /** filter_properties carries `retry`: rescheduling is allowed */
  retry: number;
  /** a list of hosts as a mask: candidates while scheduling, alternates in a message */
  hosts: number;
  /** 1 the alternates were given (a reschedule) */
  rescheduled: number;
  /** migration.status in the payload */
  payloadStatus: number;
  // the private copy of the instance, and which of its fields are dirty
  host: number;
  vm: number;
  task: number;
  power: number;
  instanceFlavor: number;
  instanceType: number;
  oldFlavor: number;
  newFlavor: number;
  oldVm: number;
  migrationContext: number;
  pinned: number;
  dirty: number;
  /** vm_state when the handler began, for InstanceFaultRollback */
  beganVm: number;
  /** task_state when the handler began */
  beganTask: number;
  /** the exception on its way out, an Outcome */
  error: number;
  /** conductor's `_held_allocations` */
  held: number;
  /** which time round a conversation with Placement is */
  attempt: number;
  /** consumer generations read in a conversation */
  generation: number;
  generation2: number;
  /** what a called handler came to, an Outcome */
  reply: number;
  /** the call's reply will be lost */
  replyLost: number;
  /** position in a loop */
  cursor: number;
  /** bit 0: holds the tracker lock, bit 1: the instance lock, bit 2: the executor of live migrations */
  locks: number;
  /** request_spec.ignore_hosts, as bits */
  ignoreHosts: number;
  /** what was asked for beside names: `force`, `--delete`, forced_down, or which kind of consumer a command is about */
  option: number;
  /** of an operator's command: what it could not do */
  faults: number;
}
const JobBase = table<JobRecord>('JobRecord', [
  'state',
  'pc',
  'service',
  'operation',
  'sequence',
  'caller',
  'callee',
  'until',
  'hold',
  'instance',
  'migration',
  'flavor',
  'destination',
  'requested',
  'retry',
  'hosts',
  'rescheduled',
  'payloadStatus',
  'host',
  'vm',
  'task',
  'power',
  'instanceFlavor',
  'instanceType',
  'oldFlavor',
  'newFlavor',
  'oldVm',
  'migrationContext',
  'pinned',
  'dirty',
  'beganVm',
  'beganTask',
  'error',
  'held',
  'attempt',
  'generation',
  'generation2',
  'reply',
  'replyLost',
  'cursor',
  'locks',
  'ignoreHosts',
  'option',
  'faults',
]);

export interface Job extends JobRecord {
  readonly id: number;
  /** allocations read from Placement */
  readonly read: Holdings;
  /** consumers that an operator's command has to do with */
  readonly consumers: IdSet;
}

class JobView extends (JobBase as new (cells: Int32Array, offset: number) => JobRecord & Packed) {
  readonly id: number;
  readonly read: Holdings;
  readonly consumers: IdSet;
  constructor(cells: Int32Array, offset: number, id: number, rows: number, consumers: number) {
    super(cells, offset);
    this.id = id;
    this.read = new Holdings(cells, offset + JobBase.size, rows);
    this.consumers = new IdSet(cells, offset + JobBase.size + Holdings.size(rows), consumers);
  }
}

export const JOB = { FREE: 0, QUEUED: 1, RUNNING: 2, CALLING: 3, HELD: 4, BLOCKED: 5, LATE: 6 } as const;

/** History of one move: what it began with and what became of it. Laws need it; handlers never read it. */
export interface MoveRecord {
  exists: number;
  /** a MOVE */
  kind: number;
  instance: number;
  operation: number;
  /** the last migration record that conductor made or took up for it, or NONE */
  migration: number;
  source: number;
  oldFlavor: number;
  newFlavor: number;
  oldVm: number;
  /** when the API took it, as an order: task_state was set, or a record made; 0 it did not */
  accepted: number;
  /**
   * a resize: its migration reached `finished` and the instance `resized`; a live migration or evacuation: instance.host became
   * the destination; an unshelve: the instance became active
   */
  committed: number;
  /** instance.host was written while it was under way */
  flipped: number;
  /** 0 none, 1 confirm, 2 revert: the last such request that the API took */
  decision: number;
  /** nothing else was in flight, everything was up, and Placement had room for it when it was asked for */
  fits: number;
  /** a fault fired, a hold cut in or another operation ran while it was under way */
  disturbed: number;
  /** what came across it before it was over, as bits of MET */
  met: number;
  /** all that disturbed it is one fault in scheduling or prep, raised where another host could still take it */
  elsewhere: number;
}
const MoveBase = table<MoveRecord>('MoveRecord', [
  'exists',
  'kind',
  'instance',
  'operation',
  'migration',
  'source',
  'oldFlavor',
  'newFlavor',
  'oldVm',
  'accepted',
  'committed',
  'flipped',
  'decision',
  'fits',
  'disturbed',
  'met',
  'elsewhere',
]);

export interface Move extends MoveRecord {
  /** what the instance itself held when the move was asked for */
  readonly before: Holdings;
}
class MoveView extends (MoveBase as new (cells: Int32Array, offset: number) => MoveRecord & Packed) {
  readonly before: Holdings;
  constructor(cells: Int32Array, offset: number, rows: number) {
    super(cells, offset);
    this.before = new Holdings(cells, offset + MoveBase.size, rows);
  }
}

/** One operation of the scenario: whether it was taken, and what the API answered. */
export interface OperationRecord {
  /** 0 not begun, 1 accepted, 2 refused, 3 skipped */
  outcome: number;
  /** HTTP status of the API, 0 where there is none */
  http: number;
  /** of an operator's command: its exit code + 1 */
  exit: number;
  /** of an operator's command: allocations or instances that it "Processed" */
  processed: number;
  /** history, bit i: it was sabotage of instance i (nova/sabotage.ts) */
  sabotage: number;
}
const OperationTable = table<OperationRecord>('OperationRecord', ['outcome', 'http', 'exit', 'processed', 'sabotage']);
export const OUTCOME_NAMES = ['not begun', 'accepted', 'refused', 'skipped'] as const;
export const OPERATION = { NOT_BEGUN: 0, ACCEPTED: 1, REFUSED: 2, SKIPPED: 3 } as const;

/** A fault of the scenario: how often its point was visited and where it struck. */
export interface FaultRecord {
  hits: number;
  fired: number;
  /** pc of the step it struck first */
  pc: number;
  /** what Nova saw there: a Seen */
  seen: number;
}
const FaultTable = table<FaultRecord>('FaultRecord', ['hits', 'fired', 'pc', 'seen']);

export interface HoldRecord {
  hits: number;
  /** 0 waiting to strike, 1 struck, 2 released, 3 broken */
  state: number;
}
const HoldTable = table<HoldRecord>('HoldRecord', ['hits', 'state']);

/** The rest: services, counters. */
export interface Globals {
  apiUp: number;
  conductorUp: number;
  schedulerUp: number;
  placementUp: number;
  /** next order of arrival */
  sequence: number;
  /** clock of `updated` */
  updates: number;
  operation: number;
  instances: number;
  migrations: number;
  moves: number;
  /** some fault fired, hold struck or service crashed so far */
  disturbed: number;
  /** the same, but for audits that ran while something was held: a service may do its periodic work whenever it likes */
  crossed: number;
  brokenHolds: number;
}
const GlobalsTable = table<Globals>('Globals', [
  'apiUp',
  'conductorUp',
  'schedulerUp',
  'placementUp',
  'sequence',
  'updates',
  'operation',
  'instances',
  'migrations',
  'moves',
  'disturbed',
  'crossed',
  'brokenHolds',
]);

/** How many records of each kind a world has. Running out of any is a ModelError, never silence. */
export interface Shape {
  readonly hosts: number;
  readonly classes: number;
  readonly instances: number;
  readonly migrations: number;
  readonly moves: number;
  readonly jobs: number;
  readonly operations: number;
  readonly faults: number;
  readonly holds: number;
  /** consumers outside the scenario: one a host, or none where no host has any */
  readonly bystanders: number;
  readonly rows: number;
}

const storeShape = (shape: Shape): StoreShape => ({
  providers: shape.hosts,
  classes: shape.classes,
  consumers: shape.instances + shape.migrations + shape.bystanders,
  rows: shape.rows,
});

/** Cells of a world, four bytes each. */
export function worldSize(shape: Shape): number {
  const rows = Holdings.size(shape.rows);
  return (
    GlobalsTable.size +
    shape.hosts * HostTable.size +
    shape.hosts * shape.instances * TrackingTable.size +
    shape.instances * InstanceTable.size +
    shape.migrations * MigrationTable.size +
    shape.jobs * (JobBase.size + rows + IdSet.size(storeShape(shape).consumers)) +
    shape.moves * (MoveBase.size + rows) +
    shape.operations * OperationTable.size +
    shape.faults * FaultTable.size +
    shape.holds * HoldTable.size +
    storeSize(storeShape(shape))
  );
}

export class World {
  readonly shape: Shape;
  setting: Setting;
  readonly cells: Int32Array;
  readonly globals: Globals;
  readonly hosts: readonly HostRecord[];
  /** what host h knows of instance i: h * instances + i */
  readonly tracking: readonly Tracking[];
  readonly instances: readonly Instance[];
  readonly migrations: readonly Migration[];
  readonly jobs: readonly Job[];
  readonly moves: readonly Move[];
  readonly operations: readonly OperationRecord[];
  readonly faults: readonly FaultRecord[];
  readonly holds: readonly HoldRecord[];
  readonly placement: Store;

  constructor(shape: Shape, setting: Setting) {
    this.shape = shape;
    this.setting = setting;
    const store = storeShape(shape);
    const rows = Holdings.size(shape.rows);
    const size = worldSize(shape);
    const job = JobBase.size + rows + IdSet.size(store.consumers);
    const move = MoveBase.size + rows;
    const cells = new Int32Array(size);
    this.cells = cells;
    let at = 0;
    const take = <T>(count: number, each: number, make: (at: number, k: number) => T): T[] =>
      Array.from({ length: count }, (_, k) => {
        const made = make(at, k);
        at += each;
        return made;
      });
    const plain = <R>(count: number, Table: TableClass<R>): R[] => take(count, Table.size, (o) => new Table(cells, o));
    this.globals = plain(1, GlobalsTable)[0]!;
    this.hosts = plain(shape.hosts, HostTable);
    this.tracking = plain(shape.hosts * shape.instances, TrackingTable);
    this.instances = plain(shape.instances, InstanceTable);
    this.migrations = plain(shape.migrations, MigrationTable);
    this.jobs = take(shape.jobs, job, (o, k) => new JobView(cells, o, k, shape.rows, store.consumers));
    this.moves = take(shape.moves, move, (o) => new MoveView(cells, o, shape.rows));
    this.operations = plain(shape.operations, OperationTable);
    this.faults = plain(shape.faults, FaultTable);
    this.holds = plain(shape.holds, HoldTable);
    this.placement = makeStore(cells, at, store, []);
    assert(at + storeSize(store) === size, 'the layout of a world does not add up');
  }

  /** A world of the same shape, to be filled with `copy`. */
  twin(): World {
    const twin = new World(this.shape, this.setting);
    twin.copy(this);
    return twin;
  }

  copy(from: World): void {
    this.setting = from.setting;
    this.cells.set(from.cells);
    (this.placement as { ratios: readonly number[] }).ratios = from.placement.ratios;
    this.placement.overCapacityRewrite = from.placement.overCapacityRewrite;
  }
}

/** Instances come first among the consumers, then migrations, then the hosts' bystanders. */
export function instanceConsumer(instance: number): number {
  return instance;
}

export function migrationConsumer(world: World, migration: number): number {
  return world.shape.instances + migration;
}

/** Who holds what is in use on a host without the scenario's doing. */
export function bystanderConsumer(world: World, host: number): number {
  return world.shape.instances + world.shape.migrations + host;
}

export function amountsOf(world: World, flavor: number, instance: Instance): Amounts {
  const setting = world.setting.flavors[flavor]!;
  return withPort(
    instance.volumeBacked === 1 ? setting.volumeBacked : setting.imageBacked,
    world.setting,
    instance.minKbps,
  );
}

/**
 * What API.resize refuses of a root disk, unless the server is volume-backed: none where there was one, and one smaller than
 * the image says (_validate_flavor_image_nostatus), which is that of the boot (nova/utils.py:get_system_metadata_from_image).
 */
export function diskTooSmall(world: World, instance: Instance, flavor: number): boolean {
  const { flavors } = world.setting;
  if (instance.volumeBacked === 1) return false;
  const { rootGb } = flavors[flavor]!;
  return rootGb === 0 ? flavors[instance.flavor]!.rootGb !== 0 : rootGb < flavors[instance.bootFlavor]!.rootGb;
}

export function trackingOf(world: World, host: number, instance: number): Tracking {
  return world.tracking[host * world.shape.instances + instance]!;
}

export function serviceUp(world: World, service: number): boolean {
  const { globals } = world;
  switch (service) {
    case SERVICE.OPERATOR:
      return true;
    case SERVICE.API:
      return globals.apiUp === 1;
    case SERVICE.CONDUCTOR:
      return globals.conductorUp === 1;
    case SERVICE.SCHEDULER:
      return globals.schedulerUp === 1;
    case SERVICE.PLACEMENT:
      return globals.placementUp === 1;
    default:
      return world.hosts[service - SERVICE.COMPUTE]!.up === 1;
  }
}

/** There are rows of its service and of its compute node: nova/scheduler/host_manager.py passes over a host without either. */
export function isListed(world: World, host: number): boolean {
  const { serviceDeleted, nodeDeleted } = world.hosts[host]!;
  return serviceDeleted === 0 && nodeDeleted === 0;
}

/** nova/servicegroup/api.py:API.service_is_up of a host's nova-compute: it is there, it reports, no operator said otherwise. */
export function seemsUp(world: World, host: number): boolean {
  const { up, forcedDown, serviceDeleted } = world.hosts[host]!;
  return up === 1 && forcedDown === 0 && serviceDeleted === 0;
}

/** A nova-compute whose host is gone for good. */
export function isGone(world: World, service: number): boolean {
  return service >= SERVICE.COMPUTE && world.hosts[service - SERVICE.COMPUTE]!.gone === 1;
}

export function setService(world: World, service: number, up: number): void {
  const { globals } = world;
  // a command that was killed is no service that is down
  if (service === SERVICE.OPERATOR) return;
  if (service === SERVICE.API) globals.apiUp = up;
  else if (service === SERVICE.CONDUCTOR) globals.conductorUp = up;
  else if (service === SERVICE.SCHEDULER) globals.schedulerUp = up;
  else if (service === SERVICE.PLACEMENT) globals.placementUp = up;
  else world.hosts[service - SERVICE.COMPUTE]!.up = up;
}

export function everythingUp(world: World): boolean {
  const services = SERVICE.COMPUTE + world.setting.hosts.length;
  for (let service = 0; service < services; service++) if (!serviceUp(world, service)) return false;
  return true;
}

/** No operator says of a host that it is down. */
export const nothingForcedDown = ({ hosts }: World): boolean => hosts.every(({ forcedDown }) => forcedDown === 0);

/** No handler is at work, held or on its way: of one instance, or, with NONE, of any. */
export function nothingUnderWay(world: World, instance: number = NONE): boolean {
  for (const job of world.jobs) {
    if (job.state !== JOB.FREE && (instance === NONE || job.instance === instance)) return false;
  }
  return true;
}

/** Notes what comes across moves that are not over: of one instance, or, with NONE, of any. */
export function meet(world: World, met: number, instance: number = NONE): void {
  for (let k = 0; k < world.globals.moves; k++) {
    const move = world.moves[k]!;
    if (move.exists === 0 || move.migration === NONE || (instance !== NONE && move.instance !== instance)) continue;
    const { exists, status } = world.migrations[move.migration]!;
    if (exists === 1 && inProgress(status)) move.met |= met;
  }
}

/** The move of an instance that the API took last, or, where it took none, that was asked for last. */
export function lastMove(world: World, instance: number): Move | undefined {
  let last: Move | undefined;
  for (let k = 0; k < world.globals.moves; k++) {
    const move = world.moves[k]!;
    if (move.exists === 1 && move.instance === instance && (last === undefined || move.accepted >= last.accepted)) {
      last = move;
    }
  }
  return last;
}

/** Fills an empty world with the cloud of a setting: services up, hosts known to Placement, nothing running. */
export function populate(world: World, setting: Setting, ratios: number[]): void {
  world.setting = setting;
  world.cells.fill(0);
  const { globals, placement } = world;
  globals.apiUp = 1;
  globals.conductorUp = 1;
  globals.schedulerUp = 1;
  globals.placementUp = 1;
  globals.operation = NONE;
  (placement as { ratios: readonly number[] }).ratios = ratios;
  Object.assign(placement, releaseRules(setting.options.placement_release));
  for (let h = 0; h < setting.hosts.length; h++) {
    const host = setting.hosts[h]!;
    world.hosts[h]!.up = 1;
    world.hosts[h]!.initialised = 1;
    const provider = placement.providers[h]!;
    provider.exists = 1;
    provider.parent = NONE;
    provider.traits = host.traits;
    setInventories(placement, h, inventoriesOf(world, h));
    if (host.used.length > 0) standBy(world, h, host.used);
  }
}

/** What the driver of a host reports, as a `put-inventories` has it. */
export function inventoriesOf({ setting, placement }: World, h: number): number[] {
  return [...setting.hosts[h]!.inventories].flatMap(([c, inventory]) => [
    c,
    inventory.total,
    inventory.reserved,
    inventory.min_unit,
    inventory.max_unit,
    inventory.step_size,
    internRatio(placement.ratios as number[], inventory.allocation_ratio),
  ]);
}

/**
 * Allocations of servers outside the scenario, as one consumer. Placement counts them; the resource tracker does not: it
 * adds up the instances and migrations of its host (nova/compute/resource_tracker.py:_update_usage_from_instances), and no
 * law compares it with what Placement has in use.
 */
function standBy(world: World, h: number, used: readonly number[]): void {
  const { placement } = world;
  const consumer = placement.consumers[bystanderConsumer(world, h)]!;
  consumer.exists = 1;
  consumer.generation = 1;
  for (let k = 0; k < used.length; k += 2) {
    consumer.allocations.add(h, used[k]!, used[k + 1]!);
    placement.inventories[h * placement.classes + used[k]!]!.used += used[k + 1]!;
  }
}

/** How many bystanders a world of the setting has: one a host, or none at all. */
export function bystandersOf(setting: Setting): number {
  return setting.hosts.some(({ used }) => used.length > 0) ? setting.hosts.length : 0;
}

export function internRatio(ratios: number[], ratio: number): number {
  const known = ratios.indexOf(ratio);
  return known >= 0 ? known : ratios.push(ratio) - 1;
}
