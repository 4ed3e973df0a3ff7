/** The small language of the conformance table, and the scenario that a line of it stands for. */
import {
  DEFAULT_OPTIONS,
  type Fault,
  type FaultKind,
  type Flavor,
  type Hold,
  type Host,
  type Inventory,
  type MIGRATION_STATUSES,
  type Operation,
  type Options,
  SCENARIO_VERSION,
  type Scenario,
} from '../../src/scenario/scenario.ts';

/** A fault of the operation that it is written at. */
export interface FaultMark {
  readonly fault: FaultKind;
  readonly point: string;
  readonly nth: number;
  readonly times: number;
}

/** A hold of the operation that it is written at. */
export interface HoldMark {
  readonly hold: string;
  readonly nth: number;
  /** how many operations further on it is let go */
  readonly after: number;
  readonly handler?: string;
}

export type Mark = FaultMark | HoldMark;

export interface Step {
  readonly operation: Operation;
  readonly marks: readonly Mark[];
}

/** What a line plays: operations on one server behind its boot on m1 at h1, and what differs from the standard cloud. */
export interface Line {
  readonly steps: readonly Step[];
  readonly hosts?: 1 | 2 | 3;
  readonly volumeBacked?: true;
  /** the server has a port that guarantees bandwidth, of which hosts have ten times as much */
  readonly port?: true;
  /** all CPUs of the flavors are dedicated, and hosts have eight of those as well */
  readonly pinned?: true;
  /** faults of the boot */
  readonly boot?: readonly Mark[];
  /** the boot forces no host: the scheduler takes the first, and a build that fails is scheduled again */
  readonly anywhere?: true;
  readonly options?: Partial<Options>;
  /** exit codes of the operator's commands, in order */
  readonly exits?: readonly number[];
  /** the release that it is played at has no such point, so that the fault strikes nowhere */
  readonly misses?: true;
}

export const fault = (point: string, kind: FaultKind, times = 1, nth = 1): FaultMark => ({
  fault: kind,
  point,
  nth,
  times,
});

/** Holds the job at a point until the next operation, or the one `after` operations on, is done. */
export const hold = (point: string, after = 1): HoldMark => ({ hold: point, nth: 1, after });
/** Holds the job at a point until a job of the same operation that runs `handler` has ended. */
export const holdFor = (point: string, handler: string): HoldMark => ({ hold: point, nth: 1, after: 0, handler });
const on =
  (operation: Operation) =>
  (...marks: Mark[]): Step => ({ operation, marks });
const SERVER = { server: 's1' } as const;

export const resize = on({ operation: 'resize', flavor: 'm2', ...SERVER });
export const resizeTo = (flavor: string, ...marks: Mark[]): Step =>
  on({ operation: 'resize', flavor, ...SERVER })(...marks);
export const migrate = on({ operation: 'cold_migrate', ...SERVER });
export const migrateTo = (host: string, ...marks: Mark[]): Step =>
  on({ operation: 'cold_migrate', host, ...SERVER })(...marks);
export const liveMigrate = on({ operation: 'live_migrate', ...SERVER });
export const liveMigrateTo = (host: string, ...marks: Mark[]): Step =>
  on({ operation: 'live_migrate', host, ...SERVER })(...marks);
/** The scheduler is not asked. */
export const liveMigrateForced = (host: string, ...marks: Mark[]): Step =>
  on({ operation: 'live_migrate', host, force: true, ...SERVER })(...marks);
export const abortLive = on({ operation: 'abort_live_migration', ...SERVER });
/** Another server on a host of its own. */
export const bootOther = (host: string, flavor: string, server = 's2', ...marks: Mark[]): Step =>
  on({ operation: 'boot', server, flavor, host })(...marks);
/** Another server of the same size on the same host, whose live migration the first one's waits for. */
export const bootAnother = on({ operation: 'boot', server: 's2', flavor: 'm1', host: 'h1' });
export const liveMigrateAnother = on({ operation: 'live_migrate', server: 's2' });
export const confirm = on({ operation: 'confirm', ...SERVER });
export const revert = on({ operation: 'revert', ...SERVER });
export const del = on({ operation: 'delete', ...SERVER });
export const stop = on({ operation: 'stop', ...SERVER });
export const hardReboot = on({ operation: 'hard_reboot', ...SERVER });
export const detach = on({ operation: 'detach_interface', ...SERVER });
export const resetState = on({ operation: 'reset_state', state: 'active', ...SERVER });
export const resetToError = on({ operation: 'reset_state', state: 'error', ...SERVER });
export const shelve = on({ operation: 'shelve', ...SERVER });
export const shelveOffload = on({ operation: 'shelve_offload', ...SERVER });
export const unshelve = on({ operation: 'unshelve', ...SERVER });
export const unshelveTo = (host: string, ...marks: Mark[]): Step =>
  on({ operation: 'unshelve', host, ...SERVER })(...marks);
/** The scheduler chooses, or is asked for that host. */
export const evacuate = on({ operation: 'evacuate', ...SERVER });
export const evacuateTo = (host: string, ...marks: Mark[]): Step =>
  on({ operation: 'evacuate', host, ...SERVER })(...marks);
/** The scheduler is not asked. */
export const evacuateForced = (host: string, ...marks: Mark[]): Step =>
  on({ operation: 'evacuate', host, force: true, ...SERVER })(...marks);
/** With another image, on the host that it is on. */
export const rebuild = on({ operation: 'rebuild', ...SERVER });
export const deleteService = (host: string, ...marks: Mark[]): Step =>
  on({ operation: 'delete_service', host })(...marks);
