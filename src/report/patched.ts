/** What a patch of Nova changed, for people and as JSON. */
import { createColors } from 'picocolors';
import {
  EFFECTS,
  type Effect,
  effectOfPair,
  type Pair,
  type ServerEffect,
  type SignatureEffect,
} from '../campaign/patched.ts';
import { printable } from '../scenario/printable.ts';
import type { Departure } from '../targets/nova/conform.ts';
import { describeInPicture } from './nova-story.ts';
import { table } from './tables.ts';

export interface Names {
  readonly release: string;
  readonly checkout: string;
}

const value = (one: unknown): string => (one === undefined ? '-' : printable(JSON.stringify(one)));
const laws = (judged: ServerEffect['release']): string =>
  judged === null || judged.broken.size === 0 ? '-' : [...judged.broken.keys()].join(', ');

/** Where the two first did not do the same, and how the servers of which that is true ended. */
export function pairLines(pair: Pair, names: Names, color: boolean): string[] {
  const { departures, servers, scenario } = pair;
  const [first] = departures;
  if (first === undefined) return [`${names.checkout} did the same as ${names.release}, step by step.`];
  const at = first.operation === null ? 'after settle' : `after operation ${first.operation + 1}`;
  const rows = departures.map(({ what, release, checkout }) => [printable(what), value(release), value(checkout)]);
  const ends = servers.flatMap(({ server }) => {
    const [then, now] = [pair.release, pair.checkout].map(({ settled }) =>
      describeInPicture(scenario, settled, server),
    );
    return then === now ? [] : [[printable(server), then!, now!]];
  });
  return [
    `${names.checkout} first does something else ${at}:`,
    '',
    table(['', names.release, names.checkout], rows, { color }),
    ...(ends.length === 0
      ? ['', 'All have come to rest alike.']
      : ['', 'They have come to rest', '', table(['', names.release, names.checkout], ends, { color })]),
  ];
}

/** Which laws each breaks of which server; nothing where neither breaks any. */
export function lawLines({ servers }: Pair, names: Names, color: boolean): string[] {
  const rows = servers.flatMap((one) =>
    one.effect === null ? [] : [[one.effect, printable(one.server), laws(one.release), laws(one.checkout)]],
  );
  if (rows.length === 0) return [];
  return [table(['', 'server', `broken by ${names.release}`, `by ${names.checkout}`], rows, { color, width: 120 })];
}

export function signatureLines(effects: readonly SignatureEffect[], sign: (signature: string) => string): string[] {
  return EFFECTS.flatMap((effect) => {
    const of = effects.filter((one) => one.effect === effect);
    return of.map(({ signature }) => `${effect}: ${sign(signature)}`);
  });
}

/** Pairs that show the same: so often, and one of them. */
export interface Kind {
  readonly effect: Effect;
  readonly release: string;
  readonly checkout: string;
  readonly example: Pair;
  times: number;
}

export class Kinds {
  readonly kinds = new Map<string, Kind>();
  played = 0;
  unchanged = 0;

  add(pair: Pair): void {
    this.played++;
    if (pair.departures.length === 0) this.unchanged++;
    const seen = pair.servers.filter(({ effect }) => effect !== null);
    for (const { effect, release, checkout } of seen) {
      this.count(pair, effect!, laws(release), laws(checkout));
    }
    if (seen.length === 0 && effectOfPair(pair) === 'new') {
      const { operation, what } = pair.departures[0]!;
      const where = operation === null ? 'settle' : `${pair.scenario.operations[operation]!.operation}`;
      this.count(pair, 'new', '-', `no law, but ${kindOfLeaf(what)} is another after ${where}`);
    }
  }

  private count(example: Pair, effect: Effect, release: string, checkout: string): void {
    const key = [effect, release, checkout].join('|');
    const kind = this.kinds.get(key) ?? { effect, release, checkout, example, times: 0 };
    kind.times++;
    this.kinds.set(key, kind);
  }

  /** The worst first, then the most. */
  ordered(): readonly Kind[] {
    return [...this.kinds.values()].sort(
      (a, b) => EFFECTS.indexOf(a.effect) - EFFECTS.indexOf(b.effect) || b.times - a.times,
    );
  }

  lines(names: Names, color: boolean, replayLine: (pair: Pair) => string): string[] {
    const { played, unchanged } = this;
    const kinds = this.ordered();
    const rows = kinds.map(({ effect, times, release, checkout }) => [effect, String(times), release, checkout]);
    const news = kinds.filter(({ effect }) => effect === 'new');
    return [
      `${played} generated scenarios on both: in ${unchanged} ${names.checkout} does the same as ${names.release}, step by step.`,
      ...(rows.length === 0
        ? []
        : [
            '',
            table(['', 'servers', `broken by ${names.release}`, `by ${names.checkout}`], rows, { color, width: 140 }),
          ]),
      ...news.flatMap(({ example }, k) => [
        ...(k === 0 ? ['', 'One of each that is new:'] : []),
        `  ${replayLine(example)}`,
      ]),
    ];
  }
}

const kindOfLeaf = (what: string): string => {
  const names = what.split('.');
  return names.length === 1 ? what : `${names[0]} ... ${printable(names.at(-1)!)}`;
};

/** Of findings: so many of each, then each. */
export function findingLines(
  effects: readonly SignatureEffect[],
  color: boolean,
  sign: (signature: string) => string,
): string[] {
  const paint = createColors(color);
  const counted = EFFECTS.flatMap((effect) => {
    const times = effects.filter((one) => one.effect === effect).length;
    return times === 0 ? [] : [`${times} ${effect}`];
  });
  return [
    `${effects.length} findings of the release on both: ${counted.length === 0 ? 'none' : counted.join(', ')}.`,
    ...signatureLines(effects, sign).map((line) => `  ${line.startsWith('fixed') ? paint.green(line) : line}`),
  ];
}

const judgedJson = (judged: ServerEffect['release']): object | null =>
  judged === null ? null : { broken: Object.fromEntries(judged.broken), end_state: judged.endState };

const departureJson = ({ operation, what, release, checkout }: Departure): object => ({
  operation,
  what,
  release: release ?? null,
  checkout: checkout ?? null,
});

export function pairJson(pair: Pair): object {
  return {
    effect: effectOfPair(pair),
    servers: pair.servers.map(({ server, effect, release, checkout }) => ({
      server,
      effect,
      release: judgedJson(release),
      checkout: judgedJson(checkout),
    })),
    differences: pair.departures.map(departureJson),
  };
}

export const signatureJson = ({ signature, effect, server, pair }: SignatureEffect): object => ({
  signature,
  effect,
  server,
  ...(pairJson(pair) as { servers: unknown; differences: unknown }),
  scenario: pair.scenario,
});
