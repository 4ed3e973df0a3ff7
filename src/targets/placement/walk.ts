/**
 * Free random walks over Placement's API: mostly requests that could succeed, some stale, malformed, over capacity, about
 * what is not there. What to ask next is drawn with an eye on the model, so that generations and names mostly fit.
 */
import seedrandom from 'seedrandom';
import type { HttpRequest } from '../../placement/http/message.ts';
import { BEFORE_THE_LAST, BEGAN, type HttpPlacement } from '../../placement/http/placement.ts';
import { uuidFor } from '../../placement/uuid.ts';
import type { Difference, Differential } from './differential.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const PROVIDERS = Array.from({ length: 6 }, (_, k) => uuidFor('provider', `walk-${k}`));
const CONSUMERS = Array.from({ length: 5 }, (_, k) => uuidFor('consumer', `walk-${k}`));
const AGGREGATES = Array.from({ length: 3 }, (_, k) => uuidFor('project', `aggregate-${k}`));
const NOBODY = uuidFor('user', 'nobody');
const CLASSES = ['VCPU', 'MEMORY_MB', 'DISK_GB', 'CUSTOM_GOLD', 'CUSTOM_IRON'];
const TRAITS = ['CUSTOM_FAST', 'CUSTOM_SLOW', 'HW_CPU_X86_VMX', 'MISC_SHARES_VIA_AGGREGATE'];
const PROJECTS = ['demo', 'other'];
/** where something begins, and the version before it */
const VERSIONS = [
  39, 39, 39, 39, 38, 37, 36, 36, 35, 34, 33, 32, 31, 30, 29, 28, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19,
];
const OLD_VERSIONS = [18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
/** ratios at which a product falls just below or just above an integer */
const RATIOS = [1, 1, 1.5, 2, 16, 0.7, 1.1, 0.3, 0.29, 0.57, 1.15, 1.001, 0.1, 0];
const WRONG: readonly Json[] = [null, '', -1, 0, 1.5, 2.0, 2_147_483_648, [], {}, true, 'VCPU', [[]]];

const plain = (method: string, path: string, body?: Json): HttpRequest => ({
  method,
  path,
  headers: {
    'openstack-api-version': 'placement 1.39',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  },
  body: body === undefined ? null : JSON.stringify(body),
});

export class Walk {
  private readonly random: () => number;
  private readonly model: HttpPlacement;

  /** a small cloud to walk in: from nothing, most requests would be about what is not there */
  private readonly preamble: (() => [string, string, Json?])[];

  constructor(random: () => number, model: HttpPlacement) {
    this.random = random;
    this.model = model;
    const parents = [null, null, this.chance(0.5) ? 0 : null, this.chance(0.5) ? 0 : null, this.chance(0.5) ? 2 : null];
    this.preamble = [
      () => ['PUT', '/resource_classes/CUSTOM_GOLD'],
      () => ['PUT', '/traits/CUSTOM_FAST'],
      () => ['PUT', '/traits/CUSTOM_SLOW'],
      ...parents.flatMap((parent, k) => {
        const uuid = PROVIDERS[k]!;
        const path = `/resource_providers/${uuid}`;
        const under = parent === null ? {} : { parent_provider_uuid: PROVIDERS[parent]! };
        return [
          (): [string, string, Json] => ['POST', '/resource_providers', { name: `name-${k}`, uuid, ...under }],
          (): [string, string, Json] => [
            'PUT',
            `${path}/inventories`,
            { resource_provider_generation: 0, inventories: this.records() },
          ],
          (): [string, string, Json] => [
            'PUT',
            `${path}/traits`,
            { resource_provider_generation: this.providerGeneration(uuid), traits: this.some(TRAITS.slice(0, 3)) },
          ],
        ];
      }),
    ];
  }

  next(): HttpRequest {
    const first = this.preamble.shift();
    if (first !== undefined) return plain(...first());
    const version = this.chance(0.85) ? this.pick(VERSIONS) : this.pick(OLD_VERSIONS);
    const [method, path, body] = this.route(version);
    return this.spoiled({
      method,
      path,
      headers: {
        ...(version === 0 && this.chance(0.5) ? {} : { 'openstack-api-version': `placement 1.${version}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(path === '/reshaper' && this.chance(0.95) ? { 'x-roles': 'admin,service' } : {}),
      },
      body: body === undefined ? null : JSON.stringify(this.chance(0.04) ? this.malformed(body) : body),
    });
  }

  // ---- words

  private chance(p: number): boolean {
    return this.random() < p;
  }

  private below(n: number): number {
    return Math.floor(this.random() * n);
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  private mostly<T>(usual: readonly T[], seldom: readonly T[], p = 0.05): T {
    return this.pick(this.chance(p) ? seldom : usual);
  }

  private some<T>(list: readonly T[], least = 0): T[] {
    const found = list.filter(() => this.chance(0.5));
    return found.length < least ? [this.pick(list)] : found;
  }

  private provider(): string {
    const there = PROVIDERS.filter((uuid) => this.model.database.provider(uuid) !== undefined);
    return this.mostly(there.length === 0 ? PROVIDERS : there, [...PROVIDERS, NOBODY, 'junk'], 0.06);
  }

  private consumer(): string {
    return this.mostly(CONSUMERS, [CONSUMERS[0]!.toUpperCase(), CONSUMERS[1]!.replaceAll('-', ''), 'junk'], 0.03);
  }

  /** One that has inventory, if there is one. */
  private stocked(): string {
    const { database } = this.model;
    const there = PROVIDERS.filter((uuid) => {
      const row = database.provider(uuid);
      return row !== undefined && database.inventoried(row).length > 0;
    });
    return there.length === 0 || this.chance(0.08) ? this.provider() : this.pick(there);
  }

  /** What a provider could give. */
  private resourcesOf(uuid: string): { [key: string]: Json } {
    const { database } = this.model;
    const row = database.provider(uuid);
    const names = row === undefined ? [] : database.inventoried(row).map((c) => database.classes[c]!);
    if (names.length === 0 || this.chance(0.1)) return this.resources();
    return Object.fromEntries(this.some(names, 1).map((name) => [name, this.amount()]));
  }

  private className(): string {
    return this.mostly(CLASSES, ['CUSTOM_NONE', 'PCPU', 'vcpu', '']);
  }

  private trait(): string {
    return this.mostly(TRAITS, ['CUSTOM_NONE', 'HW_NONE']);
  }

  private amount(): number {
    return this.mostly(
      [1, 1, 1, 2, 2, 3, 4, 4, 5, 6, 7, 8, 10, 13],
      [0, 29, 57, 115, 1001, 2_147_483_647, 5_000_000_000],
      0.04,
    );
  }

  private providerGeneration(uuid: string): Json {
    const row = this.model.database.provider(uuid);
    const actual = row === undefined ? 0 : this.model.database.generation(row);
    return this.mostly<Json>([actual], [actual + 1, actual - 1, 999, null, `${actual}`, actual + 0.5], 0.08);
  }

  private consumerGeneration(uuid: string): Json {
    const { database } = this.model;
    const row = database.consumer(uuid);
    const actual = row === undefined ? null : database.store.consumers[row.id]!.generation;
    return this.mostly<Json>([actual], [null, 0, 1, (actual ?? 0) + 1, 'one', 1.0], 0.1);
  }

  // ---- bodies

  private record(): { [key: string]: Json } {
    const record: { [key: string]: Json } = {
      total: this.mostly([4, 8, 10, 16, 100, 1000], [1, 2_147_483_647, 0, -4, 2_147_483_648], 0.06),
    };
    if (this.chance(0.3)) record.reserved = this.mostly([0, 1, 2, 4], [10, 200, -1], 0.1);
    if (this.chance(0.7)) record.allocation_ratio = this.mostly(RATIOS, [-1, 3.4e38, 1e39, 1.23456789012], 0.04);
    if (this.chance(0.15)) record.min_unit = this.mostly([1, 2, 3], [0, 50]);
    if (this.chance(0.2)) record.max_unit = this.mostly([4, 8, 10], [1, 0]);
    if (this.chance(0.15)) record.step_size = this.mostly([1, 2, 4], [0, 20]);
    return record;
  }

  private records(): { [key: string]: Json } {
    const names = this.some(CLASSES.slice(0, 4), 1);
    if (this.chance(0.04)) names.push(this.className());
    return Object.fromEntries(names.map((name) => [name, this.record()]));
  }

  private resources(): { [key: string]: Json } {
    const names = this.chance(0.5) ? [this.pick(CLASSES.slice(0, 3))] : this.some(CLASSES.slice(0, 3), 1);
    if (this.chance(0.06)) names.push(this.className());
    return Object.fromEntries(names.map((name) => [name, this.amount()]));
  }

  /** Of one consumer, in the form of the version; `posted` bodies may be empty earlier. */
  private allocations(consumer: string, version: number, posted: boolean): { [key: string]: Json } {
    const empty = this.chance(version >= 28 || posted ? 0.25 : 0.03);
    const providers = empty ? [] : [...new Set([this.stocked(), ...(this.chance(0.2) ? [this.stocked()] : [])])];
    const owner = { project_id: this.pick(PROJECTS), user_id: this.pick(PROJECTS) };
    if (version < 12) {
      const list = providers.map((uuid) => ({ resource_provider: { uuid }, resources: this.resourcesOf(uuid) }));
      return { allocations: list, ...(version >= 8 ? owner : {}) };
    }
    const byProvider = providers.map((uuid) => [
      uuid,
      { resources: this.resourcesOf(uuid), ...(this.chance(0.1) ? { generation: 999 } : {}) },
    ]);
    return {
      allocations: Object.fromEntries(byProvider),
      ...owner,
      ...(version >= 28 ? { consumer_generation: this.consumerGeneration(consumer) } : {}),
      ...(version >= 34 && this.chance(0.2) ? { mappings: { '': [NOBODY], _A: [PROVIDERS[0]!] } } : {}),
      ...(version >= 38 ? { consumer_type: this.mostly(['INSTANCE', 'MIGRATION'], ['unknown', 'lower', '']) } : {}),
    };
  }

  /** A body with one thing wrong somewhere. */
  private malformed(body: Json): Json {
    if (typeof body !== 'object' || body === null || Array.isArray(body) || this.chance(0.3)) return this.pick(WRONG);
    const keys = Object.keys(body);
    if (keys.length === 0 || this.chance(0.2))
      return { ...body, [this.pick(['extra', 'VCPU', NOBODY])]: this.pick(WRONG) };
    const key = this.pick(keys);
    if (this.chance(0.3)) {
      const { [key]: _, ...rest } = body;
      return rest;
    }
    return { ...body, [key]: this.malformed(body[key]!) };
  }

  // ---- routes

  private route(version: number): [method: string, path: string, body?: Json] {
    const draw = this.below(100);
    if (draw < 30) return this.writeAllocations(version);
    if (draw < 40) return this.readAllocations();
    if (draw < 52) return this.inventories();
    if (draw < 64) return ['GET', `/allocation_candidates?${this.candidates(version)}`];
    if (draw < 74) return this.providers(version);
    if (draw < 80) return this.traits();
    if (draw < 84) return this.aggregates(version);
    if (draw < 88) return this.reshaper(version);
    if (draw < 92) return this.usages();
    if (draw < 96) return this.resourceClasses(version);
    if (draw < 98) return ['GET', this.mostly(['/', '/traits?name=startswith:CUSTOM_'], ['/nowhere', '/traits/'])];
    return [
      this.pick(['PATCH', 'POST', 'DELETE', 'PUT']),
      this.pick(['/', '/usages', '/allocations', '/traits/CUSTOM_FAST']),
    ];
  }

  private writeAllocations(version: number): [string, string, Json?] {
    if (this.chance(0.08)) return ['DELETE', `/allocations/${this.consumer()}`];
    const consumer = this.consumer();
    if (version < 13 || this.chance(0.5)) {
      return ['PUT', `/allocations/${consumer}`, this.allocations(consumer, version, false)];
    }
    const consumers = new Set([consumer, ...(this.chance(0.7) ? [this.consumer()] : [])]);
    return [
      'POST',
      '/allocations',
      Object.fromEntries([...consumers].map((uuid) => [uuid, this.allocations(uuid, version, true)])),
    ];
  }

  private readAllocations(): [string, string] {
    return this.chance(0.6)
      ? ['GET', `/allocations/${this.consumer()}`]
      : ['GET', `/resource_providers/${this.provider()}/allocations`];
  }

  private inventories(): [string, string, Json?] {
    const uuid = this.provider();
    const all = `/resource_providers/${uuid}/inventories`;
    const one = `${all}/${this.className()}`;
    const generation = { resource_provider_generation: this.providerGeneration(uuid) };
    switch (this.below(8)) {
      case 0:
        return ['GET', this.chance(0.5) ? all : one];
      case 1:
        return ['DELETE', this.chance(0.15) ? all : one];
      case 2:
        return ['POST', all, { ...this.record(), resource_class: this.className() }];
      case 3:
      case 4:
        return ['PUT', one, { ...this.record(), ...generation }];
      default:
        return ['PUT', all, { ...generation, inventories: this.chance(0.05) ? {} : this.records() }];
    }
  }

  private candidates(version: number): string {
    const query = new URLSearchParams();
    const groups =
      version >= 25 && this.chance(0.35) ? this.pick([['1'], ['', '1'], ['1', '2'], ['', '1', '2']]) : [''];
    if (version >= 33 && this.chance(0.1)) groups.push('_x');
    for (const suffix of groups) {
      if (!this.chance(0.06)) {
        const asked = Object.entries(this.resources()).map(([name, amount]) => `${name}:${amount}`);
        query.append(
          `resources${suffix}`,
          this.mostly([asked.join(',')], ['', 'VCPU', 'VCPU:x', 'VCPU:1:2', 'VCPU: 2']),
        );
      }
      if (this.chance(version >= 17 ? 0.3 : 0.02)) this.requiredInto(query, `required${suffix}`, version);
      if (this.chance(version >= 21 ? 0.15 : 0.02)) this.memberOfInto(query, `member_of${suffix}`, version);
      if (this.chance(version >= 31 ? 0.15 : 0.02)) query.append(`in_tree${suffix}`, this.provider());
    }
    const several = groups.filter((suffix) => suffix !== '').length > 1;
    if (several || this.chance(groups.length > 1 ? 0.5 : 0.03)) {
      query.append('group_policy', this.mostly(['none', 'isolate'], ['other', '']));
    }
    if (version >= 35 && this.chance(0.15))
      query.append(
        'root_required',
        this.pick(['CUSTOM_FAST', '!CUSTOM_SLOW', 'CUSTOM_FAST,!CUSTOM_FAST', 'CUSTOM_NONE']),
      );
    if (version >= 36 && groups.length > 1 && this.chance(0.3))
      query.append('same_subtree', this.mostly([this.some(groups, 1).join(',')], ['1,9', '']));
    if (this.chance(version >= 16 ? 0.2 : 0.02))
      query.append('limit', this.mostly(['1000'], ['1', '2', '0', 'x'], 0.3));
    if (this.chance(0.02)) query.append('unknown', '1');
    return query.toString();
  }

  private requiredInto(query: URLSearchParams, name: string, version: number): void {
    do {
      const traits = [this.trait(), ...(this.chance(0.3) ? [this.trait()] : [])];
      const forbidding = this.chance(version >= 22 ? 0.4 : 0.03);
      query.append(
        name,
        this.mostly(
          [traits.map((trait) => (forbidding && this.chance(0.6) ? `!${trait}` : trait)).join(',')],
          ['', ',', `in:${traits.join(',')}`, `in:!${traits[0]}`, `!!${traits[0]}`],
          version >= 39 ? 0.3 : 0.05,
        ),
      );
    } while (this.chance(version >= 39 ? 0.25 : 0.03));
  }

  private memberOfInto(query: URLSearchParams, name: string, version: number): void {
    do {
      const uuids = this.some(AGGREGATES, 1);
      const not = this.chance(version >= 32 ? 0.3 : 0.03) ? '!' : '';
      const list = uuids.length > 1 || this.chance(0.2) ? `in:${uuids.join(',')}` : uuids[0]!;
      query.append(name, this.mostly([`${not}${list}`], [uuids.join(','), 'junk', NOBODY, '']));
    } while (this.chance(version >= 24 ? 0.2 : 0.03));
  }

  private providers(version: number): [string, string, Json?] {
    const uuid = this.chance(0.4) ? this.pick(PROVIDERS) : this.provider();
    const one = `/resource_providers/${uuid}`;
    const name = this.mostly(
      [`name-${PROVIDERS.indexOf(uuid)}`],
      ['name-0', '', 'x'.repeat(200), '😀'.repeat(150), 'x'.repeat(201)],
      0.06,
    );
    const parent = this.chance(version >= 14 ? 0.35 : 0.02)
      ? { parent_provider_uuid: this.mostly<Json>([this.provider()], [null, NOBODY, uuid, 'junk'], 0.2) }
      : {};
    switch (this.below(10)) {
      case 0:
        return ['GET', one];
      case 1:
        return [this.chance(0.5) ? 'DELETE' : 'GET', one];
      case 2:
      case 3:
        return ['PUT', one, { name, ...parent }];
      case 4:
      case 5:
        return ['GET', `/resource_providers${this.providerFilters(version)}`];
      default: {
        const id = this.mostly<{ [key: string]: Json }>(
          [{ uuid }],
          [{}, { uuid: uuid.toUpperCase() }, { uuid: uuid.replaceAll('-', '') }, { uuid: `{${uuid}}` }, { uuid: '' }],
          0.06,
        );
        return ['POST', '/resource_providers', { name, ...id, ...parent }];
      }
    }
  }

  private providerFilters(version: number): string {
    const query = new URLSearchParams();
    if (this.chance(0.15)) query.append('name', this.pick(['name-0', 'name-1', 'nothing', '']));
    if (this.chance(0.15)) query.append('uuid', this.provider());
    if (this.chance(version >= 3 ? 0.2 : 0.03)) this.memberOfInto(query, 'member_of', version);
    if (this.chance(version >= 4 ? 0.3 : 0.03)) {
      query.append(
        'resources',
        Object.entries(this.resources())
          .map(([name, amount]) => `${name}:${amount}`)
          .join(','),
      );
    }
    if (this.chance(version >= 14 ? 0.2 : 0.03)) query.append('in_tree', this.provider());
    if (this.chance(version >= 18 ? 0.3 : 0.03)) this.requiredInto(query, 'required', version);
    return query.size === 0 ? '' : `?${query}`;
  }

  private traits(): [string, string, Json?] {
    const uuid = this.provider();
    const of = `/resource_providers/${uuid}/traits`;
    const one = `/traits/${this.trait()}`;
    switch (this.below(8)) {
      case 0:
        return ['GET', of];
      case 1:
        return ['DELETE', of];
      case 2:
        return [this.pick(['GET', 'DELETE']), one];
      case 3:
        return ['PUT', one];
      case 4:
        return [
          'GET',
          `/traits?${this.pick(['name=in:CUSTOM_FAST,CUSTOM_NONE', 'name=startswith:custom%5F', 'associated=true', 'name=x', 'associated=no', 'name=startswith:CUSTOM_&associated=False'])}`,
        ];
      default: {
        const traits = this.some(TRAITS);
        if (this.chance(0.05)) traits.push(this.trait());
        return ['PUT', of, { resource_provider_generation: this.providerGeneration(uuid), traits }];
      }
    }
  }

  private aggregates(version: number): [string, string, Json?] {
    const uuid = this.provider();
    const of = `/resource_providers/${uuid}/aggregates`;
    if (this.chance(0.3)) return ['GET', of];
    const aggregates = this.mostly<Json[]>([this.some(AGGREGATES)], [['junk'], [AGGREGATES[0]!, AGGREGATES[0]!]]);
    return [
      'PUT',
      of,
      version >= 19 ? { aggregates, resource_provider_generation: this.providerGeneration(uuid) } : aggregates,
    ];
  }

  private reshaper(version: number): [string, string, Json] {
    const providers = [...new Set([this.provider(), ...(this.chance(0.5) ? [this.provider()] : [])])];
    const inventories = providers.map((uuid) => [
      uuid,
      {
        resource_provider_generation: this.providerGeneration(uuid),
        inventories: this.chance(0.2) ? {} : this.records(),
      },
    ]);
    const consumers = this.some(CONSUMERS.slice(0, 2));
    const allocations = consumers.map((uuid) => [uuid, this.allocations(uuid, Math.max(version, 28), true)]);
    return [
      'POST',
      '/reshaper',
      { inventories: Object.fromEntries(inventories), allocations: Object.fromEntries(allocations) },
    ];
  }

  private usages(): [string, string] {
    if (this.chance(0.5)) return ['GET', `/resource_providers/${this.provider()}/usages`];
    const query = new URLSearchParams();
    if (!this.chance(0.05)) query.append('project_id', this.mostly(PROJECTS, ['nobody', '']));
    if (this.chance(0.3)) query.append('user_id', this.mostly(PROJECTS, ['nobody', '']));
    if (this.chance(0.4))
      query.append('consumer_type', this.mostly(['all', 'unknown', 'INSTANCE'], ['NONE', 'lower', 'allmost']));
    return ['GET', `/usages?${query}`];
  }

  private resourceClasses(version: number): [string, string, Json?] {
    const name = this.pick(['CUSTOM_GOLD', 'CUSTOM_IRON', 'CUSTOM_NEW', 'VCPU', 'lower', 'CUSTOM_"X']);
    const one = `/resource_classes/${encodeURIComponent(name)}`;
    switch (this.below(7)) {
      case 0:
        return ['GET', this.chance(0.5) ? '/resource_classes' : one];
      case 1:
        return ['DELETE', one];
      case 2:
        return ['POST', '/resource_classes', { name: this.pick(['CUSTOM_GOLD', 'CUSTOM_NEW', 'VCPU']) }];
      default:
        return version >= 2 && version < 7
          ? ['PUT', one, { name: this.pick(['CUSTOM_GOLD', 'CUSTOM_IRON', 'CUSTOM_NEW', 'VCPU']) }]
          : ['PUT', one];
    }
  }

  // ---- headers

  /** Now and then something is wrong that no handler sees. */
  private spoiled(request: HttpRequest): HttpRequest {
    if (!this.chance(0.04)) return request;
    const { 'content-type': type, ...rest } = request.headers;
    const typed = type === undefined ? {} : { 'content-type': type };
    switch (this.below(8)) {
      case 0:
        return { ...request, headers: rest };
      case 1:
        return { ...request, headers: { ...rest, 'content-type': 'text/plain' } };
      case 2:
        return { ...request, headers: { ...rest, 'content-type': 'application/json; charset=utf-8' } };
      case 3:
        return {
          ...request,
          headers: {
            ...request.headers,
            'openstack-api-version': this.pick([
              'placement abc',
              'placement 1.40',
              'placement latest',
              'compute 2.1, placement 1.30',
              'compute 2.1',
              'placement 2.0',
              'placement 1.1, placement 1.39',
            ]),
          },
        };
      case 4:
        return {
          ...request,
          headers: {
            ...request.headers,
            accept: this.pick(['text/plain', '*/*', 'application/json', 'text/html, */*;q=0.1']),
          },
        };
      case 5:
        return { ...request, headers: { ...request.headers, 'x-auth-token': this.pick(['bob', 'admin:demo']) } };
      case 6:
        return request.body === null
          ? request
          : { ...request, body: this.pick(['', '{', 'null', '[]', request.body.slice(0, -1)]) };
      default:
        return {
          ...request,
          headers: { ...request.headers, ...typed, 'x-roles': this.pick(['admin', 'member', 'reader,service']) },
        };
    }
  }
}

/** Requests of one walk; then both servers are emptied. */
export const LENGTH = 150;

/**
 * A walk some of whose claims had begun when the request before them was served: what two clients at once ask for. A real server
 * cannot be told so; its answers must be the same.
 */
export class CrowdedWalk extends Walk {
  private readonly crowd: () => number;

  constructor(random: () => number, model: HttpPlacement) {
    super(random, model);
    this.crowd = random;
  }

  override next(): HttpRequest {
    let request = super.next();
    // claims are what clients are at odds about
    while (!request.path.startsWith('/allocations') && this.crowd() < 0.6) request = super.next();
    return this.crowd() < 0.3 ? { ...request, headers: { ...request.headers, [BEGAN]: BEFORE_THE_LAST } } : request;
  }
}

/** Walks of one seed, together so many requests. Each is a function of the seed and its number. */
export function* walks(
  seed: string,
  both: Differential,
  requests: number,
): Generator<{ readonly asked: number; run(): Difference | null }> {
  for (let k = 0, left = requests; left > 0; k++, left -= LENGTH) {
    const asked = Math.min(LENGTH, left);
    yield {
      asked,
      run() {
        both.reset();
        const walk = new Walk(seedrandom(`${seed} / walk / ${k}`), both.model);
        for (let n = 0; n < asked; n++) {
          const difference = both.ask(walk.next());
          if (difference !== null) return difference;
        }
        return null;
      },
    };
  }
}
