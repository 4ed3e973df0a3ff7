/**
 * A campaign: numbered blocks, each a function of the campaign's configuration and its number alone, so that whoever runs a
 * block, the result is the same.
 */
import { CONTRACTS, type Contract } from '../contract/contracts.ts';
import { type Known, type KnownSignature, NOTHING_KNOWN } from '../contract/known/known.ts';
import { type Code, compile } from '../engine/compile.ts';
import type { PlacementService } from '../engine/run.ts';
import { deriveSeed, sample, type Words, wordStream } from '../generate/adapter.ts';
import { drawnFrom, madeUp, type Situation } from '../generate/clouds.ts';
import { GROUP, HEADER, MOST_OPERATIONS } from '../generate/decode.ts';
import { findDefect } from '../nova/defects.ts';
import { PROTOCOLS } from '../nova/protocols.ts';
import type { Flavor, Host, Scenario } from '../scenario/scenario.ts';
import { decodeToken, encodeToken } from '../scenario/token.ts';
import { judgeScenario } from './judge.ts';
import { isSimplerOrEqual, minimise } from './minimise.ts';
import { Player } from './player.ts';
import { addStatistics, countPlay, countRun, emptyStatistics, type Statistics } from './statistics.ts';
import { asOf, takenAwayBy } from './taken-away.ts';
import type { Violation } from './trial.ts';

/** Scenarios in one block. */
export const BLOCK_SIZE = 1000;
/** Clouds that a block draws its scenarios from. */
const SITUATIONS = 16;
/** Scenarios run to shrink words, and to reduce the scenario they led to. */
const SHRINK_BUDGET = 150;
const REDUCE_BUDGET = 4000;

export interface CampaignConfig {
  readonly seed: string;
  readonly protocol: 'nova' | 'rollback';
  readonly contract: Contract['id'];
  readonly defects: readonly string[];
  readonly repairs: readonly string[];
  readonly novaRelease: number;
  /** null: one before and one behind 14.0, as they are drawn */
  readonly placementRelease: number | null;
  /** most faults of a scenario */
  readonly faults: number;
  /** the user's hosts and flavors; null for made-up clouds */
  readonly cloud: { readonly hosts: readonly Host[]; readonly flavors: readonly Flavor[] } | null;
  /** operators act on servers that are being moved; what that breaks lies outside the contract */
  readonly sabotage?: boolean;
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
  /** scenarios that showed it */
  count: number;
}

/** Compiles what a campaign's configuration names. */
export function compileFor(config: Pick<CampaignConfig, 'protocol' | 'defects' | 'repairs' | 'novaRelease'>): Code {
  const named = [...config.defects, ...config.repairs].map((name) => {
    const defect = findDefect(name);
    if (defect === undefined) throw new Error(`no defect or repair is called ${name}`);
    return defect;
  });
  return compile(PROTOCOLS[config.protocol], named, config.novaRelease);
}

/** The token of a finding of a campaign. */
export function tokenFor(config: CampaignConfig, scenario: Scenario, signature: string): string {
  const { protocol, contract, defects, repairs } = config;
  return encodeToken({ scenario, protocol, contract, defects: [...defects], repairs: [...repairs], signature });
}

function scenarioOf({ witness }: KnownSignature): Scenario {
  const reading = decodeToken(witness);
  if (!reading.ok) throw new Error(`a witness of the known list cannot be read: ${reading.error}`);
  return reading.value.scenario;
}

export class Campaign {
  readonly config: CampaignConfig;
  readonly code: Code;
  readonly contract: Contract;
  readonly known: Known;
  readonly statistics: Statistics = emptyStatistics();
  readonly findings = new Map<string, Finding>();
  /** scenarios run to shrink and reduce */
  executions = 0;
  /** which finding a signature taken before minimising leads to: worked out once */
  private readonly raw = new Map<string, string>();
  private readonly placement: PlacementService | null;
  private readonly stream = wordStream(HEADER, GROUP, MOST_OPERATIONS);

  /** @param placement who answers in the model's place; shrinking and reducing are the model's in any case */
  constructor(config: CampaignConfig, known: Known, placement: PlacementService | null = null) {
    this.config = config;
    this.placement = placement;
    this.code = compileFor(config);
    this.contract = CONTRACTS[config.contract];
    this.known = known;
  }

