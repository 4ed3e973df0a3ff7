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
