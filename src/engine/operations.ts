/**
 * What each operation of a scenario starts. An operation is skipped only if it names something that does not exist; any
 * other reaches the API's handler and may be refused there.
 */

import { saveMigrationStatus } from '../nova/database.ts';
import { noteSabotage } from '../nova/sabotage.ts';
import { indexOfName, SAME_HOST_TRAIT_BIT, type Setting } from '../nova/setting.ts';
import { CONTROLLER_NAMES, MET, MOVE, POWER, SERVICE, STATUS_NAMES, TASK, VM } from '../nova/states.ts';
import {
  amountsOf,
  diskTooSmall,
  everythingUp,
  type Instance,
  internRatio,
  isGone,
  JOB,
  type Job,
  meet,
  nothingForcedDown,
  nothingUnderWay,
  OPERATION,
  serviceUp,
  setService,
  type World,
} from '../nova/world.ts';
import { serve } from '../placement/server.ts';
import type { Operation } from '../scenario/scenario.ts';
import { NONE } from '../state/table.ts';
import type { Code } from './compile.ts';
import type { Run } from './run.ts';

/** An operation with its names resolved. NONE stands for a name of nothing, and for what was not given. */
export interface Resolved {
  readonly operation: Operation;
  readonly instance: number;
  readonly flavor: number;
  readonly host: number;
  readonly service: number;
  /** a name was given for something that does not exist */
  readonly unknown: boolean;
}

/** Resolves names; the instance of a boot is the next free one. */
export function resolve(operation: Operation, setting: Setting, servers: readonly string[]): Resolved {
  let instance: number = NONE;
  let flavor: number = NONE;
  let host: number = NONE;
  let service: number = NONE;
  let unknown = false;
  const named = (index: number): number => {
    if (index === NONE) unknown = true;
    return index;
  };
  if ('server' in operation && operation.server !== undefined) instance = named(servers.indexOf(operation.server));
  if ('flavor' in operation) flavor = named(indexOfName(setting.flavors, operation.flavor));
  if ('host' in operation && operation.host !== undefined) host = named(indexOfName(setting.hosts, operation.host));
  if ('service' in operation) {
    const controller = (CONTROLLER_NAMES as readonly string[]).indexOf(operation.service);
    const compute = indexOfName(setting.hosts, operation.service);
    service = controller >= 0 ? controller : compute >= 0 ? SERVICE.COMPUTE + compute : named(NONE);
  }
  if (operation.operation === 'set_inventory') {
    const record = setting.hosts[host]?.inventories.get(setting.classes.indexOf(operation.resource_class));
    if (record === undefined) unknown = true;
  }
  return { operation, instance, flavor, host, service, unknown };
}

/** Servers of a scenario, in the order of their boots: the position is the instance's number. */
export function serverNames(operations: readonly Operation[]): string[] {
  const names: string[] = [];
  for (const operation of operations) {
    if (operation.operation === 'boot' && !names.includes(operation.server)) names.push(operation.server);
  }
  return names;
}

/** Begins operation k and runs the world to rest. */
export function perform(run: Run, k: number, resolved: Resolved): void {
  start(run, k, resolved);
  // what is held until everything is to rest goes on when it does (settle.ts): no fault strikes it any more
  if (resolved.operation.operation !== 'settle') run.drain(k);
  forgetRefusedMove(run.world, k);
}

/** What operation k starts, before anything of it runs. */
export function start(run: Run, k: number, resolved: Resolved): void {
  const { world } = run;
  world.globals.operation = k;
  const { operation } = resolved.operation;
  // what an audit that cut in leaves wrong in a tracker is the next audit's to right: the move that it cut into is judged, no
  // later; but for an evacuation, before which a host has to go down
  const later = world.globals.disturbed === 1 && MOVES[operation] !== undefined && operation !== 'evacuate';
  if (operation !== 'audit' && (later || !nothingUnderWay(world))) world.globals.crossed = 1;
  const record = world.operations[k]!;
  if (resolved.unknown || !STARTS[operation](run, k, resolved)) {
    record.outcome = OPERATION.SKIPPED;
  }
}

