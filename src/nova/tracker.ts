/** nova/compute/resource_tracker.py:ResourceTracker: a host's own ledger, independent of Placement's. */

import { NONE } from '../state/table.ts';
import { saveMigrationStatus } from './database.ts';
import { inProgress, MOVE_TYPE, STATUS, TASK, VM } from './states.ts';
import { OUTCOME, type Outcome } from './step.ts';
import {
  amountsOf,
  type HostRecord,
  type Instance,
  type Job,
  type Migration,
  trackingOf,
  type World,
} from './world.ts';

/**
 * _update_usage. The guest's CPUs come last: one that is pinned already, and one that is not pinned and shall be let go, raise
 * (nova/objects/numa.py:NUMACell.pin_cpus, unpin_cpus), with all else counted.
 */
function updateUsage(
  world: World,
  host: HostRecord,
  flavor: number,
  instance: Instance,
  sign: number,
  pinned: number,
): Outcome {
  const amounts = amountsOf(world, flavor, instance);
  host.vcpusUsed += sign * amounts.vcpus;
  host.memoryMbUsed += sign * amounts.memoryMb;
  host.localGbUsed += sign * amounts.localGb;
  if ((host.pinned & pinned) !== (sign > 0 ? 0 : pinned)) return OUTCOME.RAISE;
  host.pinned ^= pinned;
  return OUTCOME.OK;
}

/**
 * nova/virt/hardware.py:numa_fit_instance_to_host, of one cell whose cores have one thread each: the first CPUs that are free, or
 * NONE where there are too few.
 */
function fitInstance(world: World, h: number, flavor: number, instance: Instance): number {
  let free = world.setting.hosts[h]!.pcpuset & ~world.hosts[h]!.pinned;
  let fit = 0;
  for (let wanted = amountsOf(world, flavor, instance).pinnedCpus; wanted > 0; wanted--) {
    if (free === 0) return NONE;
    fit |= free & -free;
    free &= free - 1;
  }
  return fit;
}

/** What NUMATopologyFilter would look at, which is not among the filters of a Nova as it comes. */
export const hasCpus = (world: World, h: number, flavor: number, instance: Instance): boolean =>
  fitInstance(world, h, flavor, instance) !== NONE;

/** Claim: the CPUs for an instance that comes to this host, or NONE: ComputeResourcesUnavailable. */
export function claimCpus(world: World, h: number, i: number): number {
  const instance = world.instances[i]!;
  return fitInstance(world, h, instance.flavor, instance);
}

/**
 * MoveClaim: what the instance has and what it will have stand in the migration_context. False where it does not fit:
 * ComputeResourcesUnavailable.
 */
export function claimCpusOfMove(world: World, h: number, job: Job, flavor: number): boolean {
  const fit = fitInstance(world, h, flavor, world.instances[job.instance]!);
  if (fit === NONE) return false;
  const migration = world.migrations[job.migration]!;
  migration.oldPinned = job.pinned;
  migration.newPinned = fit;
  return true;
}

/** instance_claim: the host takes an instance in. */
export function trackInstance(
  world: World,
  h: number,
  i: number,
  pinned: number = world.instances[i]!.pinned,
): Outcome {
  const tracking = trackingOf(world, h, i);
  if (tracking.instance === 1) return OUTCOME.OK;
  tracking.instance = 1;
  const instance = world.instances[i]!;
  return updateUsage(world, world.hosts[h]!, instance.flavor, instance, 1, pinned);
}

/** nova/compute/vm_states.py:allow_resource_removal */
export function allowsRemoval(vm: number, task: number): boolean {
  return vm === VM.DELETED || (vm === VM.SHELVED_OFFLOADED && task !== TASK.SPAWNING);
}

/** update_usage after the instance's vm_state became deleted or shelved_offloaded, and what becomes of a claim that is aborted. */
export function untrackDeleted(world: World, h: number, i: number, flavor: number): Outcome {
  const tracking = trackingOf(world, h, i);
  if (tracking.instance === 0) return OUTCOME.OK;
  tracking.instance = 0;
  const instance = world.instances[i]!;
  return updateUsage(world, world.hosts[h]!, flavor, instance, -1, instance.pinned);
}

