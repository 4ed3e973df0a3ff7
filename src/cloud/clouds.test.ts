/** Whole clouds as users' clients print them. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { CONTRACTS } from '../contract/contracts.ts';
import { NOTHING_KNOWN } from '../contract/known/known.ts';
import { compile } from '../engine/compile.ts';
import { PROTOCOLS } from '../nova/protocols.ts';
import { bugReport } from '../report/bug-report.ts';
import { tellStory } from '../report/story.ts';
import { harmless } from '../scenario/printable.ts';
import { checkScenario } from '../scenario/read.ts';
import { DEFAULT_OPTIONS, flavorSchema, hostSchema, type Scenario } from '../scenario/scenario.ts';
import { decodeToken, encodeToken } from '../scenario/token.ts';
import { DEVSTACK_1, folder, SAMPLES, sample } from './folder.fixture.ts';
import { type ImportedCloud, readCloud } from './read-cloud.ts';

function cloudOf(name: string): ImportedCloud {
  const reading = readCloud(join(SAMPLES, name));
  if (!reading.ok) throw new Error(reading.error);
  z.array(hostSchema).parse(reading.cloud.hosts);
  z.array(flavorSchema).min(1).parse(reading.cloud.flavors);
  return reading.cloud;
}

/** One line a host: total - reserved x ratio of each class, and what is in use of it. */
function summary(cloud: ImportedCloud): object {
  const hosts = cloud.hosts.map(({ name, inventories, traits, used }) => {
    const classes = Object.entries(inventories).map(
      ([resourceClass, { total, reserved, allocation_ratio }]) =>
        `${resourceClass} ${total}-${reserved}x${allocation_ratio}${used?.[resourceClass] === undefined ? '' : ` used ${used[resourceClass]}`}`,
    );
    return `${name}: ${classes.join(', ')}; ${traits.length} traits`;
  });
  return { hosts, flavors: cloud.flavors.length, notes: cloud.notes };
}

