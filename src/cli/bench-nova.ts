/**
 * `npm run bench:nova`: what a boot, a resize that fails, a delete and the settle after cost on Nova 34.0.0, in this harness and
 * as a functional test on Nova's own fixtures. Blocks of the two alternate, so that what else the machine does hits both, and
 * what is quoted are medians of ratios. `--blocks N`: how many of each.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { compileFor } from '../campaign/config.ts';
import { table } from '../report/tables.ts';
import { DEFAULT_OPTIONS, type Operation, type Scenario } from '../scenario/scenario.ts';
import { NovaHarness } from '../targets/nova/harness.ts';
import { missing, pythonOf, STOCK_BENCH } from '../targets/nova/install.ts';
import { EXIT, note, print, UsageError, wholeNumber } from './context.ts';

const HARNESS_PLAYS = 6;
const STOCK_PLAYS = 2;

const host = (name: string) => {
  const record = { total: 64, reserved: 0, min_unit: 1, max_unit: 64, step_size: 1, allocation_ratio: 1 };
  const memory = { ...record, total: 65536, max_unit: 65536 };
  return { name, inventories: { VCPU: record, MEMORY_MB: memory, DISK_GB: record }, traits: [] };
};
const flavor = (name: string, size: number) => ({
  ...{ name, vcpus: size, ram: 512 * size, disk: size },
  ...{ ephemeral: 0, swap: 0, properties: {} },
});

function scenario(between: readonly Operation[]): Scenario {
  const operations: Operation[] = [
    { operation: 'boot', server: 's1', flavor: 'm1' },
    { operation: 'resize', server: 's1', flavor: 'm2' },
    ...between,
    { operation: 'delete', server: 's1' },
  ];
  return {
    version: 1,
    cloud: { hosts: [host('h1'), host('h2')], flavors: [flavor('m1', 1), flavor('m2', 2)] },
    options: DEFAULT_OPTIONS,
    operations,
    faults: [{ operation: 1, point: 'finish.driver', kind: 'error-before', nth: 1, times: 1 }],
    holds: [],
  };
}

/** CPU and wall seconds of one scenario. */
interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

/** Nova is not there, or does not come to the end of a play. */
class Unplayed extends Error {
  override readonly name = 'Unplayed';
}

const wallSeconds = (): number => performance.now() / 1000;

async function ofHarness(nova: NovaHarness, played: Scenario): Promise<Cost> {
  const began = { cpu: await nova.cpuSeconds(), wall: wallSeconds() };
  for (let k = 0; k < HARNESS_PLAYS; k++) {
    const play = await nova.play(played);
    if ('failed' in play) throw new Unplayed(play.failed);
    if (play.fired[0] !== true) throw new Unplayed('the resize did not fail');
  }
  return {
    cpu: ((await nova.cpuSeconds()) - began.cpu) / HARNESS_PLAYS,
    wall: (wallSeconds() - began.wall) / HARNESS_PLAYS,
  };
}

/** The functional test in a process of its own (stock_bench.py). */
class Stock {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private said = '';

  constructor() {
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONWARNINGS: 'ignore' };
    this.child = spawn(pythonOf(34), [STOCK_BENCH], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.said = (this.said + text).slice(-4000);
    });
    // a process that is gone takes no more lines
    this.child.stdin!.on('error', () => {});
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  /** With the fixtures set up for each, and the test's body alone. */
  async costs(): Promise<{ whole: Cost; body: Cost }> {
    const began = wallSeconds();
    this.child.stdin!.write(`${STOCK_PLAYS}\n`);
    const line = await this.lines.next();
    if (line.done === true) throw new Unplayed(`the functional test failed: ${this.said.trim().split('\n').at(-1)}`);
    const { whole, body, body_wall } = JSON.parse(line.value) as Record<'whole' | 'body' | 'body_wall', number>;
    return {
      whole: { cpu: whole / STOCK_PLAYS, wall: (wallSeconds() - began) / STOCK_PLAYS },
      body: { cpu: body / STOCK_PLAYS, wall: body_wall / STOCK_PLAYS },
    };
  }

  close(): void {
    this.child.stdin!.end();
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

async function bench(blocks: number): Promise<void> {
  const code = compileFor({ protocol: 'nova', defects: [], repairs: [], novaRelease: 34 });
  const nova = new NovaHarness(code, { release: 34 });
  const stock = new Stock();
  try {
    const failure = await nova.start();
    if (failure !== null) throw new Unplayed(failure.failed);
    const rows = new Map<string, Cost[]>();
    const keep = (row: string, cost: Cost): void => {
      rows.set(row, [...(rows.get(row) ?? []), cost]);
    };
    for (let block = -1; block < blocks; block++) {
      const once = await ofHarness(nova, scenario([]));
      const twice = await ofHarness(nova, scenario([{ operation: 'settle' }]));
      const { whole, body } = await stock.costs();
      // the first is spent on imports and databases
      if (block < 0) continue;
      keep('harness: boot, failing resize, delete; settle', once);
      keep('harness: boot, failing resize, settle, delete; settle again', twice);
      keep("Nova's fixtures, set up for each test", whole);
      keep("Nova's fixtures, the body of the test alone", body);
    }
    const [first] = rows.values();
    const times = (of: keyof Cost, costs: readonly Cost[]): string =>
      median(costs.map((cost, k) => cost[of] / first![k]![of])).toFixed(1);
    const shown = [...rows].map(([row, costs]) => [
      row,
      (1 / median(costs.map(({ cpu }) => cpu))).toFixed(2),
      times('cpu', costs),
      times('wall', costs),
    ]);
    const head = ['on Nova 34.0.0', 'scenarios a CPU second', 'times the CPU of the first row', 'times its wall clock'];
    print(table(head, shown, { color: false }));
  } finally {
    stock.close();
    await nova.close();
  }
}

function blocks(): number {
  try {
    const { values } = parseArgs({ options: { blocks: { type: 'string', default: '7' } } });
    return wholeNumber('--blocks', 1, 1000)(values.blocks);
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError('give nothing, or --blocks N');
  }
}

try {
  const asked = blocks();
  const lacks = missing(34);
  if (lacks !== null) throw new Unplayed(lacks);
  await bench(asked);
} catch (error) {
  if (!(error instanceof UsageError || error instanceof Unplayed)) throw error;
  note(`bench:nova: ${error.message}`);
  process.exitCode = error instanceof UsageError ? EXIT.USAGE : EXIT.UNDECIDED;
}
