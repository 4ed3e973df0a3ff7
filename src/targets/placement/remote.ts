/**
 * A real Placement for the model's handlers: each request goes over HTTP, and what comes back is what the handler takes. The
 * model answers the same request beside it: that keeps the world's store as the server's is, and shows the first answer that
 * differs.
 */
import type { PlacementService } from '../../engine/run.ts';
import type { World } from '../../nova/world.ts';
import { RESET, type Request, type Response } from '../../placement/api.ts';
import type { HttpRequest, HttpResponse } from '../../placement/http/message.ts';
import {
  type Json,
  type Names,
  namesFor,
  type RestRequest,
  renderRequest,
  renderResponse,
} from '../../placement/rest.ts';
import { type Ids, readResponse, UnreadableAnswer } from '../../placement/rest-read.ts';
import { PLACEMENT_RULES, serve } from '../../placement/server.ts';
import { uuidFor } from '../../placement/uuid.ts';
import { printable } from '../../scenario/printable.ts';
import type { Rows } from '../../state/holdings.ts';
import { NONE } from '../../state/table.ts';
import { type Comparable, comparable, isSame } from './compare.ts';
import { type Difference, EMPTY, type Sent } from './differential.ts';
import { PlacementTrouble } from './trouble.ts';
import type { Wire } from './wire.ts';

/** The first answer that is not the model's ends the scenario: what follows would be another one. */
export class DifferenceFound extends Error {
  override readonly name = 'DifferenceFound';
  readonly difference: Difference;
  constructor(difference: Difference) {
    super('the model and Placement answer differently');
    this.difference = difference;
  }
}

const LATEST = '1.39';

/** An inventory record that anything fits. */
const ROOMY: Json = {
  total: 0x7fffffff,
  reserved: 0,
  min_unit: 1,
  max_unit: 0x7fffffff,
  step_size: 1,
  allocation_ratio: 1,
};

/** As much of a world as Placement is about. */
export type Cloud = Pick<World, 'placement'> & {
  readonly setting: Pick<World['setting'], 'hosts' | 'classes' | 'traits'>;
};

interface Playing {
  readonly names: Names;
  readonly ids: Ids;
  readonly consumers: readonly string[];
  /** since the database was empty, for telling a difference */
  readonly log: Sent[];
}

export class RemotePlacement implements PlacementService {
  private readonly wire: Wire;
  /** a server that claimcheck started, whose database can be put back */
  private readonly ours: boolean;
  private readonly prefix: string;
  private playing: Playing | null = null;
  /** clouds that stand ready in copies of the database, by what was asked to set them up */
  private readonly copies = new Map<string, { readonly name: string; readonly generations: readonly number[] }>();
  private scenarios = 0;

  /** @param prefix of the names of our providers; on a server that is not ours nothing else is touched */
  constructor(wire: Wire, { ours, prefix = 'claimcheck' }: { ours: boolean; prefix?: string }) {
    this.wire = wire;
    this.ours = ours;
    this.prefix = prefix;
    this.refuseOthers();
    // whoever is the first to use a server keeps how it was
    if (ours && this.plain('PUT', databasePath(EMPTY), 'restore', '1.0').status !== 204) this.copy(EMPTY, 'keep');
  }

  /** Whether it is Placement, and new enough for what Nova asks. */
  private refuseOthers(): void {
    const { status, body } = this.plain('GET', '/', null, '1.0');
    let newest: unknown;
    try {
      newest = JSON.parse(body).versions[0].max_version;
    } catch {
      throw new PlacementTrouble(`${this.wire.url} answers GET / with ${status} and no versions: it is no Placement`);
    }
    const [, minor] = /^1\.(\d+)$/.exec(String(newest)) ?? [];
    if (minor === undefined || Number(minor) < 39) {
      throw new PlacementTrouble(`Placement at ${this.wire.url} offers versions up to ${newest}, and 1.39 is needed`);
    }
  }

  // ---- scenarios

