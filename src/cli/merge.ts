import { Command } from 'commander';
import { Campaign } from '../campaign/campaign.ts';
import { verdictOf } from '../campaign/verdict.ts';
import { CampaignFolder, readShard, type ShardResult } from '../journal/campaign-folder.ts';
import { printable } from '../scenario/printable.ts';
import { UsageError } from './context.ts';
import { replayCorpus } from './corpus.ts';
import { conclude, now, worstOf } from './course.ts';
import { sameKnown } from './known-source.ts';
import { Reporting, type ReportingFlags, reporterOption } from './reporting.ts';

interface MergeFlags extends ReportingFlags {
  readonly out?: string;
}

export function mergeCommand(): Command {
  return new Command('merge')
    .description('joins the shards of a campaign: the result is that of one campaign that ran them all')
    .argument('<dir...>', 'the --out folders of "fuzz --shard 1/n" to "n/n"')
    .option('--out <dir>', 'keep ledger and corpus of the whole there')
    .addOption(reporterOption())
    .option('--verbose', 'every signature, not one line a weakness')
    .option('--json', 'one object on stdout and nothing else: --reporter json')
    .addHelpText(
      'after',
      '\nExit code: as fuzz; 2 where a shard is missing, is there twice, or is of another campaign.',
    )
    .action(merge);
}

function merge(folders: readonly string[], flags: MergeFlags): void {
  const shards = folders.map((folder) => ({ folder, ...readShard(folder) }));
  const [{ order }] = shards as [(typeof shards)[number]];
  refuseOthers(shards);
  const known = sameKnown(order, folders[0]!);
  const reporting = new Reporting(flags, order.known.source ?? undefined);
  const campaign = new Campaign(order.config, known);
  campaign.resume(shards.map(({ progress }) => progress));
  const folder = flags.out === undefined ? null : new CampaignFolder(flags.out);
  try {
    const checks = folder === null ? [] : replayCorpus(folder.corpus, known, now());
    const interrupted = shards.some(({ complete }) => !complete);
    conclude(campaign, {
      verdict: worstOf(verdictOf(campaign, interrupted), checks),
      order,
      seconds: Math.max(...shards.map(({ elapsed }) => elapsed)),
      checks,
      ledger: folder?.ledger ?? null,
      corpus: folder?.corpus ?? null,
      reporting,
    });
  } finally {
    folder?.close();
  }
}

/** Every shard of one campaign, each once. */
function refuseOthers(shards: readonly (ShardResult & { readonly folder: string })[]): void {
  const [first] = shards as [(typeof shards)[number]];
  const { of } = first.order.shard;
  const whole = ({ order: { config, known, runs, seconds, shard } }: ShardResult): string =>
    JSON.stringify([config, known, runs, seconds, shard.of]);
  const other = shards.find((shard) => whole(shard) !== whole(first));
  if (other !== undefined) {
    throw new UsageError(`${printable(other.folder)} and ${printable(first.folder)} are not shards of one campaign`);
  }
  for (let index = 1; index <= of; index++) {
    const same = shards.filter(({ order }) => order.shard.index === index);
    if (same.length === 0) throw new UsageError(`shard ${index} of ${of} is missing`);
    if (same.length === 1) continue;
    const [a, b] = same.map(({ folder }) => printable(folder));
    throw new UsageError(`${a} and ${b} are both shard ${index} of ${of}`);
  }
}
