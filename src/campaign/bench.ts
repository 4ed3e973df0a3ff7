/**
 * `npm run bench`: what a CPU second buys, in one run and as ratios. The machine may be shared and noisy: slices of the two
 * loops alternate, and the median of their ratios is the figure to quote.
 */
import { CONTRACTS } from '../contract/contracts.ts';
import { Run } from '../engine/run.ts';
import { fingerprint } from '../engine/settle.ts';
import { deriveSeed, sample, type Words, wordStream } from '../generate/adapter.ts';
import { madeUp } from '../generate/clouds.ts';
import { GROUP, HEADER, MOST_OPERATIONS } from '../generate/decode.ts';
import { World } from '../nova/world.ts';
import { DEFAULT_OPTIONS } from '../scenario/scenario.ts';
import { calibrate, cpuSeconds } from './calibrate.ts';
import { compileFor } from './config.ts';
import { Player, type Recording, runBare } from './player.ts';
import { countPlay, emptyStatistics } from './statistics.ts';

const SLICE = 2000;
const SLICES = 15;

const quartile = (values: readonly number[], q: 1 | 2 | 3): number =>
  [...values].sort((a, b) => a - b)[(q * values.length) >> 2]!;
const median = (values: readonly number[]): number => quartile(values, 2);

function bench(protocol: 'nova' | 'rollback'): void {
  const code = compileFor({ protocol, defects: [], repairs: [], novaRelease: DEFAULT_OPTIONS.nova_release });
  const situations = sample(madeUp(16), deriveSeed('bench', protocol, 'clouds'), 16);
  const player = new Player(code, CONTRACTS.strict, 1, situations);
  const stream = wordStream(HEADER, GROUP, MOST_OPERATIONS);
  const statistics = emptyStatistics();
  const bare = new Run(code, new World(player.run.world.shape, player.run.world.setting));
  const ratios: number[] = [];
  const rates: number[] = [];
  const extra: number[] = [];
  const scenarios: number[] = [];
  const play = (words: Words): void => {
    player.play(words);
    countPlay(statistics, player);
  };
  for (let slice = -2; slice < SLICES; slice++) {
    const seed = deriveSeed('bench', protocol, slice);
    const recordings: Recording[] = [];
    stream.forEach(seed, SLICE, (words) => {
      player.play(words);
      recordings.push(player.record());
    });
    const stepsBefore = bare.steps;
    const alone = cpuSeconds(() => {
      for (const recording of recordings) runBare(bare, recording);
    });
    const steps = bare.steps - stepsBefore;
    const playedBefore = player.run.steps;
    const whole = cpuSeconds(() => stream.forEach(seed, SLICE, play));
    const played = player.run.steps - playedBefore;
    // the first slices are the compiler's
    if (slice < 0) continue;
    ratios.push(alone / whole);
    extra.push(played / steps - 1);
    rates.push(steps / alone / 1e6);
    scenarios.push(SLICE / whole);
  }
  console.log(`${protocol}:`);
  console.log(`  engine alone        ${median(rates).toFixed(2)} M steps a CPU second`);
  console.log(
    `  whole pipeline      ${median(scenarios).toFixed(0)} scenarios a CPU second (generated, run, settled, judged, counted)`,
  );
  console.log(
    `  pipeline to engine  ${median(ratios).toFixed(2)} of the bare loop's speed (quartiles ${quartile(ratios, 1).toFixed(2)}-${quartile(ratios, 3).toFixed(2)})`,
  );
  console.log(
    `  settled clones      ${(100 * median(extra)).toFixed(0)} % more steps than the bare loop, for laws that are judged at rest`,
  );
  const { world } = player.run;
  const twin = new World(world.shape, world.setting);
  const times = 200_000;
  const clone = cpuSeconds(() => {
    for (let k = 0; k < times; k++) twin.copy(world);
  });
  // read below, or the compiler would leave the hashing out
  let sum = 0;
  const hash = cpuSeconds(() => {
    for (let k = 0; k < times; k++) sum ^= fingerprint(world);
  });
  console.log(
    `  a world             ${world.cells.length} cells, cloned in ${((1e9 * clone) / times).toFixed(0)} ns, hashed in ${((1e9 * hash) / times).toFixed(0)} ns${Number.isNaN(sum) ? '!' : ''}`,
  );
}

console.log(`calibration loop: ${calibrate().toFixed(0)} M rounds a CPU second`);
for (const protocol of ['nova', 'rollback'] as const) bench(protocol);
