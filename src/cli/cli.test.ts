/** The command as a user meets it: built, run as a process, with wrong input. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FAULT_KINDS } from '../scenario/scenario.ts';

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
    'a release of Nova that is not modelled': ['fuzz', '--nova-release', '25'],
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
