/** What Nova was seen to do, as laws see it: an observation of a picture and of the moves that the harness noted. */
import { MOVES } from '../../engine/operations.ts';
import { makeSetting, type Setting } from '../../nova/setting.ts';
import { MOVE, MOVE_TYPE_NAMES, STATUS_NAMES, TASK_NAMES, VM_NAMES } from '../../nova/states.ts';
import type { Observation, ObservedConsumer, ObservedHoldings } from '../../observation/observation.ts';
import type { AllocationsPicture } from '../../observation/picture.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { NONE } from '../../state/table.ts';
import type { NovaMove, NovaPlay } from './harness.ts';

/** A word of Nova's that no law knows: what it stands in cannot be judged. */
export class UnknownWord extends Error {
  override readonly name = 'UnknownWord';
}

/**
 * At the settled end. What no database keeps and nothing noted (whether a move fits, generations, the order in which
 * migrations were saved, the instance's migration_context) is as if there were nothing to say: judge-nova.ts names the laws
 * that do not ask for it.
 */
export function observationOf(scenario: Scenario, { settled, moves, steps }: NovaPlay): Observation {
  const { cloud, options, operations } = scenario;
  const setting = makeSetting(cloud, options, operations);
  const names = settled.instances.map(({ server }) => server);
  const host = (name: string | null): number => indexOf(setting.hosts, name, 'host');
  const flavor = (name: string | null): number => indexOf(setting.flavors, name, 'flavor');
  const bits = (hosts: readonly string[]): number => hosts.reduce((mask, name) => mask | (1 << host(name)), 0);
  const migrationIndex = (name: string | null): number =>
    name === null ? NONE : settled.migrations.findIndex(({ migration }) => migration === name);
  const volumeBacked = new Set(
    operations.flatMap((one) => (one.operation === 'boot' && one.volume_backed === true ? [one.server] : [])),
  );
  const launched = (server: string): boolean =>
    [...steps.map(({ picture }) => picture), settled].some(({ instances }) =>
      instances.some((row) => row.server === server && row.vm_state !== 'building' && row.vm_state !== 'error'),
    );
  const moveAt = (name: string): NovaMove | undefined => moves.findLast(({ migration }) => migration === name);
  const consumer = (name: string): ObservedConsumer => {
    const allocations = holdings(setting, settled.allocations[name] ?? {});
    const exists = allocations.count > 0 || settled.empty_consumers.includes(name) ? 1 : 0;
    return { exists, generation: 0, allocations };
  };
  return {
    setting,
    shape: { instances: names.length, migrations: settled.migrations.length, bystanders: 0 },
    globals: { instances: names.length, migrations: settled.migrations.length, moves: moves.length },
    hosts: setting.hosts.map(({ name }) => {
      const { vcpus_used, memory_mb_used, local_gb_used } = settled.trackers[name]!;
      const gone = operations.some(
        (one, k) => one.operation === 'lose_host' && one.host === name && steps[k]!.operation.outcome === 'accepted',
      );
      return {
        up: gone ? 0 : 1,
        gone: gone ? 1 : 0,
        serviceDeleted: settled.missing?.services.includes(name) ? 1 : 0,
        nodeDeleted: settled.missing?.compute_nodes.includes(name) ? 1 : 0,
        vcpusUsed: vcpus_used,
        memoryMbUsed: memory_mb_used,
        localGbUsed: local_gb_used,
        pinned: 0,
        // settled: every host was audited
        uncounted: 0,
      };
    }),
    instances: settled.instances.map((row) => ({
      exists: row.deleted ? 2 : 1,
      host: host(row.host),
      vm: row.deleted ? 0 : word(VM_NAMES, row.vm_state),
      task: row.deleted || row.vm_state === 'building' ? 0 : word(TASK_NAMES, row.task_state ?? 'none'),
      flavor: flavor(row.flavor),
      oldFlavor: flavor(row.old_flavor),
      newFlavor: flavor(row.new_flavor),
      migrationContext: NONE,
      pinned: 0,
      volumeBacked: volumeBacked.has(row.server) ? 1 : 0,
      minKbps: 0,
      // one that a cell has is put in error when its nova-compute starts
      unmapped: row.vm_state === 'building' && row.host === null ? 2 : 0,
      launched: launched(row.server) ? 1 : 0,
      guests: bits(row.guests),
      running: bits(row.running),
      backups: bits(row.backups),
    })),
    migrations: settled.migrations.map((row) => {
      const move = moveAt(row.migration);
      return {
        exists: row.deleted ? 2 : 1,
        instance: names.indexOf(row.server),
        status: word(STATUS_NAMES, row.status),
        type: word(MOVE_TYPE_NAMES, row.migration_type),
        source: host(row.source_compute),
        destination: host(row.dest_compute),
        oldFlavor: flavor(move?.old_flavor ?? null),
        newFlavor: flavor(move?.new_flavor ?? null),
        oldPinned: 0,
        newPinned: 0,
        updated: 0,
      };
    }),
    moves: moves.map((move, k) => ({
      exists: 1,
      kind: MOVES[operations[move.operation]!.operation] ?? MOVE.RESIZE,
      instance: names.indexOf(move.server),
      operation: move.operation,
      migration: migrationIndex(move.migration),
      source: host(move.source),
      oldFlavor: flavor(move.old_flavor),
      newFlavor: flavor(move.new_flavor),
      accepted: k + 1,
      committed: move.committed ? 1 : 0,
      flipped: move.flipped ? 1 : 0,
      decision: move.decision === null ? 0 : DECISIONS[move.decision],
      fits: 0,
      disturbed: 1,
      met: 0,
      elsewhere: 0,
      before: holdings(setting, move.before),
    })),
    placement: {
      classes: setting.classes.length,
      providers: setting.hosts.map(({ name }) => ({
        exists: settled.missing?.resource_providers.includes(name) ? 0 : 1,
      })),
      consumers: [...names, ...settled.migrations.map(({ migration }) => migration)].map(consumer),
      inventories: [],
      ratios: [],
    },
  };
}

const DECISIONS = { confirm: 1, revert: 2 } as const;

function word(names: readonly string[], said: string): number {
  const found = names.indexOf(said);
  if (found < 0) throw new UnknownWord(`Nova wrote "${said}", a word that no law knows`);
  return found;
}

function indexOf(named: readonly { readonly name: string }[], name: string | null, what: string): number {
  if (name === null) return NONE;
  const found = named.findIndex((one) => one.name === name);
  if (found < 0) throw new UnknownWord(`Nova wrote "${name}", a ${what} that the scenario does not have`);
  return found;
}

/** Sorted by provider and class, as the model keeps them: equal holdings are equal rows. */
function holdings({ hosts, classes }: Setting, allocations: AllocationsPicture): ObservedHoldings {
  const rows = Object.entries(allocations)
    .flatMap(([provider, amounts]) =>
      Object.entries(amounts).map(
        ([name, amount]) => [indexOf(hosts, provider, 'provider'), word(classes, name), amount] as const,
      ),
    )
    .sort(([p, c], [q, d]) => p - q || c - d);
  return {
    count: rows.length,
    provider: (row) => rows[row]![0],
    resourceClass: (row) => rows[row]![1],
    amount: (row) => rows[row]![2],
  };
}