type Start = (run: Run, k: number, resolved: Resolved) => boolean;

/** A request to the API about a server that was booted. What the protocol does not serve is skipped. */
function request(handler: string, fill?: (job: Job, resolved: Resolved) => void): Start {
  return (run, k, resolved) => {
    const { world } = run;
    const instance = world.instances[resolved.instance]!;
    if (instance.exists === 0 || !serviceUp(world, SERVICE.API) || !run.code.entries.has(handler)) return false;
    instance.touched = 1;
    const job = run.begin(handler, SERVICE.API, k);
    job.instance = resolved.instance;
    fill?.(job, resolved);
    return true;
  };
}

/** A request that moves a server, and that laws about moves judge. */
const move =
  (handler: string): Start =>
  (run, k, resolved) => {
    const { world } = run;
    const kind = MOVES[resolved.operation.operation]!;
    const instance = world.instances[resolved.instance]!;
    if (instance.exists === 0 || !serviceUp(world, SERVICE.API) || !run.code.entries.has(handler)) return false;
    meet(world, MET.ANOTHER_MOVE);
    const record = world.moves[world.globals.moves++]!;
    record.exists = 1;
    record.kind = kind;
    record.instance = resolved.instance;
    record.operation = k;
    record.migration = NONE;
    record.source = instance.host;
    record.oldFlavor = instance.flavor;
    record.newFlavor = resolved.flavor === NONE ? instance.flavor : resolved.flavor;
    record.oldVm = instance.vm;
    record.accepted = 0;
    record.committed = 0;
    record.flipped = 0;
    record.decision = 0;
    record.disturbed = 0;
    record.met = 0;
    record.elsewhere = 0;
    record.before.copy(world.placement.consumers[resolved.instance]!.allocations);
    record.fits = fits(run, kind, resolved, record.newFlavor) ? 1 : 0;
    const { operation } = resolved;
    return request(handler, (job) => {
      job.flavor = resolved.flavor;
      job.requested = resolved.host;
      job.option = 'force' in operation && operation.force === true ? 1 : 0;
    })(run, k, resolved);
  };

/** A refused request is no move: it must not stand between the server and its last one. */
export function forgetRefusedMove(world: World, k: number): void {
  const { globals, moves } = world;
  const last = moves[globals.moves - 1];
  if (last === undefined || last.operation !== k || last.accepted > 0) return;
  // kept for the law that calls it spurious
  if (last.fits === 1 && last.disturbed === 0) return;
  for (const job of world.jobs) if (job.state !== JOB.FREE && job.operation === k) return;
  last.before.clear();
  last.exists = 0;
  globals.moves--;
}

/** vm_states in which the API takes each kind of move. An evacuation is never judged by it: its host is down. */
const STATES_OF: Readonly<Record<number, readonly number[]>> = {
  [MOVE.RESIZE]: [VM.ACTIVE, VM.STOPPED],
  [MOVE.LIVE_MIGRATION]: [VM.ACTIVE],
  [MOVE.EVACUATION]: [],
  [MOVE.UNSHELVE]: [VM.SHELVED, VM.SHELVED_OFFLOADED],
};

/** The guest runs on the host that Nova knows, and Nova knows that it does. */
const runs = ({ power, running, host }: Instance): boolean => power === POWER.RUNNING && (running & (1 << host)) !== 0;

/**
 * With nothing else in flight and every service up: the API would take the request, and Placement has room for the new
 * beside the old on a host that passes the filters.
 */
