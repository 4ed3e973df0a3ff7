/**
 * A campaign by a fleet is that of one process, whatever becomes of its workers and of its queue, and nobody is told the password.
 * Needs a Redis or Valkey (`npm run setup:redis`); without one a line says so. FLEET_SHARE=N does N times as much, and then
 * nothing may be missing; KILLS=50 kills as many workers.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { deriveSeed } from 'claimcheck';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { engineDigest } from '../src/fleet/engine.ts';
import { pack } from '../src/fleet/records.ts';
import { missing, type StartedRedis, startRedis } from '../src/fleet/redis.ts';
import { Store } from '../src/fleet/store.ts';

const CLAIMCHECK = join(import.meta.dirname, '..', 'dist', 'claimcheck.mjs');
const share = process.env.FLEET_SHARE;
const KILLS = Number(process.env.KILLS ?? 3 * Number(share ?? 1));
const lacks = missing();
if (share !== undefined) test('Redis is set up', () => expect(lacks).toBeNull());
else if (lacks !== null) process.stderr.write(`not run: ${lacks}\n`);
const openssl = spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0;

const CAMPAIGN = ['--seed', 'fleet', '--runs', '12000', '--json'];
/** Each is short: what is tested is what becomes of them. */
const SHORT = ['--seed', 'fleet', '--runs', '3000', '--json'];

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** until a line of stderr says so */
  said(words: string): Promise<void>;
}

const running = new Set<ChildProcess>();

function begin(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [CLAIMCHECK, ...args], {
    env: { ...process.env, NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => {
      running.delete(child);
      resolve({ code, stdout, stderr });
    });
  });
  const said = async (words: string): Promise<void> => {
    while (!stderr.includes(words)) {
      if (!running.has(child)) throw new Error(`it ended and never said "${words}": ${stderr}`);
      await sleep(20);
    }
  };
  return { child, ended, said };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const alone = async (args: readonly string[]): Promise<Ended> => begin(['fuzz', ...args]).ended;

describe('an address', () => {
  const SECRET = 'hunter2';
  const cases: Record<string, string[]> = {
    'of nobody': ['fleet', 'status', '--queue', `redis://:${SECRET}@127.0.0.1:1`],
    'of nobody, for a worker': ['fleet', 'worker', '--queue', `redis://me:${SECRET}@127.0.0.1:1/2`],
    'of nobody, for a leader': ['fleet', 'start', '--queue', `rediss://:${SECRET}@127.0.0.1:1`],
    'of no host': ['fleet', 'status', '--queue', `redis://:${SECRET}@no-such-host.invalid`],
    'with a password that it cannot hold': ['fleet', 'status', '--queue', `redis://:a#${SECRET}@127.0.0.1`],
    'with a slash in its password': ['fleet', 'status', '--queue', `redis://:a/${SECRET}@127.0.0.1`],
    'of something else': ['fleet', 'status', '--queue', `amqp://:${SECRET}@127.0.0.1`],
    'after an option that there is not': ['fleet', 'status', `--qeue=redis://:${SECRET}@127.0.0.1`],
    'where none belongs': ['fleet', 'status', `redis://:${SECRET}@127.0.0.1`],
  };
  test.each(Object.entries(cases))('%s costs one sentence, which does not tell the password', async (name, args) => {
    const { code, stdout, stderr } = await begin(args).ended;
    expect(code).toBe(/nobody|no host/.test(name) ? 3 : 2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^claimcheck: [^\n]+\n$/);
    expect(stderr).not.toContain(SECRET);
  });
});

