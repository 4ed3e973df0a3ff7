/** placement/handlers/resource_provider.py and placement/objects/resource_provider.py */
import type { Json } from '../rest.ts';
import { hasRoom } from '../server.ts';
import { type Answered, type Asked, NO_CONTENT, providerAsked, shown } from './asked.ts';
import type { Database, ProviderRow } from './database.ts';
import { inAggregates, withTraits } from './matching.ts';
import { readMemberOf, readResources, readTraits, refuseUnknownParameters } from './query.ts';
import { Refusal } from './refusal.ts';
import { postProvider, putProvider, read } from './schemas.ts';
import { isUuidLike, normalUuid } from './uuid-form.ts';

/** Links to what there is more of a provider, each with the microversion that brought it. */
const LINKS = [
  ['inventories', 0],
  ['usages', 0],
  ['aggregates', 1],
  ['traits', 6],
  ['allocations', 11],
] as const;

function picture({ database, version }: Asked, provider: ProviderRow): Json {
  const href = `/resource_providers/${provider.uuid}`;
  const tree =
    version >= 14
      ? {
          parent_provider_uuid: database.parentOf(provider)?.uuid ?? null,
          root_provider_uuid: database.rootOf(provider).uuid,
        }
      : {};
  const links = LINKS.filter(([, since]) => version >= since).map(([rel]) => ({ rel, href: `${href}/${rel}` }));
  return {
    uuid: provider.uuid,
    name: provider.name,
    generation: database.generation(provider),
    links: [{ rel: 'self', href }, ...links],
    ...tree,
  };
}

/** `made` is what a server takes for the uuid that a request leaves out. */
export function createProvider(asked: Asked, made: () => string): Answered {
  const { database, version, body } = asked;
  const sent = read(body, postProvider(version));
  const uuid = sent.uuid === undefined ? made() : normalUuid(sent.uuid);
  const refuse = (why: string): Refusal =>
    new Refusal(400, `Unable to create resource provider "${sent.name}", ${uuid}: ${why}`);
  if (sent.name === '') throw refuse('Object action create failed because: name is required');
  const parentUuid = sent.parent_provider_uuid ?? null;
  if (parentUuid === uuid) {
    throw refuse('Object action create failed because: parent provider UUID cannot be same as UUID.');
  }
  const parent = parentUuid === null ? null : database.provider(parentUuid);
  if (parent === undefined) throw refuse('Object action create failed because: parent provider UUID does not exist.');
  if (database.provider(uuid) !== undefined || isNameTaken(database, sent.name, null)) {
    throw new Refusal(
      409,
      `Conflicting resource provider name: ${sent.name}, uuid: ${uuid} already exists.`,
      'duplicate_name',
    );
  }
  const provider = database.addProvider(uuid, sent.name, parent);
  const location = `/resource_providers/${uuid}`;
  return version >= 20
    ? { status: 200, body: picture(asked, provider), location, dated: true }
    : { status: 201, location };
}

function isNameTaken(database: Database, name: string, by: ProviderRow | null): boolean {
  for (const row of database.allProviders()) if (row.name === name && row !== by) return true;
  return false;
}

export function getProvider(asked: Asked): Answered {
  return shown(picture(asked, providerAsked(asked)));
}

export function updateProvider(asked: Asked): Answered {
  const { database, version, body } = asked;
  const provider = providerAsked(asked);
  const sent = read(body, putProvider(version));
  const refuse = (why: string): Refusal =>
    new Refusal(400, `Unable to save resource provider ${provider.uuid}: Object action failed because: ${why}`);
  const mayReparent = version >= 37;
  const before = database.parentOf(provider);
  let parent = before;
  if (sent.parent_provider_uuid === null) {
    if (before !== null && !mayReparent) throw refuse('un-parenting a provider is not currently allowed.');
    parent = null;
  } else if (sent.parent_provider_uuid !== undefined) {
    const named = database.provider(sent.parent_provider_uuid);
    if (named === undefined) throw refuse('parent provider UUID does not exist.');
    if (before !== null && before !== named && !mayReparent) {
      throw refuse('re-parenting a provider is not currently allowed.');
    }
    for (let at: ProviderRow | null = named; at !== null; at = database.parentOf(at)) {
      if (at === provider) throw refuse('creating loop in the provider tree is not allowed.');
    }
    parent = named;
  }
  if (isNameTaken(database, sent.name, provider)) {
    throw new Refusal(409, `Conflicting resource provider ${sent.name} already exists.`, 'duplicate_name');
  }
  provider.name = sent.name;
  database.setParent(provider, parent);
  return shown(picture(asked, provider));
}

