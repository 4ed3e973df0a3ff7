/**
 * A scenario played once more and kept as data: what happened, in order, and how everything stood after each of it. What
 * pictures and the page of a report are drawn from, as stories are told from the same listener.
 */
import { Trial } from '../campaign/trial.ts';
import { CLOUD_LAWS, type Contract } from '../contract/contracts.ts';
import { type Code, type Instruction, KIND } from '../engine/compile.ts';
import { load } from '../engine/load.ts';
import type { Listener } from '../engine/run.ts';
import { SERVICE } from '../nova/states.ts';
import { OUTCOME, OUTCOME_WORDS, type Outcome } from '../nova/step.ts';
import { type Job, serviceUp, type World } from '../nova/world.ts';
import { type Picture, picture } from '../observation/picture.ts';
import type { Request, Response } from '../placement/api.ts';
import { capacity } from '../placement/store.ts';
import { harmless, printable } from '../scenario/printable.ts';
import { renderOperation } from '../scenario/render.ts';
import type { FaultKind, Scenario } from '../scenario/scenario.ts';
import { NONE } from '../state/table.ts';
import { Cast, Changes, FATES, outcomeWords } from './cast.ts';

export interface RecordedEvent {
  readonly what: 'operation' | 'settle' | 'step' | 'request' | 'message' | 'fault' | 'hold' | 'ended' | 'service';
  /** index of the operation that was under way; of settle their number */
  readonly operation: number;
  /** whose it is, of `Recording.lifelines`: 0 for the user */
  readonly from: number;
  /** who is asked or sent to, or null */
  readonly to: number | null;
  readonly handler: string | null;
  readonly point: string | null;
  /** path:function of Nova's that the step mirrors */
  readonly nova: string | null;
  /** one line, harmless */
  readonly text: string;
  /** it went wrong for whoever did it: an exception, a refusal, a message that nobody gets */
  readonly wrong: boolean;
  readonly undo: boolean;
  /** a message that nobody will get */
  readonly lost: boolean;
  /** of `Recording.states`: how everything stood after it */
  readonly state: number;
}

export interface RecordedState extends Picture {
  /** what may be claimed, by host and resource class */
  readonly capacities: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface RecordedViolation {
  readonly signature: string;
  readonly server: string | null;
  readonly laws: readonly { readonly id: string; readonly law: string; readonly detail: string }[];
  /** of `Recording.events`: the last before it was seen */
  readonly event: number;
}

export interface Recording {
  readonly hosts: readonly string[];
  readonly servers: readonly string[];
  /** those that something happened at, in the order of a request's way */
  readonly lifelines: readonly string[];
  /** of each operation: its words, and what was answered */
  readonly operations: readonly { readonly words: string; readonly answered: string }[];
  readonly events: readonly RecordedEvent[];
  readonly states: readonly RecordedState[];
  readonly violations: readonly RecordedViolation[];
}

/** Two recordings of one scenario are alike to the byte. */
export function recordScenario(code: Code, contract: Contract, scenario: Scenario): Recording {
  const { run, operations, servers } = load(code, scenario);
  const { world } = run;
  const names = servers.map(printable);
  const recorder = new Recorder(new Cast(code, world, servers), names);
  const trial = new Trial(run, contract);
  run.listener = recorder;
  trial.begin();
  const ends: number[] = [];
  for (const [k, resolved] of operations.entries()) {
    recorder.begin('operation', k, renderOperation(resolved.operation));
    trial.step(k, resolved);
    recorder.catchUp();
    ends.push(recorder.last);
  }
  recorder.begin('settle', operations.length, SETTLE_WORDS);
  trial.end();
  recorder.catchUp();
  ends.push(recorder.last);
  const laws = new Map([...contract.invariants, ...CLOUD_LAWS].map(({ id, law }) => [id, law]));
  return {
    ...recorder.recording(),
    operations: operations.map(({ operation }, k) => ({
      words: renderOperation(operation),
      answered: operation.operation === 'settle' ? '' : outcomeWords(world, k),
    })),
    violations: trial.violations.map(({ signature, instance, invariants, details, operation }) => ({
      signature: harmless(signature),
      server: instance === NONE ? null : names[instance]!,
      laws: invariants.map((id, n) => ({ id, law: laws.get(id) ?? '', detail: harmless(details[n] ?? '') })),
      // seen at the end of the operation before, or of settle
      event: ends[operation === operations.length ? operation : Math.max(operation - 1, 0)]!,
    })),
  };
}

const SETTLE_WORDS = 'settle: all messages delivered, every nova-compute restarted, periodic work run';

const USER = 'user';
/** In the order in which a request passes by; the computes and Placement come behind them. */
const CONTROLLERS = [SERVICE.OPERATOR, SERVICE.API, SERVICE.CONDUCTOR, SERVICE.SCHEDULER];

class Recorder implements Listener {
  private readonly cast: Cast;
  private readonly servers: readonly string[];
  private readonly changes: Changes;
  private readonly events: (Omit<RecordedEvent, 'from' | 'to'> & { from: string; to: string | null })[] = [];
  private readonly states: RecordedState[] = [];
  private readonly struck = new Map<number, FaultKind>();
  private state = '';
  private operation = 0;
  /** a restart is no crash then */
  private settles = false;

  constructor(cast: Cast, servers: readonly string[]) {
    this.cast = cast;
    this.servers = servers;
    this.changes = new Changes(cast);
  }

  get last(): number {
    return this.events.length - 1;
  }

