/** What a campaign did: part of its verdict. Everything adds up, so that blocks can be run anywhere and joined. */

import { SOMETIMES } from '../contract/sometimes.ts';
import type { Code } from '../engine/compile.ts';
import { kindsFor } from '../engine/faults.ts';
import type { Run } from '../engine/run.ts';
import { TASK_NAMES, VM_NAMES } from '../nova/states.ts';
import { OPERATION } from '../nova/world.ts';
import { FAULT_KINDS, type OperationName } from '../scenario/scenario.ts';
import type { Player } from './player.ts';

export interface OperationCounts {
  accepted: number;
  refused: number;
  skipped: number;
}

export interface Statistics {
  runs: number;
  steps: number;
  operations: Partial<Record<OperationName, OperationCounts>>;
  faults: { armed: number; fired: number };
  holds: { armed: number; struck: number; broken: number };
  /** visits by failure point */
  reached: Record<string, number>;
  /** strikes by failure point and kind, `point kind` */
  fired: Record<string, number>;
  /** servers by vm_state and task_state, at the settled end */
  endStates: Record<string, number>;
  /** moves that were accepted, and those of them that committed, by whether they met a fault */
  moves: { faultFree: number; faultFreeCommitted: number; faulted: number; faultedCommitted: number };
  sometimes: Record<string, number>;
  /** situations of the campaign in which each is possible */
  possible: Record<string, number>;
}

export function emptyStatistics(): Statistics {
  return {
    runs: 0,
    steps: 0,
    operations: {},
    faults: { armed: 0, fired: 0 },
    holds: { armed: 0, struck: 0, broken: 0 },
    reached: {},
    fired: {},
    endStates: {},
    moves: { faultFree: 0, faultFreeCommitted: 0, faulted: 0, faultedCommitted: 0 },
    sometimes: Object.fromEntries(SOMETIMES.map(({ id }) => [id, 0])),
    possible: Object.fromEntries(SOMETIMES.map(({ id }) => [id, 0])),
  };
}

const bump = (counts: Record<string, number>, key: string, by = 1): void => {
  counts[key] = (counts[key] ?? 0) + by;
};

/** Counts a scenario that was just played: the world is settled, nothing was reset yet. */
export function countPlay(statistics: Statistics, player: Player): void {
  const { run, operations } = player;
  const { world } = run;
  statistics.runs++;
  for (let k = 0; k < operations.length; k++) {
    const { operation } = operations[k]!.operation;
    statistics.operations[operation] ??= { accepted: 0, refused: 0, skipped: 0 };
    const counts = statistics.operations[operation]!;
    const { outcome } = world.operations[k]!;
    if (outcome === OPERATION.ACCEPTED || outcome === OPERATION.NOT_BEGUN) counts.accepted++;
    else if (outcome === OPERATION.REFUSED) counts.refused++;
    else counts.skipped++;
  }
  for (let k = 0; k < run.faults.length; k++) {
    statistics.faults.armed++;
    if (world.faults[k]!.fired > 0) statistics.faults.fired++;
  }
  for (let k = 0; k < run.holds.length; k++) {
    statistics.holds.armed++;
    const { state } = world.holds[k]!;
    if (state !== 0) statistics.holds.struck++;
    if (state === 3) statistics.holds.broken++;
  }
  for (let i = 0; i < world.globals.instances; i++) {
    const { exists, vm, task } = world.instances[i]!;
    if (exists !== 0) bump(statistics.endStates, exists === 2 ? 'deleted' : `${VM_NAMES[vm]}/${TASK_NAMES[task]}`);
  }
  for (let k = 0; k < world.globals.moves; k++) {
    const { exists, accepted, committed, disturbed } = world.moves[k]!;
    if (exists === 0 || accepted === 0) continue;
    const { moves } = statistics;
    if (disturbed === 1) {
      moves.faulted++;
      moves.faultedCommitted += committed;
    } else {
      moves.faultFree++;
      moves.faultFreeCommitted += committed;
    }
  }
  for (const { id, reached, possible } of SOMETIMES) {
    if (reached(world)) statistics.sometimes[id]!++;
    if (possible(world)) statistics.possible[id]!++;
  }
}

/** Adds what the run counted by itself. */
export function countRun(statistics: Statistics, run: Run): void {
  statistics.steps += run.steps;
  for (const { index, id } of run.code.points) {
    const visits = run.reached[index]!;
    if (visits > 0) bump(statistics.reached, id, visits);
    for (const [k, kind] of FAULT_KINDS.entries()) {
      const strikes = run.fired[index * FAULT_KINDS.length + k]!;
      if (strikes > 0) bump(statistics.fired, `${id} ${kind}`, strikes);
    }
  }
}

export function addStatistics(sum: Statistics, part: Statistics): void {
  sum.runs += part.runs;
  sum.steps += part.steps;
  for (const [name, counts] of Object.entries(part.operations) as [OperationName, OperationCounts][]) {
    sum.operations[name] ??= { accepted: 0, refused: 0, skipped: 0 };
    const into = sum.operations[name]!;
    into.accepted += counts.accepted;
    into.refused += counts.refused;
    into.skipped += counts.skipped;
  }
  for (const key of ['armed', 'fired'] as const) sum.faults[key] += part.faults[key];
  for (const key of ['armed', 'struck', 'broken'] as const) sum.holds[key] += part.holds[key];
  for (const key of Object.keys(sum.moves) as (keyof Statistics['moves'])[]) sum.moves[key] += part.moves[key];
  for (const key of ['reached', 'fired', 'endStates', 'sometimes', 'possible'] as const) {
    for (const [name, count] of Object.entries(part[key])) bump(sum[key], name, count);
  }
}

/** Pairs of failure point and fitting kind that the handlers of these operations have, as `point kind`. */
export function pairsOf(code: Code, handlers: ReadonlySet<string>): string[] {
  const pairs: string[] = [];
  for (const point of code.points) {
    if (!point.handlers.some((id) => handlers.has(id))) continue;
    for (const kind of kindsFor(point.step)) pairs.push(`${point.id} ${kind}`);
  }
  return pairs;
}

/** The same with every table in the order of its names, which no longer tells who ran which block. */
export function inOrder(statistics: Statistics): Statistics {
  const sorted = <T>(table: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1)));
  const { operations, reached, fired, endStates } = statistics;
  return {
    ...statistics,
    operations: sorted(operations as Record<string, OperationCounts>),
    reached: sorted(reached),
    fired: sorted(fired),
    endStates: sorted(endStates),
  };
}
