import { expect, test } from 'vitest';
import { rowClass as plain } from './row-class.plain.ts';
import { rowClass as generated } from './row-class.ts';

test.each([
  ['generated', generated],
  ['plain', plain],
])('a %s class reads and writes its own cells, and is extended', (_, rowClass) => {
  const Row = rowClass('Row', ['first', 'second']);
  class More extends Row {
    declare first: number;
    declare second: number;
  }
  const cells = Int32Array.of(1, 2, 3, 4);
  const row = new More(cells, 2);
  expect([row.first, row.second]).toEqual([3, 4]);
  row.second = 5.9;
  expect([...cells]).toEqual([1, 2, 3, 5]);
  expect(Row.name).toBe('Row');
});
