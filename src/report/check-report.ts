/** What a check tells. */
import { createColors } from 'picocolors';
import type { CheckFinding } from '../check/findings.ts';
import { type CheckResult, verdictOfCheck } from '../check/result.ts';
import type { Scope } from '../check/scope.ts';
import type { Figures } from '../check/search.ts';
import type { ReportOptions } from './campaign-report.ts';
import { count, timeWords } from './campaign-report.ts';
import { table } from './tables.ts';

const thousands = (n: number): string => n.toLocaleString('en-US');
const many = (n: number, what: string): string => `${thousands(n)} ${what}${n === 1 ? '' : 's'}`;

export function scopeWords(scope: Scope): string {
  const { hosts, flavors, servers, operations, faults, holds, together, crashes, anyRequest } = scope;
  const things = [count(hosts, 'host'), count(flavors, 'flavor'), count(servers, 'server')];
  const either = together < faults + holds ? ` (${together} of both)` : '';
  const asked = `${count(operations, 'operation')}${anyRequest ? ' (any request)' : ''}`;
  const events = [asked, count(faults, 'fault'), `${count(holds, 'hold')}${either}`];
  return `${things.join(', ')}, ${events.join(', ')}, ${crashes === 1 ? '1 crash' : `${crashes} crashes`}`;
}

/** How far a search is: what is complete is so for every scenario of so many operations. */
export function completeWords({ operations }: Scope, { complete, frontier }: Figures): string {
  if (complete === operations) return 'complete: every scenario of the scope';
  const begun = `of the ${many(frontier.of, 'world')} behind ${complete === 1 ? 'it' : 'them'} ${thousands(frontier.done)} were gone on from`;
  return complete === 0
    ? `complete up to no operation; of the ${many(frontier.of, 'world')} that it begins with ${thousands(frontier.done)} were gone on from`
    : `complete up to ${count(complete, 'operation')}; ${begun}`;
}

/** Of one that goes on: where it is, and how long the worlds of this depth take if they are like those before. */
export function checkProgress(
  { operations }: Scope,
  { complete, frontier, states, transitions }: Figures,
  { elapsed, depth, memory, signatures }: Progress,
): string {
  const rate = Math.round(transitions / Math.max(0.001, elapsed));
  const left =
    frontier.done === 0 ? '' : `, about ${timeWords((depth * (frontier.of - frontier.done)) / frontier.done)} left`;
  const last = complete + 1 === operations ? '' : ' of this depth';
  return (
    `operation ${complete + 1} of ${operations}: ${thousands(frontier.done)} of ${many(frontier.of, 'world')}${left}${left === '' ? '' : last}; ` +
    `${many(states, 'state')}, ${many(transitions, 'transition')}, ${thousands(rate)} a second, ${count(signatures, 'signature')}, ${Math.round(memory / 1e6)} MB`
  );
}

export interface Progress {
  /** seconds since it began, and since this depth began */
  readonly elapsed: number;
  readonly depth: number;
  readonly memory: number;
  readonly signatures: number;
}

export function figuresLines({ figures, causes, seconds }: CheckResult): string[] {
  const { states, transitions, steps, packed, placings } = figures;
  const rate = Math.round(transitions / Math.max(0.001, seconds));
  return [
    `${many(states, 'state')} at rest from ${many(placings, 'placing')} of the servers, ${many(transitions, 'transition')}, ${many(steps, 'step')} of handlers`,
    `${seconds.toFixed(1)} s, ${thousands(rate)} transitions a second, ${Math.round(packed / Math.max(1, states))} bytes a state`,
    causes
      ? 'states that differ only in what struck are told apart: every signature is seen'
      : 'states that differ only in what struck are one: whether a law breaks is seen, not in how many ways',
  ];
}

