/**
 * From choice words to operations, faults and holds, one operation at a time against the world as it stands. Zero words
 * mean nothing happens, the first server, the first flavor, no fault.
 */
import type { Code } from '../engine/compile.ts';
import { kindsFor } from '../engine/faults.ts';
import { handlersOf, type Resolved, recoversMoves, serves } from '../engine/operations.ts';
import type { ArmedFault, ArmedHold } from '../engine/run.ts';
import { CANDIDATES } from '../nova/candidates.ts';
import { evacuationFrom } from '../nova/handlers/rebuild-instance.ts';
import { atWork, moveUnderWay } from '../nova/sabotage.ts';
import { BANDWIDTH } from '../nova/setting.ts';
import { CONTROLLER_NAMES, SERVICE } from '../nova/states.ts';
import type { Step } from '../nova/step.ts';
import { diskTooSmall, JOB, type Job, nothingUnderWay, seemsUp, type World } from '../nova/world.ts';
import { capacity } from '../placement/store.ts';
import {
  FAULT_KINDS,
  type FaultKind,
  type Inventory,
  MIGRATION_STATUSES,
  type Operation,
  type OperationName,
} from '../scenario/scenario.ts';
import { NONE } from '../state/table.ts';
import type { Words } from './adapter.ts';
import { PORT_KBPS } from './clouds.ts';
import { familyOf, MOVE_FAMILY_NAMES, type MoveFamily } from './move-families.ts';

/** Words before the first operation, and words an operation. */
export const HEADER = 4;
export const GROUP = 8;
export const MOST_OPERATIONS = 10;
export const MOST_SERVERS = 4;
const MOST_HOLDS = 2;

/** How often each operation is drawn where it is possible. */
const WEIGHTS: Readonly<Record<OperationName, number>> = {
  boot: 3,
  resize: 14,
  cold_migrate: 8,
  confirm: 10,
  revert: 10,
  delete: 5,
  stop: 2,
  start: 2,
  hard_reboot: 2,
  reset_state: 3,
  audit: 2,
  poll_unconfirmed_resizes: 2,
  cleanup_incomplete_migrations: 1,
  set_inventory: 2,
  crash: 2,
  restart: 3,
  settle: 1,
  recover: 6,
  lose_host: 1,
  placement_audit: 3,
  heal_allocations: 6,
  delete_allocations: 0,
  edit_row: 0,
  detach_interface: 4,
  live_migrate: 14,
  abort_live_migration: 6,
  evacuate: 16,
  shelve: 8,
  shelve_offload: 10,
  unshelve: 12,
  rebuild: 6,
  force_down: 5,
  delete_service: 3,
};
/** The same where sabotage is asked for: what an operator does while servers move, and what is held for it to cut in. */
const SABOTAGE_WEIGHTS: Readonly<Record<OperationName, number>> = {
  ...WEIGHTS,
  reset_state: 12,
  placement_audit: 12,
  heal_allocations: 5,
  delete_allocations: 5,
  edit_row: 5,
};
/** Drawn for sabotage whatever the families are. */
const SABOTAGE = new Set<OperationName>(['placement_audit', 'heal_allocations']);
/** Of a crash where servers are evacuated: whose host runs are not. */
const EVACUATED_CRASHES = 10;
/** Of `Job.locks`: the executor of live migrations. */
const POOL = 4;
/** Of so many holds that could be drawn one is. */
const HOLDS = 20;
const SABOTAGE_HOLDS = 2;
const OPERATIONS = Object.keys(WEIGHTS) as OperationName[];
/** A swarm leaves operations out; these stay, or nothing would move. */
const ALWAYS = new Set<OperationName>(['boot', 'resize', 'confirm', 'revert']);
const STAYS = OPERATIONS.map((name) => ALWAYS.has(name));
const FAMILIES = OPERATIONS.map(familyOf);
const RESIZE = familyOf('resize');
const EVACUATION = 1 << familyOf('evacuate');
/** A swarm has or has not these as the whole family. */
const WHOLE = FAMILIES.map((family) => family > RESIZE);

