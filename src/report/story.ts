/** A scenario as a story: who did what, what Placement answered, what the servers held before and after, and the law broken. */
import { createColors } from 'picocolors';
import { Trial, type Violation } from '../campaign/trial.ts';
import { CONTRACTS, type Contract } from '../contract/contracts.ts';
import { bystandersUnchanged } from '../contract/invariants/bystanders-unchanged.ts';
import { trackerMatches } from '../contract/invariants/tracker-matches.ts';
import type { Code, Instruction } from '../engine/compile.ts';
import { type Loaded, load } from '../engine/load.ts';
import type { Listener } from '../engine/run.ts';
import { CONTROLLER_NAMES, SERVICE } from '../nova/states.ts';
import { OUTCOME, OUTCOME_WORDS, type Outcome } from '../nova/step.ts';
import { type Job, OUTCOME_NAMES, type World } from '../nova/world.ts';
import { describeHoldings, describeServer } from '../observation/describe.ts';
import { migrationName } from '../observation/picture.ts';
import type { Request, Response } from '../placement/api.ts';
import { namesFor, renderRequest, renderResponse } from '../placement/rest.ts';
import { printable } from '../scenario/printable.ts';
import { renderOperation } from '../scenario/render.ts';
import type { FaultKind, Host, Options, Scenario } from '../scenario/scenario.ts';
import { DEFAULT_OPTIONS } from '../scenario/scenario.ts';
import type { Rows } from '../state/holdings.ts';
import { NONE } from '../state/table.ts';

export interface StoryOptions {
  readonly color: boolean;
  /** every step, and requests as Nova sends them */
  readonly verbose?: boolean;
}

export interface Story {
  readonly lines: readonly string[];
  readonly violations: readonly Violation[];
}

export interface Told {
  readonly scenario: Scenario;
  readonly code: Code;
  readonly contract: Contract;
}

export function tellStory(told: Told, options: StoryOptions): Story {
  return new Teller(told, options).tell();
}

class Teller {
  private readonly told: Told;
  private readonly verbose: boolean;
  private readonly paint: ReturnType<typeof createColors>;
  private readonly loaded: Loaded;
  private readonly lines: string[] = [];
  /** steps that did nothing visible, waiting to be told in one line */
  private folded: string[] = [];
  private teller = '';
  /** violations told so far */
  private judged = 0;

  constructor(told: Told, { color, verbose }: StoryOptions) {
    this.told = told;
    this.verbose = verbose === true;
    this.paint = createColors(color);
    this.loaded = load(told.code, told.scenario);
  }

  tell(): Story {
    const { paint, loaded, told } = this;
    const { run, operations } = loaded;
    this.header();
    const trial = new Trial(run, told.contract);
    trial.thorough = true;
    trial.begin();
    run.listener = this.listener();
    for (const [k, resolved] of operations.entries()) {
      this.line('', paint.bold(`${k + 1}  ${renderOperation(resolved.operation)}`));
      const before = this.servers();
      trial.step(k, resolved);
      this.fold();
      this.teller = '';
      this.line('  ', paint.dim(this.answer(k)));
      this.changes(before);
      this.laws(trial.violations);
    }
    this.line(
      '',
      paint.bold('settle'),
      paint.dim(' every fault disarmed, every service up, every message delivered, audits run'),
    );
    const before = this.servers();
    if (!this.verbose) run.listener = null;
    trial.end();
    this.fold();
    this.changes(before);
    this.laws(trial.violations);
    if (trial.violations.length === 0) this.line('', paint.green('Every law held.'));
    for (const { signature } of trial.violations) this.line('', paint.dim(`signature: ${words(signature)}`));
    return { lines: this.lines, violations: trial.violations };
  }

  private line(...parts: string[]): void {
    this.lines.push(parts.join(''));
  }

  // ---- before and after

  private header(): void {
    const { paint, told } = this;
    const { cloud, options } = told.scenario;
    for (const host of cloud.hosts) this.line(paint.dim(`host ${printable(host.name)}: ${capacities(host)}`));
    for (const { name, vcpus, ram, disk, ephemeral, swap, properties } of cloud.flavors) {
      const more = [
        ephemeral > 0 ? `ephemeral ${ephemeral} GB` : '',
        swap > 0 ? `swap ${swap} MB` : '',
        ...Object.entries(properties).map(([key, value]) => `${printable(key)}=${printable(value)}`),
      ].filter((text) => text !== '');
      this.line(
        paint.dim(`flavor ${[`${printable(name)}: ${vcpus} VCPU, ${ram} MB, ${disk} GB`, ...more].join(', ')}`),
      );
    }
    const differ = (Object.keys(DEFAULT_OPTIONS) as (keyof Options)[]).filter(
      (key) => options[key] !== DEFAULT_OPTIONS[key],
    );
    if (differ.length > 0) this.line(paint.dim(`options: ${differ.map((key) => `${key}=${options[key]}`).join(', ')}`));
    const defects = told.code.defects.map(({ id, title }) => `${id} (${title})`);
    const changed = defects.length > 0 ? `, with ${defects.join(', ')}` : '';
    this.line(paint.dim(`protocol ${told.code.protocol.id}${changed}; contract ${told.contract.id}`));
  }

