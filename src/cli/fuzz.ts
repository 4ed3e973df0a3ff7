import { setImmediate as nextTurn } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { Campaign } from '../campaign/campaign.ts';
import { type CampaignConfig, compileFor } from '../campaign/config.ts';
import { type Shard, slicesOf, WHOLE } from '../campaign/drive.ts';
import { verdictOf } from '../campaign/verdict.ts';
import type { Known } from '../contract/known/known.ts';
import { CampaignFolder, type Order, sameOrder } from '../journal/campaign-folder.ts';
import { JournalError } from '../journal/records.ts';
import { progressLine } from '../report/campaign-report.ts';
import { printable } from '../scenario/printable.ts';
import { DEFAULT_OPTIONS } from '../scenario/scenario.ts';
import { type NovaRelease, PLACEMENT_OF } from '../targets/nova/install.ts';
import { withRemote } from '../targets/placement/connect.ts';
import { readUserCloud } from './cloud-folder.ts';
import { Interruption, note, PROGRESS_MS, UsageError, wholeNumber } from './context.ts';
import { conclude, findingLine, runOrder, workersOption } from './course.ts';
import { readKnown, sameKnown } from './known-source.ts';
import { type NovaFlags, novaFromOption, processesOption, refuseWithoutNova } from './nova-options.ts';
import { fuzzOnNova } from './on-nova.ts';
import { fuzzPatched } from './patched-nova.ts';
import {
  connect,
  placementElsewhereOption,
  placementTimeoutOption,
  placementUrlOption,
  refuseDefectsOfPlacement,
  refuseWithoutTarget,
  type TargetFlags,
  targetOption,
  tellEnd,
} from './placement-options.ts';
import {
  contractOption,
  defectOption,
  named,
  noteRelease,
  novaReleaseOption,
  placementReleaseOption,
  protocolOption,
  repairOption,
} from './protocol-options.ts';
import { Reporting, type ReportingFlags, reporterOption } from './reporting.ts';

const RUNS = 20_000;
const RUNS_ON_PLACEMENT = 200;
const RUNS_ON_NOVA = 50;
/** A real server takes a third of a second a scenario: a block goes in slices, so that it can be stopped and shows progress. */
const AT_ONCE_ON_PLACEMENT = 10;

interface FuzzFlags extends TargetFlags, NovaFlags, ReportingFlags {
  readonly runs?: number;
  readonly time?: number;
  readonly workers: number;
  readonly shard: Shard;
  readonly resume?: boolean;
  readonly seed: string;
  readonly protocol: CampaignConfig['protocol'];
  readonly contract: CampaignConfig['contract'];
  readonly defect: readonly string[];
  readonly repair: readonly string[];
  readonly faults?: number;
  readonly novaRelease: number;
  readonly placementRelease?: number;
  readonly known?: string;
  readonly cloud?: string;
  readonly sabotage?: boolean;
  readonly out?: string;
  readonly anonymise?: boolean;
  readonly keepNames?: boolean;
}

export function fuzzCommand(): Command {
  return new Command('fuzz')
    .description('a campaign: makes up scenarios, runs them on the model, prints what breaks the laws')
    .option(
      '--runs <n>',
      `scenarios (default: ${RUNS}, on a real Placement ${RUNS_ON_PLACEMENT}, on Nova ${RUNS_ON_NOVA})`,
      wholeNumber('--runs', 1, 1_000_000_000),
    )
    .option('--time <duration>', 'as many scenarios as the time allows: 90s, 30m, 8h', duration)
    .addOption(workersOption())
    .option('--seed <text>', 'any text: a date, a commit hash', 'claimcheck')
    .addOption(protocolOption().default('nova'))
    .addOption(contractOption().default('strict'))
    .addOption(defectOption())
    .addOption(repairOption())
    .option(
      '--faults <n>',
      'most faults and holds of a scenario (default: 1, under protocol rollback 3)',
      wholeNumber('--faults', 0, 3),
    )
    .addOption(novaReleaseOption().default(DEFAULT_OPTIONS.nova_release))
    .addOption(placementReleaseOption())
    .addOption(targetOption())
    .addOption(placementUrlOption())
    .addOption(placementElsewhereOption())
    .addOption(placementTimeoutOption())
    .addOption(novaFromOption())
    .addOption(processesOption())
    .option('--known <file>', 'signatures that are no news: a file, or "none" (default: the list of the protocol)')
    .option('--cloud <dir>', 'draw hosts and flavors from what the OpenStack client printed of your cloud')
    .option(
      '--anonymise',
      "print no name of your cloud's: hosts, flavors, custom classes and traits become h1, m1, ...",
    )
    .option(
      '--out <dir>',
      'keep there, without names, each finding as it comes, how far the campaign is, a ledger and a corpus of what was found',
    )
    .option(
      '--resume',
      'go on with the campaign of --out if it was stopped or killed; it needs no other option, and takes the same',
    )
    .addOption(
      new Option('--shard <i/n>', 'the i-th of n parts, for as many machines; "merge" joins their --out folders')
        .argParser(shard)
        .default(WHOLE, '1/1'),
    )
    .addOption(reporterOption())
    .option('--keep-names', 'leave the names of your cloud in what --out keeps')
    .option('--sabotage', 'operators act on servers that are being moved: what that breaks is told and is not red')
    .option('--verbose', 'every signature, not one line a weakness')
    .option('--json', 'one object on stdout and nothing else: --reporter json')
    .addHelpText(
      'after',
      '\nExit code: 0 everything held or is known, 1 an unknown violation, 3 undecided, 2 a mistake in the command, 130 interrupted.\nWith --nova-from, of what the patch in the checkout changed: 0 nothing that is new, 1 something new, 3 undecided.',
    )
    .action(fuzz);
}

