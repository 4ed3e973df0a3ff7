/** Exhaustive search as a user meets it. */
import { expect, test } from 'vitest';
import { claimcheck } from './command.fixture.ts';

test('all that a scope has is told, and known or not', () => {
  const small = ['--operations', '1', '--holds', '0'];
  const { status, stdout } = claimcheck('check', ...small);
  expect(status).toBe(0);
  expect(stdout).toContain('complete: every scenario of the scope');
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(
    /^KNOWN: every scenario of 2 hosts, 2 flavors, 1 server, 1 operation, 1 fault, 0 holds, 1 crash, protocol nova, contract strict: \d+ ways to break the laws, all of them known\.$/,
  );
  const unlisted = claimcheck('check', ...small, '--known', 'none', '--json');
  expect(unlisted.status).toBe(1);
  const { verdict, stopped, figures, findings } = JSON.parse(unlisted.stdout);
  expect([verdict, stopped, figures.complete]).toEqual(['violated', null, 1]);
  expect(claimcheck('check', ...small, '--known', 'none', '--json').stdout).toBe(unlisted.stdout);
  const [{ token, signature }] = findings;
  const replayed = claimcheck('replay', token);
  expect(replayed.status).toBe(1);
  expect(replayed.stdout).toContain(signature);
});

test('a defect is found in its shortest way', () => {
  const { status, stdout } = claimcheck('check', '--protocol', 'rollback', '--operations', '1', '--defect', '1825537');
  expect(status).toBe(1);
  expect(stdout).toMatch(/VIOLATED: .*: 1 unknown way to break the laws\.\n$/);
});

test('where it is stopped it says how far it is complete, and decides nothing', () => {
  const { status, stdout } = claimcheck('check', '--protocol', 'rollback', '--operations', '6', '--time', '3s');
  expect(status).toBe(3);
  expect(stdout).toMatch(
    /UNDECIDED: .*: every law held when the time was used up\. It is complete up to \d operations?; of the [\d,]+ worlds behind (it|them) [\d,]+ were gone on from\.\n$/,
  );
  const full = claimcheck('check', '--protocol', 'rollback', '--operations', '6', '--memory', '1M');
  expect([full.status, full.stdout.includes('when the memory was used up')]).toEqual([3, true]);
});

test.each<[string, string[], string]>([
  ['no number', ['--hosts', 'x'], '--hosts takes a whole number from 2 to 8, not "x"'],
  ['too many faults', ['--faults', '9'], '--faults takes a whole number from 0 to 6, not "9"'],
  ['no size', ['--memory', '5'], '--memory takes a size such as 800M or 6G, not "5"'],
  ['no room', ['--servers', '3', '--room', '1'], 'the servers do not fit: 3 of them on 2 hosts with --room 1'],
])('%s is said in one sentence', (_, args, said) => {
  const { status, stdout, stderr } = claimcheck('check', ...args);
  expect([status, stdout, stderr]).toEqual([2, '', `claimcheck: ${said}\n`]);
});
