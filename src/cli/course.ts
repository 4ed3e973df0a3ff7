/** A campaign on the model from its order to its end: blocks by workers, findings as they come, checkpoints, ledger, corpus. */
import { availableParallelism } from 'node:os';
import { Option } from 'commander';
import { logUpdateStderr } from 'log-update';
import { Campaign, type CountedFinding } from '../campaign/campaign.ts';
import { tokenFor } from '../campaign/config.ts';
import { drive, slicesOf } from '../campaign/drive.ts';
import { type Hands, HandsGone, ownHands } from '../campaign/hands.ts';
import { processHands } from '../campaign/processes.ts';
import { isNews, isSabotage, type Verdict, verdictOf } from '../campaign/verdict.ts';
import type { Known } from '../contract/known/known.ts';
import type { CampaignFolder, Checkpoint, Order } from '../journal/campaign-folder.ts';
import { appendToLedger, LEDGER_VERSION, type LedgerEntry, readLedger } from '../journal/ledger.ts';
import { JournalError } from '../journal/records.ts';
import { progressLine } from '../report/campaign-report.ts';
import type { Check } from '../report/reporter.ts';
import { anonymise } from '../scenario/anonymise.ts';
import { printable } from '../scenario/printable.ts';
import { currentCommit } from './commit.ts';
import { EXIT, Interruption, note, PROGRESS_MS, printableSignature, replayLine, wholeNumber } from './context.ts';
import { addToCorpus, type Now, replayCorpus } from './corpus.ts';
import type { Reporting } from './reporting.ts';

/** A checkpoint at least this often, and at each finding's block. */
const CHECKPOINT_MS = 10_000;
/** Findings that are told as they come. */
const MOST_TOLD = 11;

export const EXIT_OF: Readonly<Record<Verdict, number>> = {
  held: EXIT.OK,
  known: EXIT.OK,
  violated: EXIT.VIOLATION,
  undecided: EXIT.UNDECIDED,
  interrupted: EXIT.INTERRUPTED,
};

const DEFAULT_WORKERS = availableParallelism();

export const workersOption = (): Option =>
  new Option('--workers <n>', 'processes that run blocks; the result does not depend on it')
    .argParser(wholeNumber('--workers', 1, 256))
    .default(DEFAULT_WORKERS, `${DEFAULT_WORKERS} here, one a core`);

export const handsFor = ({ config }: Order, known: Known, workers: number): Hands =>
  workers > 1 ? processHands(config, known, workers) : ownHands(config, known);

export const now = (): Now => ({ date: new Date().toISOString().slice(0, 19).concat('Z'), commit: currentCommit() });

export interface Ran {
  /** the user stopped it */
  readonly interrupted: boolean;
  /** why it could not be brought to its end */
  readonly gone: string | null;
  readonly elapsed: number;
}

/** Runs what is left of an order. */
export async function run(
  campaign: Campaign,
  {
    order,
    hands,
    from,
    folder,
    reporting,
  }: {
    readonly order: Order;
    readonly hands: Hands;
    readonly from: Checkpoint | null;
    readonly folder: CampaignFolder | null;
    readonly reporting: Reporting;
  },
): Promise<Ran> {
  const { runs, seconds, shard } = order;
  const interruption = new Interruption();
  const live = process.stderr.isTTY === true;
  const began = Date.now();
  const elapsed = (): number => (from?.elapsed ?? 0) + (Date.now() - began) / 1000;
  const writing = new Writing();
  let next = from?.next ?? 0;
  let kept = 0;
  let told = began;
  let news = 0;
  let gone: string | null = null;
  const keep = (): void => {
    kept = Date.now();
    writing.try(() => folder?.keep({ order, next, elapsed: elapsed(), progress: campaign.progress() }));
  };
  keep();
  try {
    await drive(campaign, hands, {
      slices: slicesOf(runs ?? Number.POSITIVE_INFINITY, { from: next, shard }),
      more: () => !interruption.asked && (seconds === null || elapsed() < seconds),
      added: (fresh, { block }) => {
        next = block + 1;
        for (const finding of fresh) {
          writing.try(() => folder?.found(findingLine(campaign, finding, order.keepNames)));
          reporting.found(finding);
          if (!isNews(finding) || ++news > MOST_TOLD) continue;
          if (live) logUpdateStderr.clear();
          note(news < MOST_TOLD ? foundLine(finding) : 'further findings are told at the end');
        }
        const at = Date.now();
        if (at - kept >= CHECKPOINT_MS) keep();
        const line = (): string => progressLine(campaign, { runs: mine(order), seconds, elapsed: elapsed() });
        if (live) logUpdateStderr(line());
        else if (at - told >= PROGRESS_MS) {
          told = at;
          note(line());
        }
      },
    });
  } catch (error) {
    if (!(error instanceof HandsGone)) throw error;
    gone = error.message;
  } finally {
    if (live) logUpdateStderr.clear();
    keep();
    await hands.close();
  }
  return { interrupted: interruption.end(), gone, elapsed: elapsed() };
}

