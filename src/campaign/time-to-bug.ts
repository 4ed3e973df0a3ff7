/**
 * How long it takes to find a bug that is known to be there: one defect, one seed, one way of drawing scenarios, until the
 * first violation that is the defect's own; then what it comes to when it is minimised.
 */
import { CONTRACTS } from '../contract/contracts.ts';
import { type Code, compile } from '../engine/compile.ts';
import { commandSequences, deriveSeed, sample, type Words, wordStream } from '../generate/adapter.ts';
import { madeUp } from '../generate/clouds.ts';
import { type Drawing, GROUP, HEADER, MOST_OPERATIONS } from '../generate/decode.ts';
import { type MoveFamily, movesServed } from '../generate/move-families.ts';
import type { Defect } from '../nova/defects/defect.ts';
import { PROTOCOLS } from '../nova/protocols.ts';
import { scenarioKey } from '../scenario/normal-form.ts';
import { OPERATION_NAMES, PLACEMENT_RELEASES, type Scenario } from '../scenario/scenario.ts';
import { BLOCK_SIZE } from './block.ts';
import { judgeScenario } from './judge.ts';
import { reduce } from './minimise.ts';
import { Player } from './player.ts';
import type { Violation } from './trial.ts';

/** Ways of drawing scenarios that are held against each other. */
export const GENERATORS = ['default', 'uniform', 'swarm', 'boundary', 'commands'] as const;
export type Generator = (typeof GENERATORS)[number];

interface Way {
  readonly drawing: Partial<Drawing>;
  /** clouds whose capacities stand at the edge of what the flavors need */
  readonly edges: boolean;
}

const WAYS: Readonly<Record<Exclude<Generator, 'commands'>, Way>> = {
  default: { drawing: { swarm: true, races: true }, edges: true },
  uniform: { drawing: { swarm: false, races: false }, edges: false },
  swarm: { drawing: { swarm: true, races: false }, edges: false },
  boundary: { drawing: { swarm: false, races: false }, edges: true },
};

const SITUATIONS = 16;
/** what the catalogue's longest cause takes: two faults, or a fault and an interleaving */
const FAULTS = 2;
const REDUCE_BUDGET = 4000;

export interface Hunt {
  readonly seed: string;
  readonly found: boolean;
  /** to the first finding, minimising not counted */
  readonly cpuSeconds: number;
  readonly scenarios: number;
  readonly length: number;
  readonly executions: number;
  readonly invariants: readonly string[];
  readonly signature: string;
  /** the normal form of the minimal scenario */
  readonly form: string;
}

const NOT_FOUND = { found: false, length: 0, executions: 0, invariants: [], signature: '', form: '' } as const;

const stream = wordStream(HEADER, GROUP, MOST_OPERATIONS);
const STOP = new Error('seen enough');

/**
 * Operations but boots, and faults: how the catalogue counts. An interleaving is the operation that cuts in, whose hold counts
 * no more; what only settles is no operation of anybody's.
 */
export function lengthOf({ operations, faults }: Scenario): number {
  return operations.filter(({ operation }) => operation !== 'boot' && operation !== 'settle').length + faults.length;
}

/** Whether a violation is the defect's: of a law that is to catch it, and not there without the defect. */
class Judgement {
  private readonly plain: Code;
  private readonly defect: Defect;
  /** signatures that the protocol shows by itself */
  private readonly anyway = new Set<string>();

  constructor(defect: Defect) {
    this.defect = defect;
    this.plain = compile(PROTOCOLS[defect.protocol ?? 'nova']);
  }

  /** The first that is news: what the protocol showed by itself once is asked for no more. */
  find(violations: readonly Violation[], scenario: () => Scenario): Violation | undefined {
    const { anyway } = this;
    const fresh = violations.filter(({ signature }) => !anyway.has(signature));
    const own = this.own(fresh, scenario);
    if (own === undefined) for (const { signature } of fresh) anyway.add(signature);
    return own;
  }

  own(violations: readonly Violation[], scenario: () => Scenario): Violation | undefined {
    const caught = violations.filter(({ invariants }) => invariants.some((id) => this.defect.catches.includes(id)));
    if (caught.length === 0) return undefined;
    const without = this.without(scenario());
    return without === null ? undefined : caught.find(({ signature }) => !without.has(signature));
  }

  /** What the same scenario shows without the defect; null where a fault strikes a step that the defect adds. */
  private without(scenario: Scenario): Set<string> | null {
    const { pointIndex } = this.plain;
    if (scenario.faults.some(({ point }) => !pointIndex.has(point))) return null;
    const holds = scenario.holds.filter(({ point }) => pointIndex.has(point));
    if (holds.length < scenario.holds.length) return this.without({ ...scenario, holds });
    return new Set(judgeScenario(this.plain, CONTRACTS.strict, scenario).map(({ signature }) => signature));
  }
}