/** Nova recovers nothing by itself. */
const RECOVERED = new Set<OperationName>(['recover']);

/** Operations about a server that is there already. */
const ON_SERVER = new Set<OperationName>([
  'resize',
  'cold_migrate',
  'confirm',
  'revert',
  'delete',
  'stop',
  'start',
  'hard_reboot',
  'detach_interface',
  'reset_state',
  'heal_allocations',
  'delete_allocations',
  'edit_row',
  'live_migrate',
  'abort_live_migration',
  'evacuate',
  'shelve',
  'shelve_offload',
  'unshelve',
  'rebuild',
]);
/** Moves to another host that has to have room. */
const NEEDS_ROOM = new Set<OperationName>(['cold_migrate', 'live_migrate', 'evacuate']);
/** Sabotage where they are about a server that is being moved. */
const SPOILS = new Set<OperationName>(['reset_state', 'heal_allocations']);
/** Never drawn for a server that they cannot be about. */
const PRECISE = new Set<OperationName>(['reset_state', 'heal_allocations', 'delete_allocations', 'edit_row']);

const SHARED = new Set<Step['touches']>([
  'database',
  'tracker',
  'driver',
  'placement-read',
  'placement-write',
  'cast',
  'call',
]);

interface Target {
  readonly point: number;
  /** a step of what goes over moves that nobody is at work on */
  readonly recovers: boolean;
  /** it reads or writes what others see: to wait before any other step is to wait before the next of these */
  readonly shared: boolean;
  readonly kinds: readonly FaultKind[];
  /** a step of what one at a time of a host may do */
  readonly pooled: boolean;
  /** it undoes something: nothing comes there that nothing went wrong with */
  readonly undoes: boolean;
}

/** Of one operation: all places where a fault can strike, and those that are reached where none has. */
interface Targets {
  readonly all: readonly Target[];
  readonly plain: readonly Target[];
}

/** How scenarios are drawn. */
export interface Drawing {
  /** operators act on servers that are being moved (nova/sabotage.ts) */
  readonly sabotage: boolean;
  /** families of moves; what the protocol does not serve is left out */
  readonly moves: readonly MoveFamily[];
  /** three of four scenarios do without some operations, kinds of fault and families */
  readonly swarm: boolean;
  /** what comes next while something is held is likely to meet it */
  readonly races: boolean;
}

export interface Decoded {
  readonly resolved: Resolved;
  readonly fault: ArmedFault | null;
  /** a second one of the same operation: what undoes the first can fail as well */
  readonly second: ArmedFault | null;
  readonly hold: ArmedHold | null;
}

function resolved(
  operation: Operation,
  instance: number = NONE,
  flavor: number = NONE,
  host: number = NONE,
  service: number = NONE,
): Resolved {
  return { operation, instance, flavor, host, service, unknown: false };
}

export class Decoder {
  private readonly targets = new Map<OperationName, Targets>();
  private readonly mostFaults: number;
  private readonly recovers: boolean;
  /** what the operation that is decoded can be about */
  private readonly list: number[] = [];
  /** operations that a fault, or a hold, was drawn for */
  private readonly faults: number[] = [];
  private readonly holds: number[] = [];
  /** how many of them struck, or still may */
  private spent = 0;
  private spentHolds = 0;
  /** the operation in whose course something is held */
  private held: OperationName | null = null;
  private last: number = NONE;
  private readonly weights = new Int32Array(OPERATIONS.length);
  private total = 0;
  private allowedKinds = 0;
  private readonly sabotage: boolean;
  /** families of moves, as bits */
  private readonly families: number;
  /** each of them by itself */
  private readonly drawn: readonly number[];

  private readonly swarm: boolean;
  private readonly races: boolean;

