import { expect, test } from 'vitest';
import { unseen } from './unseen.ts';

test('what was seen once is the estimate, and where nothing was seen three in so many are the bound', () => {
  expect(unseen([7, 1, 1, 2], 1000)).toEqual({ once: 2, chance: 0.002, bound: false });
  expect(unseen([7, 2], 1000)).toEqual({ once: 0, chance: 0, bound: false });
  expect(unseen([], 1000)).toEqual({ once: 0, chance: 0.003, bound: true });
  expect(unseen([], 2)).toEqual({ once: 0, chance: 1, bound: true });
  expect(unseen([], 0)).toBeNull();
});

test('on the mean the estimate is what comes next, of ways that are rare in all degrees', () => {
  // way k has a chance of 1 in 2 + k squared
  const chances = Array.from({ length: 60 }, (_, k) => 1 / (2 + k * k));
  const scenarios = 200;
  let state = 1;
  const random = (): number => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
  let estimated = 0;
  let came = 0;
  const rounds = 400;
  for (let round = 0; round < rounds; round++) {
    const counts = chances.map((chance) => {
      let count = 0;
      for (let k = 0; k < scenarios; k++) if (random() < chance) count++;
      return count;
    });
    estimated += unseen(
      counts.filter((count) => count > 0),
      scenarios,
    )!.chance;
    came += chances.reduce((sum, chance, k) => sum + (counts[k] === 0 ? chance : 0), 0);
  }
  expect(estimated / came).toBeGreaterThan(0.9);
  expect(estimated / came).toBeLessThan(1.1);
});
