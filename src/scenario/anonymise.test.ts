import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anonymise, anonymiseCloud } from './anonymise.ts';
import { anyScenario, someScenario } from './any-scenario.ts';
import { checkScenario } from './read.ts';
import type { Scenario } from './scenario.ts';

/** A scenario in which everything that can bear a name bears one of the operator's. */
function telling(): Scenario {
  const scenario = someScenario();
  const [first, second] = scenario.cloud.hosts;
  const inventory = first!.inventories.VCPU!;
  first!.name = 'rack1.acme.example';
  first!.inventories = { ...first!.inventories, CUSTOM_ACME_LICENCE: inventory, ACME: inventory };
  first!.traits = ['HW_CPU_X86_AVX2', 'CUSTOM_ACME_GOLD', 'COMPUTE_SAME_HOST_COLD_MIGRATE'];
  first!.used = { VCPU: 3, CUSTOM_ACME_LICENCE: 1, ACME: 2 };
  second!.name = '<img src=x onerror=alert(1)>';
  second!.traits = ['CUSTOM_ACME_SILVER', 'CUSTOM_ACME_GOLD'];
  scenario.cloud.flavors[0]!.name = 'acme.tiny';
  scenario.cloud.flavors[0]!.properties = {
    'resources:CUSTOM_ACME_LICENCE': '1',
    'resources:VCPU': ' 2 ',
    'resources:CUSTOM_acme': '1',
    'resources:VGPU': 'acme',
    'resources_ACME:VCPU': '1',
    'trait:CUSTOM_ACME_GOLD': 'required',
    'trait:acme gold': 'forbidden',
    'trait:HW_CPU_X86_AVX2': 'as acme likes',
    'pci_passthrough:alias': 'acme-gpu:1',
    'acme:owner': 'Jane of acme',
    'acme:deputy': 'Jane of acme',
    'hw:cpu_policy': 'shared',
  };
  scenario.operations = [
    { operation: 'boot', server: 'acme-web', flavor: 'acme.tiny', host: 'rack1.acme.example' },
    { operation: 'resize', server: 'acme-web', flavor: 'acme.gone' },
    { operation: 'cold_migrate', server: 'acme-db', host: 'rack9.acme.example' },
    { operation: 'crash', service: 'rack1.acme.example' },
    { operation: 'restart', service: 'conductor' },
    { operation: 'restart', service: 'acme-conductor' },
    { operation: 'audit', host: 'api' },
    {
      operation: 'set_inventory',
      host: 'rack1.acme.example',
      resource_class: 'CUSTOM_ACME_LICENCE',
      inventory,
    },
  ];
  return scenario;
}

test('names go, what decides stays', () => {
  const { cloud, operations } = anonymise(telling());
  const { hosts, flavors } = cloud;
  expect({
    hosts: hosts.map(({ name, inventories, traits, used }) => ({
      name,
      classes: Object.keys(inventories).join(' '),
      traits: traits.join(' '),
      ...(used === undefined ? {} : { used }),
    })),
    flavors: flavors.map(({ name, properties }) => ({ name, properties })),
    operations: operations.map((op) => JSON.stringify(op)),
  }).toMatchInlineSnapshot(`
    {
      "flavors": [
        {
          "name": "m1",
          "properties": {
            "property-1": "value-1",
            "property-2": "value-1",
            "property-3": "value-4",
            "property-4": "value-5",
            "property-5": "value-5",
            "property-6": "value-6",
            "resources:CUSTOM_CLASS_1": "1",
            "resources:VCPU": " 2 ",
            "resources:VGPU": "value-2",
            "trait:CUSTOM_TRAIT_1": "required",
            "trait:CUSTOM_TRAIT_3": "forbidden",
            "trait:HW_CPU_X86_AVX2": "value-3",
          },
        },
        {
          "name": "m2",
          "properties": {},
        },
        {
          "name": "m3",
          "properties": {},
        },
      ],
      "hosts": [
        {
          "classes": "VCPU MEMORY_MB DISK_GB CUSTOM_CLASS_1 CLASS_1",
          "name": "h1",
          "traits": "HW_CPU_X86_AVX2 CUSTOM_TRAIT_1 COMPUTE_SAME_HOST_COLD_MIGRATE",
          "used": {
            "CLASS_1": 2,
            "CUSTOM_CLASS_1": 1,
            "VCPU": 3,
          },
        },
        {
          "classes": "VCPU MEMORY_MB DISK_GB",
          "name": "h2",
          "traits": "CUSTOM_TRAIT_2 CUSTOM_TRAIT_1",
        },
        {
          "classes": "VCPU MEMORY_MB DISK_GB",
          "name": "h3",
          "traits": "",
        },
      ],
      "operations": [
        "{"operation":"boot","server":"s1","flavor":"m1","host":"h1"}",
        "{"operation":"resize","server":"s1","flavor":"none1"}",
        "{"operation":"cold_migrate","server":"s2","host":"none1"}",
        "{"operation":"crash","service":"h1"}",
        "{"operation":"restart","service":"conductor"}",
        "{"operation":"restart","service":"none2"}",
        "{"operation":"audit","host":"none3"}",
        "{"operation":"set_inventory","host":"h1","resource_class":"CUSTOM_CLASS_1","inventory":{"total":8,"reserved":0,"min_unit":1,"max_unit":8,"step_size":1,"allocation_ratio":4}}",
      ],
    }
  `);
});

describe('of any scenario', () => {
  test('nothing of the telling one is left', () => {
    expect(JSON.stringify(anonymise(telling()))).not.toMatch(/acme|rack|img|jane/i);
  });
  test('it is a scenario, with the same numbers in the same places', () => {
    const numbers = (value: unknown): string => JSON.stringify(value).replace(/"(?:[^"\\]|\\.)*"/g, '""');
    fc.assert(
      fc.property(anyScenario, (scenario) => {
        const anonymous = anonymise(scenario);
        expect(checkScenario(anonymous, 'it')).toEqual({ ok: true, value: anonymous });
        expect(numbers(anonymous)).toBe(numbers(scenario));
        expect(anonymise(anonymous)).toEqual(anonymous);
        expect(anonymiseCloud(scenario.cloud)).toEqual(anonymous.cloud);
        expect(anonymise(structuredClone(scenario))).toEqual(anonymous);
      }),
    );
  });
  test('names are told apart as before', () => {
    const pattern = (list: readonly string[]): number[] => list.map((name) => list.indexOf(name));
    fc.assert(
      fc.property(anyScenario, (scenario) => {
        const anonymous = anonymise(scenario);
        for (const of of [
          ({ operations }: Scenario) =>
            operations.flatMap((op) => ('server' in op && op.server !== undefined ? [op.server] : [])),
          ({ cloud, operations }: Scenario) => [
            ...cloud.flavors.map(({ name }) => name),
            ...operations.flatMap((op) => ('flavor' in op ? [op.flavor] : [])),
          ],
          ({ cloud }: Scenario) => cloud.hosts.flatMap(({ inventories }) => Object.keys(inventories)),
          ({ cloud }: Scenario) => cloud.hosts.flatMap(({ traits }) => traits),
        ]) {
          expect(pattern(of(anonymous))).toEqual(pattern(of(scenario)));
        }
      }),
    );
  });
});