  begin(world: Cloud): void {
    if (!this.ours) this.clear();
    this.scenarios++;
    const { setting, placement } = world;
    // in a database that is put back, the same cloud has the same uuids
    const run = this.ours ? '' : `${process.pid}-${this.scenarios}/`;
    const uuids = setting.hosts.map((_, h) => uuidFor('provider', `${this.prefix}/${run}${h}`));
    const consumers = placement.consumers.map((_, id) => uuidFor('consumer', `${this.prefix}/${run}${id}`));
    const names = {
      ...namesFor(placement, {
        providers: [],
        consumer: () => '',
        classes: setting.classes,
        traits: setting.traits,
      }),
      provider: (id: number) => uuids[id] ?? uuidFor('provider', `${this.prefix}/${run}none`),
      consumer: (id: number) => consumers[id]!,
    };
    const index = (list: readonly string[]) => (name: string) => {
      const k = list.indexOf(name);
      return k < 0 ? undefined : k;
    };
    const ids = {
      provider: index(uuids),
      consumer: index(consumers),
      resourceClass: index(setting.classes),
      trait: index(setting.traits),
    };
    this.playing = { names, ids, consumers, log: [] };
    this.setUp(world, uuids, run);
  }

  private setUp(world: Cloud, uuids: readonly string[], run: string): void {
    const requests = this.setUpRequests(world, uuids, run);
    const key = JSON.stringify(requests);
    let generations = this.ours ? this.copies.get(key) : undefined;
    if (generations !== undefined) {
      this.copy(generations.name, 'restore');
      this.playing!.log.push(...requests.map(sent));
    } else {
      if (this.ours) this.copy(EMPTY, 'restore');
      for (const request of requests) this.must(request);
      const name = `cloud-${this.copies.size}`;
      generations = { name, generations: uuids.map((uuid) => this.generationOf(uuid)) };
      if (this.ours) {
        this.copy(name, 'keep');
        this.copies.set(key, generations);
      }
    }
    for (const [h, generation] of generations.generations.entries()) {
      world.placement.providers[h]!.generation = generation;
    }
  }

  private setUpRequests(world: Cloud, uuids: readonly string[], run: string): HttpRequest[] {
    const { setting, placement } = world;
    const custom = (name: string): boolean => name.startsWith('CUSTOM_');
    const requests = [
      ...setting.classes.filter(custom).map((name) => this.http('PUT', `/resource_classes/${name}`)),
      ...setting.traits.filter(custom).map((name) => this.http('PUT', `/traits/${name}`)),
    ];
    for (const [h, uuid] of uuids.entries()) {
      const path = `/resource_providers/${uuid}`;
      const name = `${this.prefix}-${run.replace('/', '-')}${h}`;
      requests.push(this.http('POST', '/resource_providers', { name, uuid }));
      let generation = 0;
      const change = (what: 'inventories' | 'traits', content: Json): void => {
        const body = { resource_provider_generation: generation++, [what]: content };
        requests.push(this.http('PUT', `${path}/${what}`, body));
      };
      const holders = placement.consumers.flatMap(({ allocations }, id) => (allocations.holdsOn(h) ? [id] : []));
      if (holders.length > 0) {
        // bystanders may hold more than the records allow, or no multiple of a step: they came before the records were so
        const classes = holders.flatMap((id) =>
          placement.consumers[id]!.allocations.rows().filter((_, k) => k % 3 === 1),
        );
        change('inventories', Object.fromEntries(classes.map((c) => [setting.classes[c]!, ROOMY])));
        for (const id of holders) {
          requests.push(this.claimOf(id, placement.consumers[id]!.allocations.rows()));
          generation++;
        }
      }
      change('inventories', this.inventoriesOf(world, h));
      const traits = setting.traits.filter((_, bit) => (placement.providers[h]!.traits & (1 << bit)) !== 0);
      if (traits.length > 0) change('traits', traits);
    }
    return requests;
  }

