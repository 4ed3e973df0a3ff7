/**
 * The known list: signatures that are no news, each with the reason in Nova's words. An entry matches a whole signature; it
 * has no wildcard for invariant, cause or end state.
 */
import * as z from 'zod';
import nova from './nova.json' with { type: 'json' };

const entrySchema = z.strictObject({
  /** the bug catalogue's W number, or "by design" */
  weakness: z.string().min(1),
  /** what Nova does there, and where it is decided or reported */
  reason: z.string().min(1),
  signatures: z.array(
    z.strictObject({
      signature: z.string().min(1),
      /** the conformance row whose end state the witness shows, or null */
      row: z.string().nullable(),
      /** a token that shows it */
      witness: z.string().min(1),
    }),
  ),
});

/** The version of the format. */
export const KNOWN_VERSION = 1;

export const knownListSchema = z.strictObject({
  version: z.literal(KNOWN_VERSION),
  protocol: z.enum(['nova', 'rollback']),
  entries: z.array(entrySchema),
});
export type KnownList = z.infer<typeof knownListSchema>;
export type KnownEntry = KnownList['entries'][number];

export interface KnownSignature {
  readonly weakness: string;
  readonly reason: string;
  readonly row: string | null;
  readonly witness: string;
}

/** A known list by signature. */
export type Known = ReadonlyMap<string, KnownSignature>;

/** A signature with what its entry says of it. */
export interface KnownLine extends KnownSignature {
  readonly signature: string;
}

export function linesOf({ entries }: KnownList): KnownLine[] {
  return entries.flatMap(({ weakness, reason, signatures }) =>
    signatures.map(({ signature, row, witness }) => ({ signature, weakness, reason, row, witness })),
  );
}

export function indexKnown(list: KnownList): Known {
  return new Map(linesOf(list).map((line) => [line.signature, line]));
}

/**
 * The list with one signature more: beside those of the same weakness and reason, else in an entry of its own at the end.
 * Everything else stays where it is, so that a review sees what is new and nothing more.
 */
export function withSignature(list: KnownList, { weakness, reason, signature, row, witness }: KnownLine): KnownList {
  const entries = [...list.entries];
  const same = (entry: KnownEntry): boolean => entry.weakness === weakness && entry.reason === reason;
  const at = entries.findIndex(same);
  const signatures = [...(entries[at]?.signatures ?? [])];
  const next = signatures.findIndex((other) => other.signature > signature);
  signatures.splice(next < 0 ? signatures.length : next, 0, { signature, row, witness });
  if (at < 0) entries.push({ weakness, reason, signatures });
  else entries[at] = { ...entries[at]!, signatures };
  return { ...list, entries };
}

export const NOTHING_KNOWN: Known = new Map();

/** What is known of Nova 34.0.0 with the model's Placement 16. */
export const KNOWN_OF_NOVA: KnownList = knownListSchema.parse(nova);

/** The list that comes with a protocol. */
export const knownOf = (protocol: KnownList['protocol']): Known =>
  protocol === 'nova' ? indexKnown(KNOWN_OF_NOVA) : NOTHING_KNOWN;
