import { execFileSync, spawn } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Campaign } from '../campaign/campaign.ts';
import { WHOLE } from '../campaign/drive.ts';
import { plainCampaign } from '../campaign/plain.ts';
import { NOTHING_KNOWN } from '../contract/known/known.ts';
import { deriveSeed } from '../generate/adapter.ts';
import { CampaignFolder, type Order, readShard } from './campaign-folder.ts';
import { CORPUS_VERSION, type CorpusEntry, fileOf, readCorpus, writeToCorpus } from './corpus.ts';
import { appendToLedger, LEDGER_VERSION, type LedgerEntry, readLedger } from './ledger.ts';
import { lock } from './lock.ts';
import { JournalError, writeWhole } from './records.ts';

const root = mkdtempSync(join(tmpdir(), 'claimcheck-journal-'));
afterAll(() => rmSync(root, { recursive: true }));
let made = 0;
const fresh = (): string => {
  const folder = join(root, `${made++}`);
  mkdirSync(folder);
  return folder;
};

const CONFIG = plainCampaign('journal');
const ORDER: Order = {
  config: CONFIG,
  known: { source: 'none', digest: 'x' },
  runs: 100,
  seconds: null,
  shard: WHOLE,
  keepNames: false,
  command: 'fuzz',
};
const ENTRY: LedgerEntry = {
  version: LEDGER_VERSION,
  date: '2026-11-28T02:18:07Z',
  commit: null,
  command: 'fuzz',
  seed: 'journal',
  protocol: 'nova',
  contract: 'strict',
  verdict: 'known',
  runs: 100,
  seconds: 1.5,
  findings: { news: 0, known: 1, sabotage: 0 },
  signatures: ['a | b | c'],
};
const FOUND: CorpusEntry = {
  version: CORPUS_VERSION,
  signature: 'source-zero | compute.confirm_resize[claim] raised | D error',
  status: 'open',
  token: 'cc1.x',
  found: { date: ENTRY.date, commit: null, seed: 'journal' },
  fixed: null,
};

const campaign = new Campaign(CONFIG, NOTHING_KNOWN);
campaign.runBlock(0, 60);
const progress = campaign.progress();

test('a ledger is read as it was written, without a line that was not finished', () => {
  const path = join(fresh(), 'ledger.jsonl');
  expect(readLedger(path)).toEqual([]);
  appendToLedger(path, ENTRY);
  appendToLedger(path, { ...ENTRY, verdict: 'violated' });
  writeFileSync(path, `${readFileSync(path, 'utf8')}{"version":1,"da`);
  expect(readLedger(path).map(({ verdict }) => verdict)).toEqual(['known', 'violated']);
});

test('a corpus has a file for each signature, whatever is in it', () => {
  const folder = join(fresh(), 'corpus');
  writeToCorpus(folder, FOUND);
  writeToCorpus(folder, { ...FOUND, signature: `${'../'.repeat(40)}\u0000 | x` });
  writeToCorpus(folder, { ...FOUND, status: 'fixed', fixed: { date: ENTRY.date, commit: 'c' } });
  expect(readdirSync(folder).length).toBe(2);
  for (const file of readdirSync(folder)) expect(file).toMatch(/^[a-z0-9-]{1,80}\.json$/);
  expect(readCorpus(folder).find(({ signature }) => signature === FOUND.signature)?.status).toBe('fixed');
  expect(fileOf('A | b')).not.toBe(fileOf('a | B'));
});

test('a checkpoint gives a campaign back', () => {
  const folder = new CampaignFolder(join(fresh(), 'out'));
  expect(folder.checkpoint()).toBeNull();
  folder.keep({ order: ORDER, next: 1, elapsed: 2, progress });
  const again = new Campaign(CONFIG, NOTHING_KNOWN);
  again.resume([folder.checkpoint()!.progress]);
  expect([...again.findings]).toEqual([...campaign.findings]);
  expect(again.executions).toBe(campaign.executions);
  folder.done();
  expect(folder.checkpoint()).toBeNull();
  folder.close();
});

test('a device is written to and stays one, and a link goes on leading where it led', () => {
  const folder = fresh();
  const [file, link] = [join(folder, 'file'), join(folder, 'link')];
  writeFileSync(file, 'before');
  symlinkSync(file, link);
  writeWhole(link, 'behind');
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe('behind');
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reader = spawn('cat', [pipe], { stdio: 'ignore' });
  writeWhole(pipe, 'read');
  expect(lstatSync(pipe).isFIFO()).toBe(true);
  reader.kill();
  expect(() => writeWhole(folder, 'x')).toThrow(JournalError);
  expect(readdirSync(folder).sort()).toEqual(['file', 'link', 'pipe']);
});

test('a lock is held against others, and falls when its holder is dead', () => {
  const folder = fresh();
  const path = join(folder, 'lock');
  // of another machine nobody can tell whether it lives
  writeFileSync(path, JSON.stringify({ pid: 1, host: 'elsewhere' }));
  expect(() => lock(folder)).toThrow(/in use by process 1 on elsewhere/);
  writeFileSync(path, 'no holder');
  expect(() => lock(folder)).toThrow(/in use by somebody/);
  rmSync(path);
  const unlock = lock(folder);
  expect(readdirSync(folder)).toEqual(['lock']);
  unlock();
  expect(readdirSync(folder)).toEqual([]);
});

describe('a file that is not what it should be is refused in one sentence', () => {
  const kinds: Readonly<Record<string, { write(): string; read(path: string): unknown }>> = {
    ledger: {
      write: () => `${JSON.stringify(ENTRY)}\n${JSON.stringify(ENTRY)}\n`,
      read: readLedger,
    },
    'corpus entry': {
      write: () => JSON.stringify(FOUND),
      read: (path) => readCorpus(join(path, '..')),
    },
    checkpoint: {
      write: () => JSON.stringify({ version: 1, order: ORDER, next: 1, elapsed: 2, progress }),
      read: (path) => {
        const folder = new CampaignFolder(join(path, '..'));
        try {
          return folder.checkpoint();
        } finally {
          folder.close();
        }
      },
    },
    'result of a shard': {
      write: () => JSON.stringify({ version: 1, order: ORDER, complete: true, elapsed: 2, progress }),
      read: (path) => readShard(join(path, '..')),
    },
  };
  const FILES = {
    ledger: 'l',
    'corpus entry': 'x.json',
    checkpoint: 'checkpoint.json',
    'result of a shard': 'shard.json',
  };

  test.each(Object.keys(kinds) as (keyof typeof FILES)[])('%s: 100 damages', (kind) => {
    const { write, read } = kinds[kind]!;
    const path = join(fresh(), FILES[kind]);
    const whole = write();
    writeFileSync(path, whole);
    expect(() => read(path)).not.toThrow();
    for (let k = 0; k < 100; k++) {
      const random = deriveSeed(kind, k) >>> 0;
      const at = random % whole.length;
      const junk = ['', '"', '}', 'null', '9'.repeat(400), '\u0000', '\\ud800', '[[', '{"__proto__":1}'][random % 9]!;
      writeFileSync(path, whole.slice(0, at) + junk + whole.slice(at + (random % 7)));
      try {
        read(path);
      } catch (error) {
        expect(error).toBeInstanceOf(JournalError);
        expect((error as Error).message).toMatch(/^[^\n]{10,600}$/);
      }
    }
    for (const version of [2, 1e9]) {
      writeFileSync(path, `${JSON.stringify({ version })}\n`);
      expect(() => read(path)).toThrow(`is a ${kind === 'ledger' ? 'ledger entry' : kind} of version ${version}`);
    }
  });
});
