import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { indexKnown, KNOWN_OF_NOVA } from '../contract/known/known.ts';
import { campaignJson } from '../report/campaign-report.ts';
import { BLOCK_SIZE } from './block.ts';
import { Campaign, type Progress } from './campaign.ts';
import type { CampaignConfig } from './config.ts';
import { drive, slicesOf } from './drive.ts';
import { type Hands, ownHands } from './hands.ts';
import { plainCampaign } from './plain.ts';
import { processHands } from './processes.ts';

const CONFIG: CampaignConfig = { ...plainCampaign('drive'), faults: 2 };
const KNOWN = indexKnown({ ...KNOWN_OF_NOVA, entries: KNOWN_OF_NOVA.entries.filter((_, k) => k % 4 !== 0) });
const RUNS = 2 * BLOCK_SIZE + 300;

const told = (campaign: Campaign): string => JSON.stringify(campaignJson(campaign, 'violated'));

function oneProcess(): Campaign {
  const campaign = new Campaign(CONFIG, KNOWN);
  for (const { block, from, to } of slicesOf(RUNS)) campaign.runBlock(block, to, from);
  return campaign;
}
const whole = told(oneProcess());

async function driven(hands: Hands, slices = slicesOf(RUNS), before: readonly Progress[] = []): Promise<Campaign> {
  const campaign = new Campaign(CONFIG, KNOWN);
  campaign.resume(before);
  await drive(campaign, hands, { slices, more: () => true, added: () => {} });
  await hands.close();
  return campaign;
}

test('slices are all scenarios, once, and those of shards are the same ones', () => {
  const list = [...slicesOf(2300)];
  expect(list).toEqual([
    { block: 0, from: 0, to: 1000 },
    { block: 1, from: 0, to: 1000 },
    { block: 2, from: 0, to: 300 },
  ]);
  const shards = [1, 2].flatMap((index) => [...slicesOf(2300, { shard: { index, of: 2 } })]);
  expect(shards.sort((a, b) => a.block - b.block)).toEqual(list);
  expect([...slicesOf(25, { atOnce: 10 })].map(({ from, to }) => [from, to])).toEqual([
    [0, 10],
    [10, 20],
    [20, 25],
  ]);
});

test('worker processes find what this process finds', async () => {
  expect(told(await driven(processHands(CONFIG, KNOWN, 2)))).toBe(whole);
});

test('shards that are joined are the whole', async () => {
  const parts: Progress[] = [];
  for (const index of [2, 1]) {
    const part = await driven(ownHands(CONFIG, KNOWN), slicesOf(RUNS, { shard: { index, of: 2 } }));
    // over a file
    parts.push(JSON.parse(JSON.stringify(part.progress())) as Progress);
  }
  const joined = new Campaign(CONFIG, KNOWN);
  joined.resume(parts);
  expect(told(joined)).toBe(whole);
});

test('a campaign that is taken up again ends as one that was not stopped', async () => {
  const first = await driven(ownHands(CONFIG, KNOWN), slicesOf(BLOCK_SIZE));
  const kept = JSON.parse(JSON.stringify(first.progress())) as Progress;
  expect(told(await driven(ownHands(CONFIG, KNOWN), slicesOf(RUNS, { from: 1 }), [kept]))).toBe(whole);
});

test('a job whose worker is killed for memory gets a second try', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'claimcheck-worker-'));
  const file = join(folder, 'worker.mjs');
  // the first try takes more than it may have, and leaves a file behind
  writeFileSync(
    file,
    `import { existsSync, writeFileSync } from 'node:fs';
     import workerpool from ${JSON.stringify(import.meta.resolve('workerpool'))};
     const mark = ${JSON.stringify(join(folder, 'tried'))};
     workerpool.worker({
       run(slice) {
         if (existsSync(mark)) return { block: slice.block };
         writeFileSync(mark, '');
         const much = [];
         for (;;) much.push(new Array(1000).fill(much.length));
       },
     });`,
  );
  const hands = processHands(CONFIG, KNOWN, 1, { memoryMb: 64, file });
  expect(await hands.run({ block: 7, from: 0, to: 1000 })).toEqual({ block: 7 });
  await hands.close();
  rmSync(folder, { recursive: true });
});
