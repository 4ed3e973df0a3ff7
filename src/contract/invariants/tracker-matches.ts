import { inProgress, MOVE, MOVE_TYPE, STATUS, TASK, VM } from '../../nova/states.ts';
import { amounts } from '../../observation/amounts.ts';
import type { Observation, ObservedInstance, ObservedMigration } from '../../observation/observation.ts';
import { NONE } from '../../state/table.ts';

/**
 * Of hosts, not of servers. The formula is the tracker's own (nova/compute/resource_tracker.py:_update_usage), over
 * instances and open moves as the database has them; Placement's amounts have no part in it.
 */
export const trackerMatches = {
  id: 'tracker-matches',
  code: 'TRK',
  when: 'settled',
  law: "A host's tracked usage is that of the instances and moves there, and an audit with nothing happening changes nothing.",
  /**
   * a host that counts less than nothing, or that has a server's own CPU as free, or NONE: what no order of events may lead to,
   * whatever the next audit rights
   */
  negative(observation: Observation): number {
    const { setting, hosts } = observation;
    for (let h = 0; h < setting.hosts.length; h++) {
      const { vcpusUsed, memoryMbUsed, up, uncounted, pinned } = hosts[h]!;
      if (vcpusUsed < 0 || memoryMbUsed < 0) return h;
      if (setting.hosts[h]!.pcpuset === 0 || up === 0 || uncounted === 1) continue;
      if ((usage(observation, h).pinned & ~pinned) !== 0) return h;
    }
    return NONE;
  },
  /**
   * What not even audits that cut into moves excuse: a host that counts less than nothing; where servers were only evacuated, any
   * that does not add up.
   */
  afterAudits(observation: Observation): number {
    const { moves, globals } = observation;
    for (let k = 0; k < globals.moves; k++) {
      if (moves[k]!.exists === 1 && moves[k]!.kind !== MOVE.EVACUATION) return trackerMatches.negative(observation);
    }
    return globals.moves === 0 ? trackerMatches.negative(observation) : trackerMatches.broken(observation);
  },
  /** a host whose usage is not what its instances and moves add up to, or NONE */
  broken(observation: Observation): number {
    for (let h = 0; h < observation.setting.hosts.length; h++) {
      const host = observation.hosts[h]!;
      if (host.up === 0 || host.uncounted === 1) continue;
      const expected = usage(observation, h);
      if (
        host.vcpusUsed !== expected.vcpus ||
        host.memoryMbUsed !== expected.memoryMb ||
        host.localGbUsed !== expected.localGb ||
        host.pinned !== expected.pinned
      ) {
        return h;
      }
    }
    return NONE;
  },
} as const;

/** nova/compute/vm_states.py:allow_resource_removal */
const removed = (vm: number, task: number): boolean =>
  vm === VM.DELETED || (vm === VM.SHELVED_OFFLOADED && task !== TASK.SPAWNING);

interface Usage {
  vcpus: number;
  memoryMb: number;
  localGb: number;
  pinned: number;
}

function usage(observation: Observation, h: number): Usage {
  const sum: Usage = { vcpus: 0, memoryMb: 0, localGb: 0, pinned: 0 };
  const count = (flavor: number, volumeBacked: number): void => {
    if (flavor === NONE) return;
    const asked = amounts(observation.setting, flavor, volumeBacked);
    sum.vcpus = (sum.vcpus + asked.vcpus) | 0;
    sum.memoryMb = (sum.memoryMb + asked.memoryMb) | 0;
    sum.localGb = (sum.localGb + asked.localGb) | 0;
  };
  for (let i = 0; i < observation.globals.instances; i++) {
    const instance = observation.instances[i]!;
    const resident = instance.exists === 1 && instance.host === h && !removed(instance.vm, instance.task);
    const context = observation.migrations[instance.migrationContext];
    if (resident) {
      count(instance.flavor, instance.volumeBacked);
      sum.pinned |= context !== undefined && comesHere(observation, i, h) ? context.newPinned : instance.pinned;
    }
    const migration = counted(observation, i, instance, h);
    if (migration === undefined) continue;
    const incoming = migration.destination === h;
    const outgoing = migration.source === h;
    if (incoming && outgoing) {
      const isOld = instance.flavor === migration.oldFlavor;
      count(isOld ? instance.newFlavor : instance.oldFlavor, instance.volumeBacked);
      sum.pinned |= (isOld ? context?.newPinned : context?.oldPinned) ?? 0;
    } else if (!resident) {
      sum.pinned |= (incoming ? context?.newPinned : context?.oldPinned) ?? 0;
      const stashed = incoming ? instance.newFlavor : instance.oldFlavor;
      const moved = migration.type === MOVE_TYPE.LIVE_MIGRATION || migration.type === MOVE_TYPE.EVACUATION;
      count(moved ? instance.flavor : stashed, instance.volumeBacked);
    }
  }
  return sum;
}

/** The instance has a move to host h that is not over, or that failed. */
function comesHere({ globals, migrations }: Observation, i: number, h: number): boolean {
  for (let m = 0; m < globals.migrations; m++) {
    const { exists, instance, destination, status } = migrations[m]!;
    if (exists !== 1 || instance !== i || destination !== h) continue;
    if (inProgress(status) || status === STATUS.ERROR) return true;
  }
  return false;
}

/** The migration that the tracker of host h counts for the instance. */
function counted(
  observation: Observation,
  i: number,
  instance: ObservedInstance,
  h: number,
): ObservedMigration | undefined {
  const resizing = instance.task >= TASK.RESIZE_PREP && instance.task <= TASK.RESIZE_FINISH;
  const rebuilding = instance.task >= TASK.REBUILDING && instance.task <= TASK.REBUILD_SPAWNING;
  const moving = (instance.vm === VM.ACTIVE || instance.vm === VM.STOPPED) && (resizing || rebuilding);
  const live = instance.vm === VM.ACTIVE && instance.task === TASK.MIGRATING;
  if (instance.exists === 0 || !(moving || live || instance.vm === VM.RESIZED)) return undefined;
  let latest: ObservedMigration | undefined;
  let id: number = NONE;
  for (let m = 0; m < observation.globals.migrations; m++) {
    const migration = observation.migrations[m]!;
    if (migration.exists !== 1 || migration.instance !== i) continue;
    if (migration.source !== h && migration.destination !== h) continue;
    if (!inProgress(migration.status) && migration.status !== STATUS.ERROR) continue;
    // a live migration names its nodes when conductor has a destination
    if (migration.type === MOVE_TYPE.LIVE_MIGRATION && migration.destination === NONE) continue;
    if (latest !== undefined && migration.updated <= latest.updated) continue;
    latest = migration;
    id = m;
  }
  return instance.migrationContext === NONE || instance.migrationContext === id ? latest : undefined;
}
