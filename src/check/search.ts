/**
 * Breadth first through all scenarios of a scope: from every world at rest every operation in every way. A world that was
 * there before is gone through once; where a law breaks, the shortest way there is kept.
 */
import { Trial, type Violation } from '../campaign/trial.ts';
import type { Contract } from '../contract/contracts.ts';
import { type Code, mustFit } from '../engine/compile.ts';
import { shapeFor } from '../engine/load.ts';
import { perform, resolve } from '../engine/operations.ts';
import { Run } from '../engine/run.ts';
import { makeSetting } from '../nova/setting.ts';
import { VM } from '../nova/states.ts';
import { populate, World } from '../nova/world.ts';
import type { Operation } from '../scenario/scenario.ts';
import { NONE } from '../state/table.ts';
import { Choices } from './choices.ts';
import { Column } from './column.ts';
import { type Decisions, Machine } from './machine.ts';
import { cloudOf, type Placing, placings, type Scope } from './scope.ts';
import { StateSet } from './state-set.ts';

/** One way from where a search began: the operations, and at which branchings they went another way than the first. */
export interface Way {
  /** which of the placings it begins with */
  readonly placing: number;
  readonly steps: readonly { readonly operation: number; readonly decisions: Decisions }[];
}

/** A signature as it was seen, with the shortest way to it. */
export interface Sighting {
  readonly signature: string;
  readonly violation: Violation;
  readonly way: Way;
  /** operations after the boots, and what went differently on the way */
  readonly operations: number;
  readonly disturbances: number;
}

export interface Figures {
  /** worlds at rest */
  readonly states: number;
  /** ways from one world at rest to the next */
  readonly transitions: number;
  /** steps of handlers, those that bring worlds to rest for the judge among them */
  readonly steps: number;
  /** operations up to which every scenario was gone through */
  readonly complete: number;
  /** of the worlds behind as many operations, how many were gone on from */
  readonly frontier: { readonly done: number; readonly of: number };
  /** bytes of all states, as they are kept */
  readonly packed: number;
  readonly placings: number;
}

/** Stops a search between two worlds. */
export type Enough = (figures: () => Figures) => boolean;

export interface SearchOptions {
  /** tell all causes apart, so that every signature of the scope is seen */
  readonly causes: boolean;
  /** leave out placings that differ only in what is called what */
  readonly symmetric: boolean;
}

export class Search {
  readonly machine: Machine;
  readonly sightings = new Map<string, Sighting>();
  readonly placings: readonly Placing[];
  readonly scope: Scope;
  private readonly choices: Choices;
  private readonly states = new StateSet(1 << 16);
  /** of each state the one before it, or that there is none: NONE less the placing */
  private readonly parents = new Column();
  private readonly operations = new Column();
  /** where its decisions begin among all */
  private readonly begins = new Column();
  private readonly decisions = new Column();
  private readonly judged: World;
  private transitions = 0;
  private complete = -1;
  private done = 0;
  private level: { from: number; to: number } = { from: 0, to: 0 };

  constructor(code: Code, contract: Contract, scope: Scope, { causes, symmetric }: SearchOptions) {
    this.scope = scope;
    const setting = makeSetting(cloudOf(scope), scope.options);
    mustFit(code, setting);
    const count = scope.servers + scope.operations;
    const shape = shapeFor(setting, {
      boots: scope.servers,
      moves: scope.operations,
      operations: count,
      faults: scope.faults,
      holds: scope.holds,
    });
    const template = new World(shape, setting);
    populate(template, setting, []);
    const run = new Run(code, template.twin());
    this.judged = new World(shape, setting);
    const servers = Array.from({ length: scope.servers }, (_, s) => `s${s + 1}`);
    this.choices = new Choices(code, scope, servers);
    this.machine = new Machine({ run, trial: new Trial(run, contract), template }, scope, scope.servers, causes);
    const placed: Placing[] = [];
    for (const placing of placings(scope, symmetric)) {
      run.world.copy(template);
      this.machine.begin();
      for (const [k, operation] of bootsOf(scope, placing).entries()) {
        perform(run, k, resolve(operation, setting, servers));
      }
      // what does not fit is no place
      if (run.world.instances.some(({ vm }) => vm !== VM.ACTIVE)) continue;
      if (placed.length === 0) this.machine.packFromHere();
      this.arrive(-1 - placed.length, NONE, [], true);
      placed.push(placing);
    }
    this.placings = placed;
    this.complete = 0;
    this.level = { from: 0, to: this.states.size };
  }

