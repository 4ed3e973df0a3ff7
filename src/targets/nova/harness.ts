/**
 * A Nova in a process of its own, asked with lines of JSON (harness/main.py): one scenario at a time, each played in a fork.
 * A play that fails costs itself; a process that dies is started again for the next.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Code } from '../../engine/compile.ts';
import { callOf } from '../../nova/calls.ts';
import type { AllocationsPicture, OperationPicture, Picture } from '../../observation/picture.ts';
import { pinnedCpusOf } from '../../scenario/flavor-properties.ts';
import { printable } from '../../scenario/printable.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { HARNESS, type NovaRelease, pythonOf, saidBy } from './install.ts';

/** What happened in a play, in order; services and hosts under the harness's names. */
export type NovaEvent = Readonly<Record<string, unknown>> & { readonly what: string };

/** A move that was taken, by what Nova wrote for it (harness/moves.py). */
export interface NovaMove {
  readonly operation: number;
  readonly server: string;
  readonly migration: string | null;
  readonly source: string | null;
  readonly old_flavor: string;
  readonly new_flavor: string;
  readonly flipped: boolean;
  readonly committed: boolean;
  readonly decision: 'confirm' | 'revert' | null;
  readonly before: AllocationsPicture;
}

export interface NovaPlay {
  readonly steps: readonly { readonly operation: OperationPicture; readonly picture: Picture }[];
  readonly settled: Picture;
  readonly moves: readonly NovaMove[];
  readonly fired: readonly boolean[];
  readonly held: readonly ('did not strike' | 'struck' | 'released' | 'broken')[];
  /** how often each failure point was come to */
  readonly visited: Readonly<Record<string, number>>;
  readonly events: readonly NovaEvent[] | null;
  /** whose each uuid in the events is */
  readonly names: Readonly<Record<string, string>>;
}

/** A play that did not come to its end: the process hung or died, or the harness has a fault of its own. */
export interface NovaFailure {
  readonly failed: string;
}

export interface HarnessOptions {
  readonly release: NovaRelease;
  /** the folder of a checkout whose code runs in the place of the release's */
  readonly checkout?: string | null;
  /** historical bugs that are brought back, by number: those of harness/patches.py */
  readonly bugs?: readonly string[];
  /** seconds after which a play is given up */
  readonly limit?: number;
}

const LIMIT_S = 60;
/** for the first line: Nova is imported and its databases are made */
const START_S = 180;

/** Why the harness cannot play the scenario, whose driver is a fake one and whose Neutron is another, or null. */
function beyondHarness({ cloud, operations }: Scenario): string | null {
  const flavor = cloud.flavors.find((one) => pinnedCpusOf(one) > 0);
  if (flavor !== undefined) return `the harness's driver pins no CPUs, which flavor ${printable(flavor.name)} asks for`;
  const port = operations.some((one) => one.operation === 'boot' && one.min_kbps !== undefined);
  return port ? "the harness's Neutron has no port that guarantees bandwidth" : null;
}

export class NovaHarness {
  private readonly code: Code;
  private readonly options: HarnessOptions;
  private child: ChildProcess | null = null;
  private said = '';
  private readonly answers: ((line: string | null) => void)[] = [];

  constructor(code: Code, options: HarnessOptions) {
    this.code = code;
    this.options = options;
  }

  async play(scenario: Scenario, trace = false): Promise<NovaPlay | NovaFailure> {
    const beyond = beyondHarness(scenario);
    if (beyond !== null) return { failed: beyond };
    if (this.child === null) {
      const failure = await this.start();
      if (failure !== null) return failure;
    }
    const { limit = LIMIT_S } = this.options;
    const answer = await this.ask({ scenario, trace, limit }, limit + START_S);
    if (answer === null) return { failed: `Nova's process ended: ${saidBy(this.said, null)}` };
    return 'play' in answer
      ? (answer.play as NovaPlay)
      : { failed: saidBy(String(answer.failed), this.options.checkout ?? null) };
  }

  /** The versions that answer, or why there are none. */
  async start(): Promise<NovaFailure | null> {
    const { release, checkout = null } = this.options;
    if (checkout !== null && !existsSync(checkout)) return { failed: `the checkout ${checkout} is gone` };
    const environment: NodeJS.ProcessEnv = {
      ...process.env,
      PYTHONHASHSEED: '0',
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONWARNINGS: 'ignore',
      ...(checkout === null ? {} : { PYTHONPATH: checkout }),
    };
    const child = spawn(pythonOf(release), [HARNESS], { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child = child;
    this.said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.said = (this.said + text).slice(-4000);
    });
    // a process that is gone takes no more lines
    child.stdin.on('error', () => {});
    createInterface({ input: child.stdout }).on('line', (line) => this.answers.shift()?.(line));
    child.on('close', () => {
      if (this.child === child) this.child = null;
      for (const answer of this.answers.splice(0)) answer(null);
    });
    child.on('error', () => child.emit('close'));
    const ready = await this.ask({ points: this.points(), bugs: this.options.bugs ?? [] }, START_S);
    const wrong =
      ready !== null && 'ready' in ready ? elsewhere(ready.ready as Ready, checkout) : saidBy(this.said, checkout);
    if (wrong === null) return null;
    await this.close();
    return { failed: `${checkout === null ? 'Nova' : `the Nova of ${checkout}`} could not be started: ${wrong}` };
  }

  /** CPU seconds of the process and its forks since it began. */
  async cpuSeconds(): Promise<number> {
    const answer = await this.ask({ used: true }, LIMIT_S);
    if (answer === null) throw new Error(`Nova's process ended: ${saidBy(this.said, null)}`);
    return answer.cpu as number;
  }

  private points(): unknown {
    return this.code.points.map(({ id, step, handlers }) => ({
      id,
      handlers,
      touches: step.touches,
      nova: step.nova,
      call: callOf(id),
    }));
  }

  private async ask(what: unknown, seconds: number): Promise<Record<string, unknown> | null> {
    const { child } = this;
    if (child === null) return null;
    let timer: NodeJS.Timeout | undefined;
    const line = await new Promise<string | null>((resolve) => {
      this.answers.push(resolve);
      timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
      child.stdin?.write(`${JSON.stringify(what)}\n`);
    });
    clearTimeout(timer);
    return line === null ? null : (JSON.parse(line) as Record<string, unknown>);
  }

  async close(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.stdin?.end();
    child.kill('SIGTERM');
    await ended;
  }
}

interface Ready {
  /** where the package `nova` was found */
  readonly folder: string;
}

/** A checkout that Python does not find would leave the release to stand in for it unseen. */
function elsewhere({ folder }: Ready, checkout: string | null): string | null {
  if (checkout === null || realpathSync(folder) === realpathSync(checkout)) return null;
  return `Python finds no Nova there, and that of ${folder} would run instead`;
}
