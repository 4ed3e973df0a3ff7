/**
 * JUnit's XML, as Jenkins, GitLab, Zuul and others read it: a case a law, one a situation that a campaign must reach, one a check
 * of a gate. What could not be decided is an error, so that no dashboard shows it green.
 */
import { create } from 'xmlbuilder2';
import type { Campaign, CountedFinding } from '../../campaign/campaign.ts';
import { missed } from '../../campaign/verdict.ts';
import { CLOUD_LAWS } from '../../contract/contracts.ts';
import { SOMETIMES } from '../../contract/sometimes.ts';
import { harmless, shortened } from '../../scenario/printable.ts';
import { count, sorted, statisticsLines, verdictSentence } from '../campaign-report.ts';
import type { Check, Outcome, Reporter, ReporterOptions } from '../reporter.ts';

interface Case {
  readonly classname: string;
  readonly name: string;
  readonly result: 'passed' | 'failure' | 'error' | 'skipped';
  /** one line, where it did not pass */
  readonly message: string;
  readonly lines: readonly string[];
  /** what is told besides */
  readonly output: readonly string[];
}

export const junit = (options: ReporterOptions): Reporter => ({
  ended: (outcome) => xml(outcome, unambiguous(casesOf(outcome, options))),
});

function casesOf(outcome: Outcome, options: ReporterOptions): Case[] {
  const { campaign, checks } = outcome;
  return [
    decided(outcome, options),
    ...lawsOf(campaign).map(({ id, law }) => lawCase(campaign, id, law, options)),
    ...situations(outcome),
    ...checks.map((check) => checkCase(check, options)),
  ];
}

const passed = { result: 'passed', message: '', lines: [], output: [] } as const;

/** A campaign that was stopped, or saw too little, says nothing of the laws that it did not see broken. */
function decided({ campaign, verdict, checks }: Outcome, options: ReporterOptions): Case {
  const about = { ...passed, classname: 'claimcheck', name: 'the campaign was decided' };
  const said = verdictSentence(campaign, verdict, checks, options);
  if (verdict !== 'undecided' && verdict !== 'interrupted') return { ...about, output: [said] };
  return { ...about, result: 'error', message: said, lines: [said] };
}

/** The laws of the contract, and whatever else a finding breaks. */
function lawsOf({ contract, findings }: Campaign): { id: string; law: string }[] {
  const laws = new Map<string, string>();
  for (const { id, law } of [...contract.invariants, ...(contract.cloud ? CLOUD_LAWS : [])]) laws.set(id, law);
  for (const { invariants } of findings.values()) {
    for (const id of invariants) if (!laws.has(id)) laws.set(id, '');
  }
  return [...laws].map(([id, law]) => ({ id, law }));
}

function lawCase(campaign: Campaign, id: string, law: string, options: ReporterOptions): Case {
  const { news, known, sabotage } = sorted(campaign);
  const breaks = ({ invariants }: CountedFinding): boolean => invariants.includes(id);
  const about = {
    classname: `claimcheck.${campaign.config.protocol}.${campaign.contract.id}`,
    name: id,
    output: [
      ...(law === '' ? [] : [law]),
      ...reasonsOf(known.filter(breaks)),
      ...sabotage.filter(breaks).map(({ signature, count: seen }) => `by sabotage, seen ${times(seen)}: ${signature}`),
    ],
  };
  const broken = news.filter(breaks);
  if (broken.length === 0) return { ...passed, ...about };
  return {
    ...about,
    result: 'failure',
    message: `${count(broken.length, 'way')} to break it that the known list does not have: ${law}`,
    lines: broken.flatMap((finding) => findingLines(finding, id, options)),
  };
}

function findingLines(finding: CountedFinding, id: string, { replayLine }: ReporterOptions): string[] {
  const { signature, invariants, details, count: seen, token } = finding;
  return [
    `${details[invariants.indexOf(id)] ?? details[0] ?? ''}, seen ${times(seen)}`,
    `  ${signature}`,
    `  ${replayLine(token)}`,
  ];
}

