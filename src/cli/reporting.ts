/** `--reporter NAME` or `NAME=FILE`, as often as one likes: one of them on stdout, the others each in its file. */
import { existsSync, lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { Option } from 'commander';
import type { CountedFinding } from '../campaign/campaign.ts';
import { writeWhole } from '../journal/records.ts';
import type { Outcome, Reporter } from '../report/reporter.ts';
import { REPORTERS, type ReporterName } from '../report/reporters/reporters.ts';
import { printable } from '../scenario/printable.ts';
import { NOVA_RELEASES } from '../scenario/scenario.ts';
import { note, oneOf, print, replayLine, UsageError, useColor } from './context.ts';

export interface ReporterSpec {
  readonly name: ReporterName;
  /** null: stdout */
  readonly file: string | null;
}

const NAMES = Object.keys(REPORTERS) as ReporterName[];

export const reporterOption = (): Option =>
  new Option(
    '--reporter <name[=file]>',
    `how the result is told, to stdout or a file: ${NAMES.join(', ')}; may be repeated`,
  )
    .argParser((text: string, before: readonly ReporterSpec[] | undefined) => [...(before ?? []), specOf(text)])
    .default([], 'terminal');

function specOf(text: string): ReporterSpec {
  const at = text.indexOf('=');
  const name = oneOf('--reporter', NAMES)(at < 0 ? text : text.slice(0, at));
  const file = at < 0 ? null : text.slice(at + 1);
  if (file !== null && !existsSync(dirname(file === '' ? '.' : file))) {
    throw new UsageError(`--reporter ${name}: there is no folder ${printable(dirname(file))}`);
  }
  if (file === '') throw new UsageError(`--reporter ${name}= names no file`);
  if (file !== null && lstatSync(file, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new UsageError(`--reporter ${name}: ${printable(file)} is a folder, not a file`);
  }
  return { name, file };
}

export interface ReportingFlags {
  readonly reporter: readonly ReporterSpec[];
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export class Reporting {
  private readonly reporters: readonly { readonly spec: ReporterSpec; readonly reporter: Reporter }[];

  /** @param list of the user's, whose release of Nova nobody knows */
  constructor({ reporter, json, verbose }: ReportingFlags, list: string | undefined) {
    const specs: ReporterSpec[] = [...reporter];
    if (json === true) specs.push({ name: 'json', file: null });
    if (!specs.some(({ file }) => file === null)) specs.push({ name: 'terminal', file: null });
    const first = specs.filter(({ file }) => file === null).map(({ name }) => name);
    if (first.length > 1) {
      throw new UsageError(
        `${first.join(' and ')} would both print to stdout: give all but one a file, as in --reporter ${first[1]}=FILE`,
      );
    }
    const [same] = specs.filter(({ file }, k) => specs.findIndex((one) => one.file === file) !== k);
    if (same !== undefined) throw new UsageError(`two reporters would write ${printable(same.file ?? '')}`);
    this.reporters = specs.map((spec) => ({
      spec,
      reporter: REPORTERS[spec.name]({
        color: spec.file === null && useColor(process.stdout),
        verbose: verbose === true,
        replayLine,
        madeFor: list === undefined ? NOVA_RELEASES.newest : null,
      }),
    }));
  }

  found(finding: CountedFinding): void {
    for (const { reporter } of this.reporters) reporter.found?.(finding);
  }

  /** A file that cannot be written costs that file alone. @returns whether all were */
  ended(outcome: Outcome): boolean {
    let whole = true;
    for (const { spec, reporter } of this.reporters) {
      const text = reporter.ended(outcome);
      if (spec.file === null) {
        print(text);
        continue;
      }
      try {
        writeWhole(spec.file, text.endsWith('\n') ? text : `${text}\n`);
      } catch (error) {
        note(`claimcheck: ${error instanceof Error ? error.message : String(error)}`);
        whole = false;
      }
    }
    return whole;
  }
}
