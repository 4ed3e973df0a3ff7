/** The command as a user meets it: built, run as a process, with wrong input. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULT_OPTIONS, FAULT_KINDS } from '../scenario/scenario.ts';
import { decodeToken, encodeToken } from '../scenario/token.ts';
import { claimcheck, ROOT } from './command.fixture.ts';

const here = mkdtempSync(join(tmpdir(), 'claimcheck-'));
function file(name: string, content: string): string {
  const path = join(here, name);
  writeFileSync(path, content);
  return path;
}

/** The finding that the README shows. */
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const TOKEN = /replay (cc1\.\S+)/.exec(README)![1]!;
const FINDING = (() => {
  const reading = decodeToken(TOKEN);
  if (!reading.ok) throw new Error(reading.error);
  return reading.value;
})();

describe('wrong input ends in one sentence on stderr and exit code 2', () => {
  const cases: Record<string, string[]> = {
    'no such verb': ['frobnicate'],
    'no such option': ['fuzz', '--runz', '5'],
    'runs that are no number': ['fuzz', '--runs', 'many'],
    'runs of none': ['fuzz', '--runs', '0'],
    'no such protocol': ['fuzz', '--protocol', 'zed'],
    'no such contract': ['fuzz', '--contract', 'lax'],
    'no such defect': ['fuzz', '--defect', 'R-99'],
    'a repair given as a defect': ['fuzz', '--defect', 'W-14'],
    'too many faults': ['fuzz', '--faults', '4'],
    'a release that is not modelled': ['fuzz', '--placement-release', '7'],
    'a release of Nova that is not modelled': ['fuzz', '--nova-release', '25'],
    'a known list that is not there': ['fuzz', '--known', '/nowhere/known.json'],
    'a cloud that is not there': ['fuzz', '--cloud', '/nowhere'],
    'nothing to replay': ['replay'],
    'a token cut short': ['replay', 'cc1.AxkIlDUDGQlxG9hMoCzQVIiZ'],
    'a token of another version': ['replay', 'cc9.AxkIlDUD'],
    'a file that is not there': ['replay', '/nowhere/scenario.json'],
    'no such target': ['fuzz', '--target', 'devstack'],
    'an address without its target': ['fuzz', '--placement-url', 'http://127.0.0.1:8778'],
    'a time-out without its target': ['replay', 'cc1.AxkIlDUD', '--placement-timeout', '5'],
    'a time-out that is none': ['fuzz', '--target', 'placement', '--placement-timeout', '0'],
    'an address of another machine': ['fuzz', '--target', 'placement', '--placement-url', 'http://10.0.0.5:8778'],
    'a defect that a real Placement has not': ['fuzz', '--target', 'placement', '--defect', 'P-01'],
    'a checkout without its target': ['fuzz', '--nova-from'],
    'processes without their target': ['fuzz', '--processes', '2'],
    'a bug in a checkout': ['fuzz', '--target', 'nova', '--runs', '1', '--nova-from', '--defect', '1825537'],
    'a checkout and processes': ['fuzz', '--target', 'nova', '--runs', '1', '--nova-from', '--processes', '2'],
    'a comparison with nothing': ['compare'],
    'a comparison on a cloud that is not there': ['compare', 'nova', '--cloud', '/nowhere'],
    'a comparison with something else': ['compare', 'glance'],
    'a port that is none': ['serve', 'placement', '--port', '70000'],
    'neither add nor check': ['known'],
    'what known does not do': ['known', 'prune'],
    'a finding without a reason': ['known', 'add', 'cc1.AxkIlDUD'],
    'nothing to list': ['list'],
    'no such subject': ['list', 'everything'],
    'nothing to export': ['export'],
    'a form that is not there': ['export', 'cc1.AxkIlDUD', '--as', 'poem'],
    'a token cut short, to export': ['export', 'cc1.AxkIlDUD', '--as', 'token'],
    'names both kept and taken away': ['fuzz', '--anonymise', '--keep-names'],
  };
  const foreign = (defects: string[]): string => encodeToken({ ...FINDING, defects });
  cases['a token of a defect that is not there'] = ['replay', foreign(['R-\u001b[2J'])];
  cases['a token of a defect that is not there, to export'] = ['export', foreign(['R-99']), '--as', 'bug-report'];
  for (const [what, args] of Object.entries(cases)) {
    test(what, () => {
      const { status, stdout, stderr } = claimcheck(...args);
      expect({ status, stdout, lines: stderr.trim().split('\n').length }).toEqual({ status: 2, stdout: '', lines: 1 });
      expect(stderr).toMatchSnapshot();
    });
  }

  test('a known list that is something else', () => {
    const { status, stderr } = claimcheck('fuzz', '--known', file('known.json', '{"version": 1}'));
    expect({ status, stderr: stderr.replaceAll(here, 'DIR') }).toMatchSnapshot();
  });
  test('a scenario with a mistake', () => {
    const { status, stderr } = claimcheck('replay', file('scenario.json', '{"version": 1, "cloud": {}}'));
    expect({ status, stderr: stderr.replaceAll(here, 'DIR') }).toMatchSnapshot();
  });
});

