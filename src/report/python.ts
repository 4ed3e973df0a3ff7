/** Python as text: literals that hold whatever a scenario names, and expressions broken as Nova's style wants them. */

export type Data = string | number | boolean | null | readonly Data[] | { readonly [key: string]: Data };

/** An expression: text that is never broken, or a bracket with items that may stand on lines of their own. */
export type Expression = string | Bracket;
interface Bracket {
  readonly open: string;
  readonly items: readonly Expression[];
  readonly close: string;
  /** a comma behind the last item when each has a line; a call has none */
  readonly trailing: boolean;
}

const WIDTH = 79;
const STEP = 4;

/** A name as data: whatever it holds, it ends at its quote, and the file stays ASCII. */
export function pythonString(text: string): string {
  return `'${Array.from(text, escaped).join('')}'`;
}

const SHORT: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\\', '\\\\'],
  ["'", "\\'"],
]);

function escaped(character: string): string {
  const short = SHORT.get(character);
  if (short !== undefined) return short;
  if (/^[ -~]$/.test(character)) return character;
  const code = character.codePointAt(0)!;
  const hex = code.toString(16);
  if (code > 0xffff) return `\\U${hex.padStart(8, '0')}`;
  return code > 0xff ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`;
}

export function literal(value: Data): Expression {
  if (value === null) return 'None';
  if (typeof value === 'string') return pythonString(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError('no literal of Python is infinite or no number');
    return String(value);
  }
  if (isList(value)) return { open: '[', items: value.map(literal), close: ']', trailing: true };
  const items = Object.entries(value).map(([key, of]) => prefixed(`${pythonString(key)}: `, literal(of)));
  return { open: '{', items, close: '}', trailing: true };
}

const isList = (value: readonly Data[] | { readonly [key: string]: Data }): value is readonly Data[] =>
  Array.isArray(value);

/** `key: `, `name=` or `self.assertEqual(` in front of an expression. */
export function prefixed(before: string, of: Expression): Expression {
  return typeof of === 'string' ? before + of : { ...of, open: before + of.open };
}

export function call(callee: string, args: readonly Expression[]): Expression {
  return { open: `${callee}(`, items: args, close: ')', trailing: false };
}

function flat(of: Expression): string {
  return typeof of === 'string' ? of : of.open + of.items.map(flat).join(', ') + of.close;
}

/**
 * A statement on lines of at most 79 columns, as far as no name is longer.
 * @param behind the colon of a block
 */
export function statement(indent: number, of: Expression, behind = ''): string {
  return laid(of, indent, behind).join('\n');
}

function laid(of: Expression, indent: number, behind: string): string[] {
  const margin = ' '.repeat(indent);
  const line = margin + flat(of) + behind;
  if (typeof of === 'string' || of.items.length === 0 || line.length <= WIDTH) return [line];
  const [only] = of.items;
  if (of.items.length === 1 && typeof only === 'object') {
    const within = { ...only, open: of.open + only.open, close: only.close + of.close };
    return laid(within, indent, behind);
  }
  // what stands in the head of a block is set off from its body
  const inner = indent + (behind === ':' ? 2 * STEP : STEP);
  if (!of.trailing) return [margin + of.open, ...packed(of.items, inner, of.close + behind)];
  return [margin + of.open, ...of.items.flatMap((item) => laid(item, indent + STEP, ',')), margin + of.close + behind];
}

/** Arguments, as many on a line as there is room for, and the bracket behind the last. */
function packed(items: readonly Expression[], indent: number, close: string): string[] {
  const lines: string[] = [];
  for (const [k, item] of items.entries()) {
    const behind = k === items.length - 1 ? close : ',';
    const before = lines.at(-1);
    const beside = `${before} ${flat(item)}${behind}`;
    if (before !== undefined && beside.length <= WIDTH) lines[lines.length - 1] = beside;
    else lines.push(...laid(item, indent, behind));
  }
  return lines;
}

/** Sentences as lines of a comment or docstring. */
export function filled(indent: number, lead: string, text: string): string {
  const margin = ' '.repeat(indent) + lead;
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(margin + word);
  }
  return lines.join('\n');
}
