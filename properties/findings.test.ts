/** The pages of reports/findings: one for each cause that Nova showed, and what stands on it is what the model draws and Nova was seen to do. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileFor } from 'claimcheck';
import { h } from 'preact';
import { renderToStaticMarkup } from 'preact-render-to-string';
import { describe, expect, test } from 'vitest';
import { CONTRACTS } from '../src/contract/contracts.ts';
import { EVIDENCE } from '../src/contract/known/evidence.ts';
import { KNOWN_OF_NOVA, knownOf, linesOf } from '../src/contract/known/known.ts';
import { bugReport } from '../src/report/bug-report.ts';
import { AllocationsChart } from '../src/report/charts/allocations-chart.tsx';
import { classesOf } from '../src/report/charts/moments.ts';
import { recordScenario } from '../src/report/recording.ts';
import { decodeToken } from '../src/scenario/token.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGES = join(ROOT, 'reports', 'findings');
const code = compileFor({ protocol: 'nova', defects: [], repairs: [], novaRelease: 34 });
const names = readdirSync(PAGES)
  .filter((file) => file.endsWith('.md') && file !== 'README.md')
  .map((file) => file.slice(0, -'.md'.length));
const pageOf = (name: string): string => readFileSync(join(PAGES, `${name}.md`), 'utf8');
const tokenOf = (page: string): string => /replay (cc1\.\S+)/.exec(page)![1]!;
const shown = (signature: string): boolean => EVIDENCE[signature]?.['34.0.0']?.seen === 'shown';

test('a page for each cause of which Nova 34.0.0 showed a signature, and the index names them all', () => {
  const causes = KNOWN_OF_NOVA.entries.filter(({ signatures }) => signatures.some(({ signature }) => shown(signature)));
  const byToken = new Map(linesOf(KNOWN_OF_NOVA).map(({ witness, reason }) => [witness, reason]));
  const reasons = names.map((name) => byToken.get(tokenOf(pageOf(name))));
  expect([...reasons].sort()).toEqual(causes.map(({ reason }) => reason).sort());
  const index = readFileSync(join(PAGES, 'README.md'), 'utf8');
  for (const name of names) expect(index).toContain(`(${name}.md)`);
});

describe.each(names)('%s', (name) => {
  const page = pageOf(name);
  const token = tokenOf(page);
  const reading = decodeToken(token);
  if (!reading.ok) throw new Error(reading.error);
  const { scenario, signature } = reading.value;

  test('shows a witness that Nova showed', () => {
    expect(shown(signature!)).toBe(true);
    expect(page).toContain(EVIDENCE[signature!]!['34.0.0']!.what);
  });

  test('says what the bug report says', () => {
    const again = `npm run -s claimcheck -- replay ${token}`;
    const report = bugReport({ scenario, code, contract: CONTRACTS.strict, known: knownOf('nova'), signature, again })!;
    for (const part of report.split('\n\n')) {
      if (!part.startsWith('Played on a model of')) expect(page).toContain(part);
    }
  });

  test('has the picture that the model draws', async () => {
    const recording = recordScenario(code, CONTRACTS.strict, scenario);
    const chart = h(AllocationsChart, { recording, resourceClass: classesOf(recording)[0]!, alone: true });
    await expect(`${renderToStaticMarkup(chart)}\n`).toMatchFileSnapshot(join(PAGES, `${name}.svg`));
  });

  test('names a test that is kept, or why there is none', () => {
    const kept = /\(\.\.\/nova-tests\/(\S+\.py)\)/.exec(page)?.[1];
    if (kept === undefined) expect(page).toMatch(/## The test\n\nNone: \S/);
    else expect(readdirSync(join(ROOT, 'reports', 'nova-tests'))).toContain(kept);
  });
});
