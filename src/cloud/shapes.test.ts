/** One cloud through other versions of the client, and what of flavors and providers is left out. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEVSTACK_1, folder, SAMPLES, sample } from './folder.fixture.ts';
import { type ImportedCloud, readCloud } from './read-cloud.ts';

function cloudOf(dir: string): ImportedCloud {
  const reading = readCloud(dir);
  if (!reading.ok) throw new Error(reading.error);
  return reading.cloud;
}

const HOSTS_MADE_UP = 'there is no providers.json: hosts are made up';
const BIGVM =
  '1 of 4 flavors asks for a resource class that made-up hosts do not have; it is left out: m5.96xlarge (CUSTOM_BIGVM)';
const SHORT =
  '4 of 4 flavors are printed without --long: their swap is taken as 0, their properties as none: plain, 512MB Standard Instance, m5.96xlarge, …';

describe('flavor lists', () => {
  it.each([
    ['flavor-list-long', [BIGVM], 512],
    ['flavor-list-long@2.104', [BIGVM], 512],
    ['flavor-list-long.osc5.4', [BIGVM], 512],
    ['flavor-list-long.osc3.19', [BIGVM], 512],
    ['flavor-list', [SHORT], 0],
    ['flavor-list.osc3.19', [SHORT], 0],
  ])('%s', (shape, notes, swap) => {
    const cloud = cloudOf(folder({ 'flavors.json': sample(`shapes/${shape}.json`) }));
    expect(cloud.notes).toEqual([HOSTS_MADE_UP, ...notes]);
    expect(cloud.flavors.map((flavor) => flavor.swap)).toEqual(notes[0] === SHORT ? [0, 0, 0, 0] : [0, swap, 0]);
  });

  it.each([
    ["resources:CUSTOM_A='2', trait:CUSTOM_B='required'", { 'resources:CUSTOM_A': '2', 'trait:CUSTOM_B': 'required' }],
    ["a='1/4,3/4, 1', resources:CUSTOM_A='2'", { 'resources:CUSTOM_A': '2' }],
    ["a='b=c', resources:CUSTOM_A='', trait:CUSTOM_B='forbidden'", { 'trait:CUSTOM_B': 'forbidden' }],
    ['', {}],
  ])('old properties %j', (Properties, properties) => {
    const cloud = cloudOf(ofFlavor({ Properties }));
    expect(cloud.flavors[0]?.properties).toEqual(properties);
    expect(cloud.notes).toEqual([]);
  });

  it.each([
    ["a='it's', resources:VCPU='2'"],
    ["a='b', zz='c', resources:VCPU='2'"],
    ["a='b', a='b', resources:VCPU='2'"],
  ])('old properties that can be read in several ways: %j', (Properties) => {
    const cloud = cloudOf(ofFlavor({ Properties }));
    expect(cloud.flavors[0]?.properties).toEqual({ 'resources:VCPU': '2' });
    expect(cloud.notes).toEqual([
      "1 of 1 flavors has properties in the old form k='v' that can be read in several ways: it is given the most properties: f",
    ]);
  });

  it('half a --long', () => {
    const { Swap: _, ...noSwap } = FLAVOR;
    const { Properties: __, ...noProperties } = FLAVOR;
    const rows = [FLAVOR, { ...noSwap, ID: '2', Name: 'g' }, { ...noProperties, ID: '3', Name: 'h' }];
    expect(cloudOf(folder({ 'flavors.json': JSON.stringify(rows) })).notes).toEqual([
      HOSTS_MADE_UP,
      '1 of 3 flavors has no Swap: it is taken as 0: g',
      '1 of 3 flavors has no Properties: none are assumed: h',
    ]);
  });
});

const FLAVOR = { ID: '1', Name: 'f', RAM: 64, Disk: 1, Ephemeral: 0, VCPUs: 1, Swap: 0, Properties: {} };
const RECORD = { allocation_ratio: 1, min_unit: 1, max_unit: 9, reserved: 0, step_size: 1, total: 9, used: 0 };
const HOST = '11111111-2222-3333-4444-555555555555';

/** A cloud of one flavor and one host that has VCPU, MEMORY_MB, DISK_GB and CUSTOM_A, and trait CUSTOM_B. */
function ofFlavor(change: object): string {
  const inventory = ['VCPU', 'MEMORY_MB', 'DISK_GB', 'CUSTOM_A'].map((resource_class) => ({
    resource_class,
    ...RECORD,
  }));
  return folder({
    'flavors.json': JSON.stringify([{ ...FLAVOR, ...change }]),
    'providers.json': JSON.stringify([{ uuid: HOST, name: 'h', root_provider_uuid: HOST, parent_provider_uuid: null }]),
    [`inventories/${HOST}.json`]: JSON.stringify(inventory),
    [`traits/${HOST}.json`]: JSON.stringify([{ name: 'CUSTOM_B' }]),
  });
}

