/** Answers in which the model and a real server may differ, each with its reason. The aim is an empty list. */
import type { HttpRequest } from '../../placement/http/message.ts';
import type { Comparable } from './compare.ts';

export interface KnownDifference {
  readonly id: string;
  readonly reason: string;
  fits(difference: {
    readonly request: HttpRequest;
    readonly model: Comparable;
    readonly real: Comparable;
    readonly release: number;
  }): boolean;
}

const SHARES = 'MISC_SHARES_VIA_AGGREGATE';

interface Candidates {
  readonly allocation_requests: readonly { readonly allocations: unknown }[];
  readonly provider_summaries: Readonly<Record<string, { readonly traits?: readonly string[] }>>;
}

function candidatesOf({ status, body }: Comparable): Candidates | null {
  if (status !== 200 || typeof body !== 'object' || body === null || !('allocation_requests' in body)) return null;
  return body as unknown as Candidates;
}

/** Classes that the group without a suffix and the only one with a suffix both ask for, of a request without group_policy. */
function askedTwice({ path }: HttpRequest): ReadonlySet<string> {
  const query = new URLSearchParams(path.split('?')[1] ?? '');
  const groups = new Map<string, Set<string>>();
  for (const [name, value] of query) {
    if (name.startsWith('resources')) groups.set(name, new Set(value.split(',').map((one) => one.split(':')[0]!)));
  }
  const without = groups.get('resources');
  const [suffixed] = [...groups].filter(([name]) => name !== 'resources').map(([, classes]) => classes);
  if (query.has('group_policy') || groups.size !== 2 || without === undefined || suffixed === undefined)
    return new Set();
  return new Set([...without].filter((name) => suffixed.has(name)));
}

/** Candidates by what they are but for the amounts of some classes, and what the summaries say of each provider. */
function withoutAmounts(
  { allocation_requests: all, provider_summaries: summaries }: Candidates,
  of: ReadonlySet<string>,
): {
  candidates: ReadonlySet<string>;
  summaries: ReadonlyMap<string, string>;
} {
  const erased = (name: string, value: unknown): unknown => (of.has(name) ? 'any amount' : value);
  return {
    candidates: new Set(all.map((one) => JSON.stringify(one, erased))),
    summaries: new Map(Object.entries(summaries).map(([uuid, summary]) => [uuid, JSON.stringify(summary)])),
  };
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    id: 'sharing-provider-of-one-tree',
    reason:
      'Placement keeps the candidates of a group in a Python set, and AllocationRequest.__eq__ does not tell by which tree a ' +
      'sharing provider is reached: of several trees all but one are dropped before the groups are merged, and which one is ' +
      'left follows the order of the set. The model drops none.',
    fits({ model, real }) {
      const ours = candidatesOf(model);
      const theirs = candidatesOf(real);
      if (ours === null || theirs === null) return false;
      const all = new Map(ours.allocation_requests.map((one) => [JSON.stringify(one), one]));
      for (const one of theirs.allocation_requests) if (!all.delete(JSON.stringify(one))) return false;
      const sharing = Object.entries(ours.provider_summaries).filter(
        ([, { traits }]) => traits?.includes(SHARES) === true,
      );
      const names = (candidate: unknown): boolean => sharing.some(([uuid]) => JSON.stringify(candidate).includes(uuid));
      return all.size > 0 && [...all.values()].every(names);
    },
  },
  {
    id: 'amounts-of-a-group-added-again',
    reason:
      'RequestWideSearchContext.copy_arr_if_needed copies what a candidate asks of a provider only if group_policy is none, not if ' +
      'there is none: with one group without a suffix and one with a suffix that ask for one class, the sum of both stays in ' +
      'what the next candidate is made of, and which is the next follows the order of a Python set.',
    fits({ request, model, real }) {
      const twice = askedTwice(request);
      const ours = candidatesOf(model);
      const theirs = candidatesOf(real);
      if (twice.size === 0 || ours === null || theirs === null) return false;
      const a = withoutAmounts(ours, twice);
      const b = withoutAmounts(theirs, twice);
      // one that has grown too large is left out, on either side, and its tree with it if it was the only one
      const [fewer, more] = a.candidates.size < b.candidates.size ? [a, b] : [b, a];
      if (![...fewer.candidates].every((one) => more.candidates.has(one))) return false;
      return [...a.summaries].every(([uuid, summary]) => (b.summaries.get(uuid) ?? summary) === summary);
    },
  },
];
