/** Notes: one sentence for each reason, with a count and the first names. */
import { printable } from '../scenario/printable.ts';

/** What is said of one, and of many. */
export interface Reason {
  readonly one: string;
  readonly many: string;
}

export type Tally = Map<Reason, string[]>;

const NAMES_SHOWN = 3;

export function count(tally: Tally, reason: Reason, name: string): void {
  const names = tally.get(reason);
  if (names === undefined) tally.set(reason, [name]);
  else names.push(name);
}

/** Whether notes say of whom they speak, or only of how many. */
export type Telling = 'names' | 'counts';

/** In the order of `reasons`, so that the order of the notes does not depend on the data. */
export function notesOf(
  tally: Tally,
  reasons: Readonly<Record<string, Reason>>,
  noun: string,
  total: number,
  telling: Telling,
): string[] {
  return Object.values(reasons).flatMap((reason) => {
    const names = tally.get(reason);
    if (names === undefined) return [];
    const sentence = `${names.length} of ${total} ${noun} ${names.length === 1 ? reason.one : reason.many}`;
    if (telling === 'counts') return [sentence];
    const shown = names.slice(0, NAMES_SHOWN).map(printable).join(', ');
    const rest = names.length > NAMES_SHOWN ? ', …' : '';
    return [`${sentence}: ${shown}${rest}`];
  });
}
