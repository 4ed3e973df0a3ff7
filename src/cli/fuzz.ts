import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Command } from 'commander';
import { logUpdateStderr } from 'log-update';
import { BLOCK_SIZE, Campaign, type CampaignConfig } from '../campaign/campaign.ts';
import { readCloud } from '../cloud/read-cloud.ts';
import { indexKnown, type Known, knownListSchema, knownOf, NOTHING_KNOWN } from '../contract/known/known.ts';
import { campaignJson, campaignReport, progressLine, type Verdict, verdictOf } from '../report/campaign-report.ts';
import { printable } from '../scenario/printable.ts';
import { DEFAULT_OPTIONS, NOVA_RELEASES } from '../scenario/scenario.ts';
import { EXIT, note, print, replayLine, UsageError, useColor, wholeNumber } from './context.ts';
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
const PROGRESS_MS = 10_000;

interface FuzzFlags {
  readonly runs: number;
  readonly seed: string;
  readonly protocol: CampaignConfig['protocol'];
  readonly contract: CampaignConfig['contract'];
  readonly defect: readonly string[];
  readonly repair: readonly string[];
  readonly faults: number;
  readonly novaRelease: number;
  readonly placementRelease: number;
  readonly known?: string;
  readonly cloud?: string;
  readonly out?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export function fuzzCommand(): Command {
  return new Command('fuzz')
    .description('a campaign: makes up scenarios, runs them on the model, prints what breaks the laws')
    .option('--runs <n>', 'scenarios', wholeNumber('--runs', 1, 1_000_000_000), 20_000)
    .option('--seed <text>', 'any text: a date, a commit hash', 'claimcheck')
    .addOption(protocolOption().default('nova'))
    .addOption(contractOption().default('strict'))
    .addOption(defectOption())
    .addOption(repairOption())
    .option('--faults <n>', 'most faults of a scenario', wholeNumber('--faults', 0, 3), 1)
    .addOption(novaReleaseOption().default(DEFAULT_OPTIONS.nova_release))
    .addOption(placementReleaseOption().default(DEFAULT_OPTIONS.placement_release))
    .option('--known <file>', 'signatures that are no news: a file, or "none" (default: the list of the protocol)')
    .option('--cloud <dir>', 'draw hosts and flavors from what the OpenStack client printed of your cloud')
    .option('--out <dir>', 'keep findings there as they come, a line of JSON each')
    .option('--verbose', 'every signature, not one line a weakness')
    .option('--json', 'one object on stdout and nothing else')
    .action(fuzz);
}

async function fuzz(flags: FuzzFlags): Promise<void> {
  noteRelease(flags.protocol, flags.novaRelease);
  const known = readKnown(flags);
  const config: CampaignConfig = {
    seed: flags.seed,
    protocol: flags.protocol,
    contract: flags.contract,
    defects: named(flags.defect),
    repairs: named(flags.repair),
    novaRelease: flags.novaRelease,
    placementRelease: flags.placementRelease,
    faults: flags.faults,
    cloud: flags.cloud === undefined ? null : readUserCloud(flags.cloud),
  };
  const keep = flags.out === undefined ? () => {} : keeper(flags.out);
  const campaign = new Campaign(config, known);
  const interrupted = await run(campaign, flags.runs, keep);
  const verdict = verdictOf(campaign, interrupted);
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

const EXIT_OF: Readonly<Record<Verdict, number>> = {
  held: EXIT.OK,
  known: EXIT.OK,
  violated: EXIT.VIOLATION,
  undecided: EXIT.UNDECIDED,
  interrupted: EXIT.INTERRUPTED,
};

/** Runs block after block. Returns whether the user stopped it; what was found until then is kept. */
async function run(campaign: Campaign, runs: number, keep: (campaign: Campaign) => void): Promise<boolean> {
  let stopped = false;
  const stop = (): void => {
    stopped = true;
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const live = process.stderr.isTTY === true;
  const began = Date.now();
  let told = began;
  for (let block = 0; block * BLOCK_SIZE < runs && !stopped; block++) {
    campaign.runBlock(block, Math.min(BLOCK_SIZE, runs - block * BLOCK_SIZE));
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
  process.off('SIGINT', stop);
  process.off('SIGTERM', stop);
  return stopped;
}

/** Appends each new finding to a file, so that a run that dies keeps what it had, and the runs before it theirs. */
function keeper(dir: string): (campaign: Campaign) => void {
  const file = join(dir, 'findings.jsonl');
  try {
    // not recursive: under /proc Node's mkdirSync would never come back
    if (!existsSync(dir)) mkdirSync(dir);
    appendFileSync(file, '');
  } catch (error) {
    throw new UsageError(`--out cannot write ${printable(file)}: ${reason(error)}`);
  }
  const kept = new Set<string>();
  let writable = true;
  return ({ findings }) => {
    for (const { signature, token, known, invariants } of findings.values()) {
      if (kept.has(signature)) continue;
      kept.add(signature);
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
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(known, 'utf8'));
  } catch (error) {
    throw new UsageError(`--known cannot read ${printable(known)}: ${reason(error)}`);
  }
  const list = knownListSchema.safeParse(data);
  if (!list.success) {
    const issue = list.error.issues[0]!;
    const where = issue.path.length === 0 ? 'the list' : issue.path.map(String).join('.');
    throw new UsageError(
      `--known ${printable(known)} is no known list: ${printable(where)}: ${printable(issue.message)}`,
    );
  }
  return indexKnown(list.data);
}

function readUserCloud(dir: string): CampaignConfig['cloud'] {
  const reading = readCloud(dir);
  if (!reading.ok) throw new UsageError(reading.error);
  for (const line of reading.cloud.notes) note(`note: ${line}`);
  return reading.cloud;
}

const reason = (error: unknown): string => printable(error instanceof Error ? error.message : String(error));
