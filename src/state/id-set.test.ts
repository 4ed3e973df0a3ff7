import { expect, test } from 'vitest';
import { IdSet } from './id-set.ts';
import { NONE } from './table.ts';

test('a set gives its ids back from the lowest on, across cells', () => {
  const cells = new Int32Array(2 + IdSet.size(70));
  const set = new IdSet(cells, 1, 70);
  for (const id of [69, 0, 31, 32, 0]) set.add(id);
  expect([0, 1, 31, 32, 69].filter((id) => set.has(id))).toEqual([0, 31, 32, 69]);
  expect([set.take(), set.take(), set.take(), set.take(), set.take()]).toEqual([0, 31, 32, 69, NONE]);
  set.add(69);
  set.clear();
  expect([...cells]).toEqual([0, 0, 0, 0, 0]);
});