describe('exit codes', () => {
  test('fuzz is 0 when every finding is known, 1 when not', () => {
    expect(claimcheck('fuzz', '--runs', '1000').status).toBe(0);
    expect(claimcheck('fuzz', '--runs', '1000', '--known', 'none').status).toBe(1);
  });
  test('replay is 1 reproduced, 0 fixed, 4 changed', () => {
    const found = claimcheck('fuzz', '--runs', '1000', '--defect', '1825537', '--json');
    const { findings } = JSON.parse(found.stdout) as {
      findings: { known: string | null; token: string; signature: string }[];
    };
    const { token } = findings.find((one) => one.known === null && one.signature.includes('finish_resize[vm] raised'))!;
    expect(token.length).toBeLessThan(1500);
    expect(claimcheck('replay', token).status).toBe(1);
    expect(claimcheck('replay', token, '--defect', 'none', '--protocol', 'rollback').status).toBe(0);
    expect(claimcheck('replay', token, '--defect', 'R-04').status).toBe(4);
  });
});

test('--json prints one object and nothing else', () => {
  const { stdout, stderr } = claimcheck('fuzz', '--runs', '500', '--json');
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toHaveLength(1);
  const result = JSON.parse(stdout) as Record<string, unknown>;
  expect(Object.keys(result)).toEqual([
    'verdict',
    'seed',
    'protocol',
    'contract',
    'defects',
    'repairs',
    'runs',
    'findings',
    'statistics',
  ]);
});

test('--out keeps findings as they come', () => {
  const dir = join(here, 'out');
  claimcheck('fuzz', '--runs', '1000', '--out', dir);
  const lines = readFileSync(join(dir, 'findings.jsonl'), 'utf8').trim().split('\n');
  expect(lines.length).toBeGreaterThan(10);
  for (const line of lines)
    expect(Object.keys(JSON.parse(line))).toEqual(['signature', 'invariants', 'known', 'token']);
});

describe('a cloud of the user', () => {
  const sample = (name: string): string => join(ROOT, 'src/cloud/samples', name);
  // of the six bare metal nodes two are in use and one is reserved, and no two others are alike: few servers can move
  const least: Readonly<Record<string, number>> = { ironic: 1 };
  for (const name of ['devstack', 'scs', 'einfra-cz', 'ironic', 'nested', 'rackspace', 'ovh-2017']) {
    test(`${name}: is drawn from, and things are found on it`, () => {
      const { status, stdout } = claimcheck(
        'fuzz',
        '--cloud',
        sample(name),
        '--runs',
        '1000',
        '--known',
        'none',
        '--json',
      );
      const { findings } = JSON.parse(stdout) as { findings: unknown[] };
      expect({ status, found: findings.length > (least[name] ?? 10) }).toEqual({ status: 1, found: true });
    });
  }
});