  /** @param mostFaults of a scenario, holds counted in: each is one thing that goes differently */
  constructor(code: Code, mostFaults: number, { sabotage, moves, swarm, races }: Drawing) {
    this.mostFaults = mostFaults;
    this.sabotage = sabotage;
    this.swarm = swarm;
    this.races = races;
    this.recovers = recoversMoves(code);
    let families = 0;
    for (const family of moves) families |= 1 << MOVE_FAMILY_NAMES.indexOf(family);
    this.families = families;
    this.drawn = moves.map((family) => 1 << MOVE_FAMILY_NAMES.indexOf(family));
    const builds = moves.includes('build');
    for (const name of OPERATIONS) {
      const all = name === 'boot' && !builds ? [] : reachable(code, name);
      this.targets.set(name, { all, plain: all.filter(({ undoes }) => !undoes) });
    }
    this.served = OPERATIONS.map((name) => serves(code, name));
  }

  private readonly served: readonly boolean[];

  /** Reads the header: which operations and kinds of fault this scenario's swarm has. */
  begin(words: Words): void {
    this.faults.length = 0;
    this.holds.length = 0;
    this.held = null;
    this.last = NONE;
    const [, operations = 0, kinds = 0, moves = 0] = words;
    // of four scenarios one has everything
    const allowed = !this.swarm || (operations & 3) === 0 ? -1 : operations >>> 2;
    const families = this.swarm ? this.someOf(moves) : this.families;
    this.total = 0;
    for (let k = 0; k < OPERATIONS.length; k++) {
      const name = OPERATIONS[k]!;
      const inFamily =
        FAMILIES[k] === -1 ||
        (families & (1 << FAMILIES[k]!)) !== 0 ||
        (this.recovers && name === 'lose_host') ||
        (this.sabotage && SABOTAGE.has(name));
      const inSwarm = STAYS[k]! || WHOLE[k]! || (allowed & (1 << k)) !== 0;
      const drawn = (this.recovers || !RECOVERED.has(name)) && this.served[k]! && inFamily && inSwarm;
      const evacuated = name === 'crash' && (families & EVACUATION) !== 0;
      const weight = evacuated ? EVACUATED_CRASHES : (this.sabotage ? SABOTAGE_WEIGHTS : WEIGHTS)[name];
      this.weights[k] = drawn ? weight : 0;
      this.total += this.weights[k]!;
    }
    this.allowedKinds = !this.swarm || (kinds & 3) === 0 ? -1 : kinds >>> 2;
  }

  /** Of four scenarios one has all families, one two of them and two a single one: most bugs are of one or where two meet. */
  private someOf(word: number): number {
    const { drawn } = this;
    const [first, second] = [drawn[(word >>> 2) % drawn.length]!, drawn[(word >>> 10) % drawn.length]!];
    const how = word & 3;
    if (how === 0) return this.families;
    return how === 1 ? first | second : first;
  }

  /** Which of `count` situations the scenario plays in. */
  situation(words: Words, count: number): number {
    return words[0]! % count;
  }

  /** The operation of group g, to be number k of the scenario; null for none. */
  next(words: Words, g: number, k: number, world: World, servers: readonly string[]): Decoded | null {
    const at = HEADER + g * GROUP;
    const kind = words[at]!;
    if (kind === 0 && world.globals.instances > 0) return null;
    const name = (this.races && this.meet(world, kind)) || this.pick(world, kind);
    return name === null ? null : this.decode(name, words, at, k, world, servers);
  }

  /** The operation of that name that a group of words makes of it; null where there is nothing that it could be about. */
  nextAs(name: OperationName, group: Words, k: number, world: World, servers: readonly string[]): Decoded | null {
    return this.canDraw(name, world) ? this.decode(name, group, 0, k, world, servers) : null;
  }

  /** Whether the scenario draws it at all, and there is something that it could be about. */
  canDraw(name: OperationName, world: World): boolean {
    if (this.weights[OPERATIONS.indexOf(name)] === 0) return false;
    this.findCandidates(name, world);
    return this.list.length > 0;
  }

