/**
 * A scenario played once more and told: what every operation did, step by step, and where a law broke. Two tellings of one
 * scenario are the same text.
 */
import { createColors } from 'picocolors';
import { judgeScenario } from '../campaign/judge.ts';
import { Trial, type Violation } from '../campaign/trial.ts';
import { CLOUD_LAWS, type Contract } from '../contract/contracts.ts';
import { type Code, type Instruction, KIND } from '../engine/compile.ts';
import { load } from '../engine/load.ts';
import type { Listener, PlacementService } from '../engine/run.ts';
import { SERVICE, VM } from '../nova/states.ts';
import { OUTCOME, OUTCOME_WORDS, type Outcome } from '../nova/step.ts';
import { JOB, type Job, nothingUnderWay, serviceUp, type World } from '../nova/world.ts';
import type { Request, Response } from '../placement/api.ts';
import { type Json, renderRequest, renderResponse } from '../placement/rest.ts';
import { harmless, printable } from '../scenario/printable.ts';
import { renderFault, renderHold, renderOperation } from '../scenario/render.ts';
import { DEFAULT_OPTIONS, type FaultKind, type Flavor, type Host, type Scenario } from '../scenario/scenario.ts';
import { NONE } from '../state/table.ts';
import { Cast, Changes, FATES, outcomeWords } from './cast.ts';
import { INDENT, Page, type Tint, WIDTH } from './page.ts';

type Colors = ReturnType<typeof createColors>;

export function tellStory(
  {
    scenario,
    code,
    contract,
    placement = null,
  }: { scenario: Scenario; code: Code; contract: Contract; placement?: PlacementService | null },
  { color, verbose = false }: { color: boolean; verbose?: boolean },
): { lines: string[]; violations: readonly Violation[] } {
  const colors = createColors(color);
  const { run, operations, servers } = load(code, scenario, placement);
  const { world } = run;
  const trial = new Trial(run, contract);
  trial.thorough = true;
  const page = new Page();
  const cast = new Cast(code, world, servers);
  const teller = new Teller(cast, page, colors, verbose);
  const verdicts = new Verdicts(trial, page, colors);
  run.listener = teller;
  header(page, colors, scenario, code, contract);

  trial.begin();
  const digits = String(operations.length).length;
  const struck = new Set([...scenario.faults, ...scenario.holds].map(({ operation }) => operation));
  for (const [k, resolved] of operations.entries()) {
    const { operation } = resolved;
    const settles = operation.operation === 'settle';
    const before = cast.servers();
    // an earlier operation's verdict may come only now, before this one touches the server
    const body = page.aside(() => {
      teller.begin(k, settles && !verbose);
      trial.step(k, resolved);
      teller.end();
    });
    verdicts.upTo(k);
    page.blank();
    const outcome = settles ? '' : `: ${outcomeWords(world, k)}`;
    const tint: Tint = (text) => colors.bold(text);
    page.line(0, `${String(k + 1).padStart(digits)}  ${renderOperation(operation)}${outcome}`, tint);
    // a boot that nothing came across is told by what it came to
    if (verbose || operation.operation !== 'boot' || struck.has(k) || !isBuilt(world, resolved.instance))
      page.append(body);
    serverLines(page, colors, before, cast.servers());
    verdicts.upTo(k + 1);
  }

  const before = cast.servers();
  const body = page.aside(() => {
    teller.begin(NONE, !verbose);
    trial.end();
    teller.end();
  });
  page.blank();
  page.line(0, 'settle: all messages delivered, every nova-compute restarted, periodic work run', (text) =>
    colors.bold(text),
  );
  page.append(body);
  if (!serverLines(page, colors, before, cast.servers())) page.line(INDENT, 'no server changed', colors.dim);
  verdicts.upTo(operations.length);
  page.blank();
  for (const [k, fault] of scenario.faults.entries()) {
    if (world.faults[k]!.fired > 0) continue;
    page.line(0, `the fault ${renderFault(fault, scenario.operations)} never struck`, colors.yellow);
  }
  for (const [k, hold] of scenario.holds.entries()) {
    if (world.holds[k]!.state > 0) continue;
    page.line(0, `the ${renderHold(hold, scenario.operations)} never struck`, colors.yellow);
  }
  const violations = judgeScenario(code, contract, scenario);
  verdicts.summary(violations);
  return { lines: page.lines, violations };
}

