/** placement/handlers/usage.py and placement/objects/usage.py */
import { type Answered, type Asked, providerAsked, shown } from './asked.ts';
import type { ConsumerRow } from './database.ts';
import { refuseUnknownParameters } from './query.ts';
import { Refusal } from './refusal.ts';
import { CLASS_NAME } from './schemas.ts';

/** One entry a class with inventory, used or not. */
export function getProviderUsages(asked: Asked): Answered {
  const { database } = asked;
  const provider = providerAsked(asked);
  const usages = database
    .inventoried(provider)
    .map((c) => [database.classes[c]!, database.inventory(provider, c).used]);
  return shown({ resource_provider_generation: database.generation(provider), usages: Object.fromEntries(usages) });
}

/** From 1.38 on by consumer type, and how many consumers there are of each. */
export function getUsages(asked: Asked): Answered {
  const { database, version, query } = asked;
  const typed = version >= 38;
  refuseUnknownParameters(query, ['project_id', 'user_id', ...(typed ? ['consumer_type'] : [])]);
  const [project, user, type] = ['project_id', 'user_id', 'consumer_type'].map((name) => query.getAll(name).at(-1));
  for (const value of [project ?? '', ...(user === undefined ? [] : [user])]) {
    if ([...value].length < 1 || [...value].length > 255) throw new Refusal(400, 'Invalid query string parameters');
  }
  if (type !== undefined && (type.length > 255 || !(CLASS_NAME.test(type) || /^all|^unknown$/.test(type)))) {
    throw new Refusal(400, 'Invalid query string parameters: consumer_type');
  }
  const groups = new Map<string, ConsumerRow[]>();
  for (const row of database.allConsumers()) {
    if (row.project !== project || (user !== undefined && row.user !== user)) continue;
    if (database.store.consumers[row.id]!.allocations.count === 0) continue;
    const of = groupOf(row, type);
    if (of === null) continue;
    groups.set(of, [...(groups.get(of) ?? []), row]);
  }
  if (!typed) return shown({ usages: sums(asked, [...groups.values()].flat()) });
  const usages = [...groups].map(([name, rows]) => [name, withCount(sums(asked, rows), rows.length)]);
  return shown({ usages: Object.fromEntries(usages) });
}

function groupOf({ type }: ConsumerRow, asked: string | undefined): string | null {
  if (asked === 'all') return 'all';
  if (asked === 'unknown') return type === null ? 'unknown' : null;
  // what the database has no type for is named null there, and no group of that name can be asked for
  const name = type ?? 'unknown';
  return asked === undefined || type === asked ? name : null;
}

/** The count is set beside each class, and so stands behind the first. */
function withCount(usages: Record<string, number>, consumer_count: number): Record<string, number> {
  const [first, ...rest] = Object.entries(usages);
  return Object.fromEntries([first!, ['consumer_count', consumer_count], ...rest]);
}

function sums({ database }: Asked, rows: readonly ConsumerRow[]): Record<string, number> {
  const result: Record<string, number> = {};
  for (const { id } of rows) {
    const { allocations } = database.store.consumers[id]!;
    for (let k = 0; k < allocations.count; k++) {
      const name = database.classes[allocations.resourceClass(k)]!;
      result[name] = (result[name] ?? 0) + allocations.amount(k);
    }
  }
  return result;
}