  private decode(
    name: OperationName,
    words: Words,
    at: number,
    k: number,
    world: World,
    servers: readonly string[],
  ): Decoded | null {
    const made = this.make(name, world, words, at, servers);
    if (made === null) return null;
    this.count(world);
    this.last = made.instance;
    const hold = this.hold(words, at, name, k);
    const fault = this.fault(name, k, words[at + 4]!, words[at + 5]!, words[at + 6]!);
    const second =
      fault === null ? null : this.fault(name, k, words[at + 4]! >>> 8, words[at + 5]! >>> 10, words[at + 6]! >>> 20);
    return { resolved: made, hold, fault, second };
  }

  /** What was drawn and came to nothing is as if it had not been drawn. */
  private count(world: World): void {
    const underWay = (operation: number): boolean =>
      world.jobs.some((job) => job.state !== JOB.FREE && job.operation === operation);
    this.spent = this.faults.filter((operation, n) => world.faults[n]!.fired > 0 || underWay(operation)).length;
    this.spentHolds = this.holds.filter((operation, n) => world.holds[n]!.state > 0 || underWay(operation)).length;
  }

  /**
   * While a job is held, one operation in three is likely to meet it: the periodic work of a host that it has to do with, the same
   * request for another server, or another for one that something is done to. Drawn freely, they would hardly ever meet.
   */
  private meet(world: World, word: number): OperationName | null {
    const die = word >>> 20;
    const held = world.jobs.find(({ state }) => state === JOB.HELD);
    if (held === undefined) return null;
    // what has a host's only executor is what others of that host wait for
    if ((held.locks & POOL) !== 0 && die % 3 !== 2) {
      return die % 3 === 0 ? this.sameAgain(held, world) : this.pickAboutBusy(world, word);
    }
    if (die % 3 !== 0) return null;
    switch (Math.trunc(die / 3) % 4) {
      case 0:
        return this.sameAgain(held, world);
      case 1:
        return this.pickAboutBusy(world, word);
      default:
        return this.auditBeside(held, world, Math.trunc(die / 12));
    }
  }

  /** For a server of the same host, if there is one. */
  private sameAgain({ instance }: Job, world: World): OperationName | null {
    if (this.held === null || !this.canDraw(this.held, world)) return null;
    if (instance === NONE || !ON_SERVER.has(this.held)) return this.held;
    const { host } = world.instances[instance]!;
    const beside = this.list.filter((i) => world.instances[i]!.host === host);
    if (beside.length > 0) this.list.splice(0, this.list.length, ...beside);
    return this.held;
  }

  private auditBeside({ service, migration }: Job, world: World, die: number): OperationName | null {
    if (service < SERVICE.COMPUTE) return null;
    const move = migration === NONE ? undefined : world.migrations[migration]!;
    const sides = [service - SERVICE.COMPUTE, move?.source ?? NONE, move?.destination ?? NONE];
    this.findCandidates('audit', world);
    const host = sides[die % sides.length]!;
    if (!this.list.includes(host)) return null;
    this.list.length = 0;
    this.list.push(host);
    return 'audit';
  }

  private pickAboutBusy(world: World, word: number): OperationName | null {
    const start = word % OPERATIONS.length;
    for (let k = 0; k < OPERATIONS.length; k++) {
      const at = (start + k) % OPERATIONS.length;
      const name = OPERATIONS[at]!;
      if (this.weights[at] === 0 || !ON_SERVER.has(name)) continue;
      this.findCandidates(name, world);
      const busy = this.list.filter((i) => !nothingUnderWay(world, i));
      if (busy.length === 0) continue;
      this.list.splice(0, this.list.length, ...busy);
      return name;
    }
    return null;
  }

  /** The operation that the word says, or the next that is possible; what it can be about is then in the list. */
  private pick(world: World, word: number): OperationName | null {
    if (world.globals.instances === 0) {
      this.findCandidates('boot', world);
      return 'boot';
    }
    const { weights } = this;
    let rest = word % this.total;
    let start = 0;
    while (rest >= weights[start]!) rest -= weights[start++]!;
    for (let k = 0; k < OPERATIONS.length; k++) {
      const at = (start + k) % OPERATIONS.length;
      if (weights[at] === 0) continue;
      this.findCandidates(OPERATIONS[at]!, world);
      if (this.list.length > 0) return OPERATIONS[at]!;
    }
    return null;
  }