  begin(what: 'operation' | 'settle', operation: number, text: string): void {
    this.operation = operation;
    this.settles = what === 'settle';
    this.changes.since();
    this.add({ what, from: USER, text });
  }

  /** What was written behind the last event belongs to it. */
  catchUp(): void {
    const last = this.events.at(-1)!;
    this.events[this.last] = { ...last, state: this.look() };
  }

  recording(): Pick<Recording, 'hosts' | 'servers' | 'lifelines' | 'events' | 'states'> {
    const { cast, events, states, servers } = this;
    const hosts = cast.shown.setting.hosts.map(({ name }) => name);
    const services = [...CONTROLLERS, ...hosts.map((_, h) => SERVICE.COMPUTE + h), SERVICE.PLACEMENT];
    const order = [USER, ...services.map((service) => cast.service(service))];
    const met = new Set(events.flatMap(({ from, to }) => (to === null ? [from] : [from, to])));
    const lifelines = order.filter((name) => name === USER || met.has(name));
    return {
      hosts,
      servers,
      lifelines,
      events: events.map(({ from, to, ...event }) => ({
        ...event,
        from: lifelines.indexOf(from),
        to: to === null ? null : lifelines.indexOf(to),
      })),
      states,
    };
  }

  // ---- the listener

  step(job: Job, at: Instruction, outcome: Outcome, request: Request | null, response: Response | null): void {
    const struck = this.struck.get(job.id);
    this.struck.delete(job.id);
    const raised = outcome >= OUTCOME.RAISE;
    const words =
      raised || outcome === OUTCOME.FALSY || outcome === OUTCOME.REFUSE ? `: ${OUTCOME_WORDS[outcome]}` : '';
    const changed = this.changes.since();
    const behind = changed === '' ? '' : `; ${changed}`;
    if (request !== null && response !== null) {
      const text = `${this.cast.asked(request)} -> ${this.cast.answered(request, response)}${words}${behind}`;
      this.at('request', job, at, {
        to: this.cast.service(SERVICE.PLACEMENT),
        text,
        wrong: raised || response.code !== 'ok',
      });
      return;
    }
    const service = at.kind === KIND.CAST || at.kind === KIND.CALL ? at.where(this.cast.world, job) : NONE;
    if (service === NONE) {
      this.at('step', job, at, { text: `${at.step.id}${words}${behind}`, wrong: raised });
      return;
    }
    const name = at.step.to!.slice(at.step.to!.indexOf('.') + 1);
    const down = serviceUp(this.cast.world, service) ? '' : ', which is down';
    const how = at.kind === KIND.CALL ? 'call' : 'cast';
    const fate = struck === undefined ? undefined : FATES[struck];
    this.at('message', job, at, {
      to: this.cast.service(service),
      text: `${how} ${name}${fate ?? down}${words}${behind}`,
      wrong: raised || down !== '' || fate !== undefined,
      lost: struck === 'lost' || struck === 'refused',
    });
  }

  fault(job: Job, at: Instruction, kind: FaultKind): void {
    this.struck.set(job.id, kind);
    this.at('fault', job, at, { text: `${kind} at ${at.step.id}`, wrong: true });
  }

  hold(job: Job, at: Instruction, what: 'held' | 'released' | 'broken'): void {
    this.at('hold', job, at, { text: `${what} before ${at.step.id}` });
  }

  ended(job: Job, outcome: Outcome): void {
    if (outcome < OUTCOME.RAISE) return;
    const at = this.cast.code.instructions[job.pc]!;
    this.at('ended', job, at, { text: `${at.handler.id} ends: ${OUTCOME_WORDS[outcome]}`, wrong: true });
  }

  service(service: number, up: boolean): void {
    const from = this.cast.service(service);
    const { settles } = this;
    this.add({
      what: 'service',
      from,
      text: `${from} ${up ? 'starts' : settles ? 'stops' : 'crashes'}`,
      wrong: !up && !settles,
    });
  }

  // ---- what is kept

  private at(
    what: RecordedEvent['what'],
    job: Job,
    { handler, step, undoing }: Instruction,
    of: { text: string; to?: string; wrong?: boolean; lost?: boolean },
  ): void {
    const from = this.cast.service(job.service);
    const undo = undoing !== null;
    this.add({ what, from, handler: handler.id, point: step.id, nova: step.nova, undo, ...of });
  }

  private add(
    event: Pick<RecordedEvent, 'what' | 'text'> & { from: string } & Partial<
        Omit<RecordedEvent, 'from' | 'to'> & { to: string }
      >,
  ): void {
    const { operation } = this;
    const rest = { to: null, handler: null, point: null, nova: null, wrong: false, undo: false, lost: false };
    this.events.push({ ...rest, operation, ...event, text: harmless(event.text), state: this.look() });
  }

  /** How everything stands: a state is kept once for as long as nothing changes. */
  private look(): number {
    const { shown } = this.cast;
    const state: RecordedState = { ...picture(shown, this.servers), capacities: capacities(shown, this.cast.world) };
    const text = JSON.stringify(state);
    if (text !== this.state) {
      this.state = text;
      this.states.push(state);
    }
    return this.states.length - 1;
  }
}

function capacities({ setting }: Cast['shown'], { placement }: World): RecordedState['capacities'] {
  const { classes, hosts } = setting;
  return Object.fromEntries(
    hosts.map(({ name }, h) => [
      name,
      Object.fromEntries(
        classes.flatMap((resourceClass, c) => {
          const inventory = placement.inventories[h * classes.length + c]!;
          return inventory.exists === 1 ? [[resourceClass, capacity(placement, inventory)]] : [];
        }),
      ),
    ]),
  );
}
