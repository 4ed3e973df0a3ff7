/** placement/handler.py:ROUTE_DECLARATIONS, with what the decorators of each handler ask before it runs. */
import { getAggregates, putProviderAggregates } from './aggregates.ts';
import {
  deleteAllocations,
  getAllocations,
  getProviderAllocations,
  postAllocations,
  putAllocations,
} from './allocations.ts';
import type { Answered, Asked } from './asked.ts';
import { listCandidates } from './candidates.ts';
import {
  createInventory,
  deleteInventories,
  deleteInventory,
  getInventory,
  listInventories,
  setInventories,
  updateInventory,
} from './inventories.ts';
import { createProvider, deleteProvider, getProvider, listProviders, updateProvider } from './providers.ts';
import { reshape } from './reshaper.ts';
import {
  createResourceClass,
  deleteResourceClass,
  ensureResourceClass,
  getResourceClass,
  listResourceClasses,
  renameResourceClass,
} from './resource-classes.ts';
import {
  deleteProviderTraits,
  deleteTrait,
  getTrait,
  listProviderTraits,
  listTraits,
  putProviderTraits,
  putTrait,
} from './traits.ts';
import { getProviderUsages, getUsages } from './usages.ts';

export interface Endpoint {
  readonly handle: (asked: Asked, madeUuid: () => string) => Answered;
  /** the microversion that brought it */
  readonly since?: number;
  /** what an older version is answered */
  readonly tooOld?: 405;
  /** @util.check_accept and @util.require_content */
  readonly gives?: 'json';
  readonly takes?: 'json';
  /** these are asked before the version */
  readonly typesFirst?: true;
  /** not the one that all others have */
  readonly policy?: 'reshape' | 'usages';
}

const shows = (handle: Endpoint['handle'], since = 0): Endpoint => ({ handle, since, gives: 'json' });
const takes = (handle: Endpoint['handle'], since = 0): Endpoint => ({ handle, since, takes: 'json' });
const does = (handle: Endpoint['handle'], since = 0): Endpoint => ({ handle, since });

export type Methods = Readonly<Partial<Record<string, Endpoint | ((version: number) => Endpoint)>>>;

const VERSIONS = {
  versions: [
    { id: 'v1.0', max_version: '1.39', min_version: '1.0', status: 'CURRENT', links: [{ rel: 'self', href: '' }] },
  ],
};

export const ROUTES: Readonly<Record<string, Methods>> = {
  '/': { GET: does(() => ({ status: 200, body: VERSIONS, dated: true })) },
  '/resource_classes': { GET: shows(listResourceClasses, 2), POST: takes(createResourceClass, 2) },
  '/resource_classes/{name}': {
    GET: shows(getResourceClass, 2),
    PUT: (version) => (version < 7 ? takes(renameResourceClass, 2) : does(ensureResourceClass)),
    DELETE: does(deleteResourceClass, 2),
  },
  '/resource_providers': { GET: shows(listProviders), POST: takes(createProvider) },
  '/resource_providers/{uuid}': {
    GET: shows(getProvider),
    DELETE: does(deleteProvider),
    PUT: takes(updateProvider),
  },
  '/resource_providers/{uuid}/inventories': {
    GET: shows(listInventories),
    POST: takes(createInventory),
    PUT: takes(setInventories),
    DELETE: { ...does(deleteInventories, 5), tooOld: 405 },
  },
  '/resource_providers/{uuid}/inventories/{resource_class}': {
    GET: shows(getInventory),
    PUT: takes(updateInventory),
    DELETE: does(deleteInventory),
  },
  '/resource_providers/{uuid}/usages': { GET: shows(getProviderUsages) },
  '/resource_providers/{uuid}/aggregates': {
    GET: { ...shows(getAggregates, 1), typesFirst: true },
    PUT: { ...takes(putProviderAggregates, 1), typesFirst: true },
  },
  '/resource_providers/{uuid}/allocations': { GET: shows(getProviderAllocations) },
  '/allocations': { POST: takes(postAllocations, 13) },
  '/allocations/{consumer_uuid}': {
    GET: shows(getAllocations),
    PUT: takes(putAllocations),
    DELETE: does(deleteAllocations),
  },
  '/allocation_candidates': { GET: shows(listCandidates, 10) },
  '/traits': { GET: shows(listTraits, 6) },
  '/traits/{name}': { GET: does(getTrait, 6), PUT: does(putTrait, 6), DELETE: does(deleteTrait, 6) },
  '/resource_providers/{uuid}/traits': {
    GET: shows(listProviderTraits, 6),
    PUT: takes(putProviderTraits, 6),
    DELETE: does(deleteProviderTraits, 6),
  },
  '/usages': { GET: { ...shows(getUsages, 9), policy: 'usages' } },
  '/reshaper': { POST: { ...takes(reshape, 30), policy: 'reshape' } },
};
