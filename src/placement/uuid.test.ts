import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { uuidFor } from './uuid.ts';

describe('uuidFor', () => {
  test('the same name has the same uuid for ever', () => {
    expect([
      uuidFor('provider', 'compute-1'),
      uuidFor('provider', 'compute-2'),
      uuidFor('consumer', 'compute-1'),
      uuidFor('consumer', ''),
      uuidFor('consumer', '計算機'),
    ]).toMatchInlineSnapshot(`
      [
        "e81d9765-cb14-4d2a-b570-62b5ebe22e88",
        "24427c9f-1252-4543-bd9a-5fb3333b1162",
        "cecc7e4c-e54b-4756-96c2-e1c61d28947f",
        "885c5ef8-7b99-47db-9fed-337017856afa",
        "b0319f36-9fd0-4fb1-a1a0-faae2c23a004",
      ]
    `);
  });

  test('always a version 4 uuid', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(uuidFor('consumer', name)).toMatch(
          /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        );
      }),
    );
  });

  test('near names have far uuids: no two of forty thousand share even half', () => {
    const halves = new Set<string>();
    for (let k = 0; k < 20_000; k++) {
      for (const kind of ['provider', 'consumer'] as const) halves.add(uuidFor(kind, `vm-${k}`).slice(0, 18));
    }
    expect(halves.size).toBe(40_000);
  });
});
