/**
 * A campaign that is killed at any moment loses no finding that it has told, and ends as one that was not. KILLS=100 kills as often;
 * by default a few times.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deriveSeed } from 'claimcheck';
import { afterAll, expect, test } from 'vitest';

const CLAIMCHECK = join(import.meta.dirname, '..', 'dist', 'claimcheck.mjs');
const KILLS = Number(process.env.KILLS ?? 4);
const CAMPAIGN = ['fuzz', '--seed', 'kill', '--runs', '4000', '--workers', '2', '--json'];

const folder = mkdtempSync(join(tmpdir(), 'claimcheck-kill-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Exit codes of a campaign that came to its end: known, or with news. */
const ENDED = [0, 1];

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
}

function begin(args: readonly string[], how: SpawnOptions = {}): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [CLAIMCHECK, ...args], { ...how, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr!.resume();
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout }))) };
}

let undisturbed: Promise<Ended> | null = null;
/** What the campaign comes to when nobody disturbs it. */
const whole = (): Promise<Ended> => {
  undisturbed ??= begin(CAMPAIGN).ended;
  return undisturbed;
};

const signaturesIn = (out: string): string[] => {
  const path = join(out, 'findings.jsonl');
  if (!existsSync(path)) return [];
  // the last line may be half written
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { signature: string }).signature);
};

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test(`${KILLS} times killed at a random moment and taken up, it ends as one that was not`, {
  timeout: 60_000 + KILLS * 60_000,
}, async () => {
  const began = Date.now();
  await whole();
  const span = Date.now() - began;
  let kills = 0;
  for (let round = 0; kills < KILLS; round++) {
    const out = join(folder, `round-${round}`);
    let told: string[] = [];
    for (let end: Ended | null = null; end === null; ) {
      const again = existsSync(join(out, 'checkpoint.json'));
      const { child, ended } = begin(
        again ? ['fuzz', '--resume', '--json', '--out', out] : [...CAMPAIGN, '--out', out],
      );
      const dies = kills < KILLS;
      if (dies) {
        const moment = ((deriveSeed('kill', round, kills) >>> 0) % 1000) / 1000;
        await Promise.race([sleep(moment * span), ended]);
        child.kill('SIGKILL');
      }
      const { code, stdout } = await ended;
      const now = signaturesIn(out);
      for (const signature of told) expect(now).toContain(signature);
      told = now;
      if (code === null) kills++;
      else {
        end = { code, stdout };
        expect(end).toEqual(await whole());
      }
    }
    expect(told.length).toBeGreaterThan(0);
    expect(existsSync(join(out, 'checkpoint.json'))).toBe(false);
  }
});

const workersOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

const isThere = (pid: number): boolean => {
  try {
    // a zombie whose parent has not looked is none
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

test.skipIf(process.platform !== 'linux')(
  'a campaign that is killed leaves no worker behind, and no file',
  { timeout: 300_000 },
  async () => {
    const TMPDIR = join(folder, 'tmp');
    mkdirSync(TMPDIR);
    // once with workers that have only just begun, once with some that are at work
    for (const [k, ready] of [() => true, (out: string) => signaturesIn(out).length > 0].entries()) {
      const out = join(folder, `left-${k}`);
      const { child, ended } = begin([...CAMPAIGN, '--runs', '1000000', '--out', out], {
        env: { ...process.env, TMPDIR },
      });
      let workers: number[] = [];
      while (workers.length < 2 || !ready(out)) {
        await sleep(10);
        workers = workersOf(child.pid!);
      }
      child.kill('SIGKILL');
      expect((await ended).code).toBe(null);
      while (workers.some(isThere)) await sleep(50);
      expect(readdirSync(TMPDIR)).toEqual([]);
    }
  },
);

test('Ctrl-C goes to the workers too: what they are at is done, and the campaign can be taken up', {
  timeout: 300_000,
}, async () => {
  const out = join(folder, 'stopped');
  // a group of its own, as a shell gives it a terminal
  const { child, ended } = begin([...CAMPAIGN, '--out', out], { detached: true });
  while (signaturesIn(out).length === 0) await sleep(10);
  process.kill(-child.pid!, 'SIGINT');
  expect((await ended).code).toBe(130);
  const told = signaturesIn(out);
  expect(await begin(['fuzz', '--resume', '--json', '--out', out]).ended).toEqual(await whole());
  expect(signaturesIn(out).slice(0, told.length)).toEqual(told);
});

test('two campaigns in one folder exclude each other, and a dead one does not', { timeout: 300_000 }, async () => {
  const out = join(folder, 'locked');
  const { child, ended } = begin([...CAMPAIGN, '--out', out]);
  while (!existsSync(join(out, 'checkpoint.json'))) await sleep(20);
  const second = begin([...CAMPAIGN, '--out', out]);
  expect((await second.ended).code).toBe(2);
  child.kill('SIGKILL');
  await ended;
  // begun anew it would lose what the first had
  expect((await begin([...CAMPAIGN, '--out', out]).ended).code).toBe(2);
  const other = [...CAMPAIGN, '--seed', 'other', '--resume', '--out', out];
  expect((await begin(other).ended).code).toBe(2);
  expect(ENDED).toContain((await begin([...CAMPAIGN, '--resume', '--out', out]).ended).code);
  // there is nothing to go on with: it begins
  expect(ENDED).toContain((await begin([...CAMPAIGN, '--resume', '--out', join(folder, 'begun')]).ended).code);
});

test('a folder of a newer version is refused by name', async () => {
  const out = join(folder, 'newer');
  await begin(['fuzz', '--runs', '10', '--json', '--out', out]).ended;
  writeFileSync(join(out, 'ledger.jsonl'), `${JSON.stringify({ version: 9 })}\n`);
  writeFileSync(join(out, 'checkpoint.json'), JSON.stringify({ version: 9 }));
  const { child, ended } = begin(['fuzz', '--resume', '--out', out]);
  let said = '';
  child.stderr!.on('data', (text: Buffer) => {
    said += text.toString();
  });
  expect((await ended).code).toBe(2);
  expect(said).toMatch(/checkpoint\.json is a checkpoint of version 9, and this claimcheck reads up to version 1/);
});