  private findCandidates(name: OperationName, world: World): void {
    this.list.length = 0;
    CANDIDATES[name](world, this.list);
    // where there is nothing to heal it is asked for all the same, also of servers that are deleted
    if (name === 'heal_allocations' && !this.sabotage && this.list.length === 0) {
      for (let i = 0; i < world.globals.instances; i++) this.list.push(i);
    }
    if (this.sabotage && SPOILS.has(name)) {
      const { instances } = world.globals;
      for (let i = 0; i < instances; i++) {
        const careless = world.instances[i]!.exists === 1 && (this.recovers ? moveUnderWay : atWork)(world, i);
        if (careless && !this.list.includes(i)) this.list.push(i);
      }
    }
  }

  private make(
    name: OperationName,
    world: World,
    words: Words,
    at: number,
    servers: readonly string[],
  ): Resolved | null {
    const who = words[at + 1]!;
    const what = words[at + 2]!;
    const how = words[at + 3]!;
    const { setting } = world;
    const { list } = this;
    let chosen = list.length === 0 ? NONE : list[(who >>> 1) % list.length]!;
    // one in two goes on with the server of the operation before
    if ((who & 1) === 1 && list.includes(this.last)) chosen = this.last;
    const onServer = ON_SERVER.has(name);
    // a few per cent are illegal on purpose
    if (onServer && !PRECISE.has(name) && how % 32 === 31) chosen = (who >>> 1) % world.globals.instances;
    // what is evacuated comes from a host that is down
    if (name === 'crash' && (this.families & EVACUATION) !== 0 && how % 4 !== 0)
      chosen = this.withServers(world, chosen);
    // of all but one in twelve moves one that some other host has room for
    const anyway = (how >>> 8) % 12 === 11;
    if (NEEDS_ROOM.has(name) && !anyway) chosen = this.roomFor(world, chosen);
    if (chosen === NONE) return null;
    const flavor = this.flavor(world, name, chosen, what, anyway);
    if (flavor === NONE) return null;
    const host = (what >>> 8) % setting.hosts.length;
    const hostName = (h: number): string => setting.hosts[h]!.name;
    const serviceName = (s: number): string =>
      s < SERVICE.COMPUTE ? CONTROLLER_NAMES[s]! : hostName(s - SERVICE.COMPUTE);
    const server = servers[chosen] ?? '?';
    switch (name) {
      case 'boot': {
        // a build that never reaches its host comes with the other moves
        const forced = how % 4 === 3 && world.hosts[host]!.up === 1;
        const volumeBacked = (how >>> 4) % 8 === 7;
        const operation: Extract<Operation, { operation: 'boot' }> = {
          operation: 'boot',
          server,
          flavor: setting.flavors[flavor]!.name,
        };
        if (forced) operation.host = hostName(host);
        if (volumeBacked) operation.volume_backed = true;
        if (setting.classes.includes(BANDWIDTH) && (how >>> 8) % 2 === 1) operation.min_kbps = PORT_KBPS;
        return resolved(operation, chosen, flavor, forced ? host : NONE);
      }
      case 'resize': {
        const operation: Operation = { operation: 'resize', server, flavor: setting.flavors[flavor]!.name };
        return resolved(operation, chosen, flavor);
      }
      case 'cold_migrate': {
        const requested = how % 4 === 3 && host !== world.instances[chosen]!.host;
        const operation: Extract<Operation, { operation: 'cold_migrate' }> = { operation: 'cold_migrate', server };
        if (requested) operation.host = hostName(host);
        return resolved(operation, chosen, NONE, requested ? host : NONE);
      }
      case 'live_migrate':
      case 'evacuate': {
        const requested = how % 4 === 3 && host !== world.instances[chosen]!.host;
        const operation: Extract<Operation, { operation: 'live_migrate' | 'evacuate' }> = { operation: name, server };
        if (requested) operation.host = hostName(host);
        if (requested && (how >>> 2) % 2 === 1) operation.force = true;
        return resolved(operation, chosen, NONE, requested ? host : NONE);
      }
      case 'unshelve': {
        const requested = how % 4 === 3 && world.instances[chosen]!.host === NONE;
        const operation: Extract<Operation, { operation: 'unshelve' }> = { operation: 'unshelve', server };
        if (requested) operation.host = hostName(host);
        return resolved(operation, chosen, NONE, requested ? host : NONE);
      }
      case 'force_down': {
        const forced_down = world.hosts[chosen]!.forcedDown === 0;
        return resolved({ operation: name, host: hostName(chosen), forced_down }, NONE, NONE, chosen);
      }
      case 'reset_state':
        return resolved({ operation: 'reset_state', server, state: how % 8 === 7 ? 'error' : 'active' }, chosen);
      case 'confirm':
      case 'revert':
      case 'delete':
      case 'stop':
      case 'start':
      case 'hard_reboot':
      case 'detach_interface':
      case 'abort_live_migration':
      case 'shelve':
      case 'shelve_offload':
      case 'rebuild':
        return resolved({ operation: name, server }, chosen);
      case 'audit':
      case 'poll_unconfirmed_resizes':
      case 'cleanup_incomplete_migrations':
      case 'lose_host':
      case 'delete_service':
        return resolved({ operation: name, host: hostName(chosen) }, NONE, NONE, chosen);
      case 'set_inventory':
        return this.setInventory(world, chosen, what, how);
      case 'crash':
        return resolved({ operation: name, service: serviceName(chosen) }, NONE, NONE, NONE, chosen);
      case 'restart': {
        const operation: Extract<Operation, { operation: 'restart' }> = {
          operation: name,
          service: serviceName(chosen),
        };
        const evacuated = (this.families & EVACUATION) !== 0 && canReinstall(world, chosen - SERVICE.COMPUTE);
        if (evacuated && how % 4 === 3) operation.reinstalled = true;
        return resolved(operation, NONE, NONE, NONE, chosen);
      }
      case 'settle':
      case 'recover':
        return resolved({ operation: name });
      case 'placement_audit': {
        const operation: Extract<Operation, { operation: 'placement_audit' }> = { operation: 'placement_audit' };
        if (how % 8 !== 7) operation.delete = true;
        const everywhere = (how >>> 4) % 2 === 1;
        if (!everywhere) operation.host = hostName(chosen);
        return resolved(operation, NONE, NONE, everywhere ? NONE : chosen);
      }
      case 'heal_allocations': {
        const force = how % 4 === 3;
        const operation: Extract<Operation, { operation: 'heal_allocations' }> = { operation: 'heal_allocations' };
        // of all servers it can be asked for without force alone
        const everyone = !this.sabotage && how % 4 === 0;
        if (!everyone) operation.server = server;
        if (force) operation.force = true;
        return resolved(operation, everyone ? NONE : chosen);
      }
      case 'delete_allocations':
        return resolved({ operation: name, server, of: how % 2 === 0 ? 'migration' : 'instance' }, chosen);
      case 'edit_row': {
        const status = MIGRATION_STATUSES[what % MIGRATION_STATUSES.length]!;
        if (how % 2 === 0) return resolved({ operation: name, server, migration_status: status }, chosen);
        return resolved({ operation: name, server, host: hostName(host) }, chosen, NONE, host);
      }
    }
  }

