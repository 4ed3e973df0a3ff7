import { Command, Option } from 'commander';
import { Campaign } from '../campaign/campaign.ts';
import { type CampaignConfig, compileFor } from '../campaign/config.ts';
import { WHOLE } from '../campaign/drive.ts';
import { sight } from '../campaign/time-to-bug.ts';
import { verdictOf } from '../campaign/verdict.ts';
import { findingsOf } from '../check/findings.ts';
import { smallScope } from '../check/scope.ts';
import { Search } from '../check/search.ts';
import { CONTRACTS } from '../contract/contracts.ts';
import type { Known } from '../contract/known/known.ts';
import { DEFAULT_MOVES } from '../generate/move-families.ts';
import type { Order } from '../journal/campaign-folder.ts';
import { RESIZE_DEFECTS } from '../nova/defects/resize.ts';
import { scopeWords } from '../report/check-report.ts';
import type { Check } from '../report/reporter.ts';
import { DEFAULT_OPTIONS } from '../scenario/scenario.ts';
import { type NovaRelease, PLACEMENT_OF } from '../targets/nova/install.ts';
import { typed } from './campaign-options.ts';
import { currentCommit } from './commit.ts';
import { oneOf, UsageError, wholeNumber } from './context.ts';
import { replayCorpus } from './corpus.ts';
import { conclude, handsFor, now, run, workersOption, worstOf } from './course.ts';
import { novaChecks } from './gate-on-nova.ts';
import { readKnown } from './known-source.ts';
import { type NovaFlags, processesOption, refuseWithoutNova } from './nova-options.ts';
import { contractOption, noteRelease, novaReleaseOption, protocolOption } from './protocol-options.ts';
import { Reporting, type ReportingFlags, reporterOption } from './reporting.ts';

/** As many as must have reached every situation; some seconds. A nightly campaign looks further. */
const RUNS = 10_000;
/** Scenarios after which a bug of the past should have been seen: the rarest takes some 7,000 in the median. */
const ORACLE_RUNS = 100_000;

/** About one a second and process. */
const RUNS_ON_NOVA = 40;

interface GateFlags extends ReportingFlags, NovaFlags {
  readonly target: 'model' | 'nova';
  readonly runs?: number;
  readonly seed?: string;
  readonly workers: number;
  readonly protocol: CampaignConfig['protocol'];
  readonly contract: CampaignConfig['contract'];
  readonly novaRelease: number;
  readonly known?: string;
  readonly corpus?: string;
  readonly ledger?: string;
}

export function gateCommand(): Command {
  return new Command('gate')
    .description(
      'for CI: the corpus, random scenarios, every scenario of a small scope, and whether bugs of the past are still seen',
    )
    .option(
      '--runs <n>',
      `random scenarios (default: ${RUNS}, on Nova ${RUNS_ON_NOVA})`,
      wholeNumber('--runs', 1, 1_000_000_000),
    )
    .option('--seed <text>', 'any text (default: the hash of the commit, so that its verdict stays what it is)')
    .addOption(workersOption())
    .addOption(protocolOption().default('nova'))
    .addOption(contractOption().default('strict'))
    .addOption(novaReleaseOption().default(DEFAULT_OPTIONS.nova_release))
    .addOption(
      new Option('--target <name>', 'what runs scenarios: the model, or Nova itself beside it')
        .argParser(oneOf('--target', ['model', 'nova']))
        .default('model'),
    )
    .addOption(processesOption())
    .option('--known <file>', 'signatures that are no news: a file, or "none" (default: the list of the protocol)')
    .option('--corpus <dir>', 'what was found before, a file a signature: replayed first, added to last')
    .option('--ledger <file>', 'adds a line on this gate')
    .addOption(reporterOption())
    .option('--verbose', 'every signature, not one line a weakness')
    .option('--json', 'one object on stdout and nothing else: --reporter json')
    .addHelpText(
      'after',
      '\nExit code: 0 nothing is broken that is not known; 1 something is; 3 it could not be decided: a situation was never\nreached, a corpus entry cannot be played, or a bug of the past was not seen; 130 interrupted.',
    )
    .action(gate);
}

