/** placement/handlers/reshaper.py and placement/objects/reshaper.py: inventories and allocations set in one transaction. */

import { write } from './allocations.ts';
import { type Answered, type Asked, NO_CONTENT } from './asked.ts';
import type { Database, ProviderRow } from './database.ts';
import { type InventoryValues, readAll, replaceAll, valuesAt } from './inventories.ts';
import { Refusal } from './refusal.ts';
import { readReshaper } from './schemas.ts';

export function reshape(asked: Asked): Answered {
  const { database, rules, version, body } = asked;
  const { inventories, allocations } = readReshaper(body, version);
  const wanted = new Map<ProviderRow, Map<string, InventoryValues>>();
  for (const [uuid, { resource_provider_generation, inventories: records }] of Object.entries(inventories)) {
    const provider = database.provider(uuid);
    if (provider === undefined) {
      throw new Refusal(400, `Resource provider ${uuid} in inventories not found`, 'resource_provider.not_found');
    }
    const actual = database.generation(provider);
    if (actual !== resource_provider_generation) {
      throw new Refusal(
        409,
        `resource provider generation conflict for provider ${uuid}: actual: ${actual}, given: ${resource_provider_generation}`,
        'concurrent_update',
      );
    }
    const all = readAll(records);
    // the lookup of old went through the inventories of the request, and found no provider that has none
    if (all.size === 0 && !rules.reshapesToNothing) {
      throw new Refusal(400, `Resource provider ${uuid} in inventories not found`, 'resource_provider.not_found');
    }
    wanted.set(provider, all);
  }
  write(asked, new Map(Object.entries(allocations)), {
    interim() {
      for (const [provider, records] of wanted) {
        if (records.size > 0) replaceAll(database, provider, union(database, provider, records));
      }
    },
    final() {
      for (const [provider, records] of wanted) replaceAll(database, provider, records);
    },
  });
  return NO_CONTENT;
}

function union(
  database: Database,
  provider: ProviderRow,
  records: ReadonlyMap<string, InventoryValues>,
): Map<string, InventoryValues> {
  const there = database
    .inventoried(provider)
    .map((c): [string, InventoryValues] => [database.classes[c]!, valuesAt(database, provider, c)]);
  return new Map([...there, ...records]);
}
