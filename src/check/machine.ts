/**
 * One operation from rest to rest in every way that it can go: the engine's own steps, and before each of them what can
 * strike there. It branches where a scenario can say something: a fault at a step, a hold before it, and when a hold ends.
 */
import type { Trial, Violation } from '../campaign/trial.ts';
import { seenWord } from '../contract/signature.ts';
import { type Code, type Instruction, KIND } from '../engine/compile.ts';
import { kindsFor } from '../engine/faults.ts';
import { forgetRefusedMove, type Resolved, start } from '../engine/operations.ts';
import type { ArmedFault, ArmedHold, Run } from '../engine/run.ts';
import { JOB, type Job, OPERATION, World } from '../nova/world.ts';
import type { FaultKind } from '../scenario/scenario.ts';
import { NONE } from '../state/table.ts';
import { Canonical, offsetOf } from './canonical.ts';
import { CRASHES } from './choices.ts';
import { Packer, Unpacker } from './packing.ts';
import type { Scope } from './scope.ts';
import { StateSet } from './state-set.ts';

const CRASH_FAULTS: ReadonlySet<FaultKind> = new Set<FaultKind>(['crash-before', 'crash-after']);
/** The client makes so many attempts at a write of allocations that others race for (nova/scheduler/client/report.py). */
const ATTEMPTS = 4;
/** Number of the branching and of the branch that was taken, one behind the other; at all others the first was. */
export type Decisions = readonly number[];

/** Told what a scenario that goes the same way has to say. */
export interface Chronicle {
  fault(fault: ArmedFault): void;
  hold(hold: ArmedHold): void;
  /** the step was done, and is one visit of its point */
  visited(operation: number, point: number): void;
  released(hold: number, operation: number): void;
}

/** What became of a way at a branching. */
const WENT = { ON: 0, HELD: 1, BEFORE: 2 } as const;

interface Branch {
  readonly fault: ArmedFault | null;
  readonly hold: ArmedHold | null;
}

/** A fault or hold that is over: it can do nothing more. */
const OVER: ArmedFault & ArmedHold = {
  operation: NONE,
  point: 0xffff,
  kind: 'error-before',
  nth: 1,
  times: 1,
  until: NONE,
  handler: null,
};

export class Machine {
  readonly run: Run;
  readonly trial: Trial;
  readonly scope: Scope;
  readonly boots: number;
  /** causes are part of a state: all signatures are told apart, where else each state is gone through once */
  readonly causes: boolean;
  readonly packer = new Packer();
  /** ways of an operation that were gone to their end */
  ways = 0;
  /** ways that met, in mid-operation, where another had been */
  met = 0;
  /** operations by number */
  readonly operations: Resolved[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly code: Code;
  /** before the boots */
  private readonly template: World;
  /** what packed worlds differ from: one that is near to most */
  private readonly base: World;
  private readonly unpacker = new Unpacker();
  private readonly canonical = new Canonical();
  private readonly spare: World[] = [];
  private readonly seen = new StateSet();
  private readonly kinds: readonly (readonly FaultKind[])[];
  private readonly strikers: Map<string, number> = new Map();

  // of the way that is gone
  private current: number = NONE;
  private branchings = 0;
  private decisions: number[] = [];
  private crashes = 0;
  private past: number[] = [];
  /** a hold of this operation is over already, which no scenario can say of its last */
  private endedAtOnce = false;
  private operation = 0;
  private resolved: Resolved | null = null;
  private guide: Decisions | null = null;
  private chronicle: Chronicle | null = null;
  private atRest: (decisions: Decisions, canEnd: boolean) => void = () => {};

  constructor(
    { run, trial, template }: { readonly run: Run; readonly trial: Trial; readonly template: World },
    scope: Scope,
    boots: number,
    causes: boolean,
  ) {
    this.run = run;
    this.trial = trial;
    this.code = run.code;
    this.template = template;
    this.base = template.twin();
    this.scope = scope;
    this.boots = boots;
    this.causes = causes;
    this.kinds = this.code.points.map(({ step }) => kindsFor(step));
  }

  number(resolved: Resolved): number {
    const key = JSON.stringify(resolved.operation);
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.operations.length);
    return this.operations.push(resolved) - 1;
  }

