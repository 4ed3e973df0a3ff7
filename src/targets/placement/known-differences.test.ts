import { expect, test } from 'vitest';
import type { Comparable } from './compare.ts';
import { KNOWN_DIFFERENCES } from './known-differences.ts';

const ROOT = '00000000-0000-4000-8000-000000000001';
const CHILD = '00000000-0000-4000-8000-000000000002';

/** A candidate that takes of the root for one group and of the child for another. */
const both = (root: number, child: number, of: string, suffixed: string): unknown => ({
  allocations: { [ROOT]: { resources: { VCPU: root } }, [CHILD]: { resources: { VCPU: child, DISK_GB: 1 } } },
  mappings: { '': [of], _x: [suffixed] },
});

function answer(candidates: readonly unknown[], traits: readonly string[] = []): Comparable {
  const body = {
    allocation_requests: candidates,
    provider_summaries: { [ROOT]: { traits: [] }, [CHILD]: { traits } },
  };
  return { status: 200, headers: {}, body: body as unknown as Comparable['body'] };
}

function known(query: string, model: Comparable, real: Comparable): string | undefined {
  const request = { method: 'GET', path: `/allocation_candidates?${query}`, headers: {}, body: null };
  return KNOWN_DIFFERENCES.find((one) => one.fits({ request, model, real, release: 16 }))?.id;
}

// as both were seen of Placement 16.0.0, with another seed of Python's hashes each
const ONE = answer([both(5, 2, ROOT, CHILD), both(2, 5, CHILD, ROOT)]);
const OTHER = answer([both(2, 5, CHILD, ROOT)]);
const TWICE = 'resources=VCPU:3&resources_x=VCPU:2,DISK_GB:1';

test('the sum of two groups may stay in the next candidate', () => {
  expect(known(TWICE, ONE, OTHER)).toBe('amounts-of-a-group-added-again');
  expect(known(TWICE, OTHER, ONE)).toBe('amounts-of-a-group-added-again');
});

test('but not where Placement copies, or where the groups ask for different classes', () => {
  expect(known(`${TWICE}&group_policy=none`, ONE, OTHER)).toBeUndefined();
  expect(known('resources=VCPU:3&resources_x=DISK_GB:1', ONE, OTHER)).toBeUndefined();
  expect(known('resources=VCPU:3', ONE, OTHER)).toBeUndefined();
});

test('nor may anything else differ', () => {
  expect(known(TWICE, ONE, answer([both(2, 5, CHILD, CHILD)]))).toBeUndefined();
  expect(known(TWICE, ONE, answer([both(2, 5, CHILD, ROOT)], ['CUSTOM_FAST']))).toBeUndefined();
  expect(known(TWICE, ONE, { ...OTHER, status: 400 })).toBeUndefined();
});
