/**
 * Requests and answers as they stand on the wire: Nova's choice of microversions and bodies, Placement's JSON. Headers are
 * left out, and so is the request_id of errors: it is another one each time.
 */
import { assert, NONE } from '../state/table.ts';
import { type Detail, type Entry, INVENTORY_CELLS, type Request, type Response } from './api.ts';
import { capacity, type InventoryRecord, type Store } from './store.ts';
import { uuidFor } from './uuid.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What ids stand for. */
export interface Names {
  readonly provider: (id: number) => string;
  readonly providerName: (id: number) => string;
  readonly consumer: (id: number) => string;
  readonly classes: readonly string[];
  /** the trait of each bit of a mask */
  readonly traits: readonly string[];
  readonly project: string;
  readonly user: string;
  /** as it is when the answer is given: answers show generations, usages and capacities that a Response leaves out */
  readonly store: Store;
}

export interface NamesOf {
  /** hosts, whose names are those of their providers */
  readonly providers: readonly string[];
  /** what a consumer is called in the scenario; any text that tells it from the others */
  readonly consumer: (id: number) => string;
  readonly classes: readonly string[];
  readonly traits: readonly string[];
}

/** Names with made-up uuids, one project and one user: Keystone's ids have no dashes. */
export function namesFor(store: Store, { providers, consumer, classes, traits }: NamesOf): Names {
  return {
    provider: (id) => uuidFor('provider', providers[id] ?? `#${id}`),
    providerName: (id) => providers[id] ?? `#${id}`,
    consumer: (id) => uuidFor('consumer', consumer(id)),
    classes,
    traits,
    project: uuidFor('project', 'demo').replaceAll('-', ''),
    user: uuidFor('user', 'demo').replaceAll('-', ''),
    store,
  };
}

export interface RestRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  /** null: no header is sent, which means 1.0 */
  readonly microversion: string | null;
  readonly body?: Json;
}

export interface RestResponse {
  /** 0: no answer came */
  readonly status: number;
  readonly body?: Json;
}

/** nova/scheduler/client/report.py:CONSUMER_GENERATION_VERSION */
const GENERATIONS = '1.28';
/** SAME_SUBTREE_VERSION: of the candidates, and of the claim that takes one up */
const CANDIDATES = '1.36';
/** an operator's client that may reserve all of a total */
const INVENTORY = '1.26';
const TRAITS = '1.6';
/** NESTED_PROVIDER_API_VERSION */
const TREES = '1.14';
/** POST_RPS_RETURNS_PAYLOAD_API_VERSION */
const PROVIDERS = '1.20';

/** `[scheduler] max_placement_results` */
const LIMIT = 1000;

export function renderRequest(request: Request, names: Names): RestRequest {
  switch (request.op) {
    case 'get-allocations':
      return { method: 'GET', path: allocationsPath(names, request.consumer), microversion: GENERATIONS };
    case 'put-allocations': {
      const [entry] = request.entries;
      const removes = entry.allocations.length === 0;
      return {
        method: 'PUT',
        path: allocationsPath(names, entry.consumer),
        microversion: removes ? GENERATIONS : CANDIDATES,
        body: removes ? part(names, entry) : claim(names, entry),
      };
    }
    case 'post-allocations':
      return {
        method: 'POST',
        path: '/allocations',
        microversion: GENERATIONS,
        body: Object.fromEntries(request.entries.map((entry) => [names.consumer(entry.consumer), part(names, entry)])),
      };
    case 'delete-allocations':
      return { method: 'DELETE', path: allocationsPath(names, request.consumer), microversion: null };
    case 'get-provider-allocations':
      return { method: 'GET', path: `${providerPath(names, request.provider)}/allocations`, microversion: null };
    case 'get-provider-traits':
      return { method: 'GET', path: `${providerPath(names, request.provider)}/traits`, microversion: TRAITS };
    case 'get-providers-in-tree':
      return {
        method: 'GET',
        path: `/resource_providers?in_tree=${names.provider(request.provider)}`,
        microversion: TREES,
      };
    case 'get-candidates':
      return { method: 'GET', path: `/allocation_candidates?${query(names, request)}`, microversion: CANDIDATES };
    case 'put-inventory':
      return {
        method: 'PUT',
        path: `${providerPath(names, request.provider)}/inventories/${names.classes[request.resourceClass]}`,
        microversion: INVENTORY,
        body: {
          resource_provider_generation: request.generation,
          total: request.total,
          reserved: request.reserved,
          min_unit: request.minUnit,
          max_unit: request.maxUnit,
          step_size: request.stepSize,
          allocation_ratio: names.store.ratios[request.ratio]!,
        },
      };
    case 'create-provider': {
      const uuid = names.provider(request.provider);
      const body = { name: names.providerName(request.provider), uuid };
      return { method: 'POST', path: '/resource_providers', microversion: PROVIDERS, body };
    }
    case 'delete-provider':
      return { method: 'DELETE', path: providerPath(names, request.provider), microversion: null };
    case 'put-inventories':
      return {
        method: 'PUT',
        path: `${providerPath(names, request.provider)}/inventories`,
        microversion: INVENTORY,
        body: {
          resource_provider_generation: request.generation,
          inventories: inventoriesSent(names, request.inventories),
        },
      };
    case 'put-traits':
      return {
        method: 'PUT',
        path: `${providerPath(names, request.provider)}/traits`,
        microversion: TRAITS,
        body: { resource_provider_generation: request.generation, traits: traitsIn(names, request.traits) },
      };
  }
}

