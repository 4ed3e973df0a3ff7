/** `claimcheck bench`: how soon the fuzzer finds the bugs that are known to have been there. */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Command } from 'commander';
import { h } from 'preact';
import { renderToStaticMarkup } from 'preact-render-to-string';
import { type BenchResults, type BenchRow, compared, resultsSchema, rowOf } from '../campaign/bench-results.ts';
import { calibrate } from '../campaign/calibrate.ts';
import { GENERATORS, type Generator, type Hunt, hunt } from '../campaign/time-to-bug.ts';
import type { Defect } from '../nova/defects/defect.ts';
import { DEFECTS } from '../nova/defects/defects.ts';
import { BenchChart } from '../report/bench/bench-chart.tsx';
import { benchPage, benchText } from '../report/bench/bench-report.ts';
import { printable } from '../scenario/printable.ts';
import { huntInPlacement } from '../targets/placement/hunt.ts';
import { currentCommit } from './commit.ts';
import { EXIT, Interruption, note, PROGRESS_MS, print, UsageError, useColor, wholeNumber } from './context.ts';

interface BenchFlags {
  readonly seeds: number;
  readonly cpu: number;
  readonly defect: readonly string[];
  readonly generator: readonly Generator[];
  readonly out?: string;
  readonly json?: boolean;
}

const BENCHED: readonly Defect[] = DEFECTS.filter(({ kind }) => kind === 'defect');

function generators(text: string): Generator[] {
  if (text === 'all') return [...GENERATORS];
  const names = text.split(',');
  const unknown = names.find((name) => !(GENERATORS as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `--generator takes ${GENERATORS.join(', ')}, several of them with commas between, or all, not "${printable(unknown)}"`,
    );
  }
  return GENERATORS.filter((name) => names.includes(name));
}

function defect(text: string, before: readonly string[]): string[] {
  const found = BENCHED.find(({ id, aliases }) => id === text || aliases.includes(text));
  if (found === undefined) {
    throw new UsageError(
      `--defect takes an id or an alias of a defect (${BENCHED.map(({ id }) => id).join(', ')}), not "${printable(text)}"`,
    );
  }
  return before.includes(found.id) ? [...before] : [...before, found.id];
}

export function benchCommand(): Command {
  return new Command('bench')
    .description('time to bug: how soon each historical bug is found, and what its minimal scenario is')
    .option('--seeds <n>', 'seeds a defect', wholeNumber('--seeds', 1, 1000), 20)
    .option('--cpu <seconds>', 'CPU seconds after which a seed is given up', wholeNumber('--cpu', 1, 3600), 10)
    .option('--defect <id>', 'only this one (repeatable)', defect, [])
    .option('--generator <names>', `ways of drawing scenarios: ${GENERATORS.join(',')} or all`, generators, ['default'])
    .option(
      '--out <dir>',
      'keep the results there, with a page and a picture, and say what changed since those that are there',
    )
    .option('--json', 'one object on stdout and nothing else')
    .addHelpText('after', '\nExit code: 0 every defect was found by every seed, 1 one was not, 130 interrupted.')
    .action(bench);
}

const RESULTS = 'results.json';
const PICTURE = 'time-to-bug.svg';

async function bench({ seeds, cpu, defect: only, generator: ways, out, json }: BenchFlags): Promise<void> {
  if (out !== undefined) makeFolder(out);
  const before = out === undefined ? null : lastResults(join(out, RESULTS));
  const defects = only.length === 0 ? BENCHED : BENCHED.filter(({ id }) => only.includes(id));
  const interruption = new Interruption();
  const rows: BenchRow[] = [];
  let told = Date.now();
  for (const [k, one] of defects.entries()) {
    for (const generator of ways) {
      const hunts: Hunt[] = [];
      // requests are drawn in one way
      if (one.byRequests === true && generator !== 'default') continue;
      for (let seed = 0; seed < seeds && !interruption.asked; seed++) {
        hunts.push(
          one.byRequests === true
            ? huntByRequests(one, `bench ${seed}`, cpu)
            : hunt(one, generator, `bench ${seed}`, cpu),
        );
        await nextTurn();
        if (Date.now() - told < PROGRESS_MS) continue;
        told = Date.now();
        note(`${one.id}, ${generator}: ${seed + 1} of ${seeds} seeds; ${k} of ${defects.length} defects done`);
      }
      if (hunts.length > 0) rows.push(rowOf(one, generator, hunts));
    }
  }
  const results: BenchResults = {
    version: 1,
    commit: currentCommit(),
    date: new Date().toISOString().slice(0, 10),
    calibration: calibrate(),
    giveUp: cpu,
    rows,
  };
  if (json === true) print(JSON.stringify(results));
  else print(benchText(results, defects, useColor(process.stdout)));
  if (before !== null && json !== true) {
    const changes = compared(results, before);
    print(
      `\nSince ${before.date}, commit ${before.commit?.slice(0, 10) ?? 'unknown'}: ${changes.length === 0 ? 'nothing changed much.' : ''}`,
    );
    for (const line of changes) print(`  ${line}`);
  }
  if (interruption.asked) {
    process.exitCode = EXIT.INTERRUPTED;
    return;
  }
  if (out !== undefined) keep(out, results, defects);
  const missed = rows.some(({ generator, found, seeds: of }) => generator === ways[0] && found < of);
  process.exitCode = missed ? EXIT.VIOLATION : EXIT.OK;
}

function huntByRequests({ placement = {} }: Defect, seed: string, giveUp: number): Hunt {
  const { requests, invariant, form, ...rest } = huntInPlacement(placement, seed, giveUp);
  const invariants = invariant === '' ? [] : [invariant];
  return { ...rest, seed, scenarios: requests, invariants, signature: `${invariant} | ${form}`, form };
}

function lastResults(path: string): BenchResults | null {
  if (!existsSync(path)) return null;
  const wrong = new UsageError(
    `${printable(path)} is not what "bench --out" keeps: move it away, or name another folder`,
  );
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw wrong;
  }
  const parsed = resultsSchema.safeParse(read);
  if (!parsed.success) throw wrong;
  return parsed.data;
}

/** Before anything is measured: what was measured is not to be lost for a name. */
function makeFolder(out: string): void {
  try {
    mkdirSync(out, { recursive: true });
    accessSync(out, constants.W_OK);
  } catch (error) {
    throw new UsageError(
      `--out ${printable(out)} is no folder that can be written: ${printable((error as Error).message)}`,
    );
  }
}

function keep(out: string, results: BenchResults, defects: readonly Defect[]): void {
  writeFileSync(join(out, RESULTS), `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(join(out, PICTURE), `${renderToStaticMarkup(h(BenchChart, { results, defects }))}\n`);
  writeFileSync(join(out, 'README.md'), benchPage(results, defects, PICTURE));
}
