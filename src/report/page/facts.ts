/** How everything stood before and after a step, line by line. */
import type { RecordedState } from '../recording.ts';

export interface Fact {
  readonly table: 'instances' | 'migrations' | 'allocations' | 'resource trackers' | 'capacities';
  /** a server, a migration, a consumer, a host */
  readonly of: string;
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
}

export const TABLES = ['instances', 'migrations', 'allocations', 'resource trackers', 'capacities'] as const;

/** In the order in which rows come into being; capacities only where one changes. */
export function factsOf(before: RecordedState, after: RecordedState): Fact[] {
  const [then, now] = [told(before), told(after)];
  const keys = new Set([...then.keys(), ...now.keys()]);
  // what comes into being with this step stands beside what is said of the same already
  const order = [...new Set([...keys].map((key) => (JSON.parse(key) as string[])[1]!))];
  return [...keys]
    .map((key): Fact => {
      const [table, of, name] = JSON.parse(key) as [Fact['table'], string, string];
      return { table, of, name, before: then.get(key) ?? null, after: now.get(key) ?? null };
    })
    .filter((fact) => fact.table !== 'capacities' || fact.before !== fact.after)
    .sort((a, b) => TABLES.indexOf(a.table) - TABLES.indexOf(b.table) || order.indexOf(a.of) - order.indexOf(b.of));
}

function told(state: RecordedState): Map<string, string> {
  const facts = new Map<string, string>();
  const tell = (table: Fact['table'], of: string, name: string, value: string): void => {
    facts.set(JSON.stringify([table, of, name]), value);
  };
  const some = (list: readonly (string | number)[]): string => (list.length === 0 ? '-' : list.join(', '));
  for (const instance of state.instances) {
    const { server, deleted, host, vm_state, task_state, flavor, old_flavor, new_flavor, guests, running, backups } =
      instance;
    tell('instances', server, 'host', host ?? '-');
    tell('instances', server, 'vm_state', deleted ? `${vm_state}, row deleted` : vm_state);
    tell('instances', server, 'task_state', task_state ?? 'None');
    tell('instances', server, 'flavor', flavor);
    if (instance.pinned_cpus !== undefined)
      tell('instances', server, 'pinned to', `CPUs ${some(instance.pinned_cpus)}`);
    if (old_flavor !== null) tell('instances', server, 'old_flavor', old_flavor);
    if (new_flavor !== null) tell('instances', server, 'new_flavor', new_flavor);
    tell('instances', server, 'disks on', some(guests));
    tell('instances', server, 'runs on', some(running));
    if (backups.length > 0) tell('instances', server, 'backup on', some(backups));
  }
  for (const { migration, deleted, migration_type, status, source_compute, dest_compute } of state.migrations) {
    tell('migrations', migration, migration_type, `${source_compute} → ${dest_compute ?? '-'}`);
    tell('migrations', migration, 'status', deleted ? `${status}, row deleted` : status);
  }
  for (const [consumer, byHost] of Object.entries(state.allocations)) {
    for (const [host, amounts] of Object.entries(byHost)) tell('allocations', consumer, host, amountsText(amounts));
  }
  for (const consumer of state.empty_consumers) tell('allocations', consumer, 'nothing', 'its consumer is there');
  for (const [host, used] of Object.entries(state.trackers)) tell('resource trackers', host, 'used', amountsText(used));
  for (const [host, amounts] of Object.entries(state.capacities)) tell('capacities', host, '', amountsText(amounts));
  return facts;
}

const amountsText = (amounts: Readonly<Record<string, number | readonly number[]>>): string =>
  Object.entries(amounts)
    .map(([name, amount]) => `${name.replace(/_used$/, '')}=${amount}`)
    .join(' ');
