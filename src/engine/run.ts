/**
 * The executor: takes a job from step to step, injects faults and holds in one place for every step, and decides which job
 * goes next. Nothing here knows what a step does.
 */

import { MET, SERVICE } from '../nova/states.ts';
import { OUTCOME, type Outcome } from '../nova/step.ts';
import {
  everythingUp,
  JOB,
  type Job,
  meet,
  nothingUnderWay,
  OPERATION,
  serviceUp,
  setService,
  trackingOf,
  type World,
} from '../nova/world.ts';
import {
  CONSUMER_CONFLICT,
  PROVIDER_CONFLICT,
  PROXY_ERROR,
  REFUSED,
  RESET,
  type Request,
  type Response,
  SERVER_ERROR,
  TIMED_OUT,
} from '../placement/api.ts';
import { serve } from '../placement/server.ts';
import { FAULT_KINDS, type FaultKind } from '../scenario/scenario.ts';
import { assert, ModelError, NONE } from '../state/table.ts';
import { type Code, type Instruction, KIND, mustFit } from './compile.ts';
import { RAISED } from './faults.ts';

export interface ArmedFault {
  readonly operation: number;
  readonly point: number;
  readonly kind: FaultKind;
  readonly nth: number;
  readonly times: number;
}

export interface ArmedHold {
  readonly operation: number;
  readonly point: number;
  readonly nth: number;
  readonly until: number;
  /** the handler of operation `until` whose end releases it, or null: that operation's end */
  readonly handler: string | null;
}

/** What Nova saw of a fault that left no outcome of its own. */
export const SEEN = { LOST: 40, LATE: 41, CRASH: 42, DOUBLED: 43, TIMEOUT: 44 } as const;

/**
 * A Placement that answers in the model's place. It keeps the world's store as the answers say it is: laws and observations
 * read that. Faults of the wire strike around it, as around the model.
 */
export interface PlacementService {
  /** The world was populated anew: these providers, and what bystanders hold on them. */
  begin(world: World): void;
  /** @param cut the server dies between its two transactions */
  serve(world: World, request: Request, cut: boolean): Response;
}

/** Told of everything, in replay; null in a campaign. */
export interface Listener {
  step(job: Job, at: Instruction, outcome: Outcome, request: Request | null, response: Response | null): void;
  fault(job: Job, at: Instruction, kind: FaultKind): void;
  hold(job: Job, at: Instruction, what: 'held' | 'released' | 'broken'): void;
  ended(job: Job, outcome: Outcome): void;
  service(service: number, up: boolean): void;
}

/** Most steps of one scenario: a loop in a handler table is a ModelError, not a hang. */
const STEP_LIMIT = 200_000;

export class Run {
  readonly code: Code;
  world: World;
  faults: readonly ArmedFault[] = [];
  holds: readonly ArmedHold[] = [];
  listener: Listener | null = null;
  /** the step at hand is a branch that is not taken: nobody is told of it */
  private silent = false;
  /** null: the model */
  placement: PlacementService | null = null;
  /** settle disarms faults and holds */
  armed = true;
  steps = 0;
  /** visits by point, over all scenarios of this run */
  readonly reached: Uint32Array;
  /** strikes by point and kind */
  readonly fired: Uint32Array;
  private readonly watched: Uint8Array;
  private limit = STEP_LIMIT;

  constructor(code: Code, world: World) {
    mustFit(code, world.setting);
    this.code = code;
    this.world = world;
    this.reached = new Uint32Array(code.points.length);
    this.fired = new Uint32Array(code.points.length * FAULT_KINDS.length);
    this.watched = new Uint8Array(code.points.length);
  }

  /** Arms faults and holds for the world as it is; their counters live in the world. */
  arm(faults: readonly ArmedFault[], holds: readonly ArmedHold[]): void {
    for (const { point } of this.faults) this.watched[point] = 0;
    for (const { point } of this.holds) this.watched[point] = 0;
    this.faults = faults;
    this.holds = holds;
    for (const { point } of faults) this.watched[point] = 1;
    for (const { point } of holds) this.watched[point] = 1;
    this.armed = true;
    this.renewLimit();
  }