/** With nothing else on its way, so that nothing of another operation's is told with the boot. */
const isBuilt = (world: World, instance: number): boolean =>
  world.instances[instance]?.vm === VM.ACTIVE && nothingUnderWay(world);

// ---- text

const count = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`;

// ---- what it begins with

function header(page: Page, colors: Colors, scenario: Scenario, code: Code, contract: Contract): void {
  const { cloud, options } = scenario;
  const entry = (label: string, text: string): void => {
    const [first = '', ...rest] = page.aside(() => page.line(10, text, undefined, 0));
    page.append([colors.dim(label.padEnd(10)) + first.trimStart(), ...rest]);
  };
  for (const [k, [size, hosts]] of [...byCapacity(cloud.hosts)].entries()) {
    entry(k === 0 ? 'hosts' : '', `${hosts.join(', ')}: ${size}`);
  }
  const named = new Set(scenario.operations.flatMap((operation) => ('flavor' in operation ? [operation.flavor] : [])));
  const flavors = cloud.flavors.filter(({ name }) => named.has(name));
  const others = cloud.flavors.length - flavors.length;
  entry('flavors', [...flavors.map(flavorWords), ...(others > 0 ? [count(others, 'other')] : [])].join('; '));
  const changed = Object.entries(options).filter(
    ([name, value]) => value !== DEFAULT_OPTIONS[name as keyof typeof DEFAULT_OPTIONS],
  );
  if (changed.length > 0) entry('options', changed.map(([name, value]) => `${name}=${value}`).join(' '));
  entry('protocol', code.protocol.id);
  entry('contract', `${contract.id}: ${contract.law}`);
  for (const { id, kind, aliases, title } of code.defects) {
    entry(kind, `${[id, ...aliases].join(', ')}: ${title}`);
  }
}

function byCapacity(hosts: readonly Host[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { name, inventories, used = {} } of hosts) {
    const room = Object.entries(inventories).map(([resourceClass, { total, reserved, allocation_ratio }]) => {
      return `${printable(resourceClass)}=${Math.trunc((total - reserved) * allocation_ratio)}`;
    });
    const held = Object.entries(used).map(([resourceClass, amount]) => `${printable(resourceClass)}=${amount}`);
    const size = `${room.join(' ')}${held.length > 0 ? `; bystanders hold ${held.join(' ')}` : ''}`;
    const group = groups.get(size);
    if (group === undefined) groups.set(size, [printable(name)]);
    else group.push(printable(name));
  }
  return groups;
}

function flavorWords({ name, vcpus, ram, disk, ephemeral, swap, properties }: Flavor): string {
  const more = Object.entries({ ephemeral, swap }).flatMap(([word, amount]) =>
    amount > 0 ? [`${word}=${amount}`] : [],
  );
  const specs = Object.entries(properties).map(([key, value]) => `${printable(key)}=${printable(value)}`);
  return [printable(name), `vcpus=${vcpus} ram=${ram} disk=${disk}`, ...more, ...specs].join(' ');
}

type ServerLines = readonly (string | undefined)[];

/** Before and after of every server that changed. Returns whether any did. */
function serverLines(page: Page, colors: Colors, before: ServerLines, after: ServerLines): boolean {
  let changed = false;
  for (const [i, now] of after.entries()) {
    const then = before[i];
    if (now === undefined || then === now) continue;
    changed = true;
    if (then === undefined) {
      page.line(INDENT, now, colors.cyan);
      continue;
    }
    const arrow = `-> ${now.slice(now.indexOf(': ') + 2)}`;
    if (INDENT + then.length + 1 + arrow.length <= WIDTH) page.line(INDENT, `${then} ${arrow}`, colors.cyan);
    else {
      page.line(INDENT, then, colors.cyan);
      page.line(INDENT, arrow, colors.cyan);
    }
  }
  return changed;
}

// ---- what happens

/** A fault whose effect on Nova is not known when it strikes, but when its step is done. */
interface Strike {
  readonly at: Instruction;
  readonly kind: FaultKind;
}

class Teller implements Listener {
  private readonly cast: Cast;
  private readonly page: Page;
  private readonly colors: Colors;
  private readonly verbose: boolean;
  private operation = NONE;
  private silent = false;
  /** the handler whose heading stands above, and those that had one before */
  private heading = '';
  private readonly headed = new Set<string>();
  private folded: { undo: boolean; steps: string[] } = { undo: false, steps: [] };
  private changes: Changes;
  private readonly strikes = new Map<number, Strike[]>();

  constructor(cast: Cast, page: Page, colors: Colors, verbose: boolean) {
    this.cast = cast;
    this.page = page;
    this.colors = colors;
    this.verbose = verbose;
    this.changes = new Changes(cast);
  }

  begin(operation: number, silent: boolean): void {
    this.operation = operation;
    this.silent = silent;
    this.heading = '';
    this.strikes.clear();
    this.changes = new Changes(this.cast);
  }

  end(): void {
    this.unfold();
  }

  // ---- the listener

  step(job: Job, at: Instruction, outcome: Outcome, request: Request | null, response: Response | null): void {
    if (this.silent) return;
    this.head(job, at);
    const struck = this.strikes.get(job.id) ?? [];
    this.strikes.delete(job.id);
    for (const [k, strike] of struck.entries()) {
      const sentAgain = k < struck.length - 1 || (struck.length === 1 && this.repeats(at, strike.kind));
      const again = sentAgain ? ', the client sends it again' : '';
      const seen = k < struck.length - 1 ? '' : `, Nova saw: ${this.came(at, outcome)}`;
      this.faultLine(strike.at, `${strike.kind} at ${strike.at.step.id}${again}${seen}`);
    }
    const words = struck.length > 0 || !NOTEWORTHY(outcome) ? '' : this.came(at, outcome);
    const changes = this.changes.since();
    if (request !== null && response !== null) this.request(at, request, response, words);
    else if (at.kind === KIND.CAST || at.kind === KIND.CALL) this.message(job, at, outcome, struck);
    else if (changes === '' && words === '') {
      if (struck.length === 0) this.fold(at, outcome);
      return;
    } else if (words !== '') this.told(at, `${at.step.id} ${words}`);
    if (changes !== '') this.told(at, `${at.step.id}: ${changes}`);
  }

  fault(job: Job, at: Instruction, kind: FaultKind): void {
    if (this.silent) return;
    this.head(job, at);
    if (kind === 'crash-before' || kind === 'crash-after') this.faultLine(at, `${kind} at ${at.step.id}`);
    else if (kind === 'timeout-after' && at.kind === KIND.CALL) {
      this.faultLine(at, `${kind} at ${at.step.id}: the reply will be lost`);
    } else {
      const struck = this.strikes.get(job.id);
      if (struck === undefined) this.strikes.set(job.id, [{ at, kind }]);
      else struck.push({ at, kind });
    }
  }

  hold(job: Job, at: Instruction, what: 'held' | 'released' | 'broken'): void {
    if (this.silent) return;
    this.head(job, at);
    this.unfold();
    const words = {
      held: `held before ${at.step.id}`,
      released: `released before ${at.step.id}`,
      broken: `hold broken before ${at.step.id}: the other operation waits for its lock`,
    };
    this.page.line(STEP, `~ ${words[what]}`, this.colors.yellow);
  }

  ended(job: Job, outcome: Outcome): void {
    if (this.silent) return;
    if (outcome >= OUTCOME.RAISE) {
      this.head(job, this.cast.code.instructions[job.pc]!);
      this.unfold();
      this.page.line(STEP, `ends: ${OUTCOME_WORDS[outcome]}`, this.colors.yellow);
    }
    this.headed.delete(key(job));
  }

  service(service: number, up: boolean): void {
    if (this.silent) return;
    this.unfold();
    const { cast, page, colors } = this;
    const name = cast.service(service);
    if (service === SERVICE.OPERATOR) page.line(INDENT, 'the command is killed', colors.yellow);
    else if (up) page.line(INDENT, `${name} starts`, colors.yellow);
    else {
      const died = cast.world.jobs.flatMap((job) => {
        if (job.service !== service || job.state === JOB.FREE || job.state === JOB.LATE) return [];
        this.headed.delete(key(job));
        return [cast.code.instructions[job.pc]!.handler.id];
      });
      page.line(INDENT, `${name} crashes${died.length > 0 ? `, with ${died.join(', ')}` : ''}`, colors.yellow);
    }
    this.heading = '';
  }

  // ---- lines

  private head(job: Job, at: Instruction): void {
    const heading = key(job);
    if (heading === this.heading) return;
    this.unfold();
    this.heading = heading;
    const notes = [
      ...(this.operation !== NONE && job.operation !== this.operation ? [`of operation ${job.operation + 1}`] : []),
      ...(this.headed.has(heading) ? ['continued'] : []),
    ];
    this.headed.add(heading);
    const note = notes.length > 0 ? ` (${notes.join(', ')})` : '';
    this.page.line(INDENT, `${this.cast.service(job.service)}  ${at.handler.id}${note}`, this.colors.bold);
  }

  private told(at: Instruction, text: string): void {
    this.unfold();
    this.page.line(
      STEP,
      at.undoing === null ? text : `undo ${text}`,
      at.undoing === null ? undefined : this.colors.magenta,
    );
  }

  private faultLine(at: Instruction, text: string): void {
    this.unfold();
    const { bold, yellow } = this.colors;
    this.page.line(STEP, `! ${at.undoing === null ? '' : 'undo '}${text}`, (line) => bold(yellow(line)));
  }

  private fold(at: Instruction, outcome: Outcome): void {
    if (this.verbose) {
      this.told(at, outcome === OUTCOME.OK ? at.step.id : `${at.step.id} ${OUTCOME_WORDS[outcome]}`);
      return;
    }
    const undo = at.undoing !== null;
    if (undo !== this.folded.undo) this.unfold();
    this.folded.undo = undo;
    this.folded.steps.push(at.step.id);
  }

  private unfold(): void {
    const { undo, steps } = this.folded;
    if (steps.length === 0) return;
    const many = steps.length > 1 ? `${count(steps.length, 'step')}: ` : '';
    this.page.line(STEP, `${undo ? 'undo ' : ''}… ${many}${steps.join(', ')}`, this.colors.dim);
    this.folded.steps = [];
  }

  private came(at: Instruction, outcome: Outcome): string {
    const swallowed = outcome >= OUTCOME.RAISE && at.step.swallows !== undefined ? ', logged and no more' : '';
    return `${OUTCOME_WORDS[outcome]}${swallowed}`;
  }

  /** Whether openstacksdk re-sends a request that met this fault. */
  private repeats(at: Instruction, kind: FaultKind): boolean {
    return at.kind === KIND.ASK && NO_ANSWER.has(kind) && this.cast.world.setting.options.client_replay > 0;
  }

  // ---- messages

  private message(job: Job, at: Instruction, outcome: Outcome, struck: readonly Strike[]): void {
    const { world } = this.cast;
    const service = at.where(world, job);
    if (service === NONE) {
      if (struck.length === 0) this.fold(at, outcome);
      return;
    }
    const name = at.step.to!.slice(at.step.to!.indexOf('.') + 1);
    const kind = struck[0]?.kind;
    const down = serviceUp(world, service) ? '' : `, which is down`;
    if (at.kind === KIND.CALL) {
      this.told(at, `call ${name} to ${this.cast.service(service)}${down} -> ${this.came(at, outcome)}`);
      return;
    }
    const fate = kind === undefined ? undefined : FATES[kind];
    const unheard = down === '' ? '' : `${down}: lost`;
    this.told(at, `cast ${name} to ${this.cast.service(service)}${fate ?? unheard}`);
  }

  // ---- requests

  private request(at: Instruction, request: Request, response: Response, words: string): void {
    const came = words === '' ? '' : `: ${words}`;
    this.told(at, `${this.cast.asked(request)} -> ${this.cast.answered(request, response)}${came}`);
    if (!this.verbose) return;
    const { method, path, microversion, body } = renderRequest(request, this.cast.wire);
    const version = microversion === null ? '' : ` (microversion ${microversion})`;
    this.onTheWire(`${at.step.id}: ${method} ${path}${version}`, body);
    const answer = renderResponse(request, response, this.cast.wire);
    this.onTheWire(`-> ${answer.status === 0 ? 'no answer' : answer.status}`, answer.body);
  }

  private onTheWire(text: string, body: Json | undefined): void {
    const json = body === undefined ? '' : ` ${JSON.stringify(body)}`;
    this.page.whole(STEP + 2, harmless(`${text}${json}`), this.colors.dim);
  }
}

const STEP = INDENT + 2;

/** Faults of the wire that leave the client without an answer. */
const NO_ANSWER: ReadonlySet<FaultKind> = new Set([
  'refused',
  'timeout-before',
  'timeout-after',
  'reply-lost',
  'placement-crash',
]);

const NOTEWORTHY = (outcome: Outcome): boolean =>
  outcome >= OUTCOME.RAISE || outcome === OUTCOME.FALSY || outcome === OUTCOME.AGAIN || outcome === OUTCOME.REFUSE;

/** Tells jobs apart: a callee bears its caller's number in the order of arrival, never its id. */
const key = (job: Job): string => `${job.id} ${job.sequence}`;

// ---- what is said of it

class Verdicts {
  private readonly trial: Trial;
  private readonly page: Page;
  private readonly colors: Colors;
  private readonly laws: ReadonlyMap<string, string>;
  private told = 0;

  constructor(trial: Trial, page: Page, colors: Colors) {
    this.trial = trial;
    this.page = page;
    this.colors = colors;
    const laws = [...trial.contract.invariants, ...CLOUD_LAWS];
    this.laws = new Map(laws.map(({ id, law }) => [id, law]));
  }

  /** Those that were seen after at most so many operations. */
  upTo(operation: number): void {
    const { violations } = this.trial;
    while (this.told < violations.length && violations[this.told]!.operation <= operation) {
      this.tell(violations[this.told++]!);
    }
  }

  private tell({ invariants, details }: Violation): void {
    const { page, colors } = this;
    for (const [k, id] of invariants.entries()) {
      page.line(INDENT, `✗ ${id}: ${this.laws.get(id) ?? ''}`, colors.red, 2);
      page.line(INDENT + 2, harmless(details[k] ?? ''), colors.red);
    }
  }

  /** A campaign looks less often than a story: what it judges is the verdict, which tokens and the known list go by. */
  summary(judged: readonly Violation[]): void {
    const { page, colors, trial } = this;
    const signatures = new Set(judged.map(({ signature }) => signature));
    const passing = trial.violations.filter(({ signature }) => !signatures.has(signature));
    const listed = (violations: readonly Violation[], tint: Tint): void => {
      for (const { signature } of violations) page.whole(2, harmless(signature), tint);
    };
    if (passing.length > 0) {
      page.line(0, 'seen above, where a campaign does not look:', colors.yellow);
      listed(passing, colors.yellow);
    }
    if (judged.length === 0) page.line(0, `every law of the ${trial.contract.id} contract held`, colors.green);
    else page.line(0, `${count(judged.length, 'violation')}:`, colors.red);
    listed(judged, colors.red);
  }
}