describe('a cloud folder', () => {
  it('devstack', () => {
    expect(summary(cloudOf('devstack'))).toMatchInlineSnapshot(`
      {
        "flavors": 12,
        "hosts": [
          "devstack-1: VCPU 12-0x16 used 1, MEMORY_MB 16035-512x1.5 used 512, DISK_GB 19-0x1 used 1; 38 traits",
          "devstack-2: VCPU 12-0x4, MEMORY_MB 16035-512x1, DISK_GB 19-0x1; 38 traits",
        ],
        "notes": [],
      }
    `);
  });

  it('scs', () => {
    expect(summary(cloudOf('scs'))).toMatchInlineSnapshot(`
      {
        "flavors": 31,
        "hosts": [
          "manager.systems.in-a-box.cloud: VCPU 16-2x4, MEMORY_MB 64233-8192x1, DISK_GB 930-0x1; 44 traits",
          "sandbox.systems.in-a-box.cloud: VCPU 8-2x3 used 6, MEMORY_MB 31922-8192x1 used 20480, DISK_GB 465-0x1 used 20; 44 traits",
        ],
        "notes": [],
      }
    `);
  });

  it('einfra-cz', () => {
    expect(summary(cloudOf('einfra-cz'))).toMatchInlineSnapshot(`
      {
        "flavors": 109,
        "hosts": [
          "eli-hda1-016-ostack.priv.cloud.domain.edu: VCPU 30-0x1 used 30, MEMORY_MB 772495-8192x1 used 741376, DISK_GB 1760-0x1 used 1668; 44 traits",
          "eli-hda2-038-ostack.priv.cloud.domain.edu: VCPU 30-0x1, MEMORY_MB 772495-8192x1, DISK_GB 1760-0x1; 44 traits",
          "eli-hda2-052-ostack.priv.cloud.domain.edu: VCPU 30-0x1, MEMORY_MB 772495-8192x1, DISK_GB 1760-0x1; 44 traits",
        ],
        "notes": [
          "1 of 111 flavors asks for dedicated CPUs by thread (hw:cpu_thread_policy, hw:emulator_threads_policy), which the model does not carry; it is left out: p3.24core-60ram-500edisk-pin-smt",
          "1 of 111 flavors asks for a resource class that no host has; it is left out: p3.24core-60ram-500edisk-pin (PCPU)",
        ],
      }
    `);
  });

  it('ironic', () => {
    expect(summary(cloudOf('ironic'))).toMatchInlineSnapshot(`
      {
        "flavors": 4,
        "hosts": [
          "c26a4d66-3e85-4b60-b4bc-734ec15ee745: CUSTOM_BAREMETAL_RESOURCE_CLASS 1-0x1; 5 traits",
          "4a9da83a-c25b-41dd-80fb-53b5fae80eac: CUSTOM_BAREMETAL_RESOURCE_CLASS 1-1x1; 5 traits",
          "2f7b9c69-c1df-4e40-b94e-5821a4ea0453: CUSTOM_BAREMETAL_LARGE 1-0x1; 5 traits",
          "e95249d5-0605-498c-9120-706ef05ec240: CUSTOM_BAREMETAL 1-0x1 used 1; 5 traits",
          "1fbc049f-d48a-5e77-8d64-0cbd05b50953: CUSTOM_BAREMETAL_A 1-1x1 used 1; 5 traits",
          "bf52223c-d281-5bec-a95e-97f4e7700680: CUSTOM_BAREMETAL_VIRTUAL 1-0x1; 6 traits",
        ],
        "notes": [
          "3 of 7 flavors ask for a resource class that no host has; they are left out: bm1.small (CUSTOM_BAREMETAL1_SMALL), bm1.medium (CUSTOM_BAREMETAL1_MEDIUM), bm.virtual.preview (VCPU)",
        ],
      }
    `);
  });

  it('nested', () => {
    expect(summary(cloudOf('nested'))).toMatchInlineSnapshot(`
      {
        "flavors": 4,
        "hosts": [
          "virtlab606.xxxxxxxxxxxxxxxxxxxxxxxxxxx: VCPU 48-0x16, MEMORY_MB 65442-512x1.5, DISK_GB 49-0x1; 44 traits",
          "devstack0: VCPU 12-0x16, MEMORY_MB 16035-512x1.5, DISK_GB 19-0x1; 32 traits",
          "compute1: VCPU 30-0x4, MEMORY_MB 196417-4096x1, PCPU 16-0x1; 44 traits",
          "compute.home.local: VCPU 8-0x4, MEMORY_MB 15731-512x1, DISK_GB 69-0x1; 32 traits",
          "nevron-compute-01: VCPU 64-0x16, MEMORY_MB 10968-512x1.5, DISK_GB 106-0x1; 32 traits",
          "stepped: VCPU 8-0x16, MEMORY_MB 1024-256x2.5, DISK_GB 16-0x1.5, VGPU 8-0x1; 0 traits",
        ],
        "notes": [
          "11 of 18 providers are nested below others, which the model does not carry; they are left out with their inventories: virtlab606.xxxxxxxxxxxxxxxxxxxxxxxxxxx_pci_0000_86_00_0, virtlab606.xxxxxxxxxxxxxxxxxxxxxxxxxxx_pci_0000_85_00_0, virtlab606.xxxxxxxxxxxxxxxxxxxxxxxxxxx_pci_0000_87_00_0, …",
          "1 of 18 providers shares its inventory with others (MISC_SHARES_VIA_AGGREGATE), which the model does not carry; it is left out: ceph-shared",
          "1 of 8 flavors asks for dedicated CPUs by thread (hw:cpu_thread_policy, hw:emulator_threads_policy), which the model does not carry; it is left out: m1.dpdk",
          "1 of 8 flavors asks for PCI devices (pci_passthrough:alias), which the model does not carry; it is left out: pci.x540",
          "1 of 8 flavors asks for accelerators (accel:device_profile), which the model does not carry; it is left out: accel.fpga",
          "1 of 8 flavors asks for granular groups (resources1:, trait1: and the like), which the model does not carry; it is left out: pci.x540",
          "1 of 8 flavors requires a trait that no host has; it is left out: vgpu_1 (CUSTOM_NVIDIA_11)",
        ],
      }
    `);
  });

  it('rackspace', () => {
    expect(summary(cloudOf('rackspace'))).toMatchInlineSnapshot(`
      {
        "flavors": 26,
        "hosts": [],
        "notes": [
          "there is no providers.json: hosts are made up",
        ],
      }
    `);
  });

  it('ovh-2017', () => {
    expect(summary(cloudOf('ovh-2017'))).toMatchInlineSnapshot(`
      {
        "flavors": 59,
        "hosts": [],
        "notes": [
          "there is no providers.json: hosts are made up",
          "59 of 59 flavors are printed without --long: their swap is taken as 0, their properties as none: eg-120-ssd, hg-60, hg-120-ssd, …",
        ],
      }
    `);
  });

  it('hostile', () => {
    expect(summary(cloudOf('hostile'))).toMatchInlineSnapshot(`
      {
        "flavors": 8,
        "hosts": [
          "<img src=x onerror=alert(1)>: VCPU 8-0x0, MEMORY_MB 2147483647-0x3.4e+38, DISK_GB 100-100x1, VGPU 8-0x1, PCPU 8-0x0.01, CUSTOM_STEP 8-0x1; 1 traits",
        ],
        "notes": [
          "12 of 14 providers have no file in inventories/; they are left out: two\\nlines, ../../etc/passwd, ホスト-東京-01 🚀, …",
          "1 of 14 providers has no inventory; it is left out: \\u001B[31mred\\u001B[0m",
          "1 of 9 flavors asks for granular groups (resources1:, trait1: and the like), which the model does not carry; it is left out: <b>bold</b>",
        ],
      }
    `);
  });
});