/** _get_flavor: only a resize has its flavors stashed, a cold migration is counted by what the instance has. */
const flavorOf = ({ type }: Migration, flavor: number, stashed: number): number =>
  type === MOVE_TYPE.RESIZE ? stashed : flavor;

/**
 * _update_usage_from_migration.
 * @param instanceType, flavor the instance's as the caller sees them; oldFlavor, newFlavor: its stashed ones
 */
export function trackMigration(
  world: World,
  h: number,
  m: number,
  instanceType: number,
  flavor: number,
  oldFlavor: number,
  newFlavor: number,
): Outcome {
  const migration = world.migrations[m]!;
  const i = migration.instance;
  const incoming = migration.destination === h;
  const outbound = migration.source === h;
  const tracking = trackingOf(world, h, i);
  const isOld = instanceType === migration.oldFlavor;
  let counted: 'old' | 'new';
  if (incoming && outbound) counted = isOld ? 'new' : 'old';
  else if (incoming && tracking.instance === 0) counted = 'new';
  else if (outbound && tracking.instance === 0) counted = 'old';
  else return OUTCOME.OK;
  const usage = flavorOf(migration, flavor, counted === 'new' ? newFlavor : oldFlavor);
  if (usage === NONE) return OUTCOME.OK;
  const instance = world.instances[i]!;
  const pinned = contextPins(world, instance.migrationContext)[counted];
  const updated = updateUsage(world, world.hosts[h]!, usage, instance, 1, pinned);
  if (updated === OUTCOME.OK) tracking.migration = m + 1;
  return updated;
}

/** _get_migration_context_resource of numa_topology: none without a context. */
export function contextPins(world: World, context: number): { readonly old: number; readonly new: number } {
  const migration = world.migrations[context];
  return migration === undefined ? NO_PINS : { old: migration.oldPinned, new: migration.newPinned };
}
const NO_PINS = { old: 0, new: 0 };

/**
 * How a host forgets a move: the usage of its flavor, where there is one, with the CPUs that its migration_context has for this
 * side, and the tables that have the instance.
 */
export type DropMoveClaim = (world: World, h: number, i: number, flavor: number, pinned: number) => Outcome;

export function dropUsage(world: World, h: number, i: number, flavor: number, pinned: number): Outcome {
  if (flavor === NONE) return OUTCOME.OK;
  return updateUsage(world, world.hosts[h]!, flavor, world.instances[i]!, -1, pinned);
}

/**
 * What _drop_move_claim takes away: the stashed flavor, or where there is none what the move that is tracked here was counted by.
 * @param flavor the instance's as the caller sees it
 */
export function droppedFlavor(world: World, h: number, i: number, flavor: number, stashed: number): number {
  const { migration } = trackingOf(world, h, i);
  return stashed !== NONE || migration === 0 ? stashed : flavorOf(world.migrations[migration - 1]!, flavor, stashed);
}

/** _drop_move_claim: leaves both tables, on the same host too. */
export function dropMoveClaim(world: World, h: number, i: number, flavor: number, pinned: number): Outcome {
  const dropped = dropUsage(world, h, i, flavor, pinned);
  if (dropped !== OUTCOME.OK) return dropped;
  const tracking = trackingOf(world, h, i);
  tracking.migration = 0;
  tracking.instance = 0;
  return OUTCOME.OK;
}

/**
 * nova/compute/resource_tracker.py:_instance_in_resize_state
 * @param lastPhase of a rebuild that counts
 */
export function inResizeState(vm: number, task: number, lastPhase: number = TASK.REBUILD_SPAWNING): boolean {
  if (vm === VM.RESIZED) return true;
  const moving =
    (task >= TASK.RESIZE_PREP && task <= TASK.RESIZE_FINISH) || (task >= TASK.REBUILDING && task <= lastPhase);
  return (vm === VM.ACTIVE || vm === VM.STOPPED) && moving;
}

/** nova/compute/resource_tracker.py:_instance_is_live_migrating */
export function isLiveMigrating(vm: number, task: number): boolean {
  return vm === VM.ACTIVE && task === TASK.MIGRATING;
}

