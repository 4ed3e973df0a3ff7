import Table from 'cli-table3';
import { createColors } from 'picocolors';

export interface TableOptions {
  readonly color: boolean;
  /** columns of the terminal; the last column takes what is left */
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

/** A table without borders; cells that do not fit are wrapped at blanks. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], options: TableOptions): string {
  const paint = createColors(options.color);
  const width = options.width ?? 150;
  const longest = head.map((title, k) =>
    Math.max(title.length, ...rows.flatMap((row) => (row[k] ?? '').split('\n').map((line) => line.length))),
  );
  const columns = fit(longest, width - 2 * (head.length - 1));
  const made = new Table({
    head: head.map((title) => paint.dim(title)),
    chars: NO_BORDERS,
    colWidths: columns,
    wordWrap: true,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  });
  made.push(...rows.map((row) => [...row]));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Narrow columns get what they need; the wide ones share what is left. */
function fit(wanted: readonly number[], total: number): number[] {
  const columns = [...wanted];
  let open = wanted.map((_, k) => k);
  let left = total;
  for (;;) {
    const share = Math.floor(left / Math.max(1, open.length));
    const narrow = open.filter((k) => wanted[k]! <= share);
    if (narrow.length === 0) {
      for (const k of open) columns[k] = Math.max(8, share);
      return columns;
    }
    for (const k of narrow) left -= wanted[k]!;
    open = open.filter((k) => !narrow.includes(k));
    if (open.length === 0) return columns;
  }
}