describe('list', () => {
  for (const subject of ['protocols', 'operations', 'invariants', 'contracts', 'sometimes', 'defects', 'releases']) {
    test(subject, () => {
      expect(claimcheck('list', subject).stdout).toMatchSnapshot();
    });
  }
  test('failure-points says of every kind that does not fit why', () => {
    const { stdout } = claimcheck('list', 'failure-points', '--json');
    const points = (
      JSON.parse(stdout) as { 'failure-points': { id: string; kinds: string[]; excluded: Record<string, string> }[] }
    )['failure-points'];
    expect(points.length).toBeGreaterThan(150);
    const silent = points.filter(
      ({ kinds, excluded }) => kinds.length + Object.keys(excluded).length !== FAULT_KINDS.length,
    );
    expect(silent).toEqual([]);
  });
});

describe('an operator', () => {
  const inventory = { total: 64, reserved: 0, min_unit: 1, max_unit: 64, step_size: 1, allocation_ratio: 1 };
  const host = (name: string) => ({
    name,
    inventories: { VCPU: inventory, MEMORY_MB: { ...inventory, total: 8192, max_unit: 8192 }, DISK_GB: inventory },
    traits: [],
  });
  const flavor = (name: string, vcpus: number) => ({
    name,
    vcpus,
    ram: 512 * vcpus,
    disk: vcpus,
    ephemeral: 0,
    swap: 0,
    properties: {},
  });
  const scenario = (operations: object[], holds: object[] = [], faults: object[] = []): string =>
    JSON.stringify({
      version: 1,
      cloud: { hosts: [host('h1'), host('h2')], flavors: [flavor('m1', 1), flavor('m2', 2)] },
      options: {
        allow_resize_to_same_host: false,
        supports_migrate_to_same_host: false,
        max_attempts: 3,
        client_replay: 0,
        nova_release: 34,
        placement_release: 16,
      },
      operations: [
        { operation: 'boot', server: 's1', flavor: 'm1', host: 'h1' },
        { operation: 'resize', server: 's1', flavor: 'm2' },
        ...operations,
      ],
      faults,
      holds,
    });

  test('takes the claim of a running resize for an orphan', () => {
    const path = file(
      'audit-delete.json',
      scenario(
        [{ operation: 'placement_audit', delete: true, host: 'h2' }],
        [{ operation: 1, point: 'src.driver', nth: 1, until: 2 }],
      ),
    );
    const { status, stdout } = claimcheck('replay', path);
    expect(status).toBe(1);
    expect(stdout.slice(stdout.indexOf('3  placement_audit'))).toMatchSnapshot();
  });
  test('mends what a revert left behind, and is told what was wrong before', () => {
    const path = file(
      'mended.json',
      scenario(
        [
          { operation: 'revert', server: 's1' },
          { operation: 'placement_audit', delete: true },
          { operation: 'heal_allocations', server: 's1' },
        ],
        [],
        [{ operation: 2, point: 'frevert.swap-back', kind: 'refused', nth: 1, times: 1 }],
      ),
    );
    const { stdout } = claimcheck('replay', path);
    expect(stdout.slice(stdout.indexOf('4  placement_audit'))).toMatchSnapshot();
  });
});