describe.skipIf(lacks !== null)('on a Redis', () => {
  const folder = mkdtempSync(join(tmpdir(), 'claimcheck-fleet-'));
  let redis: StartedRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    for (const child of running) child.kill('SIGKILL');
    while (running.size > 0) await sleep(20);
  });
  afterAll(async () => {
    await redis?.stop();
    rmSync(folder, { recursive: true });
  });

  const environment = (): Record<string, string> => ({
    CLAIMCHECK_QUEUE: `redis://127.0.0.1:${redis.port}`,
    CLAIMCHECK_QUEUE_PASSWORD: redis.password,
  });
  const fleet = (verb: string, ...args: readonly string[]): Running => begin(['fleet', verb, ...args], environment());
  const worker = (...args: readonly string[]): Running => fleet('worker', '--jobs', '1', '--lock', '1s', ...args);

  test(`a fleet whose workers are killed ${KILLS} times finds what one process finds`, {
    timeout: 120_000 + KILLS * 30_000,
  }, async () => {
    const whole = await alone(CAMPAIGN);
    const workers = [worker(), worker()];
    for (let round = 0, kills = 0; kills < KILLS; round++) {
      const out = join(folder, `killed-${round}`);
      const led = fleet('start', ...CAMPAIGN, '--out', out);
      const end = led.ended.then(() => 'over');
      while (kills < KILLS) {
        const victim = workers[kills % 2]!;
        await victim.said('jobs at once');
        const moment = (deriveSeed('fleet', kills) >>> 0) % 2000;
        if ((await Promise.race([sleep(moment), end])) === 'over') break;
        victim.child.kill('SIGKILL');
        workers[kills++ % 2] = worker();
      }
      const { code, stdout, stderr } = await led.ended;
      expect({ code, stdout }).toEqual({ code: whole.code, stdout: whole.stdout });
      expect(stderr).not.toContain(redis.password);
      expect(existsSync(join(out, 'checkpoint.json'))).toBe(false);
      expect(readFileSync(join(out, 'ledger.jsonl'), 'utf8')).not.toContain(redis.password);
    }
    const [one] = workers as [Running, Running];
    const status = await fleet('status', '--json').ended;
    expect(status.stdout).not.toContain(redis.password);
    const seen = JSON.parse(status.stdout) as { campaigns: unknown[]; workers: { pid: number }[]; refused: string[] };
    expect(seen).toMatchObject({ campaigns: [], refused: [] });
    expect(seen.workers.map(({ pid }) => pid)).toContain(one.child.pid);
    // told to stop, a worker says what it did
    one.child.kill('SIGINT');
    const stopped = await one.ended;
    expect(stopped.code).toBe(0);
    expect(stopped.stderr).toMatch(/\d+ jobs and \d+ scenarios done\n$/);
  });

  test('a leader that is killed is taken up, and its ledger has no password', { timeout: 300_000 }, async () => {
    const out = join(folder, 'led');
    const whole = await alone(CAMPAIGN);
    worker();
    const address = redis.address;
    const led = begin(['fleet', 'start', ...CAMPAIGN, '--out', out, '--queue', address]);
    while (!existsSync(join(out, 'findings.jsonl')) || readFileSync(join(out, 'findings.jsonl'), 'utf8') === '') {
      await sleep(50);
    }
    led.child.kill('SIGKILL');
    await led.ended;
    const again = await begin(['fleet', 'start', '--resume', '--json', '--out', out, '--queue', address]).ended;
    expect(again.stdout).toBe(whole.stdout);
    const ledger = readFileSync(join(out, 'ledger.jsonl'), 'utf8');
    expect(ledger).toContain(`--queue redis://127.0.0.1:${redis.port}`);
    expect(ledger).not.toContain(redis.password);
  });

  test('garbage in the queue costs jobs, and neither worker nor leader', { timeout: 300_000 }, async () => {
    const whole = await alone(SHORT);
    const engine = engineDigest();
    const client = new Redis({ port: redis.port, password: redis.password, maxRetriesPerRequest: null });
    const store = new Store(client, 'dirty');
    const queue = new Queue(Store.queueOf(engine), { connection: client, prefix: store.prefix });
    // campaigns of a later version, of other code, and of nothing
    const record = { version: 1, engine, commit: null, host: 'h', known: null };
    const config = { ...CONFIG, defects: ['no-such-defect'] };
    const campaigns: Record<string, Buffer> = {
      'aaaaaaa1-0': await pack({ ...record, config: CONFIG, version: 2 }),
      'aaaaaaa2-0': await pack({ ...record, config: CONFIG, engine: '0123456789abcdef' }),
      'aaaaaaa3-0': Buffer.from('nothing that was packed'),
      'aaaaaaa4-0': await pack({ ...record, config }),
      'aaaaaaa5-0': await pack({ ...record, config: CONFIG, known: '0123456789abcdef' }),
      'aaaaaaa6-0': await pack({ ...record, config: CONFIG }),
    };
    for (const [id, bytes] of Object.entries(campaigns)) {
      await client.sadd(`${store.prefix}:campaigns`, id);
      await client.set(`${store.prefix}:campaign:${id}`, bytes);
    }
    const slices = [{ block: 0, from: 0, to: 10 }];
    for (const campaign of Object.keys(campaigns)) {
      await queue.add('run', { version: 1, kind: 'run', campaign, slices });
    }
    const place = { block: 0, run: 0, signature: 'a law that nobody broke' };
    await queue.add('minimise', { version: 1, kind: 'minimise', campaign: 'aaaaaaa6-0', places: [place] });
    await queue.add('run', { version: 2, kind: 'run', campaign: 'aaaaaaa6-0', slices });
    await queue.add('run', { version: 1, kind: 'run', campaign: '../../x', slices });
    await queue.add('run', {
      version: 1,
      kind: 'run',
      campaign: 'aaaaaaa6-0',
      slices: [{ block: 0, from: 0, to: 1e9 }],
    });
    await queue.add('run', 'rm -rf');
    const torn = await queue.add('run', {});
    await client.hset(`${store.prefix}:${Store.queueOf(engine)}:${torn.id}`, 'data', '{"half":');

    const one = worker('--name', 'dirty');
    await one.said('jobs at once');
    const led = fleet('start', ...SHORT, '--name', 'dirty', '--ahead', '8');
    // among the answers too
    let answers: string[] = [];
    for (let tries = 0; answers.length === 0 && tries < 500; tries++) {
      answers = (await client.smembers(`${store.prefix}:campaigns`)).filter((id) => !(id in campaigns));
      await sleep(10);
    }
    const key = `${store.prefix}:answers:${answers[0]}`;
    const wrong = { version: 1, kind: 'run', job: `${answers[0]}-0`, results: [] };
    for (const bytes of ['garbage', await pack({ version: 2 }), await pack(wrong)]) await client.rpush(key, bytes);
    const { code, stdout, stderr } = await led.ended;
    expect({ code, stdout }).toEqual({ code: whole.code, stdout: whole.stdout });
    expect(stderr).toContain('something in the queue is no answer, and was left out\n');
    one.child.kill('SIGTERM');
    const ended = await one.ended;
    expect(ended.code).toBe(0);
    const told = ended.stderr.replaceAll(engine, 'CODE').replace(/of h is of/g, 'of H is of');
    for (const line of [
      'campaign aaaaaaa1-0 in the queue is a campaign record of version 2, and this claimcheck reads up to version 1',
      'campaign aaaaaaa2 of H is of code 0123456789abcdef, and this worker of ',
      'campaign aaaaaaa3-0 in the queue is no campaign record',
      'campaign aaaaaaa4-0: no defect or repair is called no-such-defect',
      'campaign aaaaaaa5-0: its known list is not what it says',
      'a job in the queue is of version 2, and this worker does those of 1: it was refused',
      'a job in the queue is none of a fleet: it was refused',
      'something in the queue is no job, and was left out',
    ]) {
      expect(told).toContain(line);
    }
    expect(told).not.toMatch(/^\s+at /m);
    await queue.close();
    client.disconnect();
  });

  test('a queue that is started anew in the middle loses nothing', { timeout: 300_000 }, async () => {
    const whole = await alone(CAMPAIGN);
    const own = await startRedis();
    const at = { CLAIMCHECK_QUEUE: own.address };
    const one = begin(['fleet', 'worker', '--jobs', '1', '--lock', '1s'], at);
    const led = begin(['fleet', 'start', ...CAMPAIGN, '--out', join(folder, 'anew')], at);
    await sleep(3000);
    await own.stop();
    await led.said('is gone: waiting up to 60 s');
    const anew = await startRedis({ port: own.port, password: own.password });
    const { code, stdout, stderr } = await led.ended;
    expect({ code, stdout }).toEqual({ code: whole.code, stdout: whole.stdout });
    expect(stderr.match(/is gone/g)).toHaveLength(1);
    expect(stderr).toContain('is back\n');
    one.child.kill('SIGTERM');
    expect((await one.ended).code).toBe(0);
    await anew.stop();
  });

  test('a queue that does not come back ends worker and leader, who keeps what it has', {
    timeout: 300_000,
  }, async () => {
    const own = await startRedis();
    const at = { CLAIMCHECK_QUEUE: own.address };
    const out = join(folder, 'gone');
    const one = begin(['fleet', 'worker', '--jobs', '1', '--patience', '4s'], at);
    const led = begin(['fleet', 'start', ...CAMPAIGN, '--known', 'none', '--patience', '1s', '--out', out], at);
    while (!existsSync(join(out, 'findings.jsonl'))) await sleep(50);
    await own.stop();
    for (const { ended } of [one, led]) {
      const { code, stderr } = await ended;
      expect(stderr).toMatch(/claimcheck: the queue at redis:\/\/127\.0\.0\.1:\d+ is gone: connection refused\n/);
      expect(stderr).not.toContain(own.password);
      expect(stderr).not.toMatch(/^\s+at /m);
      // with --known none a finding is news
      expect(code).toBe(ended === led.ended ? 1 : 3);
    }
    expect(existsSync(join(out, 'checkpoint.json'))).toBe(true);
  });

  test.skipIf(!openssl)(
    'TLS: a certificate is held against the authority that is named',
    { timeout: 120_000 },
    async () => {
      const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
      const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
      execFileSync(
        'openssl',
        ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...subject],
        { stdio: 'ignore' },
      );
      const own = await startRedis({ tls: { certificate, key } });
      const at = { CLAIMCHECK_QUEUE: own.address };
      const trusted = await begin(['fleet', 'status', '--queue-ca', certificate], at).ended;
      expect(trusted).toEqual({ code: 0, stdout: 'no campaign is led\nno worker is there\n', stderr: '' });
      const other = await begin(['fleet', 'status'], at).ended;
      expect(other.code).toBe(3);
      expect(other.stderr).toContain('its certificate is not trusted: name the file of its authority with --queue-ca');
      await own.stop();
    },
  );
});

const CONFIG = {
  seed: 'x',
  protocol: 'nova',
  contract: 'strict',
  defects: [],
  repairs: [],
  novaRelease: 34,
  placementRelease: 16,
  faults: 1,
  cloud: null,
};
