/**
 * A campaign: the results of numbered blocks, added up in the order of the blocks. Whoever ran a block, and whoever minimised
 * what it showed, the sum is the same.
 */
import type { Contract } from '../contract/contracts.ts';
import type { Known } from '../contract/known/known.ts';
import type { Code } from '../engine/compile.ts';
import type { PlacementService } from '../engine/run.ts';
import { BLOCK_SIZE, type BlockResult, BlockRunner, type Finding, type Minimised, type Place } from './block.ts';
import type { CampaignConfig } from './config.ts';
import { addStatistics, emptyStatistics, type Statistics } from './statistics.ts';

export interface CountedFinding extends Finding {
  /** scenarios that showed it */
  readonly count: number;
}

/** All that a campaign has come to: as data, to be kept and taken up again. */
export interface Progress {
  readonly statistics: Statistics;
  /** scenarios run to minimise */
  readonly executions: number;
  readonly findings: readonly CountedFinding[];
  /** which finding each signature that was played led to */
  readonly led: readonly (readonly [played: string, finding: string])[];
}

export class Campaign {
  readonly config: CampaignConfig;
  readonly known: Known;
  readonly code: Code;
  readonly contract: Contract;
  readonly statistics: Statistics = emptyStatistics();
  readonly findings = new Map<string, CountedFinding>();
  executions = 0;
  private readonly led = new Map<string, string>();
  private readonly runner: BlockRunner;

  /** @param placement who answers in the model's place where this process runs blocks itself */
  constructor(config: CampaignConfig, known: Known, placement: PlacementService | null = null) {
    this.config = config;
    this.known = known;
    this.runner = new BlockRunner(config, known, placement);
    this.code = this.runner.code;
    this.contract = this.runner.contract;
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
    const places = this.open(result);
    for (const [k, { signature }] of places.entries()) this.led.set(signature, minimised[k]!.finding.signature);
    const fresh: CountedFinding[] = [];
    for (const { executions, finding } of minimised) {
      this.executions += executions;
      if (this.findings.has(finding.signature)) continue;
      const counted = { ...finding, count: 0 };
      this.findings.set(finding.signature, counted);
      fresh.push(counted);
    }
    for (const { signature, count } of result.seen) this.count(this.led.get(signature)!, count);
    addStatistics(this.statistics, result.statistics);
    return fresh.map(({ signature }) => this.findings.get(signature)!);
  }

  private count(signature: string, more: number): void {
    const finding = this.findings.get(signature)!;
    this.findings.set(signature, { ...finding, count: finding.count + more });
  }

  /** Runs one block, or of its scenarios those from `from` on and before `to`, in this process, and adds it. */
  runBlock(block: number, to = BLOCK_SIZE, from = 0): CountedFinding[] {
    const result = this.runner.run({ block, from, to });
    return this.add(
      result,
      this.open(result).map((place) => this.runner.minimise(place)),
    );
  }

  progress(): Progress {
    const { statistics, executions, findings, led } = this;
    return { statistics, executions, findings: [...findings.values()], led: [...led] };
  }

  /** Takes up what another process had come to. */
  resume({ statistics, executions, findings, led }: Progress): void {
    addStatistics(this.statistics, statistics);
    this.executions += executions;
    for (const finding of findings) this.findings.set(finding.signature, finding);
    for (const [played, finding] of led) this.led.set(played, finding);
  }
}