  /** Runs one block, or of its scenarios those from `from` on and before `to`: slices add up to the same. */
  runBlock(block: number, to = BLOCK_SIZE, from = 0): void {
    const { config, code, contract } = this;
    const situations = this.situations(block);
    const playing = (placement: PlacementService | null): Player =>
      new Player(code, contract, config.faults, situations, { sabotage: config.sabotage === true, placement });
    const player = playing(this.placement);
    const seed = deriveSeed(config.seed, config.protocol, block);
    const part = emptyStatistics();
    this.stream.forEach(seed, to, (words, run) => {
      // each has its words of those before it
      if (run < from) return;
      player.play(words);
      countPlay(part, player);
      const { violations } = player.trial;
      for (let k = 0; k < violations.length; k++)
        this.violated(violations[k]!, player, { seed, block, run, shrinker: () => playing(null) });
    });
    countRun(part, player.run);
    addStatistics(this.statistics, part);
  }

  situations(block: number): readonly Situation[] {
    const { cloud, seed, protocol, placementRelease, novaRelease } = this.config;
    const arbitrary =
      cloud === null ? madeUp(placementRelease, novaRelease) : drawnFrom(cloud, placementRelease, novaRelease);
    return sample(arbitrary, deriveSeed(seed, protocol, block, 'clouds'), SITUATIONS);
  }

  private violated(
    violation: Violation,
    player: Player,
    at: { seed: number; block: number; run: number; shrinker: () => Player },
  ): void {
    const mapped = this.raw.get(violation.signature);
    if (mapped !== undefined) {
      this.findings.get(mapped)!.count++;
      return;
    }
    const witness = this.witness(violation);
    const finding =
      witness === null ? this.minimised(violation, player, at) : this.finding(witness, violation, at.block, at.run);
    this.raw.set(violation.signature, finding.signature);
    const same = this.findings.get(finding.signature);
    if (same === undefined) this.findings.set(finding.signature, finding);
    else same.count++;
  }

  /** A known signature is not minimised again if its witness, the minimal scenario, shows it in the release that is played. */
  private witness({ signature }: Violation): Scenario | null {
    const known = this.known.get(signature);
    if (known === undefined) return null;
    const scenario = scenarioOf(known);
    const { novaRelease } = this.config;
    if (scenario.options.nova_release === novaRelease) return scenario;
    const played = asOf(novaRelease, scenario);
    this.executions++;
    return judgeScenario(this.code, this.contract, played).some((one) => one.signature === signature) ? played : null;
  }

  /** On the known list, or explained by a change that a later release brought. */
  private knownFrom(signature: string, scenario: Scenario, token: string): KnownSignature | null {
    const listed = this.known.get(signature);
    if (listed !== undefined || this.known === NOTHING_KNOWN) return listed ?? null;
    const { config, contract } = this;
    const change = takenAwayBy((novaRelease) => compileFor({ ...config, novaRelease }), contract, scenario, signature);
    if (change === null) return null;
    return { weakness: `before ${change.since}.0`, reason: change.title, row: null, witness: token };
  }

  private minimised(
    violation: Violation,
    player: Player,
    at: { seed: number; block: number; run: number; shrinker: () => Player },
  ): Finding {
    const { code, contract } = this;
    const { scenario, target } = this.shrink(violation, player, at);
    const minimal = minimise(code, contract, scenario, target, REDUCE_BUDGET);
    this.executions += minimal.executions;
    return this.finding(minimal.scenario, minimal.violation, at.block, at.run);
  }

  /** fast-check's part: words towards zero. */
  private shrink(
    violation: Violation,
    player: Player,
    at: { seed: number; run: number; shrinker: () => Player },
  ): { scenario: Scenario; target: Violation } {
    const smaller = at.shrinker();
    let best = { scenario: player.scenario(), target: violation };
    const fails = (words: Words): boolean => {
      smaller.play(words);
      const found = smaller.trial.violations.find((one) => isSimplerOrEqual(one, best.target));
      if (found === undefined) return false;
      best = { scenario: smaller.scenario(), target: found };
      return true;
    };
    this.executions += this.stream.shrink(at.seed, at.run, fails, SHRINK_BUDGET).asked;
    return best;
  }

  private finding(scenario: Scenario, violation: Violation, block: number, run: number): Finding {
    const { signature, invariants, details } = violation;
    const token = tokenFor(this.config, scenario, signature);
    return {
      signature,
      invariants,
      details,
      sabotage: violation.cause.sabotage.length > 0,
      known: this.knownFrom(signature, scenario, token),
      scenario,
      token,
      operations: scenario.operations.filter(({ operation }) => operation !== 'boot').length,
      faults: scenario.faults.length,
      holds: scenario.holds.length,
      block,
      run,
      count: 1,
    };
  }
}
