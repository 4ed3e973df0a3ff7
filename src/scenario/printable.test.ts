import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printable, shortened } from './printable.ts';

describe('printable', () => {
  test.each([
    ['a plain name', 'compute-01.example.org', 'compute-01.example.org'],
    ['letters of any language', 'größe 計算機 🚀', 'größe 計算機 🚀'],
    ['line ends and tabs', 'a\nb\r\nc\td', 'a\\nb\\r\\nc\\td'],
    ['a terminal sequence', '\u001b[2J\u001b]0;title\u0007', '\\u001B[2J\\u001B]0;title\\u0007'],
    ['DEL and C1', 'a\u007fb\u009bc', 'a\\u007Fb\\u009Bc'],
    ['bidi marks', 'user\u202e\u2066gpj\u200f', 'user\\u202E\\u2066gpj\\u200F'],
    ['line and paragraph separators', 'a\u2028b\u2029c\u0085d', 'a\\u2028b\\u2029c\\u0085d'],
    ['lone surrogates', '\ud83d a \ude80', '\\uD83D a \\uDE80'],
    ['what cannot be seen', 'a\u200bb\u00a0c\ufeffd\u00ade', 'a\\u200Bb\\u00A0c\\uFEFFd\\u00ADe'],
    ['tags beyond the first plane', 'a\u{e0041}b', 'a\\u{E0041}b'],
    ['nothing', '', ''],
  ])('%s', (_what, name, expected) => {
    expect(printable(name)).toBe(expected);
  });

  test('sixty characters are kept, of sixty-one the middle goes', () => {
    expect([printable(`${'a'.repeat(59)}z`), printable(`${'a'.repeat(60)}z`)]).toMatchInlineSnapshot(`
      [
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaz",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…aaaaaaaaaaaaaaaaaaaaaaaaaaaaz",
      ]
    `);
  });

  test('an escape at the cut is kept or dropped as one', () => {
    expect(printable('\n'.repeat(14) + 'ab\u0000'.repeat(100))).toMatchInlineSnapshot(
      `"\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\nab…ab\\u0000ab\\u0000ab\\u0000"`,
    );
  });

  test('a name as long as a file costs no more than its ends', () => {
    expect(printable(`begin${'\u0000'.repeat(5_000_000)}end`)).toMatchInlineSnapshot(
      `"begin\\u0000\\u0000\\u0000\\u0000…\\u0000\\u0000\\u0000\\u0000end"`,
    );
  });

  test('always one short line that stays as it is when printed again', () => {
    const anyUnits = fc
      .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 200 })
      .map((units) => units.map((unit) => String.fromCharCode(unit)).join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), anyUnits), (name) => {
        const line = printable(name);
        expect([...line].length).toBeLessThanOrEqual(60);
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(printable(line)).toBe(line);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a line', () => {
  test('keeps what is not very long, escaped', () => {
    const text = `${'l'.repeat(480)}\u001b[31m`;
    expect(shortened(text)).toBe(`${'l'.repeat(480)}\\u001B[31m`);
  });

  test('of a very long text is its beginning, no escape cut in two', () => {
    expect(shortened('l'.repeat(501))).toBe(`${'l'.repeat(500)}…`);
    expect(shortened('\u{1f600}'.repeat(501))).toBe(`${'\u{1f600}'.repeat(500)}…`);
    expect(shortened('\u0000'.repeat(5_000_000))).toBe(`${'\\u0000'.repeat(83)}…`);
  });
});
