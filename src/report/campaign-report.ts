/** What a campaign prints: for people on a terminal, for machines as JSON. */
import { createColors } from 'picocolors';
import type { Campaign, CountedFinding } from '../campaign/campaign.ts';
import { inOrder } from '../campaign/statistics.ts';
import { isNews, isSabotage, missed, type Verdict, within } from '../campaign/verdict.ts';
import type { KnownSignature } from '../contract/known/known.ts';
import { SOMETIMES } from '../contract/sometimes.ts';
import { NOVA_RELEASES } from '../scenario/scenario.ts';
import { decodeToken } from '../scenario/token.ts';
import { assuranceLines, unseenOf } from './assurance.ts';
import type { Check } from './reporter.ts';
import { table } from './tables.ts';

/** From so many on, a reason of the known list that was never seen is named: some take one scenario in fifty thousand. */
const LONG_FOR_KNOWN = 100_000;

/** Nothing in it depends on the time or the machine: two runs of one seed print the same. */
export function campaignJson(campaign: Campaign, verdict: Verdict): object {
  const { config, statistics } = campaign;
  return {
    verdict,
    seed: config.seed,
    protocol: config.protocol,
    contract: config.contract,
    defects: config.defects,
    repairs: config.repairs,
    ...(config.sabotage === true ? { sabotage: true } : {}),
    ...(older(campaign) ? { nova_release: config.novaRelease } : {}),
    runs: statistics.runs,
    findings: ordered(campaign).map((finding) => ({
      signature: finding.signature,
      invariant: finding.invariants[0],
      invariants: finding.invariants,
      known: finding.known?.weakness ?? null,
      ...(config.sabotage === true ? { sabotage: finding.sabotage } : {}),
      row: finding.known?.row ?? null,
      token: finding.token,
      operations: finding.operations,
      faults: finding.faults,
      holds: finding.holds,
      count: finding.count,
    })),
    statistics: { ...inOrder(statistics), executions: campaign.executions, missed: missed(campaign) },
    /** of the next scenario: the chance of a way to break the laws that was not seen, and how many were seen once */
    unseen: unseenOf(campaign),
  };
}

/** News first, then what sabotage broke, then by how often it was seen. */
export function ordered({ findings }: Campaign): CountedFinding[] {
  return [...findings.values()].sort(
    (a, b) =>
      Number(a.known !== null) - Number(b.known !== null) ||
      Number(a.sabotage) - Number(b.sabotage) ||
      b.count - a.count ||
      (a.signature < b.signature ? -1 : a.signature > b.signature ? 1 : 0),
  );
}

/** Of a campaign under way; it has so many scenarios to run, or so much time. */
export function progressLine(
  campaign: Campaign,
  {
    runs,
    seconds,
    elapsed,
  }: { readonly runs: number | null; readonly seconds: number | null; readonly elapsed: number },
): string {
  const { statistics, findings } = campaign;
  const news = [...findings.values()].filter(isNews).length;
  const rate = statistics.runs / Math.max(0.001, elapsed);
  const reached = Object.keys(statistics.reached).length;
  const left = Math.min(
    runs === null ? Number.POSITIVE_INFINITY : (runs - statistics.runs) / Math.max(1, rate),
    seconds === null ? Number.POSITIVE_INFINITY : Math.max(0, seconds - elapsed),
  );
  return (
    `${statistics.runs}${runs === null ? '' : ` of ${runs}`} scenarios, ${Math.round(rate)} a second, ${timeWords(left)} left, ` +
    `${findings.size} findings (${news} new), ${reached} of ${within(campaign).points} failure points reached`
  );
}

