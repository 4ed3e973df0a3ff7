/**
 * One scenario, run and judged: cheap laws after every operation, all laws at the end; in between on a settled clone where
 * a server is about to be touched again after something went wrong with it.
 */
import type { Contract } from '../contract/contracts.ts';
import { bystandersUnchanged } from '../contract/invariants/bystanders-unchanged.ts';
import { capacityOfWrites } from '../contract/invariants/capacity-respected.ts';
import { decisionTaken, noSpuriousRefusal } from '../contract/invariants/no-spurious-refusal.ts';
import { providerLifecycle } from '../contract/invariants/provider-lifecycle.ts';
import { trackerMatches } from '../contract/invariants/tracker-matches.ts';
import { type Cause, endStateClass, signatureOf } from '../contract/signature.ts';
import { perform, type Resolved } from '../engine/operations.ts';
import type { Run } from '../engine/run.ts';
import { type Settled, settle } from '../engine/settle.ts';
import { everythingUp, nothingForcedDown, nothingUnderWay, OPERATION, World } from '../nova/world.ts';
import type { Observation } from '../observation/observation.ts';
import { NONE } from '../state/table.ts';

export interface Violation {
  /** the server it is about, or NONE */
  readonly instance: number;
  /** the operation after which it was seen; how many there were if it was seen at the end */
  readonly operation: number;
  readonly invariants: readonly string[];
  readonly details: readonly string[];
  readonly endState: string;
  readonly cause: Cause;
  readonly signature: string;
}

/** Values of `Instance.disturbed`: something went wrong, and since then it was judged at rest, or not yet. */
const DISTURBED = 1;
const JUDGED = 2;

/** Values of `Trial.condemned`. */
const TRACKERS = 1;
const PROVIDERS = 2;

/** An operator's commands about every server. */
const MENDS: ReadonlySet<string> = new Set(['placement_audit', 'heal_allocations']);

export class Trial {
  readonly run: Run;
  readonly contract: Contract;
  readonly violations: Violation[] = [];
  /** judge every server after every operation, on a settled clone if need be: for replay */
  thorough = false;
  private readonly before: World;
  private readonly clone: World;
  private readonly operations: Resolved[] = [];
  /** what of hosts was found wrong, and is judged no more: TRACKERS, PROVIDERS as bits */
  condemned = 0;

  constructor(run: Run, contract: Contract) {
    this.run = run;
    this.contract = contract;
    this.before = new World(run.world.shape, run.world.setting);
    this.clone = new World(run.world.shape, run.world.setting);
  }

  /** The world was populated and armed anew. */
  begin(): void {
    this.violations.length = 0;
    this.operations.length = 0;
    this.condemned = 0;
    this.before.copy(this.run.world);
  }

  /** The world was taken up as it was at rest behind these operations. */
  resume(operations: readonly Resolved[], condemned: number): void {
    this.violations.length = 0;
    this.operations.length = 0;
    this.operations.push(...operations);
    this.condemned = condemned;
  }

  /** Runs operation k and judges what it can have changed. */
  step(k: number, resolved: Resolved): void {
    this.open(k, resolved);
    perform(this.run, k, resolved);
    this.close(k, resolved);
  }

  /** Before operation k. */
  open(k: number, resolved: Resolved): void {
    const { run, contract } = this;
    const { world } = run;
    const { instance } = resolved;
    if (instance !== NONE) this.judgeBefore(instance, k);
    // what may mend the books must not hide that they were wrong
    else if (MENDS.has(resolved.operation.operation)) {
      for (let i = 0; i < world.globals.instances; i++) this.judgeBefore(i, k);
    }
    this.operations.push(resolved);
    if (contract.cloud) this.before.copy(world);
    for (let i = 0; i < world.globals.instances; i++) world.instances[i]!.touched = 0;
  }