/** A line a reason of the known list, as often as its signatures were seen. */
function reasonsOf(known: readonly CountedFinding[]): string[] {
  const reasons = new Map<string, { ways: number; seen: number }>();
  for (const { known: entry, count: seen } of known) {
    const line = `${entry!.weakness}: ${entry!.reason}`;
    const sum = reasons.get(line) ?? { ways: 0, seen: 0 };
    reasons.set(line, { ways: sum.ways + 1, seen: sum.seen + seen });
  }
  return [...reasons].map(([line, { ways, seen }]) => `known, ${count(ways, 'way')}, seen ${times(seen)}: ${line}`);
}

const times = (n: number): string => (n === 1 ? 'once' : `${n} times`);

/** What must be reached at least once: an error only where it leaves the verdict open. */
function situations({ campaign, verdict }: Outcome): Case[] {
  const { sometimes } = campaign.statistics;
  const never = missed(campaign);
  const claims = new Map(SOMETIMES.map(({ id, claim }) => [id, claim]));
  for (const id of never) if (!claims.has(id)) claims.set(id, id);
  return [...claims].map(([id, claim]) => {
    const about = { ...passed, classname: 'claimcheck.sometimes', name: id, output: [claim] };
    const seen = sometimes[id] ?? 0;
    if (seen > 0) return { ...about, output: [`${claim}: ${times(seen)}`] };
    if (!never.includes(id)) return { ...about, result: 'skipped', message: 'not possible in this campaign' };
    if (verdict === 'undecided') return { ...about, result: 'error', message: 'never reached', lines: [claim] };
    return { ...about, result: 'skipped', message: 'never reached, which leaves no verdict open here' };
  });
}

function checkCase({ part, name, result, said, token }: Check, { replayLine }: ReporterOptions): Case {
  const lines = [said, ...(token === null ? [] : [replayLine(token)])];
  const about = { ...passed, classname: `claimcheck.${part}`, name };
  if (result === 'passed') return { ...about, output: lines };
  return { ...about, result: result === 'failed' ? 'failure' : 'error', message: said, lines };
}

// ---- as XML

/** Readers take class and name for the identity of a case: a second one of the same is numbered. */
function unambiguous(cases: readonly Case[]): Case[] {
  const taken = new Set<string>();
  return cases.map((one) => {
    const [classname, plain] = [shortened(one.classname), shortened(one.name)];
    let name = plain;
    for (let k = 2; taken.has(`${classname}\n${name}`); k++) name = `${plain} (${k})`;
    taken.add(`${classname}\n${name}`);
    return { ...one, classname, name };
  });
}

/** What XML 1.0 has no way to write and `harmless` lets through: U+FFFE, U+FFFF. */
const unwritable = (character: string): string => `\\u${character.charCodeAt(0).toString(16).toUpperCase()}`;

const text = (lines: readonly string[]): string => lines.map(harmless).join('\n');

function xml({ seconds, command, commit, campaign, verdict, checks }: Outcome, cases: readonly Case[]): string {
  const of = (result: Case['result']): string => String(cases.filter((one) => one.result === result).length);
  const counts = {
    tests: String(cases.length),
    failures: of('failure'),
    errors: of('error'),
    time: seconds.toFixed(3),
  };
  const document = create({ version: '1.0', encoding: 'UTF-8', invalidCharReplacement: unwritable });
  const suite = document
    .ele('testsuites', { name: 'claimcheck', ...counts })
    .ele('testsuite', { name: 'claimcheck', ...counts, skipped: of('skipped') });
  const properties = suite.ele('properties');
  for (const [name, value] of [
    ['command', command],
    ['commit', commit ?? 'not known'],
    ['seed', campaign.config.seed],
    ['verdict', verdict],
  ] as const) {
    properties.ele('property', { name, value: shortened(value) });
  }
  for (const { classname, name, result, message, lines, output } of cases) {
    const one = suite.ele('testcase', { classname, name });
    if (result !== 'passed') one.ele(result, { message: shortened(message) }).txt(text(lines));
    if (output.length > 0) one.ele('system-out').txt(text(output));
  }
  suite.ele('system-out').txt(text(statisticsLines(campaign, checks)));
  return document.end({ prettyPrint: true });
}