describe('properties', () => {
  it.each([
    [{ 'resources:VCPU': ' 1_000 ' }, { 'resources:VCPU': '1000' }],
    [{ 'resources:VCPU': '+5' }, { 'resources:VCPU': '5' }],
    [{ 'resources:VCPU': '-0' }, { 'resources:VCPU': '0' }],
    [{ 'resources:VCPU': '1e3', 'resources:MEMORY_MB': '-1', 'resources:DISK_GB': 'many' }, {}],
    [{ 'resources:FOO': '1', 'resources:vcpu': '1', 'resources:': '1' }, {}],
    [{ 'trait:CUSTOM_B': 'a\nb', 'trait:CUSTOM_C': 'forbidden' }, { 'trait:CUSTOM_C': 'forbidden' }],
    [{ 'hw:cpu_policy': 'shared', 'hw:mem_encryption': 'false', 'hw:numa_nodes': '2', group_policy: 'none' }, {}],
    [JSON.parse('{"__proto__": "x", "resources:CUSTOM_A": "0"}'), { 'resources:CUSTOM_A': '0' }],
  ])('%j', (Properties, properties) => {
    const cloud = cloudOf(ofFlavor({ Properties }));
    expect(cloud.flavors[0]?.properties).toEqual(properties);
    expect(cloud.notes).toEqual([]);
  });

  const carried = 'which the model does not carry; it is left out';
  it.each([
    [{ 'hw:cpu_policy': 'dedicated' }, 'asks for a resource class that no host has; it is left out: f (PCPU)'],
    [{ 'hw:cpu_policy': 'mixed' }, `asks for CPUs of which some are dedicated (hw:cpu_policy), ${carried}: f`],
    [
      { 'hw:cpu_policy': 'dedicated', 'resources:PCPU': '1' },
      `asks for dedicated CPUs twice (hw:cpu_policy beside resources:VCPU or resources:PCPU), ${carried}: f`,
    ],
    [
      { 'hw:cpu_policy': 'dedicated', 'hw:cpu_thread_policy': 'isolate' },
      `asks for dedicated CPUs by thread (hw:cpu_thread_policy, hw:emulator_threads_policy), ${carried}: f`,
    ],
    [{ 'pci_passthrough:alias': 'a1:2' }, `asks for PCI devices (pci_passthrough:alias), ${carried}: f`],
    [{ 'accel:device_profile': 'p' }, `asks for accelerators (accel:device_profile), ${carried}: f`],
    [{ 'hw:pmem': '6GB' }, `asks for persistent memory (hw:pmem), ${carried}: f`],
    [{ 'hw:mem_encryption': 'True' }, `asks for encrypted memory (hw:mem_encryption), ${carried}: f`],
    [{ 'resources1:VCPU': '1' }, `asks for granular groups (resources1:, trait1: and the like), ${carried}: f`],
    [
      { 'trait_GPU:CUSTOM_B': 'required' },
      `asks for granular groups (resources1:, trait1: and the like), ${carried}: f`,
    ],
    [{ 'resources:VCPU': '2147483648' }, `asks for more than 2147483647 of a resource class, ${carried}: f`],
    [{ 'resources:VGPU': '1' }, 'asks for a resource class that no host has; it is left out: f (VGPU)'],
    [{ 'trait:CUSTOM_C': 'required' }, 'requires a trait that no host has; it is left out: f (CUSTOM_C)'],
  ])('%j leave the flavor out', (Properties, note) => {
    expect(readCloud(ofFlavor({ Properties }))).toEqual({
      ok: false,
      error: `flavors.json has no flavor that the model carries: 1 of 1 flavors ${note}`,
    });
  });

  it('leave out a flavor whose name no scenario can hold', () => {
    const rows = [FLAVOR, { ...FLAVOR, ID: '2', Name: '🚀'.repeat(200) }];
    const cloud = cloudOf(folder({ 'flavors.json': JSON.stringify(rows) }));
    expect(cloud.flavors).toHaveLength(1);
    expect(cloud.notes[1]).toMatch(
      /^1 of 2 flavors has a name too long for a scenario \(255 UTF-16 units\); it is left out/,
    );
  });
});

