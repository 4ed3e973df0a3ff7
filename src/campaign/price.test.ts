import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PRICE_HEAD, priceRows } from './price.ts';

test('the page of the rollback protocol has the price as it is', () => {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const table = [row(PRICE_HEAD), row(PRICE_HEAD.map(() => '-')), ...priceRows().map(row)];
  const page = readFileSync(join(import.meta.dirname, '../nova/rollback/README.md'), 'utf8');
  // the formatter pads cells to the width of their column
  expect(page.replace(/ +/g, ' ').replace(/-{2,}/g, '-')).toContain(`\n${table.join('\n')}\n`);
});

test('rollback asks Placement no more than Nova does', () => {
  for (const [, reads, writes] of priceRows()) {
    for (const pair of [reads, writes]) {
      const [nova, rollback] = pair!.split(' / ').map(Number);
      expect(rollback).toBeLessThanOrEqual(nova!);
    }
  }
});
