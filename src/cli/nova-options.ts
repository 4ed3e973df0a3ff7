/** Options that say which Nova runs, and what ends a run on it. */
import { Option } from 'commander';
import type { Code } from '../engine/compile.ts';
import { harmless, printable } from '../scenario/printable.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { checkout, missing, NOVA_VERSION, NOVAS, type NovaRelease } from '../targets/nova/install.ts';
import { unreachablePoints } from '../targets/nova/known-differences.ts';
import { NovaPool } from '../targets/nova/pool.ts';
import { EXIT, note, UsageError, wholeNumber } from './context.ts';

export interface NovaFlags {
  readonly novaFrom?: boolean;
  readonly processes?: number;
}

/** A Nova takes some 300 MB and all of a core. */
const PROCESSES = 2;

export const novaFromOption = (): Option =>
  new Option(
    '--nova-from',
    'of --target nova: the checkout that "setup:nova -- --from DIR" named, beside 34.0.0 or, in compare, in its place',
  );

export const processesOption = (): Option =>
  new Option('--processes <n>', `of --target nova: how many Novas at once (default: ${PROCESSES})`).argParser(
    wholeNumber('--processes', 1, 64),
  );

/** What only Nova can heed is refused elsewhere, like what only Placement can. */
export function refuseWithoutNova({ target, novaFrom, processes }: NovaFlags & { readonly target: string }): void {
  if (target === 'nova') return;
  if (novaFrom === true) throw new UsageError('--nova-from is for --target nova');
  if (processes !== undefined) throw new UsageError('--processes is for --target nova');
}

/** Bugs that the harness can bring back into Nova, by the defect's id. */
const BUGS: Readonly<Record<string, string>> = { 'R-05': '1825537' };

export interface OpenNova {
  readonly pool: NovaPool;
  /** what runs, for people */
  readonly name: string;
}

/** Starts Nova, or says in one sentence what is missing and returns null: exit code 3. */
export async function openNova(code: Code, novaRelease: number, flags: NovaFlags): Promise<OpenNova | null> {
  const release = NOVAS.find((one) => one === novaRelease);
  if (release === undefined) {
    throw new UsageError(
      `--target nova runs Nova ${NOVAS.join(' (of Debian 12) or ')}: give one of them to --nova-release, not ${novaRelease}`,
    );
  }
  const bugs = code.defects.map(({ id }) => {
    const bug = BUGS[id];
    if (bug !== undefined) return bug;
    throw new UsageError(
      `--target nova runs Nova as it is, with bug ${Object.values(BUGS).join(', ')} brought back if that is asked for: leave out ${printable(id)}`,
    );
  });
  if (flags.novaFrom === true && bugs.length > 0) {
    throw new UsageError('--nova-from runs your checkout beside Nova 34.0.0, each as it is: leave out --defect');
  }
  if (flags.novaFrom === true && (release !== 34 || checkout() === null)) {
    throw new UsageError(
      '--nova-from takes the checkout that "npm run setup:nova -- --from DIR" named, which runs where 34.0.0 would: there is none, or --nova-release asks for another',
    );
  }
  const lacks = missing(release);
  if (lacks !== null) return undecided(lacks);
  const options = { release, bugs, checkout: flags.novaFrom === true ? checkout() : null };
  const pool = new NovaPool(code, options, flags.processes ?? PROCESSES);
  const name = nameOf(release, flags, bugs);
  note(`note: ${name} starts`);
  const failure = await pool.start();
  if (failure === null) return { pool, name };
  await pool.close();
  return undecided(failure.failed);
}

function nameOf(release: NovaRelease, { novaFrom }: NovaFlags, bugs: readonly string[]): string {
  const base = novaFrom === true ? `the Nova of ${printable(checkout() ?? '')}` : `Nova ${NOVA_VERSION[release]}`;
  return bugs.length === 0 ? base : `${base} with bug ${bugs.join(', ')} brought back`;
}

export function undecided(why: string): null {
  note(`claimcheck: ${harmless(why)}`);
  process.exitCode = EXIT.UNDECIDED;
  return null;
}

/** Nova has no call at some points of the model: a scenario with a fault or a hold there cannot be played on it. */
export function refuseUnreachable(scenario: Scenario): void {
  const [point] = unreachablePoints(scenario);
  if (point !== undefined) {
    throw new UsageError(
      `nothing can strike or be held at ${printable(point)} on Nova: "list failure-points --json" says why, and names the points where a call of Nova's lies`,
    );
  }
}
