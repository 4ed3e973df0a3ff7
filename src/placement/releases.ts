/** What Placement did otherwise before 16.0.0, and where it depends on its database. */

/** What a store is told of the release that it plays. */
export interface ReleaseRules {
  overCapacityRewrite: boolean;
}

export interface PlacementChange {
  /** the first release that does it; null for what depends on the database in all of them */
  readonly since: number | null;
  readonly title: string;
  readonly placement: readonly string[];
  /** null where the model does not carry it, for the reason that `note` gives */
  readonly before: Partial<ReleaseRules> | null;
  readonly note: string;
}

const NEWEST: ReleaseRules = { overCapacityRewrite: true };

/** Nothing else that Nova asks for differs between 8.0.0 and 16.0.0. */
export const PLACEMENT_CHANGES: readonly PlacementChange[] = [
  {
    since: 14,
    title:
      'A write may leave usage above capacity if it does not raise it (bug 2104040); before, it was refused, so that nothing could be moved off a host whose inventory had shrunk.',
    placement: ['placement/objects/allocation.py:_check_capacity_exceeded'],
    before: { overCapacityRewrite: false },
    note: '',
  },
  {
    since: null,
    title:
      'MySQL and MariaDB keep allocation_ratio in single precision: at the exact boundary candidates and writes may disagree.',
    placement: ['placement/db/sqlalchemy/models.py:Inventory'],
    before: null,
    note: 'the model computes in doubles, as SQLite and PostgreSQL do',
  },
  {
    since: null,
    title: 'PostgreSQL may answer one of two requests that make the same consumer at the same moment with 500.',
    placement: ['placement/handlers/util.py:ensure_consumer'],
    before: null,
    note: 'the model serves one request after the other; a scenario may let any fail with error-before',
  },
];

export function releaseRules(release: number): ReleaseRules {
  const rules = { ...NEWEST };
  for (const { since, before } of PLACEMENT_CHANGES) {
    if (since !== null && since > release) Object.assign(rules, before);
  }
  return rules;
}