  private answer(k: number): string {
    const { outcome, http } = this.loaded.run.world.operations[k]!;
    if (this.told.scenario.operations[k]!.operation === 'settle') return 'settled';
    return http === 0 ? OUTCOME_NAMES[outcome === 0 ? 1 : outcome]! : `${OUTCOME_NAMES[outcome]} (HTTP ${http})`;
  }

  private servers(): string[] {
    const { run, servers } = this.loaded;
    return servers.map((_, i) => (run.world.instances[i]!.exists === 0 ? '' : describeServer(run.world, i)));
  }

  private changes(before: readonly string[]): void {
    const { paint, loaded } = this;
    for (const [i, now] of this.servers().entries()) {
      if (now === before[i]) continue;
      const name = printable(loaded.servers[i]!);
      if (before[i] !== '') this.line(paint.dim(`  ${name} was ${words(before[i]!)}`));
      this.line(`  ${paint.cyan(name)} is  ${words(now)}`);
    }
  }

  private laws(violations: readonly Violation[]): void {
    const { paint } = this;
    for (const { invariants, details, instance } of violations.slice(this.judged)) {
      for (const [n, id] of invariants.entries()) {
        const law = [...CONTRACTS.strict.invariants, bystandersUnchanged, trackerMatches].find(
          (one) => one.id === id,
        )?.law;
        const whose = instance === NONE ? '' : `${printable(this.loaded.servers[instance] ?? '?')}: `;
        this.line('  ', paint.red(paint.bold(`VIOLATED ${id}`)), paint.red(` ${whose}${details[n] ?? ''}`));
        if (law !== undefined) this.line('  ', paint.red(`  ${law}`));
      }
    }
    this.judged = violations.length;
  }

  // ---- in between

  private listener(): Listener {
    const { paint, told } = this;
    let struck: FaultKind | null = null;
    return {
      fault: (job, at, kind) => {
        this.speaker(job, at);
        this.fold();
        struck = kind;
        this.line('    ', paint.yellow(`! ${kind} at ${at.step.id}`));
      },
      step: (job, at, outcome, request, response) => {
        this.speaker(job, at);
        this.step(job, at, outcome, request, response, struck);
        struck = null;
      },
      hold: (job, at, what) => {
        this.speaker(job, at);
        this.fold();
        this.line('    ', paint.yellow(`~ ${what} at ${at.step.id}`));
      },
      ended: (job, outcome) => {
        if (outcome < OUTCOME.RAISE && outcome !== OUTCOME.REFUSE) return;
        this.fold();
        const { id } = told.code.instructions[job.pc]!.handler;
        this.line('    ', paint.dim(`${id} ends: ${OUTCOME_WORDS[outcome] ?? 'raised'}`));
      },
      service: (service, up) => {
        this.fold();
        this.teller = '';
        this.line('  ', paint.yellow(`${this.serviceName(service)} ${up ? 'starts' : 'dies'}`));
      },
    };
  }

  /** A line for whoever acts, when it is another than before. */
  private speaker(job: Job, at: Instruction): void {
    const name = `${this.serviceName(job.service)}: ${at.handler.id}`;
    if (name === this.teller) return;
    this.fold();
    this.teller = name;
    this.line('  ', this.paint.blue(name));
  }

  private step(
    job: Job,
    at: Instruction,
    outcome: Outcome,
    request: Request | null,
    response: Response | null,
    struck: FaultKind | null,
  ): void {
    const { step } = at;
    const undo = at.undoing === null ? '' : this.paint.magenta('undo ');
    const came =
      outcome === OUTCOME.OK || outcome === OUTCOME.ELSE || outcome === OUTCOME.DONE
        ? ''
        : `: ${OUTCOME_WORDS[outcome] ?? ''}`;
    if (request !== null && response !== null) {
      this.fold();
      const { asked, answered } = this.exchange(request, response);
      this.line('    ', undo, `${step.id}  ${asked} -> ${answered}`, this.paint.yellow(came));
    } else if (step.to !== undefined) {
      this.fold();
      const service = at.where(this.loaded.run.world, job);
      if (service === NONE) return;
      const lost = struck === 'lost' || struck === 'refused' ? this.paint.yellow(` (${struck})`) : '';
      this.line(
        '    ',
        undo,
        `${step.id}  ${step.touches === 'call' ? 'called' : 'cast'} ${step.to} ${step.touches === 'call' ? 'on' : 'to'} ${this.serviceName(service)}`,
        lost,
        this.paint.yellow(came),
      );
    } else if (came !== '' || struck !== null || this.verbose) {
      this.fold();
      this.line('    ', undo, step.id, this.paint.yellow(came));
    } else this.folded.push(step.id);
  }

  private fold(): void {
    if (this.folded.length === 0) return;
    const list = this.folded.map((id) => id.replace(/^[a-z-]+\./, ''));
    const shown = list.length > 8 ? [...list.slice(0, 7), `… ${list.length - 7} more`] : list;
    this.lines.push(this.paint.dim(`    ${this.folded[0]!.split('.')[0]}: ${shown.join(', ')}`));
    this.folded = [];
  }

