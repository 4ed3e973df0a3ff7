import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { create } from 'xmlbuilder2';
import { validateXML } from 'xmllint-wasm';
import type { Outcome } from '../reporter.ts';
import { junit } from './junit.ts';
import { finding, HELD, OPTIONS, outcome, PLAIN, UNDECIDED, WORST } from './outcome.fixture.ts';

// of Jenkins' xUnit plugin, as pytest 9.2.0 carries it to check its own reports
const SCHEMA = readFileSync(join(import.meta.dirname, 'junit-10.xsd'), 'utf8');

const written = (one: Outcome): string => junit(OPTIONS).ended(one);

/** Attributes of every case, with the names of the elements in it. */
function cases(text: string): { classname: string; name: string; inside: string[] }[] {
  const found: { classname: string; name: string; inside: string[] }[] = [];
  create(text).each(
    ({ node }) => {
      if (node.nodeName !== 'testcase') return;
      const element = node as unknown as {
        getAttribute(name: string): string;
        childNodes: Iterable<{ nodeName: string }>;
      };
      const inside = [...element.childNodes].map(({ nodeName }) => nodeName).filter((name) => !name.startsWith('#'));
      found.push({ classname: element.getAttribute('classname'), name: element.getAttribute('name'), inside });
    },
    false,
    true,
  );
  return found;
}

test.for([
  ['of news, known ways, sabotage and checks', PLAIN],
  ['of an undecided campaign', UNDECIDED],
  ['of one where every law held', HELD],
] as const)('the whole report %s', ([, one]) => {
  expect(written(one)).toMatchSnapshot();
});

test('the whole report of hostile names', () => {
  expect(written(WORST).replaceAll(/l{400,}/g, (run) => `<l ${run.length} times>`)).toMatchSnapshot();
});

test('is valid by the schema of Jenkins', async () => {
  const xml = [PLAIN, UNDECIDED, HELD, WORST].map((one, k) => ({ fileName: `${k}.xml`, contents: written(one) }));
  const { valid, rawOutput } = await validateXML({ xml, schema: SCHEMA });
  expect(rawOutput).not.toContain('error');
  expect(valid).toBe(true);
});

test('the schema refuses what is no report', async () => {
  const { valid } = await validateXML({ xml: '<testsuites><testsuite name="a"/></testsuites>', schema: SCHEMA });
  expect(valid).toBe(false);
});

test('any text is well formed, and no case has the name of another', async () => {
  const reports: string[] = [];
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }), (names) => {
      const checks = [...names, ...names].map(
        (name) => ({ part: 'corpus', name, result: 'failed', said: name, token: null }) as const,
      );
      const findings = names.map((name) => finding({ signature: `${name} | ${name} | ${name}` }));
      const text = written(outcome({ verdict: 'violated', findings, checks, seed: names.join('') }));
      const identities = cases(text).map(({ classname, name }) => `${classname} ${name}`);
      expect(new Set(identities).size).toBe(identities.length);
      reports.push(text);
    }),
    { numRuns: 30 },
  );
  const xml = reports.map((contents, k) => ({ fileName: `${k}.xml`, contents }));
  const { errors } = await validateXML({ xml, schema: SCHEMA });
  expect(errors).toEqual([]);
});

test.for([PLAIN, UNDECIDED, HELD, WORST])('counts are those of the cases', (one) => {
  const text = written(one);
  const [, tests, failures, errors] =
    /<testsuites name="claimcheck" tests="(\d+)" failures="(\d+)" errors="(\d+)"/.exec(text)!;
  const all = cases(text);
  const having = (what: string): string => String(all.filter(({ inside }) => inside.includes(what)).length);
  expect([tests, failures, errors]).toEqual([String(all.length), having('failure'), having('error')]);
  expect(/ skipped="(\d+)"/.exec(text)![1]).toBe(having('skipped'));
});

test('what could not be decided is an error', () => {
  const bad = (one: Outcome): string[] =>
    cases(written(one))
      .filter(({ inside }) => inside.includes('error') || inside.includes('failure'))
      .map(({ name }) => name);
  expect(bad(HELD)).toEqual([]);
  expect(bad(UNDECIDED)).toContain('the campaign was decided');
  expect(bad(outcome({ verdict: 'interrupted' }))).toEqual(['the campaign was decided']);
});
