/**
 * `npm run bench:fleet`: what a fleet costs beside the same campaign in one process: leader, worker and Redis together, in CPU
 * time and on the clock. Rounds of the two alternate, so that what else the machine does hits both, and what is quoted are
 * medians of ratios. `--runs N` scenarios a campaign, `--rounds N`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { missing, startRedis } from '../fleet/redis.ts';
import { table } from '../report/tables.ts';
import { EXIT, note, print, UsageError, wholeNumber } from './context.ts';
import { cpuOf } from './cpu-of.ts';

interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

/** A process of the command, which says what it took when it is over. */
interface Played extends Cost {
  readonly output: string;
}

const CLAIMCHECK = process.argv[1]!.replace(/bench-fleet\.mjs$/, 'claimcheck.mjs');
/** Loaded before the command: the last thing that it says is its CPU time. */
const METER = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from 'node:fs';
  process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    writeSync(2, '\\ncpu ' + (user + system));
  });
`)}`;

/** Ended, or not begun. */
class Unplayed extends Error {
  override readonly name = 'Unplayed';
}

function play(args: readonly string[], queue: string): Promise<Played> {
  const began = performance.now();
  const child = spawn(process.execPath, ['--import', METER, CLAIMCHECK, ...args], {
    env: { ...process.env, CLAIMCHECK_QUEUE: queue },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  return new Promise((resolve, reject) => {
    child.on('close', () => {
      const cpu = Number(/\ncpu (\d+)$/.exec(said)?.[1]) / 1e6;
      if (output === '' || Number.isNaN(cpu)) reject(new Unplayed(`${args.join(' ')} failed: ${said.trim()}`));
      resolve({ output, cpu, wall: (performance.now() - began) / 1000 });
    });
  });
}

/** The same campaign by a worker that has just joined, as a process that has just begun. */
async function byFleet(campaign: readonly string[], queue: string, redis: ChildProcess) {
  const worker = spawn(process.execPath, [CLAIMCHECK, 'fleet', 'worker', '--jobs', '1'], {
    env: { ...process.env, CLAIMCHECK_QUEUE: queue },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    await new Promise<void>((resolve, reject) => {
      worker.stderr!.setEncoding('utf8').on('data', (text: string) => {
        if (text.includes('jobs at once')) resolve();
        else reject(new Unplayed(text.trim()));
      });
    });
    const before = { worker: cpuOf(worker.pid!), redis: cpuOf(redis.pid!) };
    const leader = await play(['fleet', 'start', ...campaign], queue);
    return {
      ...leader,
      leader: leader.cpu,
      worker: cpuOf(worker.pid!) - before.worker,
      redis: cpuOf(redis.pid!) - before.redis,
    };
  } finally {
    worker.kill('SIGKILL');
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

async function bench(runs: number, rounds: number): Promise<void> {
  const redis = await startRedis();
  const ratios: { cpu: number; wall: number; leader: number; worker: number; redis: number }[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const campaign = ['--runs', String(runs), '--seed', `bench ${round}`, '--json'];
      const one = await play(['fuzz', '--workers', '1', ...campaign], redis.address);
      const fleet = await byFleet(campaign, redis.address, redis.process);
      if (fleet.output !== one.output) throw new Unplayed(`the fleet came to another result, seed "bench ${round}"`);
      ratios.push({
        cpu: (fleet.leader + fleet.worker + fleet.redis) / one.cpu,
        wall: fleet.wall / one.wall,
        leader: fleet.leader / one.cpu,
        worker: fleet.worker / one.cpu,
        redis: fleet.redis / one.cpu,
      });
    }
  } finally {
    await redis.stop();
  }
  const rows = (['cpu', 'leader', 'worker', 'redis', 'wall'] as const).map((key) => {
    const values = ratios.map((ratio) => ratio[key]);
    return [ROWS[key], ...[median(values), Math.min(...values), Math.max(...values)].map((value) => value.toFixed(3))];
  });
  const head = [`${runs} scenarios, one process = 1`, 'median', 'least', 'most'];
  print(table(head, rows, { color: false }));
}

const ROWS = {
  cpu: 'CPU time of leader, worker and Redis',
  leader: '  of the leader',
  worker: '  of the worker',
  redis: '  of Redis',
  wall: 'on the clock',
} as const;

function flags(): { runs: number; rounds: number } {
  try {
    const { values } = parseArgs({
      options: { runs: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '5' } },
    });
    return {
      runs: wholeNumber('--runs', 1000, 100_000_000)(values.runs),
      rounds: wholeNumber('--rounds', 1, 1000)(values.rounds),
    };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError('give nothing, or --runs N and --rounds N');
  }
}

try {
  const { runs, rounds } = flags();
  const lacks = missing();
  if (lacks !== null) throw new Unplayed(lacks);
  await bench(runs, rounds);
} catch (error) {
  if (!(error instanceof UsageError || error instanceof Unplayed)) throw error;
  note(`bench:fleet: ${error.message}`);
  process.exitCode = error instanceof UsageError ? EXIT.USAGE : EXIT.UNDECIDED;
}
