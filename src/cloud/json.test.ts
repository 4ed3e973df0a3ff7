import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Json, parseJson } from './json.ts';

function plain(value: Json): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return value instanceof Map ? Object.fromEntries(Array.from(value, ([key, inner]) => [key, plain(inner)])) : value;
}

/** JSON.parse, or undefined. */
function parsedByNode(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

const REFUSED_HERE_ONLY = /already has|levels deep/;

describe('parseJson', () => {
  it('reads what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const reading = parseJson(text);
        expect(reading.ok && plain(reading.value)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('takes and refuses what JSON.parse does, but for doubled keys', () => {
    const pieces = fc.constantFrom(
      ...'[]{}:,"-+.0123456789eEtrufalsn \n\t\\/bx\u0001é'.split(''),
      '"a"',
      'null',
      '\\u00',
      '1.5',
    );
    const damaged = fc
      .tuple(fc.json(), fc.nat(), pieces, fc.nat(2))
      .map(
        ([text, at, piece, cut]) =>
          text.slice(0, at % (text.length + 1)) + piece + text.slice((at % (text.length + 1)) + cut),
      );
    const soup = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(damaged, soup), (text) => {
        const reading = parseJson(text);
        if (!reading.ok && REFUSED_HERE_ONLY.test(reading.why)) return;
        const expected = parsedByNode(text);
        expect(reading.ok).toBe(expected !== undefined);
        if (reading.ok && expected !== undefined) expect(plain(reading.value)).toEqual(expected.value);
      }),
      { numRuns: 2000 },
    );
  });

  it('knows a text that was cut from one that is wrong', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.nat(), (list, at) => {
        const text = JSON.stringify(list, null, 1);
        const reading = parseJson(text.slice(0, at % text.length));
        expect(reading).toMatchObject({ ok: false, cutShort: true });
      }),
    );
  });

  it.each([
    ['[1,\n NaN]', { why: 'NaN is no JSON number', line: 2, column: 2, row: 2 }],
    ['[-Infinity]', { why: '-Infinity is no JSON number', line: 1, column: 2, row: 1 }],
    ['[{"a": 1, "a": 2}]', { why: 'a key that the same object already has', line: 1, column: 11, row: 1 }],
    ['["a\nb"]', { why: 'a line break or another control character inside a text', line: 1, column: 4, row: 1 }],
    ['["\\q"]', { why: 'a backslash that escapes nothing', line: 1, column: 4, row: 1 }],
    ['["\\u12G4"]', { why: 'a \\u without four hexadecimal digits', line: 1, column: 4, row: 1 }],
    ['[012]', { why: 'unexpected "1"', line: 1, column: 3, row: 1 }],
    ['[\u202e]', { why: 'unexpected "\\u202E"', line: 1, column: 2, row: 1 }],
    ['[] []', { why: 'more text after the end', line: 1, column: 4, row: 0 }],
  ])('says where and why: %j', (text, fault) => {
    expect(parseJson(text)).toEqual({ ok: false, cutShort: false, ...fault });
  });

  it('keeps __proto__ as a key', () => {
    const reading = parseJson('{"__proto__": 1}');
    expect(reading.ok && reading.value).toEqual(new Map([['__proto__', 1]]));
  });
});
