/** Where Nova and the model differ in one scenario: operation by operation, and when all has come to rest. */
import type { OperationPicture, Picture } from '../../observation/picture.ts';
import type { Play } from '../target.ts';
import type { NovaPlay } from './harness.ts';

export interface Difference {
  /** index of the operation after which it shows; null: after settle */
  readonly operation: number | null;
  /** `instances.s1.vm_state`, `allocations.s1/migration-1.h1.VCPU`, `outcome`, `fired` */
  readonly what: string;
  readonly model: unknown;
  readonly nova: unknown;
}

/** All of them at the first place where there are any. */
export function firstDifferences(model: Play, nova: NovaPlay): readonly Difference[] {
  for (const [k, step] of model.steps.entries()) {
    const other = nova.steps[k]!;
    const found = [
      ...leaves(outcomeOf(step.operation), outcomeOf(other.operation)),
      ...leaves(byName(step.picture), byName(other.picture)),
    ];
    if (found.length > 0) return found.map((one) => ({ operation: k, ...one }));
  }
  const found = leaves(byName(model.settledPicture), byName(nova.settled));
  const struck = leaves({ fired: model.fired, held: model.held }, { fired: nova.fired, held: nova.held });
  return [...found, ...struck].map((one) => ({ operation: null, ...one }));
}

const outcomeOf = ({ outcome, http, exit_code, processed }: OperationPicture): unknown => ({
  outcome,
  http,
  exit_code,
  processed,
});

/** Lists as tables by name, so that a difference has one. */
function byName({ instances, migrations, ...rest }: Picture): unknown {
  return {
    instances: Object.fromEntries(
      instances.map(({ server, deleted, guests, running, backups, ...row }) => [
        server,
        // nobody can see what a deleted row says, and the model leaves the tasks of a build out
        {
          deleted,
          guests,
          running,
          backups,
          ...(deleted ? {} : row),
          ...(row.vm_state === 'building' ? { task_state: null } : {}),
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