function fits(run: Run, kind: number, resolved: Resolved, flavor: number): boolean {
  const { world } = run;
  const { setting, placement } = world;
  const instance = world.instances[resolved.instance]!;
  if (!nothingUnderWay(world) || !everythingUp(world) || !nothingForcedDown(world)) return false;
  if (instance.exists !== 1 || instance.task !== TASK.NONE) return false;
  if (!STATES_OF[kind]!.includes(instance.vm) || (kind !== MOVE.UNSHELVE && instance.host === NONE)) return false;
  // what does not run cannot be moved as it runs
  if (kind === MOVE.LIVE_MIGRATION && !runs(instance)) return false;
  // on its own host it has its claim
  if (instance.vm === VM.SHELVED) return resolved.host === NONE;
  const resize = resolved.operation.operation === 'resize';
  if (resize && flavor === instance.flavor) return false;
  if (resize && diskTooSmall(world, instance, flavor)) return false;
  const { required, forbidden } = setting.flavors[flavor]!;
  const sameHost =
    kind === MOVE.RESIZE &&
    (resize
      ? setting.options.allow_resize_to_same_host
      : (placement.providers[instance.host]!.traits & SAME_HOST_TRAIT_BIT) !== 0);
  const { ids } = serve(placement, run.code.rules, {
    op: 'get-candidates',
    resources: amountsOf(world, flavor, instance).resources,
    required,
    forbidden,
    inTree: resolved.host,
  });
  return resolved.host !== instance.host && ids.some((host) => host !== instance.host || sameHost);
}

const boot: Start = (run, k, resolved) => {
  const { world } = run;
  const { operation } = resolved;
  if (operation.operation !== 'boot' || !serviceUp(world, SERVICE.API)) return false;
  const instance = world.instances[resolved.instance]!;
  if (instance.exists !== 0) return false;
  world.globals.instances = Math.max(world.globals.instances, resolved.instance + 1);
  instance.host = NONE;
  instance.vm = VM.BUILDING;
  instance.task = TASK.NONE;
  instance.power = POWER.NOSTATE;
  instance.flavor = resolved.flavor;
  instance.instanceType = resolved.flavor;
  instance.requestSpecFlavor = resolved.flavor;
  instance.bootFlavor = resolved.flavor;
  instance.oldFlavor = NONE;
  instance.newFlavor = NONE;
  instance.oldVm = NONE;
  instance.migrationContext = NONE;
  instance.volumeBacked = operation.volume_backed === true ? 1 : 0;
  instance.touched = 1;
  const job = run.begin('api.create', SERVICE.API, k);
  job.instance = resolved.instance;
  job.flavor = resolved.flavor;
  job.requested = resolved.host;
  return true;
};

/** A service's own work on one host. */
function onHost(handler: string): Start {
  return (run, k, { host }) => {
    const { world } = run;
    if (!serviceUp(world, SERVICE.COMPUTE + host)) return false;
    run.begin(handler, SERVICE.COMPUTE + host, k);
    world.operations[k]!.outcome = OPERATION.ACCEPTED;
    return true;
  };
}

const crash: Start = (run, k, { service }) => {
  if (!serviceUp(run.world, service)) return false;
  run.world.operations[k]!.outcome = OPERATION.ACCEPTED;
  if (service === SERVICE.PLACEMENT) meet(run.world, MET.PLACEMENT_AWAY);
  run.crash(service);
  return true;
};

/** A service comes back; one that is up is restarted, so what it was doing is lost. */
export function restartService(run: Run, service: number, k: number): void {
  if (serviceUp(run.world, service)) run.crash(service);
  setService(run.world, service, 1);
  run.listener?.service(service, true);
  if (service >= SERVICE.COMPUTE) run.begin('compute.init_host', service, k);
}

const restart: Start = (run, k, { operation, service }) => {
  const { world } = run;
  if (operation.operation !== 'restart' || isGone(world, service)) return false;
  world.operations[k]!.outcome = OPERATION.ACCEPTED;
  if (operation.reinstalled === true && service >= SERVICE.COMPUTE) {
    if (serviceUp(world, service)) run.crash(service);
    emptyHypervisor(world, service - SERVICE.COMPUTE);
  }
  restartService(run, service, k);
  return true;
};

function emptyHypervisor(world: World, host: number): void {
  for (const instance of world.instances) {
    instance.guests &= ~(1 << host);
    instance.running &= ~(1 << host);
    instance.backups &= ~(1 << host);
  }
}

/** A request to the API about the nova-compute of a host. */
function aboutService(handler: string): Start {
  return (run, k, { operation, host }) => {
    if (!serviceUp(run.world, SERVICE.API) || !run.code.entries.has(handler)) return false;
    const job = run.begin(handler, SERVICE.API, k);
    job.requested = host;
    job.option = operation.operation === 'force_down' && operation.forced_down ? 1 : 0;
    return true;
  };
}