  /** A clone that is settled on the way takes steps of its own, and there may be one after each operation for each server. */
  renewLimit(): void {
    this.limit = this.steps + STEP_LIMIT;
  }

  /** Points of a fault and a hold that were added to the armed lists since. */
  watch(...points: readonly (number | undefined)[]): void {
    for (const point of points) if (point !== undefined) this.watched[point] = 1;
  }

  // ---- jobs

  /** A message that nobody has sent yet: an operation's request, or a service's own work. */
  begin(handler: string, service: number, operation: number): Job {
    const entry = this.code.entries.get(handler);
    if (entry === undefined) throw new ModelError(`no handler ${handler} in protocol ${this.code.protocol.id}`);
    const job = this.free();
    job.state = JOB.QUEUED;
    job.pc = entry;
    job.service = service;
    job.operation = operation;
    job.sequence = ++this.world.globals.sequence;
    job.caller = NONE;
    job.callee = NONE;
    job.instance = NONE;
    job.migration = NONE;
    job.flavor = NONE;
    job.destination = NONE;
    job.requested = NONE;
    job.host = NONE;
    job.oldFlavor = NONE;
    job.newFlavor = NONE;
    job.oldVm = NONE;
    job.migrationContext = NONE;
    return job;
  }

  private free(): Job {
    const { jobs } = this.world;
    for (let k = 0; k < jobs.length; k++) if (jobs[k]!.state === JOB.FREE) return jobs[k]!;
    throw new ModelError('the table of jobs is full');
  }

  private send(from: Job, at: Instruction, service: number): Job {
    const message = this.free();
    const scalars = message.read.offset - (message as unknown as { offset: number }).offset;
    const target = (message as unknown as { offset: number }).offset;
    const source = (from as unknown as { offset: number }).offset;
    this.world.cells.copyWithin(target, source, source + scalars);
    message.state = JOB.QUEUED;
    message.pc = at.entry;
    message.service = service;
    message.sequence = ++this.world.globals.sequence;
    message.caller = NONE;
    message.callee = NONE;
    message.hold = 0;
    message.error = 0;
    message.held = 0;
    message.attempt = 0;
    message.generation = 0;
    message.generation2 = 0;
    message.reply = 0;
    message.replyLost = 0;
    message.cursor = 0;
    message.locks = 0;
    message.beganVm = from.vm;
    message.beganTask = from.task;
    at.fill(this.world, from, message);
    return message;
  }

  private clear(job: Job): void {
    this.unlock(job, 7);
    const start = (job as unknown as { offset: number }).offset;
    job.read.clear();
    job.consumers.clear();
    this.world.cells.fill(0, start, job.read.offset);
  }

  // ---- locks: named, per process

  private lock(job: Job, needed: number): boolean {
    const { world } = this;
    const surplus = job.locks & ~needed;
    if (surplus !== 0) this.unlock(job, surplus);
    const missing = needed & ~job.locks;
    if (missing === 0 || job.service < SERVICE.COMPUTE) return true;
    const host = job.service - SERVICE.COMPUTE;
    if ((missing & 2) !== 0 && job.instance !== NONE) {
      const tracking = trackingOf(world, host, job.instance);
      if (tracking.lock !== 0) return false;
      tracking.lock = job.id + 1;
      job.locks |= 2;
    }
    if ((missing & 4) !== 0) {
      const record = world.hosts[host]!;
      if (record.pool !== 0) return false;
      record.pool = job.id + 1;
      job.locks |= 4;
    }
    if ((missing & 1) !== 0) {
      const record = world.hosts[host]!;
      if (record.trackerLock !== 0) return false;
      record.trackerLock = job.id + 1;
      job.locks |= 1;
    }
    return true;
  }