function inventoriesSent(names: Names, cells: readonly number[]): { readonly [name: string]: Json } {
  const sent: Record<string, Json> = {};
  for (let k = 0; k < cells.length; k += INVENTORY_CELLS) {
    sent[names.classes[cells[k]!]!] = {
      total: cells[k + 1]!,
      reserved: cells[k + 2]!,
      min_unit: cells[k + 3]!,
      max_unit: cells[k + 4]!,
      step_size: cells[k + 5]!,
      allocation_ratio: names.store.ratios[cells[k + 6]!]!,
    };
  }
  return sent;
}

function allocationsPath(names: Names, consumer: number): string {
  return `/allocations/${names.consumer(consumer)}`;
}

function providerPath(names: Names, provider: number): string {
  return `/resource_providers/${names.provider(provider)}`;
}

/** What Nova posts has the generation of each provider beside its resources; Placement ignores it, and it is left out. */
function part(names: Names, { generation, allocations }: Entry): { readonly [key: string]: Json } {
  return {
    allocations: byProvider(names, allocations),
    consumer_generation: generation === NONE ? null : generation,
    project_id: names.project,
    user_id: names.user,
  };
}

/** claim_resources puts the candidate as it got it; one that is added to older allocations has lost its mappings. */
function claim(names: Names, entry: Entry): Json {
  const { allocations, ...rest } = part(names, entry);
  if (entry.generation !== NONE) return { allocations: allocations!, ...rest };
  return { allocations: allocations!, mappings: { '': providersIn(entry.allocations).map(names.provider) }, ...rest };
}

function providersIn(rows: readonly number[]): number[] {
  return [...new Set(rows.filter((_, k) => k % 3 === 0))];
}

function byProvider(names: Names, rows: readonly number[]): { readonly [provider: string]: Json } {
  return Object.fromEntries(
    providersIn(rows).map((provider) => [names.provider(provider), { resources: resourcesOn(names, rows, provider) }]),
  );
}

function resourcesOn(names: Names, rows: readonly number[], provider: number): { readonly [name: string]: number } {
  const resources: Record<string, number> = {};
  for (let k = 0; k < rows.length; k += 3) {
    if (rows[k] === provider) resources[names.classes[rows[k + 1]!]!] = rows[k + 2]!;
  }
  return resources;
}

/** nova/scheduler/utils.py:ResourceRequest.to_querystring sorts the parameters and the words of each. */
function query(names: Names, request: Extract<Request, { op: 'get-candidates' }>): string {
  const { resources, required, forbidden, inTree } = request;
  const asked: string[] = [];
  for (let k = 0; k < resources.length; k += 2) asked.push(`${names.classes[resources[k]!]}:${resources[k + 1]}`);
  const traits = [
    ...traitsIn(names, required).sort(),
    ...traitsIn(names, forbidden)
      .sort()
      .map((name) => `!${name}`),
  ];
  const parameters: [string, string][] = [['limit', `${LIMIT}`]];
  if (inTree !== NONE) parameters.unshift(['in_tree', names.provider(inTree)]);
  if (traits.length > 0) parameters.push(['required', traits.join(',')]);
  parameters.push(['resources', asked.sort().join(',')], ['root_required', '!COMPUTE_STATUS_DISABLED']);
  return new URLSearchParams(parameters).toString();
}

function traitsIn(names: Names, mask: number): string[] {
  return names.traits.filter((_, bit) => (mask & (1 << bit)) !== 0);
}

// ---- answers

/** The body that Placement gives with an answer. Ask when it is given: it shows what stands in `names.store`. */
export function renderResponse(request: Request, response: Response, names: Names): RestResponse {
  const { status, code } = response;
  if (status === 0 || status === 204) return { status };
  if (code === 'html') return { status, body: '<html><body><h1>503 Service Unavailable</h1></body></html>' };
  if (code !== 'ok') return { status, body: errors(request, response, names) };
  return { status, body: shown(request, response, names) };
}

