/** The command as a user meets it: built, run as a process, with wrong input. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

function claimcheck(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'dist/claimcheck.mjs'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { status, stdout, stderr };
}

const here = mkdtempSync(join(tmpdir(), 'claimcheck-'));
function file(name: string, content: string): string {
  const path = join(here, name);
  writeFileSync(path, content);
  return path;
}

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
    'a known list that is not there': ['fuzz', '--known', '/nowhere/known.json'],
    'a cloud that is not there': ['fuzz', '--cloud', '/nowhere'],
    'nothing to replay': ['replay'],
    'a token cut short': ['replay', 'cc1.AxkIlDUDGQlxG9hMoCzQVIiZ'],
    'a token of another version': ['replay', 'cc9.AxkIlDUD'],
    'a file that is not there': ['replay', '/nowhere/scenario.json'],
    'nothing to list': ['list'],
    'no such subject': ['list', 'everything'],
  };
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
      expect({ status, found: findings.length > 10 }).toEqual({ status: 1, found: true });
    });
  }
});

describe('list', () => {
  for (const subject of ['protocols', 'operations', 'invariants', 'contracts', 'sometimes', 'defects']) {
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
    const silent = points.filter(({ kinds, excluded }) => kinds.length + Object.keys(excluded).length !== 20);
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

test('the finding in the README is as replay prints it', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const token = /replay (cc1\.\S+)/.exec(readme)![1]!;
  const { stdout } = claimcheck('replay', token);
  const shown = readme
    .slice(readme.indexOf('    3  confirm'), readme.indexOf('The whole story'))
    .split('\n')
    .filter((line) => line.trim() !== '');
  const printed = new Set(stdout.split('\n'));
  expect(shown.length).toBeGreaterThan(20);
  expect(shown.filter((line) => !printed.has(line.slice(4)))).toEqual([]);
});
