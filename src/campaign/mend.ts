/**
 * Which commands of an operator mend the books of a server after a failure: the shortest sequence that does it on the model.
 *
 * Everything is at rest before the first command and behind each, every nova-compute restarted and its periodic work run:
 * restarting is never among the commands, since it was done. Nothing is advised that touches another server's claims; for
 * the same reason `placement audit --delete` is run on one provider, never on all of a cloud of which the scenario has a part.
 */

import { holdsOn, instanceHoldings, isOpen, migrationHoldings, sameHoldings } from '../contract/facts.ts';
import type { Invariant } from '../contract/invariant.ts';
import { capacityRespected } from '../contract/invariants/capacity-respected.ts';
import { generationHonesty } from '../contract/invariants/generation-honesty.ts';
import { guestSingleHome } from '../contract/invariants/guest-single-home.ts';
import { hostAgreement } from '../contract/invariants/host-agreement.ts';
import { noDoubleAllocation } from '../contract/invariants/no-double-allocation.ts';
import { noOrphanConsumer } from '../contract/invariants/no-orphan-consumer.ts';
import { noStuckMigration } from '../contract/invariants/no-stuck-migration.ts';
import type { Code } from '../engine/compile.ts';
import { load } from '../engine/load.ts';
import { perform, resolve } from '../engine/operations.ts';
import type { Run } from '../engine/run.ts';
import { fingerprint, play, settle } from '../engine/settle.ts';
import { TASK, VM } from '../nova/states.ts';
import type { Instance, World } from '../nova/world.ts';
import { describeServer, printableSetting } from '../observation/describe.ts';
import { migrationName, type OperationPicture, operationPicture } from '../observation/picture.ts';
import type { Operation, Scenario } from '../scenario/scenario.ts';

/** Most commands of a sequence. */
const MOST_COMMANDS = 4;

export interface MendingStep {
  readonly operation: Operation;
  /** of `delete_allocations` of migrations: those that held something */
  readonly migrations: readonly string[];
  readonly outcome: OperationPicture;
  /** the server before and after (observation/describe.ts) */
  readonly before: string;
  readonly after: string;
}

export interface Mending {
  readonly server: string;
  /** nothing is wrong: no steps; null: no sequence mends the books */
  readonly steps: readonly MendingStep[] | null;
  /** laws about the server that stay broken with its books in order, with what is wrong */
  readonly left: readonly { readonly invariant: string; readonly detail: string }[];
}

/** The server holds what it should where it is, and nobody holds anything for it besides. */
const BOOKS: readonly Invariant[] = [hostAgreement, noDoubleAllocation, noOrphanConsumer, capacityRespected];
/** What else can be seen of a server at rest, whatever led there. */
const REST: readonly Invariant[] = [noStuckMigration, guestSingleHome, generationHonesty];

/** Plays the scenario to its settled end and searches for each of the servers. */
export function mend(code: Code, scenario: Scenario, instances: Iterable<number>): readonly Mending[] {
  // operations without effect, whose records the commands take
  const spare: Operation[] = Array.from({ length: MOST_COMMANDS }, () => ({ operation: 'settle' }));
  const { run, operations, servers } = load(code, { ...scenario, operations: [...scenario.operations, ...spare] });
  const first = scenario.operations.length;
  for (const [k, resolved] of operations.slice(0, first).entries()) play(run, k, resolved);
  settle(run);
  const settled = run.world;
  return [...instances].map((instance) => {
    const mending = new Search(run, settled, servers, first, instance).mending();
    run.world = settled;
    return mending;
  });
}

interface Node {
  readonly world: World;
  readonly steps: readonly MendingStep[];
  readonly harshness: number;
}

interface Command {
  readonly operation: Operation;
  /** of several sequences of one length the mildest is advised */
  readonly harshness: number;
}

const mildest = (nodes: readonly Node[]): Node | null =>
  nodes.reduce<Node | null>((best, node) => (best === null || node.harshness < best.harshness ? node : best), null);

/** A request to delete it was taken, and did not come to its end. */
const isBeingDeleted = ({ vm, task }: Instance): boolean => vm === VM.DELETED || task === TASK.DELETING;

class Search {
  private readonly run: Run;
  private readonly settled: World;
  private readonly servers: readonly string[];
  /** the operation that the first command is */
  private readonly first: number;
  private readonly instance: number;
  private readonly setting: ReturnType<typeof printableSetting>;

  constructor(run: Run, settled: World, servers: readonly string[], first: number, instance: number) {
    this.run = run;
    this.settled = settled;
    this.servers = servers;
    this.first = first;
    this.instance = instance;
    this.setting = printableSetting(settled.setting);
  }

  mending(): Mending {
    const found = this.inOrder(this.settled)
      ? { world: this.settled, steps: [], harshness: 0 }
      : (this.search(false) ?? this.search(true));
    return {
      server: this.servers[this.instance]!,
      steps: found?.steps ?? null,
      left: found === null ? [] : this.broken(found.world, REST),
    };
  }

