/** The worker's side: takes jobs and has them done by other processes, so that whoever computes, the locks are renewed. */
import { randomUUID } from 'node:crypto';
import { type Job as QueueJob, UnrecoverableError, Worker } from 'bullmq';
import { compileFor } from '../campaign/config.ts';
import type { Hands } from '../campaign/hands.ts';
import { processHands } from '../campaign/processes.ts';
import { printable } from '../scenario/printable.ts';
import type { Connection } from './connection.ts';
import { type Answer, FLEET_VERSION, type Job, jobSchema, pack } from './records.ts';
import { HEARTBEAT_MS, Store } from './store.ts';

/** Campaigns whose processes are kept; with more at once, some are started anew. */
const MOST_CAMPAIGNS = 3;
/** A job is given up that so many workers died of. */
const MOST_STALLED = 20;
/** After something in the queue that is no job. */
const RETRY_MS = 500;

export interface Work {
  readonly connection: Connection;
  readonly fleet: string;
  readonly engine: string;
  readonly commit: string | null;
  readonly host: string;
  /** jobs at once */
  readonly width: number;
  /** a job whose worker has not been heard of for so long is done by another */
  readonly lockMs: number;
  readonly say: (text: string) => void;
}

/** A campaign that a job is of. */
interface Crew {
  readonly hands: Hands;
  /** jobs that it is at */
  busy: number;
}

export class FleetWorker {
  readonly id = randomUUID();
  jobs = 0;
  runs = 0;
  private readonly work: Work;
  private readonly store: Store;
  private readonly worker: Worker;
  private readonly crews = new Map<string, Promise<Crew>>();
  private readonly began = Date.now();
  private readonly said = new Set<string>();
  private beat: NodeJS.Timeout | null = null;
  private closing = false;

  constructor(work: Work) {
    this.work = work;
    const { connection, fleet, engine, width, lockMs } = work;
    this.store = new Store(connection.client, fleet);
    this.worker = new Worker(Store.queueOf(engine), (job) => this.process(job), {
      connection: connection.client,
      prefix: this.store.prefix,
      name: this.id,
      autorun: false,
      // one waits beside those that are done, so that no process stands idle while the queue is asked
      concurrency: width + 1,
      lockDuration: lockMs,
      stalledInterval: Math.ceil(lockMs / 2),
      maxStalledCount: MOST_STALLED,
      runRetryDelay: RETRY_MS,
      drainDelay: 2,
      skipVersionCheck: true,
      removeOnComplete: { count: 0 },
      removeOnFail: { age: 600 },
    });
    // what happens to the connection, the connection says; the rest is a job that is not there any more, or is none
    this.worker.on('error', (error) => {
      if (error instanceof SyntaxError) this.sayOnce('something in the queue is no job, and was left out');
    });
  }

  /** @throws QueueTrouble */
  async begin(): Promise<void> {
    const { connection } = this.work;
    try {
      await this.heartbeat();
      await this.worker.waitUntilReady();
    } catch (error) {
      throw connection.trouble('cannot be used', error);
    }
    this.worker.run().catch(() => {});
    this.next();
  }

  /** What is being done is done to its end, nothing is begun. */
  async close(): Promise<void> {
    this.closing = true;
    if (this.beat !== null) clearTimeout(this.beat);
    await this.worker.close();
    await this.store.leave('worker', this.id);
    await this.drop();
  }

  /** The queue is gone: whoever has it will find what was not answered. */
  async drop(): Promise<void> {
    this.closing = true;
    if (this.beat !== null) clearTimeout(this.beat);
    // it would go on asking; there is nobody to say farewell to
    this.worker.close(true).catch(() => {});
    this.work.connection.close();
    const all = [...this.crews.values()];
    this.crews.clear();
    for (const crew of all) await crew.then(({ hands }) => hands.close()).catch(() => {});
  }

  private async process({ id, data }: QueueJob<unknown>): Promise<void> {
    const parsed = jobSchema.safeParse(data);
    if (!parsed.success) {
      const { version } = (data ?? {}) as { version?: unknown };
      const newer = typeof version === 'number' && version !== FLEET_VERSION;
      const what = newer ? `of version ${version}, and this worker does those of ${FLEET_VERSION}` : 'none of a fleet';
      const why = `a job in the queue is ${what}: it was refused`;
      this.sayOnce(why);
      throw new UnrecoverableError(why);
    }
    const job = parsed.data;
    let crew: Crew | null;
    try {
      crew = await this.crewOf(job.campaign);
    } catch (error) {
      const why = error instanceof Refused ? error.message : 'its campaign cannot be begun';
      this.sayOnce(`campaign ${job.campaign}: ${why}`);
      throw new UnrecoverableError(why);
    }
    // nobody waits for it any more
    if (crew === null) return;
    crew.busy++;
    try {
      const answer = await this.answer(job, String(id), crew.hands);
      await this.store.answer(job.campaign, await pack(answer));
    } finally {
      crew.busy--;
    }
    this.jobs++;
  }