export function checkReport(result: CheckResult, options: ReportOptions): string {
  const paint = createColors(options.color);
  const { findings, scope, figures } = result;
  const news = findings.filter(({ known }) => known === null);
  const known = findings.filter((finding) => finding.known !== null);
  const parts: string[] = [];
  if (news.length > 0) {
    parts.push(
      paint.bold(paint.red(`${count(news.length, 'way')} to break the laws that the known list does not have`)),
    );
    parts.push(newsTable(news, options), lines(news, 1, options));
  }
  if (known.length > 0) {
    parts.push(paint.bold(`${count(known.length, 'known way')} to break the laws, one line a reason`));
    const shown = options.verbose ? known : oneEach(known);
    parts.push(knownTable(known, shown, news.length + 1, options), lines(shown, news.length + 1, options));
  }
  const figured = [...figuresLines(result), completeWords(scope, figures)];
  parts.push(paint.bold('Statistics'), figured.map((line) => `  ${line}`).join('\n'));
  parts.push(paint.bold(checkSentence(result)));
  return parts.join('\n\n');
}

export function checkSentence(result: CheckResult): string {
  const { findings, scope, figures, protocol, contract, stopped } = result;
  const what = `${scopeWords(scope)}, protocol ${protocol}, contract ${contract}`;
  const news = findings.filter(({ known }) => known === null).length;
  const all = figures.complete === scope.operations ? 'every scenario of ' : '';
  const partly = all === '' ? ` It is ${completeWords(scope, figures)}.` : '';
  switch (verdictOfCheck(result)) {
    case 'held':
      return `HELD: ${all}${what}: every law held.`;
    case 'known':
      return `KNOWN: ${all}${what}: ${count(findings.length, 'way')} to break the laws, all of them known.`;
    case 'violated':
      return `VIOLATED: ${all}${what}: ${count(news, 'unknown way')} to break the laws.${partly}`;
    case 'interrupted':
      return `INTERRUPTED: ${what}: ${soFar(findings)}.${partly}`;
    case 'undecided':
      return `UNDECIDED: ${what}: ${soFar(findings)} when ${stopped === 'time' ? 'the time' : 'the memory'} was used up.${partly}`;
  }
}

const soFar = (findings: readonly CheckFinding[]): string =>
  findings.length === 0 ? 'every law held' : `${count(findings.length, 'way')} to break the laws, all of them known,`;

export function checkJson(result: CheckResult): object {
  const { protocol, contract, scope, causes, stopped, figures, findings } = result;
  const { steps: _steps, packed: _packed, ...counts } = figures;
  return {
    verdict: verdictOfCheck(result),
    protocol,
    contract,
    scope,
    causes,
    stopped,
    figures: counts,
    findings: findings.map(({ scenario: _scenario, known, ...finding }) => ({
      ...finding,
      known: known === null ? null : { weakness: known.weakness, reason: known.reason },
    })),
  };
}

const newsTable = (findings: readonly CheckFinding[], { color }: ReportOptions): string =>
  table(
    ['#', 'laws broken', 'cause and end state'],
    findings.map(({ invariants, signature }, k) => [String(k + 1), invariants.join(', '), told(signature)]),
    { color },
  );

const knownTable = (
  known: readonly CheckFinding[],
  shown: readonly CheckFinding[],
  first: number,
  { color, verbose }: ReportOptions,
): string =>
  table(
    ['#', 'weakness', 'ways', 'what Nova does', 'for instance'],
    shown.map((finding, k) => {
      const { weakness, reason } = finding.known!;
      const ways = verbose ? 1 : known.filter((other) => other.known!.reason === reason).length;
      const example = `${finding.invariants.join(', ')}\n${told(finding.signature)}`;
      return [String(first + k), weakness, String(ways), reason, example];
    }),
    { color },
  );

function told(signature: string): string {
  const [, cause = '', endState = ''] = signature.split(' | ');
  return `${cause}\n${endState}`;
}

/** The shortest for each reason. */
function oneEach(known: readonly CheckFinding[]): CheckFinding[] {
  const reasons = new Set<string>();
  return known.filter((finding) => {
    const { reason } = finding.known!;
    if (reasons.has(reason)) return false;
    reasons.add(reason);
    return true;
  });
}

const lines = (findings: readonly CheckFinding[], first: number, { replayLine }: ReportOptions): string =>
  ['See it again:', ...findings.map(({ token }, k) => `  # ${first + k}\n  ${replayLine(token)}`)].join('\n');
