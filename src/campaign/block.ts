/**
 * What can be done anywhere: a block of a campaign, and minimising what one of its runs showed. Both are functions of the
 * campaign's configuration and of a few numbers alone, so that whoever does them, the result is the same.
 */
import { CONTRACTS, type Contract } from '../contract/contracts.ts';
import type { Known, KnownSignature } from '../contract/known/known.ts';
import type { Code } from '../engine/compile.ts';
import type { PlacementService } from '../engine/run.ts';
import { deriveSeed, sample, type Words, wordStream } from '../generate/adapter.ts';
import { drawnFrom, madeUp, type Situation } from '../generate/clouds.ts';
import { GROUP, HEADER, MOST_OPERATIONS } from '../generate/decode.ts';
import { DEFAULT_MOVES } from '../generate/move-families.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { decodeToken } from '../scenario/token.ts';
import { type CampaignConfig, compileFor, tokenFor } from './config.ts';
import { judgeScenario } from './judge.ts';
import { isSimplerOrEqual, minimise } from './minimise.ts';
import { Player } from './player.ts';
import { countPlay, countRun, emptyStatistics, type Statistics } from './statistics.ts';
import { asOf, knownFrom } from './taken-away.ts';
import type { Violation } from './trial.ts';

/** Scenarios in one block. */
export const BLOCK_SIZE = 1000;
/** Clouds that a block draws its scenarios from. */
const SITUATIONS = 16;
/** Scenarios run to shrink words, and to reduce the scenario they led to. */
const SHRINK_BUDGET = 150;
const REDUCE_BUDGET = 4000;

/** Of a block, the scenarios from `from` on and before `to`: slices add up to the same. */
export interface Slice {
  readonly block: number;
  readonly from: number;
  readonly to: number;
}

export interface BlockResult {
  readonly block: number;
  readonly statistics: Statistics;
  /** by signature as it was played, in the order in which they were seen first */
  readonly seen: readonly Sighting[];
}

/** Whoever answers in the model's place failed in mid-block: what was seen until then is not lost. */
export class BlockStopped extends Error {
  override readonly name = 'BlockStopped';
  readonly result: BlockResult;

  constructor(cause: unknown, result: BlockResult) {
    super('a block was stopped', { cause });
    this.result = result;
  }
}

export interface Sighting {
  readonly signature: string;
  /** the first run of the block that showed it */
  readonly run: number;
  /** how often the block showed it */
  readonly count: number;
}

/** Where a signature was seen: enough to play it again and to minimise it. */
export interface Place {
  readonly block: number;
  readonly run: number;
  readonly signature: string;
}

export interface Finding {
  readonly signature: string;
  readonly invariants: readonly string[];
  readonly details: readonly string[];
  readonly known: KnownSignature | null;
  /** of a server that was sabotaged: outside the contract */
  readonly sabotage: boolean;
  /** the minimal scenario, and a token that carries it */
  readonly scenario: Scenario;
  readonly token: string;
  /** operations of the minimal scenario, boots not counted */
  readonly operations: number;
  readonly faults: number;
  readonly holds: number;
  /** the block and run that showed it first */
  readonly block: number;
  readonly run: number;
}

export interface Minimised {
  readonly finding: Finding;
  /** scenarios run to shrink and reduce */
  readonly executions: number;
}

function scenarioOf({ witness }: KnownSignature): Scenario {
  const reading = decodeToken(witness);
  if (!reading.ok) throw new Error(`a witness of the known list cannot be read: ${reading.error}`);
  return reading.value.scenario;
}

export class BlockRunner {
  readonly config: CampaignConfig;
  readonly code: Code;
  readonly contract: Contract;
  readonly known: Known;
  private readonly placement: PlacementService | null;
  private readonly stream = wordStream(HEADER, GROUP, MOST_OPERATIONS);

  /** @param placement who answers in the model's place; shrinking and reducing are the model's in any case */
  constructor(config: CampaignConfig, known: Known, placement: PlacementService | null = null) {
    this.config = config;
    this.code = compileFor(config);
    this.contract = CONTRACTS[config.contract];
    this.known = known;
    this.placement = placement;
  }