  private async answer(job: Job, id: string, hands: Hands): Promise<Answer> {
    try {
      if (job.kind === 'minimise') {
        const minimised = [];
        for (const place of job.places) minimised.push(await hands.minimise(place));
        return { version: FLEET_VERSION, kind: 'minimise', job: id, minimised };
      }
      const results = [];
      for (const slice of job.slices) {
        const result = await hands.run(slice);
        this.runs += result.statistics.runs;
        results.push(result);
      }
      return { version: FLEET_VERSION, kind: 'run', job: id, results };
    } catch {
      // a place that shows nothing, or a block that wants more memory than there is
      return { version: FLEET_VERSION, kind: 'failed', job: id };
    }
  }

  /** @returns null: the campaign is over */
  private async crewOf(campaign: string): Promise<Crew | null> {
    let crew = this.crews.get(campaign);
    if (crew === undefined) {
      const record = await this.store.campaign(campaign);
      if (record === null) return null;
      // somebody else may have begun it meanwhile
      crew = this.crews.get(campaign) ?? this.start(record);
      crew.catch(() => this.crews.delete(campaign));
    } else this.crews.delete(campaign);
    // the last is the one that was used last
    this.crews.set(campaign, crew);
    await this.closeIdle(MOST_CAMPAIGNS);
    return crew;
  }

  private async start(found: NonNullable<Awaited<ReturnType<Store['campaign']>>>): Promise<Crew> {
    if ('wrong' in found) throw new Refused(found.wrong);
    const { engine, config, known: digest } = found.record;
    if (engine !== this.work.engine) throw new Refused('it is of other code');
    const known = await this.store.known(digest);
    if (known === null) throw new Refused('its known list is not what it says');
    try {
      // processes that cannot start would be started again and again
      compileFor(config);
    } catch (error) {
      throw new Refused(printable(error instanceof Error ? error.message : String(error)));
    }
    return { hands: processHands(config, known, this.work.width), busy: 0 };
  }

  private async closeIdle(most: number, over: (id: string) => boolean = () => true): Promise<void> {
    for (const [id, starting] of [...this.crews]) {
      if (this.crews.size <= most) return;
      const crew = await starting.catch(() => null);
      if (crew === null || crew.busy > 0 || !over(id)) continue;
      this.crews.delete(id);
      await crew.hands.close();
    }
  }

  private next(): void {
    this.beat = setTimeout(() => {
      this.heartbeat()
        .catch(() => {
          // a queue that is gone says so itself
        })
        .finally(() => {
          if (!this.closing) this.next();
        });
    }, HEARTBEAT_MS);
  }

  private async heartbeat(): Promise<void> {
    const { engine, commit, host, width } = this.work;
    const { jobs, runs } = this;
    const seconds = (Date.now() - this.began) / 1000;
    const common = { version: FLEET_VERSION, engine, commit, host } as const;
    await this.store.work(this.id, { ...common, pid: process.pid, width, seconds, jobs, runs });
    const campaigns = await this.store.campaigns();
    for (const found of campaigns) {
      if ('wrong' in found) this.sayOnce(`${found.wrong}: nothing of it is taken`);
      else if (found.record.engine !== engine) this.sayOnce(otherCode(found.id, found.record, this.work));
    }
    const led = new Set(campaigns.map(({ id }) => id));
    await this.closeIdle(0, (id) => !led.has(id));
  }

  private sayOnce(text: string): void {
    if (this.said.has(text)) return;
    this.said.add(text);
    this.work.say(text);
  }
}

/** One sentence for the user. */
class Refused extends Error {
  override readonly name = 'Refused';
}

function otherCode(id: string, theirs: { commit: string | null; engine: string; host: string }, mine: Work): string {
  const of = ({ commit, engine }: { commit: string | null; engine: string }): string =>
    `${commit === null ? '' : `commit ${printable(commit.slice(0, 12))}, `}code ${engine}`;
  return `campaign ${id.slice(0, 8)} of ${printable(theirs.host)} is of ${of(theirs)}, and this worker of ${of(mine)}: it takes nothing of it`;
}
