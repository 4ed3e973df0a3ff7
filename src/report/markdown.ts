/** Markdown with names in it that are somebody else's: they are shown as text, whatever stands in them. */
import { harmless, shortened } from '../scenario/printable.ts';

/** Longer than any run of backticks in the text. */
function fence(text: string, least: number): string {
  const longest = Math.max(least - 1, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
  return '`'.repeat(longest + 1);
}

/** A name as data: in a code span nothing is markup, once the fence is longer than any in it. */
export function span(name: string): string {
  const text = harmless(name);
  const around = fence(text, 1);
  const pad = /^[` ]|[` ]$/.test(text) ? ' ' : '';
  return `${around}${pad}${text}${pad}${around}`;
}

/** Neither markup, nor the beginning of a list, nor what GitHub makes a link of; `_` opens emphasis, but nothing closes it. */
const PLAIN = /^(?!\d+[.)])(?!.*(?::\/\/|www\.))(?:[A-Za-z0-9,(](?:[A-Za-z0-9 ,.:;'’()/=%-]|_(?=[A-Za-z0-9]))*)?$/;

/** Our own sentences stand as they are; what may hold a name, or markup, stands as data. */
export const prose = (text: string): string => (PLAIN.test(text) ? text : span(text));

export const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n');
export const numbered = (items: readonly string[]): string => items.map((item, k) => `${k + 1}. ${item}`).join('\n');

/** Lines of a shell. */
export function fenced(text: string): string {
  const around = fence(text, 3);
  return [`${around}sh`, text, around].join('\n');
}

/**
 * A table of what `cell` made. A bar ends a cell in a code span as well, unless a backslash stands before it;
 * and whether a backslash of the text's own takes that one's meaning is told differently by GitHub and by others: such a text is
 * written in character references.
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function cell(text: string): string {
  const shown = shortened(text);
  if (shown.includes('\\')) {
    return `<code>${shown.replace(/[!-/:-@[-`{-~]/g, (character) => `&#${character.charCodeAt(0)};`)}</code>`;
  }
  return prose(shown).replaceAll('|', '\\|');
}