  /** @throws BlockStopped */
  run({ block, from, to }: Slice): BlockResult {
    const player = this.player(block, this.placement);
    const statistics = emptyStatistics();
    const seen = new Map<string, { signature: string; run: number; count: number }>();
    const result = (): BlockResult => {
      countRun(statistics, player.run);
      return { block, statistics, seen: [...seen.values()] };
    };
    try {
      this.stream.forEach(this.seedOf(block), to, (words, run) => {
        // each has its words of those before it
        if (run < from) return;
        player.play(words);
        countPlay(statistics, player);
        for (const { signature } of player.trial.violations) {
          const before = seen.get(signature);
          if (before === undefined) seen.set(signature, { signature, run, count: 1 });
          else before.count++;
        }
      });
    } catch (error) {
      throw new BlockStopped(error, result());
    }
    return result();
  }

  /** The first scenarios of a block, in full. */
  scenarios(block: number, count: number): Scenario[] {
    const player = this.player(block, null);
    const made: Scenario[] = [];
    this.stream.forEach(this.seedOf(block), count, (words) => {
      player.play(words);
      made.push(player.scenario());
    });
    return made;
  }

  /** The finding that a signature as it was played leads to. */
  minimise(place: Place): Minimised {
    const witness = this.witness(place.signature);
    if (witness?.violation !== undefined) {
      const { scenario, violation, executions } = witness;
      return { finding: this.finding(scenario, violation, place), executions };
    }
    const { scenario, target, asked } = this.shrink(place);
    const minimal = minimise(this.code, this.contract, scenario, target, REDUCE_BUDGET);
    const executions = (witness?.executions ?? 0) + asked + minimal.executions;
    return { finding: this.finding(minimal.scenario, minimal.violation, place), executions };
  }

  private situations(block: number): readonly Situation[] {
    const { cloud, seed, protocol, placementRelease, novaRelease } = this.config;
    const arbitrary =
      cloud === null ? madeUp(placementRelease, novaRelease) : drawnFrom(cloud, placementRelease, novaRelease);
    return sample(arbitrary, deriveSeed(seed, protocol, block, 'clouds'), SITUATIONS);
  }

  private seedOf(block: number): number {
    const { seed, protocol } = this.config;
    return deriveSeed(seed, protocol, block);
  }

  private player(block: number, placement: PlacementService | null): Player {
    const { config, code, contract } = this;
    const { moves = DEFAULT_MOVES } = config;
    const options = { sabotage: config.sabotage === true, moves, placement };
    return new Player(code, contract, config.faults, this.situations(block), options);
  }

  /** A known signature is not minimised again if its witness, the minimal scenario, shows it in the release that is played. */
  private witness(
    signature: string,
  ): { scenario: Scenario; violation: Violation | undefined; executions: number } | null {
    const known = this.known.get(signature);
    if (known === undefined) return null;
    const { novaRelease } = this.config;
    const listed = scenarioOf(known);
    const same = listed.options.nova_release === novaRelease;
    const scenario = same ? listed : asOf(novaRelease, listed);
    const violation = judgeScenario(this.code, this.contract, scenario).find((one) => one.signature === signature);
    return { scenario, violation, executions: same ? 0 : 1 };
  }

  /** fast-check's part: words towards zero. */
  private shrink({ block, run, signature }: Place): { scenario: Scenario; target: Violation; asked: number } {
    const player = this.player(block, null);
    let best: { scenario: Scenario; target: Violation } | null = null;
    const fails = (words: Words): boolean => {
      player.play(words);
      const { violations } = player.trial;
      const before = best;
      const found = violations.find((one) =>
        before === null ? one.signature === signature : isSimplerOrEqual(one, before.target),
      );
      if (found === undefined) return false;
      best = { scenario: player.scenario(), target: found };
      return true;
    };
    const { asked } = this.stream.shrink(this.seedOf(block), run, fails, SHRINK_BUDGET);
    return { ...best!, asked };
  }

  private finding(scenario: Scenario, violation: Violation, { block, run }: Place): Finding {
    const { signature, invariants, details, cause } = violation;
    const token = tokenFor(this.config, scenario, signature);
    return {
      signature,
      invariants,
      details,
      known: knownFrom(this.config, this.known, { signature, scenario, token }),
      sabotage: cause.sabotage.length > 0,
      scenario,
      token,
      operations: scenario.operations.filter(({ operation }) => operation !== 'boot').length,
      faults: scenario.faults.length,
      holds: scenario.holds.length,
      block,
      run,
    };
  }
}
