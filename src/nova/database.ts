/**
 * Nova's databases as handlers use them: rows, and the private copies in a job that are saved back field by field.
 */
import { assert, NONE } from '../state/table.ts';
import { MOVE, MOVE_TYPE, STATUS, TASK, VM } from './states.ts';
import { OUTCOME, type Outcome } from './step.ts';
import type { Instance, Job, Migration, Move, World } from './world.ts';

/** Fields of the private copy, as bits of `job.dirty`. */
const DIRTY = {
  HOST: 1,
  VM: 2,
  TASK: 4,
  POWER: 8,
  FLAVOR: 16,
  OLD_FLAVOR: 32,
  NEW_FLAVOR: 64,
  OLD_VM: 128,
  MIGRATION_CONTEXT: 256,
  PINNED: 512,
} as const;
const FLAVORS = DIRTY.FLAVOR | DIRTY.OLD_FLAVOR | DIRTY.NEW_FLAVOR;
const EXTRA = FLAVORS | DIRTY.MIGRATION_CONTEXT | DIRTY.PINNED;

export function instanceOf(world: World, job: Job): Instance {
  return world.instances[job.instance]!;
}

export function migrationOf(world: World, job: Job): Migration {
  assert(job.migration !== NONE, 'a handler used a migration that its message does not carry');
  return world.migrations[job.migration]!;
}

/** objects.Instance.get_by_uuid: fills the private copy from the row. */
export function loadInstance(world: World, job: Job): Outcome {
  if (instanceOf(world, job).exists !== 1) return OUTCOME.RAISE_NOT_FOUND;
  readInstance(world, job);
  return OUTCOME.OK;
}

/** The same by a query that reads deleted rows too. */
export function readInstance(world: World, job: Job): void {
  const row = instanceOf(world, job);
  job.host = row.host;
  job.vm = row.vm;
  job.task = row.task;
  job.power = row.power;
  job.instanceFlavor = row.flavor;
  job.instanceType = row.instanceType;
  job.oldFlavor = row.oldFlavor;
  job.newFlavor = row.newFlavor;
  job.oldVm = row.oldVm;
  job.migrationContext = row.migrationContext;
  job.pinned = row.pinned;
  job.dirty = 0;
}

/** Of an instance that is loaded without its flavors: they are read when something first asks for them. */
export function leaveFlavors(job: Job): void {
  job.instanceFlavor = NONE;
  job.oldFlavor = NONE;
  job.newFlavor = NONE;
}

/** Instance.obj_load_attr('flavor') */
export function loadFlavors(world: World, job: Job): void {
  if (job.instanceFlavor !== NONE) return;
  const row = instanceOf(world, job);
  job.instanceFlavor = row.flavor;
  job.oldFlavor = row.oldFlavor;
  job.newFlavor = row.newFlavor;
}

/**
 * nova/objects/flavor.py:Flavor._obj_from_primitive asks obj_what_changed before there is an original to compare with, so that a
 * flavor with extra specs that came over the bus or out of `instance_extra` counts as changed for good.
 */
function flavorsStayDirty({ setting: { flavors } }: World, { instanceFlavor, oldFlavor, newFlavor }: Job): boolean {
  if (instanceFlavor === NONE) return false;
  return [instanceFlavor, oldFlavor, newFlavor].some((one) => one !== NONE && flavors[one]!.extraSpecs);
}

// A field that is set is dirty, also if it had the value (oslo.versionedobjects' setter); a save with nothing dirty checks
// nothing.
export function setHost(job: Job, host: number): void {
  job.dirty |= DIRTY.HOST;
  job.host = host;
}
export function setVm(job: Job, vm: number): void {
  job.dirty |= DIRTY.VM;
  job.vm = vm;
}
export function setTask(job: Job, task: number): void {
  job.dirty |= DIRTY.TASK;
  job.task = task;
}
export function setPower(job: Job, power: number): void {
  job.dirty |= DIRTY.POWER;
  job.power = power;
}
/** ComputeManager._set_instance_info: columns as well */
export function setFlavor(job: Job, flavor: number): void {
  job.dirty |= DIRTY.FLAVOR;
  job.instanceFlavor = flavor;
  job.instanceType = flavor;
}
export function setOldFlavor(job: Job, flavor: number): void {
  job.dirty |= DIRTY.OLD_FLAVOR;
  job.oldFlavor = flavor;
}
export function setNewFlavor(job: Job, flavor: number): void {
  job.dirty |= DIRTY.NEW_FLAVOR;
  job.newFlavor = flavor;
}
export function setOldVm(job: Job, vm: number): void {
  job.dirty |= DIRTY.OLD_VM;
  job.oldVm = vm;
}
export function setMigrationContext(job: Job, migration: number): void {
  job.dirty |= DIRTY.MIGRATION_CONTEXT;
  job.migrationContext = migration;
}

