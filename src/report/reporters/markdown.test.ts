import { expect, test } from 'vitest';
import type { Outcome } from '../reporter.ts';
import { markdown } from './markdown.ts';
import { finding, HELD, OPTIONS, outcome, PLAIN, UNDECIDED, WORST } from './outcome.fixture.ts';

const written = (one: Outcome): string => markdown(OPTIONS).ended(one);

test.for([
  ['of news, known ways, sabotage and checks', PLAIN],
  ['of an undecided campaign', UNDECIDED],
  ['of one where every law held', HELD],
  ['of hostile names', WORST],
] as const)('the whole report %s', ([, one]) => {
  expect(written(one).replaceAll(/l{400,}/g, (run) => `<l ${run.length} times>`)).toMatchSnapshot();
});

test('a table has fifty rows at most, and says of how many', () => {
  const findings = Array.from({ length: 60 }, (_, k) => finding({ signature: `source-zero | cause ${k} | end` }));
  const text = written(outcome({ verdict: 'violated', findings }));
  expect(text).toContain('The first 50 of 60.');
  expect(text.match(/^\| \d+ \|/gm)).toHaveLength(50);
});