async function gate(flags: GateFlags): Promise<void> {
  const seed = flags.seed ?? currentCommit();
  if (seed === null) throw new UsageError('this is no clone with a commit to take the seed from: give one with --seed');
  noteRelease(flags.protocol, flags.novaRelease);
  const { known, named } = readKnown(flags.known, flags.protocol);
  const reporting = new Reporting(flags, flags.known);
  const rollback = flags.protocol === 'rollback';
  const onNova = flags.target === 'nova';
  refuseWithoutNova(flags);
  if (onNova && rollback) throw new UsageError('--target nova plays protocol nova: rollback is not what Nova does');
  const runs = flags.runs ?? (onNova ? RUNS_ON_NOVA : RUNS);
  const order: Order = {
    config: {
      seed,
      protocol: flags.protocol,
      contract: flags.contract,
      defects: [],
      repairs: [],
      novaRelease: flags.novaRelease,
      placementRelease: rollback ? null : placementOf(flags),
      faults: rollback ? 3 : 1,
      cloud: null,
      sabotage: false,
    },
    known: named,
    runs,
    seconds: null,
    shard: WHOLE,
    keepNames: false,
    command: typed(),
  };
  const corpus = flags.corpus === undefined ? [] : replayCorpus(flags.corpus, known, now());
  const campaign = new Campaign(order.config, known);
  const hands = handsFor(order, known, flags.workers);
  const { interrupted, elapsed } = await run(campaign, { order, hands, from: null, folder: null, reporting });
  const real = onNova && !interrupted ? await novaChecks(campaign, runs, flags) : [];
  if (real === null) return;
  const searched = interrupted || onNova ? [] : exhausted(order.config, known);
  const checks = [...corpus, ...real, ...searched, ...(interrupted ? [] : oracle(seed))];
  const alone = verdictOf(campaign, interrupted);
  conclude(campaign, {
    // what the model alone breaks is for Nova to show
    verdict: worstOf(onNova && alone === 'violated' ? 'known' : alone, checks),
    order,
    seconds: elapsed,
    checks,
    ledger: flags.ledger ?? null,
    corpus: flags.corpus ?? null,
    reporting,
  });
}

/** One Nova has one Placement. */
const placementOf = ({ target, novaRelease }: GateFlags): number =>
  (target === 'nova' ? PLACEMENT_OF[novaRelease as NovaRelease] : undefined) ?? DEFAULT_OPTIONS.placement_release;

/** What random scenarios did not come across in a scope that is small enough to leave nothing out. */
function exhausted(config: CampaignConfig, known: Known): Check[] {
  const code = compileFor(config);
  const scope = smallScope({
    ...DEFAULT_OPTIONS,
    nova_release: config.novaRelease,
    placement_release: config.placementRelease ?? DEFAULT_OPTIONS.placement_release,
  });
  const search = new Search(code, CONTRACTS[config.contract], scope, {
    causes: config.protocol === 'nova',
    symmetric: true,
  });
  search.go(() => false);
  const findings = findingsOf(search, code, config, known);
  const news = findings.filter((finding) => finding.known === null);
  const { states, transitions } = search.figures();
  const ways = findings.length === 0 ? 'every law held' : `${findings.length} ways to break the laws`;
  return [
    {
      part: 'scope',
      name: scopeWords(scope),
      result: news.length === 0 ? 'passed' : 'failed',
      said: `all ${states} states, ${transitions} transitions: ${ways}${news.length === 0 ? '' : `, ${news.length} of them unknown`}`,
      token: null,
    },
    ...news.map(
      ({ signature, token, operations, faults }): Check => ({
        part: 'scope',
        name: signature,
        result: 'failed',
        said: `not on the known list: ${operations} operations, ${faults} faults`,
        token,
      }),
    ),
  ];
}

/** A gate that sees nothing is green for nothing: of the bugs that the moves it draws can show it has to see each. */
function oracle(seed: string): Check[] {
  return RESIZE_DEFECTS.filter(({ pinnedCpus }) => pinnedCpus !== true).map((defect): Check => {
    const { caught, scenarios } = sight(defect, 'default', seed, { scenarios: ORACLE_RUNS, moves: DEFAULT_MOVES });
    const [bug = defect.id] = defect.aliases;
    return {
      part: 'oracle',
      name: `${defect.id} (bug ${bug})`,
      result: caught === null ? 'undecided' : 'passed',
      said:
        caught === null ? `not seen in ${ORACLE_RUNS} scenarios: ${defect.title}` : `seen after ${scenarios} scenarios`,
      token: null,
    };
  });
}