  private inventoriesOf({ setting, placement }: Cloud, h: number): Json {
    const inventories: Record<string, Json> = {};
    for (const [c, name] of setting.classes.entries()) {
      const record = placement.inventories[h * placement.classes + c]!;
      if (record.exists === 0) continue;
      inventories[name] = {
        total: record.total,
        reserved: record.reserved,
        min_unit: record.minUnit,
        max_unit: record.maxUnit,
        step_size: record.stepSize,
        allocation_ratio: placement.ratios[record.ratio]!,
      };
    }
    return inventories;
  }

  /** A consumer that was not there, with all that it holds. */
  private claimOf(consumer: number, allocations: Rows): HttpRequest {
    const entries = [{ consumer, generation: NONE, allocations }] as const;
    const { method, path, microversion, body } = renderRequest({ op: 'put-allocations', entries }, this.playing!.names);
    return this.http(method, path, body, microversion);
  }

  private generationOf(uuid: string): number {
    const { body } = this.must(this.http('GET', `/resource_providers/${uuid}`));
    return (JSON.parse(body) as { generation: number }).generation;
  }

  /** Removes what the last scenario left on a server that is not ours. */
  clear(): void {
    const { playing } = this;
    if (playing === null) return;
    this.playing = null;
    for (const uuid of playing.consumers) this.plain('DELETE', `/allocations/${uuid}`, null, LATEST);
    for (let h = 0; playing.ids.provider(playing.names.provider(h)) !== undefined; h++) {
      this.plain('DELETE', `/resource_providers/${playing.names.provider(h)}`, null, LATEST);
    }
  }

  // ---- requests

  serve(world: Cloud, request: Request, cut: boolean): Response {
    const { names, ids } = this.playing!;
    // only a write of allocations has two transactions; anything else that dies behind its one was carried out
    if (cut && 'entries' in request) return this.cut(world, request);
    const { method, path, microversion, body } = renderRequest(request, names);
    const asked = this.http(method, path, body, microversion);
    const answered = this.send(asked);
    const model = serve(world.placement, PLACEMENT_RULES, request);
    const rendered = renderResponse(request, model, names);
    this.compare(asked, answered, {
      status: rendered.status,
      headers: {},
      body: rendered.body === undefined ? '' : JSON.stringify(rendered.body),
    });
    const { detail, subject } = model;
    try {
      // details are words for people, and the model has more of them
      return { ...readResponse(request, answered.status, parsed(answered.body), ids), detail, subject };
    } catch (error) {
      if (error instanceof UnreadableAnswer)
        throw new PlacementTrouble(`Placement at ${this.wire.url}: ${error.message}`);
      throw error;
    }
  }

  /**
   * The server dies between the transaction that makes consumers and the one that writes. From outside: each consumer that
   * the write would make is made by a write of nothing, which leaves it behind, and the write itself is not sent.
   */
  private cut(world: Cloud, request: Request): Response {
    const before = world.placement.consumers.map(({ exists }) => exists);
    const model = serve(world.placement, PLACEMENT_RULES, request, true);
    for (const [id, consumer] of world.placement.consumers.entries()) {
      if (consumer.exists === 0 || before[id] === 1) continue;
      this.must(this.claimOf(id, []));
    }
    return model.status === 0 ? RESET : model;
  }

  private compare(asked: HttpRequest, answered: HttpResponse, rendered: HttpResponse): void {
    const { log } = this.playing!;
    const real = this.withoutOthers(bare(comparable(asked, answered)));
    const model = bare(comparable(asked, { ...rendered, headers: { 'content-type': 'application/json' } }));
    if (!isSame(model, real)) throw new DifferenceFound({ requests: [...log], model, real });
  }