describe('provider lists', () => {
  it.each(['provider-list', 'provider-list@1.39'])('%s', (shape) => {
    const cloud = cloudOf(folder({ 'providers.json': sample(`shapes/${shape}.json`) }, 'devstack'));
    expect(cloud.hosts).toHaveLength(2);
    expect(cloud.notes).toEqual([]);
  });

  it.each(['provider-list@1.0', 'provider-list.oscp1.7', 'provider-list.oscp2.2'])('%s', (shape) => {
    const cloud = cloudOf(folder({ 'providers.json': sample(`shapes/${shape}.json`) }, 'devstack'));
    expect(cloud.hosts).toHaveLength(2);
    expect(cloud.notes).toEqual([
      '2 of 2 providers are printed without their parents (by an old client or API version) and are taken as roots: devstack-1, devstack-2',
    ]);
  });

  it('without hosts', () => {
    const cloud = cloudOf(folder({ 'providers.json': '[]' }, 'devstack'));
    expect(cloud.notes).toEqual(['providers.json lists no provider: hosts are made up']);
  });

  it('an error text', () => {
    const dir = folder({ 'providers.json': sample('shapes/provider-list@1.36.error.txt') }, 'devstack');
    expect(readCloud(dir)).toEqual({
      ok: false,
      error:
        'providers.json is not JSON, it begins with "placement API version 1.36 is … 1.28, 1.29, 1.37, 1.38, 1.39"; save what `openstack resource provider list -f json` prints',
    });
  });

  it('providers that are no hosts, and a disabled host', () => {
    const uuid = (n: number): string => HOST.replace(/5$/, String(n));
    const names = ['api', '🚀'.repeat(150), 'segment', 'off', 'bare'];
    const row = (resource_class: string): string => JSON.stringify([{ resource_class, ...RECORD }]);
    const dir = folder({
      'flavors.json': JSON.stringify([{ ...FLAVOR, Disk: 0, Properties: { 'resources:MEMORY_MB': '0' } }]),
      'providers.json': JSON.stringify(names.map((name, n) => ({ uuid: uuid(n), name, parent_provider_uuid: null }))),
      [`inventories/${uuid(2)}.json`]: row('IPV4_ADDRESS'),
      [`inventories/${uuid(3)}.json`]: row('VCPU'),
      [`traits/${uuid(3)}.json`]: JSON.stringify([{ name: 'COMPUTE_STATUS_DISABLED' }]),
      [`inventories/${uuid(4)}.json`]: row('CUSTOM_BAREMETAL'),
    });
    const cloud = cloudOf(dir);
    expect(cloud.hosts.map((host) => host.name)).toEqual(['off', 'bare']);
    expect(cloud.notes).toMatchInlineSnapshot(`
      [
        "1 of 5 providers has a name too long for a scenario (255 UTF-16 units); it is left out: 🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀…🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀",
        "1 of 5 providers bears the name that a scenario gives to a service; it is left out: api",
        "1 of 5 providers has neither CPUs nor memory nor a custom class and is no compute host; it is left out: segment",
        "1 of 2 hosts has no file in traits/: it is taken to have no traits: bare",
        "1 of 2 hosts is disabled (COMPUTE_STATUS_DISABLED), which the model does not carry: servers are put there as anywhere: off",
      ]
    `);
  });
});