  private unlock(job: Job, which: number): void {
    const held = job.locks & which;
    if (held === 0) return;
    const host = job.service - SERVICE.COMPUTE;
    if ((held & 1) !== 0) this.world.hosts[host]!.trackerLock = 0;
    if ((held & 2) !== 0) trackingOf(this.world, host, job.instance).lock = 0;
    if ((held & 4) !== 0) this.world.hosts[host]!.pool = 0;
    job.locks &= ~held;
  }

  /** @param which of the locks that it needs */
  canLock(job: Job, which = 7): boolean {
    const at = this.code.instructions[job.pc]!;
    const missing = at.locks & ~job.locks & which;
    if (missing === 0 || job.service < SERVICE.COMPUTE) return true;
    const host = job.service - SERVICE.COMPUTE;
    if ((missing & 2) !== 0 && job.instance !== NONE && trackingOf(this.world, host, job.instance).lock !== 0) {
      return false;
    }
    const { trackerLock, pool } = this.world.hosts[host]!;
    return ((missing & 1) === 0 || trackerLock === 0) && ((missing & 4) === 0 || pool === 0);
  }

  // ---- schedule

  /** The runnable job that arrived first, or undefined. A message for a service that is down waits on the bus. */
  next(): Job | undefined {
    const { jobs } = this.world;
    let first: Job | undefined;
    for (let k = 0; k < jobs.length; k++) {
      const job = jobs[k]!;
      const { state } = job;
      if (state !== JOB.RUNNING && state !== JOB.QUEUED && state !== JOB.BLOCKED) continue;
      if (first !== undefined && job.sequence >= first.sequence) continue;
      if (state === JOB.QUEUED && !serviceUp(this.world, job.service)) continue;
      if (state !== JOB.RUNNING && !this.canLock(job)) continue;
      first = job;
    }
    return first;
  }

  /** Runs until nothing can go on by itself. */
  quiesce(): void {
    for (;;) {
      const job = this.next();
      if (job === undefined) return;
      this.take(job);
      while (this.instruction(job));
    }
  }

  /** It is the job's turn. */
  take(job: Job): void {
    job.state = JOB.RUNNING;
    if (job.instance !== NONE) this.world.instances[job.instance]!.touched = 1;
  }

  /**
   * Runs operation `operation` to rest, then lets go what was held or late until it. A hold whose release cannot come,
   * because the other needs its lock, ends here and is counted as broken.
   */
  drain(operation: number): void {
    for (;;) {
      this.quiesce();
      const job = this.waiting(operation);
      if (job === undefined) return;
      this.letGo(job, operation);
    }
  }

  /** What was held or late goes on in the course of the operation. */
  letGo(job: Job, operation: number): void {
    if (job.state === JOB.HELD) {
      const broken = this.alive(operation) || this.holds[job.hold - 1]!.handler !== null;
      const hold = this.world.holds[job.hold - 1]!;
      hold.state = broken ? 3 : 2;
      if (broken) this.world.globals.brokenHolds++;
      this.listener?.hold(job, this.code.instructions[job.pc]!, broken ? 'broken' : 'released');
    }
    job.state = job.state === JOB.LATE ? JOB.QUEUED : JOB.RUNNING;
  }

  /** A job to let go: one that waits for this operation, or one whose lock this operation needs. */
  waiting(operation: number): Job | undefined {
    const { jobs } = this.world;
    const blocked = this.alive(operation);
    let first: Job | undefined;
    for (let k = 0; k < jobs.length; k++) {
      const job = jobs[k]!;
      if (job.state !== JOB.HELD && job.state !== JOB.LATE) continue;
      const due = !blocked && job.until <= operation;
      const inTheWay = blocked && job.state === JOB.HELD && this.keepsLocks(job);
      if ((due || inTheWay) && (first === undefined || job.sequence < first.sequence)) first = job;
    }
    return first;
  }