  /** The service itself, or the nova-compute of a host that has servers. */
  private withServers({ globals, instances }: World, chosen: number): number {
    for (let i = 0; i < globals.instances; i++) {
      const { exists, host } = instances[(chosen + i) % globals.instances]!;
      if (exists === 1 && host !== NONE && this.list.includes(SERVICE.COMPUTE + host)) return SERVICE.COMPUTE + host;
    }
    return chosen;
  }

  /**
   * The flavor of a boot or resize, unless `anyway` one that some host has room for: of a resize NONE if there is none,
   * since it asks for another flavor than the server has.
   */
  private flavor(world: World, name: OperationName, chosen: number, what: number, anyway: boolean): number {
    const count = world.setting.flavors.length;
    const first = what % count;
    if (name !== 'boot' && name !== 'resize') return first;
    const current = name === 'resize' ? world.instances[chosen]!.flavor : NONE;
    for (let k = 0; k < count; k++) {
      const flavor = (first + k) % count;
      if (flavor === current) continue;
      if (anyway) return flavor;
      if (current !== NONE && diskTooSmall(world, world.instances[chosen]!, flavor)) continue;
      if (hasRoom(world, flavor, name === 'resize' ? world.instances[chosen]!.host : NONE)) return flavor;
    }
    return name === 'resize' ? NONE : first;
  }