const loseHost: Start = (run, k, { host }) => {
  const { world } = run;
  const service = SERVICE.COMPUTE + host;
  if (isGone(world, service)) return false;
  world.operations[k]!.outcome = OPERATION.ACCEPTED;
  meet(world, MET.HOST_GONE);
  run.crash(service);
  world.hosts[host]!.gone = 1;
  return true;
};

/** Recovery of conductor, in protocols that have it. */
export const RECOVERY_HANDLERS: readonly string[] = ['conductor.recover_moves', 'conductor.recover_deletes'];

/** Whether the protocol puts moves right by itself. */
export const recoversMoves = (code: Code): boolean => RECOVERY_HANDLERS.every((id) => code.entries.has(id));

const recover: Start = (run, k) => {
  const { world, code } = run;
  if (!serviceUp(world, SERVICE.CONDUCTOR) || !recoversMoves(code)) return false;
  for (const handler of RECOVERY_HANDLERS) run.begin(handler, SERVICE.CONDUCTOR, k);
  world.operations[k]!.outcome = OPERATION.ACCEPTED;
  return true;
};

const setInventory: Start = (run, k, { operation, host }) => {
  if (operation.operation !== 'set_inventory') return false;
  const { world } = run;
  if (world.globals.placementUp === 0) return false;
  const { inventory, resource_class } = operation;
  const { placement, setting } = world;
  meet(world, MET.INVENTORY);
  // what was asked before and refused afterwards was refused for a reason
  for (let m = 0; m < world.globals.moves; m++) world.moves[m]!.disturbed = 1;
  const response = run.request({
    op: 'put-inventory',
    provider: host,
    resourceClass: setting.classes.indexOf(resource_class),
    generation: placement.providers[host]!.generation,
    total: inventory.total,
    reserved: inventory.reserved,
    minUnit: inventory.min_unit,
    maxUnit: inventory.max_unit,
    stepSize: inventory.step_size,
    ratio: internRatio(placement.ratios as number[], inventory.allocation_ratio),
  });
  const record = world.operations[k]!;
  record.outcome = response.status === 200 ? OPERATION.ACCEPTED : OPERATION.REFUSED;
  record.http = response.status;
  return true;
};

/** A command in the operator's shell, which needs none of Nova's services. */
function command(handler: string, fill: (job: Job, resolved: Resolved) => void): Start {
  return (run, k, resolved) => {
    const job = run.begin(handler, SERVICE.OPERATOR, k);
    fill(job, resolved);
    return true;
  };
}

/** Straight into the database: no handler, and nobody is told. */
const editRow: Start = ({ world }, k, { operation, instance, host }) => {
  if (operation.operation !== 'edit_row' || world.instances[instance]!.exists !== 1) return false;
  const status = operation.migration_status === undefined ? NONE : STATUS_NAMES.indexOf(operation.migration_status);
  let last: number = NONE;
  for (let m = 0; m < world.globals.migrations; m++) {
    if (world.migrations[m]!.exists === 1 && world.migrations[m]!.instance === instance) last = m;
  }
  if (host === NONE && (status === NONE || last === NONE)) return false;
  if (host !== NONE) world.instances[instance]!.host = host;
  if (status !== NONE && last !== NONE) saveMigrationStatus(world, world.migrations[last]!, status);
  world.operations[k]!.outcome = OPERATION.ACCEPTED;
  world.instances[instance]!.touched = 1;
  noteSabotage(world, k, instance);
  return true;
};

/** What a move was asked for as, by its operation. */
export const MOVES: Readonly<Partial<Record<Operation['operation'], number>>> = {
  resize: MOVE.RESIZE,
  cold_migrate: MOVE.RESIZE,
  live_migrate: MOVE.LIVE_MIGRATION,
  evacuate: MOVE.EVACUATION,
  unshelve: MOVE.UNSHELVE,
};

