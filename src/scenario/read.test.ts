import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyScenario, someScenario } from './any-scenario.ts';
import { checkScenario, readScenario } from './read.ts';
import { scenarioSchema } from './scenario.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The sentence about `someScenario` with the value at `path` replaced, or taken away where it is undefined. */
function said(path: string, value: unknown): string {
  const scenario: unknown = someScenario();
  const steps = path.split('.');
  const last = steps.pop()!;
  let at = scenario as Record<string, unknown>;
  for (const step of steps) at = at[step] as Record<string, unknown>;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return sentence(JSON.stringify(scenario));
}

function sentence(text: string): string {
  const reading = readScenario(text, 'case.json');
  if (reading.ok) throw new Error('this scenario is accepted');
  return reading.error;
}

test('a scenario is read as it was written', () => {
  fc.assert(
    fc.property(anyScenario, (scenario) => {
      expect(readScenario(JSON.stringify(scenario), 'case.json')).toStrictEqual({ ok: true, value: scenario });
    }),
  );
});

test('a byte order mark is no reason to refuse', () => {
  expect(readScenario(`\ufeff${JSON.stringify(someScenario())}\n`, 'x').ok).toBe(true);
});

describe('texts that are no JSON', () => {
  test.each([
    ['nothing', '', 'case.json: this is empty; a scenario is a JSON object'],
    ['white space', ' \n', 'case.json: this is empty; a scenario is a JSON object'],
    ['prose', 'hello', 'case.json: this is not JSON: Unexpected token \'h\', "hello"'],
    [
      'a cut file',
      '{"version": 1,\n ',
      'case.json: this is not JSON: Expected double-quoted property name in line 2, column 2',
    ],
    ['another cut', '{"version":', 'case.json: this is not JSON: Unexpected end of JSON input'],
    [
      'a mistake',
      '{"version": 1,\n  x}',
      'case.json: this is not JSON: Expected double-quoted property name in line 2, column 3',
    ],
  ])('%s', (_what, text, expected) => {
    expect(sentence(text)).toBe(expected);
  });

  test('nesting without end', () => {
    expect(sentence('['.repeat(2_000_000))).toBe('case.json: this is not JSON: Unexpected end of JSON input');
    expect(sentence(`${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`)).toBe(
      'case.json: the scenario is a list of 1 entry; it must be an object with version, cloud, options, operations, faults, holds',
    );
  });

  test('more than 2 MB, in characters or in bytes', () => {
    const expected = 'case.json: this is larger than 2 MB, the most that a scenario may have';
    expect(sentence(' '.repeat(2 * 1024 * 1024 + 1))).toBe(expected);
    expect(sentence(`"${'ü'.repeat(1024 * 1024)}"`)).toBe(expected);
  });

  test('the place is made printable', () => {
    const reading = readScenario('', 'a\u001b[31m\n.json');
    expect(reading).toEqual({ ok: false, error: 'a\\u001B[31m\\n.json: this is empty; a scenario is a JSON object' });
  });
});

