/** Who and what a scenario is about, in words: shared by stories and recordings. */
import type { Code } from '../engine/compile.ts';
import { CONTROLLER_NAMES, SERVICE, STATUS_NAMES, TASK_NAMES, VM_NAMES } from '../nova/states.ts';
import { OPERATION, type World } from '../nova/world.ts';
import { describeServer, printableSetting } from '../observation/describe.ts';
import type { Observation } from '../observation/observation.ts';
import { consumerName, migrationName, operationPicture } from '../observation/picture.ts';
import type { Request, Response } from '../placement/api.ts';
import { type Names, namesFor } from '../placement/rest.ts';
import { printable } from '../scenario/printable.ts';
import type { FaultKind } from '../scenario/scenario.ts';
import { NONE } from '../state/table.ts';

/** Everybody's name, made harmless once, and what is said with these names. */
export class Cast {
  readonly code: Code;
  readonly world: World;
  /** the world under printable names */
  readonly shown: Observation;
  readonly wire: Names;
  private readonly names: readonly string[];

  constructor(code: Code, world: World, servers: readonly string[]) {
    this.code = code;
    this.world = world;
    this.names = servers.map(printable);
    const { setting } = world;
    this.shown = { ...world, setting: printableSetting(setting) };
    this.wire = namesFor(world.placement, {
      providers: setting.hosts.map(({ name }) => name),
      consumer: (id) => consumerName(world, servers, id),
      classes: setting.classes,
      traits: setting.traits,
    });
  }

  server(i: number): string {
    return this.names[i] ?? '?';
  }

  host(h: number): string {
    return this.shown.setting.hosts[h]?.name ?? '-';
  }

  consumer(id: number): string {
    return consumerName(this.shown, this.names, id);
  }

  service(service: number): string {
    if (service === SERVICE.OPERATOR) return 'operator';
    return service < SERVICE.COMPUTE
      ? CONTROLLER_NAMES[service]!
      : `nova-compute ${this.host(service - SERVICE.COMPUTE)}`;
  }

  /** A line on each server that was ever booted. */
  servers(): (string | undefined)[] {
    const { world, shown } = this;
    return Array.from({ length: world.globals.instances }, (_, i) =>
      world.instances[i]!.exists === 0 ? undefined : `${this.server(i)}: ${describeServer(shown, i)}`,
    );
  }

  /** What a step can change of a server, by what it is called. */
  facts(i: number): Map<string, string> {
    const { world, shown } = this;
    const facts = new Map<string, string>();
    const row = world.instances[i]!;
    if (row.exists === 0) return facts;
    facts.set('host', this.host(row.host));
    facts.set('vm_state', VM_NAMES[row.vm]!);
    facts.set('task_state', TASK_NAMES[row.task]!);
    facts.set('flavor', shown.setting.flavors[row.flavor]?.name ?? '-');
    facts.set('deleted', row.exists === 2 ? 'yes' : 'no');
    facts.set('disks on', this.hosts(row.guests));
    facts.set('runs on', this.hosts(row.running));
    for (let m = 0; m < world.globals.migrations; m++) {
      const migration = world.migrations[m]!;
      if (migration.instance !== i || migration.exists === 0) continue;
      facts.set(
        migrationName(world, this.names, m),
        migration.exists === 2 ? 'deleted' : STATUS_NAMES[migration.status]!,
      );
    }
    return facts;
  }

  private hosts(mask: number): string {
    const hosts = this.shown.setting.hosts.flatMap(({ name }, h) => ((mask & (1 << h)) === 0 ? [] : [name]));
    return hosts.length === 0 ? '-' : hosts.join('+');
  }

  /** A request, in one line. */
  asked(request: Request): string {
    switch (request.op) {
      case 'get-allocations':
        return `GET /allocations/${this.consumer(request.consumer)}`;
      case 'put-allocations': {
        const [{ consumer, allocations, generation }] = request.entries;
        return `PUT /allocations/${this.consumer(consumer)} {${this.rows(allocations, ': ')}} ${gen(generation)}`;
      }
      case 'post-allocations': {
        const entries = request.entries.map(({ consumer, allocations, generation }) => {
          return `${this.consumer(consumer)} {${this.rows(allocations, ': ')}} ${gen(generation)}`;
        });
        return `POST /allocations ${entries.join(', ')}`;
      }
      case 'delete-allocations':
        return `DELETE /allocations/${this.consumer(request.consumer)}`;
      case 'get-provider-allocations':
        return `GET /resource_providers/${this.host(request.provider)}/allocations`;
      case 'get-provider-traits':
        return `GET /resource_providers/${this.host(request.provider)}/traits`;
      case 'get-providers-in-tree':
        return `GET /resource_providers in_tree=${this.host(request.provider)}`;
      case 'get-candidates': {
        const { resources, required, forbidden, inTree } = request;
        const wanted: string[] = [];
        for (let k = 0; k < resources.length; k += 2) wanted.push(this.amount(resources[k]!, resources[k + 1]!));
        wanted.push(...this.traits(required), ...this.traits(forbidden).map((name) => `!${name}`));
        if (inTree !== NONE) wanted.push(`in_tree=${this.host(inTree)}`);
        return `GET /allocation_candidates ${wanted.join(' ')}`;
      }
      case 'put-inventory': {
        const resourceClass = this.shown.setting.classes[request.resourceClass];
        return `PUT /resource_providers/${this.host(request.provider)}/inventories/${resourceClass} total=${request.total}`;
      }
      case 'create-provider':
        return `POST /resource_providers ${this.host(request.provider)}`;
      case 'delete-provider':
        return `DELETE /resource_providers/${this.host(request.provider)}`;
      case 'put-inventories':
        return `PUT /resource_providers/${this.host(request.provider)}/inventories`;
      case 'put-traits':
        return `PUT /resource_providers/${this.host(request.provider)}/traits ${listed(this.traits(request.traits))}`;
    }
  }

