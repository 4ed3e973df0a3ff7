import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Packer, Unpacker } from './packing.ts';

const cell = fc.oneof(
  fc.constant(0),
  fc.integer({ min: -3, max: 300 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);

test('cells come back as they were, whatever number they hold', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), cell, fc.nat(), fc.nat(), (pairs, header, a, b) => {
      const template = Int32Array.from(pairs, ([value]) => value);
      const cells = Int32Array.from(pairs, ([, value]) => value);
      const [from, to] = [a % (cells.length + 1), b % (cells.length + 1)].sort((x, y) => x - y) as [number, number];
      cells.set(template.subarray(from, to), from);
      const packer = new Packer();
      packer.begin();
      packer.number(header);
      packer.cells(cells, template, from, to);
      const unpacker = new Unpacker();
      unpacker.begin(packer.bytes.subarray(0, packer.length));
      expect(unpacker.number()).toBe(header);
      const again = new Int32Array(cells.length);
      unpacker.cells(again, template);
      expect([...again]).toEqual([...cells]);
    }),
  );
});
