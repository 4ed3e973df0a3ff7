import { expect, test } from 'vitest';
import type { Defect } from '../nova/defects/defect.ts';
import { DEFECTS } from '../nova/defects/defects.ts';
import type { BenchResults, BenchRow } from './bench-results.ts';
import { compared, comparisons, rowOf } from './bench-results.ts';
import { GENERATORS, hunt } from './time-to-bug.ts';

const defect = (id: string): Defect => DEFECTS.find((one) => one.id === id)!;

test.each(GENERATORS)('drawn the way "%s", bug 1825537 is found and comes to two things', (generator) => {
  const found = hunt(defect('R-05'), generator, 's3', 60);
  expect(found).toMatchObject({ found: true, length: 2, invariants: ['host-agreement'] });
});

test('the same seed finds the same', () => {
  const [once, again] = [0, 1].map(() => ({ ...hunt(defect('R-11'), 'default', 'a seed', 60), cpuSeconds: 0 }));
  expect(again).toEqual(once);
});

test('what is wrong without the defect as well is no find of it', () => {
  const harmless: Defect = { ...defect('R-05'), id: 'harmless', undo: {} };
  expect(hunt(harmless, 'default', 'a seed', 1)).toMatchObject({ found: false, length: 0, form: '' });
});

const results = (rows: readonly Partial<BenchRow>[]): BenchResults => ({
  version: 1,
  commit: null,
  date: '2026-01-01',
  calibration: 100,
  giveUp: 10,
  rows: rows.map((row) => ({ ...rowOf(defect('R-05'), 'default', []), seeds: 20, found: 20, ...row })),
});
const after = (median: number): { median: number; p90: number } => ({ median, p90: median });

test('what got better or worse is told by scenarios and by seeds, and small differences are not', () => {
  const before = results([
    { scenarios: after(100) },
    { defect: 'R-06', scenarios: after(100) },
    { defect: 'R-07', scenarios: after(1) },
  ]);
  const now = results([
    { scenarios: after(150) },
    { defect: 'R-06', scenarios: after(300) },
    { defect: 'R-07', found: 19, scenarios: after(1) },
    { defect: 'R-08' },
  ]);
  expect(compared(now, before)).toEqual([
    'R-06 (default): WORSE, 300 scenarios in the median, before 100',
    'R-07 (default): WORSE, found by 19 of 20 seeds, before 20 of 20',
    'R-08 (default): new',
  ]);
});

test('ways of drawing are compared over the defects that both found', () => {
  const rows = [
    { scenarios: after(100), cpuSeconds: after(0.1) },
    { generator: 'uniform' as const, scenarios: after(400), cpuSeconds: after(0.4) },
    { defect: 'R-06', scenarios: after(100), cpuSeconds: after(0.1) },
    { defect: 'R-06', generator: 'uniform' as const, found: 3, scenarios: after(9999), cpuSeconds: after(9) },
  ];
  expect(comparisons(results(rows))).toMatchObject([
    { generator: 'default', found: 40, scenarios: 1 },
    { generator: 'uniform', found: 23, of: 40, scenarios: 4, defects: 1 },
  ]);
});
