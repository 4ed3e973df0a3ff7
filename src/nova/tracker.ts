/** nova/compute/resource_tracker.py:ResourceTracker: a host's own ledger, independent of Placement's. */

import { NONE } from '../state/table.ts';
import { saveMigrationStatus } from './database.ts';
import { inProgress, MOVE_TYPE, STATUS, TASK, VM } from './states.ts';
import { amountsOf, type HostRecord, type Instance, type Migration, trackingOf, type World } from './world.ts';

/** _update_usage */
function updateUsage(world: World, host: HostRecord, flavor: number, instance: Instance, sign: number): void {
  const amounts = amountsOf(world, flavor, instance);
  host.vcpusUsed += sign * amounts.vcpus;
  host.memoryMbUsed += sign * amounts.memoryMb;
  host.localGbUsed += sign * amounts.localGb;
}

/** instance_claim: the host takes an instance in. */
export function trackInstance(world: World, h: number, i: number): void {
  const tracking = trackingOf(world, h, i);
  if (tracking.instance === 1) return;
  tracking.instance = 1;
  const instance = world.instances[i]!;
  updateUsage(world, world.hosts[h]!, instance.flavor, instance, 1);
}

/** nova/compute/vm_states.py:allow_resource_removal */
export function allowsRemoval(vm: number, task: number): boolean {
  return vm === VM.DELETED || (vm === VM.SHELVED_OFFLOADED && task !== TASK.SPAWNING);
}

/** update_usage after the instance's vm_state became deleted or shelved_offloaded, and what becomes of a claim that is aborted. */
export function untrackDeleted(world: World, h: number, i: number, flavor: number): void {
  const tracking = trackingOf(world, h, i);
  if (tracking.instance === 0) return;
  tracking.instance = 0;
  updateUsage(world, world.hosts[h]!, flavor, world.instances[i]!, -1);
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
): void {
  const migration = world.migrations[m]!;
  const i = migration.instance;
  const incoming = migration.destination === h;
  const outbound = migration.source === h;
  const tracking = trackingOf(world, h, i);
  let counted: number = NONE;
  const isOld = instanceType === migration.oldFlavor;
  if (incoming && outbound) counted = flavorOf(migration, flavor, isOld ? newFlavor : oldFlavor);
  else if (incoming && tracking.instance === 0) counted = flavorOf(migration, flavor, newFlavor);
  else if (outbound && tracking.instance === 0) counted = flavorOf(migration, flavor, oldFlavor);
  if (counted === NONE) return;
  updateUsage(world, world.hosts[h]!, counted, world.instances[i]!, 1);
  tracking.migration = m + 1;
}

/** How a host forgets a move: the usage of its flavor, where there is one, and the tables that have the instance. */
export type DropMoveClaim = (world: World, h: number, i: number, flavor: number) => void;

export function dropUsage(world: World, h: number, i: number, flavor: number): void {
  if (flavor !== NONE) updateUsage(world, world.hosts[h]!, flavor, world.instances[i]!, -1);
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
export function dropMoveClaim(world: World, h: number, i: number, flavor: number): void {
  dropUsage(world, h, i, flavor);
  const tracking = trackingOf(world, h, i);
  tracking.migration = 0;
  tracking.instance = 0;
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
 * moves that touch it; a move that the instance's migration_context does not name is set to error.
 * @param resident instances that were of the host when they were read, as bits
 * @param lastPhase of a rebuild that counts as a move
 */
export function recount(world: World, h: number, resident = residents(world, h), lastPhase?: number): void {
  const host = world.hosts[h]!;
  host.initialised = 1;
  host.uncounted = 0;
  host.vcpusUsed = 0;
  host.memoryMbUsed = 0;
  host.localGbUsed = 0;
  const instances = world.globals.instances;
  for (let i = 0; i < instances; i++) {
    const tracking = trackingOf(world, h, i);
    tracking.instance = 0;
    tracking.migration = 0;
    const instance = world.instances[i]!;
    const counts = (resident & (1 << i)) !== 0 && !allowsRemoval(instance.vm, instance.task);
    if (counts) trackInstance(world, h, i);
  }
  for (let i = 0; i < instances; i++) {
    const m = latestMigration(world, h, i, lastPhase);
    if (m === NONE) continue;
    const migration = world.migrations[m]!;
    const instance = world.instances[i]!;
    if (instance.migrationContext !== NONE && instance.migrationContext !== m) {
      saveMigrationStatus(world, migration, STATUS.ERROR);
      continue;
    }
    trackMigration(world, h, m, instance.instanceType, instance.flavor, instance.oldFlavor, instance.newFlavor);
  }
}

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