  /** Whether the job, or one that waits for its reply, holds a lock: not a place among live migrations, which is waited for in peace. */
  private keepsLocks({ locks, caller }: Job): boolean {
    return (locks & 3) !== 0 || (caller !== NONE && this.keepsLocks(this.world.jobs[caller]!));
  }

  /** Whether a job of the operation waits for a lock. */
  alive(operation: number): boolean {
    const { jobs } = this.world;
    for (let k = 0; k < jobs.length; k++) {
      const job = jobs[k]!;
      // a live migration that waits in its queue is in nobody's way
      if (job.operation !== operation || this.canLock(job, 3)) continue;
      if (job.state === JOB.BLOCKED || (job.state === JOB.QUEUED && serviceUp(this.world, job.service))) return true;
    }
    return false;
  }

  /** Lets everything held or late go on, at settle. */
  releaseAll(): void {
    for (;;) {
      this.quiesce();
      let first: Job | undefined;
      for (const job of this.world.jobs) {
        if (job.state !== JOB.HELD && job.state !== JOB.LATE) continue;
        if (first === undefined || job.sequence < first.sequence) first = job;
      }
      if (first === undefined) return;
      if (first.state === JOB.HELD) {
        this.world.holds[first.hold - 1]!.state = 2;
        this.listener?.hold(first, this.code.instructions[first.pc]!, 'released');
      }
      first.state = first.state === JOB.LATE ? JOB.QUEUED : JOB.RUNNING;
    }
  }

  // ---- one job

  /** One instruction of a job whose turn it is. Returns whether the turn goes on. */
  instruction(job: Job): boolean {
    const at = this.code.instructions[job.pc]!;
    if (at.kind >= KIND.END) {
      this.finish(job, at.kind === KIND.END ? OUTCOME.OK : job.error);
      return false;
    }
    if (at.locks !== job.locks && !this.lock(job, at.locks)) {
      job.state = JOB.BLOCKED;
      return false;
    }
    this.silent = at.when !== null && !at.when(this.world, job);
    if (!this.silent) this.reached[at.point]!++;
    if (++this.steps > this.limit) throw new ModelError(`a scenario took more than ${STEP_LIMIT} steps`);
    if (this.watched[at.point] !== 0 && this.armed) return this.disturb(job, at);
    return this.perform(job, at, null);
  }

  /** The step that a job whose turn it is comes to, if something can strike it there: a fault, or a hold before it. */
  comesTo(job: Job): Instruction | null {
    const at = this.code.instructions[job.pc]!;
    if (at.kind >= KIND.END || (at.locks !== job.locks && !this.canLock(job))) return null;
    return this.made(job, at) ? at : null;
  }

  /** A watched step: holds first, then the fault that is due, if any. Returns whether the job goes on. */
  private disturb(job: Job, at: Instruction): boolean {
    if (!this.made(job, at)) return this.perform(job, at, null);
    if (this.holdHere(job, at)) return false;
    // the wire counts its own visits: a request that is sent twice comes to its point twice
    if (at.kind === KIND.ASK) return this.perform(job, at, null);
    return this.perform(job, at, this.strike(job, at));
  }

  /** A message to nobody, a question without need and a branch that is not taken are no call: nothing strikes there. */
  private made(job: Job, at: Instruction): boolean {
    const { world } = this;
    if (at.when?.(world, job) === false) return false;
    if (at.kind === KIND.CAST || at.kind === KIND.CALL) return at.where(world, job) !== NONE;
    return at.kind !== KIND.ASK || at.ask(world, job) !== null;
  }

  private holdHere(job: Job, at: Instruction): boolean {
    const { holds } = this;
    for (let k = 0; k < holds.length; k++) {
      const hold = holds[k]!;
      if (hold.point !== at.point || hold.operation !== job.operation) continue;
      const record = this.world.holds[k]!;
      // released here a moment ago: this is the same visit
      if (job.hold === k + 1) {
        job.hold = 0;
        continue;
      }
      if (++record.hits !== hold.nth) continue;
      record.state = 1;
      job.hold = k + 1;
      job.until = hold.until;
      job.state = JOB.HELD;
      this.noteDisturbance(job);
      this.listener?.hold(job, at, 'held');
      return true;
    }
    return false;
  }

