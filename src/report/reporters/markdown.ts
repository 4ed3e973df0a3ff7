/** Markdown, for a job's summary, a merge request or a page of a wiki. */
import type { CountedFinding } from '../../campaign/campaign.ts';
import { harmless } from '../../scenario/printable.ts';
import { count, sorted, statisticsLines, verdictSentence } from '../campaign-report.ts';
import { cell, fenced, list, prose, span, table } from '../markdown.ts';
import type { Outcome, Reporter, ReporterOptions } from '../reporter.ts';

/** A summary on GitHub is at most 1 MiB, and nobody reads on for as long. */
const SHOWN = 50;

export const markdown = (options: ReporterOptions): Reporter => ({
  ended: (outcome) => {
    const { campaign, verdict } = outcome;
    const { news, known, sabotage } = sorted(campaign);
    return [
      `# claimcheck: ${verdict}`,
      sentence(outcome, options),
      ...found(news, 'not on the known list', options),
      ...checked(outcome, options),
      ...knownTable(known),
      ...found(sabotage, 'by sabotage, which lies outside the contract', options),
      '## Statistics',
      list(statisticsLines(campaign, outcome.checks).map(prose)),
      ...(outcome.commit === null ? [] : [`Commit ${prose(outcome.commit)}.`]),
      `Printed by ${prose(`claimcheck ${outcome.command}`)}.`,
    ].join('\n\n');
  },
});

/** The verdict's sentence is ours but for the seed, which is any text. */
function sentence({ campaign, verdict, checks }: Outcome, options: ReporterOptions): string {
  const { seed } = campaign.config;
  return verdictSentence(campaign, verdict, checks, options).split(JSON.stringify(seed)).map(prose).join(span(seed));
}

function found(findings: readonly CountedFinding[], what: string, { replayLine }: ReporterOptions): string[] {
  if (findings.length === 0) return [];
  const shown = findings.slice(0, SHOWN);
  const rows = shown.map(({ count: seen, invariants, signature }, k) => {
    const [, cause = '', endState = ''] = signature.split(' | ');
    return [String(k + 1), String(seen), cell(invariants.join(', ')), cell(cause), cell(endState)];
  });
  return [
    `## ${count(findings.length, 'way')} to break the laws, ${what}`,
    ...fewer(shown, findings),
    table(['#', 'seen', 'laws broken', 'cause', 'end state'], rows),
    'See it again:',
    fenced(shown.map(({ token }, k) => `# ${k + 1}\n${harmless(replayLine(token))}`).join('\n')),
  ];
}

function checked({ checks }: Outcome, { replayLine }: ReporterOptions): string[] {
  if (checks.length === 0) return [];
  const open = checks.filter(({ result }) => result !== 'passed');
  const shown = open.slice(0, SHOWN);
  const parts = [...new Set(checks.map(({ part }) => part))].map((part) => {
    const of = checks.filter((check) => check.part === part);
    return `${prose(part)}: ${of.filter(({ result }) => result === 'passed').length} of ${of.length} passed`;
  });
  const lines = shown.flatMap(({ token }, k) => (token === null ? [] : [`# ${k + 1}\n${harmless(replayLine(token))}`]));
  return [
    '## Checks',
    list(parts),
    ...fewer(shown, open),
    ...(shown.length === 0
      ? []
      : [
          table(
            ['#', 'part', 'check', 'result', 'what was seen'],
            shown.map(({ part, name, result, said }, k) => [String(k + 1), ...[part, name, result, said].map(cell)]),
          ),
        ]),
    ...(lines.length === 0 ? [] : ['See it again:', fenced(lines.join('\n'))]),
  ];
}

/** A line a reason; what is by design comes last. */
function knownTable(known: readonly CountedFinding[]): string[] {
  if (known.length === 0) return [];
  const reasons = new Map<string, { weakness: string; reason: string; ways: number; seen: number }>();
  for (const { known: entry, count: seen } of known) {
    const { weakness, reason } = entry!;
    const key = JSON.stringify([weakness, reason]);
    const sum = reasons.get(key) ?? { weakness, reason, ways: 0, seen: 0 };
    reasons.set(key, { ...sum, ways: sum.ways + 1, seen: sum.seen + seen });
  }
  const byDesign = ({ weakness }: { weakness: string }): number => Number(weakness === 'by design');
  const rows = [...reasons.values()].sort((a, b) => byDesign(a) - byDesign(b));
  return [
    `## ${count(known.length, 'known way')} to break the laws`,
    table(
      ['weakness', 'ways', 'seen', 'what Nova does'],
      rows.map(({ weakness, reason, ways, seen }) => [cell(weakness), String(ways), String(seen), cell(reason)]),
    ),
  ];
}

const fewer = (shown: readonly unknown[], all: readonly unknown[]): string[] =>
  shown.length === all.length ? [] : [`The first ${shown.length} of ${all.length}.`];
