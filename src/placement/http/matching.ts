/** placement/objects/research_context.py: providers by traits and by aggregates, one provider at a time. */
import type { Database, ProviderRow } from './database.ts';
import { Refusal } from './refusal.ts';

/** Those that have of each set at least one. A trait that does not exist is refused. */
export function withTraits(
  database: Database,
  required: readonly ReadonlySet<string>[],
  prefix = '',
): Set<ProviderRow> {
  for (const any of required) refuseUnknownTraits(database, any, prefix);
  return new Set(
    [...database.allProviders()].filter((row) =>
      required.every((any) => [...any].some((name) => row.traits.has(name))),
    ),
  );
}

export function refuseUnknownTraits(database: Database, names: Iterable<string>, prefix = ''): void {
  for (const name of names) {
    if (!database.traits.has(name)) throw new Refusal(400, `${prefix}No such trait(s): ${name}.`);
  }
}

/** Those that are in at least one aggregate of each set. */
export function inAggregates(database: Database, required: readonly ReadonlySet<string>[]): Set<ProviderRow> {
  return new Set(
    [...database.allProviders()].filter((row) =>
      required.every((any) => [...any].some((uuid) => row.aggregates.has(uuid))),
    ),
  );
}
