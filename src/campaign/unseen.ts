/**
 * How likely the next scenario shows a way to break the laws that none has shown: Good and Turing's estimate, the share of what
 * was seen once (I. J. Good, Biometrika 40, 1953; of sampling units that can show several species A. Chao and R. K. Colwell,
 * SORT 41, 2017; of fuzzers M. Böhme, STADS, TOSEM 27, 2018). It holds for scenarios that are drawn alike and do not follow
 * what was found, as a campaign's are; those of one block share some clouds, which makes it a little too low.
 */

export interface Unseen {
  /** ways that one scenario alone showed */
  readonly once: number;
  /** expected new ways in the next scenario, at least the chance that it shows any */
  readonly chance: number;
  /** nothing was seen at all: a bound with a confidence of 95 %, the rule of three */
  readonly bound: boolean;
}

/** @param counts of each way that was seen the scenarios that showed it */
export function unseen(counts: readonly number[], scenarios: number): Unseen | null {
  if (scenarios === 0) return null;
  if (counts.length === 0) return { once: 0, chance: Math.min(1, 3 / scenarios), bound: true };
  const once = counts.filter((count) => count === 1).length;
  return { once, chance: once / scenarios, bound: false };
}
