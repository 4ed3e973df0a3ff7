/** Triage: what is put on the known list with a reason, and what of it is no longer so. */
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { type Checked, COMPLAINTS, checkKnown, hearWitness, leastWitness } from '../campaign/witness.ts';
import { indexKnown, type KnownLine, type KnownList, withSignature } from '../contract/known/known.ts';
import { table } from '../report/tables.ts';
import { printable } from '../scenario/printable.ts';
import type { Envelope } from '../scenario/token.ts';
import { EXIT, note, print, printableSignature, replayLine, UsageError, useColor } from './context.ts';
import { isOneLine, type KnownFile, openKnownFile, readKnownFile, writeKnownFile } from './known-file.ts';

/** Of the built command, in dist/: the list in the sources, which an installed package has too. */
const PROJECT_LIST = fileURLToPath(new URL('../src/contract/known/nova.json', import.meta.url));
/** A clone has it and a package does not. */
const BUILD = fileURLToPath(new URL('../build.mjs', import.meta.url));

const LONGEST_REASON = 500;
const LONGEST_WORD = 60;

interface AddFlags {
  readonly reason: string;
  readonly weakness?: string;
  readonly row?: string;
  readonly known?: string;
  readonly json?: boolean;
}

interface CheckFlags {
  readonly known?: string;
  readonly json?: boolean;
}

export function knownCommand(): Command {
  const known = new Command('known')
    .description('the known list: what is put on it, and what of it is no longer so')
    .usage('<add|check> ...')
    .argument('[verb]')
    .action((verb: string | undefined) => {
      throw new UsageError(
        `known takes add or check, ${verb === undefined ? 'and neither was given' : `not "${printable(verb)}"`}`,
      );
    });
  known
    .command('add')
    .description('puts findings on a known list, each as its least scenario')
    .argument('<token...>', 'tokens that fuzz printed')
    .requiredOption(
      '--reason <text>',
      "what Nova does there, one sentence in Nova's words",
      oneLine('--reason', LONGEST_REASON),
    )
    .option(
      '--weakness <id>',
      'the number of the weakness (default: that of the entry with this reason, else "unsorted")',
      oneLine('--weakness', LONGEST_WORD),
    )
    .option('--row <row>', 'the conformance row whose end state the finding shows', oneLine('--row', LONGEST_WORD))
    .option('--known <file>', "the list to write to, made if there is none (default: the project's, in a clone)")
    .option('--json', 'one object on stdout and nothing else')
    .addHelpText(
      'after',
      '\nRefused, and nothing written: a token that shows nothing or something else than it says, one with defects or\nrepairs, and one whose signature is known already. Exit code: 0 written, 2 refused.',
    )
    .action(add);
  known
    .command('check')
    .description('replays every witness of a known list and names what is stale')
    .option('--known <file>', "the list to check (default: the project's)")
    .option('--json', 'one object on stdout and nothing else')
    .addHelpText(
      'after',
      `\n${Object.entries(COMPLAINTS)
        .map(([complaint, meaning]) => `${complaint}: ${meaning}`)
        .join(
          '\n',
        )}\nExit code: 0 every witness shows its signature, minimal or not; 1 something is stale; 2 unreadable, the list or a witness.`,
    )
    .action(check);
  return known;
}

function oneLine(flag: string, longest: number): (text: string) => string {
  return (text) => {
    const trimmed = text.trim();
    if (trimmed.length > longest)
      throw new UsageError(`${flag} takes at most ${longest} characters, not ${trimmed.length}`);
    if (trimmed === '' || !isOneLine(trimmed))
      throw new UsageError(`${flag} takes one line of printable text, not "${printable(text)}"`);
    return trimmed;
  };
}

// ---- add

interface Added extends KnownLine {
  readonly from: Size;
  readonly to: Size;
}

interface Size {
  readonly operations: number;
  readonly faults: number;
  readonly holds: number;
}

