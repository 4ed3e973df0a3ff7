/**
 * Files of records that outlive a run: each says its format and version, is read in whole, and refused in one sentence that
 * names the file and the line.
 */
import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import type * as z from 'zod';
import { printable } from '../scenario/printable.ts';

/** A file that cannot be used: one sentence, for the user. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
}

/** What the system said, without the path that Node repeats. */
export function reasonOf(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  return printable(said.split(',')[0]!);
}

/** A record of a format that this version knows, or the sentence that says what is wrong with it. */
export function checkRecord<T>(
  value: unknown,
  { schema, version, what, where }: { schema: z.ZodType<T>; version: number; what: string; where: string },
): T {
  const found = typeof value === 'object' && value !== null ? (value as { version?: unknown }).version : undefined;
  if (typeof found === 'number' && found > version) {
    throw new JournalError(
      `${where} is a ${what} of version ${found}, and this claimcheck reads up to version ${version}: take a newer one`,
    );
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? []).map((step) => printable(String(step))).join('.');
  throw new JournalError(`${where} is no ${what}: ${path === '' ? '' : `${path}: `}${printable(issue?.message ?? '')}`);
}

export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new JournalError(`${where} is not JSON: ${reasonOf(error)}`);
  }
}

/** The text of a file, or null: there is none. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new JournalError(`${printable(path)} cannot be read: ${reasonOf(error)}`);
  }
}

/** All or nothing, whatever happens meanwhile: the old text stands until the new one is on the disk. */
export function writeWhole(path: string, text: string): void {
  const draft = `${path}.${process.pid}.new`;
  try {
    // a device or a pipe is written to, never replaced; nor is what a link leads to
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) {
      writeFileSync(path, text);
      return;
    }
    writeThrough(draft, 'w', text);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new JournalError(`${printable(path)} cannot be written: ${reasonOf(error)}`);
  }
}

/** One more line, on the disk when this returns. */
export function appendLine(path: string, value: unknown): void {
  try {
    writeThrough(path, 'a', `${JSON.stringify(value)}\n`);
  } catch (error) {
    throw new JournalError(`${printable(path)} cannot be written: ${reasonOf(error)}`);
  }
}

function writeThrough(path: string, how: 'a' | 'w', text: string): void {
  const file = openSync(path, how);
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Lines of JSON; a last one without its end is what a run that died was writing, and is left out. */
export function* linesOfJson(text: string, name: string): Generator<{ value: unknown; where: string }> {
  const lines = text.split('\n');
  lines.pop();
  for (const [k, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const where = `line ${k + 1} of ${name}`;
    yield { value: parseJson(line, where), where };
  }
}