async function fuzz(flags: FuzzFlags, command: Command): Promise<void> {
  refuseWithoutTarget(flags);
  refuseWithoutNova(flags);
  if (flags.anonymise === true && flags.keepNames === true) {
    throw new UsageError('--anonymise and --keep-names exclude each other: take one of them');
  }
  if (flags.resume === true && flags.out === undefined) {
    throw new UsageError('--resume goes on with a campaign of a folder: name it with --out');
  }
  const describes = command.options.some(
    (option) =>
      !SAID_ANEW.has(option.attributeName()) && command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  if (flags.resume === true && !describes) {
    await resume(flags);
    return;
  }
  if (flags.runs !== undefined && flags.time !== undefined) {
    throw new UsageError('--runs and --time exclude each other: take one of them');
  }
  noteRelease(flags.protocol, flags.novaRelease);
  const { known, named: source } = readKnown(flags.known, flags.protocol);
  const config: CampaignConfig = {
    seed: flags.seed,
    protocol: flags.protocol,
    contract: flags.contract,
    defects: named(flags.defect),
    repairs: named(flags.repair),
    novaRelease: flags.novaRelease,
    ...DEFAULTS[flags.protocol],
    ...(flags.placementRelease === undefined ? {} : { placementRelease: flags.placementRelease }),
    ...(flags.faults === undefined ? {} : { faults: flags.faults }),
    cloud: flags.cloud === undefined ? null : readUserCloud(flags.cloud, flags.anonymise === true),
    sabotage: flags.sabotage === true,
  };
  const order: Order = {
    config,
    known: source,
    runs: flags.time === undefined ? (flags.runs ?? RUNS) : null,
    seconds: flags.time ?? null,
    shard: flags.shard,
    keepNames: flags.keepNames === true,
    command: typed(),
  };
  if (flags.target !== 'model') {
    refuseOnModelOnly(flags, command);
    await fuzzOnTarget(flags, order, known);
    return;
  }
  if (flags.shard.of > 1 && flags.out === undefined) {
    throw new UsageError('--shard leaves its part in a folder for "merge": name one with --out');
  }
  const reporting = new Reporting(flags, flags.known);
  await inFolder(flags.out, async (folder) => {
    const from = folder?.checkpoint() ?? null;
    if (from !== null && flags.resume !== true) {
      throw new UsageError(
        `${printable(folder!.path)} holds a campaign that did not come to its end: go on with --resume, or take another folder`,
      );
    }
    if (from !== null && !sameOrder(from.order, order)) {
      throw new UsageError(
        `the campaign of ${printable(folder!.path)} that was stopped is another than these options say: its command was ${printable(from.order.command)}`,
      );
    }
    await runOrder(order, known, { from, folder, workers: flags.workers, reporting });
  });
}

/** How a campaign is run and told may be said anew; all other options say what it is. */
const SAID_ANEW: ReadonlySet<string> = new Set(['resume', 'out', 'workers', 'reporter', 'json', 'verbose']);

/** With what the folder says, and nothing else. */
async function resume(flags: FuzzFlags): Promise<void> {
  const out = flags.out!;
  await inFolder(out, async (folder) => {
    const from = folder!.checkpoint();
    if (from === null) throw new UsageError(`${printable(out)} holds no campaign that was stopped`);
    const { order } = from;
    const reporting = new Reporting(flags, order.known.source ?? undefined);
    const known = sameKnown(order, out);
    await runOrder(order, known, { from, folder, workers: flags.workers, reporting });
  });
}

async function inFolder(
  path: string | undefined,
  work: (folder: CampaignFolder | null) => Promise<void>,
): Promise<void> {
  const folder = path === undefined ? null : new CampaignFolder(path);
  try {
    await work(folder);
  } finally {
    folder?.close();
  }
}

/** What was typed, without the program. */
export const typed = (): string => process.argv.slice(2).map(printable).join(' ');

/** A real server has one state, and one process that talks to it. */
function refuseOnModelOnly({ target }: FuzzFlags, command: Command): void {
  const alone = ['time', 'workers', 'shard', 'reporter'].find((name) => command.getOptionValueSource(name) === 'cli');
  if (alone !== undefined)
    throw new UsageError(`--${alone} is for campaigns on the model: leave it out with --target ${target}`);
}

async function fuzzOnTarget(flags: FuzzFlags, order: Order, known: Known): Promise<void> {
  const { config } = order;
  await inFolder(flags.out, async (folder) => {
    const keep = keeper(folder, order.keepNames);
    if (flags.target === 'nova') {
      if (flags.protocol !== 'nova')
        throw new UsageError('--target nova plays protocol nova: rollback is not what Nova does');
      const runs = flags.runs ?? RUNS_ON_NOVA;
      if (flags.runs === undefined) note(`note: ${runs} scenarios, about one a second: --runs takes any number`);
      // one Nova has one Placement
      const placementRelease = PLACEMENT_OF[flags.novaRelease as NovaRelease] ?? DEFAULT_OPTIONS.placement_release;
      const campaign = { ...config, placementRelease };
      const fuzzed = flags.novaFrom === true ? fuzzPatched : fuzzOnNova;
      await fuzzed(compileFor(campaign), campaign, known, { ...flags, runs }, keep);
      return;
    }
    await fuzzOnPlacement(flags, order, known, keep);
  });
}

async function fuzzOnPlacement(
  flags: FuzzFlags,
  order: Order,
  known: Known,
  keep: (campaign: Campaign) => void,
): Promise<void> {
  const { config } = order;
  const reporting = new Reporting(flags, flags.known);
  refuseDefectsOfPlacement(compileFor(config));
  // one server is of one release
  const placementRelease = config.placementRelease ?? DEFAULT_OPTIONS.placement_release;
  const connection = await connect(flags, placementRelease);
  await withRemote(connection, async (remote) => {
    const campaign = new Campaign({ ...config, placementRelease }, known, remote);
    let exit: number | null = null;
    let interrupted = false;
    try {
      const runs = flags.runs ?? RUNS_ON_PLACEMENT;
      if (flags.runs === undefined) note(`note: ${runs} scenarios, a few a second: --runs takes any number`);
      interrupted = await runHere(campaign, runs, keep);
    } catch (error) {
      exit = tellEnd(error, connection, placementRelease);
      if (exit === null) throw error;
      keep(campaign);
    }
    // what was found until then
    const verdict = exit === null ? verdictOf(campaign, interrupted) : 'undecided';
    conclude(campaign, { verdict, order, seconds: 0, checks: [], ledger: null, corpus: null, reporting });
    if (exit !== null) process.exitCode = exit;
  });
}

/** What nova does wrong it does at the first fault; rollback is to stand several, before and behind Placement 14.0. */
const DEFAULTS: Readonly<Record<CampaignConfig['protocol'], Pick<CampaignConfig, 'faults' | 'placementRelease'>>> = {
  nova: { faults: 1, placementRelease: DEFAULT_OPTIONS.placement_release },
  rollback: { faults: 3, placementRelease: null },
};

/** Slice after slice in this process. Returns whether the user stopped it. */
async function runHere(campaign: Campaign, runs: number, keep: (campaign: Campaign) => void): Promise<boolean> {
  const interruption = new Interruption();
  const began = Date.now();
  let told = began;
  for (const { block, from, to } of slicesOf(runs, { atOnce: AT_ONCE_ON_PLACEMENT })) {
    if (interruption.asked) break;
    campaign.runBlock(block, to, from);
    keep(campaign);
    const now = Date.now();
    if (now - told >= PROGRESS_MS) {
      told = now;
      note(progressLine(campaign, { runs, seconds: null, elapsed: (now - began) / 1000 }));
    }
    await nextTurn();
  }
  return interruption.end();
}

/** Appends each new finding to a file, so that a run that dies keeps what it had, and the runs before it theirs. */
function keeper(folder: CampaignFolder | null, names: boolean): (campaign: Campaign) => void {
  const written = new Set<string>();
  let writable = true;
  return (campaign) => {
    for (const finding of campaign.findings.values()) {
      if (folder === null || written.has(finding.signature)) continue;
      written.add(finding.signature);
      try {
        folder.found(findingLine(campaign, finding, names));
      } catch (error) {
        if (!(error instanceof JournalError)) throw error;
        // the table at the end has it all the same
        if (writable) note(`claimcheck: ${error.message}`);
        writable = false;
      }
    }
  };
}

/** 90s, 30m, 8h: seconds. */
function duration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
  const seconds = Number(number) * ({ s: 1, m: 60, h: 3600 }[unit ?? ''] ?? Number.NaN);
  if (seconds > 0 && seconds <= 30 * 24 * 3600) return seconds;
  throw new UsageError(`--time takes a duration such as 90s, 30m or 8h, not "${printable(text)}"`);
}

function shard(text: string): Shard {
  const [, index, of] = /^(\d{1,5})\/(\d{1,5})$/.exec(text) ?? [];
  if (index !== undefined && Number(index) >= 1 && Number(index) <= Number(of))
    return { index: Number(index), of: Number(of) };
  throw new UsageError(`--shard takes one part of so many, such as 2/8, not "${printable(text)}"`);
}
