/**
 * How soon the fuzzer kills what must die of the rollback protocol: every kept mutant, and every part taken away. Prints
 * CPU seconds to the first violation over a number of seeds, minimising not counted.
 */
import { parseArgs } from 'node:util';
import { CONTRACTS } from '../contract/contracts.ts';
import { compile } from '../engine/compile.ts';
import { deriveSeed, sample, wordStream } from '../generate/adapter.ts';
import { madeUp } from '../generate/clouds.ts';
import { GROUP, HEADER, MOST_OPERATIONS } from '../generate/decode.ts';
import type { Defect } from '../nova/defects/defect.ts';
import { DEFECTS } from '../nova/defects/defects.ts';
import { PROTOCOLS } from '../nova/protocols.ts';
import { partsOfRollback } from '../nova/rollback/parts.ts';
import { BLOCK_SIZE } from './block.ts';
import { Player } from './player.ts';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '20' }, cpu: { type: 'string', default: '30' } },
});
const SEEDS = Number(values.seeds);
/** CPU seconds after which a seed is given up. */
const GIVE_UP = Number(values.cpu);
const FAULTS = 3;
const SITUATIONS = 16;

const stream = wordStream(HEADER, GROUP, MOST_OPERATIONS);
const FOUND = new Error('found');

interface Death {
  readonly seconds: number;
  readonly scenarios: number;
  readonly found: boolean;
}

function timeToDeath(mutant: Defect, seed: string): Death {
  const code = compile(PROTOCOLS.rollback, [mutant]);
  const began = process.cpuUsage();
  const seconds = (): number => {
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1e6;
  };
  let scenarios = 0;
  for (let block = 0; seconds() < GIVE_UP; block++) {
    const situations = sample(madeUp(null), deriveSeed(seed, 'rollback', block, 'clouds'), SITUATIONS);
    const player = new Player(code, CONTRACTS.strict, FAULTS, situations);
    try {
      stream.forEach(deriveSeed(seed, 'rollback', block), BLOCK_SIZE, (words) => {
        scenarios++;
        player.play(words);
        if (player.trial.violations.length > 0) throw FOUND;
      });
    } catch (error) {
      if (error !== FOUND) throw error;
      return { seconds: seconds(), scenarios, found: true };
    }
  }
  return { seconds: Number.POSITIVE_INFINITY, scenarios, found: false };
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
const shown = (seconds: number): string => (Number.isFinite(seconds) ? seconds.toFixed(2) : `over ${GIVE_UP}`);

const kept = DEFECTS.filter(({ kind, protocol }) => kind === 'mutant' && protocol === 'rollback');
const needed = partsOfRollback().filter(({ spare }) => spare === null);
const rows = [...kept, ...needed].map((mutant) => {
  const deaths = Array.from({ length: SEEDS }, (_, k) => timeToDeath(mutant, `mutant ${k}`));
  const sorted = deaths.map(({ seconds }) => seconds).sort((a, b) => a - b);
  const found = deaths.filter((death) => death.found).length;
  return {
    median: quantile(sorted, 0.5),
    cells: [
      mutant.title,
      `${found} of ${SEEDS}`,
      shown(quantile(sorted, 0.5)),
      shown(quantile(sorted, 0.9)),
      String(
        quantile(
          deaths.map(({ scenarios }) => scenarios).sort((a, b) => a - b),
          0.5,
        ),
      ),
    ],
  };
});
rows.sort((a, b) => b.median - a.median);
const HEAD = ['rollback with this mutant', 'dies', 'CPU s, median', 'CPU s, p90', 'scenarios, median'];
const widths = HEAD.map((title, k) => Math.max(title.length, ...rows.map(({ cells }) => cells[k]!.length)));
for (const cells of [HEAD, ...rows.map((row) => row.cells)]) {
  process.stdout.write(
    `${cells
      .map((cell, k) => cell.padEnd(widths[k]!))
      .join('  ')
      .trimEnd()}\n`,
  );
}
