/** Which signatures are no news: the list of the protocol, one of the user's, or none. */
import { createHash } from 'node:crypto';
import { indexKnown, type Known, knownOf, linesOf, NOTHING_KNOWN } from '../contract/known/known.ts';
import type { Order } from '../journal/campaign-folder.ts';
import { printable } from '../scenario/printable.ts';
import { decodeToken } from '../scenario/token.ts';
import { printableSignature, UsageError } from './context.ts';
import { readKnownFile } from './known-file.ts';

export interface KnownSource {
  readonly known: Known;
  /** as a checkpoint remembers it */
  readonly named: Order['known'];
}

export function readKnown(source: string | undefined, protocol: Order['config']['protocol']): KnownSource {
  const known = source === 'none' ? NOTHING_KNOWN : source === undefined ? knownOf(protocol) : readList(source);
  const digest = createHash('sha256')
    .update(JSON.stringify([...known]))
    .digest('hex')
    .slice(0, 16);
  return { known, named: { source: source ?? null, digest } };
}

/** The list that a campaign was begun with. */
export function sameKnown({ known: { source, digest }, config }: Order, where: string): Known {
  const { known, named } = readKnown(source ?? undefined, config.protocol);
  if (named.digest === digest) return known;
  const list = source === null ? 'the known list' : `the known list ${printable(source)}`;
  throw new UsageError(
    `${list} is not what it was when the campaign of ${printable(where)} began: it can only be begun anew`,
  );
}

function readList(path: string): Known {
  const { list } = readKnownFile(path);
  for (const { signature, witness } of linesOf(list)) {
    const reading = decodeToken(witness);
    if (reading.ok) continue;
    const which = `the witness of "${printableSignature(signature)}"`;
    throw new UsageError(`--known ${printable(path)}: ${reading.error.replace(/^this token/, which)}`);
  }
  return indexKnown(list);
}