/** Names that Placement takes, each on a host of its own. */
describe('hostile names of hosts', () => {
  const providers = JSON.parse(sample('hostile/providers.json').toString()) as { uuid: string; name: string }[];
  const inventory = sample(`devstack/inventories/${DEVSTACK_1}.json`);
  const files = Object.fromEntries(providers.map(({ uuid }) => [`inventories/${uuid}.json`, inventory]));
  const read = (): ImportedCloud => {
    const reading = readCloud(folder(files, 'hostile'));
    if (!reading.ok) throw new Error(reading.error);
    return reading.cloud;
  };

  it('are taken as data, all of them', () => {
    expect(read().hosts.map(({ name }) => name)).toEqual(providers.map(({ name }) => name));
  });

  it('are shown as text, in a story and in a bug report, and survive a token', () => {
    const { hosts, flavors } = read();
    const [small, large] = [
      flavors.find(({ name }) => name === 'smallest')!,
      { ...flavors[0]!, name: '"><script>', ram: 128 },
    ];
    const code = compile(PROTOCOLS.nova);
    for (const [k, first] of hosts.entries()) {
      const scenario: Scenario = {
        version: 1,
        cloud: { hosts: [first, hosts[(k + 1) % hosts.length]!], flavors: [small, large] },
        options: DEFAULT_OPTIONS,
        operations: [
          { operation: 'boot', server: first.name, flavor: small.name },
          { operation: 'resize', server: first.name, flavor: large.name },
          { operation: 'crash', service: first.name },
        ],
        faults: [{ operation: 1, point: 'src.driver', kind: 'crash-after', nth: 1, times: 1 }],
        holds: [],
      };
      expect(checkScenario(scenario, 'it')).toEqual({ ok: true, value: scenario });
      const envelope = {
        scenario,
        protocol: 'nova',
        contract: 'strict',
        defects: [],
        repairs: [],
        signature: null,
      } as const;
      const again = decodeToken(encodeToken({ ...envelope, defects: [], repairs: [] }));
      expect(again.ok && again.value.scenario).toEqual(scenario);
      const { lines } = tellStory({ scenario, code, contract: CONTRACTS.strict }, { color: false, verbose: true });
      const shown = lines.join('');
      expect(shown).not.toMatch(/\p{C}/u);
      const { strict: contract } = CONTRACTS;
      const report = bugReport({ scenario, code, contract, known: NOTHING_KNOWN, signature: null, again: 'again' })!;
      expect(report.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
      expect(report).toContain(harmless(first.name));
    }
  });
});

describe('what is kept', () => {
  it('takes inventories exactly as printed', () => {
    expect(cloudOf('nested').hosts.at(-1)).toMatchInlineSnapshot(`
      {
        "inventories": {
          "DISK_GB": {
            "allocation_ratio": 1.5,
            "max_unit": 16,
            "min_unit": 2,
            "reserved": 0,
            "step_size": 2,
            "total": 16,
          },
          "MEMORY_MB": {
            "allocation_ratio": 2.5,
            "max_unit": 1024,
            "min_unit": 1,
            "reserved": 256,
            "step_size": 1,
            "total": 1024,
          },
          "VCPU": {
            "allocation_ratio": 16,
            "max_unit": 4,
            "min_unit": 1,
            "reserved": 0,
            "step_size": 1,
            "total": 8,
          },
          "VGPU": {
            "allocation_ratio": 1,
            "max_unit": 8,
            "min_unit": 2,
            "reserved": 0,
            "step_size": 2,
            "total": 8,
          },
        },
        "name": "stepped",
        "traits": [],
      }
    `);
  });

  it('takes the odd numbers that Placement accepts', () => {
    const [host] = cloudOf('hostile').hosts;
    expect(host?.inventories).toMatchInlineSnapshot(`
      {
        "CUSTOM_STEP": {
          "allocation_ratio": 1,
          "max_unit": 2147483647,
          "min_unit": 1,
          "reserved": 0,
          "step_size": 100,
          "total": 8,
        },
        "DISK_GB": {
          "allocation_ratio": 1,
          "max_unit": 2147483647,
          "min_unit": 1,
          "reserved": 100,
          "step_size": 1,
          "total": 100,
        },
        "MEMORY_MB": {
          "allocation_ratio": 3.4e+38,
          "max_unit": 2147483647,
          "min_unit": 1,
          "reserved": 0,
          "step_size": 1,
          "total": 2147483647,
        },
        "PCPU": {
          "allocation_ratio": 0.01,
          "max_unit": 2147483647,
          "min_unit": 1,
          "reserved": 0,
          "step_size": 1,
          "total": 8,
        },
        "VCPU": {
          "allocation_ratio": 0,
          "max_unit": 2147483647,
          "min_unit": 1,
          "reserved": 0,
          "step_size": 1,
          "total": 8,
        },
        "VGPU": {
          "allocation_ratio": 1,
          "max_unit": 2,
          "min_unit": 4,
          "reserved": 0,
          "step_size": 1,
          "total": 8,
        },
      }
    `);
  });

  it('takes names as data, whatever they hold', () => {
    expect(cloudOf('hostile').flavors.map((flavor) => flavor.name)).toMatchInlineSnapshot(`
      [
        "smallest",
        "../../etc",
        "東京.large",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "same",
        "SAME",
        "a, b="c"",
        "biggest",
      ]
    `);
  });

  it('keeps the properties that decide on the claim, and no others', () => {
    const flavors = [...cloudOf('ironic').flavors, ...cloudOf('nested').flavors, ...cloudOf('einfra-cz').flavors];
    const kept = flavors.filter((flavor) => Object.keys(flavor.properties).length > 0);
    expect(kept.map(({ name, properties }) => ({ name, properties }))).toMatchInlineSnapshot(`
      [
        {
          "name": "control",
          "properties": {
            "resources:CUSTOM_BAREMETAL": "1",
            "resources:DISK_GB": "0",
            "resources:MEMORY_MB": "0",
            "resources:VCPU": "0",
          },
        },
        {
          "name": "my-baremetal-flavor",
          "properties": {
            "resources:CUSTOM_BAREMETAL_RESOURCE_CLASS": "1",
            "resources:DISK_GB": "0",
            "resources:MEMORY_MB": "0",
            "resources:VCPU": "0",
          },
        },
        {
          "name": "compute",
          "properties": {
            "resources:CUSTOM_BAREMETAL": "1",
            "resources:DISK_GB": "0",
            "resources:MEMORY_MB": "0",
            "resources:VCPU": "0",
          },
        },
        {
          "name": "baremetal-A",
          "properties": {
            "resources:CUSTOM_BAREMETAL_A": "1",
            "resources:DISK_GB": "0",
            "resources:MEMORY_MB": "0",
            "resources:VCPU": "0",
          },
        },
        {
          "name": "nfv",
          "properties": {
            "hw:cpu_policy": "dedicated",
          },
        },
        {
          "name": "m1.sriov",
          "properties": {
            "hw:cpu_policy": "dedicated",
          },
        },
        {
          "name": "m1.mixed",
          "properties": {
            "resources:PCPU": "2",
            "resources:VCPU": "6",
          },
        },
      ]
    `);
  });
});
