/** What a fleet keeps in the queue's store beside BullMQ's jobs; all of it fades away when nobody renews it. */
import type { Redis } from 'ioredis';
import type * as z from 'zod';
import { type Known, NOTHING_KNOWN } from '../contract/known/known.ts';
import { checkRecord, JournalError } from '../journal/records.ts';
import { printable } from '../scenario/printable.ts';
import {
  type CampaignRecord,
  campaignRecordSchema,
  FLEET_VERSION,
  type PackedKnown,
  type ProgressRecord,
  pack,
  progressRecordSchema,
  unpack,
  unpackKnown,
  type WorkerRecord,
  workerRecordSchema,
} from './records.ts';

/** Leaders and workers say this often that they are there. */
export const HEARTBEAT_MS = 2000;
/** Who has not been heard of for so long is gone. */
const FADES_S = 10;
/** Answers that nobody fetches, and lists that nobody asks for. */
const FORGOTTEN_S = 3600;

type Kind = 'campaign' | 'progress' | 'worker';

/** A record, or the sentence that says why it is none. */
export type Found<T> = { readonly id: string; readonly record: T } | { readonly id: string; readonly wrong: string };

export class Store {
  readonly prefix: string;
  private readonly redis: Redis;

  constructor(redis: Redis, fleet: string) {
    this.redis = redis;
    this.prefix = `claimcheck:${fleet}`;
  }

  /** The queue that those read who have the same code. */
  static queueOf(engine: string): string {
    return `jobs-${engine}`;
  }

  async lead(id: string, record: CampaignRecord, progress: ProgressRecord, known: PackedKnown | null): Promise<void> {
    await this.put('campaign', id, record);
    await this.put('progress', id, progress);
    if (known === null) return;
    // megabytes, which are sent once
    const key = `${this.prefix}:known:${known.digest}`;
    if ((await this.redis.expire(key, FORGOTTEN_S)) === 0) await this.redis.set(key, known.bytes, 'EX', FORGOTTEN_S);
  }

  work(id: string, record: WorkerRecord): Promise<void> {
    return this.put('worker', id, record);
  }

  async leave(kind: 'campaign' | 'worker', id: string): Promise<void> {
    await this.redis.srem(this.index(kind), id);
    await this.redis.del(this.key(kind, id));
    if (kind === 'worker') return;
    await this.redis.srem(this.index('progress'), id);
    await this.redis.del(this.key('progress', id), this.answers(id));
  }

  campaigns(): Promise<Found<CampaignRecord>[]> {
    return this.all('campaign', campaignRecordSchema);
  }

  progress(): Promise<Found<ProgressRecord>[]> {
    return this.all('progress', progressRecordSchema);
  }

  workers(): Promise<Found<WorkerRecord>[]> {
    return this.all('worker', workerRecordSchema);
  }

  /** @returns null: it is over */
  async campaign(id: string): Promise<Found<CampaignRecord> | null> {
    const bytes = await this.redis.getBuffer(this.key('campaign', id));
    return bytes === null ? null : this.read('campaign', id, bytes, campaignRecordSchema);
  }

  /** @returns null: it is not there, or not what its digest says */
  async known(digest: string | null): Promise<Known | null> {
    if (digest === null) return NOTHING_KNOWN;
    const bytes = await this.redis.getBuffer(`${this.prefix}:known:${digest}`);
    return bytes === null ? null : unpackKnown(digest, bytes);
  }

  async answer(campaign: string, bytes: Buffer): Promise<void> {
    await this.redis.multi().rpush(this.answers(campaign), bytes).expire(this.answers(campaign), FORGOTTEN_S).exec();
  }

  /** Waits for an answer on a connection of its own. @returns null: none came so soon */
  async nextAnswer(redis: Redis, campaign: string): Promise<Buffer | null> {
    const popped = await redis.blpopBuffer(this.answers(campaign), 5);
    return popped?.[1] ?? null;
  }

  private index(kind: Kind): string {
    return `${this.prefix}:${kind}s`;
  }

  private key(kind: Kind, id: string): string {
    return `${this.prefix}:${kind}:${id}`;
  }

  private answers(campaign: string): string {
    return `${this.prefix}:answers:${campaign}`;
  }

  private async put(kind: Kind, id: string, record: object): Promise<void> {
    const bytes = await pack(record);
    await this.redis.multi().sadd(this.index(kind), id).set(this.key(kind, id), bytes, 'EX', FADES_S).exec();
  }

  private async all<T>(kind: Kind, schema: z.ZodType<T>): Promise<Found<T>[]> {
    const ids = (await this.redis.smembers(this.index(kind))).sort();
    const found: Found<T>[] = [];
    for (const id of ids) {
      const bytes = await this.redis.getBuffer(this.key(kind, id));
      if (bytes === null) await this.redis.srem(this.index(kind), id);
      else found.push(await this.read(kind, id, bytes, schema));
    }
    return found;
  }

  private async read<T>(kind: Kind, id: string, bytes: Buffer, schema: z.ZodType<T>): Promise<Found<T>> {
    const where = `${kind} ${printable(id)} in the queue`;
    try {
      const what = `${kind} record`;
      return { id, record: checkRecord(await unpack(bytes), { schema, version: FLEET_VERSION, what, where }) };
    } catch (error) {
      if (error instanceof JournalError) return { id, wrong: error.message };
      throw error;
    }
  }
}
