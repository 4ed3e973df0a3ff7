import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { KNOWN_OF_NOVA, linesOf } from '../contract/known/known.ts';
import { CORPUS_VERSION, type CorpusEntry, readCorpus, writeToCorpus } from '../journal/corpus.ts';
import { readLedger } from '../journal/ledger.ts';
import { decodeToken, type Envelope, encodeToken } from '../scenario/token.ts';
import { claimcheck, type Ended, ROOT } from './command.fixture.ts';

const root = mkdtempSync(join(tmpdir(), 'claimcheck-course-'));
afterAll(() => rmSync(root, { recursive: true }));

const SMALL = ['--seed', 'course', '--runs', '300', '--workers', '1'];
const path = (name: string): string => join(root, name);
const lastLine = ({ stdout }: Ended): string => stdout.trim().split('\n').at(-1)!;

function envelopeOf(token: string): Envelope {
  const reading = decodeToken(token);
  if (!reading.ok) throw new Error(reading.error);
  return reading.value;
}

/** A known signature, and a token of it that the rollback protocol holds. */
const [line] = linesOf(KNOWN_OF_NOVA).filter(({ weakness }) => weakness === 'W-16');
const green = encodeToken({ ...envelopeOf(line!.witness), protocol: 'rollback' });
const entry = (token: string, status: 'open' | 'fixed'): CorpusEntry => ({
  version: CORPUS_VERSION,
  signature: line!.signature,
  status,
  token,
  found: { date: '2026-11-01T00:00:00Z', commit: null, seed: 'before' },
  fixed: status === 'open' ? null : { date: '2026-11-02T00:00:00Z', commit: null },
});

describe('a campaign with --out', () => {
  test('leaves a ledger and a corpus, and no checkpoint', () => {
    const out = path('out');
    expect(claimcheck('fuzz', ...SMALL, '--known', 'none', '--out', out).status).toBe(1);
    expect(readdirSync(out).sort()).toEqual(['corpus', 'findings.jsonl', 'ledger.jsonl']);
    const [ended] = readLedger(join(out, 'ledger.jsonl'));
    expect(ended).toMatchObject({ seed: 'course', verdict: 'violated', runs: 300 });
    const corpus = readCorpus(join(out, 'corpus'));
    expect(corpus.map(({ signature }) => signature)).toEqual(ended!.signatures);
    expect(ended!.findings.news).toBe(corpus.length);
  });

  test('replays the corpus first: what is still there is red although no scenario shows it', () => {
    const out = path('out');
    const again = claimcheck('fuzz', '--seed', 'other', '--runs', '1', '--known', 'none', '--out', out);
    expect(again.status).toBe(1);
    expect(again.stdout).toContain('corpus failed: ');
    expect(lastLine(again)).toMatch(/^VIOLATED: 1 scenario .*\d+ checks failed\.$/);
    const known = claimcheck('fuzz', '--seed', 'other', '--runs', '1', '--out', out);
    expect(known.status).toBe(0);
    expect(known.stdout).toMatch(/corpus: (\d+) of \1 passed/);
  });
});

describe('gate', () => {
  test('marks what is shown no more, and is red when it comes back', () => {
    const corpus = path('corpus');
    const gate = (...more: string[]): Ended => claimcheck('gate', ...SMALL, '--corpus', corpus, ...more);
    writeToCorpus(corpus, entry(green, 'open'));
    expect(gate().status).toBe(0);
    expect(readCorpus(corpus)[0]).toMatchObject({ status: 'fixed', token: green });
    expect(gate().stdout).toContain('corpus: 1 of 1 passed');
    writeToCorpus(corpus, entry(line!.witness, 'fixed'));
    const back = gate('--known', 'none');
    expect(back.status).toBe(1);
    expect(back.stdout).toContain('it was fixed on 2026-11-02T00:00:00Z, and is back');
    expect(readCorpus(corpus).find(({ signature }) => signature === line!.signature)?.status).toBe('open');
  });

  test('cannot decide where an entry cannot be played', () => {
    const corpus = path('unplayable');
    writeToCorpus(corpus, entry('cc1.AAAA', 'open'));
    const gate = claimcheck('gate', ...SMALL, '--corpus', corpus);
    expect(gate.status).toBe(3);
    expect(lastLine(gate)).toMatch(/^UNDECIDED: .*not decided: corpus /);
  });

  test('takes its seed from the commit, and says the same of it twice', () => {
    const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
    const gate = (): Ended => claimcheck('gate', '--runs', '200', '--json');
    const first = gate();
    expect(JSON.parse(first.stdout)).toMatchObject({ seed: commit, runs: 200 });
    expect(gate()).toEqual(first);
  });
});

describe('shards', () => {
  const folders = [1, 2, 3].map((index) => path(`shard-${index}`));
  const RUNS = ['--seed', 'shards', '--runs', '2500', '--workers', '1'];

  test('that are merged print what one campaign prints, byte for byte', () => {
    for (const [k, out] of folders.entries()) {
      expect(claimcheck('fuzz', ...RUNS, '--shard', `${k + 1}/3`, '--out', out).status).toBe(0);
    }
    const whole = claimcheck('fuzz', ...RUNS, '--json');
    const merged = claimcheck('merge', folders[2]!, folders[0]!, folders[1]!, '--json');
    expect(merged.stdout).toBe(whole.stdout);
    expect(merged.status).toBe(whole.status);
  });

  test.each<[string, string[], RegExp]>([
    ['one is missing', [folders[0]!, folders[1]!], /shard 3 of 3 is missing/],
    ['one is there twice', [...folders, folders[0]!], /are both shard 1 of 3/],
    ['a folder holds none', [...folders, root], /holds no result of a shard/],
  ])('are refused where %s', (_, dirs, said) => {
    const { status, stderr } = claimcheck('merge', ...dirs);
    expect(status).toBe(2);
    expect(stderr).toMatch(said);
  });

  test('of another campaign are refused', () => {
    const other = path('other-shard');
    claimcheck('fuzz', '--seed', 'x', '--runs', '100', '--shard', '3/3', '--out', other);
    const { status, stderr } = claimcheck('merge', folders[0]!, folders[1]!, other);
    expect([status, stderr]).toEqual([2, expect.stringContaining('are not shards of one campaign')]);
  });
});

