import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyScenario, someScenario } from './any-scenario.ts';
import { normalForm, scenarioKey } from './normal-form.ts';
import { checkScenario } from './read.ts';
import { renderScenario } from './render.ts';
import type { Operation, Scenario } from './scenario.ts';

/** Some cloud with these operations. */
const withOperations = (operations: Operation[]): Scenario => ({
  ...someScenario(),
  operations,
  faults: [],
  holds: [],
});
const rendered = (scenario: Scenario): string => `\n${renderScenario(normalForm(scenario)).join('\n')}\n`;

describe('names', () => {
  test('hosts keep their order, flavors take that of first use, servers that of boot', () => {
    expect(
      rendered(
        withOperations([
          { operation: 'stop', server: 'never-booted' },
          { operation: 'stop', server: 'second' },
          { operation: 'boot', server: 'first', flavor: 'm1.large', host: 'compute-3' },
          { operation: 'boot', server: 'second', flavor: 'm1.small', host: 'compute-1' },
          { operation: 'cold_migrate', server: 'first', host: 'compute-2' },
          { operation: 'crash', service: 'compute-2' },
        ]),
      ),
    ).toMatchInlineSnapshot(`
      "
      1  stop s3
      2  stop s2
      3  boot s1 m1 on h3
      4  boot s2 m2 on h1
      5  cold_migrate s1 to h2
      6  crash h2
      "
    `);
  });

  test('the cloud takes the new names, and flavors never used go', () => {
    const { cloud } = normalForm(someScenario());
    expect({ hosts: cloud.hosts.map(({ name }) => name), flavors: cloud.flavors }).toMatchInlineSnapshot(`
      {
        "flavors": [
          {
            "disk": 20,
            "ephemeral": 0,
            "name": "m1",
            "properties": {},
            "ram": 2048,
            "swap": 0,
            "vcpus": 1,
          },
          {
            "disk": 80,
            "ephemeral": 0,
            "name": "m2",
            "properties": {},
            "ram": 8192,
            "swap": 0,
            "vcpus": 4,
          },
        ],
        "hosts": [
          "h1",
          "h2",
          "h3",
        ],
      }
    `);
  });

  test('one flavor stays where none is used', () => {
    expect(normalForm(withOperations([])).cloud.flavors.map(({ name, ram }) => [name, ram])).toEqual([['m1', 2048]]);
  });

  test('services that are no hosts keep their names', () => {
    const services = ['api', 'conductor', 'scheduler', 'placement'];
    expect(
      rendered(withOperations(services.map((service) => ({ operation: 'restart', service })))),
    ).toMatchInlineSnapshot(`
      "
      1  restart api
      2  restart conductor
      3  restart scheduler
      4  restart placement
      "
    `);
  });

  test('what names nothing goes on naming nothing, even where its name would be given', () => {
    expect(
      rendered(
        withOperations([
          { operation: 'boot', server: 's2', flavor: 'm1', host: 'h1' },
          { operation: 'boot', server: 'none1', flavor: 'm2', host: 'none1' },
          { operation: 'resize', server: 's1', flavor: 'm1' },
          { operation: 'crash', service: 'h1' },
          { operation: 'audit', host: 'compute-1' },
        ]),
      ),
    ).toMatchInlineSnapshot(`
      "
      1  boot s1 none1 on none1
      2  boot s2 none2 on none2
      3  resize s3 to none1
      4  crash none1
      5  audit h1
      "
    `);
  });
});

describe('order', () => {
  test('faults by operation, point, nth, kind, times', () => {
    const fault = { operation: 0, point: 'a', kind: 'lost', nth: 1, times: 1 } as const;
    const faults = [
      { ...fault, operation: 1 },
      { ...fault, point: 'b' },
      { ...fault, nth: 10 },
      { ...fault, nth: 9 },
      { ...fault, times: 2 },
      fault,
      { ...fault, kind: 'late' } as const,
    ];
    expect(normalForm({ ...someScenario(), faults }).faults).toEqual([
      { ...fault, kind: 'late' },
      fault,
      { ...fault, times: 2 },
      { ...fault, nth: 9 },
      { ...fault, nth: 10 },
      { ...fault, point: 'b' },
      { ...fault, operation: 1 },
    ]);
  });

  test('holds by operation, point, nth, until', () => {
    const hold = { operation: 0, point: 'a', nth: 1, until: 1 };
    const holds = [
      { ...hold, operation: 1, until: 2 },
      { ...hold, point: 'b' },
      { ...hold, nth: 2 },
      { ...hold, until: 2 },
      hold,
    ];
    expect(normalForm({ ...someScenario(), holds }).holds).toEqual([...holds].reverse());
  });

  test('traits, inventories and properties', () => {
    const scenario = someScenario();
    const [host, flavor] = [scenario.cloud.hosts[0]!, scenario.cloud.flavors[0]!];
    const { VCPU, MEMORY_MB, DISK_GB } = host.inventories;
    host.inventories = { PCPU: VCPU!, DISK_GB: DISK_GB!, CUSTOM_X: VCPU!, VCPU: VCPU!, MEMORY_MB: MEMORY_MB! };
    host.traits = ['HW_B', 'CUSTOM_A', 'HW_A'];
    host.used = { CUSTOM_X: 1, VCPU: 2 };
    scenario.cloud.hosts[1]!.used = {};
    flavor.properties = { b: '1', a: '2' };
    const { cloud } = normalForm(scenario);
    expect([
      Object.keys(cloud.hosts[0]!.inventories),
      cloud.hosts.map(({ used }) => JSON.stringify(used)),
      cloud.hosts[0]!.traits,
      Object.keys(cloud.flavors[0]!.properties),
    ]).toEqual([
      ['VCPU', 'MEMORY_MB', 'DISK_GB', 'CUSTOM_X', 'PCPU'],
      ['{"VCPU":2,"CUSTOM_X":1}', undefined, undefined],
      ['CUSTOM_A', 'HW_A', 'HW_B'],
      ['a', 'b'],
    ]);
  });
});