  // ---- states

  /** Packs the world as it is, made canonical, with what is behind it. */
  pack(): void {
    const { run, packer } = this;
    const { world } = run;
    const { live } = this.canonical;
    this.current = this.canonical.make(world, this.current);
    this.endDisturbances();
    packer.begin();
    packer.number(this.current);
    packer.number(this.crashes);
    packer.number(this.trial.condemned);
    packer.number(this.endedAtOnce ? 1 : 0);
    packer.number(run.faults.length);
    for (const { operation, point, kind, times } of run.faults) {
      packer.number(operation);
      if (operation === NONE) continue;
      packer.number(point);
      packer.number(this.kinds[point]!.indexOf(kind));
      packer.number(times);
    }
    packer.number(run.holds.length);
    for (const { operation, point } of run.holds) {
      packer.number(operation);
      packer.number(point);
    }
    packer.number(this.past.length);
    for (const number of this.past) packer.number(number);
    const { jobs, moves, cells } = world;
    const free = live.length < jobs.length ? offsetOf(jobs[live.length]) : offsetOf(moves[0]);
    packer.cells(cells, this.base.cells, free, offsetOf(moves[0]));
  }

  /** Takes up a state that was packed at rest behind operation `operation` of the scenario. */
  unpack(bytes: Uint8Array, operation: number): void {
    const { run, unpacker } = this;
    unpacker.begin(bytes);
    this.current = unpacker.number();
    this.crashes = unpacker.number();
    const condemned = unpacker.number();
    this.endedAtOnce = unpacker.number() === 1;
    const faults = Array.from({ length: unpacker.number() }, (): ArmedFault => {
      const of = unpacker.number();
      if (of === NONE) return OVER;
      const point = unpacker.number();
      const kind = this.kinds[point]![unpacker.number()]!;
      return { operation: of, point, kind, nth: 1, times: unpacker.number() };
    });
    const holds = Array.from({ length: unpacker.number() }, (): ArmedHold => {
      const of = unpacker.number();
      return { operation: of, point: unpacker.number(), nth: 1, until: of + 1, handler: null };
    });
    this.past = Array.from({ length: unpacker.number() }, () => unpacker.number());
    unpacker.cells(run.world.cells, this.base.cells);
    run.world.globals.operation = operation;
    run.arm(faults, holds);
    this.trial.resume(
      this.past.map((number) => this.operations[number]!),
      condemned,
    );
  }

  /** The state that a search begins with: the world as it stands behind the boots. */
  begin(): void {
    this.current = NONE;
    this.crashes = 0;
    this.past = [];
    this.run.arm([], []);
    this.trial.resume([], 0);
  }

  /** From now on worlds are packed as what is not as it is now. No job may be under way. */
  packFromHere(): void {
    this.base.copy(this.run.world);
  }

  /** From before the boots on. */
  restart(): void {
    this.run.world.copy(this.template);
    this.begin();
  }

  /** Crashes behind the state that was taken up. */
  get crashed(): number {
    return this.crashes;
  }

  /** What went differently so far. */
  get disturbances(): number {
    return this.run.faults.length + this.run.holds.length + this.crashes;
  }

