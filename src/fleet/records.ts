/**
 * What goes through the queue: records, jobs and answers. All of it is data, checked when it arrives, whoever sent it: what is
 * wrong costs one job and neither the worker nor the leader.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import * as z from 'zod';
import { BLOCK_SIZE, type BlockResult, type Minimised, type Place, type Slice } from '../campaign/block.ts';
import { findingSchema, statisticsSchema } from '../campaign/campaign.ts';
import { type CampaignConfig, configSchema } from '../campaign/config.ts';
import { type Known, type KnownSignature, NOTHING_KNOWN } from '../contract/known/known.ts';

/** Of all that is defined here; who reads another takes nothing of it. */
export const FLEET_VERSION = 1;

/** Blocks in one job: so many that what a job costs by itself is little beside them, so few that one that is lost is soon done again. */
export const SLICES_A_JOB = 8;
/** Places in one job: those whose signature is on the known list take a look at its witness each, and others some milliseconds. */
export const PLACES_A_JOB = 32;
/** With nothing known each takes as long as a block. */
export const UNKNOWN_PLACES_A_JOB = 8;

const count = z.int().min(0);
const version = z.literal(FLEET_VERSION);
const name = z.string().min(1).max(200);
const digest = z.string().regex(/^[0-9a-f]{16}$/);
const commit = z.string().max(100).nullable();

/** A campaign that is led: what a worker has to know of it. */
export const campaignRecordSchema = z.strictObject({
  version,
  /** of the code that may work on it */
  engine: digest,
  commit,
  host: name,
  config: configSchema as z.ZodType<CampaignConfig>,
  /** by which its known list is found; null: nothing is known */
  known: digest.nullable(),
});
export type CampaignRecord = z.infer<typeof campaignRecordSchema>;

/** How far it is, for who looks. */
export const progressRecordSchema = z.strictObject({
  version,
  engine: digest,
  commit,
  host: name,
  seed: z.string().max(1000),
  protocol: z.enum(['nova', 'rollback']),
  /** scenarios that were added up, and how many it will be; null: as many as the time allows */
  runs: count,
  of: count.nullable(),
  seconds: z.number().min(0),
  blocks: z.strictObject({ done: count, underWay: count }),
  findings: z.strictObject({ news: count, known: count, sabotage: count }),
});
export type ProgressRecord = z.infer<typeof progressRecordSchema>;

export const workerRecordSchema = z.strictObject({
  version,
  engine: digest,
  commit,
  host: name,
  pid: count,
  /** jobs at once */
  width: z.int().min(1).max(1024),
  /** since it joined */
  seconds: z.number().min(0),
  jobs: count,
  runs: count,
});
export type WorkerRecord = z.infer<typeof workerRecordSchema>;

const id = z.string().regex(/^[0-9a-f-]{1,60}$/);
const at = z.int().min(0).max(BLOCK_SIZE);
const block = z.int().min(0).max(10_000_000);

export const jobSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    version,
    kind: z.literal('run'),
    campaign: id,
    slices: z
      .array(z.strictObject({ block, from: at, to: at }))
      .min(1)
      .max(SLICES_A_JOB) as z.ZodType<Slice[]>,
  }),
  z.strictObject({
    version,
    kind: z.literal('minimise'),
    campaign: id,
    places: z
      .array(z.strictObject({ block, run: at, signature: z.string().min(1).max(10_000) }))
      .min(1)
      .max(PLACES_A_JOB) as z.ZodType<Place[]>,
  }),
]);
export type Job = z.infer<typeof jobSchema>;

const resultSchema = z.strictObject({
  block,
  statistics: statisticsSchema,
  seen: z.array(z.strictObject({ signature: z.string().min(1), run: at, count: z.int().min(1) })),
}) as z.ZodType<BlockResult>;

const minimisedSchema = z.strictObject({ finding: findingSchema, executions: count }) as z.ZodType<Minimised>;

export const answerSchema = z.discriminatedUnion('kind', [
  z.strictObject({ version, kind: z.literal('run'), job: id, results: z.array(resultSchema).max(SLICES_A_JOB) }),
  z.strictObject({
    version,
    kind: z.literal('minimise'),
    job: id,
    minimised: z.array(minimisedSchema).max(PLACES_A_JOB),
  }),
  z.strictObject({ version, kind: z.literal('failed'), job: id }),
]);
export type Answer = z.infer<typeof answerSchema>;

const knownSchema: z.ZodType<(KnownSignature & { signature: string })[]> = z.array(
  z.strictObject({
    signature: z.string().min(1),
    weakness: z.string().min(1),
    reason: z.string().min(1),
    row: z.string().nullable(),
    witness: z.string().min(1),
  }),
);

export interface PackedKnown {
  readonly digest: string;
  readonly bytes: Buffer;
}

/** A list for the way, or null: a list that is none stays none. */
export async function packKnown(known: Known): Promise<PackedKnown | null> {
  if (known === NOTHING_KNOWN) return null;
  const lines = [...known].map(([signature, { weakness, reason, row, witness }]) => {
    return { signature, weakness, reason, row, witness };
  });
  return { digest: digestOf(lines), bytes: await pack(lines) };
}

/** The list that a digest names; null: it is another, or none. */
export async function unpackKnown(named: string, bytes: Buffer): Promise<Known | null> {
  const parsed = knownSchema.safeParse(await unpack(bytes));
  if (!parsed.success || digestOf(parsed.data) !== named) return null;
  return new Map(parsed.data.map((line) => [line.signature, line]));
}

const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

const deflate = promisify<Buffer, { level: number }, Buffer>(deflateRaw);
const inflate = promisify<Buffer, { maxOutputLength: number }, Buffer>(inflateRaw);
/** What is packed smaller than it is unfolds no further than this. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Most of an answer are the names of failure points, the same in every block. */
export const pack = async (value: unknown): Promise<Buffer> =>
  deflate(Buffer.from(JSON.stringify(value)), { level: 1 });

/** Undefined: it is nothing that was packed. */
export async function unpack(bytes: Buffer): Promise<unknown> {
  try {
    return JSON.parse((await inflate(bytes, { maxOutputLength: MOST_BYTES })).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** An answer that says what its job asked, of the blocks and places that it asked for, and nothing else. */
export function answers(answer: Answer, job: Job): boolean {
  if (answer.kind === 'run' && job.kind === 'run') {
    const { results } = answer;
    return results.length === job.slices.length && job.slices.every((slice, k) => isOf(results[k]!, slice));
  }
  if (answer.kind === 'minimise' && job.kind === 'minimise') {
    const { minimised } = answer;
    return (
      minimised.length === job.places.length &&
      job.places.every(({ block, run }, k) => {
        const { finding } = minimised[k]!;
        return finding.block === block && finding.run === run;
      })
    );
  }
  return false;
}

function isOf({ block, statistics, seen }: BlockResult, slice: Slice): boolean {
  const names = new Set(seen.map(({ signature }) => signature));
  const within = seen.every(({ run, count }) => run >= slice.from && run < slice.to && count <= slice.to - slice.from);
  return block === slice.block && statistics.runs === slice.to - slice.from && names.size === seen.length && within;
}