test('optional keys that say nothing are absent', () => {
  const { operations } = normalForm(
    withOperations([
      { operation: 'boot', server: 'a', flavor: 'm1.small', host: undefined, volume_backed: false },
      { operation: 'boot', server: 'b', flavor: 'm1.small', volume_backed: true },
      { operation: 'cold_migrate', server: 'a', host: undefined },
    ]),
  );
  expect(operations).toStrictEqual([
    { operation: 'boot', server: 's1', flavor: 'm1' },
    { operation: 'boot', server: 's2', flavor: 'm1', volume_backed: true },
    { operation: 'cold_migrate', server: 's1' },
  ]);
});

test('the normal form of a normal form is itself, to the order of keys', () => {
  fc.assert(
    fc.property(anyScenario, (scenario) => {
      const normal = normalForm(scenario);
      expect(JSON.stringify(normalForm(normal))).toBe(JSON.stringify(normal));
    }),
  );
});

test('the normal form is a scenario', () => {
  fc.assert(
    fc.property(anyScenario, (scenario) => {
      const normal = normalForm(scenario);
      expect(checkScenario(normal, 'x')).toStrictEqual({ ok: true, value: normal });
    }),
  );
});

/** What names are to an engine: which entry each one finds, if any, and which are the same. */
function references(scenario: Scenario): unknown {
  const { hosts, flavors } = scenario.cloud;
  const services = ['api', 'conductor', 'scheduler', 'placement'];
  const strangers: string[] = [];
  const stranger = (kind: string, name: string): string => {
    const id = `${kind} ${name}`;
    if (!strangers.includes(id)) strangers.push(id);
    return `stranger ${strangers.indexOf(id)}`;
  };
  const host = (name: string) => {
    const at = hosts.findIndex((entry) => entry.name === name);
    return at < 0 ? stranger('host', name) : at;
  };
  const flavor = (name: string) => {
    const { name: _, ...amounts } = flavors.find((entry) => entry.name === name) ?? { name };
    return 'ram' in amounts ? amounts : stranger('flavor', name);
  };
  return scenario.operations.map((op) => [
    op.operation,
    'server' in op && op.server !== undefined ? stranger('server', op.server) : null,
    'flavor' in op ? flavor(op.flavor) : null,
    'host' in op && op.host !== undefined ? host(op.host) : null,
    'service' in op ? (services.includes(op.service) ? op.service : host(op.service)) : null,
  ]);
}

test('every name finds what it found before', () => {
  fc.assert(
    fc.property(anyScenario, (scenario) => {
      expect(references(normalForm(scenario))).toEqual(references(scenario));
    }),
  );
});

describe('scenarioKey', () => {
  test('is one for scenarios that differ in names and in unordered things', () => {
    const scenario = someScenario();
    const { hosts, flavors } = scenario.cloud;
    const text = JSON.stringify({
      holds: scenario.holds,
      faults: [...scenario.faults].reverse(),
      operations: scenario.operations,
      options: Object.fromEntries(Object.entries(scenario.options).reverse()),
      cloud: { flavors: [...flavors].reverse(), hosts },
      version: 1,
    });
    const other = JSON.parse(
      text.replaceAll('compute-', 'node').replaceAll('"web"', '"db"').replaceAll('m1.', 'x'),
    ) as Scenario;
    expect(scenarioKey(other)).toBe(scenarioKey(scenario));
  });

  test('differs where an amount differs', () => {
    const other = someScenario();
    other.cloud.flavors[2]!.ram++;
    expect(scenarioKey(other)).not.toBe(scenarioKey(someScenario()));
  });

  test('differs where the order of hosts differs', () => {
    const scenario = someScenario();
    scenario.cloud.hosts[0]!.traits = ['CUSTOM_A'];
    const other = structuredClone(scenario);
    other.cloud.hosts.reverse();
    expect(scenarioKey(other)).not.toBe(scenarioKey(scenario));
  });
});