/** Scenarios of a shard. */
function mine({ runs, shard }: Order): number | null {
  if (runs === null) return null;
  return [...slicesOf(runs, { shard })].reduce((sum, { from, to }) => sum + to - from, 0);
}

const foundLine = ({ signature, token }: CountedFinding): string =>
  `found: ${printableSignature(signature)}\n  ${replayLine(token)}`;

/** A line of findings.jsonl; made-up clouds have no names of anybody's. */
export function findingLine({ config }: Campaign, finding: CountedFinding, keepNames: boolean): object {
  const { signature, invariants, known, scenario } = finding;
  const kept = keepNames || config.cloud === null ? scenario : anonymise(scenario);
  return { signature, invariants, known: known?.weakness ?? null, token: tokenFor(config, kept, signature) };
}

/** What cannot be written is said once; what was found is told at the end all the same. */
class Writing {
  private said = false;

  try(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      if (!this.said) note(`claimcheck: ${error.message}`);
      this.said = true;
    }
  }
}

/** The verdict of a campaign and of what was replayed before it. */
export function worstOf(verdict: Verdict, checks: readonly Check[]): Verdict {
  if (verdict === 'interrupted') return verdict;
  if (checks.some(({ result }) => result === 'failed')) return 'violated';
  const open = checks.some(({ result }) => result === 'undecided');
  return open && verdict !== 'violated' ? 'undecided' : verdict;
}

/** Tells everybody, and writes ledger and corpus. */
export function conclude(
  campaign: Campaign,
  {
    verdict,
    order,
    seconds,
    checks,
    ledger,
    corpus,
    reporting,
  }: {
    readonly verdict: Verdict;
    readonly order: Pick<Order, 'command' | 'keepNames'>;
    readonly seconds: number;
    readonly checks: readonly Check[];
    readonly ledger: string | null;
    readonly corpus: string | null;
    readonly reporting: Reporting;
  },
): void {
  const at = now();
  const findings = [...campaign.findings.values()];
  const { config, statistics } = campaign;
  const entry: LedgerEntry = {
    version: LEDGER_VERSION,
    ...at,
    command: order.command,
    seed: config.seed,
    protocol: config.protocol,
    contract: config.contract,
    verdict,
    runs: statistics.runs,
    seconds: Math.round(seconds * 10) / 10,
    findings: {
      news: findings.filter(isNews).length,
      known: findings.filter(({ known }) => known !== null).length,
      sabotage: findings.filter(isSabotage).length,
    },
    signatures: findings.map(({ signature }) => signature).sort(),
  };
  const writing = new Writing();
  let history: LedgerEntry[] = [];
  writing.try(() => {
    if (ledger === null) return;
    history = readLedger(ledger);
    appendToLedger(ledger, entry);
  });
  writing.try(() => {
    if (corpus !== null) addToCorpus(corpus, campaign, order.keepNames, at);
  });
  const { command } = order;
  const { commit } = at;
  const whole = reporting.ended({ campaign, verdict, command, commit, seconds, checks, history: [...history, entry] });
  process.exitCode = whole ? EXIT_OF[verdict] : EXIT_OF[verdict] || EXIT.UNDECIDED;
}

/** From the first block, or from a checkpoint, to the report. */
export async function runOrder(
  order: Order,
  known: Known,
  {
    from,
    folder,
    hands: takeHands,
    reporting,
    verb,
  }: {
    readonly from: Checkpoint | null;
    readonly folder: CampaignFolder | null;
    readonly hands: (campaign: Campaign) => Hands | Promise<Hands>;
    readonly reporting: Reporting;
    /** goes on with it */
    readonly verb: 'fuzz' | 'fleet start';
  },
): Promise<void> {
  const campaign = new Campaign(order.config, known);
  if (from !== null) campaign.resume([from.progress]);
  const checks = folder === null ? [] : replayCorpus(folder.corpus, known, now());
  const hands = await takeHands(campaign);
  const { interrupted, gone, elapsed } = await run(campaign, { order, hands, from, folder, reporting });
  const { shard } = order;
  const complete = !interrupted && gone === null;
  if (folder !== null && shard.of > 1) {
    folder.writeShard({ order, complete, elapsed, progress: campaign.progress() });
  }
  if (gone !== null) note(`claimcheck: ${gone}`);
  const so = worstOf(verdictOf(campaign, interrupted), checks);
  const verdict = gone === null || so === 'violated' || so === 'interrupted' ? so : 'undecided';
  const [ledger, corpus] = folder === null ? [null, null] : [folder.ledger, folder.corpus];
  conclude(campaign, { verdict, order, seconds: elapsed, checks, ledger, corpus, reporting });
  if (folder === null) return;
  if (complete) folder.done();
  else note(`note: to go on: claimcheck ${verb} --resume --out ${printable(folder.path)}`);
}
