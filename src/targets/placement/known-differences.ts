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
];
