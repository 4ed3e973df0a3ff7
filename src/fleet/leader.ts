/** The leader's side: hands that are the workers of a fleet. Blocks go out as jobs, and answers come back on a list. */
import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { BlockResult, Minimised, Place, Slice } from '../campaign/block.ts';
import { type Hands, HandsGone, ownHands } from '../campaign/hands.ts';
import type { Known } from '../contract/known/known.ts';
import type { Connection } from './connection.ts';
import {
  type Answer,
  answerSchema,
  answers,
  type CampaignRecord,
  FLEET_VERSION,
  type Job,
  type PackedKnown,
  PLACES_A_JOB,
  type ProgressRecord,
  packKnown,
  SLICES_A_JOB,
  UNKNOWN_PLACES_A_JOB,
  unpack,
} from './records.ts';
import { HEARTBEAT_MS, Store } from './store.ts';

/** Jobs for each that can be done at once: one is waiting when another is done. */
const JOBS_A_HAND = 2;
/** Before anybody is there. */
const LEAST_JOBS = 4;
/** So often a job is asked for; then the leader does it itself. */
const MOST_TRIES = 3;
/** A job that was not answered by then is looked after. */
const LOOK_AFTER_MS = 5000;

/** Somebody who waits for the answer to a part of a job. */
interface Waiting<Part, Result> {
  readonly part: Part;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

interface Sent {
  readonly job: Job;
  readonly waiting: readonly Waiting<unknown, unknown>[];
  readonly tries: number;
  readonly at: number;
  /** when it was looked after last, it was neither waiting nor being done */
  missed: boolean;
}

export interface Lead {
  readonly connection: Connection;
  /** its name */
  readonly fleet: string;
  readonly engine: string;
  readonly commit: string | null;
  readonly host: string;
  readonly known: Known;
  readonly config: CampaignRecord['config'];
  /** blocks under way at once, or null: as many as the workers want */
  readonly ahead: number | null;
  readonly progress: () => Pick<ProgressRecord, 'runs' | 'of' | 'seconds' | 'findings'>;
  readonly say: (text: string) => void;
}

/** @throws QueueTrouble */
export async function fleetHands(lead: Lead): Promise<Hands> {
  const leader = new Leader(lead, await packKnown(lead.known));
  await leader.begin();
  return leader;
}

class Leader implements Hands {
  private readonly id = randomUUID();
  private readonly lead: Lead;
  private readonly packed: PackedKnown | null;
  private readonly store: Store;
  private readonly queue: Queue;
  private readonly listening: Redis;
  private readonly sent = new Map<string, Sent>();
  private slices: Waiting<Slice, BlockResult>[] = [];
  private places: Waiting<Place, Minimised>[] = [];
  private posting: NodeJS.Immediate | null = null;
  private beat: NodeJS.Timeout | null = null;
  private own: Hands | null = null;
  private gone: HandsGone | null = null;
  private closed = false;
  private jobs = 0;
  private hands = 0;
  private done = 0;
  private said = new Set<string>();

  constructor(lead: Lead, packed: PackedKnown | null) {
    const { connection, fleet, engine } = lead;
    this.lead = lead;
    this.packed = packed;
    this.store = new Store(connection.client, fleet);
    this.queue = new Queue(Store.queueOf(engine), {
      connection: connection.client,
      prefix: this.store.prefix,
      skipVersionCheck: true,
      // the answer is all that anybody reads
      streams: { events: { maxLen: 100 } },
    });
    // what it says, the connection says
    this.queue.on('error', () => {});
    this.listening = connection.another();
  }

  /** Blocks under way; a job is some of them. */
  get width(): number {
    const { ahead } = this.lead;
    return ahead ?? SLICES_A_JOB * Math.max(LEAST_JOBS, JOBS_A_HAND * this.hands);
  }