describe('an older release of Nova', () => {
  test('fuzz says which, and whose list it was held against', () => {
    const { status, stdout } = claimcheck('fuzz', '--runs', '300', '--nova-release', '29');
    expect({ status, verdict: stdout.trim().split('\n').at(-1) }).toMatchSnapshot();
  });
  test('--json names it, and says what a later release took away', () => {
    const { stdout } = claimcheck('fuzz', '--runs', '300', '--nova-release', '29', '--json');
    const result = JSON.parse(stdout) as { nova_release: number; findings: { known: string; token: string }[] };
    expect(result.nova_release).toBe(29);
    const { token } = result.findings.find(({ known }) => known === 'before 30.0')!;
    const replayed = claimcheck('replay', token);
    expect({ status: replayed.status, said: replayed.stdout.trim().split('\n').at(-1) }).toMatchSnapshot();
    expect(claimcheck('replay', token, '--nova-release', '30').status).toBe(0);
  });
  test('list failure-points has those of the release', () => {
    const points = (release: string): string =>
      claimcheck('list', 'failure-points', '--nova-release', release, '--json').stdout;
    expect([points('30').includes('"finish.swap-bdm"'), points('31').includes('"finish.swap-bdm"')]).toEqual([
      false,
      true,
    ]);
  });
  test('is nothing to the rollback protocol, which says so', () => {
    const { status, stderr } = claimcheck('fuzz', '--runs', '200', '--nova-release', '26', '--protocol', 'rollback');
    expect({ status, stderr }).toMatchSnapshot();
  });
});

test('the finding in the README is as replay prints it', () => {
  const { stdout } = claimcheck('replay', TOKEN);
  const shown = README.slice(README.indexOf('    3  confirm'), README.indexOf('The whole story'))
    .split('\n')
    .filter((line) => line.trim() !== '');
  const printed = new Set(stdout.split('\n'));
  expect(shown.length).toBeGreaterThan(20);
  expect(shown.filter((line) => !printed.has(line.slice(4)))).toEqual([]);
});

describe('export', () => {
  test('as a scenario that is read again', () => {
    const { status, stdout, stderr } = claimcheck('export', TOKEN);
    expect({ status, stderr, scenario: JSON.parse(stdout) }).toEqual({
      status: 0,
      stderr: '',
      scenario: FINDING.scenario,
    });
    expect(claimcheck('replay', file('exported.json', stdout)).status).toBe(1);
  });
  test('as a token that means the same', () => {
    expect(claimcheck('export', TOKEN, '--as', 'token').stdout).toBe(`${TOKEN}\n`);
  });
  test('as a bug report', () => {
    expect(claimcheck('export', TOKEN, '--as', 'bug-report').stdout).toMatchSnapshot();
  });
  test('as a test for Nova, which is a file of Python', () => {
    const { status, stdout, stderr } = claimcheck('export', TOKEN, '--as', 'nova-test');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(
      /^# Licensed under [\s\S]*ProviderUsageBaseTestCase[\s\S]*# FIXME: this is the wrong state: [\s\S]*[^\n]\n$/,
    );
  });
  test('of nothing that is wrong is no report', () => {
    const fine = file('fine.json', JSON.stringify({ ...FINDING.scenario, faults: [] }));
    for (const form of ['bug-report', 'nova-test']) {
      const { status, stdout, stderr } = claimcheck('export', fine, '--as', form);
      expect({ status, stdout, stderr }).toMatchSnapshot();
    }
  });
  test('of what no test for Nova can say is refused', () => {
    const other = file(
      'other.json',
      JSON.stringify({ ...FINDING.scenario, options: { ...DEFAULT_OPTIONS, client_replay: 1 } }),
    );
    const { status, stdout, stderr } = claimcheck('export', other, '--as', 'nova-test');
    expect({ status, stdout, stderr }).toMatchSnapshot();
  });
});