describe('inventory lists', () => {
  const SHAPES = ['inventory-list', 'inventory-list@1.0', 'inventory-list.oscp1.7', 'inventory-list.oscp2.2'];
  it.each(SHAPES)('%s', (shape) => {
    const cloud = cloudOf(folder({ [`inventories/${DEVSTACK_1}.json`]: sample(`shapes/${shape}.json`) }, 'devstack'));
    expect(cloud).toEqual(cloudOf(folder({}, 'devstack')));
  });
});

describe('what is in use', () => {
  const INVENTORY = `inventories/${DEVSTACK_1}.json`;
  const USAGES = `usages/${DEVSTACK_1}.json`;
  const old = sample('shapes/inventory-list.oscp2.2.json');
  const printed = (rows: readonly object[]): string => JSON.stringify(rows);
  const usedOf = (files: Parameters<typeof folder>[0], without?: string): object => {
    const dir = folder(files, 'devstack');
    if (without !== undefined) rmSync(join(dir, without));
    const { hosts, notes } = cloudOf(dir);
    return { used: hosts[0]?.used, notes };
  };
  const AS_PRINTED = { VCPU: 1, MEMORY_MB: 512, DISK_GB: 1 };

  it('stands in the inventory that newer clients print', () => {
    expect(usedOf({}, USAGES)).toEqual({ used: AS_PRINTED, notes: [] });
  });
  it('or in usages/, for older ones', () => {
    expect(usedOf({ [INVENTORY]: old })).toEqual({ used: AS_PRINTED, notes: [] });
  });
  it('or nowhere', () => {
    expect(usedOf({ [INVENTORY]: old }, USAGES)).toEqual({
      used: undefined,
      notes: [
        '1 of 2 hosts has neither `used` in its inventory (old clients print none) nor a file in usages/: it is taken as empty: devstack-1',
      ],
    });
  });
  it('goes by the inventory where both differ, for that is of one moment', () => {
    const usage = (resource_class: string, amount: number) => ({ resource_class, usage: amount });
    const note =
      '1 of 2 hosts has a file in usages/ that says otherwise than its inventory, which is taken: devstack-1';
    for (const rows of [
      [usage('VCPU', 2), usage('MEMORY_MB', 512), usage('DISK_GB', 1)],
      [usage('VCPU', 1)],
      [usage('VCPU', 1), usage('MEMORY_MB', 512), usage('DISK_GB', 1), usage('VGPU', 1)],
    ]) {
      expect(usedOf({ [USAGES]: printed(rows) })).toEqual({ used: AS_PRINTED, notes: [note] });
    }
  });
  it('may be more than the capacity', () => {
    const rows = [{ ...RECORD, resource_class: 'VCPU', used: 10 }];
    expect(usedOf({ [INVENTORY]: printed(rows) }, USAGES)).toEqual({ used: { VCPU: 10 }, notes: [] });
  });
  it('is bounded by what one consumer can hold', () => {
    const rows = [{ ...RECORD, resource_class: 'VCPU', used: 1e15 }];
    expect(usedOf({ [INVENTORY]: printed(rows) }, USAGES)).toEqual({
      used: { VCPU: 2147483647 },
      notes: [
        '1 of 2 hosts has more than 2147483647 of a resource class in use: it is taken as 2147483647: devstack-1',
      ],
    });
  });
  it.each([
    [{ [USAGES]: printed([{ resource_class: 'VCPU', usage: -1 }]) }, 'usage must be a whole number from 0 on, not -1'],
    [{ [USAGES]: printed([{ resource_class: 'VCPU' }]) }, 'usage is missing'],
    [{ [USAGES]: printed([{ resource_class: 'vcpu', usage: 1 }]) }, 'resource_class must be 1 to 255'],
    [
      { [USAGES]: sample('shapes/usage-show.json').toString().replace('MEMORY_MB', 'VCPU') },
      'resource_class "VCPU" is taken by row 1 already',
    ],
    [
      { [INVENTORY]: printed([{ ...RECORD, resource_class: 'VCPU', used: null }]) },
      'used must be a whole number from 0 on, not null',
    ],
  ])('is refused as a whole where a row makes no sense: %j', (files, sentence) => {
    const reading = readCloud(folder(files, 'devstack'));
    expect(reading.ok ? '' : reading.error).toContain(sentence);
    expect(reading.ok ? '' : reading.error).toContain(Object.keys(files)[0]!);
  });
});