  /** A fault that has struck as often as it can, and a hold that holds nobody, are what the signature says of them. */
  private endDisturbances(): void {
    const { run, causes } = this;
    if (run.faults.length === 0 && run.holds.length === 0) return;
    const { world } = run;
    const { live } = this.canonical;
    let ended = false;
    const faults = run.faults.map((fault, k) => {
      const record = world.faults[k]!;
      const over =
        fault.operation === NONE ||
        record.hits >= fault.times ||
        !live.some(({ operation }) => operation === fault.operation);
      if (!over) return fault;
      ended ||= fault !== OVER;
      record.hits = 0;
      record.fired = causes ? 1 : 0;
      if (causes && fault !== OVER) {
        const { handler, guard } = this.code.instructions[record.pc]!;
        record.pc = this.standIn(`${handler.id} ${guard}`, record.pc);
        record.seen = this.standIn(`seen ${seenWord(record.seen)}`, record.seen);
      }
      if (!causes) {
        record.pc = 0;
        record.seen = 0;
      }
      return OVER;
    });
    const holds = run.holds.map((hold, k) => {
      const record = world.holds[k]!;
      if (this.isHeld(k)) return hold;
      record.hits = 0;
      record.state = 2;
      if (hold.operation === NONE) return hold;
      ended = true;
      if (hold.operation === this.operation) this.endedAtOnce = true;
      return { ...hold, operation: NONE, point: causes ? hold.point : 0 };
    });
    if (ended) run.arm(faults, holds);
  }

  /** The first of those that a signature does not tell apart. */
  private standIn(what: string, value: number): number {
    const known = this.strikers.get(what);
    if (known !== undefined) return known;
    this.strikers.set(what, value);
    return value;
  }

  // ---- one operation

  /**
   * Goes every way that operation k can go, from the state that was taken up.
   * @param before told what was broken when the operation was asked for
   * @param atRest told of each end, with the world as it is there: whether a scenario can end with it
   */
  explore(
    k: number,
    resolved: Resolved,
    before: (violations: readonly Violation[]) => void,
    atRest: (decisions: Decisions, canEnd: boolean) => void,
  ): void {
    this.guide = null;
    this.chronicle = null;
    this.atRest = atRest;
    this.seen.clear();
    this.decisions = [];
    if (!this.ask(k, resolved, before)) return;
    this.goOn(0);
  }

  /** Goes one way again, and tells what a scenario has to say for it. */
  follow(k: number, resolved: Resolved, guide: Decisions, chronicle: Chronicle): void {
    this.guide = guide;
    this.chronicle = chronicle;
    this.atRest = () => {};
    this.decisions = [];
    this.ask(k, resolved, () => {});
    this.goOn(0);
    this.chronicle = null;
    this.guide = null;
  }

  private ask(k: number, resolved: Resolved, before: (violations: readonly Violation[]) => void): boolean {
    const { run, trial } = this;
    this.operation = k;
    this.resolved = resolved;
    this.branchings = 0;
    this.endedAtOnce = false;
    this.current = NONE;
    trial.open(k, resolved);
    before(trial.violations);
    trial.violations.length = 0;
    if (this.causes) this.past.push(this.number(resolved));
    if (CRASHES.has(resolved.operation.operation)) this.crashes++;
    start(run, k, resolved);
    return run.world.operations[k]!.outcome !== OPERATION.SKIPPED;
  }

  private goOn(depth: number): void {
    const { run } = this;
    const { jobs } = run.world;
    // what is gone on with was looked up when it parted from another way
    let looked = true;
    for (;;) {
      if (!this.mayStrike() && !this.mayHold() && this.chronicle === null) {
        if (this.current !== NONE) while (run.instruction(jobs[this.current]!));
        this.current = NONE;
        run.quiesce();
      }
      if (this.current === NONE) {
        const job = run.next();
        if (job === undefined) {
          if (this.rest(depth)) return;
          continue;
        }
        run.take(job);
        this.current = job.id;
      }
      const at = run.comesTo(jobs[this.current]!);
      if (at !== null && at.point !== NONE) {
        const went = this.branch(depth, at, looked);
        if (went === WENT.BEFORE) return;
        if (went === WENT.HELD) {
          this.current = NONE;
          continue;
        }
        this.chronicle?.visited(jobs[this.current]!.operation, at.point);
      }
      if (!run.instruction(jobs[this.current]!)) this.current = NONE;
      looked = false;
    }
  }

  private get isUsedUp(): boolean {
    return this.run.faults.length + this.run.holds.length >= this.scope.together;
  }

