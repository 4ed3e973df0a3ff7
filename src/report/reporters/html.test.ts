import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Campaign } from '../../campaign/campaign.ts';
import { plainCampaign } from '../../campaign/plain.ts';
import { NOTHING_KNOWN } from '../../contract/known/known.ts';
import { html } from './html.ts';

const HOSTILE = '</script><!--<script>\u202e';
const campaign = new Campaign(plainCampaign(HOSTILE), NOTHING_KNOWN);
campaign.runBlock(0, 40);
const page = html({ color: false, verbose: false, replayLine: (token) => `replay ${token}`, madeFor: null }).ended({
  campaign,
  verdict: 'violated',
  command: `fuzz --seed ${HOSTILE}`,
  commit: null,
  seconds: 1,
  checks: [],
  history: [],
});
const scripts = [...page.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)].map(([, attributes, text]) => ({
  attributes: attributes!,
  text: text!,
}));

test('two scripts: the campaign as data, and what draws it', () => {
  expect(scripts.map(({ attributes }) => attributes)).toEqual([' type="application/json" id="data"', '']);
  const data = JSON.parse(scripts[0]!.text) as { findings: { token: string }[]; config: { seed: string } };
  expect(data.findings.map(({ token }) => token).sort()).toEqual(
    [...campaign.findings.values()].map(({ token }) => token).sort(),
  );
  // what cannot be seen is said
  expect(data.config.seed).toBe('</script><!--<script>\\u202E');
});

test('nothing runs but the two that the policy names, and nothing is loaded', () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!;
  const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const style = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!;
  expect(policy.split('; ')).toEqual([
    "default-src 'none'",
    `script-src ${hash(scripts[1]!.text)}`,
    `style-src ${hash(style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ]);
  expect(style).not.toMatch(/url\(|@import/);
});

test('a scenario is no more in it than its token', () => {
  expect(page.includes('"allocation_ratio":')).toBe(false);
});
