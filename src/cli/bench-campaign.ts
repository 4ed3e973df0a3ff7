/**
 * `npm run bench:campaign`: what a campaign costs as it grows, in scenarios and in operations, and what a second worker brings. CPU
 * seconds and ratios of one run; a machine that others use says little of the second worker.
 */

import { BLOCK_SIZE } from '../campaign/block.ts';
import { Campaign } from '../campaign/campaign.ts';
import { compileFor } from '../campaign/config.ts';
import { drive, slicesOf } from '../campaign/drive.ts';
import { ownHands } from '../campaign/hands.ts';
import { plainCampaign } from '../campaign/plain.ts';
import { Player } from '../campaign/player.ts';
import { processHands } from '../campaign/processes.ts';
import { CONTRACTS } from '../contract/contracts.ts';
import { indexKnown, KNOWN_OF_NOVA } from '../contract/known/known.ts';
import { deriveSeed, sample, type Words, wordStream } from '../generate/adapter.ts';
import { madeUp } from '../generate/clouds.ts';
import { GROUP, HEADER, MOST_OPERATIONS } from '../generate/decode.ts';
import { table } from '../report/tables.ts';
import { print } from './context.ts';
import { cpuOf } from './cpu-of.ts';

const CONFIG = plainCampaign('bench');
const KNOWN = indexKnown(KNOWN_OF_NOVA);

const cpuSeconds = (): number => cpuOf(process.pid);

async function campaignOf(runs: number, workers: number): Promise<{ cpu: number; wall: number }> {
  const campaign = new Campaign(CONFIG, KNOWN);
  const hands = workers > 1 ? processHands(CONFIG, KNOWN, workers) : ownHands(CONFIG, KNOWN);
  // what compiling and starting processes costs is not what a block costs
  await Promise.all(
    Array.from({ length: workers }, (_, k) => hands.run({ block: 1_000_000 + k, from: 0, to: BLOCK_SIZE })),
  );
  const [cpu, wall] = [cpuSeconds(), performance.now()];
  await drive(campaign, hands, { slices: slicesOf(runs), more: () => true, added: () => {} });
  const used = { cpu: cpuSeconds() - cpu, wall: (performance.now() - wall) / 1000 };
  await hands.close();
  return used;
}

async function byScenarios(): Promise<void> {
  const rows: string[][] = [];
  let first = 0;
  for (const runs of [5000, 10_000, 20_000, 40_000]) {
    const { cpu } = await campaignOf(runs, 1);
    const each = (1e6 * cpu) / runs;
    first ||= each;
    rows.push([String(runs), cpu.toFixed(2), each.toFixed(0), (each / first).toFixed(2)]);
  }
  print(table(['scenarios', 'CPU s', 'µs a scenario', 'of the first'], rows, { color: false }));
}

/** Scenarios of a campaign by how many operations they have, each played a number of times. */
function byOperations(): void {
  const code = compileFor(CONFIG);
  const player = new Player(code, CONTRACTS.strict, 1, sample(madeUp(16), deriveSeed('bench', 'clouds'), 16));
  const byCount = new Map<number, Words[]>();
  wordStream(HEADER, GROUP, MOST_OPERATIONS).forEach(deriveSeed('bench'), 20_000, (words) => {
    player.play(words);
    const count = player.operations.length;
    byCount.set(count, [...(byCount.get(count) ?? []), words]);
  });
  const rows: string[][] = [];
  let first = 0;
  for (const [count, list] of [...byCount].sort(([a], [b]) => a - b)) {
    if (count === 0 || list.length < 100) continue;
    const times = Math.ceil(4000 / list.length);
    const before = cpuSeconds();
    for (let k = 0; k < times; k++) for (const words of list) player.play(words);
    const each = (1e6 * (cpuSeconds() - before)) / (times * list.length);
    first ||= each / count;
    rows.push([
      String(count),
      String(list.length),
      each.toFixed(0),
      (each / count).toFixed(1),
      (each / count / first).toFixed(2),
    ]);
  }
  print(table(['operations', 'scenarios', 'µs a scenario', 'µs an operation', 'of the first'], rows, { color: false }));
}

/** Campaigns that know nothing of each other, as many processes at once: what more than one core gives on this machine. */
async function apart(count: number, runs: number): Promise<number> {
  const hands = Array.from({ length: count }, () => processHands(CONFIG, KNOWN, 1));
  const slices = [...slicesOf(runs)];
  await Promise.all(hands.map((one) => one.run({ block: 1_000_000, from: 0, to: BLOCK_SIZE })));
  const began = performance.now();
  await Promise.all(
    hands.map(async (one) => {
      for (const slice of slices) await one.run(slice);
    }),
  );
  const wall = (performance.now() - began) / 1000;
  await Promise.all(hands.map((one) => one.close()));
  return wall;
}

/** One and two workers by turns, so that what else the machine does hits both. */
async function byWorkers(): Promise<void> {
  const ratios: number[] = [];
  const costs: number[] = [];
  const machine: number[] = [];
  for (let round = 0; round < 5; round++) {
    const one = await campaignOf(20_000, 1);
    const two = await campaignOf(20_000, 2);
    ratios.push(one.wall / two.wall);
    costs.push(two.cpu / one.cpu);
    machine.push((2 * (await apart(1, 10_000))) / (await apart(2, 10_000)));
  }
  const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
  print(
    `two workers against one: ${median(ratios).toFixed(2)} times as fast, ${median(costs).toFixed(2)} times the CPU time; two processes that share nothing: ${median(machine).toFixed(2)} times what one does (medians of 5 rounds)`,
  );
}

await byScenarios();
print('');
byOperations();
print('');
await byWorkers();
