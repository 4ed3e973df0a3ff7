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

export const knownListSchema = z.strictObject({
  version: z.literal(1),
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

export function indexKnown(list: KnownList): Known {
  const index = new Map<string, KnownSignature>();
  for (const { weakness, reason, signatures } of list.entries) {
    for (const { signature, row, witness } of signatures) index.set(signature, { weakness, reason, row, witness });
  }
  return index;
}

export const NOTHING_KNOWN: Known = new Map();

/** What is known of Nova 34.0.0 with the model's Placement 16. */
export const KNOWN_OF_NOVA: KnownList = knownListSchema.parse(nova);

/** The list that comes with a protocol. */
export const knownOf = (protocol: KnownList['protocol']): Known =>
  protocol === 'nova' ? indexKnown(KNOWN_OF_NOVA) : NOTHING_KNOWN;