function timeWords(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

export interface ReportOptions {
  readonly color: boolean;
  readonly verbose: boolean;
  readonly replayLine: (token: string) => string;
  /** the release of Nova whose known list it is, or null for a list of the user's */
  readonly madeFor: number | null;
}

export function campaignReport(
  campaign: Campaign,
  verdict: Verdict,
  options: ReportOptions,
  checks: readonly Check[] = [],
): string {
  const paint = createColors(options.color);
  const { news, sabotage, known } = sorted(campaign);
  const parts: string[] = [];
  if (news.length > 0) {
    parts.push(
      paint.bold(paint.red(`${count(news.length, 'way')} to break the laws that the known list does not have`)),
    );
    parts.push(findingsTable(news, 1, options));
    parts.push(reproLines(news, 1, options));
  }
  if (sabotage.length > 0) {
    parts.push(
      paint.bold(`${count(sabotage.length, 'way')} to break the laws by sabotage, which lies outside the contract`),
    );
    const shown = options.verbose ? sabotage : oneEachSaboteur(sabotage);
    if (shown.length < sabotage.length) parts.push('The most frequent for each operation; --verbose prints all.');
    parts.push(findingsTable(shown, news.length + 1, options));
    parts.push(reproLines(shown, news.length + 1, options));
  }
  const firstKnown = news.length + sabotage.length + 1;
  if (known.length > 0) {
    parts.push(paint.bold(`${count(known.length, 'known way')} to break the laws, one line a reason`));
    const shown = options.verbose ? known : oneEach(known);
    parts.push(knownTable(known, shown, firstKnown, options));
    parts.push(reproLines(shown, firstKnown, options));
  }
  parts.push(paint.bold('Statistics'), statisticsText(campaign, checks));
  if (checks.length > 0) parts.push(paint.bold('Checks'), checkLines(checks, options));
  parts.push(paint.bold(verdictSentence(campaign, verdict, checks, options)));
  return parts.join('\n\n');
}

export const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

function findingsTable(findings: readonly CountedFinding[], first: number, { color }: ReportOptions): string {
  return table(
    ['#', 'seen', 'laws broken', 'cause and end state'],
    findings.map(({ count: seen, invariants, signature }, k) => {
      const [, cause = '', endState = ''] = signature.split(' | ');
      return [String(first + k), String(seen), invariants.join(', '), `${cause}\n${endState}`];
    }),
    { color },
  );
}

/** The most frequent signature for each set of operations that were sabotage. */
function oneEachSaboteur(findings: readonly CountedFinding[]): CountedFinding[] {
  const seen = new Set<string>();
  return findings.filter(({ signature }) => {
    const [, cause = ''] = signature.split(' | ');
    const [saboteurs = ''] = cause.split(' + ');
    if (seen.has(saboteurs)) return false;
    seen.add(saboteurs);
    return true;
  });
}

/** The most frequent signature for each reason; open weaknesses before what is by design. */
function oneEach(known: readonly CountedFinding[]): CountedFinding[] {
  const seen = new Set<string>();
  const first = known.filter(({ known: entry }) => {
    const { reason } = entry!;
    if (seen.has(reason)) return false;
    seen.add(reason);
    return true;
  });
  const byDesign = (finding: CountedFinding): number => Number(finding.known!.weakness === 'by design');
  return first.sort((a, b) => byDesign(a) - byDesign(b));
}

function knownTable(
  known: readonly CountedFinding[],
  shown: readonly CountedFinding[],
  first: number,
  options: ReportOptions,
): string {
  return table(
    ['#', 'weakness', 'ways', 'seen', 'what Nova does', 'for instance'],
    shown.map((finding, k) => {
      const { weakness, reason } = finding.known!;
      const same = options.verbose ? [finding] : known.filter((other) => other.known!.reason === reason);
      const [, cause = '', endState = ''] = finding.signature.split(' | ');
      return [
        String(first + k),
        weakness,
        String(same.length),
        String(same.reduce((sum, other) => sum + other.count, 0)),
        reason,
        `${finding.invariants.join(', ')}\n${cause}\n${endState}`,
      ];
    }),
    { color: options.color },
  );
}

function reproLines(findings: readonly CountedFinding[], first: number, { replayLine }: ReportOptions): string {
  return ['See it again:', ...findings.map(({ token }, k) => `  # ${first + k}\n  ${replayLine(token)}`)].join('\n');
}

function statisticsText(campaign: Campaign, checks: readonly Check[]): string {
  return statisticsLines(campaign, checks)
    .map((line) => `  ${line}`)
    .join('\n');
}

export function statisticsLines(campaign: Campaign, checks: readonly Check[]): string[] {
  const { statistics } = campaign;
  const { faults, holds, moves } = statistics;
  const { points, pairs } = within(campaign);
  const lines: string[] = [];
  const operations = Object.entries(inOrder(statistics).operations).map(
    ([name, { accepted, refused, skipped }]) => `${name} ${accepted}/${refused}/${skipped}`,
  );
  lines.push(`operations (accepted/refused/skipped): ${operations.join(', ')}`);
  lines.push(
    `faults: ${faults.armed} armed, ${faults.fired} fired; holds: ${holds.armed} armed, ${holds.struck} struck, ${holds.broken} broken`,
  );
  const fired = pairs.filter((pair) => statistics.fired[pair] !== undefined).length;
  lines.push(
    `failure points reached: ${Object.keys(statistics.reached).length} of ${points}; ` +
      `pairs of point and fault fired: ${fired} of ${pairs.length}`,
  );
  const share = (part: number, whole: number): string => (whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`);
  lines.push(
    `moves that committed: ${share(moves.faultFreeCommitted, moves.faultFree)} of ${moves.faultFree} without a fault, ` +
      `${share(moves.faultedCommitted, moves.faulted)} of ${moves.faulted} with one`,
  );
  const states = Object.entries(statistics.endStates).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  lines.push(`end states: ${states.map(([state, n]) => `${state} ${n}`).join(', ')}`);
  const never = missed(campaign);
  const times = (id: string): string => {
    const count = statistics.sometimes[id]!;
    if (count > 0) return `${count}`;
    return never.includes(id) ? 'NOT REACHED' : 'not possible here';
  };
  lines.push(`sometimes: ${SOMETIMES.map(({ id }) => `${id} ${times(id)}`).join(', ')}`);
  lines.push(...knownLines(campaign), ...assuranceLines(campaign, checks));
  return lines;
}

/** How much of the known list was seen; a weakness that was mended is one that is seen no more. */
export function knownLines({ known, findings, config, statistics }: Campaign): string[] {
  // a witness stands for the contract that it was found under, and most were found under strict
  const due = config.contract === 'strict' ? [...known].filter(([, entry]) => isDue(entry, config)) : [];
  if (due.length === 0) return [];
  const seen = due.filter(([signature]) => findings.has(signature));
  const reasons = (of: typeof due): Map<string, string> =>
    new Map(of.map(([, { reason, weakness }]) => [reason, weakness]));
  const [all, met] = [reasons(due), reasons(seen)];
  const lines = [
    `known signatures of contract ${config.contract} seen: ${seen.length} of ${due.length}, for ${met.size} of ${count(all.size, 'reason')}`,
  ];
  if (statistics.runs < LONG_FOR_KNOWN) return lines;
  for (const [reason, weakness] of all) {
    if (!met.has(reason)) lines.push(`known but not seen: ${weakness}: ${reason}`);
  }
  return lines;
}

/** Whether the campaign judges by the laws that the witness was judged by. */
function isDue({ witness }: KnownSignature, { protocol, contract }: Campaign['config']): boolean {
  const reading = decodeToken(witness);
  return reading.ok && reading.value.protocol === protocol && reading.value.contract === contract;
}

/** An older release of Nova than the newest; the rollback protocol has but one. */
const older = ({ config, code }: Campaign): boolean =>
  config.novaRelease !== NOVA_RELEASES.newest && code.protocol.changes.length > 0;

/** Parts of a gate: how many passed, and those that did not. */
function checkLines(checks: readonly Check[], { replayLine }: ReportOptions): string {
  const lines = [...new Set(checks.map(({ part }) => part))].map((part) => {
    const of = checks.filter((check) => check.part === part);
    return `${part}: ${of.filter(({ result }) => result === 'passed').length} of ${of.length} passed`;
  });
  for (const { part, name, result, said, token } of checks) {
    if (result === 'passed') continue;
    lines.push(`${part} ${result}: ${name}: ${said}`);
    if (token !== null) lines.push(`  ${replayLine(token)}`);
  }
  return lines.map((line) => `  ${line}`).join('\n');
}

export interface Sorted {
  readonly news: readonly CountedFinding[];
  readonly known: readonly CountedFinding[];
  readonly sabotage: readonly CountedFinding[];
}

/** Each kind by how often it was seen. */
export function sorted(campaign: Campaign): Sorted {
  const all = ordered(campaign);
  return {
    news: all.filter(isNews),
    known: all.filter(({ known }) => known !== null),
    sabotage: all.filter(isSabotage),
  };
}

/** The sentence that a report ends with. */
export function verdictSentence(
  campaign: Campaign,
  verdict: Verdict,
  checks: readonly Check[],
  { madeFor }: Pick<ReportOptions, 'madeFor'>,
): string {
  const { statistics, config } = campaign;
  const { news, known, sabotage } = sorted(campaign);
  const release = older(campaign) ? ` as of ${config.novaRelease}.0.0` : '';
  const drawn = config.sabotage === true ? ', with sabotage' : '';
  const what = `${count(statistics.runs, 'scenario')} of seed ${JSON.stringify(config.seed)}, protocol ${config.protocol}${release}, contract ${config.contract}${drawn}`;
  const list = older(campaign) && madeFor !== null ? `, which was made for Nova ${madeFor}.0.0` : '';
  const outside = sabotage.length === 0 ? '' : ` Sabotage broke them in ${count(sabotage.length, 'way')}.`;
  switch (verdict) {
    case 'held':
      return `HELD: ${what}: every law held${outside === '' ? '' : ' for every server that was not sabotaged'}.${outside}`;
    case 'known': {
      const listed = known.filter(({ signature }) => campaign.known.has(signature)).length;
      const origin = older(campaign)
        ? `: ${listed} on the known list${list}, ${known.length - listed} that a later release took away`
        : '';
      return `KNOWN: ${what}: ${count(known.length, 'way')} to break the laws, all of them known${origin}.${outside}`;
    }
    case 'violated': {
      const failed = checks.filter(({ result }) => result === 'failed').length;
      const replayed = failed === 0 ? '' : `${count(failed, 'check')} failed`;
      if (news.length === 0) return `VIOLATED: ${what}: ${replayed}.${outside}`;
      const unlisted = list === '' ? '' : `: not on the known list${list}, and not taken away by a later release`;
      const unknown = `${count(news.length, 'unknown way')} to break the laws${unlisted}`;
      return `VIOLATED: ${what}: ${unknown}${replayed === '' ? '' : `; ${replayed}`}.${outside}`;
    }
    case 'undecided': {
      const never = missed(campaign);
      const open = checks.filter(({ result }) => result === 'undecided').map(({ part, name }) => `${part} ${name}`);
      const why = [
        ...(never.length === 0 ? [] : [`never reached: ${never.join(', ')}`]),
        ...(open.length === 0 ? [] : [`not decided: ${open.join(', ')}`]),
      ];
      return `UNDECIDED: ${what}: ${why.join('; ')}.`;
    }
    case 'interrupted':
      return `INTERRUPTED after ${what}.`;
  }
}
