/** What `claimcheck fleet start`, `worker` and `status` do. */
import { hostname } from 'node:os';
import { Queue } from 'bullmq';
import type { Command } from 'commander';
import type { Campaign } from '../campaign/campaign.ts';
import { isNews, isSabotage } from '../campaign/verdict.ts';
import type { Known } from '../contract/known/known.ts';
import { type QueueAddress, shown } from '../fleet/address.ts';
import { Connection } from '../fleet/connection.ts';
import { engineDigest } from '../fleet/engine.ts';
import { fleetHands } from '../fleet/leader.ts';
import { type Found, Store } from '../fleet/store.ts';
import { QueueTrouble } from '../fleet/trouble.ts';
import { FleetWorker } from '../fleet/worker.ts';
import type { Order } from '../journal/campaign-folder.ts';
import { table } from '../report/tables.ts';
import { printable } from '../scenario/printable.ts';
import { inCampaign, refuseBothNames } from './campaign-options.ts';
import { currentCommit } from './commit.ts';
import { EXIT, note, print, useColor } from './context.ts';
import { runOrder } from './course.ts';
import { addressOf, type StartFlags, type StatusFlags, type WorkerFlags } from './fleet.ts';
import { Reporting } from './reporting.ts';

const say = (text: string): void => note(`claimcheck: ${text}`);

export async function start(flags: StartFlags, command: Command): Promise<void> {
  refuseBothNames(flags);
  const address = addressOf(flags);
  const how = ['queue', 'queueCa', 'name', 'patience', 'ahead'];
  await inCampaign(flags, command, { how }, async ({ order, known, from, folder }) => {
    const reporting = new Reporting(flags, order.known.source ?? undefined);
    const hands = (campaign: Campaign) => handsOf(campaign, order, known, address, flags);
    await runOrder(order, known, { from, folder, hands, reporting, verb: 'fleet start' });
  });
}

async function handsOf(campaign: Campaign, order: Order, known: Known, address: QueueAddress, flags: StartFlags) {
  const began = Date.now();
  const connection = await Connection.open(address, flags.patience, say);
  return fleetHands({
    connection,
    fleet: flags.name,
    engine: engineDigest(),
    commit: currentCommit(),
    host: hostname(),
    known,
    config: order.config,
    ahead: flags.ahead ?? null,
    progress: () => {
      const findings = [...campaign.findings.values()];
      return {
        runs: campaign.statistics.runs,
        of: order.runs,
        seconds: (Date.now() - began) / 1000,
        findings: {
          news: findings.filter(isNews).length,
          known: findings.filter((finding) => finding.known !== null).length,
          sabotage: findings.filter(isSabotage).length,
        },
      };
    },
    say,
  });
}

export async function work(flags: WorkerFlags): Promise<void> {
  const address = addressOf(flags);
  const engine = engineDigest();
  const commit = currentCommit();
  const connection = await Connection.open(address, flags.patience, say);
  const worker = new FleetWorker({
    connection,
    fleet: flags.name,
    engine,
    commit,
    host: hostname(),
    width: flags.jobs,
    lockMs: Math.max(100, Math.round(flags.lock * 1000)),
    say,
  });
  let stop: () => void = () => {};
  const stopped = new Promise<null>((resolve) => {
    stop = () => resolve(null);
  });
  const again = (): void => process.exit(EXIT.INTERRUPTED);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.on(signal, again);
      stop();
    });
  }
  await worker.begin();
  const of = commit === null ? `code ${engine}` : `commit ${commit.slice(0, 12)}, code ${engine}`;
  note(`worker ${process.pid} of ${flags.name} at ${shown(address)}: ${flags.jobs} jobs at once, ${of}`);
  const gone = await Promise.race([stopped, connection.gone]);
  if (gone !== null) {
    await worker.drop();
    throw gone;
  }
  note('stopping: what is being done is done to its end');
  // whatever the queue does meanwhile
  await Promise.race([worker.close(), connection.gone.then(() => worker.drop())]).catch(() => worker.drop());
  note(`${worker.jobs} jobs and ${worker.runs} scenarios done`);
}