export function setPinned(job: Job, pinned: number): void {
  job.dirty |= DIRTY.PINNED;
  job.pinned = pinned;
}

/** Instance.apply_migration_context: what was claimed on the destination is what it has. */
export function applyMigrationContext(world: World, job: Job): void {
  if (job.migrationContext !== NONE) setPinned(job, world.migrations[job.migrationContext]!.newPinned);
}

/** Any task_state will do. */
export const ANY_TASK = -1;
/** Bits of task states or of statuses, for a save that expects one of several. */
export function oneOf(...values: number[]): number {
  let bits = 0;
  for (const value of values) bits |= 1 << value;
  return bits;
}

/**
 * nova/objects/instance.py:Instance.save. Writes what is dirty and reads the row's columns back. With `expected` it is a
 * compare-and-swap on task_state; a failed one leaves the private copy dirty, so that an error handler's later save writes
 * it. What lives in `instance_extra` (flavors, migration_context, numa_topology) is written before that check.
 */
export function saveInstance(world: World, job: Job, expected = ANY_TASK): Outcome {
  const { dirty } = job;
  const flavors = (dirty & FLAVORS) !== 0 || flavorsStayDirty(world, job);
  if (dirty === 0 && !flavors) return OUTCOME.OK;
  const row = instanceOf(world, job);
  if (row.exists !== 1) return (dirty & ~EXTRA) === 0 ? OUTCOME.OK : OUTCOME.RAISE_NOT_FOUND;
  // _save_flavor writes all three, also those that somebody else has changed since
  if (flavors) {
    row.flavor = job.instanceFlavor;
    row.oldFlavor = job.oldFlavor;
    row.newFlavor = job.newFlavor;
  }
  if ((dirty & DIRTY.MIGRATION_CONTEXT) !== 0) row.migrationContext = job.migrationContext;
  if ((dirty & DIRTY.PINNED) !== 0) row.pinned = job.pinned;
  if ((dirty & ~EXTRA) !== 0 || (dirty & DIRTY.FLAVOR) !== 0) {
    if (expected !== ANY_TASK && ((1 << row.task) & expected) === 0) return OUTCOME.RAISE_TASK_STATE;
    if ((dirty & DIRTY.HOST) !== 0) {
      row.host = job.host;
      noteFlip(world, job);
    }
    if ((dirty & DIRTY.FLAVOR) !== 0) row.instanceType = job.instanceType;
    if ((dirty & DIRTY.VM) !== 0) {
      if (row.vm === VM.BUILDING && job.vm === VM.ACTIVE) row.launched = 1;
      row.vm = job.vm;
    }
    if ((dirty & DIRTY.TASK) !== 0) {
      row.task = job.task;
      if ((BEGINS_A_MOVE & (1 << job.task)) !== 0) noteAccepted(world, job);
    }
    if ((dirty & DIRTY.POWER) !== 0) row.power = job.power;
    if ((dirty & DIRTY.OLD_VM) !== 0) row.oldVm = job.oldVm;
    if (row.vm === VM.RESIZED || (dirty & DIRTY.VM) !== 0) noteCommit(world, job);
    job.host = row.host;
    job.instanceType = row.instanceType;
    job.vm = row.vm;
    job.task = row.task;
    job.power = row.power;
    job.oldVm = row.oldVm;
  }
  job.dirty = 0;
  return OUTCOME.OK;
}

/** Migration.status = ...; Migration.save(): a plain save, without any check of what stood there. */
export function saveStatus(world: World, job: Job, status: number): Outcome {
  const saved = saveMigrationStatus(world, migrationOf(world, job), status);
  if (status === STATUS.FINISHED) noteCommit(world, job);
  return saved;
}

/** nova/db/main/api.py:migration_update reads deleted rows as well: a record that went with its instance is still saved. */
export function saveMigrationStatus(world: World, row: Migration, status: number): Outcome {
  row.status = status;
  row.updated = ++world.globals.updates;
  return OUTCOME.OK;
}

/**
 * Migration.create, for the move that the job is about: of conductor's, which are born `pre-migrating` where it is a resize or
 * cold migration.
 */
