/** What a patch of Nova changed: one scenario on the release and on a checkout with the patch in it, both judged alike. */
import type { Contract } from '../contract/contracts.ts';
import type { Code } from '../engine/compile.ts';
import { serverNames } from '../engine/operations.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { without } from '../scenario/without.ts';
import { type Departure, departures } from '../targets/nova/conform.ts';
import type { NovaFailure, NovaPlay } from '../targets/nova/harness.ts';
import { judgeScenario } from './judge.ts';
import { type JudgedServer, judgeNova } from './judge-nova.ts';
import type { Violation } from './trial.ts';

/**
 * fixed: the release breaks laws and the checkout none. still there: the checkout breaks some of the same, and no other. new:
 * the checkout breaks a law that the release keeps, or ends otherwise where the release keeps every law. not struck: no law is
 * broken, but a fault that struck the release did not strike the checkout, so that nothing is shown. undecided: the laws in
 * question cannot be judged on what a Nova shows, and the two do not end alike.
 */
export const EFFECTS = ['new', 'still there', 'fixed', 'not struck', 'undecided'] as const;
export type Effect = (typeof EFFECTS)[number];

/** What the two made of one server. */
export interface ServerEffect {
  readonly server: string;
  /** null: neither breaks a law */
  readonly effect: Effect | null;
  readonly release: JudgedServer | null;
  readonly checkout: JudgedServer | null;
}

export interface Pair {
  readonly scenario: Scenario;
  readonly release: NovaPlay;
  readonly checkout: NovaPlay;
  /** where the two first did not do the same; empty: they did the same to the end */
  readonly departures: readonly Departure[];
  readonly servers: readonly ServerEffect[];
}

export type PlayBoth = (scenario: Scenario) => Promise<readonly [NovaPlay | NovaFailure, NovaPlay | NovaFailure]>;

export async function playPair(both: PlayBoth, contract: Contract, scenario: Scenario): Promise<Pair | NovaFailure> {
  const [release, checkout] = await both(scenario);
  if ('failed' in release) return { failed: `the release: ${release.failed}` };
  if ('failed' in checkout) return { failed: `the checkout: ${checkout.failed}` };
  const [before, after] = [judgeNova(contract, scenario, release), judgeNova(contract, scenario, checkout)];
  if ('unjudged' in before) return { failed: `the release: ${before.unjudged}` };
  if ('unjudged' in after) return { failed: `the checkout: ${after.unjudged}` };
  const unstruck = release.fired.some((fired, k) => fired && !checkout.fired[k]!);
  const servers = serverNames(scenario.operations).map((server): ServerEffect => {
    const [then, now] = [before, after].map((all) => all.find((one) => one.server === server) ?? null);
    return { server, effect: effectOf(lawsOf(then!), lawsOf(now!), unstruck), release: then!, checkout: now! };
  });
  return { scenario, release, checkout, departures: departures(release, checkout), servers };
}

const lawsOf = (judged: JudgedServer | null): readonly string[] => [...(judged?.broken.keys() ?? [])];

function effectOf(release: readonly string[], checkout: readonly string[], unstruck: boolean): Effect | null {
  if (checkout.some((law) => !release.includes(law))) return 'new';
  if (checkout.length > 0) return 'still there';
  if (release.length === 0) return null;
  return unstruck ? 'not struck' : 'fixed';
}

/** Of the whole: the worst of its servers' first; null: the two did the same, and kept every law. */
export function effectOfPair({ servers, departures: differ }: Pair): Effect | null {
  const found = EFFECTS.find((effect) => servers.some((one) => one.effect === effect));
  if (found !== undefined) return found;
  return differ.length > 0 ? 'new' : null;
}

/** What became of one violation that the model predicts of the release. */
export interface SignatureEffect {
  readonly signature: string;
  readonly effect: Effect;
  /** the scenario up to where it was seen, on both */
  readonly pair: Pair;
  readonly server: string | null;
}

/**
 * The laws are judged at rest. Where the model breaks one at rest in mid-scenario, the two Novas play what came before, and are
 * brought to rest there.
 *
 * @param whole what both made of the whole scenario, where they have played it
 */
export async function signatureEffects(
  both: PlayBoth,
  code: Code,
  contract: Contract,
  scenario: Scenario,
  wanted: (violation: Violation) => boolean,
  whole: Pair | null = null,
): Promise<readonly SignatureEffect[] | NovaFailure> {
  const pairs = new Map<number, Pair>(whole === null ? [] : [[scenario.operations.length, whole]]);
  const effects: SignatureEffect[] = [];
  for (const violation of judgeScenario(code, contract, scenario).filter(wanted)) {
    const { operation, signature, instance } = violation;
    let pair = pairs.get(operation);
    if (pair === undefined) {
      const played = await playPair(both, contract, upTo(scenario, operation));
      if ('failed' in played) return played;
      pair = played;
      pairs.set(operation, pair);
    }
    const server = serverNames(scenario.operations)[instance] ?? null;
    effects.push({ signature, effect: effectOfViolation(violation, server, pair), pair, server });
  }
  return effects;
}

function effectOfViolation({ invariants }: Violation, server: string | null, pair: Pair): Effect {
  if (pair.departures.length === 0) return 'still there';
  const one = pair.servers.find((other) => other.server === server);
  if (one?.effect === undefined || one.effect === null) return 'undecided';
  // judged on the model alone, or not shown by the release: what changed says nothing of it
  const judged = invariants.some((law) => one.release?.broken.has(law) === true);
  return judged || one.effect === 'new' ? one.effect : 'undecided';
}

function upTo(scenario: Scenario, operations: number): Scenario {
  return operations >= scenario.operations.length ? scenario : without(scenario, (_operation, k) => k >= operations);
}