  /** Counts a visit of the point and returns the fault that is due. */
  private strike(job: Job, at: Instruction): FaultKind | null {
    const { faults } = this;
    let due: FaultKind | null = null;
    for (let k = 0; k < faults.length; k++) {
      const fault = faults[k]!;
      if (fault.point !== at.point || fault.operation !== job.operation) continue;
      const record = this.world.faults[k]!;
      const hit = ++record.hits;
      if (due !== null || hit < fault.nth || hit >= fault.nth + fault.times) continue;
      due = fault.kind;
      if (record.fired++ === 0) record.pc = at.pc;
      this.striking = k;
      this.fired[at.point * FAULT_KINDS.length + FAULT_KINDS.indexOf(due)]!++;
      this.noteStrike(job, at, due, record.fired);
      this.listener?.fault(job, at, due);
    }
    return due;
  }

  private striking = NONE;

  /** Of several visits the first result counts: what Nova saw of the fault. */
  private saw(seen: number): void {
    if (this.striking === NONE) return;
    const record = this.world.faults[this.striking]!;
    if (record.fired === 1) record.seen = seen;
    this.striking = NONE;
  }

  private noteDisturbance(job: Job): void {
    const { globals, instances, moves } = this.world;
    globals.disturbed = 1;
    if (job.instance === NONE) return;
    instances[job.instance]!.disturbed = 1;
    for (let k = 0; k < globals.moves; k++) {
      const move = moves[k]!;
      if (move.instance !== job.instance) continue;
      move.disturbed = 1;
      move.elsewhere = 0;
    }
  }

  /** A fault that is the first thing to go wrong, where another host can still take the move, is no reason for it to fail. */
  private noteStrike(job: Job, at: Instruction, kind: FaultKind, times: number): void {
    const { world } = this;
    const { globals, moves } = world;
    // the client's attempts at one write are one failure
    if (kind === 'provider-conflict' && times > 1) return;
    if (at.handler.recovers === true) meet(world, MET.FAULT_IN_RECOVERY, job.instance);
    const first = globals.disturbed === 0;
    globals.crossed = 1;
    this.noteDisturbance(job);
    if (!first || !RAISED.has(kind) || (at.step.alternates?.(job) ?? 0) === 0 || !everythingUp(world)) return;
    for (let k = 0; k < globals.moves; k++) {
      const move = moves[k]!;
      if (move.instance === job.instance && move.operation === job.operation) move.elsewhere = move.fits;
    }
  }

  /** Does the step under the fault, if any. Returns whether the job goes on. */
  private perform(job: Job, at: Instruction, fault: FaultKind | null): boolean {
    // a job that ends with the step forgets whose it was
    const { service } = job;
    if (fault === 'crash-before') {
      this.saw(SEEN.CRASH);
      this.crash(job.service);
      return false;
    }
    let goesOn: boolean;
    switch (at.kind) {
      case KIND.LOCAL:
        goesOn = this.local(job, at, fault);
        break;
      case KIND.ASK:
        return this.ask(job, at);
      case KIND.CAST:
        goesOn = this.cast(job, at, fault);
        break;
      default:
        return this.call(job, at, fault);
    }
    if (fault === 'crash-after') {
      this.saw(SEEN.CRASH);
      this.crash(service);
      return false;
    }
    return goesOn;
  }

