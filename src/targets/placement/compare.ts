/**
 * When two answers to one request are the same: status, error code, whether a conflict is about the consumer, and the body
 * with its generations. Not compared: texts meant for people, request ids, dates, and orders that follow Python's hashes.
 */
import type { HttpRequest, HttpResponse } from '../../placement/http/message.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** An answer in the form in which it is compared, for people too. */
export interface Comparable {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
}

export function comparable(request: HttpRequest, { status, headers, body }: HttpResponse): Comparable {
  const { method } = request;
  const isJson = (headers['content-type'] ?? '').startsWith('application/json');
  const parsed = body === '' || !isJson ? null : (JSON.parse(body) as Json);
  return {
    status,
    headers: {
      ...kept('openstack-api-version', headers),
      ...(status >= 400 ? { 'content-type': (headers['content-type'] ?? '').split(';')[0]! } : {}),
      ...(headers.allow === undefined ? {} : { allow: headers.allow.split(', ').sort().join(', ') }),
      ...(headers.location === undefined ? {} : { location: headers.location.replace(/^https?:\/\/[^/]+/, '') }),
      // of other requests the date is that of the row before, if it had one
      ...(method === 'GET' && headers['last-modified'] !== undefined ? { 'last-modified': 'a date' } : {}),
      ...kept('cache-control', headers),
    },
    body: status >= 400 ? failure(status, parsed) : success(request, parsed),
  };
}

const kept = (name: string, headers: HttpResponse['headers']): Record<string, string> =>
  headers[name] === undefined ? {} : { [name]: headers[name] };

/** Which of the two conflicts there are: the only thing in a text that a client looks at. */
const CONSUMER_CONFLICT = 'consumer generation conflict';

function failure(status: number, body: Json): Json {
  const errors = isObject(body) ? body.errors : undefined;
  if (!Array.isArray(errors) || !isObject(errors[0]!)) return isObject(body) ? Object.keys(body).sort() : null;
  const { request_id: _, detail, title, ...rest } = errors[0];
  const said = status === 409 && typeof detail === 'string' && detail.includes(CONSUMER_CONFLICT);
  return { ...rest, ...(said ? { detail: CONSUMER_CONFLICT } : {}), title: title! };
}

/** Lists whose order means nothing; a list of allocations below 1.12 and the requests of candidates among them. */
const UNORDERED = new Set([
  'traits',
  'aggregates',
  'resource_providers',
  'resource_classes',
  'allocation_requests',
  'allocations',
]);

function success({ path }: HttpRequest, body: Json): Json {
  const ordered = sorted(body, '');
  const limit = /[?&]limit=(\d+)/.exec(path)?.[1];
  if (limit === undefined || !isObject(ordered) || !Array.isArray(ordered.allocation_requests)) return ordered;
  // which of them a limit leaves is not specified: only how many
  const { allocation_requests: found } = ordered;
  return found.length < Number(limit) ? ordered : { candidates: found.length };
}

function sorted(value: Json, key: string): Json {
  if (Array.isArray(value)) {
    const items = value.map((item) => sorted(item, ''));
    return UNORDERED.has(key) ? items.sort(byText) : items;
  }
  if (!isObject(value)) return value;
  const items = Object.entries(value).map(([name, item]): [string, Json] => [
    name,
    // mappings: a list of providers by suffix
    key === 'mappings' && Array.isArray(item) ? item.sort(byText) : sorted(item, name),
  ]);
  return Object.fromEntries(items.sort(byText));
}

const text = (value: unknown): string => JSON.stringify(value);
const byText = (a: unknown, b: unknown): number => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0);

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function isSame(a: Comparable, b: Comparable): boolean {
  return text(a) === text(b);
}
