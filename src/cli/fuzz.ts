import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Command } from 'commander';
import { logUpdateStderr } from 'log-update';
import { BLOCK_SIZE, Campaign, type CampaignConfig, compileFor, tokenFor } from '../campaign/campaign.ts';
import { indexKnown, type Known, knownOf, linesOf, NOTHING_KNOWN } from '../contract/known/known.ts';
import { campaignJson, campaignReport, progressLine, type Verdict, verdictOf } from '../report/campaign-report.ts';
import { anonymise } from '../scenario/anonymise.ts';
import { printable } from '../scenario/printable.ts';
import { DEFAULT_OPTIONS, NOVA_RELEASES } from '../scenario/scenario.ts';
import { decodeToken } from '../scenario/token.ts';
import { type NovaRelease, PLACEMENT_OF } from '../targets/nova/install.ts';
import { withRemote } from '../targets/placement/connect.ts';
import { readUserCloud } from './cloud-folder.ts';
import {
  EXIT,
  Interruption,
  note,
  PROGRESS_MS,
  print,
  printableSignature,
  replayLine,
  UsageError,
  useColor,
  wholeNumber,
} from './context.ts';
import { readKnownFile } from './known-file.ts';
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

/** Without a terminal, a line of progress this often. */

const RUNS = 20_000;
const RUNS_ON_PLACEMENT = 200;
const RUNS_ON_NOVA = 50;
/** A real server takes a third of a second a scenario: a block goes in slices, so that it can be stopped and shows progress. */
const AT_ONCE_ON_PLACEMENT = 10;

interface FuzzFlags extends TargetFlags, NovaFlags {
  readonly runs?: number;
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
  readonly json?: boolean;
  readonly verbose?: boolean;
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
    .option('--out <dir>', 'keep findings there as they come, a line of JSON each, without names')
    .option('--keep-names', 'leave the names of your cloud in what --out keeps')
    .option('--sabotage', 'operators act on servers that are being moved: what that breaks is told and is not red')
    .option('--verbose', 'every signature, not one line a weakness')
    .option('--json', 'one object on stdout and nothing else')
    .addHelpText(
      'after',
      '\nExit code: 0 everything held or is known, 1 an unknown violation, 3 undecided, 2 a mistake in the command, 130 interrupted.\nWith --nova-from, of what the patch in the checkout changed: 0 nothing that is new, 1 something new, 3 undecided.',
    )
    .action(fuzz);
}

async function fuzz(flags: FuzzFlags): Promise<void> {
  refuseWithoutTarget(flags);
  refuseWithoutNova(flags);
  if (flags.anonymise === true && flags.keepNames === true) {
    throw new UsageError('--anonymise and --keep-names exclude each other: take one of them');
  }
  noteRelease(flags.protocol, flags.novaRelease);
  const known = readKnown(flags);
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
  const keep = flags.out === undefined ? () => {} : keeper(flags.out, flags.keepNames === true);
  if (flags.target === 'model') {
    const campaign = new Campaign(config, known);
    const interrupted = await run(campaign, { runs: flags.runs ?? RUNS, atOnce: BLOCK_SIZE }, keep);
    report(campaign, verdictOf(campaign, interrupted), flags);
    return;
  }
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
      interrupted = await run(campaign, { runs, atOnce: AT_ONCE_ON_PLACEMENT }, keep);
    } catch (error) {
      exit = tellEnd(error, connection, placementRelease);
      if (exit === null) throw error;
      keep(campaign);
    }
    // what was found until then
    report(campaign, exit === null ? verdictOf(campaign, interrupted) : 'undecided', flags);
    if (exit !== null) process.exitCode = exit;
  });
}

