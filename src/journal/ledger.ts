/** The ledger: a line of JSON for every campaign and gate that came to an end, oldest first. */
import * as z from 'zod';
import { printable } from '../scenario/printable.ts';
import { appendLine, checkRecord, linesOfJson, readIfThere } from './records.ts';

export const LEDGER_VERSION = 1;

const entrySchema = z.strictObject({
  version: z.literal(LEDGER_VERSION),
  /** when it ended, as in 2026-11-28T02:18:07Z */
  date: z.string(),
  /** of the sources that ran, or null where that is not known */
  commit: z.string().nullable(),
  command: z.string(),
  seed: z.string(),
  protocol: z.enum(['nova', 'rollback']),
  contract: z.enum(['strict', 'nova', 'mission']),
  verdict: z.enum(['held', 'known', 'violated', 'undecided', 'interrupted']),
  runs: z.int().min(0),
  seconds: z.number().min(0),
  /** ways to break the laws: not on the known list, on it, and by sabotage */
  findings: z.strictObject({ news: z.int().min(0), known: z.int().min(0), sabotage: z.int().min(0) }),
  signatures: z.array(z.string()),
});
export type LedgerEntry = z.infer<typeof entrySchema>;

/** @throws JournalError */
export function readLedger(path: string): LedgerEntry[] {
  const text = readIfThere(path);
  if (text === null) return [];
  return [...linesOfJson(text, printable(path))].map(({ value, where }) =>
    checkRecord(value, { schema: entrySchema, version: LEDGER_VERSION, what: 'ledger entry', where }),
  );
}

export function appendToLedger(path: string, entry: LedgerEntry): void {
  appendLine(path, entry);
}
