import fc from 'fast-check';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { expect, test } from 'vitest';
import { harmless, shortened } from '../scenario/printable.ts';
import { cell, fenced, list, prose, span, table } from './markdown.ts';
import { HOSTILE } from './reporters/outcome.fixture.ts';

/** As GitHub reads it; markup that a name brought along would be there. */
const html = (text: string): string =>
  micromark(text, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] });

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&' };

/** What one sees. */
const text = (page: string): string =>
  page
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&(lt|gt|quot|amp);/g, (_, name: string) => ENTITIES[name]!)
    .trim();

const tags = (page: string): string[] => [...new Set([...page.matchAll(/<(\w+)/g)].map(([, tag]) => tag!))];

const anyName = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'ab1 |\\`*_~[]()<>&#;:!-+=."\'/@\n\t\r') }),
);

test('a name is text wherever it stands, and all of it is there', () => {
  fc.assert(
    fc.property(anyName, (name) => {
      // one of white space alone is not seen
      fc.pre(name.trim() !== '');
      for (const made of [span(name), prose(name), list([name].map(prose))]) {
        const page = html(made);
        expect(text(page)).toBe(harmless(name).trim());
        expect(['p', 'ul', 'li', 'code']).toEqual(expect.arrayContaining(tags(page)));
      }
    }),
    { numRuns: 2000 },
  );
});

test('a cell is one cell, whatever stands in it', () => {
  fc.assert(
    fc.property(anyName, anyName, (a, b) => {
      const page = html(table(['one', 'two'], [[cell(a), cell(b)]]));
      const cells = [...page.matchAll(/<td>(.*?)<\/td>/gs)].map(([, inside]) => text(inside!));
      expect(cells).toEqual([a, b].map((name) => shortened(name).trim()));
      expect(['table', 'thead', 'tbody', 'tr', 'th', 'td', 'code']).toEqual(expect.arrayContaining(tags(page)));
    }),
    { numRuns: 2000 },
  );
});

test('a fence is longer than any in it', () => {
  const lines = 'echo ```\n````\nend';
  expect(html(fenced(lines))).toBe(`<pre><code class="language-sh">${lines}\n</code></pre>`);
});
