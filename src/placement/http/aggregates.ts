/** placement/handlers/aggregate.py. An aggregate needs no creation: any uuid will do. */
import { type Answered, type Asked, providerAsked } from './asked.ts';
import type { ProviderRow } from './database.ts';
import { Refusal } from './refusal.ts';
import { putAggregates, putAggregatesWithGeneration, read } from './schemas.ts';

/** From here on with the provider's generation. */
const GENERATION = 19;

function picture({ database, version }: Asked, provider: ProviderRow, aggregates: readonly string[]): Answered {
  const generation = version >= GENERATION ? { resource_provider_generation: database.generation(provider) } : {};
  return { status: 200, body: { aggregates, ...generation }, dated: true };
}

export function getAggregates(asked: Asked): Answered {
  const provider = providerAsked(asked);
  return picture(asked, provider, [...provider.aggregates]);
}

export function putProviderAggregates(asked: Asked): Answered {
  const { database, version, body } = asked;
  const provider = providerAsked(asked);
  let aggregates: readonly string[];
  if (version >= GENERATION) {
    const sent = read(body, putAggregatesWithGeneration);
    if (database.generation(provider) !== sent.resource_provider_generation) {
      throw new Refusal(
        409,
        "Resource provider's generation already changed. Please update the generation and try again.",
        'concurrent_update',
      );
    }
    aggregates = sent.aggregates;
    database.bump(provider);
  } else aggregates = read(body, putAggregates);
  provider.aggregates.clear();
  for (const uuid of aggregates) provider.aggregates.add(uuid);
  return picture(asked, provider, aggregates);
}
