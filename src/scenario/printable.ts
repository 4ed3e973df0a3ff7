/** Names come from users' clouds and from tokens: on a terminal they must be text and nothing else. */

const LONGEST = 60;
const ELLIPSIS = '…';

/** Controls, format characters (bidi marks among them), lone surrogates, private use, and every space but the plain. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u;

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function escaped(character: string): string {
  if (!UNPRINTABLE.test(character)) return character;
  const short = SHORT_ESCAPES.get(character);
  if (short !== undefined) return short;
  const hex = character.codePointAt(0)!.toString(16).toUpperCase();
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
}

/** A piece is one character, two UTF-16 units long at times, or an escape. */
const width = (piece: string): number => (piece.codePointAt(0)! > 0xffff ? 1 : piece.length);

/** As many of `pieces` as fit into `room` characters; an escape is never cut in two. */
function fitting(pieces: readonly string[], room: number): string[] {
  const taken: string[] = [];
  let left = room;
  for (const piece of pieces) {
    left -= width(piece);
    if (left < 0) break;
    taken.push(piece);
  }
  return taken;
}

/** One line of harmless text: what cannot be seen is escaped, what is too long loses its middle. */
export function printable(text: string): string {
  if (text.length <= 2 * LONGEST) {
    const pieces = Array.from(text, escaped);
    if (fitting(pieces, LONGEST).length === pieces.length) return pieces.join('');
  }
  // A name may be as long as a file: only its two ends are looked at.
  const room = LONGEST - ELLIPSIS.length;
  const head = fitting(Array.from(text.slice(0, 2 * LONGEST), escaped), Math.ceil(room / 2));
  const tail = fitting(Array.from(text.slice(-2 * LONGEST), escaped).reverse(), Math.floor(room / 2));
  return head.join('') + ELLIPSIS + tail.reverse().join('');
}

/** As `printable`, for text that is not a name: of any length, all of it is shown. */
export const harmless = (text: string): string => Array.from(text, (character) => printable(character)).join('');

/** Nobody reads on for as long in a cell or a title. */
const LONGEST_LINE = 500;

/** As `harmless`, with its end cut off where it is very long. */
export function shortened(text: string): string {
  // of a name as long as a file only the beginning is looked at
  const pieces = Array.from(text.slice(0, 2 * LONGEST_LINE), escaped);
  const shown = fitting(pieces, LONGEST_LINE);
  const all = text.length <= 2 * LONGEST_LINE && shown.length === pieces.length;
  return all ? shown.join('') : shown.join('') + ELLIPSIS;
}
