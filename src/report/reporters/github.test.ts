import { expect, test } from 'vitest';
import type { Outcome } from '../reporter.ts';
import { github } from './github.ts';
import { finding, HELD, OPTIONS, outcome, PLAIN, UNDECIDED, WORST } from './outcome.fixture.ts';

const written = (one: Outcome): string => github(OPTIONS).ended(one);
const shortened = (text: string): string => text.replaceAll(/l{400,}/g, (run) => `<l ${run.length} times>`);

test.for([
  ['of news, known ways, sabotage and checks', PLAIN],
  ['of an undecided campaign', UNDECIDED],
  ['of one where every law held', HELD],
  ['of hostile names', WORST],
] as const)('the whole report %s', ([, one]) => {
  expect(shortened(written(one))).toMatchSnapshot();
});

test('the runner sees commands of ours and no others', () => {
  const lines = written(WORST).split(/\r|\n|\u2028|\u0085/);
  for (const line of lines) {
    expect(line).toMatch(/^(::(error|warning|notice) title=[^:,\n]+::|::group::|::endgroup::$| {2}\| )/);
    if (line.startsWith('  | ')) expect(line).not.toContain('##[');
  }
});

test('ten annotations of a kind at most, the last of which counts the rest', () => {
  const findings = Array.from({ length: 25 }, (_, k) => finding({ signature: `source-zero | cause ${k} | end` }));
  const errors = (n: number): string[] =>
    written(outcome({ verdict: 'violated', findings: findings.slice(0, n) }))
      .split('\n')
      .filter((line) => line.startsWith('::error'));
  expect(errors(10)).toHaveLength(10);
  expect(errors(10)[9]).toContain('cause 9');
  expect(errors(25)).toHaveLength(10);
  expect(errors(25)[9]).toBe('::error title=claimcheck%3A 16 more::16 more annotations: the report has them all');
});