function add(tokens: readonly string[], flags: AddFlags): void {
  const heard = tokens.map((token, k) => {
    const which = tokens.length === 1 ? 'this token' : `token ${k + 1}`;
    const reading = hearWitness(token);
    if (!reading.ok) throw new UsageError(reading.error.replace(/^this token/, which));
    return { which, ...reading.value };
  });
  const file = openKnownFile(pathToAddTo(flags), heard[0]!.envelope.protocol);
  const shown = shownPath(file.path);
  const weakness =
    flags.weakness ?? file.list.entries.find(({ reason }) => reason === flags.reason)?.weakness ?? 'unsorted';
  let { list } = file;
  const added: Added[] = [];
  for (const { which, envelope, violations } of heard) {
    if (envelope.protocol !== list.protocol)
      throw new UsageError(
        `${which} is of protocol ${envelope.protocol}, and ${shown} is a list of protocol ${list.protocol}`,
      );
    const said = envelope.signature;
    const violation = violations.find(({ signature }) => said === null || signature === said);
    if (violations.length === 0) throw new UsageError(`${which} shows nothing: every law held`);
    if (violation === undefined) {
      const shows = violations.map(({ signature }) => `"${printableSignature(signature)}"`).join(' and ');
      throw new UsageError(`${which} says that it shows "${printableSignature(said ?? '')}", but it shows ${shows}`);
    }
    const least = leastWitness({ envelope, violations }, violation);
    const known = indexKnown(list);
    for (const signature of new Set([violation.signature, least.signature])) {
      const entry = known.get(signature);
      if (entry === undefined) continue;
      const minimised = signature === violation.signature ? '' : ', minimised,';
      throw new UsageError(`${which}${minimised} shows what is known already as ${entry.weakness}: ${entry.reason}`);
    }
    const { signature, token: witness } = least;
    const line = { signature, weakness, reason: flags.reason, row: flags.row ?? null, witness };
    list = withSignature(list, line);
    added.push({ ...line, from: sizeOf(envelope), to: sizeOf(least.envelope) });
  }
  const { relaid } = writeKnownFile(file, list);
  if (relaid) note(`note: ${shown} was laid out in another way than JSON.stringify does, and is now as it does`);
  if (flags.json === true) {
    print(JSON.stringify({ known: file.path, added: added.map(({ from: _from, to: _to, ...line }) => line) }));
    return;
  }
  const lines = added.flatMap(({ signature, witness, from, to }) => [
    '',
    `  ${printableSignature(signature)}`,
    ...(sizeText(from) === sizeText(to) ? [] : [`  minimised from ${sizeText(from)} to ${sizeText(to)}`]),
    `  ${replayLine(witness)}`,
  ]);
  print([`Added to ${shown} under ${weakness}: ${flags.reason}`, ...lines].join('\n'));
}

function pathToAddTo({ known }: AddFlags): string {
  if (known !== undefined) return known;
  if (existsSync(BUILD)) return PROJECT_LIST;
  throw new UsageError(
    "known add takes --known FILE outside a clone: the list that was installed is not the project's",
  );
}

function sizeOf({ scenario: { operations, faults, holds } }: Envelope): Size {
  return { operations: operations.length, faults: faults.length, holds: holds.length };
}

function sizeText(size: Size): string {
  const parts = [counted(size.operations, 'operation'), counted(size.faults, 'fault'), counted(size.holds, 'hold')];
  return parts.filter((part, k) => k < 2 || !part.startsWith('0')).join(', ');
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/** The project's list as it is called in the clone. */
function shownPath(path: string): string {
  const near = relative(process.cwd(), path);
  return printable(path === PROJECT_LIST && !near.startsWith('..') ? near : path);
}

// ---- check

function check({ known, json }: CheckFlags): void {
  const file = readKnownFile(known ?? PROJECT_LIST);
  const checked = checkKnown(file.list);
  if (json === true) print(JSON.stringify(checkJson(file, checked)));
  else print(checkReport(file, checked));
  process.exitCode = exitCodeOf(checked);
}

/** A witness that is not minimal shows its signature all the same. */
const stale = (checked: readonly Checked[]): Checked[] =>
  checked.filter(({ complaint }) => complaint !== 'NOT MINIMAL');

function exitCodeOf(checked: readonly Checked[]): number {
  if (checked.some(({ complaint }) => complaint === 'UNREADABLE')) return EXIT.USAGE;
  return stale(checked).length > 0 ? EXIT.VIOLATION : EXIT.OK;
}

const signaturesIn = ({ entries }: KnownList): number =>
  entries.reduce((sum, { signatures }) => sum + signatures.length, 0);

function checkJson({ path, list }: KnownFile, checked: readonly Checked[]): object {
  return {
    verdict: stale(checked).length > 0 ? 'stale' : 'good',
    known: path,
    entries: list.entries.length,
    signatures: signaturesIn(list),
    complaints: checked.map(({ complaint, now, weakness, reason, signature, row, witness }) => ({
      complaint,
      weakness,
      reason,
      signature,
      row,
      witness,
      now,
    })),
  };
}

function checkReport({ path, list }: KnownFile, checked: readonly Checked[]): string {
  const of = `${counted(signaturesIn(list), 'signature')} of ${shownPath(path)}`;
  const parts: string[] = [];
  if (checked.length > 0) {
    parts.push(
      table(
        ['#', 'complaint', 'weakness', 'reason', 'signature', 'now'],
        checked.map(({ complaint, weakness, reason, signature, now }, k) => [
          String(k + 1),
          complaint,
          weakness,
          reason,
          printableSignature(signature),
          now.length === 0 ? 'every law held' : now.map(printableSignature).join('\n'),
        ]),
        { color: useColor(process.stdout) },
      ),
      ...seeAgain(checked),
    );
  }
  const bad = stale(checked).length;
  const loose = checked.length - bad;
  const rest = loose === 0 ? '' : `; ${loose} could be shown by a simpler one`;
  parts.push(bad === 0 ? `GOOD: ${of}, each shown by its witness${rest}.` : `STALE: ${bad} of ${of}${rest}.`);
  return parts.join('\n\n');
}

/** Lines to paste, for those witnesses that are tokens at all. */
function seeAgain(checked: readonly Checked[]): string[] {
  const lines = checked.flatMap(({ witness }, k) =>
    /^cc\d+\.[\w-]+$/.test(witness) ? [`  # ${k + 1}\n  ${replayLine(witness)}`] : [],
  );
  return lines.length === 0 ? [] : [['See it again:', ...lines].join('\n')];
}
