/**
 * How long it takes to find a bug of Placement that no move of Nova's shows: random requests to the model as it is and to the
 * model with the defect, until they are answered differently.
 */
import seedrandom from 'seedrandom';
import type { HttpRequest, HttpResponse } from '../../placement/http/message.ts';
import { BEGAN, HttpPlacement } from '../../placement/http/placement.ts';
import { PLACEMENT_RULES, type PlacementRules } from '../../placement/server.ts';
import { PLACEMENT_RELEASES } from '../../scenario/scenario.ts';
import { type Difference, Differential, EMPTY } from './differential.ts';
import { CrowdedWalk, LENGTH } from './walk.ts';

/** The model, in the place of a real server. */
function modelled(): { exchange(request: HttpRequest): HttpResponse } {
  const surroundings = { madeUuid: () => '00000000-0000-4000-8000-000000000000', now: () => 'now' };
  const fresh = (): HttpPlacement => new HttpPlacement(PLACEMENT_RELEASES.newest, surroundings);
  let placement = fresh();
  return {
    exchange(request) {
      if (request.path !== `/claimcheck/database/${EMPTY}`) {
        return placement.serve({ ...request, headers: { 'x-auth-token': 'admin', ...request.headers } });
      }
      placement = fresh();
      return { status: 204, headers: {}, body: '' };
    },
  };
}

export interface PlacementHunt {
  readonly found: boolean;
  readonly cpuSeconds: number;
  readonly requests: number;
  /** requests of the shortest walk that shows it, those that set up providers left out */
  readonly length: number;
  /** walks played to find that */
  readonly executions: number;
  /** the law that the wrong answer breaks */
  readonly invariant: string;
  readonly form: string;
}

/** @param giveUp CPU seconds after which it is given up */
export function huntInPlacement(rules: Partial<PlacementRules>, seed: string, giveUp: number): PlacementHunt {
  // a request that is refused either way does no harm
  const both = new Differential(
    modelled(),
    PLACEMENT_RELEASES.newest,
    { ...PLACEMENT_RULES, ...rules },
    (wrong, right) => wrong.status < 300 || right.status < 300,
  );
  const began = process.cpuUsage();
  const cpuSeconds = (): number => {
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1e6;
  };
  let requests = 0;
  for (let k = 0; cpuSeconds() < giveUp; k++) {
    both.reset();
    const walk = new CrowdedWalk(seedrandom(`${seed} / hunt / ${k}`), both.model);
    for (let n = 0; n < LENGTH; n++) {
      requests++;
      const difference = both.ask(walk.next());
      if (difference === null) continue;
      const spent = cpuSeconds();
      const replays = both.replays;
      const minimal = inTurn(both, both.minimise(difference));
      // what another request ran into counts, whatever it was
      const told = minimal.requests.filter(
        ({ request }, k) => !setsUp(request) || minimal.requests[k + 1]?.request.headers[BEGAN] !== undefined,
      );
      return {
        found: true,
        cpuSeconds: spent,
        requests,
        length: told.length,
        executions: both.replays - replays,
        invariant: lawOf(minimal),
        form: told
          .map(({ request: { method, path } }) => `${method} ${path.replace(/[0-9a-f-]{36}/g, '{uuid}')}`)
          .join(', '),
      };
    }
  }
  return { found: false, cpuSeconds: cpuSeconds(), requests, length: 0, executions: 0, invariant: '', form: '' };
}

/** The same, with none of the requests at once that might as well have come one after the other. */
function inTurn(both: Differential, difference: Difference): Difference {
  let best = difference;
  for (let k = 0; k < best.requests.length; k++) {
    const one = best.requests[k]!;
    const { [BEGAN]: began, ...headers } = one.request.headers;
    if (began === undefined) continue;
    const found = both.replay(best.requests.with(k, { ...one, request: { ...one.request, headers } }));
    if (found !== null && found.requests.length === best.requests.length) best = found;
  }
  return best;
}

const setsUp = ({ method, path }: HttpRequest): boolean =>
  method !== 'GET' && (path.startsWith('/resource_') || path.startsWith('/traits'));

/** What the wrong answer, which is the model's here, does to the right one. */
function lawOf({ model: wrong, real: right }: Difference): string {
  if (right.status < 300 && wrong.status >= 400) return 'no-spurious-refusal';
  if (right.status === 409 && wrong.status < 300) return 'capacity-respected';
  return 'generation-honesty';
}
