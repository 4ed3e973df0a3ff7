/** Where Nova and the model differ in one scenario: operation by operation, and when all has come to rest. */
import type { OperationPicture, Picture } from '../../observation/picture.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import type { Play } from '../target.ts';
import type { NovaPlay } from './harness.ts';
import { KNOWN_DIFFERENCES } from './known-differences.ts';

export interface Difference {
  /** index of the operation after which it shows; null: after settle */
  readonly operation: number | null;
  /** `instances.s1.vm_state`, `allocations.s1/migration-1.h1.VCPU`, `outcome`, `fired.0` */
  readonly what: string;
  readonly model: unknown;
  readonly nova: unknown;
}

/** `instances.s1.vm_state` and `instances.s2.vm_state` are one kind. */
export function kindOf({ what }: Difference): string {
  const names = what.split('.');
  return `${names[0]} ... ${names.at(-1)}`;
}

export interface Comparison {
  /** all of them at the first place where there is one that is not listed */
  readonly differences: readonly Difference[];
  /** entries of the list that were met on the way there */
  readonly listed: ReadonlySet<string>;
}

export function compare(scenario: Scenario, model: Play, nova: NovaPlay): Comparison {
  const listed = new Set<string>();
  const unlisted = (operation: number | null, ours: unknown, theirs: unknown): Difference[] =>
    leaves(ours, theirs).flatMap((leaf) => {
      const difference = { operation, ...leaf };
      const known = KNOWN_DIFFERENCES.find((one) => one.fits(difference, scenario));
      if (known === undefined) return [difference];
      listed.add(known.id);
      return [];
    });
  for (const [k, step] of model.steps.entries()) {
    const differences = unlisted(k, shown(step), shown(nova.steps[k]!));
    if (differences.length > 0) return { differences, listed };
  }
  return { differences: unlisted(null, end(model.settledPicture, model), end(nova.settled, nova)), listed };
}

/** Where two Novas did not do the same; what the two show is told as JSON. */
export interface Departure {
  /** index of the operation after which it shows; null: after settle */
  readonly operation: number | null;
  readonly what: string;
  readonly release: unknown;
  readonly checkout: unknown;
}

/** All of them at the first place where there is one. */
export function departures(release: NovaPlay, checkout: NovaPlay): readonly Departure[] {
  const told = (operation: number | null, ours: unknown, theirs: unknown): Departure[] =>
    leaves(ours, theirs).map(({ what, model, nova }) => ({ operation, what, release: model, checkout: nova }));
  for (const [k, step] of release.steps.entries()) {
    const found = told(k, shown(step), shown(checkout.steps[k]!));
    if (found.length > 0) return found;
  }
  return told(null, end(release.settled, release), end(checkout.settled, checkout));
}

function end(picture: Picture, { fired, held }: Pick<Play, 'fired' | 'held'>): unknown {
  return { ...(byName(picture) as object), fired: { ...fired }, held: { ...held } };
}

function shown({ operation, picture }: { operation: OperationPicture; picture: Picture }): unknown {
  const { outcome, http, exit_code, processed } = operation;
  return { outcome, http, exit_code, processed, ...(byName(picture) as object) };
}

/** Lists as tables by name, so that a difference has one. */
function byName({ instances, migrations, ...rest }: Picture): unknown {
  return {
    instances: Object.fromEntries(
      instances.map(({ server, deleted, guests, running, backups, ...row }) => [
        server,
        {
          deleted,
          guests,
          running,
          backups,
          // nobody can see what a deleted row says, and the model leaves the tasks of a build out
          ...(deleted ? {} : row),
          ...(!deleted && row.vm_state === 'building' ? { task_state: null } : {}),
        },
      ]),
    ),
    migrations: Object.fromEntries(migrations.map(({ migration, ...row }) => [migration, row])),
    ...rest,
  };
}

function leaves(model: unknown, nova: unknown, what = ''): Omit<Difference, 'operation'>[] {
  if (isTable(model) && isTable(nova)) {
    const keys = [...new Set([...Object.keys(model), ...Object.keys(nova)])];
    return keys.flatMap((key) => leaves(model[key], nova[key], what === '' ? key : `${what}.${key}`));
  }
  return JSON.stringify(model) === JSON.stringify(nova) ? [] : [{ what, model, nova }];
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