describe('JSON that is no scenario', () => {
  test('of the wrong kind', () => {
    expect(`\n${['null', '3', '"x"', 'true', '[1,2]', '{}'].map(sentence).join('\n')}\n`).toMatchInlineSnapshot(`
      "
      case.json: the scenario is null; it must be an object with version, cloud, options, operations, faults, holds
      case.json: the scenario is 3; it must be an object with version, cloud, options, operations, faults, holds
      case.json: the scenario is "x"; it must be an object with version, cloud, options, operations, faults, holds
      case.json: the scenario is true; it must be an object with version, cloud, options, operations, faults, holds
      case.json: the scenario is a list of 2 entries; it must be an object with version, cloud, options, operations, faults, holds
      case.json: version is missing; it must be 1
      "
    `);
  });

  test('of another version', () => {
    expect(sentence('{"version": 2, "clouds": []}')).toMatchInlineSnapshot(
      `"case.json: version is 2; this claimcheck reads scenarios of version 1 only"`,
    );
  });

  test('of a version that is no number', () => {
    expect(said('version', '1')).toMatchInlineSnapshot(`"case.json: version is "1"; it must be 1"`);
  });

  test('a missing key', () => {
    expect(said('operations.0.flavor', undefined)).toMatchInlineSnapshot(
      `"case.json: operations[0].flavor is missing; it must be a text of 1 to 255 characters"`,
    );
  });

  test('an unknown key is named rather than the one it was to be', () => {
    const boot = { operation: 'boot', server: 'web', flavour: 'm1.small' };
    expect(said('operations.0', boot)).toMatchInlineSnapshot(
      `"case.json: operations[0] has the unknown key "flavour"; the keys allowed are operation, server, flavor, host, volume_backed, min_kbps"`,
    );
  });

  test('an unknown key is made printable', () => {
    expect(said('cloud.a\nb', 1)).toMatchInlineSnapshot(
      `"case.json: cloud has the unknown key "a\\nb"; the keys allowed are hosts, flavors"`,
    );
  });

  test('an unknown operation', () => {
    expect(said('operations.3', { operation: 'pause', server: 'web' })).toMatchInlineSnapshot(
      `"case.json: operations[3].operation is "pause"; it must be one of boot, resize, cold_migrate, confirm, revert, live_migrate, abort_live_migration, evacuate, shelve, shelve_offload, unshelve, rebuild, delete, stop, start, hard_reboot, detach_interface, reset_state, audit, poll_unconfirmed_resizes, cleanup_incomplete_migrations, set_inventory, crash, restart, force_down, delete_service, lose_host, recover, settle, placement_audit, heal_allocations, delete_allocations, edit_row"`,
    );
  });

  test('an operation without a name', () => {
    expect(said('operations.3.operation', undefined)).toMatchInlineSnapshot(
      `"case.json: operations[3].operation is missing; it must be one of boot, resize, cold_migrate, confirm, revert, live_migrate, abort_live_migration, evacuate, shelve, shelve_offload, unshelve, rebuild, delete, stop, start, hard_reboot, detach_interface, reset_state, audit, poll_unconfirmed_resizes, cleanup_incomplete_migrations, set_inventory, crash, restart, force_down, delete_service, lose_host, recover, settle, placement_audit, heal_allocations, delete_allocations, edit_row"`,
    );
  });

  test('an operation that is no object', () => {
    expect(said('operations.3', 'settle')).toMatchInlineSnapshot(
      `"case.json: operations[3] is "settle"; it must be an object"`,
    );
  });

  test.each([
    ['cloud.hosts', [], 'cloud.hosts is a list of 0 entries; it must be a list of 1 to 32 entries'],
    ['cloud.hosts', {}, 'cloud.hosts is an object; it must be a list of 1 to 32 entries'],
    ['operations', Array(201).fill(0), 'operations is a list of 201 entries; it must be a list of at most 200 entries'],
    ['cloud.hosts.1.traits', 'X', 'cloud.hosts[1].traits is "X"; it must be a list'],
    [
      'cloud.hosts.1.traits',
      ['X', 'x'],
      'cloud.hosts[1].traits[1] is "x"; it must be a text of 1 to 255 characters out of A-Z, 0-9 and _',
    ],
    ['cloud.hosts.0.inventories', [], 'cloud.hosts[0].inventories is a list of 0 entries; it must be an object'],
    [
      'cloud.hosts.0.inventories.vcpu',
      {},
      'cloud.hosts[0].inventories has the key "vcpu"; a key must be a text of 1 to 255 characters out of A-Z, 0-9 and _',
    ],
    [
      'cloud.hosts.0.inventories.VCPU',
      4,
      'cloud.hosts[0].inventories.VCPU is 4; it must be an object with total, reserved, min_unit, max_unit, step_size, allocation_ratio',
    ],
    [
      'cloud.hosts.0.inventories.VCPU.total',
      0,
      'cloud.hosts[0].inventories.VCPU.total is 0; it must be a whole number from 1 to 2147483647',
    ],
    [
      'cloud.hosts.0.inventories.VCPU.reserved',
      1.5,
      'cloud.hosts[0].inventories.VCPU.reserved is 1.5; it must be a whole number from 0 to 2147483647',
    ],
    [
      'cloud.hosts.0.inventories.VCPU.allocation_ratio',
      -1,
      'cloud.hosts[0].inventories.VCPU.allocation_ratio is -1; it must be a number from 0 to 3.5e+38',
    ],
    ['cloud.hosts.0.used', 1, 'cloud.hosts[0].used is 1; it must be an object'],
    [
      'cloud.hosts.0.used',
      { VCPU: 0 },
      'cloud.hosts[0].used.VCPU is 0; it must be a whole number from 1 to 2147483647',
    ],
    [
      'cloud.hosts.1.used',
      { VCPU: 1, VGPU: 1 },
      'cloud.hosts[1].used has the key "VGPU", of which the host has no inventory; a class in use must have one',
    ],
    ['cloud.flavors.2.name', '', 'cloud.flavors[2].name is ""; it must be a text of 1 to 255 characters'],
    [
      'cloud.flavors.2.name',
      'x'.repeat(256),
      `cloud.flavors[2].name is "${'x'.repeat(30)}…${'x'.repeat(29)}" (256 characters); it must be a text of 1 to 255 characters`,
    ],
    ['cloud.flavors.2.properties.hw:x', 3, 'cloud.flavors[2].properties["hw:x"] is 3; it must be a text'],
    ['cloud.flavors.2.ram', null, 'cloud.flavors[2].ram is null; it must be a whole number from 1 to 2147483647'],
    ['options.max_attempts', 11, 'options.max_attempts is 11; it must be a whole number from 1 to 10'],
    [
      'options.allow_resize_to_same_host',
      'yes',
      'options.allow_resize_to_same_host is "yes"; it must be true or false',
    ],
    ['operations.0.host', 3, 'operations[0].host is 3; it must be a text of 1 to 255 characters'],
    [
      'operations.0',
      { operation: 'reset_state', server: 'a', state: 'x' },
      'operations[0].state is "x"; it must be one of active, error',
    ],
    [
      'faults.0.kind',
      '\u001b',
      'faults[0].kind is "\\u001B"; it must be one of error-before, error-after, fault-rollback, unavailable, build-abort, refused, lost, late, doubled, timeout-before, timeout-after, timeout-during, reply-lost, conflict, provider-conflict, html-before, html-after, placement-crash, crash-before, crash-after, unknown-node',
    ],
    ['holds.0.nth', 100, 'holds[0].nth is 100; it must be a whole number from 1 to 99'],
  ])('%s: %j', (path, value, expected) => {
    expect(said(path, value)).toBe(`case.json: ${expected}`);
  });

  test('of many faults the first', () => {
    expect(sentence('{"version":1,"cloud":{"hosts":3},"operations":7}')).toMatchInlineSnapshot(
      `"case.json: cloud.hosts is 3; it must be a list of 1 to 32 entries"`,
    );
  });

  test('a million faults cost no more than one', () => {
    expect(said('cloud.hosts.0.traits', Array(900_000).fill(0))).toMatchInlineSnapshot(
      `"case.json: cloud.hosts[0].traits[0] is 0; it must be a text of 1 to 255 characters out of A-Z, 0-9 and _"`,
    );
  });
});

