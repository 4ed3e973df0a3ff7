/** Answers as they come from the wire, read into the words of api.ts: what rest.ts renders, the other way round. */
import { NO_ROWS } from '../state/holdings.ts';
import { NONE } from '../state/table.ts';
import { answer, type Detail, failure, NO_CONTENT, type Request, type Response } from './api.ts';

/** What names stand for; undefined for what is none of ours. */
export interface Ids {
  readonly provider: (uuid: string) => number | undefined;
  readonly consumer: (uuid: string) => number | undefined;
  readonly resourceClass: (name: string) => number | undefined;
  /** the bit of a trait */
  readonly trait: (name: string) => number | undefined;
}

interface Resources {
  readonly [name: string]: number;
}

interface Bodies {
  readonly allocations?: Readonly<Record<string, { readonly resources: Resources }>>;
  readonly consumer_generation?: number;
  readonly resource_provider_generation?: number;
  readonly generation?: number;
  readonly traits?: readonly string[];
  readonly resource_providers?: readonly { readonly uuid: string }[];
  readonly allocation_requests?: readonly {
    readonly allocations: Readonly<Record<string, { readonly resources: Resources }>>;
  }[];
  readonly errors?: readonly { readonly code?: string; readonly detail?: string }[];
}

/** An answer that is not what Placement gives to such a request. */
export class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer';
}

export function readResponse(request: Request, status: number, body: unknown, ids: Ids): Response {
  const sent = (typeof body === 'object' && body !== null ? body : {}) as Bodies;
  if (status === 204) return NO_CONTENT;
  if (status >= 400) return readFailure(status, sent);
  switch (request.op) {
    case 'get-allocations': {
      const rows = rowsOf(needed(sent.allocations), ids);
      // a consumer without allocations shows nothing else
      return rows.length === 0 ? answer(status) : answer(status, needed(sent.consumer_generation), rows);
    }
    case 'get-provider-allocations': {
      const held = Object.entries(needed(sent.allocations)).flatMap(([uuid, { resources }]) =>
        Object.entries(resources).map(([name, amount]): [consumer: number, resourceClass: number, amount: number] => [
          needed(ids.consumer(uuid)),
          needed(ids.resourceClass(name)),
          amount,
        ]),
      );
      // consumer by consumer, as the store goes through them
      held.sort(([a, c], [b, d]) => a - b || c - d);
      const consumers = [...new Set(held.map(([consumer]) => consumer))];
      return answer(status, needed(sent.resource_provider_generation), held.flat(), consumers);
    }
    case 'get-provider-traits': {
      const bits = needed(sent.traits).map((name) => needed(ids.trait(name)));
      return answer(
        status,
        bits.reduce((mask, bit) => mask | (1 << bit), 0),
      );
    }
    case 'get-providers-in-tree':
      return answer(
        status,
        NONE,
        NO_ROWS,
        needed(sent.resource_providers).flatMap(({ uuid }) => ids.provider(uuid) ?? []),
      );
    case 'get-candidates': {
      // one provider each, in the order that the model has; those of others are left out
      const providers = needed(sent.allocation_requests).flatMap(({ allocations }) =>
        Object.keys(allocations).flatMap((uuid) => ids.provider(uuid) ?? []),
      );
      return answer(
        status,
        NONE,
        NO_ROWS,
        providers.sort((a, b) => a - b),
      );
    }
    case 'put-inventory':
    case 'put-inventories':
    case 'put-traits':
      return answer(status, needed(sent.resource_provider_generation));
    case 'create-provider':
      return answer(status, needed(sent.generation));
    case 'put-allocations':
    case 'post-allocations':
    case 'delete-allocations':
    case 'delete-provider':
      throw new UnreadableAnswer(`${request.op} was answered with ${status}`);
  }
}

function needed<T>(value: T | undefined): T {
  if (value === undefined)
    throw new UnreadableAnswer('the answer lacks what it should have, or names what is not ours');
  return value;
}

/** Sorted by provider and class, as the store keeps them. */
function rowsOf(allocations: NonNullable<Bodies['allocations']>, ids: Ids): readonly number[] {
  const rows = Object.entries(allocations).flatMap(([uuid, { resources }]) =>
    Object.entries(resources).map(([name, amount]) => [
      needed(ids.provider(uuid)),
      needed(ids.resourceClass(name)),
      amount,
    ]),
  );
  return rows.sort(([p, c], [q, d]) => p! - q! || c! - d!).flat();
}

/** Below 1.23 there is no code; of the requests that Nova sends so, none has a code of its own. */
function readFailure(status: number, { errors }: Bodies): Response {
  const [error] = errors ?? [];
  if (error === undefined) throw new UnreadableAnswer(`an error ${status} that is not in Placement's form`);
  const consumerConflict = (error.detail ?? '').includes('consumer generation conflict');
  const detail: Detail = consumerConflict ? 'consumer generation conflict' : '';
  if (error.code === 'placement.concurrent_update')
    return failure(status, 'concurrent-update', detail, consumerConflict);
  return failure(status, status === 404 ? 'not-found' : 'undefined', detail);
}