function report(campaign: Campaign, verdict: Verdict, flags: FuzzFlags): void {
  if (flags.json === true) print(JSON.stringify(campaignJson(campaign, verdict)));
  else
    print(
      campaignReport(campaign, verdict, {
        color: useColor(process.stdout),
        verbose: flags.verbose === true,
        replayLine,
        madeFor: flags.known === undefined ? NOVA_RELEASES.newest : null,
      }),
    );
  process.exitCode = EXIT_OF[verdict];
}

/** What nova does wrong it does at the first fault; rollback is to stand several, before and behind Placement 14.0. */
const DEFAULTS: Readonly<Record<CampaignConfig['protocol'], Pick<CampaignConfig, 'faults' | 'placementRelease'>>> = {
  nova: { faults: 1, placementRelease: DEFAULT_OPTIONS.placement_release },
  rollback: { faults: 3, placementRelease: null },
};

const EXIT_OF: Readonly<Record<Verdict, number>> = {
  held: EXIT.OK,
  known: EXIT.OK,
  violated: EXIT.VIOLATION,
  undecided: EXIT.UNDECIDED,
  interrupted: EXIT.INTERRUPTED,
};

/** Runs block after block, so many scenarios between two looks at what the user wants. Returns whether the user stopped it; what was found until then is kept. */
async function run(
  campaign: Campaign,
  { runs, atOnce }: { readonly runs: number; readonly atOnce: number },
  keep: (campaign: Campaign) => void,
): Promise<boolean> {
  const interruption = new Interruption();
  const live = process.stderr.isTTY === true;
  const began = Date.now();
  let told = began;
  for (let done = 0; done < runs && !interruption.asked; ) {
    const from = done % BLOCK_SIZE;
    const slice = Math.min(atOnce, BLOCK_SIZE - from, runs - done);
    campaign.runBlock((done - from) / BLOCK_SIZE, from + slice, from);
    done += slice;
    keep(campaign);
    const now = Date.now();
    if (live) logUpdateStderr(progressLine(campaign, runs, now - began));
    else if (now - told >= PROGRESS_MS) {
      told = now;
      note(progressLine(campaign, runs, now - began));
    }
    await nextTurn();
  }
  if (live) logUpdateStderr.clear();
  return interruption.end();
}

/** Appends each new finding to a file, so that a run that dies keeps what it had, and the runs before it theirs. */
function keeper(dir: string, names: boolean): (campaign: Campaign) => void {
  const file = join(dir, 'findings.jsonl');
  try {
    // not recursive: under /proc Node's mkdirSync would never come back
    if (!existsSync(dir)) mkdirSync(dir);
    appendFileSync(file, '');
  } catch (error) {
    throw new UsageError(`--out cannot write ${printable(file)}: ${reason(error)}`);
  }
  const written = new Set<string>();
  let writable = true;
  return ({ findings, config }) => {
    for (const { signature, scenario, known, invariants } of findings.values()) {
      if (written.has(signature)) continue;
      written.add(signature);
      // made-up clouds have no names of anybody's
      const kept = names || config.cloud === null ? scenario : anonymise(scenario);
      const token = tokenFor(config, kept, signature);
      try {
        appendFileSync(file, `${JSON.stringify({ signature, invariants, known: known?.weakness ?? null, token })}\n`);
      } catch (error) {
        // the table at the end has it all the same
        if (writable) note(`claimcheck: ${printable(file)} takes no more findings: ${reason(error)}`);
        writable = false;
      }
    }
  };
}

function readKnown({ known, protocol }: FuzzFlags): Known {
  if (known === 'none') return NOTHING_KNOWN;
  if (known === undefined) return knownOf(protocol);
  const { list } = readKnownFile(known);
  for (const { signature, witness } of linesOf(list)) {
    const reading = decodeToken(witness);
    if (reading.ok) continue;
    const which = `the witness of "${printableSignature(signature)}"`;
    throw new UsageError(`--known ${printable(known)}: ${reading.error.replace(/^this token/, which)}`);
  }
  return indexKnown(list);
}

const reason = (error: unknown): string => printable(error instanceof Error ? error.message : String(error));