describe('keys that could poison an object', () => {
  const text = JSON.stringify(someScenario());
  test.each([
    ['"properties":{', '"x"', '', 'cloud.flavors[0].properties has the key "__proto__", which no object may have'],
    [
      '"inventories":{',
      '{"total":1}',
      ',',
      'cloud.hosts[0].inventories has the key "__proto__", which no object may have',
    ],
    [
      '{',
      '{}',
      ',',
      'the scenario has the unknown key "__proto__"; the keys allowed are version, cloud, options, operations, faults, holds',
    ],
    [
      '"operations":[{',
      '{"host":"h1"}',
      ',',
      'operations[0] has the unknown key "__proto__"; the keys allowed are operation, server, flavor, host, volume_backed, min_kbps',
    ],
  ])('__proto__ after %s', (opening, value, comma, expected) => {
    const poisoned = text.replace(opening, `${opening}"__proto__":${value}${comma}`);
    expect(sentence(poisoned)).toBe(`case.json: ${expected}`);
  });

  test('other names of Object.prototype are plain keys', () => {
    const scenario = someScenario();
    scenario.cloud.flavors[0]!.properties = { constructor: 'a', toString: 'b', hasOwnProperty: 'c' };
    expect(readScenario(JSON.stringify(scenario), 'x')).toStrictEqual({ ok: true, value: scenario });
  });

  test('an operation does not take its name from Object.prototype', () => {
    expect(sentence(text.replace('"operation":"confirm"', '"operation":"constructor"'))).toMatchInlineSnapshot(
      `"case.json: operations[4].operation is "constructor"; it must be one of boot, resize, cold_migrate, confirm, revert, live_migrate, abort_live_migration, evacuate, shelve, shelve_offload, unshelve, rebuild, delete, stop, start, hard_reboot, detach_interface, reset_state, audit, poll_unconfirmed_resizes, cleanup_incomplete_migrations, set_inventory, crash, restart, force_down, delete_service, lose_host, recover, settle, placement_audit, heal_allocations, delete_allocations, edit_row"`,
    );
  });
});