/** When a defect is given up: scenarios do not depend on the machine, CPU seconds are what is measured. */
export interface Patience {
  readonly cpuSeconds?: number;
  readonly scenarios?: number;
  /** families of moves that are drawn; all where nothing is said */
  readonly moves?: readonly MoveFamily[];
}

export interface Sight {
  readonly cpuSeconds: number;
  readonly scenarios: number;
  readonly caught: { readonly violation: Violation; readonly scenario: Scenario } | null;
}

/** Plays scenarios until one shows the defect. */
export function sight(defect: Defect, generator: Generator, seed: string, patience: Patience): Sight {
  return look(prepare(defect), generator, seed, patience);
}

interface Prepared {
  readonly defect: Defect;
  readonly code: Code;
  readonly judgement: Judgement;
}

const prepare = (defect: Defect): Prepared => ({
  defect,
  code: compile(PROTOCOLS[defect.protocol ?? 'nova'], [defect]),
  judgement: new Judgement(defect),
});

function look({ defect, code, judgement }: Prepared, generator: Generator, seed: string, patience: Patience): Sight {
  const {
    cpuSeconds: mostSeconds = Number.POSITIVE_INFINITY,
    scenarios: most = Number.POSITIVE_INFINITY,
    moves,
  } = patience;
  const began = process.cpuUsage();
  const cpuSeconds = (): number => {
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1e6;
  };
  let scenarios = 0;
  let caught: Sight['caught'] = null;
  const judge = (player: Player): void => {
    scenarios++;
    const { violations } = player.trial;
    const violation = violations.length === 0 ? undefined : judgement.find(violations, () => player.scenario());
    if (violation !== undefined) caught = { violation, scenario: player.scenario() };
    if (caught !== null || scenarios >= most) throw STOP;
  };
  const way = generator === 'commands' ? WAYS.uniform : WAYS[generator];
  try {
    for (let block = 0; cpuSeconds() < mostSeconds; block++) {
      const pinnedCpus = defect.pinnedCpus === true;
      const clouds = madeUp(PLACEMENT_RELEASES.newest, undefined, way.edges, { pinnedCpus });
      const situations = sample(clouds, deriveSeed(seed, defect.id, block, 'clouds'), SITUATIONS);
      const drawing = { moves: moves ?? movesServed(code), ...way.drawing };
      const player = new Player(code, CONTRACTS.strict, FAULTS, situations, drawing);
      const blockSeed = deriveSeed(seed, defect.id, block);
      if (generator === 'commands') commands(player, blockSeed, judge);
      else {
        stream.forEach(blockSeed, BLOCK_SIZE, (words) => {
          player.play(words);
          judge(player);
        });
      }
    }
  } catch (error) {
    if (error !== STOP) throw error;
  }
  return { cpuSeconds: cpuSeconds(), scenarios, caught };
}

export function hunt(defect: Defect, generator: Generator, seed: string, giveUp: number): Hunt {
  const prepared = prepare(defect);
  const { cpuSeconds, scenarios, caught } = look(prepared, generator, seed, { cpuSeconds: giveUp });
  if (caught === null) return { ...NOT_FOUND, seed, cpuSeconds, scenarios };
  const { code, judgement } = prepared;
  // the least scenario that shows the defect at all, not this one of the ways in which it shows
  const minimal = reduce(code, caught.scenario, caught.violation, REDUCE_BUDGET, (candidate) =>
    judgement.own(judgeScenario(code, CONTRACTS.strict, candidate), () => candidate),
  );
  return {
    seed,
    found: true,
    cpuSeconds,
    scenarios,
    length: lengthOf(minimal.scenario),
    executions: minimal.executions,
    invariants: minimal.violation.invariants,
    signature: minimal.violation.signature,
    form: scenarioKey(minimal.scenario),
  };
}

/**
 * The baseline, as fast-check's guide to model-based testing writes it: a class a command with a precondition, run one after
 * the other, and everything judged in full after each.
 */
function commands(player: Player, seed: number, judge: (player: Player) => void): void {
  player.trial.thorough = true;
  commandSequences(OPERATION_NAMES, GROUP, MOST_OPERATIONS, seed, BLOCK_SIZE, {
    begin: (header: Words) => player.begin(header),
    check: (name) => player.canPlay(name),
    run: (name, words) => player.playAs(name, words),
    end: () => {
      player.trial.end();
      judge(player);
    },
  });
}