export const forceDown = (host: string, forced_down: boolean, ...marks: Mark[]): Step =>
  on({ operation: 'force_down', host, forced_down })(...marks);
export const loseHost = (host: string): Step => on({ operation: 'lose_host', host })();
export const audit = (host: string, ...marks: Mark[]): Step => on({ operation: 'audit', host })(...marks);
export const poll = (host: string, ...marks: Mark[]): Step =>
  on({ operation: 'poll_unconfirmed_resizes', host })(...marks);
/** Of every provider, or of one host's. */
export const placementAudit = (host?: string, ...marks: Mark[]): Step =>
  on({ operation: 'placement_audit', ...(host === undefined ? {} : { host }) })(...marks);
export const auditDelete = (host?: string, ...marks: Mark[]): Step =>
  on({ operation: 'placement_audit', delete: true, ...(host === undefined ? {} : { host }) })(...marks);
export const heal = on({ operation: 'heal_allocations', ...SERVER });
export const healAll = on({ operation: 'heal_allocations' });
export const healForce = on({ operation: 'heal_allocations', force: true, ...SERVER });
export const healForceAll = on({ operation: 'heal_allocations', force: true });
export const deleteAllocations = (of: 'instance' | 'migration', ...marks: Mark[]): Step =>
  on({ operation: 'delete_allocations', of, ...SERVER })(...marks);
export const editStatus = (migration_status: (typeof MIGRATION_STATUSES)[number]): Step =>
  on({ operation: 'edit_row', migration_status, ...SERVER })();
export const editHost = (host: string): Step => on({ operation: 'edit_row', host, ...SERVER })();
export const deleteServer = (server: string): Step => on({ operation: 'delete', server })();
export const start = on({ operation: 'start', ...SERVER });
export const crash = (service: string): Step => on({ operation: 'crash', service })();
export const restart = (service: string, ...marks: Mark[]): Step => on({ operation: 'restart', service })(...marks);
/** The host comes back with an empty hypervisor. */
export const reinstall = (service: string): Step => on({ operation: 'restart', service, reinstalled: true })();
/** An operator changes what a host has of a class, and nothing else of the record. */
export const setTotal = (host: string, resource_class: 'VCPU' | 'MEMORY_MB', total: number): Step =>
  on({
    operation: 'set_inventory',
    host,
    resource_class,
    inventory: { ...inventory(TOTALS[resource_class]), total },
  })();

/** What one server may take of a class is bounded: more is refused, also of what holds more already. */
export const setMost = (host: string, resource_class: 'VCPU' | 'MEMORY_MB', max_unit: number): Step =>
  on({
    operation: 'set_inventory',
    host,
    resource_class,
    inventory: { ...inventory(TOTALS[resource_class]), max_unit },
  })();

const TOTALS = { VCPU: 8, MEMORY_MB: 8192, DISK_GB: 100 } as const;

const inventory = (total: number): Inventory => ({
  total,
  reserved: 0,
  min_unit: 1,
  max_unit: total,
  step_size: 1,
  allocation_ratio: 1,
});

const KBPS = 1000;

const host = (name: string, { pinned, port }: Line): Host => ({
  name,
  inventories: {
    ...(pinned === true ? { PCPU: inventory(TOTALS.VCPU) } : {}),
    ...(port === true ? { NET_BW_EGR_KILOBIT_PER_SEC: inventory(10 * KBPS) } : {}),
    VCPU: inventory(TOTALS.VCPU),
    MEMORY_MB: inventory(TOTALS.MEMORY_MB),
    DISK_GB: inventory(TOTALS.DISK_GB),
  },
  traits: [],
});

const flavor = (name: string, size: number, disk = size): Flavor => ({
  name,
  vcpus: size,
  ram: 512 * size,
  disk,
  ephemeral: 0,
  swap: 0,
  properties: {},
});

/** m0 has no disk of its own, which only a volume-backed server may be resized to. */
const FLAVORS = [flavor('m1', 1), flavor('m2', 2), flavor('m0', 3, 0)];

/** The scenario of a line: its operations behind the boot of s1, faults and holds moved to where they were written. */
export function scenarioOf(line: Line): Scenario {
  const used = new Set(['m1', 'm2']);
  const faults: Fault[] = [];
  const holds: Hold[] = [];
  const operations: Operation[] = [];
  const boot = on({
    operation: 'boot',
    flavor: 'm1',
    ...(line.anywhere === true ? {} : { host: 'h1' }),
    ...(line.volumeBacked === true ? { volume_backed: true } : {}),
    ...(line.port === true ? { min_kbps: KBPS } : {}),
    ...SERVER,
  })(...(line.boot ?? []));
  for (const { operation, marks } of [boot, ...line.steps]) {
    const k = operations.length;
    operations.push(operation);
    if ('flavor' in operation) used.add(operation.flavor);
    for (const mark of marks) {
      if ('fault' in mark) {
        const { fault: kind, point, nth, times } = mark;
        faults.push({ operation: k, point, kind, nth, times });
      } else {
        const { hold: point, nth, after, handler } = mark;
        holds.push({ operation: k, point, nth, until: k + after, ...(handler === undefined ? {} : { handler }) });
      }
    }
  }
  return {
    version: SCENARIO_VERSION,
    cloud: {
      hosts: ['h1', 'h2', 'h3'].slice(0, line.hosts ?? 2).map((name) => host(name, line)),
      flavors: FLAVORS.filter(({ name }) => used.has(name)).map((one) =>
        line.pinned === true ? { ...one, properties: { 'hw:cpu_policy': 'dedicated' } } : one,
      ),
    },
    options: { ...DEFAULT_OPTIONS, ...line.options },
    operations,
    faults,
    holds,
  };
}