  private mayStrike(): boolean {
    return this.run.faults.length < this.scope.faults && !this.isUsedUp;
  }

  /** A hold lasts until a later operation. */
  private mayHold(): boolean {
    const { scope, boots, run, operation } = this;
    return run.holds.length < scope.holds && !this.isUsedUp && operation < boots + scope.operations - 1;
  }

  /** Every other thing that can happen at the step. */
  private branches(job: Job, at: Instruction): Branch[] {
    const { run, scope } = this;
    const found: Branch[] = [];
    const { operation } = job;
    const busy = run.faults.some(
      (fault, k) =>
        fault.operation === operation && fault.point === at.point && run.world.faults[k]!.hits < fault.times,
    );
    if (this.mayStrike() && !busy) {
      for (const kind of this.kinds[at.point]!) {
        if (CRASH_FAULTS.has(kind) && this.crashes >= scope.crashes) continue;
        const fault = { operation, point: at.point, kind, nth: 1, times: 1 };
        found.push({ fault, hold: null });
        if (at.kind === KIND.ASK) found.push({ fault: { ...fault, times: ATTEMPTS }, hold: null });
      }
    }
    if (this.mayHold() && job.hold === 0 && this.isWorthHolding(at)) {
      // at the earliest; a release that is passed over puts it off
      const hold = { operation, point: at.point, nth: 1, until: operation + 1, handler: null };
      found.push({ fault: null, hold });
    }
    return found;
  }

  /** To wait before a step that does nothing, and is followed by one that always comes, is to wait before that. */
  private isWorthHolding(at: Instruction): boolean {
    const { instructions } = this.code;
    if (at.kind !== KIND.LOCAL || at.step.run !== undefined) return true;
    const next = instructions[at.next]!;
    // a signature says where a job was held
    if (this.causes && next.guard !== at.guard) return true;
    return next.kind !== KIND.LOCAL || next.when !== null || next.locks !== at.locks || next.point === NONE;
  }

  /** Goes the other ways, and comes back to where it was. */
  private branch(depth: number, at: Instruction, looked: boolean): number {
    const { run } = this;
    const { jobs } = run.world;
    const branches = this.branches(jobs[this.current]!, at);
    if (branches.length === 0) return WENT.ON;
    const number = this.branchings++;
    if (this.guide !== null) {
      const chosen = branches[this.guided(number) - 1];
      if (chosen === undefined) return WENT.ON;
      if (chosen.fault !== null) this.chronicle?.fault(chosen.fault);
      if (chosen.hold !== null) this.chronicle?.hold(chosen.hold);
      this.arm(chosen);
      if (chosen.hold === null) return WENT.ON;
      run.instruction(jobs[this.current]!);
      return WENT.HELD;
    }
    // ways that parted may have met again
    if (this.decisions.length > 0 && !looked && !this.isNew()) {
      this.met++;
      return WENT.BEFORE;
    }
    this.each(depth, branches.length, number, (k) => {
      this.arm(branches[k]!);
      if (!run.instruction(jobs[this.current]!)) this.current = NONE;
      return this.isNew();
    });
    return WENT.ON;
  }

  private arm({ fault, hold }: Branch): void {
    const { run } = this;
    if (fault !== null && CRASH_FAULTS.has(fault.kind)) this.crashes++;
    run.arm(fault === null ? run.faults : [...run.faults, fault], hold === null ? run.holds : [...run.holds, hold]);
  }

  private isNew(): boolean {
    this.pack();
    return this.seen.add(this.packer.bytes, this.packer.length) >= 0;
  }

  private guided(number: number): number {
    const { guide } = this;
    for (let k = 0; k < guide!.length; k += 2) if (guide![k] === number) return guide![k + 1]!;
    return 0;
  }