describe('what is more than a world has room for', () => {
  it('of the classes of a host', () => {
    const rows = Array.from({ length: 40 }, (_, k) => ({ ...RECORD, resource_class: `CUSTOM_${k}`, used: 1 }));
    const dir = folder({ [`inventories/${DEVSTACK_1}.json`]: JSON.stringify(rows) }, 'devstack');
    const { hosts, notes } = cloudOf(dir);
    expect([Object.keys(hosts[0]!.inventories), Object.keys(hosts[0]!.used!)].map((list) => list.length)).toEqual([
      32, 32,
    ]);
    expect(notes[0]).toBe(
      '1 of 2 hosts has more than 32 resource classes: those after the first 32 are left out: devstack-1',
    );
  });
  it.each(['trait:CUSTOM_%=required', 'resources:CUSTOM_%=1'])('of a flavor’s %s', (pattern) => {
    const Properties = Object.fromEntries(
      Array.from({ length: 33 }, (_, k) => pattern.replace('%', String(k)).split('=') as [string, string]),
    );
    const rows = [FLAVOR, { ...FLAVOR, ID: '2', Name: 'many', Properties }];
    expect(cloudOf(folder({ 'flavors.json': JSON.stringify(rows) })).notes[1]).toBe(
      '1 of 2 flavors asks for more than 30 traits, or more than 32 resource classes, which the model does not carry; it is left out: many',
    );
  });
});

it('every shape in every place is read, or refused in one sentence that names the file', () => {
  const places = [
    'flavors.json',
    'providers.json',
    ...['inventories', 'traits', 'usages'].map((of) => `${of}/${DEVSTACK_1}.json`),
  ];
  const lines = readdirSync(join(SAMPLES, 'shapes')).flatMap((shape) =>
    places.map((place) => {
      const reading = readCloud(folder({ [place]: sample(`shapes/${shape}`) }, 'devstack'));
      if (!reading.ok) {
        expect(reading.error.startsWith(place)).toBe(true);
        expect(reading.error.split('\n')).toHaveLength(1);
      }
      const { hosts, flavors, notes } = reading.ok ? reading.cloud : { hosts: [], flavors: [], notes: [] };
      const said = reading.ok
        ? [`${hosts.length} hosts, ${flavors.length} flavors`, ...notes].join('; ')
        : `refused: ${reading.error.slice(place.length).replace(/; save what .*/, '')}`;
      return `${shape} as ${place.replace(DEVSTACK_1, 'UUID')}: ${said.replaceAll(DEVSTACK_1, 'UUID')}`;
    }),
  );
  expect(lines.join('\n')).toMatchSnapshot();
});