  /** What Placement answered, in one line. */
  answered(request: Request, response: Response): string {
    const { status, code, detail, generation, ids } = response;
    if (status === 0) return `no answer: ${detail}`;
    if (code !== 'ok') return `${status} ${detail}`;
    switch (request.op) {
      case 'get-allocations':
        return response.rows.length === 0
          ? `${status} nothing`
          : `${status} ${this.rows(response.rows, ' ')} (generation ${generation})`;
      case 'get-provider-allocations':
        return `${status} ${listed(ids.map((id) => this.consumer(id)))}`;
      case 'get-provider-traits':
        return `${status} ${listed(this.traits(generation))}`;
      case 'get-providers-in-tree':
      case 'get-candidates':
        return `${status} ${listed(ids.map((id) => this.host(id)))}`;
      default:
        return `${status}`;
    }
  }

  /** Provider, class, amount, provider, class, amount, ... */
  private rows(rows: readonly number[], colon: string): string {
    const byProvider = new Map<number, string[]>();
    for (let k = 0; k < rows.length; k += 3) {
      const amount = this.amount(rows[k + 1]!, rows[k + 2]!);
      const known = byProvider.get(rows[k]!);
      if (known === undefined) byProvider.set(rows[k]!, [amount]);
      else known.push(amount);
    }
    return [...byProvider].map(([provider, held]) => `${this.host(provider)}${colon}${held.join(' ')}`).join(', ');
  }

  private amount(resourceClass: number, amount: number): string {
    return `${this.shown.setting.classes[resourceClass]}=${amount}`;
  }

  private traits(mask: number): string[] {
    return this.shown.setting.traits.filter((_, bit) => (mask & (1 << bit)) !== 0);
  }
}

const gen = (generation: number): string => `gen ${generation === NONE ? 'null' : generation}`;

const listed = (names: readonly string[]): string => (names.length === 0 ? 'nothing' : names.join(', '));

/** What becomes different of any server, from one look to the next. */
export class Changes {
  private readonly cast: Cast;
  private facts: readonly Map<string, string>[];

  constructor(cast: Cast) {
    this.cast = cast;
    this.facts = this.everybody();
  }

  private everybody(): Map<string, string>[] {
    return Array.from({ length: this.cast.world.globals.instances }, (_, i) => this.cast.facts(i));
  }

  /** Since the last look: empty if nothing. */
  since(): string {
    const before = this.facts;
    this.facts = this.everybody();
    return this.facts
      .flatMap((now, i) => {
        const then = before[i];
        if (then === undefined || then.size === 0) return [];
        const of = (migration: boolean): string[] =>
          [...now].flatMap(([name, value]) => {
            const old = then.get(name);
            if (old === value || name.includes('/') !== migration) return [];
            return [old === undefined ? `${name} ${value}` : `${name} ${old} -> ${value}`];
          });
        const own = of(false).join(', ');
        return [...(own === '' ? [] : [`${this.cast.server(i)} ${own}`]), ...of(true)];
      })
      .join(', ');
  }
}

/** How operation k was answered. */
export function outcomeWords(world: World, k: number): string {
  const record = world.operations[k]!;
  if (record.outcome === OPERATION.NOT_BEGUN) return 'not answered yet';
  const { outcome, http, exit_code, processed } = operationPicture(record);
  if (exit_code !== undefined) return exitWords(exit_code, processed!);
  return http === null ? outcome : `${outcome} ${http}`;
}

/** As nova-manage says it with --verbose: "Processed 2 allocations." */
export const exitWords = (code: number, processed: number): string =>
  `exit code ${code}${processed > 0 ? `, processed ${processed}` : ''}`;

/** What becomes of a message under a fault. */
export const FATES: Partial<Record<FaultKind, string>> = {
  late: ', late',
  doubled: ', twice',
  lost: ', lost',
  refused: ', not sent',
};
