/** placement/handlers/trait.py */
import { type Answered, type Asked, NO_CONTENT, providerAsked, shown } from './asked.ts';
import { refuseUnknownParameters } from './query.ts';
import { Refusal } from './refusal.ts';
import { isCustomTrait, putTraits, read } from './schemas.ts';

function known({ database, at }: Asked): string {
  const name = at.name!;
  if (!database.traits.has(name)) throw new Refusal(404, `No such trait(s): ${name}.`);
  return name;
}

export function listTraits({ database, query }: Asked): Answered {
  refuseUnknownParameters(query, ['name', 'associated']);
  let found = [...database.traits];
  const name = query.getAll('name').at(-1);
  if (name !== undefined) {
    const colon = name.indexOf(':');
    if (colon < 0) throw new Refusal(400, `Badly formatted name parameter. Got: "${name}"`);
    const value = name.slice(colon + 1);
    const operator = name.slice(0, colon);
    if (operator === 'in') {
      const wanted = new Set(value.split(','));
      found = found.filter((trait) => wanted.has(trait));
    } else if (operator === 'startswith') {
      const like = likePattern(value);
      found = found.filter((trait) => like.test(trait));
    }
  }
  const associated = query.getAll('associated').at(-1)?.toLowerCase();
  if (associated !== undefined) {
    if (associated !== 'true' && associated !== 'false') {
      throw new Refusal(400, 'The query parameter "associated" only accepts "true" or "false"');
    }
    const used = new Set([...database.allProviders()].flatMap(({ traits }) => [...traits]));
    found = found.filter((trait) => used.has(trait) === (associated === 'true'));
  }
  return shown({ traits: found });
}

/** SQL's LIKE, which SQLite takes without regard to case: `_` is any character, `%` any number of them. */
function likePattern(prefix: string): RegExp {
  const pattern = prefix
    .replace(/[^\w%]/g, '\\$&')
    .replaceAll('_', '.')
    .replaceAll('%', '.*');
  return new RegExp(`^${pattern}`, 'is');
}

export function getTrait(asked: Asked): Answered {
  known(asked);
  return { status: 204, dated: true };
}

export function putTrait({ database, at }: Asked): Answered {
  const name = at.name!;
  if (!isCustomTrait(name)) {
    throw new Refusal(
      400,
      'The trait is invalid. A valid trait must be no longer than 255 characters, start with the prefix "CUSTOM_" and ' +
        'use following characters: "A"-"Z", "0"-"9" and "_"',
    );
  }
  const there = database.traits.has(name);
  database.traits.add(name);
  return { status: there ? 204 : 201, location: `/traits/${name}`, dated: true };
}

export function deleteTrait(asked: Asked): Answered {
  const { database } = asked;
  const name = known(asked);
  if (!name.startsWith('CUSTOM_')) throw new Refusal(400, `Cannot delete standard trait ${name}.`);
  for (const { traits } of database.allProviders()) {
    if (traits.has(name)) throw new Refusal(409, `The trait ${name} is in use by a resource provider.`);
  }
  database.traits.delete(name);
  return NO_CONTENT;
}

export function listProviderTraits(asked: Asked): Answered {
  const provider = providerAsked(asked);
  return shown({
    traits: [...provider.traits],
    resource_provider_generation: asked.database.generation(provider),
  });
}

/** Asks for the form before the provider. */
export function putProviderTraits(asked: Asked): Answered {
  const { database, body } = asked;
  const { traits, resource_provider_generation } = read(body, putTraits);
  const provider = providerAsked(asked);
  if (database.generation(provider) !== resource_provider_generation) {
    throw new Refusal(
      409,
      "Resource provider's generation already changed. Please update the generation and try again.",
      'concurrent_update',
    );
  }
  const unknown = traits.filter((name) => !database.traits.has(name));
  if (unknown.length > 0) throw new Refusal(400, `No such trait ${unknown.join(', ')}`);
  replaceTraits(asked, new Set(traits));
  return shown({ traits: [...new Set(traits)], resource_provider_generation: database.generation(provider) });
}

export function deleteProviderTraits(asked: Asked): Answered {
  replaceTraits(asked, new Set());
  return NO_CONTENT;
}

/** The generation moves only if the set does. */
function replaceTraits(asked: Asked, traits: ReadonlySet<string>): void {
  const provider = providerAsked(asked);
  const same = traits.size === provider.traits.size && [...traits].every((name) => provider.traits.has(name));
  if (same) return;
  provider.traits.clear();
  for (const name of traits) provider.traits.add(name);
  asked.database.bump(provider);
}