const STARTS: Record<Operation['operation'], Start> = {
  boot,
  resize: move('api.resize'),
  cold_migrate: move('api.resize'),
  live_migrate: move('api.live_migrate'),
  abort_live_migration: request('api.live_migrate_abort'),
  evacuate: move('api.evacuate'),
  shelve: request('api.shelve'),
  shelve_offload: request('api.shelve_offload'),
  unshelve: move('api.unshelve'),
  rebuild: request('api.rebuild'),
  force_down: aboutService('api.force_down'),
  delete_service: aboutService('api.service_delete'),
  confirm: request('api.confirm_resize'),
  revert: request('api.revert_resize'),
  delete: request('api.delete'),
  stop: request('api.stop'),
  start: request('api.start'),
  hard_reboot: request('api.hard_reboot'),
  reset_state: request('api.reset_state', (job, { operation }) => {
    job.cursor = operation.operation === 'reset_state' && operation.state === 'error' ? VM.ERROR : VM.ACTIVE;
  }),
  audit: onHost('compute.update_available_resource'),
  poll_unconfirmed_resizes: onHost('compute.poll_unconfirmed_resizes'),
  cleanup_incomplete_migrations: onHost('compute.cleanup_incomplete_migrations'),
  set_inventory: setInventory,
  crash,
  restart,
  lose_host: loseHost,
  recover,
  // carried out by the caller, which has the judge's clone to look after
  settle: () => true,
  placement_audit: command('nova-manage.audit', (job, { operation, host }) => {
    job.requested = host;
    job.option = operation.operation === 'placement_audit' && operation.delete === true ? 1 : 0;
  }),
  heal_allocations: command('nova-manage.heal_allocations', (job, { operation, instance }) => {
    job.requested = instance;
    job.option = operation.operation === 'heal_allocations' && operation.force === true ? 1 : 0;
  }),
  delete_allocations: command('openstack.allocation_delete', (job, { operation, instance }) => {
    job.instance = instance;
    job.option = operation.operation === 'delete_allocations' && operation.of === 'migration' ? 1 : 0;
  }),
  edit_row: editRow,
};

/** The handlers that an operation begins with. */
export const ENTRY_HANDLERS: Readonly<Partial<Record<Operation['operation'], readonly string[]>>> = {
  boot: ['api.create'],
  resize: ['api.resize'],
  cold_migrate: ['api.resize'],
  live_migrate: ['api.live_migrate'],
  abort_live_migration: ['api.live_migrate_abort'],
  evacuate: ['api.evacuate'],
  shelve: ['api.shelve'],
  shelve_offload: ['api.shelve_offload'],
  unshelve: ['api.unshelve'],
  rebuild: ['api.rebuild'],
  force_down: ['api.force_down'],
  delete_service: ['api.service_delete'],
  confirm: ['api.confirm_resize'],
  revert: ['api.revert_resize'],
  delete: ['api.delete'],
  stop: ['api.stop'],
  start: ['api.start'],
  hard_reboot: ['api.hard_reboot'],
  reset_state: ['api.reset_state'],
  audit: ['compute.update_available_resource'],
  poll_unconfirmed_resizes: ['compute.poll_unconfirmed_resizes'],
  cleanup_incomplete_migrations: ['compute.cleanup_incomplete_migrations'],
  restart: ['compute.init_host'],
  recover: RECOVERY_HANDLERS,
  placement_audit: ['nova-manage.audit'],
  heal_allocations: ['nova-manage.heal_allocations'],
  delete_allocations: ['openstack.allocation_delete'],
};

/** Whether the protocol has what the operation asks for; what it has not is skipped. */
export const serves = (code: Pick<Code, 'entries'>, operation: Operation['operation']): boolean =>
  (ENTRY_HANDLERS[operation] ?? []).every((id) => code.entries.has(id));

/** All handlers that operations can lead to, by the messages they send: where their faults can strike. */
export function handlersOf(code: Code, operations: readonly Operation['operation'][]): Set<string> {
  const handlers = new Set(operations.flatMap((name) => ENTRY_HANDLERS[name] ?? []));
  for (const id of handlers) {
    for (const { handler, step } of code.instructions) {
      if (handler.id === id && step.to !== undefined) handlers.add(step.to);
    }
  }
  return handlers;
}
