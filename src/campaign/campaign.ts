/**
 * A campaign: the results of numbered blocks, added up in the order of the blocks. Whoever ran a block, and whoever minimised
 * what it showed, the sum is the same.
 */
import * as z from 'zod';
import type { Contract } from '../contract/contracts.ts';
import type { Known } from '../contract/known/known.ts';
import type { Code } from '../engine/compile.ts';
import type { PlacementService } from '../engine/run.ts';
import { scenarioSchema } from '../scenario/scenario.ts';
import {
  BLOCK_SIZE,
  type BlockResult,
  BlockRunner,
  BlockStopped,
  type Finding,
  type Minimised,
  type Place,
} from './block.ts';
import type { CampaignConfig } from './config.ts';
import { addStatistics, emptyStatistics, type Statistics } from './statistics.ts';

export interface CountedFinding extends Finding {
  /** scenarios that showed it */
  readonly count: number;
}

/** A signature as it was played, and what it led to. */
interface Led {
  readonly played: string;
  /** where it was seen first: block, run, and which it was of the block's signatures */
  readonly block: number;
  readonly run: number;
  readonly order: number;
  /** scenarios that showed it */
  readonly count: number;
  /** the signature of the minimal scenario, and how many were run to get there */
  readonly finding: string;
  readonly executions: number;
}

/** All that a campaign, or a part of its blocks, has come to: as data, to be kept, joined and taken up again. */
export interface Progress {
  readonly statistics: Statistics;
  readonly findings: readonly Finding[];
  readonly led: readonly Led[];
}

const count = z.int().min(0);
const counts = z.record(z.string(), count);

export const statisticsSchema = z.strictObject({
  runs: count,
  steps: count,
  operations: z.record(z.string(), z.strictObject({ accepted: count, refused: count, skipped: count })),
  faults: z.strictObject({ armed: count, fired: count }),
  holds: z.strictObject({ armed: count, struck: count, broken: count }),
  reached: counts,
  fired: counts,
  endStates: counts,
  moves: z.strictObject({
    faultFree: count,
    faultFreeCommitted: count,
    faulted: count,
    faultedCommitted: count,
  }),
  sometimes: counts,
  possible: counts,
});

export const findingSchema = z.strictObject({
  signature: z.string(),
  invariants: z.array(z.string()).min(1),
  details: z.array(z.string()),
  known: z
    .object({ weakness: z.string(), reason: z.string(), row: z.string().nullable(), witness: z.string() })
    .nullable(),
  sabotage: z.boolean(),
  scenario: scenarioSchema,
  token: z.string(),
  operations: count,
  faults: count,
  holds: count,
  block: count,
  run: count,
});

/** Of progress that comes from a file. */
export const progressSchema = z
  .strictObject({
    statistics: statisticsSchema,
    findings: z.array(findingSchema),
    led: z.array(
      z.strictObject({
        played: z.string(),
        block: count,
        run: count,
        order: count,
        count,
        finding: z.string(),
        executions: count,
      }),
    ),
  })
  .refine(
    ({ findings, led }) => {
      const names = new Set(findings.map(({ signature }) => signature));
      return led.every(({ finding }) => names.has(finding));
    },
    { message: 'a signature leads to a finding that is not there' },
  );

export class Campaign {
  readonly config: CampaignConfig;
  readonly known: Known;
  readonly code: Code;
  readonly contract: Contract;
  readonly statistics: Statistics = emptyStatistics();
  readonly findings = new Map<string, CountedFinding>();
  private readonly led = new Map<string, Led>();
  private readonly runner: BlockRunner;

  /** @param placement who answers in the model's place where this process runs blocks itself */
  constructor(config: CampaignConfig, known: Known, placement: PlacementService | null = null) {
    this.config = config;
    this.known = known;
    this.runner = new BlockRunner(config, known, placement);
    this.code = this.runner.code;
    this.contract = this.runner.contract;
  }

  /** Scenarios run to minimise. */
  get executions(): number {
    return [...this.led.values()].reduce((sum, { executions }) => sum + executions, 0);
  }

  /** Signatures of a block that nothing is known of yet: each has to be minimised before the block is added. */
  open({ block, seen }: BlockResult): Place[] {
    return seen
      .filter(({ signature }) => !this.led.has(signature))
      .map(({ signature, run }) => ({ block, run, signature }));
  }

  /**
   * Adds a block; blocks are added in their order.
   * @param minimised of each place that `open` names, in that order
   * @returns the findings that are new with it
   */
  add(result: BlockResult, minimised: readonly Minimised[]): CountedFinding[] {
    const { block, seen, statistics } = result;
    const fresh: string[] = [];
    const rest = minimised.values();
    for (const [order, { signature: played, run, count }] of seen.entries()) {
      let led = this.led.get(played);
      if (led === undefined) {
        const { finding, executions } = rest.next().value!;
        led = { played, block, run, order, count: 0, finding: finding.signature, executions };
        if (!this.findings.has(finding.signature)) {
          this.findings.set(finding.signature, { ...finding, count: 0 });
          fresh.push(finding.signature);
        }
      }
      this.led.set(played, { ...led, count: led.count + count });
      const finding = this.findings.get(led.finding)!;
      this.findings.set(led.finding, { ...finding, count: finding.count + count });
    }
    addStatistics(this.statistics, statistics);
    return fresh.map((signature) => this.findings.get(signature)!);
  }

  /** Runs one block, or of its scenarios those from `from` on and before `to`, in this process, and adds it. */
  runBlock(block: number, to = BLOCK_SIZE, from = 0): CountedFinding[] {
    const add = (result: BlockResult): CountedFinding[] =>
      this.add(
        result,
        this.open(result).map((place) => this.runner.minimise(place)),
      );
    try {
      return add(this.runner.run({ block, from, to }));
    } catch (error) {
      if (!(error instanceof BlockStopped)) throw error;
      add(error.result);
      throw error.cause;
    }
  }

  progress(): Progress {
    const { statistics, findings, led } = this;
    return {
      statistics,
      findings: [...findings.values()].map(({ count: _, ...finding }) => finding),
      led: [...led.values()],
    };
  }

  /** Takes up, before any block is added, what others had come to with blocks of this campaign that they shared among them. */
  resume(parts: readonly Progress[]): void {
    const byPlace = parts
      .flatMap(({ led, findings }) => {
        const byName = new Map(findings.map((finding) => [finding.signature, finding]));
        return led.map((one) => ({ one, finding: byName.get(one.finding)! }));
      })
      .sort(({ one: a }, { one: b }) => a.block - b.block || a.run - b.run || a.order - b.order);
    for (const { one, finding } of byPlace) {
      // whoever met it first in the order of the blocks says what it leads to
      const led = this.led.get(one.played);
      this.led.set(one.played, led === undefined ? one : { ...led, count: led.count + one.count });
      const name = led?.finding ?? one.finding;
      const before = this.findings.get(name) ?? { ...finding, count: 0 };
      this.findings.set(name, { ...before, count: before.count + one.count });
    }
    for (const { statistics } of parts) addStatistics(this.statistics, statistics);
  }
}
