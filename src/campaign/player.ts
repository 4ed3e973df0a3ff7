/** Plays choice words: decodes and runs them against a reused world, judges, and can write the scenario down. */
import type { Contract } from '../contract/contracts.ts';
import { type Code, mustFit } from '../engine/compile.ts';
import type { Resolved } from '../engine/operations.ts';
import { type ArmedFault, type ArmedHold, type PlacementService, Run } from '../engine/run.ts';
import { play, settle } from '../engine/settle.ts';
import type { Words } from '../generate/adapter.ts';
import { MOST_CLASSES, MOST_HOSTS, type Situation } from '../generate/clouds.ts';
import { type Decoded, Decoder, type Drawing, MOST_OPERATIONS, MOST_SERVERS } from '../generate/decode.ts';
import { DEFAULT_MOVES } from '../generate/move-families.ts';
import { makeSetting, type Setting } from '../nova/setting.ts';
import { bystandersOf, populate, type Shape, World } from '../nova/world.ts';
import { type OperationName, SCENARIO_VERSION, type Scenario } from '../scenario/scenario.ts';
import { Trial } from './trial.ts';

/** The largest world that words can ask for; one serves all scenarios of a campaign. */
function largestShape(situations: readonly Setting[]): Shape {
  const classes = Math.max(MOST_CLASSES, ...situations.map((setting) => setting.classes.length));
  return {
    hosts: MOST_HOSTS,
    classes,
    instances: MOST_SERVERS,
    migrations: 2 * MOST_OPERATIONS,
    moves: MOST_OPERATIONS + 1,
    jobs: 16,
    operations: MOST_OPERATIONS,
    // two of one operation, and a hold, most of which come to nothing
    faults: 2 * MOST_OPERATIONS,
    holds: MOST_OPERATIONS,
    bystanders: situations.some((setting) => bystandersOf(setting) > 0) ? MOST_HOSTS : 0,
    rows: MOST_HOSTS * classes,
  };
}

interface Prepared {
  readonly situation: Situation;
  readonly setting: Setting;
  readonly template: World;
}

/** How a campaign draws unless it says otherwise. */
const DRAWING: Drawing = { sabotage: false, moves: DEFAULT_MOVES, swarm: true, races: true };

export interface PlayerOptions extends Partial<Drawing> {
  /** who answers in the model's place */
  readonly placement?: PlacementService | null;
}

const SERVERS: readonly string[] = Array.from({ length: MOST_SERVERS }, (_, k) => `s${k + 1}`);

export class Player {
  readonly run: Run;
  readonly trial: Trial;
  readonly operations: Resolved[] = [];
  private readonly faults: ArmedFault[] = [];
  private readonly holds: ArmedHold[] = [];
  private readonly decoder: Decoder;
  private readonly prepared: readonly Prepared[];
  private playing: Prepared;

  constructor(
    code: Code,
    contract: Contract,
    mostFaults: number,
    situations: readonly Situation[],
    { placement = null, ...drawing }: PlayerOptions = {},
  ) {
    const settings = situations.map(({ cloud, options }) => makeSetting(cloud, options));
    for (const setting of settings) mustFit(code, setting);
    const shape = largestShape(settings);
    this.prepared = situations.map((situation, k) => {
      const setting = settings[k]!;
      const template = new World(shape, setting);
      populate(template, setting, []);
      return { situation, setting, template };
    });
    this.playing = this.prepared[0]!;
    this.run = new Run(code, new World(shape, settings[0]!));
    this.run.placement = placement;
    this.trial = new Trial(this.run, contract);
    this.decoder = new Decoder(code, mostFaults, { ...DRAWING, ...drawing });
  }

  /** Runs and judges one array of words; the violations are in `trial.violations`. */
  play(words: Words): void {
    this.begin(words);
    for (let g = 0; g < MOST_OPERATIONS; g++) {
      const decoded = this.decoder.next(words, g, this.operations.length, this.run.world, SERVERS);
      if (decoded !== null) this.step(decoded);
    }
    this.trial.end();
  }

  /** Populates the world that the header says. */
  begin(header: Words): void {
    const { run, trial, decoder, operations, faults, holds } = this;
    const playing = this.prepared[decoder.situation(header, this.prepared.length)]!;
    this.playing = playing;
    run.arm([], []);
    run.world.copy(playing.template);
    run.placement?.begin(run.world);
    operations.length = 0;
    faults.length = 0;
    holds.length = 0;
    run.arm(faults, holds);
    decoder.begin(header);
    trial.begin();
  }

  /** Whether there is anything that the operation could be about, and room for one more. */
  canPlay(name: OperationName): boolean {
    return this.operations.length < MOST_OPERATIONS && this.decoder.canDraw(name, this.run.world);
  }

  /** The operation of that name which one group of words makes. */
  playAs(name: OperationName, group: Words): void {
    const decoded = this.decoder.nextAs(name, group, this.operations.length, this.run.world, SERVERS);
    if (decoded !== null) this.step(decoded);
  }

  private step({ resolved, fault, second, hold }: Decoded): void {
    const { run, trial, operations, faults, holds } = this;
    operations.push(resolved);
    if (fault !== null) faults.push(fault);
    if (second !== null) faults.push(second);
    if (hold !== null) holds.push(hold);
    if (fault !== null || hold !== null) run.watch(fault?.point, second?.point, hold?.point);
    trial.step(operations.length - 1, resolved);
  }

  /** What was played last, as a scenario. */
  scenario(): Scenario {
    const { operations, faults, holds, run, playing } = this;
    const point = (index: number): string => run.code.points[index]!.id;
    const list = operations.map(({ operation }) => operation);
    // a hold that outlasts the words ends when everything settles
    const held = holds.filter((_, k) => run.world.holds[k]!.state > 0);
    if (held.some(({ until }) => until >= list.length)) list.push({ operation: 'settle' });
    return {
      version: SCENARIO_VERSION,
      cloud: playing.situation.cloud,
      options: playing.situation.options,
      operations: list,
      // what struck nowhere is no part of it
      faults: faults
        .filter((_, k) => run.world.faults[k]!.fired > 0)
        .map(({ operation, point: at, kind, nth, times }) => ({
          operation,
          point: point(at),
          kind,
          nth,
          times,
        })),
      holds: held.map(({ operation, point: at, nth, until }) => ({ operation, point: point(at), nth, until })),
    };
  }

  /** What was played last, decoded: for the benchmark's bare loop. */
  record(): Recording {
    const { operations, faults, holds, playing } = this;
    return { template: playing.template, operations: [...operations], faults: [...faults], holds: [...holds] };
  }
}

export interface Recording {
  readonly template: World;
  readonly operations: readonly Resolved[];
  readonly faults: readonly ArmedFault[];
  readonly holds: readonly ArmedHold[];
}

/** The engine alone: decoded operations and the same faults; no generation, no checks, no statistics. */
export function runBare(run: Run, { template, operations, faults, holds }: Recording): void {
  run.world.copy(template);
  run.arm(faults, holds);
  for (let k = 0; k < operations.length; k++) play(run, k, operations[k]!);
  settle(run);
}
