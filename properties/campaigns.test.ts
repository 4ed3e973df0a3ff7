/** Campaigns as statements: each with a fixed seed and with a fresh one. */

import { createHash } from 'node:crypto';
import {
  Campaign,
  type CampaignConfig,
  campaignJson,
  indexKnown,
  KNOWN_OF_NOVA,
  NOTHING_KNOWN,
  verdictOf,
} from 'claimcheck';
import { describe, expect, test } from 'vitest';
import { plainCampaign } from '../src/campaign/plain.ts';

const CONFIG = plainCampaign('claimcheck');

function campaign(blocks: number, config: Partial<CampaignConfig>, known = NOTHING_KNOWN): Campaign {
  const made = new Campaign({ ...CONFIG, ...config }, known);
  for (let block = 0; block < blocks; block++) made.runBlock(block);
  return made;
}

const fresh = (): string => `fresh ${Date.now()}`;
const signatures = ({ findings }: Campaign): string[] => [...findings.keys()].sort();

describe('the rollback protocol meets the strict contract', () => {
  test('under any single fault', () => {
    expect(signatures(campaign(8, { protocol: 'rollback' }))).toEqual([]);
  });
  test('under any single fault (fresh seed)', () => {
    const seed = fresh();
    expect({ seed, broken: signatures(campaign(3, { protocol: 'rollback', seed })) }).toEqual({ seed, broken: [] });
  });
  test('under two faults', () => {
    expect(signatures(campaign(4, { protocol: 'rollback', faults: 2 }))).toEqual([]);
  });
  test('and does not meet it by refusing or undoing everything', () => {
    const { moves } = campaign(4, { protocol: 'rollback' }).statistics;
    expect(moves.faultedCommitted / moves.faulted).toBeGreaterThan(0.2);
  });
});

describe('Nova 34.0.0 breaks the strict contract', () => {
  test('in ways that are all on the known list', () => {
    const known = campaign(5, {}, indexKnown(KNOWN_OF_NOVA));
    expect([...known.findings.values()].filter((one) => one.known === null).map((one) => one.signature)).toEqual([]);
    expect(known.findings.size).toBeGreaterThan(50);
  });
  test('less when a move that fails behind the host flip may stay where it is', () => {
    const strict = signatures(campaign(2, {}));
    const pointOfNoReturn = signatures(campaign(2, { contract: 'nova' }));
    const kept = 'compute.finish_resize[vm] raised | D error/none new I{D:new} M{} error guest home';
    expect(strict).toContain(`destination-empty+source-unchanged | ${kept}`);
    expect(pointOfNoReturn.some((one) => one.endsWith(kept) && one.includes('destination-empty'))).toBe(false);
    // what is stuck, or claimed for the wrong amount, stays
    expect(pointOfNoReturn.some((one) => one.includes('resize_finish'))).toBe(true);
    expect(pointOfNoReturn.some((one) => one.includes('D error/none old I{D:new} M{}'))).toBe(true);
  });
  test('in other ways when a weakness is repaired', () => {
    const w14 = new Set(
      KNOWN_OF_NOVA.entries
        .filter(({ weakness }) => weakness === 'W-14')
        .flatMap(({ signatures: list }) => list.map((one) => one.signature)),
    );
    expect(signatures(campaign(3, {})).some((one) => w14.has(one))).toBe(true);
    expect(signatures(campaign(3, { repairs: ['W-14'] })).filter((one) => w14.has(one))).toEqual([]);
  });
});

describe('a seed', () => {
  const digest = (made: Campaign): string =>
    createHash('sha256')
      .update(JSON.stringify(campaignJson(made, verdictOf(made, false))))
      .digest('hex');
  test('means the same campaign every time, to the byte', () => {
    expect(digest(campaign(1, { seed: 'again' }))).toBe(digest(campaign(1, { seed: 'again' })));
  });
  test('means another than the next', () => {
    expect(digest(campaign(1, { seed: 'again' }))).not.toBe(digest(campaign(1, { seed: 'again.' })));
  });
  // changes whenever generators, model or laws do: then read what changed before taking the new one
  test('means on every machine what it meant here', () => {
    expect(digest(campaign(1, { seed: 'digest' }))).toMatchInlineSnapshot(
      `"0dd8f06355b676ec0a40474e22f5c3846d7bb8127dffb3f6be3f2a9f73d600d5"`,
    );
  });
});