test.each<[string, string[], RegExp]>([
  ['two reporters on stdout', ['--reporter', 'json', '--reporter', 'terminal'], /would both print to stdout/],
  ['an unknown reporter', ['--reporter', 'xml'], /--reporter takes one of terminal, /],
  ['a file in no folder', ['--reporter', 'json=/nowhere/x'], /there is no folder \/nowhere/],
  ['a folder as a file', ['--reporter', `json=${root}`], /is a folder, not a file/],
  ['a file of no name', ['--reporter', 'json='], /names no file/],
  ['two reporters in one file', ['--reporter', 'json=x', '--reporter', 'terminal=x'], /two reporters would write x/],
  ['a time without a unit', ['--time', '30'], /--time takes a duration such as 90s/],
  ['time and runs', ['--time', '1s', '--runs', '5'], /exclude each other/],
  ['a shard that is none', ['--shard', '0/3'], /--shard takes one part of so many/],
  ['a shard without a folder', ['--shard', '1/3'], /name one with --out/],
  ['nothing to go on with', ['--resume', '--out', root], /holds no campaign that was stopped/],
  ['no folder to go on in', ['--resume'], /name it with --out/],
  ['no folder to go on in with a seed', ['--resume', '--seed', 'x'], /name it with --out/],
  ['workers of a real server', ['--target', 'nova', '--workers', '2'], /--workers is for campaigns on the model/],
])('fuzz refuses %s', (_, flags, said) => {
  const { status, stdout, stderr } = claimcheck('fuzz', ...flags);
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(said);
  expect(stderr.trim().split('\n').length).toBe(1);
});

test('reporters write their files beside what is printed', () => {
  const file = path('result.json');
  const ended = claimcheck('fuzz', ...SMALL, '--reporter', 'terminal', '--reporter', `json=${file}`);
  expect(lastLine(ended)).toMatch(/^KNOWN: 300 scenarios/);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ verdict: 'known', runs: 300 });
});

test('a campaign of so much time ends by itself', () => {
  const ended = claimcheck('fuzz', '--seed', 'time', '--time', '1s', '--workers', '1', '--json');
  expect(ended.status).toBe(0);
  expect((JSON.parse(ended.stdout) as { runs: number }).runs % 1000).toBe(0);
});

describe('bisect', () => {
  /** A clone in which a middle commit breaks the undo table of prep_resize. */
  function brokenClone(): { clone: string; culprit: string } {
    const clone = path('clone');
    const git = (...args: string[]): string =>
      execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@localhost', ...args], {
        cwd: existsSync(clone) ? clone : root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    git('clone', '--quiet', '--depth', '1', `file://${ROOT}`, clone);
    symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
    const commit = (message: string): void => {
      git('commit', '--quiet', '--all', '--message', message);
    };
    const undo = join(clone, 'src', 'nova', 'undo.ts');
    const readme = join(clone, 'README.md');
    writeFileSync(readme, `${readFileSync(readme, 'utf8')}\n1\n`);
    commit('Before');
    const text = readFileSync(undo, 'utf8');
    const broken = text.replace(
      "abort: 'abort-claim',\n    claim: 'give-back',",
      "abort: 'abort-claim',\n    claim: 'keep',",
    );
    expect(broken).not.toBe(text);
    writeFileSync(undo, broken);
    commit('Keep the claim when prep_resize fails');
    const culprit = git('rev-parse', '--short', 'HEAD').trim();
    writeFileSync(readme, `${readFileSync(readme, 'utf8')}\n2\n`);
    commit('Behind');
    execFileSync(process.execPath, ['build.mjs'], { cwd: clone });
    return { clone, culprit };
  }

  test('names the commit with which a finding came', () => {
    const { clone, culprit } = brokenClone();
    const run = (...args: string[]): Ended => {
      try {
        const stdout = execFileSync(process.execPath, [join(clone, 'dist', 'claimcheck.mjs'), ...args], {
          cwd: clone,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        return { status: 0, stdout, stderr: '' };
      } catch (error) {
        const { status, stdout, stderr } = error as Ended;
        return { status, stdout, stderr };
      }
    };
    const found = run('fuzz', '--seed', 'bisect', '--runs', '3000', '--json');
    const { findings } = JSON.parse(found.stdout) as { findings: { known: string | null; token: string }[] };
    const news = findings.filter(({ known }) => known === null).map(({ token }) => token);
    // one of a scenario that breaks nothing without that commit
    const token = news.find((one) => claimcheck('replay', one).status === 0)!;
    const bisected = run('bisect', token, '--good', 'HEAD~3');
    expect(bisected.stdout).toMatch(
      new RegExp(`^The finding came with ${culprit}\\S* of [-\\d]+: Keep the claim when prep_resize fails\\n$`),
    );
    const turned = run('bisect', token, '--good', 'HEAD');
    expect([turned.status, turned.stderr]).toEqual([2, expect.stringContaining('--good HEAD shows it')]);
    const nowhere = run('bisect', token, '--good', 'no-such');
    expect([nowhere.status, nowhere.stderr]).toEqual([2, expect.stringContaining('--good no-such is no commit')]);
  });
});
