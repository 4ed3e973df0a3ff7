import { expect, test } from 'vitest';
import { someScenario } from './any-scenario.ts';
import { renderFault, renderHold, renderOperation, renderScenario } from './render.ts';
import type { Operation } from './scenario.ts';

const inventory = { total: 4, reserved: 0, min_unit: 1, max_unit: 4, step_size: 1, allocation_ratio: 1.5 };

const OPERATIONS: Operation[] = [
  { operation: 'boot', server: 's1', flavor: 'm1.small' },
  { operation: 'boot', server: 's1', flavor: 'm1.small', host: 'h1', volume_backed: true },
  { operation: 'boot', server: 's1', flavor: 'm1.small', volume_backed: false },
  { operation: 'resize', server: 's1', flavor: 'm1.large' },
  { operation: 'cold_migrate', server: 's1' },
  { operation: 'cold_migrate', server: 's1', host: 'h2' },
  { operation: 'confirm', server: 's1' },
  { operation: 'revert', server: 's1' },
  { operation: 'delete', server: 's1' },
  { operation: 'stop', server: 's1' },
  { operation: 'start', server: 's1' },
  { operation: 'hard_reboot', server: 's1' },
  { operation: 'reset_state', server: 's1', state: 'error' },
  { operation: 'audit', host: 'h1' },
  { operation: 'poll_unconfirmed_resizes', host: 'h1' },
  { operation: 'cleanup_incomplete_migrations', host: 'h1' },
  { operation: 'set_inventory', host: 'h1', resource_class: 'VCPU', inventory },
  { operation: 'crash', service: 'h2' },
  { operation: 'restart', service: 'conductor' },
  { operation: 'settle' },
  { operation: 'placement_audit' },
  { operation: 'placement_audit', delete: true, host: 'h1' },
  { operation: 'heal_allocations' },
  { operation: 'heal_allocations', server: 's1', force: true },
  { operation: 'delete_allocations', server: 's1', of: 'migration' },
  { operation: 'edit_row', server: 's1', host: 'h2', migration_status: 'error' },
];

test('operations in Nova’s words', () => {
  expect(`\n${OPERATIONS.map(renderOperation).join('\n')}\n`).toMatchInlineSnapshot(`
    "
    boot s1 m1.small
    boot s1 m1.small on h1 (volume-backed)
    boot s1 m1.small
    resize s1 to m1.large
    cold_migrate s1
    cold_migrate s1 to h2
    confirm s1
    revert s1
    delete s1
    stop s1
    start s1
    hard_reboot s1
    reset_state s1 to error
    audit h1
    poll_unconfirmed_resizes h1
    cleanup_incomplete_migrations h1
    set_inventory h1 VCPU total=4 reserved=0 min_unit=1 max_unit=4 step_size=1 allocation_ratio=1.5
    crash h2
    restart conductor
    settle
    placement_audit
    placement_audit --delete h1
    heal_allocations
    heal_allocations --force s1
    delete_allocations of migration s1
    edit_row s1 host=h2 migration.status=error
    "
  `);
});

test('names in operations are made printable', () => {
  const name = 'a\n\u001b[31m';
  const operations: Operation[] = [
    { operation: 'boot', server: name, flavor: name, host: name },
    { operation: 'resize', server: name, flavor: name },
    { operation: 'cold_migrate', server: name, host: name },
    { operation: 'reset_state', server: name, state: 'active' },
    { operation: 'delete', server: name },
    { operation: 'audit', host: name },
    { operation: 'set_inventory', host: name, resource_class: name, inventory },
    { operation: 'crash', service: name },
  ];
  expect(`\n${operations.map(renderOperation).join('\n')}\n`).toMatchInlineSnapshot(`
    "
    boot a\\n\\u001B[31m a\\n\\u001B[31m on a\\n\\u001B[31m
    resize a\\n\\u001B[31m to a\\n\\u001B[31m
    cold_migrate a\\n\\u001B[31m to a\\n\\u001B[31m
    reset_state a\\n\\u001B[31m to active
    delete a\\n\\u001B[31m
    audit a\\n\\u001B[31m
    set_inventory a\\n\\u001B[31m a\\n\\u001B[31m total=4 reserved=0 min_unit=1 max_unit=4 step_size=1 allocation_ratio=1.5
    crash a\\n\\u001B[31m
    "
  `);
});

test('a fault says which visit and how many', () => {
  const fault = { operation: 3, point: 'finish.driver', kind: 'error-before', nth: 1, times: 1 } as const;
  expect([
    renderFault(fault),
    renderFault({ ...fault, nth: 2 }),
    renderFault({ ...fault, times: 3 }),
    renderFault({ ...fault, nth: 23, times: 2 }),
    renderFault({ ...fault, nth: 3, point: 'a\nb' }),
    renderFault({ ...fault, nth: 11 }),
  ]).toMatchInlineSnapshot(`
    [
      "finish.driver error-before",
      "finish.driver error-before (2nd time)",
      "finish.driver error-before x3",
      "finish.driver error-before (23rd time) x2",
      "a\\nb error-before (3rd time)",
      "finish.driver error-before (11th time)",
    ]
  `);
});

test('a fault alone names its operation', () => {
  const fault = { operation: 3, point: 'finish.driver', kind: 'error-before', nth: 2, times: 1 } as const;
  expect(renderFault(fault, OPERATIONS)).toMatchInlineSnapshot(
    `"finish.driver error-before (2nd time) in resize s1 to m1.large"`,
  );
});

test('a hold counts operations from 1', () => {
  const hold = { operation: 3, point: 'src.flip-host', nth: 1, until: 6 };
  expect([
    renderHold(hold),
    renderHold({ ...hold, nth: 2 }),
    renderHold({ ...hold, point: 'a\nb' }),
  ]).toMatchInlineSnapshot(`
    [
      "hold at src.flip-host until operation 7",
      "hold at src.flip-host (2nd time) until operation 7",
      "hold at a\\nb until operation 7",
    ]
  `);
});

test('a hold alone names both operations', () => {
  const hold = { operation: 3, point: 'src.flip-host', nth: 1, until: 6 };
  expect(renderHold(hold, OPERATIONS)).toMatchInlineSnapshot(
    `"hold at src.flip-host in resize s1 to m1.large until operation 7: confirm s1"`,
  );
});

test('a scenario, faults and holds beneath their operations', () => {
  expect(`\n${renderScenario(someScenario()).join('\n')}\n`).toMatchInlineSnapshot(`
    "
    1  boot web m1.small
    2  resize web to m1.large
         ! finish.driver error-before
         ~ hold at src.flip-host until operation 3
    3  crash compute-2
    4  restart compute-2
    5  confirm web
         ! confirm.delete-alloc timeout-after (2nd time) x3
    "
  `);
});

test('numbers stand in one column', () => {
  const operations: Operation[] = Array.from({ length: 10 }, () => ({ operation: 'settle' }));
  const lines = renderScenario({ ...someScenario(), operations, faults: [] });
  expect(`\n${lines.join('\n')}\n`).toMatchInlineSnapshot(`
    "
     1  settle
     2  settle
          ~ hold at src.flip-host until operation 3
     3  settle
     4  settle
     5  settle
     6  settle
     7  settle
     8  settle
     9  settle
    10  settle
    "
  `);
});
