import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Law } from './placement-laws.ts';
import * as suite from './placement-laws.ts';
import { model } from './placement-model.ts';
import { MUTANTS } from './placement-mutants.ts';

const LAWS: Readonly<Record<string, Law>> = Object.fromEntries(
  Object.entries(suite).filter((named): named is [string, Law] => typeof named[1] === 'function'),
);

const SEED = 20260115;

describe('Placement', () => {
  for (const [name, law] of Object.entries(LAWS)) {
    test(name, () => {
      fc.assert(law(model), { seed: SEED, numRuns: 300 });
      // another seed each time, which a failure prints
      fc.assert(law(model));
    });
  }
});

describe('Mutants', () => {
  for (const [name, { make, breaks }] of Object.entries(MUTANTS)) {
    test.each(breaks)(`${name}: %s`, (law) => {
      const broken = () => fc.assert(LAWS[law]!(make), { seed: SEED, numRuns: 1000, endOnFailure: true });
      expect(broken).toThrow('Property failed');
    });
  }

  test('every law is broken by one', () => {
    const broken = new Set(Object.values(MUTANTS).flatMap(({ breaks }) => breaks));
    expect(Object.keys(LAWS).filter((law) => !broken.has(law))).toEqual([]);
  });
});
