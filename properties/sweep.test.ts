/**
 * Not by chance but one by one: every failure point of resize, confirm and revert under the rollback protocol, struck with
 * every kind of fault that fits it. Where a point is on a way that only something gone wrong takes, that goes wrong first.
 */
import {
  CONTRACTS,
  type Code,
  compile,
  type Fault,
  findDefect,
  kindsFor,
  type Operation,
  PROTOCOLS,
  tryScenario,
} from 'claimcheck';
import { expect, test } from 'vitest';
import { at, scenario } from './moves.ts';

const rollback = compile(PROTOCOLS.rollback);
const ofMoves =
  /^(api\.(resize|confirm_resize|revert_resize)|conductor\.(?!build|schedule|recover)\w+|scheduler\.\w+|compute\.(\w*resize|resize_instance|\w*_guest))$/;
const points = rollback.points.filter(({ handlers }) => [...handlers].some((id) => ofMoves.test(id)));
const pairOf = (point: string, kind: string): string => `${point} ${kind}`;
const pairs = points.flatMap(({ id, step }) => kindsFor(step).map((kind) => ({ point: id, kind })));

const boot: Operation = { operation: 'boot', server: 's1', flavor: 'm1', host: 'h1' };
const resize: Operation = { operation: 'resize', server: 's1', flavor: 'm2' };
const recover: readonly Operation[] = ['h1', 'h2', 'h3'].map((host) => ({ operation: 'audit', host }));
const shrink: readonly Operation[] = ['h2', 'h3'].map((host) => ({
  operation: 'set_inventory',
  host,
  resource_class: 'VCPU',
  inventory: { total: 64, reserved: 0, min_unit: 1, max_unit: 1, step_size: 1, allocation_ratio: 1 },
}));

/** What a user does, and the index of the operation that is struck. */
interface Story {
  readonly operations: readonly Operation[];
  readonly struck: number;
  readonly sameHost?: boolean;
}

const stories: readonly Story[] = [
  { operations: [boot, resize, ...recover], struck: 1 },
  { operations: [boot, resize, ...recover], struck: 1, sameHost: true },
  { operations: [boot, { operation: 'cold_migrate', server: 's1' }, ...recover], struck: 1 },
  { operations: [boot, resize, { operation: 'confirm', server: 's1' }, ...recover], struck: 2 },
  { operations: [boot, resize, { operation: 'revert', server: 's1' }, ...recover], struck: 2 },
  // the operator takes back what the new flavor needs: the confirm is refused and can be asked for again
  {
    operations: [boot, resize, ...shrink, { operation: 'confirm', server: 's1' }, ...recover],
    struck: 2 + shrink.length,
  },
];

interface Swept {
  /** pairs of point and kind that struck as the only fault */
  readonly alone: ReadonlySet<string>;
  /** and those that struck alone or after another */
  readonly fired: ReadonlySet<string>;
  readonly broken: readonly string[];
}

function sweep(code: Code): Swept {
  const broken: string[] = [];
  const tell = (story: Story, faults: readonly Fault[]): { reached: readonly string[]; struck: boolean } => {
    const options = { allow_resize_to_same_host: story.sameHost === true };
    const { run, violations } = tryScenario(code, CONTRACTS.strict, scenario(3, story.operations, faults, options));
    const what = faults.map(({ point, kind }) => pairOf(point, kind)).join(', ');
    broken.push(...violations.map(({ signature }) => `${what}: ${signature}`));
    return {
      reached: code.points.filter(({ index }) => run.reached[index]! > 0).map(({ id }) => id),
      struck: run.world.faults.every((one) => one.fired > 0),
    };
  };

  const fired = new Set<string>();
  const detours: { readonly story: Story; readonly first: Fault; readonly reached: ReadonlySet<string> }[] = [];
  for (const story of stories) {
    const usual = new Set(tell(story, []).reached);
    for (const pair of pairs) {
      const first = at(story.struck, pair);
      const { struck, reached } = tell(story, [first]);
      if (!struck) continue;
      fired.add(pairOf(pair.point, pair.kind));
      const more = reached.filter((point) => !usual.has(point));
      if (more.length > 0) detours.push({ story, first, reached: new Set(more) });
    }
  }
  const alone = new Set(fired);
  for (const { story, first, reached } of detours) {
    for (const pair of pairs) {
      if (fired.has(pairOf(pair.point, pair.kind)) || !reached.has(pair.point)) continue;
      // where on the way the detour is taken: within the operation, or as the audits recover it
      for (let operation = story.struck; operation < story.operations.length; operation++) {
        if (tell(story, [first, at(operation, pair)]).struck) fired.add(pairOf(pair.point, pair.kind));
      }
    }
  }
  return { alone, fired, broken };
}

const { alone, fired, broken } = sweep(rollback);

test('every point is struck with every kind that fits it', () => {
  expect(pairs.map(({ point, kind }) => pairOf(point, kind)).filter((pair) => !fired.has(pair))).toEqual([]);
});

test('most of them alone', () => {
  expect(pairs.length).toBeGreaterThan(400);
  expect(alone.size / pairs.length).toBeGreaterThan(0.7);
});

test('and whatever strikes, every law holds', () => {
  expect(broken).toEqual([]);
});

test.each([
  'rollback-commit-in-two-saves',
  'rollback-revert-leaves-the-guest',
  'rollback-undo-keeps-the-claim',
  'rollback-confirm-never-reopens',
])('with %s they do not', (id) => {
  expect(sweep(compile(PROTOCOLS.rollback, [findDefect(id)!])).broken).not.toEqual([]);
});