describe('names of a user', () => {
  const named = (name: string): string => `acme ${name}`;
  const scenario = structuredClone(FINDING.scenario);
  for (const one of [...scenario.cloud.hosts, ...scenario.cloud.flavors]) one.name = named(one.name);
  for (const op of scenario.operations) {
    if ('server' in op && op.server !== undefined) op.server = named(op.server);
    if ('flavor' in op) op.flavor = named(op.flavor);
  }
  scenario.cloud.hosts[0]!.inventories.CUSTOM_ACME = scenario.cloud.hosts[0]!.inventories.VCPU!;
  scenario.cloud.hosts[0]!.traits.push('CUSTOM_ACME_TRAIT');
  scenario.cloud.flavors[0]!.properties = { 'acme:owner': 'Acme', 'trait:CUSTOM_ACME_TRAIT': 'forbidden' };
  const path = file('named.json', JSON.stringify(scenario));
  const ACME = /acme/i;
  const all = (result: { stdout: string; stderr: string }): string => result.stdout + result.stderr;

  test('are in what replay and export are told to keep', () => {
    expect(all(claimcheck('replay', path))).toMatch(ACME);
    for (const form of ['scenario', 'bug-report']) {
      expect(all(claimcheck('export', path, '--as', form, '--keep-names'))).toMatch(ACME);
    }
    const token = claimcheck('export', path, '--as', 'token', '--keep-names').stdout.trim();
    expect(decodeToken(token)).toMatchObject({ ok: true, value: { scenario } });
  });
  test('are in nothing else', () => {
    for (const more of [[], ['--verbose'], ['--json']]) {
      const { status, stdout, stderr } = claimcheck('replay', path, '--anonymise', ...more);
      expect({ status, told: stdout.length > 100, text: stdout + stderr }).toMatchObject({ status: 1, told: true });
      expect(stdout + stderr).not.toMatch(ACME);
    }
    for (const form of ['scenario', 'bug-report', 'token', 'nova-test']) {
      const { stdout } = claimcheck('export', path, '--as', form);
      expect(stdout).not.toMatch(ACME);
      for (const [token] of stdout.matchAll(/cc1\.[\w-]+/g))
        expect(JSON.stringify(decodeToken(token))).not.toMatch(ACME);
    }
  });

  /** The sample cloud nested with names of one kind, so that whatever is left of them is seen. */
  function acmeCloud(): string {
    const dir = join(here, 'acme-cloud');
    cpSync(join(ROOT, 'src/cloud/samples/nested'), dir, { recursive: true });
    for (const path of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.json')) continue;
      const text = readFileSync(join(dir, path), 'utf8');
      const renamed = text
        .replace(/("name": ")(?![A-Z])/g, '$1acme ')
        .replace(/("Name": ")/g, '$1acme ')
        .replaceAll('CUSTOM_', 'CUSTOM_ACME_')
        .replace(/("resource_class": ")VGPU/g, '$1CUSTOM_ACME_GPU');
      writeFileSync(join(dir, path), renamed);
    }
    return dir;
  }
  test('are nowhere in a campaign that is told so, nor, by itself, in what --out keeps', () => {
    const cloud = acmeCloud();
    const campaign = (...more: string[]) =>
      claimcheck('fuzz', '--cloud', cloud, '--known', 'none', '--runs', '500', ...more);
    const scenarios = (text: string): string =>
      [...text.matchAll(/cc1\.[\w-]+/g)].map(([token]) => JSON.stringify(decodeToken(token))).join('\n');

    const out = join(here, 'kept');
    expect(campaign('--out', out).stderr).toMatch(ACME);
    const kept = readFileSync(join(out, 'findings.jsonl'), 'utf8');
    expect(kept + scenarios(kept)).not.toMatch(ACME);
    expect(kept.split('\n').length).toBeGreaterThan(10);

    for (const more of [[], ['--json']]) {
      const text = all(campaign('--anonymise', ...more));
      expect(scenarios(text)).toContain('"h1"');
      expect(text + scenarios(text)).not.toMatch(ACME);
    }
  });
  test('nor in the refusal of a cloud', () => {
    const cloud = acmeCloud();
    const flavors = join(cloud, 'flavors.json');
    writeFileSync(flavors, readFileSync(flavors, 'utf8').replace(/"RAM": \d+/, '"RAM": "acme"'));
    expect(claimcheck('fuzz', '--cloud', cloud).stderr).toMatch(ACME);
    const { status, stdout, stderr } = claimcheck('fuzz', '--cloud', cloud, '--anonymise');
    expect({ status, stdout, stderr }).toMatchSnapshot();
  });
});
