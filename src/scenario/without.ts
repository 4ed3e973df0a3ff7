import type { Operation, Scenario } from './scenario.ts';

/** The scenario without some operations, and without what was about them; the rest renumbered. */
export function without(scenario: Scenario, drop: (operation: Operation, k: number) => boolean): Scenario {
  const moved = new Map<number, number>();
  const operations: Operation[] = [];
  for (const [k, operation] of scenario.operations.entries()) {
    if (drop(operation, k)) continue;
    moved.set(k, operations.length);
    operations.push(operation);
  }
  // a hold until an operation that is gone lasts until the next one that is left
  const next = (k: number): number | undefined => {
    for (let later = k; later < scenario.operations.length; later++) if (moved.has(later)) return moved.get(later);
    return undefined;
  };
  return {
    ...scenario,
    operations,
    faults: scenario.faults.flatMap((fault) => {
      const operation = moved.get(fault.operation);
      return operation === undefined ? [] : [{ ...fault, operation }];
    }),
    holds: scenario.holds.flatMap((hold) => {
      const operation = moved.get(hold.operation);
      const until = hold.handler === undefined ? next(hold.until) : moved.get(hold.until);
      return operation === undefined || until === undefined ? [] : [{ ...hold, operation, until }];
    }),
  };
}
