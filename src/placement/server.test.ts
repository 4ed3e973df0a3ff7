import { describe, expect, test } from 'vitest';
import { ModelError, NONE } from '../state/table.ts';
import type { Entry, Request } from './api.ts';
import { PLACEMENT_RULES, serve } from './server.ts';
import { makeStore, type Store, type StoreShape, storeSize } from './store.ts';

// what Placement promises as such is stated in properties/placement-laws.ts

function storeOf(shape: Partial<StoreShape>, total: number, ratio: number): Store {
  const whole = { providers: 2, classes: 1, consumers: 3, rows: 2, ...shape };
  const store = makeStore(new Int32Array(storeSize(whole)), 0, whole, [ratio]);
  for (const provider of store.providers) Object.assign(provider, { exists: 1, parent: NONE });
  for (const inventory of store.inventories) {
    Object.assign(inventory, { exists: 1, total, minUnit: 1, maxUnit: 2 ** 31 - 1, stepSize: 1 });
  }
  return store;
}

const write = (...entries: Entry[]): Request => ({ op: 'post-allocations', entries });
const ask = (store: Store, request: Request, cut = false) => serve(store, PLACEMENT_RULES, request, cut);

describe('a server that dies between its two transactions', () => {
  test('has made the consumers and written nothing', () => {
    const store = storeOf({}, 10, 1);
    ask(store, write({ consumer: 1, generation: NONE, allocations: [0, 0, 3] }));
    const { status } = ask(
      store,
      write({ consumer: 1, generation: 1, allocations: [] }, { consumer: 2, generation: NONE, allocations: [0, 0, 3] }),
      true,
    );
    expect(status).toBe(0);
    expect(
      store.consumers.map(({ exists, generation, allocations }) => [exists, generation, allocations.rows()]),
    ).toEqual([
      [0, 0, []],
      [1, 1, [0, 0, 3]],
      [1, 0, []],
    ]);
    expect(store.inventories[0]!.used).toBe(3);
    expect(store.providers[0]!.generation).toBe(1);
  });

  test('has taken back those of a request whose generations conflict', () => {
    const store = storeOf({}, 10, 1);
    ask(
      store,
      write({ consumer: 0, generation: NONE, allocations: [] }, { consumer: 1, generation: 4, allocations: [] }),
      true,
    );
    expect(store.consumers.map(({ exists }) => exists)).toEqual([0, 0, 0]);
  });
});

describe('large clouds', () => {
  test('usage may exceed what a cell holds', () => {
    const most = 2 ** 31 - 1;
    const store = storeOf({}, most, 3);
    for (const consumer of [0, 1, 2]) {
      expect(ask(store, write({ consumer, generation: NONE, allocations: [1, 0, most] })).status).toBe(204);
    }
    expect(store.inventories[1]!.used).toBe(3 * most);
    const more: Request = { op: 'get-candidates', resources: [0, 1], required: 0, forbidden: 0, inTree: NONE };
    expect(ask(store, more).ids).toEqual([0]);
    ask(store, { op: 'delete-allocations', consumer: 1 });
    expect(store.inventories[1]!.used).toBe(2 * most);
    expect(ask(store, more).ids).toEqual([0, 1]);
  });

  test('the last of 32 providers counts its generations like the first', () => {
    const store = storeOf({ providers: 32 }, 10, 1);
    ask(store, write({ consumer: 0, generation: NONE, allocations: [0, 0, 1, 31, 0, 1] }));
    ask(store, write({ consumer: 0, generation: 1, allocations: [31, 0, 2] }));
    ask(store, write({ consumer: 0, generation: 2, allocations: [] }));
    expect(store.providers.map(({ generation }) => generation)).toEqual([1, ...Array(30).fill(0), 3]);
  });

  test('a thirty-third is an error, not silence', () => {
    expect(() => storeOf({ providers: 33 }, 10, 1)).toThrow(ModelError);
  });
});
