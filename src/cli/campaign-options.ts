/** What says what a campaign is and where it is kept, for all who run one: `fuzz` and `fleet start`. */
import type { Command } from 'commander';
import type { CampaignConfig } from '../campaign/config.ts';
import { type Shard, WHOLE } from '../campaign/drive.ts';
import type { Known } from '../contract/known/known.ts';
import { withoutCredentials } from '../fleet/address.ts';
import type { MoveFamily } from '../generate/move-families.ts';
import { CampaignFolder, type Checkpoint, type Order, sameOrder } from '../journal/campaign-folder.ts';
import { printable } from '../scenario/printable.ts';
import { DEFAULT_OPTIONS } from '../scenario/scenario.ts';
import { readUserCloud } from './cloud-folder.ts';
import { UsageError, wholeNumber } from './context.ts';
import { readKnown, sameKnown } from './known-source.ts';
import {
  contractOption,
  defectOption,
  movesOf,
  movesOption,
  named,
  noteRelease,
  novaReleaseOption,
  placementReleaseOption,
  protocolOption,
  repairOption,
} from './protocol-options.ts';
import { type ReportingFlags, reporterOption } from './reporting.ts';

export const RUNS = 20_000;

export interface CampaignFlags extends ReportingFlags {
  readonly runs?: number;
  readonly time?: number;
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
  readonly pinnedCpus?: boolean;
  readonly moves?: readonly MoveFamily[];
  readonly out?: string;
  readonly anonymise?: boolean;
  readonly keepNames?: boolean;
}

/** How much, and what is played. */
export const playedOptions = (command: Command, runs: string): Command =>
  command
    .option('--runs <n>', runs, wholeNumber('--runs', 1, 1_000_000_000))
    .option('--time <duration>', 'as many scenarios as the time allows: 90s, 30m, 8h', duration('--time'))
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
    .addOption(movesOption())
    .addOption(novaReleaseOption().default(DEFAULT_OPTIONS.nova_release))
    .addOption(placementReleaseOption());

/** What is no news, whose cloud it is, and what is kept and told. */
export const keptOptions = (command: Command): Command =>
  command
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
    .addOption(reporterOption())
    .option('--keep-names', 'leave the names of your cloud in what --out keeps')
    .option('--sabotage', 'operators act on servers that are being moved: what that breaks is told and is not red')
    .option('--pinned-cpus', 'flavors of made-up clouds may ask for CPUs of their own (hw:cpu_policy)')
    .option('--verbose', 'every signature, not one line a weakness')
    .option('--json', 'one object on stdout and nothing else: --reporter json');

/** What the flags order, and what is known already. */
export function orderOf(flags: CampaignFlags, shard: Shard = WHOLE): { order: Order; known: Known } {
  if (flags.runs !== undefined && flags.time !== undefined) {
    throw new UsageError('--runs and --time exclude each other: take one of them');
  }
  if (flags.pinnedCpus === true && flags.cloud !== undefined) {
    throw new UsageError('--pinned-cpus is about made-up clouds: the flavors of --cloud are those that it has');
  }
  noteRelease(flags.protocol, flags.novaRelease);
  const moves = movesOf(flags.protocol, flags.moves);
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
    ...(flags.pinnedCpus === true ? { pinnedCpus: true } : {}),
    ...(moves === undefined ? {} : { moves }),
  };
  const order: Order = {
    config,
    known: source,
    runs: flags.time === undefined ? (flags.runs ?? RUNS) : null,
    seconds: flags.time ?? null,
    shard,
    keepNames: flags.keepNames === true,
    command: typed(),
  };
  return { order, known };
}

/** What nova does wrong it does at the first fault; rollback is to stand several, before and behind Placement 14.0. */
const DEFAULTS: Readonly<Record<CampaignConfig['protocol'], Pick<CampaignConfig, 'faults' | 'placementRelease'>>> = {
  nova: { faults: 1, placementRelease: DEFAULT_OPTIONS.placement_release },
  rollback: { faults: 3, placementRelease: null },
};

export function refuseBothNames({ anonymise, keepNames }: CampaignFlags): void {
  if (anonymise === true && keepNames === true) {
    throw new UsageError('--anonymise and --keep-names exclude each other: take one of them');
  }
}

/** How a campaign is told may be said anew, and by whom it is run; all other options say what it is. */
const SAID_ANEW = ['resume', 'out', 'reporter', 'json', 'verbose'];

export interface Ordered {
  readonly order: Order;
  readonly known: Known;
  /** where a campaign that was stopped is to go on, or null: at its beginning */
  readonly from: Checkpoint | null;
  readonly folder: CampaignFolder | null;
}

/**
 * What the flags order, or with `--resume` and no other word of it what the folder says.
 * @param how options that say by whom it is run
 */
export async function inCampaign(
  flags: CampaignFlags,
  command: Command,
  { how, shard = WHOLE }: { readonly how: readonly string[]; readonly shard?: Shard },
  work: (ordered: Ordered) => Promise<void>,
): Promise<void> {
  const { out } = flags;
  const resume = flags.resume === true;
  if (resume && out === undefined) {
    throw new UsageError('--resume goes on with a campaign of a folder: name it with --out');
  }
  const anew = new Set([...SAID_ANEW, ...how]);
  const described = command.options.some(
    (option) => !anew.has(option.attributeName()) && command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  const said = resume && !described ? null : orderOf(flags, shard);
  await inFolder(out, async (folder) => {
    const from = folder?.checkpoint() ?? null;
    if (said === null) {
      if (from === null) throw new UsageError(`${printable(out!)} holds no campaign that was stopped`);
      await work({ order: from.order, known: sameKnown(from.order, out!), from, folder });
      return;
    }
    if (from !== null && !resume) {
      throw new UsageError(
        `${printable(folder!.path)} holds a campaign that did not come to its end: go on with --resume, or take another folder`,
      );
    }
    if (from !== null && !sameOrder(from.order, said.order)) {
      throw new UsageError(
        `the campaign of ${printable(folder!.path)} that was stopped is another than these options say: its command was ${printable(from.order.command)}`,
      );
    }
    await work({ ...said, from, folder });
  });
}

export async function inFolder(
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

/** What was typed, without the program and without the password of a queue. */
export const typed = (): string => process.argv.slice(2).map(withoutCredentials).map(printable).join(' ');

/** 90s, 30m, 8h: seconds. */
export const duration =
  (flag: string) =>
  (text: string): number => {
    const [, number, unit] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
    const seconds = Number(number) * ({ s: 1, m: 60, h: 3600 }[unit ?? ''] ?? Number.NaN);
    if (seconds > 0 && seconds <= 30 * 24 * 3600) return seconds;
    throw new UsageError(`${flag} takes a duration such as 90s, 30m or 8h, not "${printable(text)}"`);
  };
