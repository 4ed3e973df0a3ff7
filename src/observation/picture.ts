/** An observation as plain JSON with names: what `--json`, stories, conformance rows and other targets' tests compare. */

import { MOVE_TYPE_NAMES, STATUS_NAMES, TASK_NAMES, VM_NAMES } from '../nova/states.ts';
import { type OperationRecord, OUTCOME_NAMES } from '../nova/world.ts';
import type { Observation, ObservedHoldings } from './observation.ts';

export interface InstancePicture {
  readonly server: string;
  readonly deleted: boolean;
  readonly host: string | null;
  readonly vm_state: string;
  readonly task_state: string | null;
  readonly flavor: string;
  readonly old_flavor: string | null;
  readonly new_flavor: string | null;
  readonly guests: readonly string[];
  readonly running: readonly string[];
  readonly backups: readonly string[];
  /** CPUs of its host that it is pinned to, where flavors ask for any */
  readonly pinned_cpus?: readonly number[];
}

export interface MigrationPicture {
  readonly migration: string;
  readonly server: string;
  readonly deleted: boolean;
  readonly migration_type: string;
  readonly status: string;
  readonly source_compute: string;
  readonly dest_compute: string | null;
}

/** Amounts by provider and resource class. */
export type AllocationsPicture = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface Picture {
  readonly instances: readonly InstancePicture[];
  readonly migrations: readonly MigrationPicture[];
  /** by consumer: a server's name, a migration's: the server's with `/migration-1`, or the host's with `/bystanders` */
  readonly allocations: Readonly<Record<string, AllocationsPicture>>;
  /** consumers whose row is there although they hold nothing */
  readonly empty_consumers: readonly string[];
  /** hosts without a row of theirs in `services` or `compute_nodes`, or without their provider; not there where all have all */
  readonly missing?: {
    readonly services: readonly string[];
    readonly compute_nodes: readonly string[];
    readonly resource_providers: readonly string[];
  };
  readonly trackers: Readonly<Record<string, TrackerPicture>>;
}

export type TrackerPicture = {
  readonly vcpus_used: number;
  readonly memory_mb_used: number;
  readonly local_gb_used: number;
  readonly pinned_cpus?: readonly number[];
};

export interface OperationPicture {
  readonly outcome: (typeof OUTCOME_NAMES)[number];
  readonly http: number | null;
  /** of an operator's command that came to its end, and how many allocations or instances it processed */
  readonly exit_code?: number;
  readonly processed?: number;
}

export function migrationName(observation: Observation, servers: readonly string[], m: number): string {
  const { instance } = observation.migrations[m]!;
  let n = 0;
  for (let k = 0; k <= m; k++) if (observation.migrations[k]!.instance === instance) n++;
  return `${servers[instance] ?? '?'}/migration-${n}`;
}

/** Who holds what: the name of a consumer. */
export function consumerName(observation: Observation, servers: readonly string[], id: number): string {
  const { instances, migrations } = observation.shape;
  if (id < instances) return servers[id] ?? '?';
  if (id < instances + migrations) return migrationName(observation, servers, id - instances);
  return `${observation.setting.hosts[id - instances - migrations]?.name ?? '?'}/bystanders`;
}

export function picture(observation: Observation, servers: readonly string[]): Picture {
  const { setting, globals, instances, migrations, placement, hosts, shape } = observation;
  const hostName = (h: number): string | null => setting.hosts[h]?.name ?? null;
  const flavorName = (f: number): string | null => setting.flavors[f]?.name ?? null;
  const hostsOf = (mask: number): string[] =>
    setting.hosts.flatMap(({ name }, h) => ((mask & (1 << h)) === 0 ? [] : [name]));
  const pins = setting.flavors.some(({ imageBacked }) => imageBacked.pinnedCpus > 0);
  const pinned = (mask: number): { pinned_cpus?: number[] } =>
    pins ? { pinned_cpus: Array.from({ length: 31 }, (_, cpu) => cpu).filter((cpu) => (mask & (1 << cpu)) !== 0) } : {};
  const held = (holdings: ObservedHoldings): AllocationsPicture => {
    const byProvider: Record<string, Record<string, number>> = {};
    for (let row = 0; row < holdings.count; row++) {
      const provider = hostName(holdings.provider(row)) ?? '?';
      byProvider[provider] ??= {};
      byProvider[provider][setting.classes[holdings.resourceClass(row)]!] = holdings.amount(row);
    }
    return byProvider;
  };
  const consumers: [string, number][] = [];
  for (let i = 0; i < globals.instances; i++) consumers.push([servers[i] ?? '?', i]);
  for (let m = 0; m < globals.migrations; m++) {
    consumers.push([migrationName(observation, servers, m), shape.instances + m]);
  }
  for (let b = 0; b < shape.bystanders; b++) {
    const id = shape.instances + shape.migrations + b;
    consumers.push([consumerName(observation, servers, id), id]);
  }
  const without = (lacks: (h: number) => boolean): string[] =>
    setting.hosts.flatMap(({ name }, h) => (lacks(h) ? [name] : []));
  const missing = {
    services: without((h) => hosts[h]!.serviceDeleted === 1),
    compute_nodes: without((h) => hosts[h]!.nodeDeleted === 1),
    resource_providers: without((h) => placement.providers[h]!.exists === 0),
  };
  const made = consumers.filter(([, id]) => placement.consumers[id]!.exists === 1);
  return {
    instances: servers.flatMap((server, i) => {
      const row = instances[i]!;
      if (row.exists === 0) return [];
      return [
        {
          server,
          deleted: row.exists === 2,
          host: hostName(row.host),
          vm_state: VM_NAMES[row.vm]!,
          task_state: row.task === 0 ? null : TASK_NAMES[row.task]!,
          flavor: flavorName(row.flavor)!,
          old_flavor: flavorName(row.oldFlavor),
          new_flavor: flavorName(row.newFlavor),
          guests: hostsOf(row.guests),
          running: hostsOf(row.running),
          backups: hostsOf(row.backups),
          ...pinned(row.pinned),
        },
      ];
    }),
    migrations: Array.from({ length: globals.migrations }, (_, m) => {
      const row = migrations[m]!;
      return {
        migration: migrationName(observation, servers, m),
        server: servers[row.instance] ?? '?',
        deleted: row.exists === 2,
        migration_type: MOVE_TYPE_NAMES[row.type]!,
        status: STATUS_NAMES[row.status]!,
        source_compute: hostName(row.source)!,
        dest_compute: hostName(row.destination),
      };
    }),
    allocations: Object.fromEntries(
      consumers
        .filter(([, id]) => placement.consumers[id]!.allocations.count > 0)
        .map(([name, id]) => [name, held(placement.consumers[id]!.allocations)]),
    ),
    empty_consumers: made.filter(([, id]) => placement.consumers[id]!.allocations.count === 0).map(([name]) => name),
    ...(Object.values(missing).some((names) => names.length > 0) ? { missing } : {}),
    trackers: Object.fromEntries(
      setting.hosts.map(({ name }, h) => [
        name,
        {
          vcpus_used: hosts[h]!.vcpusUsed,
          memory_mb_used: hosts[h]!.memoryMbUsed,
          local_gb_used: hosts[h]!.localGbUsed,
          ...pinned(hosts[h]!.pinned),
        },
      ]),
    ),
  };
}

export function operationPicture(record: OperationRecord): OperationPicture {
  const { outcome, http, exit, processed } = record;
  return {
    outcome: OUTCOME_NAMES[outcome]!,
    http: http === 0 ? null : http,
    ...(exit === 0 ? {} : { exit_code: exit - 1, processed }),
  };
}
