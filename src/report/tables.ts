import Table from 'cli-table3';
import { createColors } from 'picocolors';

export interface TableOptions {
  readonly color: boolean;
  /** columns of the terminal; wide columns share what the narrow ones leave */
  readonly width?: number;
}

const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** Below this a column is not readable; a table of many such is wider than asked for. */
const NARROWEST = 8;

/** A table without borders; cells that do not fit are wrapped at blanks, long words at their own seams. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], options: TableOptions): string {
  const paint = createColors(options.color);
  const width = options.width ?? 150;
  const longest = head.map((title, k) =>
    Math.max(title.length, ...rows.flatMap((row) => (row[k] ?? '').split('\n').map((line) => line.length))),
  );
  const columns = columnWidths(longest, width - 2 * (head.length - 1));
  const made = new Table({
    head: head.map((title, k) => paint.dim(broken(title, columns[k]!))),
    chars: NO_BORDERS,
    colWidths: columns,
    wordWrap: true,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  });
  made.push(...rows.map((row) => head.map((_, k) => broken(row[k] ?? '', columns[k]!))));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Narrow columns get what they need; the wide ones share what is left. */
function columnWidths(wanted: readonly number[], total: number): number[] {
  const columns = [...wanted];
  let open = wanted.map((_, k) => k);
  let left = total;
  for (;;) {
    const share = Math.floor(left / Math.max(1, open.length));
    const narrow = open.filter((k) => wanted[k]! <= share);
    if (narrow.length === 0) {
      for (const k of open) columns[k] = Math.max(NARROWEST, share);
      return columns;
    }
    for (const k of narrow) left -= wanted[k]!;
    open = open.filter((k) => !narrow.includes(k));
    if (open.length === 0) return columns;
  }
}

/** cli-table3 cuts words that are longer than their column: they are broken before it sees them. */
function broken(text: string, width: number): string {
  return text.replace(/[^ \n]+/g, (word) => (word.length <= width ? word : pieces(word, width).join('\n')));
}

/** Pieces that fit, with a seam behind punctuation where there is one in the piece's second half. */
function pieces(word: string, width: number): string[] {
  const found: string[] = [];
  let rest = Array.from(word);
  while (rest.length > width) {
    let end = width;
    while (end > width / 2 && !/[-_./,+:|]/.test(rest[end - 1]!)) end--;
    if (end <= width / 2) end = width;
    found.push(rest.slice(0, end).join(''));
    rest = rest.slice(end);
  }
  return [...found, rest.join('')];
}
