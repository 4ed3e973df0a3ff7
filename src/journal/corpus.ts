/**
 * The corpus: a file for each signature that was ever found and is not on the known list, with its minimal scenario. Campaigns and
 * gates replay it first. A signature that is shown no more is marked fixed and stays, so that it is seen if it comes back.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { printable } from '../scenario/printable.ts';
import { checkRecord, JournalError, parseJson, readIfThere, reasonOf, writeWhole } from './records.ts';

export const CORPUS_VERSION = 1;

const momentSchema = z.strictObject({ date: z.string(), commit: z.string().nullable() });

const entrySchema = z.strictObject({
  version: z.literal(CORPUS_VERSION),
  signature: z.string().min(1),
  status: z.enum(['open', 'fixed']),
  /** the minimal scenario, with protocol, contract and defects */
  token: z.string().min(1),
  found: momentSchema.extend({ seed: z.string() }),
  fixed: momentSchema.nullable(),
});
export type CorpusEntry = z.infer<typeof entrySchema>;

/** Short enough for any file system, and the same wherever a signature is found. */
export function fileOf(signature: string): string {
  const words = signature
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60);
  return `${words}-${createHash('sha256').update(signature).digest('hex').slice(0, 12)}.json`;
}

/** In the order of the signatures. @throws JournalError */
export function readCorpus(folder: string): CorpusEntry[] {
  if (!existsSync(folder)) return [];
  let files: string[];
  try {
    files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  } catch (error) {
    throw new JournalError(`the corpus ${printable(folder)} cannot be read: ${reasonOf(error)}`);
  }
  return files
    .map((file) => {
      const path = join(folder, file);
      const where = printable(path);
      const text = readIfThere(path) ?? '';
      return checkRecord(parseJson(text, where), {
        schema: entrySchema,
        version: CORPUS_VERSION,
        what: 'corpus entry',
        where,
      });
    })
    .sort((a, b) => (a.signature < b.signature ? -1 : 1));
}

export function writeToCorpus(folder: string, entry: CorpusEntry): void {
  if (!existsSync(folder)) mkdirSync(folder);
  writeWhole(join(folder, fileOf(entry.signature)), `${JSON.stringify(entry, null, 1)}\n`);
}
