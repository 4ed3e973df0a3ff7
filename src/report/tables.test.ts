import { expect, test } from 'vitest';
import { table } from './tables.ts';

const HEAD = ['id', 'title'];
const ROWS = [
  ['R-05', 'Failed finish gives the claim back to the wrong host'],
  ['W-14', 'one line\nanother'],
];

/** As it stands on the page: between bars, so that blanks at the end would show. */
const shown = (text: string): string[] => text.split('\n').map((line) => `${line}|`);

test('a table has a head and no borders', () => {
  expect(shown(table(HEAD, ROWS, { color: false }))).toMatchInlineSnapshot(`
    [
      "id    title|",
      "R-05  Failed finish gives the claim back to the wrong host|",
      "W-14  one line|",
      "      another|",
    ]
  `);
});

test('what does not fit is wrapped at blanks', () => {
  expect(shown(table(HEAD, ROWS, { color: false, width: 30 }))).toMatchInlineSnapshot(`
    [
      "id    title|",
      "R-05  Failed finish gives the|",
      "      claim back to the wrong|",
      "      host|",
      "W-14  one line|",
      "      another|",
    ]
  `);
});

test('a word longer than its column is broken at a seam, and nothing of it is lost', () => {
  const word = 'rollback-undo-without-fence_and/more.of.it';
  const text = table(HEAD, [[word, word.replaceAll(/[^a-z]/g, '')]], { color: false, width: 32 });
  expect(shown(text)).toMatchInlineSnapshot(`
    [
      "id               title|",
      "rollback-undo-   rollbackundowit|",
      "without-fence_   houtfenceandmor|",
      "and/more.of.it   eofit|",
    ]
  `);
});

test('columns share what the narrow ones leave, down to a width that can be read', () => {
  const text = table(['a', 'b', 'c'], [['1', 'x'.repeat(20), 'y'.repeat(20)]], { color: false, width: 10 });
  expect(shown(text)).toMatchInlineSnapshot(`
    [
      "a  b         c|",
      "1  xxxxxxxx  yyyyyyyy|",
      "   xxxxxxxx  yyyyyyyy|",
      "   xxxx      yyyy|",
    ]
  `);
});

test('a row may be short, a table empty', () => {
  expect(shown(table(HEAD, [['R-05']], { color: false }))).toMatchInlineSnapshot(`
    [
      "id    title|",
      "R-05|",
    ]
  `);
  expect(shown(table(HEAD, [], { color: false }))).toMatchInlineSnapshot(`
    [
      "id  title|",
    ]
  `);
});

test('the head is dim where colours are asked for, and nothing else is coloured', () => {
  const text = table(HEAD, ROWS, { color: true });
  expect(text).toContain('\u001b[2mtitle\u001b[22m');
  expect(text.replaceAll('\u001b[2m', '').replaceAll('\u001b[22m', '')).toBe(table(HEAD, ROWS, { color: false }));
});