export async function status(flags: StatusFlags): Promise<void> {
  const address = addressOf(flags);
  const connection = await Connection.open(address, flags.patience, say);
  try {
    const seen = await look(new Store(connection.client, flags.name), connection);
    print(
      flags.json === true ? JSON.stringify({ queue: shown(address), fleet: flags.name, ...seen }, null, 2) : told(seen),
    );
  } catch (error) {
    throw error instanceof QueueTrouble ? error : connection.trouble('cannot be used', error);
  } finally {
    connection.close();
  }
}

async function look(store: Store, connection: Connection) {
  const campaigns = await store.progress();
  const workers = await store.workers();
  const engines = new Set([...campaigns, ...workers].flatMap((one) => ('record' in one ? [one.record.engine] : [])));
  const jobs: { code: string; waiting: number; underWay: number; failed: number }[] = [];
  for (const engine of [...engines].sort()) {
    const queue = new Queue(Store.queueOf(engine), {
      connection: connection.client,
      prefix: store.prefix,
      skipVersionCheck: true,
      skipMetasUpdate: true,
    });
    queue.on('error', () => {});
    const { waiting = 0, active = 0, failed = 0 } = await queue.getJobCounts('waiting', 'active', 'failed');
    jobs.push({ code: engine, waiting, underWay: active, failed });
  }
  const records = <T>(all: readonly Found<T>[]) =>
    all.flatMap((one) => ('record' in one ? [{ id: one.id, ...one.record }] : []));
  return {
    campaigns: records(campaigns),
    workers: records(workers),
    jobs,
    /** what is there and cannot be read */
    refused: [...campaigns, ...workers].flatMap((one) => ('wrong' in one ? [one.wrong] : [])),
  };
}

function told({ campaigns, workers, jobs, refused }: Awaited<ReturnType<typeof look>>): string {
  const color = useColor(process.stdout);
  const short = (commit: string | null, engine: string): string =>
    `${commit === null ? '' : `${printable(commit.slice(0, 12))} `}${engine.slice(0, 8)}`;
  const rate = (runs: number, seconds: number): string => `${Math.round(runs / Math.max(seconds, 1))}/s`;
  const parts: string[] = [];
  if (campaigns.length === 0) parts.push('no campaign is led');
  else {
    const head = ['campaign', 'led on', 'commit, code', 'seed', 'scenarios', 'blocks done', 'under way', 'findings'];
    const rows = campaigns.map(({ id, host, commit, engine, seed, runs, of, blocks, findings }) => [
      ...[id.slice(0, 8), printable(host), short(commit, engine), printable(seed)],
      ...[of === null ? `${runs}` : `${runs} of ${of}`, `${blocks.done}`, `${blocks.underWay}`],
      `${findings.news} new, ${findings.known} known${findings.sabotage === 0 ? '' : `, ${findings.sabotage} by sabotage`}`,
    ]);
    parts.push(table(head, rows, { color }));
  }
  if (workers.length === 0) parts.push('no worker is there');
  else {
    const head = ['worker', 'process', 'commit, code', 'jobs at once', 'jobs done', 'scenarios', 'rate'];
    const rows = workers.map(({ host, pid, commit, engine, width, jobs: done, runs, seconds }) => [
      ...[printable(host), `${pid}`, short(commit, engine), `${width}`, `${done}`, `${runs}`, rate(runs, seconds)],
    ]);
    parts.push(table(head, rows, { color }));
  }
  for (const { code, waiting, underWay, failed } of jobs) {
    parts.push(`jobs of code ${code.slice(0, 8)}: ${underWay} under way, ${waiting} waiting, ${failed} failed lately`);
  }
  parts.push(...refused);
  return parts.join('\n');
}