  /** Takes each branch but the first of a branching, and comes back. */
  private each(depth: number, count: number, number: number, take: (k: number) => boolean): void {
    const { run, trial } = this;
    this.spare[depth] ??= new World(run.world.shape, run.world.setting);
    const kept = this.spare[depth]!;
    kept.copy(run.world);
    const { faults, holds } = run;
    const { current, branchings, crashes, endedAtOnce } = this;
    const past = [...this.past];
    const { condemned } = trial;
    for (let k = 0; k < count; k++) {
      this.decisions.push(number, k + 1);
      if (take(k)) this.goOn(depth + 1);
      else this.met++;
      this.decisions.length -= 2;
      run.world.copy(kept);
      run.arm(faults, holds);
      this.current = current;
      this.branchings = branchings;
      this.crashes = crashes;
      this.endedAtOnce = endedAtOnce;
      this.past = [...past];
      trial.condemned = condemned;
    }
  }

  // ---- at rest

  /** Nothing goes on by itself. Returns whether the operation is over. */
  private rest(depth: number): boolean {
    const { run, operation } = this;
    if (this.resolved!.operation.operation === 'settle') {
      // what is held goes on when everything settles (src/engine/settle.ts)
      for (const { state, hold } of run.world.jobs)
        if (state === JOB.HELD) this.chronicle?.released(hold - 1, operation);
      this.end();
      return true;
    }
    const first = run.waiting(operation);
    if (first === undefined) {
      this.end();
      return true;
    }
    if (run.alive(operation)) {
      this.letGo(first);
      return false;
    }
    const due = this.due();
    const last = operation === this.boots + this.scope.operations - 1;
    if (last || due[0]!.state === JOB.LATE) {
      this.letGo(first);
      return false;
    }
    // any of them is the first to go, or none is; the default is the one that came first
    const late = due[due.length - 1]!.state === JOB.LATE;
    const count = late ? due.length : due.length + 1;
    const number = this.branchings++;
    const ids = due.map(({ id }) => id);
    const take = (k: number): boolean => {
      for (const id of ids.slice(0, k)) run.world.jobs[id]!.until = operation + 1;
      const chosen = ids[k];
      if (chosen !== undefined) this.letGo(run.world.jobs[chosen]!);
      return true;
    };
    if (this.guide !== null) {
      take(this.guided(number));
      return false;
    }
    this.each(depth, count - 1, number, (k) => take(k + 1) && this.isNew());
    take(0);
    return false;
  }

  private letGo(job: Job): void {
    if (job.state === JOB.HELD) this.chronicle?.released(job.hold - 1, this.operation);
    this.run.letGo(job, this.operation);
  }

  /** What was held or late until now, in the order of arrival, up to the first that goes on in any case. */
  private due(): Job[] {
    const due = this.run.world.jobs
      .filter(({ state, until }) => (state === JOB.HELD || state === JOB.LATE) && until <= this.operation)
      .sort((a, b) => a.sequence - b.sequence);
    const late = due.findIndex(({ state }) => state === JOB.LATE);
    return late < 0 ? due : due.slice(0, late + 1);
  }

  private end(): void {
    const { run, trial, operation } = this;
    const { world } = run;
    this.ways++;
    forgetRefusedMove(world, operation);
    trial.close(operation, this.resolved!);
    for (const instance of world.instances) instance.touched = 0;
    // where a fault struck it is the cause, whatever was asked for
    if (run.faults.length > 0) this.past.length = 0;
    this.atRest(this.decisions, this.canEnd());
    trial.violations.length = 0;
  }

  /** A hold lasts until a later operation, and at the longest until the last. */
  private canEnd(): boolean {
    const { run, operation } = this;
    const { jobs } = run.world;
    const lasts = jobs.some(({ state, until }) => state === JOB.HELD && until > operation);
    const endedAtOnce = run.holds.some((hold, k) => hold.operation === operation && !this.isHeld(k));
    return !lasts && !endedAtOnce && !this.endedAtOnce;
  }

  private isHeld(hold: number): boolean {
    return this.run.world.jobs.some((job) => job.state !== JOB.FREE && job.hold === hold + 1);
  }
}