  /** Goes on until all was gone through, or it is enough. Returns whether all was. */
  go(enough: Enough): boolean {
    const figures = (): Figures => this.figures();
    while (this.complete < this.scope.operations) {
      const { from, to } = this.level;
      const last = this.complete + 1 === this.scope.operations;
      for (; this.done < to - from; this.done++) {
        if (enough(figures)) return false;
        this.expand(from + this.done, last);
      }
      this.complete++;
      this.level = { from: to, to: this.states.size };
      this.done = 0;
    }
    return true;
  }

  figures(): Figures {
    const { from, to } = this.level;
    const { states } = this;
    return {
      states: states.size,
      transitions: this.transitions,
      steps: this.machine.run.steps,
      complete: this.complete,
      frontier: { done: this.done, of: to - from },
      packed: states.packed,
      placings: this.placings.length,
    };
  }

  private expand(id: number, last: boolean): void {
    const { machine, choices, scope } = this;
    const k = scope.servers + this.complete;
    machine.unpack(this.states.get(id), k - 1);
    for (const [c, resolved] of choices.of(machine.run.world, scope.crashes - machine.crashed).entries()) {
      if (c > 0) machine.unpack(this.states.get(id), k - 1);
      const operation = machine.number(resolved);
      machine.explore(
        k,
        resolved,
        (violations) => this.see(violations, id, operation, []),
        (decisions, canEnd) => {
          this.transitions++;
          if (last && !canEnd) return;
          this.see(machine.trial.violations, id, operation, decisions);
          this.arrive(id, operation, decisions, canEnd);
        },
      );
    }
  }

  /** A world at rest; one that is new is kept, and judged where a scenario can end with it. */
  private arrive(parent: number, operation: number, decisions: Decisions, canEnd: boolean): void {
    const { machine, judged } = this;
    machine.pack();
    const id = this.states.add(machine.packer.bytes, machine.packer.length);
    if (id < 0) return;
    this.parents.push(parent);
    this.operations.push(operation);
    this.begins.push(this.decisions.length);
    for (const decision of decisions) this.decisions.push(decision);
    if (!canEnd || parent < 0) return;
    const { run, trial } = machine;
    const { condemned } = trial;
    judged.copy(run.world);
    trial.violations.length = 0;
    trial.end();
    this.see(trial.violations, parent, operation, decisions);
    run.world.copy(judged);
    run.armed = true;
    trial.condemned = condemned;
  }

  private see(violations: readonly Violation[], parent: number, operation: number, decisions: Decisions): void {
    if (violations.length === 0) return;
    const operations = this.complete + 1;
    const disturbances = this.machine.disturbances;
    for (const violation of violations) {
      const { signature } = violation;
      const before = this.sightings.get(signature);
      if (
        before !== undefined &&
        (before.operations < operations || (before.operations === operations && before.disturbances <= disturbances))
      ) {
        continue;
      }
      const way = this.wayTo(parent, { operation, decisions: [...decisions] });
      this.sightings.set(signature, { signature, violation, way, operations, disturbances });
    }
  }

  /** The ways to all states that it did not begin with, in the order of their numbers. */
  waysToAll(): Way[] {
    return Array.from({ length: this.states.size - this.placings.length }, (_, k) => {
      const id = this.placings.length + k;
      return this.wayTo(this.parents.at(id), this.stepTo(id));
    });
  }

  /** Takes a state up in the machine's world. */
  restore(id: number, operation: number): void {
    this.machine.unpack(this.states.get(id), operation);
  }

  private stepTo(id: number): Way['steps'][number] {
    const end = id + 1 < this.begins.length ? this.begins.at(id + 1) : this.decisions.length;
    const decisions: number[] = [];
    for (let k = this.begins.at(id); k < end; k++) decisions.push(this.decisions.at(k));
    return { operation: this.operations.at(id), decisions };
  }

  private wayTo(parent: number, last: Way['steps'][number]): Way {
    const steps = [last];
    let id = parent;
    for (; this.parents.at(id) >= 0; id = this.parents.at(id)) steps.unshift(this.stepTo(id));
    return { placing: -1 - this.parents.at(id), steps };
  }
}

/** The boots that place the servers. */
export function bootsOf({ hosts, flavors, room, ...scope }: Scope, placing: Placing): Operation[] {
  const cloud = cloudOf({ hosts, flavors, room, ...scope });
  return placing.map(({ host, flavor }, s) => ({
    operation: 'boot',
    server: `s${s + 1}`,
    flavor: cloud.flavors[flavor]!.name,
    host: cloud.hosts[host]!.name,
  }));
}
