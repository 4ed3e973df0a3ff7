/**
 * `npm run bench:campaign`: what a campaign costs as it grows, in scenarios and in operations, and what a second worker brings. CPU
 * seconds and ratios of one run; a machine that others use says little of the second worker.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { BLOCK_SIZE } from '../campaign/block.ts';
import { Campaign } from '../campaign/campaign.ts';
import { compileFor } from '../campaign/config.ts';
import { drive, slicesOf } from '../campaign/drive.ts';
import { ownHands } from '../campaign/hands.ts';
import { plainCampaign } from '../campaign/plain.ts';
import { Player } from '../campaign/player.ts';
import { CONTRACTS } from '../contract/contracts.ts';
import { indexKnown, KNOWN_OF_NOVA } from '../contract/known/known.ts';
import { deriveSeed, sample, type Words, wordStream } from '../generate/adapter.ts';
import { madeUp } from '../generate/clouds.ts';
import { GROUP, HEADER, MOST_OPERATIONS } from '../generate/decode.ts';
import { table } from '../report/tables.ts';
import { print } from './context.ts';

const CONFIG = plainCampaign('bench');
const KNOWN = indexKnown(KNOWN_OF_NOVA);

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

async function cpuOfCampaign(runs: number): Promise<number> {
  const campaign = new Campaign(CONFIG, KNOWN);
  const hands = ownHands(CONFIG, KNOWN);
  // what compiling costs is not what a block costs
  await hands.run({ block: 1_000_000, from: 0, to: BLOCK_SIZE });
  const cpu = cpuSeconds();
  await drive(campaign, hands, { slices: slicesOf(runs), more: () => true, added: () => {} });
  return cpuSeconds() - cpu;
}

async function byScenarios(): Promise<void> {
  const rows: string[][] = [];
  let first = 0;
  for (const runs of [5000, 10_000, 20_000, 40_000]) {
    const cpu = await cpuOfCampaign(runs);
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

const CLAIMCHECK = process.argv[1]!.replace(/bench-campaign\.mjs$/, 'claimcheck.mjs');
const RUNS_BY_WORKERS = 60_000;

/** Seconds until all of them have ended: commands of their own, as a user starts them. */
async function together(...campaigns: readonly (readonly string[])[]): Promise<number> {
  const began = performance.now();
  await Promise.all(
    campaigns.map(async (args) => {
      const child = spawn(process.execPath, [CLAIMCHECK, 'fuzz', ...args], { stdio: 'ignore' });
      await once(child, 'close');
    }),
  );
  return (performance.now() - began) / 1000;
}

const fuzz = (runs: number, workers: number): string[] => ['--runs', String(runs), '--workers', String(workers)];

/**
 * One and two workers by turns, so that what else the machine does hits both; and two campaigns of half the size that know nothing
 * of each other, which is what a second core gives on this machine at most.
 */
async function byWorkers(): Promise<void> {
  const ratios: number[] = [];
  const machine: number[] = [];
  const rounds = 3;
  for (let round = 0; round < rounds; round++) {
    const two = await together(fuzz(RUNS_BY_WORKERS, 2));
    ratios.push((await together(fuzz(RUNS_BY_WORKERS, 1))) / two);
    const apart = await together(fuzz(RUNS_BY_WORKERS / 2, 1), fuzz(RUNS_BY_WORKERS / 2, 1));
    machine.push(apart / two);
  }
  const median = (values: number[]): string => values.sort((a, b) => a - b)[values.length >> 1]!.toFixed(2);
  print(
    `${RUNS_BY_WORKERS} scenarios by two workers: ${median(ratios)} times as fast as by one; ${median(machine)} times as fast as two campaigns of half the size at once (medians of ${rounds} rounds)`,
  );
}

await byScenarios();
print('');
byOperations();
print('');
await byWorkers();