export function deleteProvider(asked: Asked): Answered {
  const { database } = asked;
  const provider = providerAsked(asked);
  if (database.hasChildren(provider)) {
    throw new Refusal(
      409,
      `Unable to delete parent resource provider ${provider.uuid}: It has child resource providers.`,
      'resource_provider.cannot_delete_parent',
    );
  }
  if (database.store.consumers.some(({ allocations }) => allocations.holdsOn(provider.id))) {
    throw new Refusal(
      409,
      `Unable to delete resource provider ${provider.uuid}: Resource provider has allocations.`,
      'resource_provider.inuse',
    );
  }
  database.removeProvider(provider);
  return NO_CONTENT;
}

/** Parameters of the list, each with the microversion that brought it. */
const FILTERS = [
  ['name', 0],
  ['uuid', 0],
  ['member_of', 3],
  ['resources', 4],
  ['in_tree', 14],
  ['required', 18],
] as const;

export function listProviders(asked: Asked): Answered {
  const { database, version, query } = asked;
  refuseUnknownParameters(
    query,
    FILTERS.filter(([, since]) => version >= since).map(([name]) => name),
  );
  const last = (name: string): string | undefined => query.getAll(name).at(-1);
  const inTree = last('in_tree');
  const uuid = last('uuid');
  // the form of these two is checked by the schema, and `uuid` there means what Python's uuid.UUID takes
  for (const value of [uuid, inTree]) {
    if (value !== undefined && !isUuidLike(value)) throw new Refusal(400, `Invalid query string parameters: ${value}`);
  }
  const memberOf = readMemberOf(query.getAll('member_of'), version);
  const traits = readTraits(query.getAll('required'), version);
  const resources = last('resources');
  const wanted = resources === undefined ? [] : [...readResources(resources)];
  return shown({ resource_providers: matching().map((provider) => picture(asked, provider)) });

  /** In the order in which _get_all_by_filters_from_db looks: what finds nothing hides what is wrong behind it. */
  function matching(): ProviderRow[] {
    let found = [...database.allProviders()];
    const name = last('name');
    if (name !== undefined && name !== '') found = found.filter((row) => row.name === name);
    if (uuid !== undefined && uuid !== '') found = found.filter((row) => row.uuid === uuid);
    if (inTree !== undefined && inTree !== '') {
      const member = database.provider(inTree);
      if (member === undefined) return [];
      const root = database.rootOf(member);
      found = found.filter((row) => database.rootOf(row) === root);
    }
    if (traits.required.length > 0) {
      const having = withTraits(database, traits.required, 'Invalid trait(s) in "required" parameter: ');
      if (having.size === 0) return [];
      found = found.filter((row) => having.has(row));
    }
    if (traits.forbidden.size > 0) {
      const having = withTraits(database, [traits.forbidden], 'Invalid trait(s) in "required" parameter: ');
      found = found.filter((row) => !having.has(row));
    }
    if (memberOf.required.length > 0) {
      const members = inAggregates(database, memberOf.required);
      if (members.size === 0) return [];
      found = found.filter((row) => members.has(row));
    }
    if (memberOf.forbidden.size > 0) {
      const members = inAggregates(database, [memberOf.forbidden]);
      found = found.filter((row) => !members.has(row));
    }
    for (const [className, amount] of wanted) {
      const id = database.classId(className);
      if (id < 0) {
        throw new Refusal(400, `Invalid resource class in resources parameter: No such resource class ${className}.`);
      }
      found = found.filter((row) => {
        const inventory = database.inventory(row, id);
        return inventory.exists !== 0 && hasRoom(database.store, inventory, amount);
      });
    }
    return found;
  }
}
