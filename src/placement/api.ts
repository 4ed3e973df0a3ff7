/**
 * Requests to Placement and its answers, as small immutable values with integer ids. Rendered to REST JSON only where
 * they leave the process.
 */
import { NO_ROWS, type Rows } from '../state/holdings.ts';
import { NONE } from '../state/table.ts';

/** Below 1.28 a write carries no consumer generation, and none is asked for. */
export const ANY_GENERATION = -2;

/** One consumer's part of a write. `generation` NONE is JSON null: the consumer must not exist. */
export interface Entry {
  readonly consumer: number;
  readonly generation: number;
  readonly allocations: Rows;
}

export type Request =
  | { readonly op: 'get-allocations'; readonly consumer: number }
  | { readonly op: 'put-allocations'; readonly entries: readonly [Entry] }
  | { readonly op: 'post-allocations'; readonly entries: readonly Entry[] }
  | { readonly op: 'delete-allocations'; readonly consumer: number }
  | { readonly op: 'get-provider-allocations'; readonly provider: number }
  | { readonly op: 'get-provider-traits'; readonly provider: number }
  | { readonly op: 'get-providers-in-tree'; readonly provider: number }
  | {
      readonly op: 'get-candidates';
      /** class, amount, class, amount, ... */
      readonly resources: readonly number[];
      readonly required: number;
      readonly forbidden: number;
      /** the tree to stay in, or NONE */
      readonly inTree: number;
    }
  | {
      readonly op: 'put-inventory';
      readonly provider: number;
      readonly resourceClass: number;
      readonly generation: number;
      readonly total: number;
      readonly reserved: number;
      readonly minUnit: number;
      readonly maxUnit: number;
      readonly stepSize: number;
      readonly ratio: number;
    }
  | { readonly op: 'create-provider'; readonly provider: number }
  | { readonly op: 'delete-provider'; readonly provider: number }
  | {
      /** all inventories of a provider; those that are not named are removed */
      readonly op: 'put-inventories';
      readonly provider: number;
      readonly generation: number;
      /** class, total, reserved, min_unit, max_unit, step_size, allocation_ratio, class, ... */
      readonly inventories: readonly number[];
    }
  | {
      readonly op: 'put-traits';
      readonly provider: number;
      readonly generation: number;
      readonly traits: number;
    };

/** Numbers of one inventory in a `put-inventories`. */
export const INVENTORY_CELLS = 7;

/** Whether a request can change anything: a fault "after applying" fits only these. */
export function isWrite(op: Request['op']): boolean {
  return !op.startsWith('get-');
}

/** What a refusal is about: ids, or NONE. */
export interface Subject {
  readonly consumer: number;
  /** what Placement expected instead of the generation sent; NONE is null */
  readonly generation: number;
  readonly provider: number;
  readonly resourceClass: number;
}

/** Why a request was refused, in few words; rest.ts has Placement's. Empty on success. */
export type Detail =
  | ''
  | 'consumer generation conflict'
  | 'unknown provider named'
  | 'unknown resource class named'
  | 'a trait is both required and forbidden'
  | 'no inventory of the class'
  | 'constraints violated'
  | 'capacity exceeded'
  | 'no allocations for the consumer'
  | 'no such provider'
  | 'resource provider generation conflict'
  | 'negative capacity'
  | 'no such inventory record'
  | 'the provider is there already'
  | 'inventory in use'
  | 'provider in use'
  | 'Inventory and/or allocations changed'
  | 'connection refused'
  | 'connection reset after the request was sent'
  | 'the client gave up waiting'
  | 'Internal Server Error'
  | 'a 503 of the proxy, with an HTML body';

/**
 * What came back. Status 0 is no answer at all: `code` then says whether the connection was refused or reset
 * (keystoneauth's ConnectFailure) or timed out (ConnectTimeout).
 */
export interface Response {
  readonly status: number;
  readonly code: 'ok' | 'undefined' | 'concurrent-update' | 'not-found' | 'refused' | 'timeout' | 'html';
  /** a 409 whose detail contains "consumer generation conflict" */
  readonly consumerConflict: boolean;
  readonly detail: Detail;
  readonly subject: Subject | null;
  /** of the consumer or provider asked for; for `get-provider-traits` the mask of its traits */
  readonly generation: number;
  /** what the consumer holds; for `get-provider-allocations` consumer, class, amount, consumer, ... */
  readonly rows: Rows;
  /** providers that could take the request or are in the tree, or consumers found on a provider */
  readonly ids: readonly number[];
}

export function answer(
  status: number,
  generation = NONE,
  rows: Rows = NO_ROWS,
  ids: readonly number[] = NO_ROWS,
): Response {
  return { status, code: 'ok', consumerConflict: false, detail: '', subject: null, generation, rows, ids };
}

export function failure(
  status: number,
  code: Response['code'],
  detail: Detail,
  consumerConflict = false,
  subject: Subject | null = null,
): Response {
  return { status, code, consumerConflict, detail, subject, generation: NONE, rows: NO_ROWS, ids: NO_ROWS };
}

export const NO_CONTENT = answer(204);

/** The answers that faults of the wire put in the place of Placement's. */
export const REFUSED = failure(0, 'refused', 'connection refused');
export const RESET = failure(0, 'refused', 'connection reset after the request was sent');
export const TIMED_OUT = failure(0, 'timeout', 'the client gave up waiting');
export const SERVER_ERROR = failure(500, 'undefined', 'Internal Server Error');
export const PROXY_ERROR = failure(503, 'html', 'a 503 of the proxy, with an HTML body');
export const CONSUMER_CONFLICT = failure(409, 'concurrent-update', 'consumer generation conflict', true);
export const PROVIDER_CONFLICT = failure(409, 'concurrent-update', 'Inventory and/or allocations changed');