  private local(job: Job, at: Instruction, fault: FaultKind | null): boolean {
    let outcome: Outcome;
    switch (fault) {
      case null:
      case 'crash-after':
        outcome = at.run(this.world, job);
        break;
      case 'error-before':
        at.step.dirties?.(this.world, job);
        outcome = OUTCOME.RAISE;
        break;
      case 'fault-rollback':
        outcome = OUTCOME.RAISE_ROLLBACK;
        break;
      case 'unavailable':
        outcome = OUTCOME.RAISE_UNAVAILABLE;
        break;
      case 'build-abort':
        outcome = OUTCOME.RAISE_BUILD_ABORT;
        break;
      case 'unknown-node':
        outcome = at.step.unknownNode?.(this.world, job) ?? at.run(this.world, job);
        break;
      default: {
        outcome = at.run(this.world, job);
        if (outcome < OUTCOME.RAISE) outcome = OUTCOME.RAISE;
      }
    }
    if (fault !== null && fault !== 'crash-after') this.saw(outcome);
    return this.settle(job, at, outcome, null, null);
  }

  private cast(job: Job, at: Instruction, fault: FaultKind | null): boolean {
    const service = at.where(this.world, job);
    if (service === NONE) return this.settle(job, at, OUTCOME.OK, null, null);
    let outcome: Outcome = OUTCOME.OK;
    switch (fault) {
      case 'refused':
        outcome = OUTCOME.RAISE_MESSAGING;
        this.saw(outcome);
        break;
      case 'error-before':
        outcome = OUTCOME.RAISE;
        this.saw(outcome);
        break;
      case 'lost':
        meet(this.world, MET.MESSAGE_LOST, job.instance);
        this.saw(SEEN.LOST);
        break;
      case 'late': {
        meet(this.world, MET.MESSAGE_LATE, job.instance);
        const message = this.send(job, at, service);
        message.state = JOB.LATE;
        message.until = job.operation + 1;
        this.saw(SEEN.LATE);
        break;
      }
      case 'doubled':
        this.send(job, at, service);
        this.send(job, at, service);
        this.saw(SEEN.DOUBLED);
        break;
      default:
        // a queue nobody reads expires: what is sent to a dead service is lost, unless a fault keeps it for later
        if (serviceUp(this.world, service)) this.send(job, at, service);
        else {
          this.world.globals.crossed = 1;
          this.noteDisturbance(job);
        }
    }
    return this.settle(job, at, outcome, null, null);
  }

  private call(job: Job, at: Instruction, fault: FaultKind | null): boolean {
    const service = at.where(this.world, job);
    if (service === NONE) return this.settle(job, at, OUTCOME.OK, null, null);
    if (fault === 'refused' || fault === 'lost') {
      const outcome = fault === 'refused' ? OUTCOME.RAISE_UNDELIVERED : OUTCOME.RAISE_MESSAGING;
      this.saw(outcome);
      return this.settle(job, at, outcome, null, null);
    }
    // a call expires with its caller's patience, so one to a dead service is never delivered
    if (!serviceUp(this.world, service)) return this.settle(job, at, OUTCOME.RAISE_MESSAGING, null, null);
    const callee = this.send(job, at, service);
    if (fault === 'timeout-during') {
      this.saw(SEEN.TIMEOUT);
      return this.settle(job, at, OUTCOME.RAISE_MESSAGING, null, null);
    }
    callee.caller = job.id;
    callee.sequence = job.sequence;
    job.callee = callee.id;
    job.state = JOB.CALLING;
    if (fault === 'timeout-after') {
      callee.replyLost = 1;
      this.saw(SEEN.TIMEOUT);
    }
    if (fault === 'crash-after') {
      this.saw(SEEN.CRASH);
      this.crash(job.service);
    }
    return false;
  }

  // ---- requests: the wire

  private ask(job: Job, at: Instruction): boolean {
    const request = at.ask(this.world, job);
    if (request === null) return this.settle(job, at, OUTCOME.OK, null, null);
    // periodic work goes from server to server
    if (job.instance !== NONE) this.world.instances[job.instance]!.touched = 1;
    const before = job.state;
    let response = this.exchange(job, at, request);
    // openstacksdk up to 4.14 re-sends once after any transport error, writes too
    if (response !== null && response.status === 0 && this.world.setting.options.client_replay > 0) {
      response = this.exchange(job, at, request);
    }
    if (response === null) return false;
    assert(job.state === before, 'a job changed its state while it waited for Placement');
    const outcome = at.take(this.world, job, response);
    this.saw(outcome);
    return this.settle(job, at, outcome, request, response);
  }