  async begin(): Promise<void> {
    const { connection } = this.lead;
    void connection.gone.then((trouble) => this.end(trouble.message));
    try {
      await this.heartbeat();
    } catch (error) {
      throw connection.trouble('cannot be used', error);
    }
    if (this.hands === 0) this.sayOnce('nobody is there yet to run blocks: "claimcheck fleet worker" joins');
    void this.listen();
    this.next();
  }

  run(slice: Slice): Promise<BlockResult> {
    return new Promise((resolve, reject) => {
      this.slices.push({ part: slice, resolve, reject });
      this.post();
    });
  }

  minimise(place: Place): Promise<Minimised> {
    return new Promise((resolve, reject) => {
      this.places.push({ part: place, resolve, reject });
      this.post();
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.beat !== null) clearTimeout(this.beat);
    if (this.posting !== null) clearImmediate(this.posting);
    const { connection } = this.lead;
    if (this.gone === null) {
      try {
        await this.store.leave('campaign', this.id);
        for (const id of this.sent.keys()) await this.queue.remove(id);
      } catch {
        // it fades away by itself
      }
    }
    connection.close();
  }

  /** What is asked for within one turn goes together. */
  private post(): void {
    if (this.gone !== null) {
      this.end(this.gone.message);
      return;
    }
    this.posting ??= setImmediate(() => {
      this.posting = null;
      this.postPlaces();
      this.postSlices();
    });
  }

  private postPlaces(): void {
    const { known } = this.lead;
    const listed = this.places.filter(({ part }) => known.has(part.signature));
    const others = this.places.filter(({ part }) => !known.has(part.signature));
    this.places = [];
    for (const [all, most] of [
      [others, UNKNOWN_PLACES_A_JOB],
      [listed, PLACES_A_JOB],
    ] as const) {
      // something for everybody: the campaign waits for the last of them
      const size = Math.max(1, Math.min(most, Math.ceil(all.length / Math.max(1, this.hands))));
      for (let k = 0; k < all.length; k += size) {
        const group = all.slice(k, k + size);
        const places = group.map(({ part }) => part);
        this.send({ version: FLEET_VERSION, kind: 'minimise', campaign: this.id, places }, group);
      }
    }
  }

  /** Whole jobs; what is left over waits for more as long as the workers have enough. */
  private postSlices(): void {
    const enough = (): boolean => this.slicesSent() > this.width / 2;
    while (this.slices.length >= SLICES_A_JOB || (this.slices.length > 0 && !enough())) {
      const group = this.slices.splice(0, SLICES_A_JOB);
      const slices = group.map(({ part }) => part);
      this.send({ version: FLEET_VERSION, kind: 'run', campaign: this.id, slices }, group);
    }
  }

  private slicesSent(): number {
    let sum = 0;
    for (const { job } of this.sent.values()) if (job.kind === 'run') sum += job.slices.length;
    return sum;
  }

  private send<P, R>(job: Job, waiting: readonly Waiting<P, R>[], tries = 1): void {
    const id = `${this.id}-${(this.jobs++).toString(16)}`;
    const sent = {
      job,
      waiting: waiting as readonly Waiting<unknown, unknown>[],
      tries,
      at: Date.now(),
      missed: false,
    };
    this.sent.set(id, sent);
    // the campaign waits for what is minimised, and for what is asked for once more
    const first = job.kind === 'minimise' || tries > 1;
    const options = { jobId: id, lifo: first, removeOnComplete: true, removeOnFail: { age: 600 } };
    this.queue.add(job.kind, job, options).catch(() => {
      // it is missing, and is looked after
    });
  }

  private async listen(): Promise<void> {
    while (!this.closed && this.gone === null) {
      try {
        const bytes = await this.store.nextAnswer(this.listening, this.id);
        if (bytes !== null) await this.take(bytes);
      } catch (error) {
        if (this.closed || this.gone !== null) return;
        // a list that is something else, or a queue that says it has no memory left
        this.end(this.lead.connection.trouble('cannot be used', error).message);
      }
    }
  }

  /** What is no answer costs nothing: the job that it should have answered is looked after. */
  private async take(bytes: Buffer): Promise<void> {
    const parsed = answerSchema.safeParse(await unpack(bytes));
    if (!parsed.success) {
      this.sayOnce('something in the queue is no answer, and was left out');
      return;
    }
    const answer = parsed.data;
    const sent = this.sent.get(answer.job);
    // a job that stalled may be answered twice
    if (sent === undefined) return;
    this.sent.delete(answer.job);
    if (!answers(answer, sent.job)) {
      await this.tryAgain(sent);
      return;
    }
    if (sent.job.kind === 'run') this.done += sent.job.slices.length;
    for (const [k, result] of partsOf(answer).entries()) sent.waiting[k]!.resolve(result);
    this.post();
  }

  private async tryAgain(sent: Sent): Promise<void> {
    if (sent.tries < MOST_TRIES) {
      this.send(sent.job, sent.waiting, sent.tries + 1);
      return;
    }
    this.sayOnce(`a job that no worker could do in ${MOST_TRIES} tries is done here`);
    this.own ??= ownHands(this.lead.config, this.lead.known);
    const { own } = this;
    for (const { part, resolve, reject } of sent.waiting) {
      const result = sent.job.kind === 'run' ? own.run(part as Slice) : own.minimise(part as Place);
      await result.then(resolve, reject);
    }
    this.post();
  }

  private next(): void {
    this.beat = setTimeout(() => {
      this.heartbeat()
        .then(() => this.lookAfter())
        .catch(() => {
          // a queue that is gone says so itself
        })
        .finally(() => {
          if (!this.closed && this.gone === null) this.next();
        });
    }, HEARTBEAT_MS);
  }

  private async heartbeat(): Promise<void> {
    const { engine, commit, host, config, progress } = this.lead;
    const common = { version: FLEET_VERSION, engine, commit, host } as const;
    const record: CampaignRecord = { ...common, config, known: this.packed?.digest ?? null };
    const blocks = { done: this.done, underWay: this.slicesSent() };
    const { seed, protocol } = config;
    await this.store.lead(this.id, record, { ...common, seed, protocol, blocks, ...progress() }, this.packed);
    const workers = (await this.store.workers()).flatMap((found) => ('record' in found ? [found.record] : []));
    this.hands = workers.reduce((sum, worker) => sum + (worker.engine === engine ? worker.width : 0), 0);
  }

  /** A job that is neither waiting nor being done, and was not answered, is sent again: its queue may have been started anew. */
  private async lookAfter(): Promise<void> {
    for (const [id, sent] of [...this.sent]) {
      if (Date.now() - sent.at < LOOK_AFTER_MS || this.closed) continue;
      const state = await this.queue.getJobState(id);
      const there = state === 'waiting' || state === 'active' || state === 'delayed' || state === 'prioritized';
      if (there || !this.sent.has(id)) {
        sent.missed = false;
      } else if (!sent.missed) {
        // its answer may be on the way
        sent.missed = true;
      } else {
        this.sent.delete(id);
        // that it was lost says nothing against it
        if (state === 'failed') await this.tryAgain(sent);
        else this.send(sent.job, sent.waiting, sent.tries);
      }
    }
  }

  private end(why: string): void {
    this.gone ??= new HandsGone(why);
    const waiting = [...this.slices, ...this.places, ...[...this.sent.values()].flatMap((sent) => sent.waiting)];
    this.slices = [];
    this.places = [];
    this.sent.clear();
    for (const { reject } of waiting) reject(this.gone);
  }

  private sayOnce(text: string): void {
    if (this.said.has(text)) return;
    this.said.add(text);
    this.lead.say(text);
  }
}

const partsOf = (answer: Answer): readonly unknown[] =>
  answer.kind === 'run' ? answer.results : answer.kind === 'minimise' ? answer.minimised : [];