  /** The server, or the next candidate that another host has room for, or NONE. */
  private roomFor(world: World, chosen: number): number {
    const { list } = this;
    const first = Math.max(0, list.indexOf(chosen));
    for (let k = 0; k < list.length; k++) {
      const i = list[(first + k) % list.length]!;
      const { flavor, host } = world.instances[i]!;
      if (hasRoom(world, flavor, host)) return i;
    }
    return NONE;
  }

  /** The operator shrinks a class to its use, below it, or grows it; or bounds what one server may take. */
  private setInventory(world: World, h: number, what: number, how: number): Resolved | null {
    const { setting, placement } = world;
    const classes: number[] = [];
    for (let c = 0; c < setting.classes.length; c++) {
      if (setting.hosts[h]!.inventories.has(c)) classes.push(c);
    }
    if (classes.length === 0) return null;
    const c = classes[what % classes.length]!;
    const record = placement.inventories[h * placement.classes + c]!;
    const current: Inventory = {
      total: record.total,
      reserved: record.reserved,
      min_unit: record.minUnit,
      max_unit: record.maxUnit,
      step_size: record.stepSize,
      allocation_ratio: placement.ratios[record.ratio]!,
    };
    const used = Math.min(Math.max(1, record.used), 2147483647);
    // a host has the CPUs that it has, whatever an operator says of them
    const most = setting.classes[c] === 'PCPU' ? setting.hosts[h]!.inventories.get(c)!.total : 2147483647;
    const changes: Partial<Inventory>[] = [
      { total: used, reserved: 0, allocation_ratio: 1 },
      { total: Math.max(1, used - 1), reserved: 0, allocation_ratio: 1 },
      { total: Math.min(current.total * 2, most) },
      { max_unit: Math.max(1, Math.trunc(used / 2)) },
      { step_size: 2 },
      { min_unit: 2 },
    ];
    const inventory = { ...current, ...changes[how % changes.length]! };
    const operation: Operation = {
      operation: 'set_inventory',
      host: setting.hosts[h]!.name,
      resource_class: setting.classes[c]!,
      inventory,
    };
    return resolved(operation, NONE, NONE, h);
  }

  private fault(name: OperationName, k: number, whether: number, which: number, word: number): ArmedFault | null {
    const { all, plain } = this.targets.get(name)!;
    if (this.spent + this.spentHolds >= this.mostFaults || all.length === 0 || whether % 5 < 3) return null;
    // where nothing has gone wrong nothing is undone, but for what was refused by itself
    const targets = this.spent > 0 || which % 8 === 7 || plain.length === 0 ? all : plain;
    const target = targets[(which >>> 3) % targets.length]!;
    const wanted = target.kinds.filter((kind) => (this.allowedKinds & (1 << FAULT_KINDS.indexOf(kind))) !== 0);
    const kinds = wanted.length > 0 ? wanted : target.kinds;
    const kind = kinds[word % kinds.length]!;
    this.faults.push(k);
    this.spent++;
    // the client makes four attempts at a provider conflict: all of them, or it is none
    const often = kind === 'provider-conflict' ? (word >>> 16) % 2 : (word >>> 16) % 12 === 11 ? 1 : 0;
    return {
      operation: k,
      point: target.point,
      kind,
      nth: 1 + ((word >>> 8) % 10 === 9 ? 1 : 0),
      times: often === 1 ? 4 : 1,
    };
  }