describe('scenarios that contradict themselves', () => {
  test.each([
    [
      'two hosts of one name',
      'cloud.hosts.2.name',
      'compute-1',
      'cloud.hosts[2].name is "compute-1", the name of cloud.hosts[0] already; no two hosts may have one name',
    ],
    [
      'two flavors of one name',
      'cloud.flavors.1.name',
      'm1.small',
      'cloud.flavors[1].name is "m1.small", the name of cloud.flavors[0] already; no two flavors may have one name',
    ],
    [
      'two boots of one server',
      'operations.4',
      { operation: 'boot', server: 'web', flavor: 'm1.small' },
      'operations[4].server is "web", which operations[0] boots already; a server is booted once only',
    ],
    [
      'a fault in no operation',
      'faults.1.operation',
      5,
      'faults[1].operation is 5; it must be the index of an operation, 0 to 4',
    ],
    [
      'a hold in no operation',
      'holds.0.operation',
      999,
      'holds[0].operation is 999; it must be the index of an operation, 0 to 4',
    ],
    [
      'a hold until its own operation',
      'holds.0.until',
      1,
      'holds[0].until is 1; it must be the index of an operation after 1, which it holds: 2 to 4',
    ],
    [
      'a hold until an earlier operation',
      'holds.0.until',
      0,
      'holds[0].until is 0; it must be the index of an operation after 1, which it holds: 2 to 4',
    ],
    [
      'a hold until no operation',
      'holds.0.until',
      5,
      'holds[0].until is 5; it must be the index of an operation after 1, which it holds: 2 to 4',
    ],
    [
      'a hold of the last operation',
      'holds.0.operation',
      4,
      'holds[0].until is 2, but no operation comes after 4, which it holds',
    ],
    ['faults without operations', 'operations', [], 'faults[0].operation is 1, but there are no operations'],
  ])('%s', (_what, path, value, expected) => {
    expect(said(path, value)).toBe(`case.json: ${expected}`);
  });
});

/** The scenario with `replacement` in the place of one of its values. */
function mutated(value: Json, path: readonly number[], replacement: Json): Json {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null) return replacement;
  const keys = Object.keys(value);
  if (keys.length === 0) return replacement;
  const key = keys[step % keys.length]!;
  if (Array.isArray(value)) {
    return value.map((entry, index) => (String(index) === key ? mutated(entry, rest, replacement) : entry));
  }
  return { ...value, [key]: mutated(value[key]!, rest, replacement) };
}

test('any value is refused in one short sentence, or fits the schema', () => {
  const replacement = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('boot', 'VCPU', 0, 1, '', null, [], {}));
  fc.assert(
    fc.property(anyScenario, fc.array(fc.nat(40), { maxLength: 6 }), replacement, (scenario, path, value) => {
      const changed = mutated(JSON.parse(JSON.stringify(scenario)) as Json, path, value as Json);
      const reading = checkScenario(changed, 'case.json');
      if (reading.ok) expect(scenarioSchema.safeParse(changed).data).toStrictEqual(reading.value);
      else expect(reading.error).toMatch(/^case\.json: [^\p{Cc}\p{Cs}]{1,900}$/u);
    }),
    { numRuns: 2000 },
  );
});

test('what the schema refuses is refused', () => {
  fc.assert(
    fc.property(anyScenario, fc.array(fc.nat(40), { maxLength: 6 }), fc.jsonValue(), (scenario, path, value) => {
      const changed = mutated(JSON.parse(JSON.stringify(scenario)) as Json, path, value as Json);
      fc.pre(!scenarioSchema.safeParse(changed).success);
      expect(checkScenario(changed, 'case.json').ok).toBe(false);
    }),
  );
});

test('any text is refused or read, and nothing is thrown', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
      expect(readScenario(text, 'case.json').ok).toBe(false);
    }),
  );
});
