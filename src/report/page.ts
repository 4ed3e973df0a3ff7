/** Text for a terminal: lines of a fixed width, the same wherever it is printed. */

export const WIDTH = 110;
/** of what belongs to an operation */
export const INDENT = 4;

/** Puts colour on a piece of text, or does not. */
export type Tint = (text: string) => string;

/** Lines of a terminal, broken between words. */
export class Page {
  lines: string[] = [];

  /** What does not fit goes on `hang` characters further in. */
  line(indent: number, text: string, tint: Tint = (plain) => plain, hang = 4): void {
    let row = '';
    let room = WIDTH - indent;
    let margin = indent;
    for (const word of text.split(' ')) {
      if (row !== '' && row.length + 1 + word.length > room) {
        this.lines.push(' '.repeat(margin) + tint(row));
        margin = indent + hang;
        room = WIDTH - margin;
        row = word;
      } else row = row === '' ? word : `${row} ${word}`;
    }
    this.lines.push(' '.repeat(margin) + tint(row));
  }

  /** In one piece, however long: for what is copied from there. */
  whole(indent: number, text: string, tint: Tint): void {
    this.lines.push(' '.repeat(indent) + tint(text));
  }

  blank(): void {
    this.lines.push('');
  }

  /** The lines that `write` writes, kept off the page. */
  aside(write: () => void): string[] {
    const { lines } = this;
    this.lines = [];
    try {
      write();
      return this.lines;
    } finally {
      this.lines = lines;
    }
  }

  append(lines: readonly string[]): void {
    this.lines.push(...lines);
  }
}
