/** One file of the client's output as a list of rows, or a refusal, whatever the file holds. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { printable } from '../scenario/printable.ts';
import { type Json, parseJson } from './json.ts';
import { count, type Reason, type Tally, type Telling } from './note.ts';
import { Refusal } from './refusal.ts';

/** A file's path inside the folder, and the command that prints what it should hold. */
export interface Source {
  readonly file: string;
  readonly command: string;
}

export interface Files {
  readonly folder: string;
  readonly tally: Tally;
  readonly telling: Telling;
  read: number;
}

export interface Row {
  readonly source: Source;
  /** counted from 1 */
  readonly number: number;
  readonly label: string;
  readonly fields: ReadonlyMap<string, Json>;
}

export const FILE_REASONS = {
  mark: {
    one: 'begins with a byte-order mark and is read as the mark says (UTF-8 or UTF-16)',
    many: 'begin with a byte-order mark and are read as the mark says (UTF-8 or UTF-16)',
  },
  preface: {
    one: 'has lines before the JSON, such as warnings, which are skipped',
    many: 'have lines before the JSON, such as warnings, which are skipped',
  },
} satisfies Record<string, Reason>;

/** Tens of thousands of providers or flavors; to read more would take hundreds of megabytes. */
const MAX_BYTES = 8 * 1024 * 1024;
/** How far the JSON is looked for behind warnings. */
const HEAD = 65_536;
/** How the client's lists begin; a log line may begin with a bracket too. */
const BEGINNING = /^(?:\[(?:$|[\]{])|\{)/;
const PROMPT = /(?:^|[$#%>] ?)\(?openstack\)? .*\blist\b/;

/** The rows of a file, or undefined if there is no such file. */
export function readRows(files: Files, source: Source, labelKey: string): Row[] | undefined {
  const bytes = readBytes(join(files.folder, source.file), source.file);
  if (bytes === undefined) return undefined;
  files.read++;
  const list = listIn(decoded(bytes, source, files.tally), source, files.tally);
  return list.map((entry, index) => {
    if (!(entry instanceof Map)) {
      throw new Refusal(`${source.file}, row ${index + 1} must be an object, not ${shown(entry)}; ${wanted(source)}`);
    }
    const label = entry.get(labelKey);
    return {
      source,
      number: index + 1,
      label: typeof label === 'string' && label !== '' ? ` (${printable(label)})` : '',
      fields: entry,
    };
  });
}

function readBytes(path: string, file: string): Buffer | undefined {
  try {
    // asked before opening: a pipe would block, and a device never ends
    const status = statSync(path);
    if (status.isDirectory()) throw new Refusal(`${file} is a folder, not a file`);
    if (!status.isFile()) throw new Refusal(`${file} is not a regular file`);
    if (status.size > MAX_BYTES) {
      throw new Refusal(`${file} has ${status.size} bytes, more than the ${MAX_BYTES} (8 MB) that are read`);
    }
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const code = systemCode(error);
    if (code === 'ENOENT') return undefined;
    throw new Refusal(`${file} cannot be read (${code})`);
  }
}

/** `EACCES` and its like. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'for a reason unknown';
}

function decoded(bytes: Buffer, source: Source, tally: Tally): string {
  const [first, second, third] = bytes;
  let encoding = 'UTF-8';
  if (first === 0xff && second === 0xfe) encoding = 'UTF-16LE';
  else if (first === 0xfe && second === 0xff) encoding = 'UTF-16BE';
  if (encoding !== 'UTF-8' || (first === 0xef && second === 0xbb && third === 0xbf)) {
    count(tally, FILE_REASONS.mark, source.file);
  }
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new Refusal(`${source.file} is not text: its bytes are not ${encoding}; ${wanted(source)}`);
  }
}

function listIn(text: string, source: Source, tally: Tally): Json[] {
  if (text.trim() === '') {
    throw new Refusal(`${source.file} is empty, so the command that wrote it has failed; ${wanted(source)}`);
  }
  const head = text.slice(0, HEAD);
  const lines = head.split('\n');
  const begin = lines.findIndex((line) => BEGINNING.test(line.trim()));
  const before = begin < 0 ? [] : lines.slice(0, begin).filter((line) => line.trim() !== '');
  const start = before.length === 0 ? 0 : lines.slice(0, begin).join('\n').length;
  const reading = parseJson(text, start);

  if ((reading.ok ? before : lines).some((line) => PROMPT.test(line))) {
    throw new Refusal(`${source.file} holds a prompt and a command besides the command's output; ${wanted(source)}`);
  }
  if (!reading.ok) {
    if (begin < 0 && !/^[[{]/.test(head.trim())) throw otherFormat(head, source);
    const row = reading.row > 0 ? ` (row ${reading.row})` : '';
    throw new Refusal(
      reading.cutShort
        ? `${source.file} breaks off in line ${reading.line}${row}, its end is missing; ${wanted(source)}`
        : `${source.file} is not JSON in line ${reading.line}, column ${reading.column}${row}: ${reading.why}; ${wanted(source)}`,
    );
  }
  if (!Array.isArray(reading.value)) {
    throw new Refusal(`${source.file} holds ${shown(reading.value)}, not a list; ${wanted(source)}`);
  }
  if (before.length > 0) count(tally, FILE_REASONS.preface, source.file);
  return reading.value;
}

function otherFormat(head: string, source: Source): Refusal {
  const lines = head.split('\n').map((line) => line.trim());
  const some = (test: (line: string) => boolean): boolean => lines.some(test);
  let format: string | undefined;
  if (some((line) => line.startsWith('+--'))) format = 'a table';
  else if (some((line) => line.startsWith('"') && line.includes('","'))) format = 'CSV';
  else if (some((line) => line.startsWith('- ') && line.includes(': '))) format = 'YAML';
  const first = lines.find((line) => line !== '') ?? '';
  return new Refusal(
    format === undefined
      ? `${source.file} is not JSON, it begins with "${printable(first)}"; ${wanted(source)}`
      : `${source.file} holds ${format}, not JSON; ${wanted(source)}`,
  );
}

function wanted(source: Source): string {
  return `save what \`${source.command}\` prints`;
}

function shown(value: Json): string {
  if (typeof value === 'string') return `the text "${printable(value)}"`;
  if (typeof value === 'number' && !Number.isFinite(value)) return 'a number beyond 1.8e308';
  if (Array.isArray(value)) return 'a list';
  return value instanceof Map ? 'an object' : String(value);
}

/** The whole input is refused for what one row says. */
export function refuse(row: Row, sentence: string): never {
  throw new Refusal(`${row.source.file}, row ${row.number}${row.label}: ${sentence}`);
}

/** Refuses a value for what it is, and says what is allowed. */
export function mustBe(row: Row, key: string, allowed: string, value = row.fields.get(key)): never {
  if (value === undefined) refuse(row, `${key} is missing; ${wanted(row.source)}`);
  return refuse(row, `${key} must be ${allowed}, not ${shown(value)}`);
}

/** Columns of Nova and Placement are signed and have 32 bits. */
export const LARGEST = 2_147_483_647;

export function wholeNumber(row: Row, key: string, least: 0 | 1): number {
  const value = row.fields.get(key);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > LARGEST) {
    return mustBe(row, key, `a whole number from ${least} to ${LARGEST}`);
  }
  // -0 is a whole number from 0 on as well
  return value + 0;
}

/** 1 to `longest` characters as the servers count them: code points, not UTF-16 units. */
export function nameOf(row: Row, key: string, longest: number): string {
  const value = row.fields.get(key);
  const fits =
    typeof value === 'string' && value !== '' && value.length <= 2 * longest && Array.from(value).length <= longest;
  return fits ? value : mustBe(row, key, `a text of 1 to ${longest} characters`);
}

/** Refuses the second row that bears the same value. */
export function distinct(rows: readonly Row[], key: string, spelled: (row: Row) => string | undefined): void {
  const first = new Map<string, Row>();
  for (const row of rows) {
    const value = spelled(row);
    if (value === undefined) continue;
    const other = first.get(value);
    if (other !== undefined) refuse(row, `${key} "${printable(value)}" is taken by row ${other.number} already`);
    first.set(value, row);
  }
}

const SYMBOL = /^[A-Z0-9_]{1,255}$/;

/** A resource class or a trait. Placement knows more standard ones with each release, so the list is not checked. */
export function symbolOf(row: Row, key: string): string {
  const value = row.fields.get(key);
  return typeof value === 'string' && SYMBOL.test(value) ? value : mustBe(row, key, '1 to 255 of A-Z, 0-9 and _');
}
