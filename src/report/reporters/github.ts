/** Workflow commands of GitHub Actions: annotations on the run, the verdict in a group of the log. */
import { harmless, shortened } from '../../scenario/printable.ts';
import { count, sorted, statisticsLines, verdictSentence } from '../campaign-report.ts';
import type { Outcome, Reporter, ReporterOptions } from '../reporter.ts';

/** GitHub shows so many annotations of a kind from one step, and drops the rest without a word. */
const SHOWN = 10;

interface Annotation {
  readonly title: string;
  readonly lines: readonly string[];
}

export const github = (options: ReporterOptions): Reporter => ({
  ended: (outcome) => {
    const { campaign, verdict, checks } = outcome;
    const said = verdictSentence(campaign, verdict, checks, options);
    const decided = verdict !== 'undecided' && verdict !== 'interrupted';
    return [
      ...annotations('error', wrongs(outcome, options)),
      ...annotations('warning', [
        ...(decided ? [] : [{ title: 'claimcheck could not decide', lines: [said] }]),
        ...ofChecks(outcome, 'undecided', options),
      ]),
      ...annotations('notice', [{ title: `claimcheck: ${verdict}`, lines: [said] }]),
      command('group', {}, [`claimcheck: ${verdict}`]),
      ...[said, ...statisticsLines(campaign, checks)].map(plain),
      '::endgroup::',
    ].join('\n');
  },
});

function wrongs(outcome: Outcome, options: ReporterOptions): Annotation[] {
  const news = sorted(outcome.campaign).news.map(({ invariants, details, signature, token }) => ({
    title: `claimcheck: ${invariants.join(', ')}`,
    lines: [details.join('; '), signature, options.replayLine(token)],
  }));
  return [...news, ...ofChecks(outcome, 'failed', options)];
}

function ofChecks({ checks }: Outcome, result: 'failed' | 'undecided', { replayLine }: ReporterOptions): Annotation[] {
  return checks
    .filter((check) => check.result === result)
    .map(({ part, name, said, token }) => ({
      title: `claimcheck: ${part}: ${result}`,
      lines: [name, said, ...(token === null ? [] : [replayLine(token)])],
    }));
}

/** The last that is shown says how many are not. */
function annotations(kind: 'error' | 'warning' | 'notice', all: readonly Annotation[]): string[] {
  const shown = all.length <= SHOWN ? all : all.slice(0, SHOWN - 1);
  const rest = all.length - shown.length;
  const more: Annotation[] =
    rest === 0
      ? []
      : [{ title: `claimcheck: ${rest} more`, lines: [`${count(rest, 'more annotation')}: the report has them all`] }];
  return [...shown, ...more].map(({ title, lines }) => command(kind, { title }, lines));
}

/** As GitHub's toolkit writes it, packages/core/src/command.ts. */
function command(name: string, properties: Readonly<Record<string, string>>, lines: readonly string[]): string {
  const of = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(shortened(value))}`);
  return `::${name}${of.length === 0 ? '' : ` ${of.join(',')}`}::${escapeData(lines.map(harmless).join('\n'))}`;
}

const escapeData = (text: string): string => text.replaceAll('%', '%25').replaceAll('\n', '%0A');
const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** A line of the log: the runner takes `::` for a command at its beginning, and `##[` of its older form anywhere. */
const plain = (line: string): string => `  | ${harmless(line).replaceAll('##[', '# #[')}`;