  private serviceName(service: number): string {
    if (service < SERVICE.COMPUTE) return service === SERVICE.API ? 'nova-api' : CONTROLLER_NAMES[service]!;
    return `nova-compute ${printable(this.loaded.run.world.setting.hosts[service - SERVICE.COMPUTE]?.name ?? '?')}`;
  }

  // ---- requests

  private exchange(request: Request, response: Response): { asked: string; answered: string } {
    const { world } = this.loaded.run;
    if (this.verbose) {
      const names = namesFor(world.placement, {
        providers: world.setting.hosts.map(({ name }) => name),
        consumer: (id) => this.consumer(world, id),
        classes: world.setting.classes,
        traits: world.setting.traits,
      });
      const { method, path, microversion, body } = renderRequest(request, names);
      const sent = body === undefined ? '' : ` ${JSON.stringify(body)}`;
      const got = renderResponse(request, response, names);
      const back = got.body === undefined ? '' : ` ${JSON.stringify(got.body)}`;
      return {
        asked: `${method} ${path} (${microversion ?? '1.0'})${sent}`,
        answered: `${this.status(response)}${back}`,
      };
    }
    return { asked: this.asked(world, request), answered: this.answered(world, request, response) };
  }

  private asked(world: World, request: Request): string {
    const entry = ({
      consumer,
      generation,
      allocations,
    }: {
      consumer: number;
      generation: number;
      allocations: Rows;
    }): string =>
      `${this.consumer(world, consumer)} {${this.held(world, consumer, allocations)}} gen ${generation === NONE ? 'null' : generation}`;
    switch (request.op) {
      case 'get-allocations':
        return `GET /allocations/${this.consumer(world, request.consumer)}`;
      case 'put-allocations':
        return `PUT /allocations ${entry(request.entries[0])}`;
      case 'post-allocations':
        return `POST /allocations ${request.entries.map(entry).join(', ')}`;
      case 'delete-allocations':
        return `DELETE /allocations/${this.consumer(world, request.consumer)}`;
      case 'get-provider-allocations':
        return `GET /resource_providers/${this.provider(world, request.provider)}/allocations`;
      case 'get-provider-traits':
        return `GET /resource_providers/${this.provider(world, request.provider)}/traits`;
      case 'get-candidates':
        return 'GET /allocation_candidates';
      case 'put-inventory':
        return `PUT /resource_providers/${this.provider(world, request.provider)}/inventories`;
    }
  }

  private answered(world: World, request: Request, response: Response): string {
    const status = this.status(response);
    if (response.status !== 200) return status;
    switch (request.op) {
      case 'get-allocations': {
        const held = this.held(world, request.consumer, response.rows);
        return held === '' ? `${status} {}` : `${status} {${held}} gen ${response.generation}`;
      }
      case 'get-candidates':
        return `${status} ${response.ids.length === 0 ? 'none' : response.ids.map((id) => this.provider(world, id)).join(', ')}`;
      case 'get-provider-allocations':
        return `${status} ${response.ids.length === 0 ? 'none' : response.ids.map((id) => this.consumer(world, id)).join(', ')}`;
      default:
        return status;
    }
  }

  private status({ status, code, consumerConflict }: Response): string {
    if (status === 0) return code === 'timeout' ? 'no answer in time' : 'connection refused or reset';
    if (status !== 409) return code === 'html' ? `${status} (HTML)` : String(status);
    return code === 'concurrent-update'
      ? `409 ${consumerConflict ? 'consumer' : 'provider'} generation conflict`
      : '409 does not fit';
  }

  private consumer(world: World, id: number): string {
    const { servers } = this.loaded;
    const { instances } = world.shape;
    return printable(id < instances ? (servers[id] ?? '?') : migrationName(world, servers, id - instances));
  }

  private provider(world: World, id: number): string {
    return printable(world.setting.hosts[id]?.name ?? '?');
  }

  private held(world: World, consumer: number, rows: Rows): string {
    const { instances } = world.shape;
    const owner = consumer < instances ? consumer : world.migrations[consumer - instances]!.instance;
    const holdings = {
      count: rows.length / 3,
      provider: (row: number) => rows[3 * row]!,
      resourceClass: (row: number) => rows[3 * row + 1]!,
      amount: (row: number) => rows[3 * row + 2]!,
    };
    return words(describeHoldings(world, holdings, world.instances[owner]?.volumeBacked ?? 0));
  }
}

const words = (text: string): string => text.split(' ').map(printable).join(' ');

function capacities({ inventories }: Host): string {
  const parts = Object.entries(inventories).map(([name, { total, reserved, allocation_ratio }]) => {
    const less = reserved === 0 ? '' : ` less ${reserved}`;
    const ratio = allocation_ratio === 1 ? '' : ` x ${allocation_ratio}`;
    return `${printable(name)} ${total}${less}${ratio}`;
  });
  return parts.length === 0 ? 'no inventory' : parts.join(', ');
}