function shown(request: Request, response: Response, names: Names): Json {
  const { store } = names;
  switch (request.op) {
    case 'get-allocations': {
      if (response.rows.length === 0) return { allocations: {} };
      const allocations = providersIn(response.rows).map((provider) => [
        names.provider(provider),
        {
          resources: resourcesOn(names, response.rows, provider),
          generation: store.providers[provider]!.generation,
        },
      ]);
      return {
        allocations: Object.fromEntries(allocations),
        project_id: names.project,
        user_id: names.user,
        consumer_generation: response.generation,
      };
    }
    case 'get-provider-allocations': {
      const allocations = response.ids.map((consumer) => {
        const rows = store.consumers[consumer]!.allocations.rows();
        return [names.consumer(consumer), { resources: resourcesOn(names, rows, request.provider) }];
      });
      return {
        allocations: Object.fromEntries(allocations),
        resource_provider_generation: response.generation,
      };
    }
    case 'get-provider-traits':
      return {
        traits: traitsIn(names, response.generation),
        resource_provider_generation: store.providers[request.provider]!.generation,
      };
    case 'get-providers-in-tree':
      return {
        resource_providers: response.ids.map((provider) => ({
          uuid: names.provider(provider),
          generation: store.providers[provider]!.generation,
          parent_provider_uuid: null,
          root_provider_uuid: names.provider(provider),
        })),
      };
    case 'get-candidates': {
      const { resources } = request;
      return {
        allocation_requests: response.ids.map((provider) => {
          const rows: number[] = [];
          for (let k = 0; k < resources.length; k += 2) rows.push(provider, resources[k]!, resources[k + 1]!);
          return { allocations: byProvider(names, rows), mappings: { '': [names.provider(provider)] } };
        }),
        provider_summaries: Object.fromEntries(
          response.ids.map((provider) => [names.provider(provider), summary(names, provider)]),
        ),
      };
    }
    case 'put-inventory':
      return {
        ...record(names, inventoryOf(store, request.provider, request.resourceClass)),
        resource_provider_generation: response.generation,
      };
    case 'create-provider':
      return {
        uuid: names.provider(request.provider),
        name: names.providerName(request.provider),
        generation: response.generation,
        parent_provider_uuid: null,
        root_provider_uuid: names.provider(request.provider),
      };
    case 'put-inventories': {
      const inventories: Record<string, Json> = {};
      for (const [c, name] of names.classes.entries()) {
        const inventory = inventoryOf(store, request.provider, c);
        if (inventory.exists === 1) inventories[name] = record(names, inventory);
      }
      return { resource_provider_generation: response.generation, inventories };
    }
    case 'put-traits':
      return { resource_provider_generation: response.generation, traits: traitsIn(names, request.traits) };
    case 'put-allocations':
    case 'post-allocations':
    case 'delete-allocations':
    case 'delete-provider':
      assert(false, `${request.op} is answered without a body`);
  }
}

function inventoryOf(store: Store, provider: number, resourceClass: number): InventoryRecord {
  return store.inventories[provider * store.classes + resourceClass]!;
}

function record(names: Names, inventory: InventoryRecord): { readonly [key: string]: Json } {
  return {
    total: inventory.total,
    reserved: inventory.reserved,
    min_unit: inventory.minUnit,
    max_unit: inventory.maxUnit,
    step_size: inventory.stepSize,
    allocation_ratio: names.store.ratios[inventory.ratio]!,
  };
}

/** From 1.27 on all classes of the provider, not only those asked for. */
function summary(names: Names, provider: number): Json {
  const { store } = names;
  const resources: Record<string, Json> = {};
  for (let c = 0; c < store.classes; c++) {
    const inventory = inventoryOf(store, provider, c);
    if (inventory.exists === 0) continue;
    // truncated here and nowhere else; zero is added to make -0 a 0
    const whole = Math.trunc(capacity(store, inventory)) + 0;
    resources[names.classes[c]!] = { capacity: whole, used: inventory.used };
  }
  const { traits, parent } = store.providers[provider]!;
  return {
    resources,
    traits: traitsIn(names, traits),
    parent_provider_uuid: parent === NONE ? null : names.provider(parent),
    root_provider_uuid: names.provider(parent === NONE ? provider : parent),
  };
}

const ERRORS: Readonly<Record<number, readonly [title: string, explanation: string]>> = {
  400: [
    'Bad Request',
    'The server could not comply with the request since it is either malformed or otherwise incorrect.',
  ],
  404: ['Not Found', 'The resource could not be found.'],
  409: ['Conflict', 'There was a conflict when trying to complete your request.'],
  500: ['Internal Server Error', 'The server has either erred or is incapable of performing the requested operation.'],
};