  /** One sending of a request. Null: the asking service died. */
  private exchange(job: Job, at: Instruction, request: Request): Response | null {
    const fault = this.watched[at.point] !== 0 && this.armed ? this.strike(job, at) : null;
    const { world } = this;
    switch (fault) {
      case null:
        break;
      case 'crash-before':
        this.saw(SEEN.CRASH);
        this.crash(job.service);
        return null;
      case 'refused':
        return REFUSED;
      case 'timeout-before':
        return TIMED_OUT;
      case 'error-before':
        return SERVER_ERROR;
      case 'html-before':
        return PROXY_ERROR;
      case 'conflict':
        return CONSUMER_CONFLICT;
      case 'provider-conflict':
        return PROVIDER_CONFLICT;
    }
    if (world.globals.placementUp === 0) return REFUSED;
    const response = this.request(request, fault === 'placement-crash');
    switch (fault) {
      case 'reply-lost':
      case 'placement-crash':
        return RESET;
      case 'timeout-after':
        return TIMED_OUT;
      case 'error-after':
        return SERVER_ERROR;
      case 'html-after':
        return PROXY_ERROR;
      case 'crash-after':
        this.listener?.step(job, at, OUTCOME.OK, request, response);
        this.saw(SEEN.CRASH);
        this.crash(job.service);
        return null;
      default:
        return response;
    }
  }

  /** A request that reaches Placement. */
  request(request: Request, cut = false): Response {
    const { placement, world, code } = this;
    if (placement !== null) return placement.serve(world, request, cut);
    return serve(world.placement, code.rules, request, cut);
  }

  // ---- what follows

  private settle(
    job: Job,
    at: Instruction,
    outcome: Outcome,
    request: Request | null,
    response: Response | null,
  ): boolean {
    if (!this.silent) this.listener?.step(job, at, outcome, request, response);
    switch (outcome) {
      case OUTCOME.OK:
        job.pc = at.next;
        return true;
      case OUTCOME.FALSY:
        if (at.falsy !== NONE) job.pc = at.falsy;
        else this.raise(job, at, at.falsyRaises);
        return true;
      case OUTCOME.ELSE:
        job.pc = at.other;
        return true;
      case OUTCOME.AGAIN:
        job.pc = at.again;
        return true;
      case OUTCOME.DONE:
        this.finish(job, OUTCOME.OK);
        return false;
      case OUTCOME.REFUSE:
        this.finish(job, OUTCOME.REFUSE);
        return false;
      default:
        this.raise(job, at, outcome);
        return true;
    }
  }

  private raise(job: Job, at: Instruction, outcome: Outcome): void {
    if (at.step.swallows !== undefined && at.step.unless?.(this.world, job, outcome) !== true) {
      job.pc = at.swallowed === NONE ? at.next : at.swallowed;
      return;
    }
    job.error = outcome;
    at.onError?.(this.world, job);
    job.attempt = 0;
    job.pc = at.fail;
  }

  private finish(job: Job, outcome: Outcome): void {
    const { world } = this;
    this.listener?.ended(job, outcome);
    if (job.service === SERVICE.OPERATOR) this.exit(job, outcome);
    if (job.callee === NONE && job.service === SERVICE.API && job.caller === NONE) {
      const record = world.operations[job.operation];
      if (record !== undefined && record.outcome === OPERATION.NOT_BEGUN) {
        record.outcome = outcome === OUTCOME.OK ? OPERATION.ACCEPTED : OPERATION.REFUSED;
        // the handler left the status it wants to answer with
        if (record.http === 0) record.http = outcome === OUTCOME.OK ? 202 : 500;
      }
    }
    if (this.holds.length > 0) this.releaseFor(job);
    const { caller, replyLost } = job;
    if (caller === NONE) {
      this.clear(job);
      return;
    }
    const waiting = world.jobs[caller]!;
    const at = this.code.instructions[waiting.pc]!;
    waiting.state = JOB.RUNNING;
    waiting.callee = NONE;
    let reply: Outcome = OUTCOME.RAISE_MESSAGING;
    if (replyLost === 0) reply = outcome === OUTCOME.OK ? at.returned(world, waiting, job) : outcome;
    this.clear(job);
    this.settle(waiting, at, reply, null, null);
  }