  private hold(words: Words, at: number, name: OperationName, k: number): ArmedHold | null {
    const word = words[at + 7]!;
    const { all, plain } = this.targets.get(name)!;
    const targets = this.spent > 0 || plain.length === 0 ? all : plain;
    if (this.spent + this.spentHolds >= this.mostFaults || this.spentHolds >= MOST_HOLDS || targets.length === 0)
      return null;
    // races take two things that go wrong: where that many may, holds are frequent and some last for two operations
    const several = this.mostFaults > 1;
    if (word % (this.sabotage ? SABOTAGE_HOLDS : several ? 5 : HOLDS) !== 0) return null;
    this.holds.push(k);
    this.spentHolds++;
    this.held = name;
    const until = k + 1 + (several ? (word >>> 14) % 2 : 0);
    // what recovers may find that another has done so, and that the server has moved on since
    const met = this.races ? targets.filter(({ shared }) => shared) : targets;
    const pooled = met.filter((target) => target.pooled);
    if (pooled.length > 0 && (word >>> 12) % 2 === 0) {
      return { operation: k, point: pooled[(word >>> 16) % pooled.length]!.point, nth: 1, until, handler: null };
    }
    const recovering = met.filter(({ recovers }) => recovers);
    const list = recovering.length > 0 && (word >>> 12) % 4 === 0 ? recovering : met;
    return { operation: k, point: list[(word >>> 16) % list.length]!.point, nth: 1, until, handler: null };
  }
}

/** Some host that is up, other than `except`, has what the flavor asks for. */
function hasRoom(world: World, f: number, except: number): boolean {
  const { placement, setting } = world;
  const { imageBacked, required, forbidden } = setting.flavors[f]!;
  next: for (let h = 0; h < setting.hosts.length; h++) {
    const { traits } = placement.providers[h]!;
    if (h === except || !seemsUp(world, h)) continue;
    if ((traits & required) !== required || (traits & forbidden) !== 0) continue;
    for (let k = 0; k < imageBacked.resources.length; k += 2) {
      const record = placement.inventories[h * placement.classes + imageBacked.resources[k]!]!;
      const asked = imageBacked.resources[k + 1]!;
      if (record.exists === 0 || asked < record.minUnit || asked > record.maxUnit) continue next;
      if (asked % record.stepSize !== 0 || record.used + asked > capacity(placement, record)) continue next;
    }
    return true;
  }
  return false;
}

/** A compute host that was evacuated, and whose hypervisor has nothing else: an operator reinstalls no other. */
function canReinstall(world: World, host: number): boolean {
  if (host < 0) return false;
  let evacuated = false;
  for (let i = 0; i < world.globals.instances; i++) {
    const { exists, host: home, guests, backups } = world.instances[i]!;
    const left = home !== host && evacuationFrom(world, host, i) !== NONE;
    if (!left && exists === 1 && (home === host || ((guests | backups) & (1 << host)) !== 0)) return false;
    evacuated ||= left;
  }
  return evacuated;
}

/** The failure points of the handlers that an operation leads to. */
function reachable(code: Code, name: OperationName): Target[] {
  const handlers = handlersOf(code, [name]);
  const points = new Map<number, Target>();
  for (const { handler, point, step, undoing } of code.instructions) {
    if (point === NONE || !handlers.has(handler.id) || points.has(point)) continue;
    const kinds = kindsFor(step);
    if (kinds.length > 0)
      points.set(point, {
        point,
        recovers: handler.recovers === true,
        shared: SHARED.has(step.touches),
        kinds,
        pooled: handler.pooled === true,
        undoes: undoing !== null,
      });
  }
  return [...points.values()];
}