  /** The world came to rest behind operation k. */
  close(k: number, resolved: Resolved): void {
    const { run, contract } = this;
    const { world } = run;
    // an evacuation from a host that runs is over when the host starts again
    const up = everythingUp(world) && nothingForcedDown(world);
    for (let i = 0; i < world.globals.instances; i++) {
      const row = world.instances[i]!;
      if (row.touched === 1 && (!up || row.disturbed === JUDGED)) row.disturbed = DISTURBED;
    }
    if (resolved.operation.operation === 'settle') {
      this.judgeAll(world, settle(run), k + 1);
      run.armed = true;
      for (let i = 0; i < world.globals.instances; i++) world.instances[i]!.disturbed = 0;
    }
    if (contract.cloud) this.judgeStep(k, resolved);
    this.judgeAfter(k);
  }

  /** Settles the world and judges everything in it. */
  end(): void {
    const { run, contract, operations } = this;
    const outsiders = contract.cloud && run.world.shape.bystanders > 0;
    if (outsiders) this.before.copy(run.world);
    const settled = settle(run);
    this.judgeAll(run.world, settled, operations.length);
    // settle works for every server of the scenario, and for no other
    if (outsiders) this.judgeBystanders(() => true, operations.length);
  }

  // ---- when

  /** A server that something went wrong with is judged at rest before anything else happens to it. */
  private judgeBefore(i: number, k: number): void {
    const { world } = this.run;
    const row = world.instances[i]!;
    if (row.exists === 0 || row.disturbed !== DISTURBED || row.condemned === 1) return;
    // a job of it is under way: this operation is part of what happens to it
    if (!nothingUnderWay(world, i)) return;
    const settled = this.settledClone();
    this.judge(this.clone, i, settled, k);
    row.disturbed = JUDGED;
  }

  private settledClone(): Settled {
    const { run, clone } = this;
    const { world, listener, armed, placement } = run;
    clone.copy(world);
    run.world = clone;
    run.listener = null;
    // what would be is asked of the model: a real server has only one present
    run.placement = null;
    run.renewLimit();
    const settled = settle(run);
    run.renewLimit();
    run.world = world;
    run.listener = listener;
    run.armed = armed;
    run.placement = placement;
    return settled;
  }

  private judgeAfter(k: number): void {
    const { world } = this.run;
    if (!nothingUnderWay(world)) return;
    for (let i = 0; i < world.globals.instances; i++) {
      const row = world.instances[i]!;
      if (row.exists === 0 || row.condemned === 1) continue;
      if (row.disturbed !== 0) {
        if (this.thorough) this.judge(this.clone, i, this.settledClone(), k + 1);
        continue;
      }
      if (row.touched === 1 || this.thorough) this.judge(world, i, null, k + 1);
    }
    if (!this.contract.cloud) return;
    if (world.globals.disturbed === 0) this.judgeProviders(world, k + 1);
    if (world.globals.disturbed === 0) this.judgeTrackers(trackerMatches.broken(world), world, k + 1);
    else if (world.globals.crossed === 0) this.judgeTrackers(trackerMatches.afterAudits(world), world, k + 1);
  }

  private judgeAll(observation: World, settled: Settled, k: number): void {
    for (let i = 0; i < observation.globals.instances; i++) {
      if (observation.instances[i]!.exists !== 0 && observation.instances[i]!.condemned === 0) {
        this.judge(observation, i, settled, k);
      }
    }
    if (!this.contract.cloud) return;
    this.judgeTrackers(trackerMatches.broken(observation), observation, k);
    this.judgeProviders(observation, k);
  }

  // ---- what

  private judge(observation: Observation, instance: number, settled: Settled | null, k: number): void {
    const { contract, run } = this;
    const broken: string[] = [];
    const details: string[] = [];
    const peaceful = settled === null && run.world.globals.disturbed === 0;
    const judged = { observation, instance, settled, peaceful, pointOfNoReturn: contract.pointOfNoReturn };
    for (const invariant of contract.invariants) {
      const detail = invariant.broken(judged);
      if (detail === null) continue;
      broken.push(invariant.id);
      details.push(detail);
    }
    if (broken.length === 0) return;
    run.world.instances[instance]!.condemned = 1;
    this.found(observation, instance, broken, details, k);
  }

  private judgeStep(k: number, resolved: Resolved): void {
    const { before } = this;
    const { world } = this.run;
    const overCapacity = capacityOfWrites.broken(before, world);
    if (overCapacity !== null) this.found(world, NONE, [capacityOfWrites.id], [overCapacity.detail], k + 1);
    this.judgeDecision(k, resolved);
    this.judgeBystanders((i) => world.instances[i]!.touched === 1, k + 1);
  }