  /** On a server that is not ours there are other people's providers among the candidates. */
  private withoutOthers(real: Comparable): Comparable {
    const { body } = real;
    if (this.ours || typeof body !== 'object' || body === null || !('provider_summaries' in body)) return real;
    const { ids } = this.playing!;
    const isOurs = (uuid: string): boolean => ids.provider(uuid) !== undefined;
    const { allocation_requests, provider_summaries } = body as unknown as {
      allocation_requests: { allocations: object }[];
      provider_summaries: object;
    };
    const kept = {
      allocation_requests: allocation_requests.filter(({ allocations }) => Object.keys(allocations).every(isOurs)),
      provider_summaries: Object.fromEntries(Object.entries(provider_summaries).filter(([uuid]) => isOurs(uuid))),
    };
    return { ...real, body: kept as unknown as Comparable['body'] };
  }

  // ---- observation

  /** Reads back what everybody holds, and puts it into the world's store: an observation is then the server's, not the model's. */
  readBack(world: Cloud): void {
    const { names, ids } = this.playing!;
    for (const [id, consumer] of world.placement.consumers.entries()) {
      const request: Request = { op: 'get-allocations', consumer: id };
      const { method, path, microversion } = renderRequest(request, names);
      const { status, body } = this.send(this.http(method, path, undefined, microversion));
      const { rows, generation } = readResponse(request, status, parsed(body), ids);
      // the row of a consumer that holds nothing cannot be seen from outside: whether it is there stays as it was
      if (rows.length === 0 && consumer.allocations.count === 0) continue;
      consumer.allocations.assign(rows);
      consumer.exists = rows.length === 0 ? 0 : 1;
      consumer.generation = rows.length === 0 ? 0 : generation;
    }
    for (const [h, provider] of world.placement.providers.entries()) {
      if (provider.exists === 1) provider.generation = this.generationOf(names.provider(h));
    }
  }

  // ---- the wire

  private http(method: string, path: string, body?: Json, microversion: string | null = LATEST): HttpRequest {
    return {
      method,
      path,
      headers: {
        ...(microversion === null ? {} : { 'openstack-api-version': `placement ${microversion}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    };
  }

  private plain(method: RestRequest['method'], path: string, body: string | null, version: string): HttpResponse {
    return this.wire.exchange({ method, path, headers: { 'openstack-api-version': `placement ${version}` }, body });
  }

  private send(request: HttpRequest): HttpResponse {
    this.playing?.log.push(sent(request));
    const answered = this.wire.exchange(request);
    const { status, headers, body } = answered;
    const where = `Placement at ${this.wire.url} answers ${request.method} ${request.path}`;
    if (status === 401 || status === 403)
      throw new PlacementTrouble(`${where} with ${status}: the token has no rights there`);
    if (status >= 500) throw new PlacementTrouble(`${where} with ${status}`);
    if (body !== '' && !((headers['content-type'] ?? '').startsWith('application/json') && isJson(body))) {
      throw new PlacementTrouble(`${where} with ${printable(body.slice(0, 40).trim())} instead of JSON`);
    }
    return answered;
  }

  /** A request of ours that has to succeed. */
  private must(request: HttpRequest): HttpResponse {
    const answered = this.send(request);
    if (answered.status < 400) return answered;
    const detail = errorDetail(answered.body);
    throw new PlacementTrouble(
      `Placement at ${this.wire.url} refuses what the scenario needs, ${request.method} ${request.path}, with ${answered.status}: ${detail}`,
    );
  }

  private copy(name: string, what: 'keep' | 'restore'): void {
    const { status } = this.plain('PUT', databasePath(name), what, '1.0');
    if (status !== 204) throw new PlacementTrouble(`Placement at ${this.wire.url} was not started by claimcheck`);
  }
}

const databasePath = (name: string): string => `/claimcheck/database/${name}`;

/** The handlers ask for the generations they send. */
const sent = (request: HttpRequest): Sent => ({ request, current: false });

/** Headers are the HTTP layer's; here what Nova reads is compared. */
const bare = ({ status, body }: Comparable): Comparable => ({ status, headers: {}, body });

const parsed = (body: string): unknown => (body === '' ? null : JSON.parse(body));

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function errorDetail(body: string): string {
  try {
    return String(JSON.parse(body).errors[0].detail).trim().split('\n').at(-1)!.trim();
  } catch {
    return 'no reason given';
  }
}
