import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StateSet } from './state-set.ts';

test('a set of states is a set, gives them back as they were, and forgets them', () => {
  const state = fc.uint8Array({ maxLength: 6, max: 3 });
  fc.assert(
    fc.property(fc.array(state, { maxLength: 300 }), fc.array(state), (first, second) => {
      const set = new StateSet(4);
      for (const states of [first, second]) {
        const model = new Map<string, number>();
        for (const bytes of states) {
          const padded = new Uint8Array([...bytes, 9, 9]);
          const id = set.add(padded, bytes.length);
          const before = model.get(bytes.join());
          expect(id).toBe(before === undefined ? model.size : -1);
          if (before === undefined) model.set(bytes.join(), id);
        }
        expect(set.size).toBe(model.size);
        for (const [text, id] of model) expect(set.get(id).join()).toBe(text);
        set.clear();
      }
    }),
    { numRuns: 100 },
  );
});