  private judgeBystanders(worked: (instance: number) => boolean, k: number): void {
    const { world } = this.run;
    const broken = bystandersUnchanged.broken(this.before, world, worked);
    if (broken === null) return;
    const { instance, detail } = broken;
    if (instance !== NONE && world.instances[instance]!.condemned === 1) return;
    if (instance !== NONE) world.instances[instance]!.condemned = 1;
    this.found(world, instance, [bystandersUnchanged.id], [detail], k);
  }

  /** A confirm or revert of a move that met nothing, in a cloud that met nothing. */
  private judgeDecision(k: number, { operation: { operation }, instance }: Resolved): void {
    const { before } = this;
    const { world } = this.run;
    if (operation !== 'confirm' && operation !== 'revert') return;
    if (world.globals.disturbed === 1 || world.operations[k]!.outcome !== OPERATION.ACCEPTED) return;
    if (!nothingUnderWay(world) || world.instances[instance]!.condemned === 1) return;
    const detail = decisionTaken(before, world, instance, operation);
    if (detail === null) return;
    world.instances[instance]!.condemned = 1;
    this.found(world, instance, [noSpuriousRefusal.id], [detail], k + 1);
  }

  /** @param host whose tracker is wrong, or NONE */
  private judgeTrackers(host: number, observation: Observation, k: number): void {
    this.condemnHost(
      TRACKERS,
      trackerMatches.id,
      host,
      observation,
      k,
      (name) => `the tracker of ${name} does not match`,
    );
  }

  private judgeProviders(observation: Observation, k: number): void {
    const host = providerLifecycle.broken(observation);
    const says = (name: string): string => providerLifecycle.says(name, observation.hosts[host]!);
    this.condemnHost(PROVIDERS, providerLifecycle.id, host, observation, k, says);
  }

  /** Told once a scenario of each law about hosts. */
  private condemnHost(
    law: number,
    id: string,
    host: number,
    observation: Observation,
    k: number,
    says: (name: string) => string,
  ): void {
    if (host === NONE || (this.condemned & law) !== 0) return;
    this.condemned |= law;
    this.found(observation, NONE, [id], [says(observation.setting.hosts[host]!.name)], k);
  }

  private found(observation: Observation, instance: number, invariants: string[], details: string[], k: number): void {
    // what an operator's command does only when all is delivered is seen on the clone
    const cause = this.cause(instance, observation === this.clone ? this.clone : this.run.world);
    const endState = instance === NONE ? '' : endStateClass(observation, instance);
    const signature = signatureOf(invariants, cause, endState);
    this.violations.push({ instance, operation: k, invariants, details, endState, cause, signature });
  }

  private cause(instance: number, settled: World): Cause {
    const { run, operations } = this;
    const { world, code } = run;
    const struck = (point: number, pc: number): { handler: string; guard: string } => {
      const at = code.instructions[pc] ?? code.instructions.find((other) => other.point === point)!;
      return { handler: at.handler.id, guard: at.guard };
    };
    return {
      faults: run.faults.flatMap((fault, k) => {
        const record = world.faults[k]!;
        return record.fired === 0 ? [] : [{ ...struck(fault.point, record.pc), seen: record.seen }];
      }),
      operations: operations.flatMap((resolved) => {
        const { operation } = resolved.operation;
        const about = resolved.instance === NONE || instance === NONE || resolved.instance === instance;
        // a cold migration is a resize to the flavor that the server has
        return about && operation !== 'boot' && operation !== 'settle'
          ? [operation === 'cold_migrate' ? 'resize' : operation]
          : [];
      }),
      holds: run.holds.flatMap((hold, k) => {
        if (world.holds[k]!.state === 0) return [];
        const { handler, guard } = struck(hold.point, NONE);
        return [`${handler}[${guard}]`];
      }),
      sabotage: operations.flatMap((resolved, k) => {
        const { sabotage } = settled.operations[k]!;
        const about = instance === NONE ? sabotage !== 0 : (sabotage & (1 << instance)) !== 0;
        return about ? [resolved.operation.operation] : [];
      }),
    };
  }
}
