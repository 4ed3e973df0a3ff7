import { setImmediate as nextTurn } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { Campaign } from '../campaign/campaign.ts';
import { compileFor } from '../campaign/config.ts';
import { type Shard, slicesOf, WHOLE } from '../campaign/drive.ts';
import { verdictOf } from '../campaign/verdict.ts';
import type { Known } from '../contract/known/known.ts';
import type { CampaignFolder, Order } from '../journal/campaign-folder.ts';
import { JournalError } from '../journal/records.ts';
import { progressLine } from '../report/campaign-report.ts';
import { printable } from '../scenario/printable.ts';
import { DEFAULT_OPTIONS } from '../scenario/scenario.ts';
import { type NovaRelease, PLACEMENT_OF } from '../targets/nova/install.ts';
import { withRemote } from '../targets/placement/connect.ts';
import {
  type CampaignFlags,
  inCampaign,
  inFolder,
  keptOptions,
  orderOf,
  playedOptions,
  RUNS,
  refuseBothNames,
} from './campaign-options.ts';
import { Interruption, note, PROGRESS_MS, UsageError } from './context.ts';
import { conclude, findingLine, handsFor, runOrder, workersOption } from './course.ts';
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
import { Reporting } from './reporting.ts';

const RUNS_ON_PLACEMENT = 200;
const RUNS_ON_NOVA = 50;
/** A real server takes a third of a second a scenario: a block goes in slices, so that it can be stopped and shows progress. */
const AT_ONCE_ON_PLACEMENT = 10;

interface FuzzFlags extends CampaignFlags, TargetFlags, NovaFlags {
  readonly workers: number;
  readonly shard: Shard;
}

export function fuzzCommand(): Command {
  const command = new Command('fuzz').description(
    'a campaign: makes up scenarios, runs them on the model, prints what breaks the laws',
  );
  playedOptions(
    command,
    `scenarios (default: ${RUNS}, on a real Placement ${RUNS_ON_PLACEMENT}, on Nova ${RUNS_ON_NOVA})`,
  )
    .addOption(workersOption())
    .addOption(
      new Option('--shard <i/n>', 'the i-th of n parts, for as many machines; "merge" joins their --out folders')
        .argParser(shard)
        .default(WHOLE, '1/1'),
    )
    .addOption(targetOption())
    .addOption(placementUrlOption())
    .addOption(placementElsewhereOption())
    .addOption(placementTimeoutOption())
    .addOption(novaFromOption())
    .addOption(processesOption());
  return keptOptions(command)
    .addHelpText(
      'after',
      '\nExit code: 0 everything held or is known, 1 an unknown violation, 3 undecided, 2 a mistake in the command, 130 interrupted.\nWith --nova-from, of what the patch in the checkout changed: 0 nothing that is new, 1 something new, 3 undecided.',
    )
    .action(fuzz);
}

async function fuzz(flags: FuzzFlags, command: Command): Promise<void> {
  refuseWithoutTarget(flags);
  refuseWithoutNova(flags);
  refuseBothNames(flags);
  if (flags.target !== 'model') {
    refuseOnModelOnly(flags, command);
    const { order, known } = orderOf(flags);
    await fuzzOnTarget(flags, order, known);
    return;
  }
  if (flags.shard.of > 1 && flags.out === undefined) {
    throw new UsageError('--shard leaves its part in a folder for "merge": name one with --out');
  }
  await inCampaign(flags, command, { how: ['workers'], shard: flags.shard }, async ({ order, known, from, folder }) => {
    const reporting = new Reporting(flags, order.known.source ?? undefined);
    const hands = () => handsFor(order, known, flags.workers);
    await runOrder(order, known, { from, folder, hands, reporting, verb: 'fuzz' });
  });
}

/** A real server has one state, and one process that talks to it. */
function refuseOnModelOnly({ target }: FuzzFlags, command: Command): void {
  const alone = ['time', 'workers', 'shard', 'reporter', 'resume'].find(
    (name) => command.getOptionValueSource(name) === 'cli',
  );
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

function shard(text: string): Shard {
  const [, index, of] = /^(\d{1,5})\/(\d{1,5})$/.exec(text) ?? [];
  if (index !== undefined && Number(index) >= 1 && Number(index) <= Number(of))
    return { index: Number(index), of: Number(of) };
  throw new UsageError(`--shard takes one part of so many, such as 2/8, not "${printable(text)}"`);
}