export function createMigration(
  world: World,
  job: Job,
  type: number = moveType(job),
  status: number = STATUS.PRE_MIGRATING,
): number {
  const { globals } = world;
  const id = globals.migrations;
  assert(id < world.migrations.length, 'the table of migrations is full');
  globals.migrations = id + 1;
  const row = world.migrations[id]!;
  row.exists = 1;
  row.status = status;
  row.destination = NONE;
  row.instance = job.instance;
  row.type = type;
  row.source = job.host;
  row.oldFlavor = job.instanceFlavor;
  row.newFlavor = job.flavor;
  row.oldPinned = 0;
  row.newPinned = 0;
  row.updated = ++globals.updates;
  return id;
}

/** A resize to the flavor that the server has is a cold migration. */
export function moveType(job: Job): number {
  return job.instanceFlavor !== job.flavor ? MOVE_TYPE.RESIZE : MOVE_TYPE.MIGRATION;
}

/** nova/db/main/api.py:instance_destroy: the row and its migrations are soft-deleted. */
export function destroyInstance(world: World, instance: number): Outcome {
  const row = world.instances[instance]!;
  if (row.exists !== 1) return OUTCOME.RAISE_NOT_FOUND;
  row.exists = 2;
  for (let g = 0; g < world.globals.migrations; g++) {
    const migration = world.migrations[g]!;
    if (migration.exists === 1 && migration.instance === instance) migration.exists = 2;
  }
  return OUTCOME.OK;
}

/**
 * The instance's migration with that status and type, or NONE: Migration.get_by_instance_and_status and get_by_filters,
 * neither of which orders its rows, so that the oldest comes first.
 */
export function findMigration(world: World, instance: number, status: number, type: number = NONE): number {
  for (let g = 0; g < world.globals.migrations; g++) {
    const row = world.migrations[g]!;
    if (row.exists !== 1 || row.instance !== instance || row.status !== status) continue;
    if (type === NONE || row.type === type) return g;
  }
  return NONE;
}

// ---- history: what laws want to know of a move and no row keeps

/** Task states that an API sets when it takes a move. */
const BEGINS_A_MOVE = (1 << TASK.RESIZE_PREP) | (1 << TASK.MIGRATING) | (1 << TASK.REBUILDING) | (1 << TASK.UNSHELVING);

/** The move that the operation asked for, in whose course the job runs. */
function moveOf(world: World, operation: number): Move | undefined {
  const { moves, globals } = world;
  for (let k = globals.moves - 1; k >= 0; k--) {
    const move = moves[k]!;
    if (move.exists === 1 && move.operation === operation) return move;
  }
  return undefined;
}

/** The API took the move, or something was written for it: from now on it is the server's last, and this was before it. */
export function noteAccepted(world: World, job: Job): void {
  const move = moveOf(world, job.operation);
  if (move === undefined || move.accepted > 0) return;
  const row = world.instances[move.instance]!;
  move.accepted = ++world.globals.updates;
  move.source = row.host;
  move.oldFlavor = row.flavor;
  // of a cold migration it is what the server has by now
  if (job.flavor !== NONE) move.newFlavor = job.flavor;
  move.before.copy(world.placement.consumers[move.instance]!.allocations);
}

export function noteMigration(world: World, job: Job): void {
  noteAccepted(world, job);
  const move = moveOf(world, job.operation);
  if (move !== undefined) move.migration = job.migration;
}

function noteFlip(world: World, job: Job): void {
  const move = moveOf(world, job.operation);
  if (move === undefined) return;
  move.flipped = 1;
  const moves = move.kind === MOVE.LIVE_MIGRATION || move.kind === MOVE.EVACUATION;
  if (!moves || job.host === NONE || job.host === move.source) return;
  move.committed = 1;
  // no claim of the tracker's stands behind it, as it does behind a build and an evacuation
  if (move.kind === MOVE.LIVE_MIGRATION) world.hosts[job.host]!.uncounted = 1;
  // and where it came from nobody is told
  else if (move.source !== NONE) world.hosts[move.source]!.uncounted = 1;
}

/** A resize whose migration is `finished` and whose instance is `resized`, whichever came first; an unshelve that is active. */
export function noteCommit(world: World, job: Job): void {
  const move = moveOf(world, job.operation);
  if (move === undefined || move.committed === 1) return;
  const { vm, host } = world.instances[move.instance]!;
  if (move.kind === MOVE.UNSHELVE) {
    if (vm === VM.ACTIVE && host !== NONE) move.committed = 1;
    return;
  }
  if (move.kind !== MOVE.RESIZE || move.migration === NONE || vm !== VM.RESIZED) return;
  if (world.migrations[move.migration]!.status === STATUS.FINISHED) move.committed = 1;
}
