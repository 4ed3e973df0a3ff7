/**
 * A strict JSON reader that says where and why a text is no JSON. JSON.parse words its errors anew with each Node
 * release and quotes the text in them, lets a doubled key pass, and follows any depth.
 */
import { printable } from '../scenario/printable.ts';

/** Objects are maps: `__proto__` is a key like any other. */
export type Json = null | boolean | number | string | Json[] | Map<string, Json>;

export type JsonReading =
  | { readonly ok: true; readonly value: Json }
  | {
      readonly ok: false;
      readonly why: string;
      readonly line: number;
      readonly column: number;
      /** which entry of the outermost list, counted from 1; 0 outside of it */
      readonly row: number;
      /** the text stops too early, and is right up to there */
      readonly cutShort: boolean;
    };

const MAX_DEPTH = 32;
/** A list of 8 MB as the client prints it has fewer; a denser one would fill the heap. */
const MAX_VALUES = 150_000;

const ESCAPES = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
const WORDS = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);
/** What Python's json module writes although JSON has no such numbers. */
const NOT_NUMBERS = ['NaN', 'Infinity', '-Infinity'];

class Fault extends Error {}

export function parseJson(text: string, start = 0): JsonReading {
  let at = start;
  let values = 0;
  let row = 0;

  const unexpected = (): Fault => {
    const point = text.codePointAt(at);
    return new Fault(
      point === undefined ? 'the end comes too early' : `unexpected "${printable(String.fromCodePoint(point))}"`,
    );
  };

  const blanks = (): void => {
    while (at < text.length && ' \n\r\t'.includes(text.charAt(at))) at++;
  };

  const isDigit = (): boolean => {
    const unit = text.charCodeAt(at);
    return unit >= 48 && unit <= 57;
  };

  // unit by unit: a regular expression runs out of stack on a number or a text of many megabytes
  const digits = (): void => {
    if (!isDigit()) throw unexpected();
    while (isDigit()) at++;
  };

  const word = (): Json => {
    const from = at;
    if (text.charAt(at) === '-') at++;
    while (at - from < 12 && /[A-Za-z]/.test(text.charAt(at))) at++;
    const found = text.slice(from, at);
    const known = WORDS.get(found);
    if (known !== undefined) return known;
    if (at === text.length && [...WORDS.keys()].some((whole) => whole.startsWith(found))) throw unexpected();
    at = from;
    throw NOT_NUMBERS.includes(found) ? new Fault(`${found} is no JSON number`) : unexpected();
  };

  const number = (): Json => {
    const from = at;
    if (text.charAt(at) === '-') {
      if (text.charAt(at + 1) === 'I') return word();
      at++;
    }
    if (text.charAt(at) === '0') at++;
    else digits();
    if (text.charAt(at) === '.') {
      at++;
      digits();
    }
    if (text.charAt(at) === 'e' || text.charAt(at) === 'E') {
      at++;
      if (text.charAt(at) === '+' || text.charAt(at) === '-') at++;
      digits();
    }
    return Number(text.slice(from, at));
  };

  const escaped = (): string => {
    const letter = text.charAt(++at);
    if (letter === 'u') {
      const code = text.slice(at + 1, at + 5);
      if (/^[0-9a-fA-F]{4}$/.test(code)) {
        at += 5;
        return String.fromCharCode(Number.parseInt(code, 16));
      }
      if (/^[0-9a-fA-F]*$/.test(code) && at + 1 + code.length === text.length) at = text.length;
      throw at === text.length ? unexpected() : new Fault('a \\u without four hexadecimal digits');
    }
    const plain = ESCAPES.get(letter);
    if (plain === undefined) throw at >= text.length ? unexpected() : new Fault('a backslash that escapes nothing');
    at++;
    return plain;
  };

  const string = (): string => {
    let whole = '';
    let from = ++at;
    for (;;) {
      const unit = text.charCodeAt(at);
      if (unit === 34) {
        whole += text.slice(from, at++);
        return whole;
      }
      if (Number.isNaN(unit)) throw unexpected();
      if (unit < 32) throw new Fault('a line break or another control character inside a text');
      if (unit === 92) {
        whole += text.slice(from, at) + escaped();
        from = at;
      } else {
        at++;
      }
    }
  };

  const list = (depth: number): Json => {
    const entries: Json[] = [];
    at++;
    blanks();
    if (text.charAt(at) === ']') {
      at++;
      return entries;
    }
    for (;;) {
      if (depth === 1) row = entries.length + 1;
      entries.push(value(depth));
      blanks();
      const next = text.charAt(at);
      if (next !== ',' && next !== ']') throw unexpected();
      at++;
      if (next === ']') {
        if (depth === 1) row = 0;
        return entries;
      }
      blanks();
    }
  };

  const object = (depth: number): Json => {
    const fields = new Map<string, Json>();
    at++;
    blanks();
    if (text.charAt(at) === '}') {
      at++;
      return fields;
    }
    for (;;) {
      if (text.charAt(at) !== '"') throw unexpected();
      const from = at;
      const key = string();
      if (fields.has(key)) {
        at = from;
        throw new Fault('a key that the same object already has');
      }
      blanks();
      if (text.charAt(at) !== ':') throw unexpected();
      at++;
      blanks();
      fields.set(key, value(depth));
      blanks();
      const next = text.charAt(at);
      if (next !== ',' && next !== '}') throw unexpected();
      at++;
      if (next === '}') return fields;
      blanks();
    }
  };

  const value = (depth: number): Json => {
    if (++values > MAX_VALUES) throw new Fault(`more than ${MAX_VALUES} values`);
    const first = text.charAt(at);
    if (first === '[' || first === '{') {
      if (depth === MAX_DEPTH) throw new Fault(`lists and objects more than ${MAX_DEPTH} levels deep`);
      return first === '[' ? list(depth + 1) : object(depth + 1);
    }
    if (first === '"') return string();
    return first === '-' || isDigit() ? number() : word();
  };

  try {
    blanks();
    const whole = value(0);
    blanks();
    if (at < text.length) throw new Fault('more text after the end');
    return { ok: true, value: whole };
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    let line = 1;
    let lineStart = 0;
    for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', lineStart)) {
      line++;
      lineStart = end + 1;
    }
    return { ok: false, why: fault.message, line, column: at - lineStart + 1, row, cutShort: at >= text.length };
  }
}