  /** Breadth-first. A server with its books in order that its user can do something with comes before the books alone. */
  private search(lastResort: boolean): Node | null {
    const seen = new Set([fingerprint(this.settled)]);
    let booksAlone: Node | null = null;
    let level: Node[] = [{ world: this.settled, steps: [], harshness: 0 }];
    for (let length = 1; length <= MOST_COMMANDS; length++) {
      // the mildest way to each state that is new
      const next = new Map<number, Node>();
      for (const node of level) {
        for (const command of this.commands(node.world, lastResort)) {
          const tried = this.attempt(node, command);
          const state = fingerprint(tried.world);
          if (seen.has(state) || tried.harshness >= (next.get(state)?.harshness ?? Number.POSITIVE_INFINITY)) continue;
          if (this.othersUntouched(tried.world)) next.set(state, tried);
        }
      }
      const inOrder = [...next.values()].filter(({ world }) => this.inOrder(world));
      const free = mildest(inOrder.filter(({ world }) => this.isFree(world)));
      if (free !== null) return free;
      booksAlone ??= mildest(inOrder);
      for (const state of next.keys()) seen.add(state);
      level = [...next.values()];
    }
    return booksAlone;
  }

  /** What an operator could try next. */
  private commands(world: World, lastResort: boolean): Command[] {
    const { instance, servers } = this;
    const server = servers[instance]!;
    const row = world.instances[instance]!;
    const hosts = world.setting.hosts.filter((_, h) => this.holdsOnHost(world, h));
    const commands: Command[] = hosts.map(({ name }) => ({
      operation: { operation: 'placement_audit', delete: true, host: name },
      harshness: 2,
    }));
    const add = (operation: Operation, harshness: number): void => {
      commands.push({ operation, harshness });
    };
    add({ operation: 'delete_allocations', server, of: 'migration' }, 4);
    add({ operation: 'delete_allocations', server, of: 'instance' }, 6);
    if (row.exists !== 1) return commands;
    add({ operation: 'heal_allocations', server }, 1);
    add({ operation: 'heal_allocations', server, force: true }, 5);
    add({ operation: 'reset_state', server, state: 'active' }, 3);
    add({ operation: 'hard_reboot', server }, 3);
    // what was begun is carried to its end; else it takes more away than the books had wrong
    if (lastResort || isBeingDeleted(row)) add({ operation: 'delete', server }, 10);
    if (!lastResort) return commands;
    add({ operation: 'confirm', server }, 7);
    add({ operation: 'revert', server }, 7);
    return commands;
  }

  private attempt({ world, steps, harshness }: Node, { operation, harshness: more }: Command): Node {
    const { run, servers, instance } = this;
    const after = world.twin();
    const k = this.first + steps.length;
    const migrations = operation.operation === 'delete_allocations' ? this.holders(world) : [];
    run.world = after;
    run.arm([], []);
    perform(run, k, resolve(operation, after.setting, servers));
    settle(run);
    const step: MendingStep = {
      operation,
      migrations: 'of' in operation && operation.of === 'migration' ? migrations : [],
      outcome: operationPicture(after.operations[k]!),
      before: describeServer(this.shown(world), instance),
      after: describeServer(this.shown(after), instance),
    };
    return { world: after, steps: [...steps, step], harshness: harshness + more };
  }

  private shown(world: World): World {
    return { ...world, setting: this.setting } as World;
  }

  private broken(world: World, laws: readonly Invariant[]): Mending['left'] {
    const judged = {
      observation: world,
      instance: this.instance,
      settled: null,
      peaceful: false,
      pointOfNoReturn: false,
    };
    return laws.flatMap(({ id, broken }) => {
      const detail = broken(judged);
      return detail === null ? [] : [{ invariant: id, detail }];
    });
  }

  private inOrder(world: World): boolean {
    return this.broken(world, BOOKS).length === 0;
  }

  /** Its user may do something with it. */
  private isFree(world: World): boolean {
    const row = world.instances[this.instance]!;
    if (row.exists !== 1) return true;
    if (row.task !== TASK.NONE || isBeingDeleted(row)) return false;
    return row.vm !== VM.RESIZED || isOpen(world, this.instance);
  }

  private othersUntouched(world: World): boolean {
    const { consumers } = world.placement;
    const { instances } = world.shape;
    return consumers.every(({ allocations }, id) => {
      const of = id < instances ? id : world.migrations[id - instances]!.instance;
      return of === this.instance || sameHoldings(allocations, this.settled.placement.consumers[id]!.allocations);
    });
  }

  private holdsOnHost(world: World, h: number): boolean {
    if (holdsOn(instanceHoldings(world, this.instance), h)) return true;
    return this.migrations(world).some((m) => holdsOn(migrationHoldings(world, m), h));
  }

  private migrations(world: World): number[] {
    const all = Array.from({ length: world.globals.migrations }, (_, m) => m);
    return all.filter((m) => world.migrations[m]!.instance === this.instance);
  }

  /** Names of the server's migrations that hold something. */
  private holders(world: World): string[] {
    return this.migrations(world).flatMap((m) =>
      migrationHoldings(world, m).count > 0 ? [migrationName(world, this.servers, m)] : [],
    );
  }
}
