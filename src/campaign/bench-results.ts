/** What a bench over the defects comes to, and how it compares with the one before. */
import * as z from 'zod';
import type { Defect } from '../nova/defects/defect.ts';
import { GENERATORS, type Generator, type Hunt } from './time-to-bug.ts';

const figures = z.strictObject({ median: z.number(), p90: z.number() });

const rowSchema = z.strictObject({
  defect: z.string(),
  generator: z.enum(GENERATORS),
  seeds: z.int().min(1),
  found: z.int().min(0),
  /** to the first finding; a seed that found nothing counts with all that it spent */
  cpuSeconds: figures,
  scenarios: figures,
  /** how many seeds ended in a minimal scenario of each length */
  lengths: z.record(z.string(), z.int()),
  /** minimal scenarios that differ, and causes: signatures that differ */
  forms: z.int(),
  causes: z.int(),
  /** scenarios that minimising played, median */
  executions: z.number(),
  /** by how many seeds each invariant was seen broken */
  invariants: z.record(z.string(), z.int()),
});
export type BenchRow = z.infer<typeof rowSchema>;

export const resultsSchema = z.strictObject({
  version: z.literal(1),
  commit: z.string().nullable(),
  date: z.string(),
  /** rounds of a fixed loop a CPU second, in millions: the machine's own speed */
  calibration: z.number(),
  giveUp: z.number(),
  rows: z.array(rowSchema),
});
export type BenchResults = z.infer<typeof resultsSchema>;

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}

const summary = (values: readonly number[]): { median: number; p90: number } => ({
  median: quantile(values, 0.5),
  p90: quantile(values, 0.9),
});

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

export function rowOf(defect: Defect, generator: Generator, hunts: readonly Hunt[]): BenchRow {
  const found = hunts.filter((hunt) => hunt.found);
  return {
    defect: defect.id,
    generator,
    seeds: hunts.length,
    found: found.length,
    cpuSeconds: summary(hunts.map(({ cpuSeconds }) => cpuSeconds)),
    scenarios: summary(hunts.map(({ scenarios }) => scenarios)),
    lengths: tally(found.map(({ length }) => String(length))),
    forms: new Set(found.map(({ form }) => form)).size,
    causes: new Set(found.map(({ signature }) => signature)).size,
    executions: quantile(
      found.map(({ executions }) => executions),
      0.5,
    ),
    invariants: tally(found.flatMap(({ invariants }) => invariants)),
  };
}

/** Of two runs with as many seeds: by how much a figure has to differ to be told, since seeds scatter. */
const TOLD = 2;

/** What got better or worse than the last run, a line each. Scenarios are compared, which no machine's load changes. */
export function compared(now: BenchResults, before: BenchResults): string[] {
  return now.rows.flatMap((row) => {
    const old = before.rows.find(({ defect, generator }) => defect === row.defect && generator === row.generator);
    if (old === undefined) return [`${row.defect} (${row.generator}): new`];
    const lines: string[] = [];
    const share = row.found / row.seeds - old.found / old.seeds;
    if (share !== 0) {
      lines.push(
        `${row.defect} (${row.generator}): ${share > 0 ? 'better' : 'WORSE'}, found by ${row.found} of ${row.seeds} seeds, before ${old.found} of ${old.seeds}`,
      );
    }
    const ratio = row.scenarios.median / Math.max(1, old.scenarios.median);
    if (ratio > TOLD || ratio < 1 / TOLD) {
      lines.push(
        `${row.defect} (${row.generator}): ${ratio < 1 ? 'better' : 'WORSE'}, ${row.scenarios.median} scenarios in the median, before ${old.scenarios.median}`,
      );
    }
    return lines;
  });
}

export interface Comparison {
  readonly generator: Generator;
  readonly found: number;
  readonly of: number;
  /** geometric mean over the defects that both found in every seed: median scenarios, and median CPU seconds, to the default's */
  readonly scenarios: number;
  readonly cpuSeconds: number;
  readonly defects: number;
}

/** Each way of drawing against the default one. */
export function comparisons({ rows }: BenchResults): Comparison[] {
  const ways = GENERATORS.filter((generator) => rows.some((row) => row.generator === generator));
  return ways.map((generator) => {
    const mine = rows.filter((row) => row.generator === generator);
    const pairs = mine.flatMap((row) => {
      const base = rows.find((other) => other.generator === 'default' && other.defect === row.defect);
      if (base === undefined || base.found < base.seeds || row.found < row.seeds) return [];
      return [{ row, base }];
    });
    const mean = (ratio: (pair: (typeof pairs)[number]) => number): number =>
      Math.exp(pairs.reduce((sum, pair) => sum + Math.log(ratio(pair)), 0) / Math.max(1, pairs.length));
    return {
      generator,
      found: mine.reduce((sum, { found }) => sum + found, 0),
      of: mine.reduce((sum, { seeds }) => sum + seeds, 0),
      scenarios: mean(({ row, base }) => Math.max(1, row.scenarios.median) / Math.max(1, base.scenarios.median)),
      cpuSeconds: mean(
        ({ row, base }) => Math.max(0.001, row.cpuSeconds.median) / Math.max(0.001, base.cpuSeconds.median),
      ),
      defects: pairs.length,
    };
  });
}