  /** nova/cmd/manage.py:main turns what a command raised into an exit code of 255. */
  private exit(job: Job, outcome: Outcome): void {
    const record = this.world.operations[job.operation]!;
    record.outcome = outcome === OUTCOME.OK ? OPERATION.ACCEPTED : OPERATION.REFUSED;
    if (outcome >= OUTCOME.RAISE && record.exit === 0) record.exit = 256;
  }

  /** A job ended: lets go what was held until a job of its operation ran its handler. */
  private releaseFor(ended: Job): void {
    const { id } = this.code.instructions[ended.pc]!.handler;
    for (const job of this.world.jobs) {
      if (job.state !== JOB.HELD) continue;
      const { handler, until } = this.holds[job.hold - 1]!;
      if (handler !== id || until !== ended.operation) continue;
      job.state = JOB.RUNNING;
      this.world.holds[job.hold - 1]!.state = 2;
      this.listener?.hold(job, this.code.instructions[job.pc]!, 'released');
    }
  }

  // ---- services

  /** Nobody will take what still waits for the service. */
  forget(service: number): void {
    for (const job of this.world.jobs) if (job.state !== JOB.FREE && job.service === service) this.clear(job);
  }

  /**
   * A process dies: its handlers with it, messages it had not taken, what it had in memory, its locks. Callers of what died
   * get a time-out; what it had called goes on, and nobody waits for it.
   */
  crash(service: number): void {
    const { world } = this;
    setService(world, service, 0);
    world.globals.disturbed = 1;
    // a host that dies with nothing under way leaves no tracker of another one wrong
    if (service < SERVICE.COMPUTE || !nothingUnderWay(world)) world.globals.crossed = 1;
    this.listener?.service(service, false);
    for (const job of world.jobs) {
      if (job.state === JOB.FREE || job.service !== service) continue;
      if (job.state === JOB.LATE) continue;
      this.noteDisturbance(job);
      if (job.callee !== NONE) world.jobs[job.callee]!.caller = NONE;
      const { caller } = job;
      if (service === SERVICE.API && caller === NONE) {
        const record = world.operations[job.operation];
        if (record !== undefined && record.outcome === OPERATION.NOT_BEGUN) {
          record.outcome = OPERATION.REFUSED;
          record.http = 500;
        }
      }
      if (service === SERVICE.OPERATOR) world.operations[job.operation]!.outcome = OPERATION.REFUSED;
      if (job.hold !== 0 && job.state === JOB.HELD) world.holds[job.hold - 1]!.state = 2;
      this.clear(job);
      if (caller !== NONE) {
        const waiting = world.jobs[caller]!;
        waiting.state = JOB.RUNNING;
        waiting.callee = NONE;
        this.settle(waiting, this.code.instructions[waiting.pc]!, OUTCOME.RAISE_MESSAGING, null, null);
      }
    }
    if (service >= SERVICE.COMPUTE) {
      const h = service - SERVICE.COMPUTE;
      const host = world.hosts[h]!;
      host.initialised = 0;
      host.vcpusUsed = 0;
      host.memoryMbUsed = 0;
      host.localGbUsed = 0;
      host.trackerLock = 0;
      host.pool = 0;
      for (let i = 0; i < world.shape.instances; i++) {
        const tracking = trackingOf(world, h, i);
        tracking.instance = 0;
        tracking.migration = 0;
        tracking.lock = 0;
        tracking.waiting = 0;
        tracking.begun = 0;
        tracking.aborted = 0;
      }
    }
  }
}
