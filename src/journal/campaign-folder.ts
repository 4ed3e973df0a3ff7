/**
 * The folder of `--out`: what a campaign keeps while it runs, so that it can be killed at any moment, and what it leaves behind.
 *
 *     lock              who is at it
 *     findings.jsonl    each finding, before it is printed
 *     checkpoint.json   how far the campaign is, until it is over
 *     shard.json        what the blocks of a shard came to, for `merge`
 *     ledger.jsonl      a line for each campaign
 *     corpus/           a file for each signature
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Progress, progressSchema } from '../campaign/campaign.ts';
import { configSchema } from '../campaign/config.ts';
import { printable } from '../scenario/printable.ts';
import { lock } from './lock.ts';
import { appendLine, checkRecord, JournalError, parseJson, readIfThere, reasonOf, writeWhole } from './records.ts';

export const CHECKPOINT_VERSION = 1;

/** What a campaign is to do, beside its configuration. */
const orderSchema = z.strictObject({
  config: configSchema,
  /** how the known list was named, and what was in it */
  known: z.strictObject({ source: z.string().nullable(), digest: z.string() }),
  /** scenarios, or null: as many as the time allows */
  runs: z.int().min(1).nullable(),
  seconds: z.number().min(0).nullable(),
  shard: z.strictObject({ index: z.int().min(1), of: z.int().min(1) }),
  keepNames: z.boolean(),
  command: z.string(),
});
export type Order = z.infer<typeof orderSchema>;

/** Whether two say the same campaign, however it was typed. */
export function sameOrder(a: Order, b: Order): boolean {
  const told = (order: Order): string => JSON.stringify({ ...orderSchema.parse(order), command: '' });
  return told(a) === told(b);
}

const checkpointSchema = z.strictObject({
  version: z.literal(CHECKPOINT_VERSION),
  order: orderSchema,
  /** the first block that was not added */
  next: z.int().min(0),
  /** time that went by so far */
  elapsed: z.number().min(0),
  progress: progressSchema as z.ZodType<Progress>,
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

/** What a shard, or a merge of some, came to. */
const shardSchema = z.strictObject({
  version: z.literal(CHECKPOINT_VERSION),
  order: orderSchema,
  /** all of its blocks were run */
  complete: z.boolean(),
  elapsed: z.number().min(0),
  progress: progressSchema as z.ZodType<Progress>,
});
export type ShardResult = z.infer<typeof shardSchema>;

export class CampaignFolder {
  readonly path: string;
  private readonly unlock: () => void;

  /** Makes the folder where there is none, and locks it. @throws JournalError */
  constructor(path: string) {
    this.path = path;
    try {
      // not recursive: under /proc Node's mkdirSync would never come back
      if (!existsSync(path)) mkdirSync(path);
    } catch (error) {
      throw new JournalError(`${printable(path)} cannot be made: ${reasonOf(error)}`);
    }
    this.unlock = lock(path);
  }

  get ledger(): string {
    return join(this.path, 'ledger.jsonl');
  }

  get corpus(): string {
    return join(this.path, 'corpus');
  }

  /** How far a campaign of this folder is that was not brought to its end, or null. */
  checkpoint(): Checkpoint | null {
    return read(join(this.path, 'checkpoint.json'), checkpointSchema, 'checkpoint');
  }

  keep(checkpoint: Omit<Checkpoint, 'version'>): void {
    writeWhole(join(this.path, 'checkpoint.json'), JSON.stringify({ version: CHECKPOINT_VERSION, ...checkpoint }));
  }

  found(finding: object): void {
    appendLine(join(this.path, 'findings.jsonl'), finding);
  }

  /** The campaign is over: there is nothing to take up. */
  done(): void {
    rmSync(join(this.path, 'checkpoint.json'), { force: true });
  }

  writeShard(result: Omit<ShardResult, 'version'>): void {
    writeWhole(join(this.path, 'shard.json'), JSON.stringify({ version: CHECKPOINT_VERSION, ...result }));
  }

  close(): void {
    this.unlock();
  }
}

/** What a shard left in its folder. @throws JournalError */
export function readShard(folder: string): ShardResult {
  const found = read(join(folder, 'shard.json'), shardSchema, 'result of a shard');
  if (found !== null) return found;
  throw new JournalError(`${printable(folder)} holds no result of a shard: "fuzz --shard 1/4 --out DIR" leaves one`);
}

function read<T>(path: string, schema: z.ZodType<T>, what: string): T | null {
  const text = readIfThere(path);
  const where = printable(path);
  return text === null
    ? null
    : checkRecord(parseJson(text, where), { schema, version: CHECKPOINT_VERSION, what, where });
}
