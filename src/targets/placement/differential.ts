/** One request to two Placements: the model and a real server. */
import type { HttpRequest, HttpResponse } from '../../placement/http/message.ts';
import { HttpPlacement } from '../../placement/http/placement.ts';
import { type Comparable, comparable, isSame } from './compare.ts';
import { KNOWN_DIFFERENCES } from './known-differences.ts';
import type { Wire } from './wire.ts';

export interface Difference {
  /** what was asked since the database was empty; the last one is answered differently */
  readonly requests: readonly HttpRequest[];
  readonly model: Comparable;
  readonly real: Comparable;
}

const EMPTY = 'empty';

export class Differential {
  model: HttpPlacement;
  /** since the last reset */
  readonly requests: HttpRequest[] = [];
  /** how often a difference was met that is on the list, by its id */
  readonly known = new Map<string, number>();
  private readonly wire: Wire;
  private readonly release: number;
  /** what the real server called a provider that came without a uuid */
  private madeUuid = '';

  /** The server must be one that claimcheck started, and nothing may be in it. */
  constructor(wire: Wire, release: number) {
    this.wire = wire;
    this.release = release;
    this.model = this.freshModel();
    this.copy('keep');
  }

  private freshModel(): HttpPlacement {
    return new HttpPlacement(this.release, { madeUuid: () => this.madeUuid, now: () => 'now' });
  }

  private copy(what: 'keep' | 'restore'): void {
    this.wire.exchange({ method: 'PUT', path: `/claimcheck/database/${EMPTY}`, headers: {}, body: what });
  }

  /** Empties both. */
  reset(): void {
    this.copy('restore');
    this.model = this.freshModel();
    this.requests.length = 0;
  }

  /** Asks both. */
  ask(request: HttpRequest): Difference | null {
    this.requests.push(request);
    const answered = this.wire.exchange(request);
    this.madeUuid = answered.headers.location?.split('/').at(-1) ?? '';
    const real = comparable(request, answered);
    const model = comparable(request, this.askModel(request));
    if (isSame(model, real)) return null;
    const known = KNOWN_DIFFERENCES.find((one) => one.fits({ request, model, real, release: this.release }));
    if (known === undefined) return { requests: [...this.requests], model, real };
    this.known.set(known.id, (this.known.get(known.id) ?? 0) + 1);
    return null;
  }

  private askModel(request: HttpRequest): HttpResponse {
    return this.model.serve({ ...request, headers: { 'x-auth-token': 'admin', ...request.headers } });
  }

  /** Asks for all of them from an empty database. The first difference, or null. */
  replay(requests: readonly HttpRequest[]): Difference | null {
    this.reset();
    for (const request of requests) {
      const difference = this.ask(request);
      if (difference !== null) return difference;
    }
    return null;
  }

  /** The fewest requests that still lead to a difference: chunks are left out, from half of them down to single ones. */
  minimise(difference: Difference): Difference {
    let best = difference;
    for (let size = Math.ceil(best.requests.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let start = best.requests.length - 1 - size; start > -size; start -= size) {
        const from = Math.max(0, start);
        const fewer = [...best.requests.slice(0, from), ...best.requests.slice(start + size)];
        const found = this.replay(fewer);
        if (found !== null) best = found;
      }
    }
    return best;
  }
}
