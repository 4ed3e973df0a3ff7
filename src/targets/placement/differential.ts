/** One request to two Placements: the model and a real server. */
import type { HttpRequest, HttpResponse } from '../../placement/http/message.ts';
import { HttpPlacement } from '../../placement/http/placement.ts';
import { PLACEMENT_RULES, type PlacementRules } from '../../placement/server.ts';
import { type Comparable, comparable, isSame } from './compare.ts';
import { KNOWN_DIFFERENCES } from './known-differences.ts';
import type { Wire } from './wire.ts';

export interface Sent {
  readonly request: HttpRequest;
  /** the generations in its body were what the model had then: left out requests may change what they have to be */
  readonly current: boolean;
}

export interface Difference {
  /** what was asked since the database was empty; the last one is answered differently */
  readonly requests: readonly Sent[];
  readonly model: Comparable;
  readonly real: Comparable;
}

/** the copy of the database that was made before anything was in it */
export const EMPTY = 'empty';

export class Differential {
  model: HttpPlacement;
  /** since the last reset */
  readonly requests: Sent[] = [];
  /** how often a difference was met that is on the list, by its id */
  readonly known = new Map<string, number>();
  private readonly wire: Pick<Wire, 'exchange'>;
  private readonly release: number;
  /** what the real server called a provider that came without a uuid */
  private madeUuid = '';

  private readonly rules: PlacementRules;
  private readonly counts: (model: Comparable, real: Comparable) => boolean;

  /**
   * The server must be one that claimcheck started.
   * @param rules of the model, to show that what is wrong with it is found
   * @param counts which answers are different enough
   */
  constructor(
    wire: Pick<Wire, 'exchange'>,
    release: number,
    rules: PlacementRules = PLACEMENT_RULES,
    counts: (model: Comparable, real: Comparable) => boolean = () => true,
  ) {
    this.counts = counts;
    this.wire = wire;
    this.release = release;
    this.rules = rules;
    this.model = this.freshModel();
    // whoever is the first to use a server keeps how it was
    if (this.copy('restore') !== 204) this.copy('keep');
  }

  private freshModel(): HttpPlacement {
    return new HttpPlacement(this.release, { madeUuid: () => this.madeUuid, now: () => 'now' }, this.rules);
  }

  private copy(what: 'keep' | 'restore'): number {
    return this.wire.exchange({ method: 'PUT', path: `/claimcheck/database/${EMPTY}`, headers: {}, body: what }).status;
  }

  /** Empties both. */
  reset(): void {
    this.copy('restore');
    this.model = this.freshModel();
    this.requests.length = 0;
  }

  /** Asks both. */
  ask(request: HttpRequest): Difference | null {
    this.requests.push({ request, current: withCurrentGenerations(request, this.model).body === request.body });
    const answered = this.wire.exchange(request);
    this.madeUuid = answered.headers.location?.split('/').at(-1) ?? '';
    const real = comparable(request, answered);
    const model = comparable(request, this.askModel(request));
    if (isSame(model, real) || !this.counts(model, real)) return null;
    const known = KNOWN_DIFFERENCES.find((one) => one.fits({ request, model, real, release: this.release }));
    if (known === undefined) return { requests: [...this.requests], model, real };
    this.known.set(known.id, (this.known.get(known.id) ?? 0) + 1);
    return null;
  }

  private askModel(request: HttpRequest): HttpResponse {
    return this.model.serve({ ...request, headers: { 'x-auth-token': 'admin', ...request.headers } });
  }

  /** walks asked for again */
  replays = 0;

  /** Asks for all of them from an empty database. The first difference, or null. */
  replay(requests: readonly Sent[]): Difference | null {
    this.replays++;
    this.reset();
    for (const { request, current } of requests) {
      const difference = this.ask(current ? withCurrentGenerations(request, this.model) : request);
      if (difference !== null) return difference;
    }
    return null;
  }

  /** The fewest requests that still lead to a difference: chunks are left out, from half of them down to single ones. */
  minimise(difference: Difference): Difference {
    let best = difference;
    for (let size = Math.ceil(best.requests.length / 2), before = 0; size >= 1; size = Math.ceil(size / 2)) {
      for (let end = best.requests.length - 1; end > 0; end -= size) {
        const fewer = [...best.requests.slice(0, Math.max(0, end - size)), ...best.requests.slice(end)];
        const found = this.replay(fewer);
        if (found !== null) best = found;
      }
      // single ones are tried until none can be left out
      if (size === 1 && best.requests.length === before) break;
      before = best.requests.length;
    }
    return best;
  }
}

type Body = { [key: string]: unknown };

/** The same request with every generation as the model has it now. */
function withCurrentGenerations(request: HttpRequest, { database }: HttpPlacement): HttpRequest {
  const { path, body } = request;
  if (body === null || !/generation"/.test(body)) return request;
  let sent: unknown;
  try {
    sent = JSON.parse(body);
  } catch {
    return request;
  }
  const [, kind, uuid = ''] = path.split('/');
  if (kind === 'resource_providers') ofProvider(uuid, sent);
  else if (kind === 'allocations' && uuid !== '') ofConsumer(uuid, sent);
  else if (kind === 'allocations') each(sent, ofConsumer);
  else if (isBody(sent)) {
    each(sent.inventories, ofProvider);
    each(sent.allocations, ofConsumer);
  }
  return { ...request, body: JSON.stringify(sent) };

  function each(of: unknown, set: (uuid: string, body: unknown) => void): void {
    if (isBody(of)) for (const [key, value] of Object.entries(of)) set(key, value);
  }
  function ofProvider(of: string, entry: unknown): void {
    const row = database.provider(of);
    if (row !== undefined && isBody(entry) && 'resource_provider_generation' in entry) {
      entry.resource_provider_generation = database.generation(row);
    }
  }
  function ofConsumer(of: string, entry: unknown): void {
    if (!isBody(entry) || !('consumer_generation' in entry)) return;
    const row = database.consumer(of);
    entry.consumer_generation = row === undefined ? null : database.store.consumers[row.id]!.generation;
  }
}

const isBody = (value: unknown): value is Body => typeof value === 'object' && value !== null && !Array.isArray(value);