/** placement/util.py:json_error_formatter; the code is there from 1.23 on. */
function errors(request: Request, response: Response, names: Names): Json {
  const { status } = response;
  const [title, explanation] = ERRORS[status]!;
  const { microversion } = renderRequest(request, names);
  const code =
    response.detail === 'inventory in use'
      ? 'placement.inventory.inuse'
      : response.code === 'concurrent-update'
        ? 'placement.concurrent_update'
        : 'placement.undefined_code';
  return {
    errors: [
      {
        status,
        title,
        detail: `${explanation}\n\n ${said(request, response, names)}  `,
        ...(microversion !== null && Number(microversion.slice(2)) >= 23 ? { code } : {}),
      },
    ],
  };
}

const RACE = 'Another thread concurrently updated the resource provider data. Please retry your update';

function said(request: Request, { detail, subject }: Response, names: Names): string {
  if (subject === null) return saidOfNothing(request, detail, names);
  const provider = subject.provider === NONE ? '' : names.provider(subject.provider);
  const resourceClass = names.classes[subject.resourceClass] ?? classesOf(request, names);
  switch (detail) {
    case 'consumer generation conflict': {
      const { generation } = subject;
      const sent = sentGeneration(request, subject.consumer);
      return `${detail} - expected ${generation === NONE ? 'null' : generation} but got ${sent === NONE ? 'None' : sent}`;
    }
    case 'negative capacity':
      return (
        `Unable to update inventory for resource provider ${provider}: Invalid inventory for '${resourceClass}' on ` +
        `resource provider '${provider}'. The reserved value is greater than total.`
      );
    case 'no such inventory record':
      return (
        `No inventory record with resource class for resource provider ${provider}: ` +
        `No inventory of class ${resourceClass} found.`
      );
    case 'the provider is there already':
      return `Conflicting resource provider uuid: ${provider} already exists.`;
    case 'provider in use':
      return `Unable to delete resource provider ${provider}: Resource provider has allocations.`;
    case 'inventory in use':
      return `update conflict: Inventory for '${resourceClass}' on resource provider '${provider}' in use.`;
    default:
      return whyNotWritten(detail, provider, resourceClass);
  }
}

/** placement/exception.py, and what placement/handlers/allocation.py says before it: of a write of allocations. */
export function whyNotWritten(detail: Detail, provider: string, resourceClass: string): string {
  const unableToCreate = `Unable to create allocation for '${resourceClass}' on resource provider '${provider}'.`;
  switch (detail) {
    case 'unknown provider named':
      return `Allocation for resource provider '${provider}' that does not exist.`;
    case 'no inventory of the class':
      return `Unable to allocate inventory: Inventory for '${resourceClass}' on resource provider '${provider}' invalid.`;
    case 'constraints violated':
      return `Unable to allocate inventory: ${unableToCreate} The requested amount would violate inventory constraints.`;
    case 'capacity exceeded':
      return `Unable to allocate inventory: ${unableToCreate} The requested amount would exceed the capacity.`;
    default:
      return detail;
  }
}

function saidOfNothing(request: Request, detail: Detail, names: Names): string {
  switch (detail) {
    case 'no allocations for the consumer':
      return 'consumer' in request ? `No allocations for consumer '${names.consumer(request.consumer)}'` : detail;
    case 'no such provider':
      return 'provider' in request ? missing(request.op, names.provider(request.provider)) : detail;
    case 'Inventory and/or allocations changed':
      return `${detail} while attempting to allocate: ${RACE}`;
    default:
      return detail;
  }
}

/** Each of the handlers wraps the same exception in its own way. */
function missing(op: Request['op'], uuid: string): string {
  const reason = `No resource provider with uuid ${uuid} found`;
  if (op === 'get-provider-allocations') return `Resource provider '${uuid}' not found: ${reason}`;
  if (op === 'delete-provider') return `${reason} for delete`;
  return op === 'get-provider-traits' ? `${reason}: ${reason}` : reason;
}

function sentGeneration(request: Request, consumer: number): number {
  if (request.op !== 'put-allocations' && request.op !== 'post-allocations') return NONE;
  return request.entries.find((entry) => entry.consumer === consumer)?.generation ?? NONE;
}

/** All classes of a write, in the order sent; Placement takes them from a set. */
function classesOf(request: Request, names: Names): string {
  if (request.op !== 'put-allocations' && request.op !== 'post-allocations') return '';
  const found = new Set<string>();
  for (const { allocations } of request.entries) {
    for (let k = 1; k < allocations.length; k += 3) found.add(names.classes[allocations[k]!]!);
  }
  return [...found].join(', ');
}