/**
 * _update_available_resource up to the point where Placement is asked: counts afresh the instances of the host, then the
 * moves that touch it; a move that the instance's migration_context does not name is set to error. An exception ends it where
 * it stands.
 * @param resident instances that were of the host when they were read, as bits
 * @param lastPhase of a rebuild that counts as a move
 * @param topologyOf what an instance of the host is counted with
 */
export function recount(
  world: World,
  h: number,
  resident = residents(world, h),
  lastPhase?: number,
  topologyOf: TopologyOf = incomingTopology,
): Outcome {
  const host = world.hosts[h]!;
  host.initialised = 1;
  host.uncounted = 0;
  host.vcpusUsed = 0;
  host.memoryMbUsed = 0;
  host.localGbUsed = 0;
  host.pinned = 0;
  const instances = world.globals.instances;
  for (let i = 0; i < instances; i++) trackingOf(world, h, i).instance = 0;
  for (let i = 0; i < instances; i++) {
    const instance = world.instances[i]!;
    if ((resident & (1 << i)) === 0 || allowsRemoval(instance.vm, instance.task)) continue;
    const tracked = trackInstance(world, h, i, topologyOf(world, h, i));
    if (tracked !== OUTCOME.OK) return tracked;
  }
  for (let i = 0; i < instances; i++) trackingOf(world, h, i).migration = 0;
  for (let i = 0; i < instances; i++) {
    const m = latestMigration(world, h, i, lastPhase);
    if (m === NONE) continue;
    const migration = world.migrations[m]!;
    const instance = world.instances[i]!;
    if (instance.migrationContext !== NONE && instance.migrationContext !== m) {
      saveMigrationStatus(world, migration, STATUS.ERROR);
      continue;
    }
    const { instanceType, flavor, oldFlavor, newFlavor } = instance;
    const tracked = trackMigration(world, h, m, instanceType, flavor, oldFlavor, newFlavor);
    if (tracked !== OUTCOME.OK) return tracked;
  }
  return OUTCOME.OK;
}

/** How the audit sees an instance of its host. */
type TopologyOf = (world: World, h: number, i: number) => number;

/**
 * One with a move to this host that is not over is seen through its migration_context, which finish_resize applies for good. Its
 * flavor is the one that is written.
 */
function incomingTopology(world: World, h: number, i: number): number {
  const { migrationContext, pinned } = world.instances[i]!;
  if (migrationContext === NONE) return pinned;
  for (let m = 0; m < world.globals.migrations; m++) {
    const { exists, instance, destination, status } = world.migrations[m]!;
    if (exists !== 1 || instance !== i || destination !== h) continue;
    if (inProgress(status) || status === STATUS.ERROR) return world.migrations[migrationContext]!.newPinned;
  }
  return pinned;
}

/** before 25.0.0 it was seen as it is written. */
export const recordedTopology: TopologyOf = (world, _h, i) => world.instances[i]!.pinned;

/** InstanceList.get_by_host_and_node, as bits */
export function residents(world: World, h: number): number {
  let found = 0;
  for (let i = 0; i < world.globals.instances; i++) {
    if (world.instances[i]!.exists === 1 && world.instances[i]!.host === h) found |= 1 << i;
  }
  return found;
}

/** _update_usage_from_migrations: in progress or error, its instance in a resize state, the most recently updated. */
function latestMigration(world: World, h: number, i: number, lastPhase?: number): number {
  const instance = world.instances[i]!;
  const { vm, task } = instance;
  if (instance.exists === 0 || !(inResizeState(vm, task, lastPhase) || isLiveMigrating(vm, task))) return NONE;
  let latest: number = NONE;
  for (let m = 0; m < world.globals.migrations; m++) {
    const row = world.migrations[m]!;
    if (row.exists !== 1 || row.instance !== i || (row.source !== h && row.destination !== h)) continue;
    if (!inProgress(row.status) && row.status !== STATUS.ERROR) continue;
    // a live migration names its nodes when conductor has a destination
    if (row.type === MOVE_TYPE.LIVE_MIGRATION && row.destination === NONE) continue;
    if (latest === NONE || row.updated > world.migrations[latest]!.updated) latest = m;
  }
  return latest;
}
