/** Known lists as files: a user's own and the project's have one format. */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { KNOWN_VERSION, type KnownList, knownListSchema, linesOf } from '../contract/known/known.ts';
import { printable } from '../scenario/printable.ts';
import { UsageError } from './context.ts';

/** Room for a hundred thousand signatures; a device never ends. */
const MOST_BYTES = 64 * 1024 * 1024;
const PIECE_BYTES = 256 * 1024;

/** Without the call and its path, which is not always the one that the user gave. */
function because(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // the position is enough: line and column behind it are said by newer Nodes only
  return printable(message.replace(/, \w+( '.*)?$| \(line \d+ column \d+\)$/s, ''));
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Whether it is one line of text that a terminal can show as it is. */
export const isOneLine = (text: string): boolean =>
  Array.from(text).every((character) => printable(character) === character);

export interface KnownFile {
  readonly path: string;
  readonly list: KnownList;
  /** as it was read; null where there is no file yet */
  readonly text: string | null;
}

export function readKnownFile(path: string): KnownFile {
  let text: string;
  try {
    text = readBounded(path);
  } catch (error) {
    throw new UsageError(`--known cannot read ${printable(path)}: ${because(error)}`);
  }
  return { path, list: parse(path, text), text };
}

/** A list to write to: a new one of `protocol` where there is none yet. */
export function openKnownFile(path: string, protocol: KnownList['protocol']): KnownFile {
  try {
    statSync(path);
  } catch (error) {
    if (!isMissing(error)) return readKnownFile(path);
    try {
      accessSync(dirname(path), constants.W_OK);
    } catch (denied) {
      throw new UsageError(`--known cannot make ${printable(path)}: ${because(denied)}`);
    }
    return { path, list: { version: KNOWN_VERSION, protocol, entries: [] }, text: null };
  }
  return readKnownFile(path);
}

/** What is read in pieces may be a pipe; what never ends is given up. */
function readBounded(path: string): string {
  const file = openSync(path, 'r');
  try {
    const pieces: Buffer[] = [];
    for (let size = 0; ; ) {
      const piece = Buffer.allocUnsafe(PIECE_BYTES);
      const length = readSync(file, piece);
      if (length === 0) return Buffer.concat(pieces).toString('utf8');
      pieces.push(piece.subarray(0, length));
      size += length;
      if (size > MOST_BYTES) throw new Error('it is larger than 64 MB, the most that a known list may have');
    }
  } finally {
    closeSync(file);
  }
}

function parse(path: string, text: string): KnownList {
  let data: unknown;
  try {
    // editors on Windows put a byte order mark in front, which JSON does not know
    data = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new UsageError(`--known cannot read ${printable(path)}: ${because(error)}`);
  }
  const no = (where: string, why: string): UsageError =>
    new UsageError(`--known ${printable(path)} is no known list: ${where}: ${why}`);
  const reading = knownListSchema.safeParse(data);
  if (!reading.success) {
    const issue = reading.error.issues[0]!;
    const { version } = (data ?? {}) as { version?: unknown };
    if (issue.path[0] === 'version' && Number.isInteger(version)) {
      const written = printable(String(version));
      throw no('version', `it is of version ${written}, and this claimcheck reads version ${KNOWN_VERSION} only`);
    }
    throw no(
      issue.path.length === 0 ? 'the list' : printable(issue.path.map(String).join('.')),
      printable(issue.message),
    );
  }
  for (const line of linesOf(reading.data)) {
    for (const key of ['weakness', 'reason', 'row', 'signature'] as const) {
      if (!isOneLine(line[key] ?? '')) throw no(key, `"${printable(line[key]!)}" is not one line of printable text`);
    }
  }
  // not reading.data: it has the schema's order of keys, and what is written back keeps the file's
  return data as KnownList;
}

export interface Written {
  /** whether the file could not be kept as it was laid out */
  readonly relaid: boolean;
}

/**
 * Writes a list in the file's own layout, under another name first: whoever reads meanwhile, and whoever dies meanwhile,
 * has the old list or the new one.
 */
export function writeKnownFile({ path, list: before, text }: KnownFile, list: KnownList): Written {
  const layout = layoutOf(text);
  const relaid = text !== null && layout(before) !== text;
  try {
    // a link stays a link
    const target = text === null ? path : realpathSync(path);
    if (text !== null) {
      if (!statSync(target).isFile()) throw new Error('it is no regular file');
      accessSync(target, constants.W_OK);
      if (readFileSync(target, 'utf8') !== text) throw new Error('somebody else changed it meanwhile: run this again');
    }
    const beside = `${target}.${process.pid}.new`;
    try {
      writeFileSync(beside, layout(list), { flag: 'wx', flush: true });
      if (text !== null) chmodSync(beside, statSync(target).mode);
      renameSync(beside, target);
    } catch (error) {
      rmSync(beside, { force: true });
      throw error;
    }
  } catch (error) {
    throw new UsageError(`--known cannot write ${printable(path)}: ${because(error)}`);
  }
  return { relaid };
}

/** How a text is laid out, so that what was not changed shows in no diff. */
function layoutOf(text: string | null): (list: KnownList) => string {
  const like = text ?? '{\n  \n}\n';
  const mark = like.startsWith('\uFEFF') ? '\uFEFF' : '';
  const end = /\s*$/.exec(like)![0];
  const [, newline = '\n', indent = ''] = /^\uFEFF?\{(\r?\n)([ \t]+)/.exec(like) ?? [];
  return (list) => `${mark}${JSON.stringify(list, null, indent).replaceAll('\n', newline)}${end}`;
}
