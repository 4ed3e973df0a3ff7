/**
 * The page of a report in a browser: it does what it says, asks nobody for anything, and whatever a name is, it is text there.
 * Needs a Chromium (`npm run setup:browser`); without it a line says so. BROWSER_SHARE=N looks at N times as many scenarios'
 * findings, and then nothing may be missing.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type axe from 'axe-core';
import {
  Campaign,
  type CampaignConfig,
  CONTRACTS,
  type CountedFinding,
  compileFor,
  indexKnown,
  KNOWN_OF_NOVA,
  NOTHING_KNOWN,
  type Scenario,
  verdictOf,
} from 'claimcheck';
import { type Browser, type BrowserContext, chromium as engine, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokenFor } from '../src/campaign/config.ts';
import { plainCampaign } from '../src/campaign/plain.ts';
import { within } from '../src/campaign/verdict.ts';
import type { Known } from '../src/contract/known/known.ts';
import type { LedgerEntry } from '../src/journal/ledger.ts';
import { chromium, missing } from '../src/report/page/chromium.ts';
import { factsOf } from '../src/report/page/facts.ts';
import { findingHash } from '../src/report/page/place.ts';
import { recordScenario } from '../src/report/recording.ts';
import type { Check } from '../src/report/reporter.ts';
import { REPORTERS } from '../src/report/reporters/reporters.ts';

const share = process.env.BROWSER_SHARE;
const BLOCKS = share === undefined ? 1 : Number(share);
const lacks = missing();
if (lacks !== null) {
  if (share === undefined) process.stderr.write(`not run: ${lacks}\n`);
  else test('a Chromium is there', () => expect(lacks).toBeNull());
}

const CONFIG = plainCampaign('claimcheck');

/** a machine may be busy, and a browser takes its time to start */
const LONG_MS = 120_000;

/** Without a service of the browser's own maker's: what asks for anything is the page. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const past = (date: string, news: number): LedgerEntry => ({
  version: 1,
  date,
  commit: '4bad2d7',
  command: 'fuzz --runs 1000',
  seed: 'claimcheck',
  protocol: 'nova',
  contract: 'strict',
  verdict: news > 0 ? 'violated' : 'known',
  runs: 1000,
  seconds: 2,
  findings: { news, known: 60, sabotage: 0 },
  signatures: [],
});
const HISTORY = [past('2026-11-26T02:18:07Z', 0), past('2026-11-27T02:18:07Z', 2), past('2026-11-28T02:18:07Z', 0)];

const campaignOf = (config: CampaignConfig, known: Known, blocks: number): Campaign => {
  const campaign = new Campaign(config, known);
  for (let block = 0; block < blocks; block++) campaign.runBlock(block);
  return campaign;
};

const htmlOf = (campaign: Campaign, command = 'fuzz --runs 1000', checks: readonly Check[] = []): string =>
  REPORTERS.html({
    color: false,
    verbose: false,
    replayLine: (token) => `npm run -s claimcheck -- replay ${token}`,
    madeFor: 34,
  }).ended({
    campaign,
    verdict: verdictOf(campaign, false),
    command,
    commit: '02b7d53',
    seconds: 2,
    checks,
    history: HISTORY,
  });

describe.skipIf(lacks !== null)('the page of a report', () => {
  let folder: string;
  let browser: Browser;
  let news: Campaign;
  let address: string;
  let knownAddress: string;

  const kept = (name: string, html: string): string => {
    const path = join(folder, name);
    writeFileSync(path, html);
    return pathToFileURL(path).href;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'claimcheck-page-'));
    browser = await engine.launch({ executablePath: chromium()!, args: FLAGS });
    news = campaignOf(CONFIG, NOTHING_KNOWN, BLOCKS);
    address = kept('news.html', htmlOf(news));
    knownAddress = kept('known.html', htmlOf(campaignOf(CONFIG, indexKnown(KNOWN_OF_NOVA), 1)));
  }, LONG_MS);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  interface Opened {
    readonly page: Page;
    readonly context: BrowserContext;
    /** what went wrong in it, and every address that it asked for */
    readonly wrongs: string[];
    readonly asked: string[];
  }

  async function opened(at: string, look: { width?: number; colorScheme?: 'light' | 'dark' } = {}): Promise<Opened> {
    const { width = 1200, colorScheme = 'light' } = look;
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const page = await context.newPage();
    const wrongs: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') wrongs.push(message.text());
    });
    page.on('pageerror', ({ message }) => wrongs.push(message));
    page.on('dialog', (dialog) => {
      wrongs.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(at);
    await page.locator('main h1').waitFor();
    return { page, context, wrongs, asked };
  }

  async function using(
    at: string,
    look: Parameters<typeof opened>[1],
    use: (it: Opened) => Promise<void>,
  ): Promise<void> {
    const it = await opened(at, look);
    try {
      await use(it);
      expect(it.wrongs).toEqual([]);
    } finally {
      await it.context.close();
    }
  }

  /** One whose fault strikes in the middle of a move. */
  const struck = () =>
    [...news.findings.values()].find(({ scenario }) => scenario.faults[0]?.point.startsWith('finish.'))!;

  /** A campaign that found one thing, in somebody's words: what is minimised has none of their names. */
  function renamed(finding: CountedFinding, names: Readonly<Record<string, string>>): Campaign {
    const scenario = JSON.parse(JSON.stringify(finding.scenario), (_, value) => names[value] ?? value) as Scenario;
    const campaign = new Campaign(CONFIG, NOTHING_KNOWN);
    const details = finding.details.map((detail) => `${detail}: ${Object.values(names).join(' ')}`);
    const { signature } = finding;
    const token = tokenFor(CONFIG, scenario, signature);
    campaign.findings.set(signature, { ...finding, scenario, details, token });
    return campaign;
  }

  test('the index has every finding below its cause, news in front', async () => {
    await using(address, {}, async ({ page }) => {
      expect(await page.locator('h1').textContent()).toBe('violated');
      expect(await page.locator('a.finding.news').count()).toBe(news.findings.size);
      for (const name of ['invariant', 'failure point', 'known reason']) {
        await page.getByText(name, { exact: true }).click();
        expect(await page.locator('a.finding').count()).toBe(news.findings.size);
      }
    });
    await using(knownAddress, {}, async ({ page }) => {
      expect(await page.locator('h1').textContent()).toBe('known');
      expect(await page.locator('.group .pill').allInnerTexts()).toContain('W-32');
    });
  });

  test('a search leaves what has every word, and says how much that is', async () => {
    await using(address, {}, async ({ page }) => {
      const { signature, scenario } = struck();
      const { point } = scenario.faults[0]!;
      const having = [...news.findings.values()].filter((one) => JSON.stringify(one).includes(point));
      await page.getByLabel('Search').fill(point.toUpperCase());
      await expect.poll(() => page.locator('a.finding').count()).toBe(having.length);
      expect(await page.getByRole('status').textContent()).toContain(
        `${having.length} of ${news.findings.size} findings`,
      );
      await page.getByLabel('Search').fill(`${point} ${signature.split(' | ')[2]!.split(' ')[0]} no-such-word`);
      await expect.poll(() => page.locator('a.finding').count()).toBe(0);
    });
  });

  test('every finding is played in the page and breaks there what it says', async () => {
    await using(address, {}, async ({ page }) => {
      for (let k = 0; k < news.findings.size; k++) {
        await page.keyboard.press('j');
        await page.getByText(`${k + 1} of ${news.findings.size}`).waitFor();
        expect(await page.locator('.trouble').count()).toBe(0);
        const signature = await page.locator('.signature').textContent();
        const laws = news.findings.get(signature!)!.invariants;
        expect(await page.locator('section.broken li strong').allInnerTexts()).toEqual(
          expect.arrayContaining([...laws]),
        );
      }
    });
  });

  test('what the page plays is what is played here, step by step', async () => {
    const finding = struck();
    const { events, states, violations } = recordScenario(compileFor(CONFIG), CONTRACTS.strict, finding.scenario);
    await using(`${address}${findingHash(finding)}`, {}, async ({ page }) => {
      const slider = page.getByRole('slider', { name: 'Step' });
      const at = async (): Promise<number> => Number(await slider.inputValue());
      // it begins at the fault
      expect(await at()).toBe(events.findIndex(({ what }) => what === 'fault'));
      await page.keyboard.press('Home');
      for (let k = 0; k < events.length; k++) {
        expect(await at()).toBe(k);
        expect(await slider.getAttribute('aria-valuetext')).toBe(
          `step ${k + 1} of ${events.length}: ${events[k]!.text}`,
        );
        const facts = factsOf(states[events[Math.max(k - 1, 0)]!.state]!, states[events[k]!.state]!);
        const changed = facts.filter(({ before, after }) => before !== after);
        expect(await page.locator('.facts-table tr.changed ins').allInnerTexts()).toEqual(
          changed.map(({ after }) => after ?? 'gone'),
        );
        expect(await page.locator('.sequence [aria-current="step"]').count()).toBe(1);
        await page.keyboard.press('ArrowRight');
      }
      expect(await at()).toBe(events.length - 1);
      await page.keyboard.press('ArrowLeft');
      expect(await at()).toBe(events.length - 2);
      await page.keyboard.press('Shift+ArrowLeft');
      expect(await at()).toBeLessThan(events.length - 2);
      await page.keyboard.press('End');
      expect(await at()).toBe(events.length - 1);
      // the mouse does what the keys do
      await slider.fill('3');
      expect(await at()).toBe(3);
      await page.getByRole('button', { name: 'the settled end' }).click();
      expect(await at()).toBe(violations[0]!.event);
      await page.getByLabel('every step').check();
      expect(await page.locator('.sequence li').count()).toBe(events.length);
      expect(await page.locator('.sequence li.broken .laws-broken strong').allInnerTexts()).toEqual(
        violations.flatMap(({ laws }) => laws.map(({ id }) => id)),
      );
      const undone = events.filter(({ undo, what }) => undo && what !== 'fault').length;
      expect(undone).toBeGreaterThan(0);
      expect(await page.locator('.sequence li.undo:not(.fault) .tag').count()).toBe(undone);
    });
  });

  test('what settles in quiet is folded, and what changes anything is not', async () => {
    const finding = struck();
    const { events } = recordScenario(compileFor(CONFIG), CONTRACTS.strict, finding.scenario);
    await using(`${address}${findingHash(finding)}`, {}, async ({ page }) => {
      const rows = await page.locator('.sequence li').count();
      const folds = await page.locator('.sequence li.fold').allInnerTexts();
      const folded = folds.map((text) => Number(/\d+/.exec(text.slice(text.indexOf('…')))![0]));
      expect(rows - folds.length + folded.reduce((sum, n) => sum + n, 0)).toBe(events.length);
      expect(rows).toBeLessThan(events.length);
      const changes = events.filter(({ state }, k) => k > 0 && state !== events[k - 1]!.state).length;
      expect(rows - folds.length).toBeGreaterThanOrEqual(changes);
    });
  });

  test('the resource class is chosen, and the bars are its', async () => {
    await using(`${address}${findingHash(struck())}`, {}, async ({ page }) => {
      for (const name of ['MEMORY_MB', 'DISK_GB', 'VCPU']) {
        await page.getByLabel('resource class').selectOption(name);
        await page.getByRole('img', { name: `${name} held on each host` }).waitFor();
      }
    });
  });

  test('the repro line and the link are copied, and the link leads back', async () => {
    const finding = struck();
    await using(`${address}${findingHash(finding)}`, {}, async ({ page, context }) => {
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.getByRole('button', { name: 'copy the line' }).click();
      await page.getByText('copied', { exact: true }).waitFor();
      const copied = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
      expect(await copied()).toBe(`npm run -s claimcheck -- replay ${finding.token}`);
      await page.getByRole('button', { name: 'copy link' }).click();
      await expect.poll(copied).toBe(`${address}${findingHash(finding)}`);
    });
    // of another day: another token, the same signature
    await using(`${address}#cc1.other/${encodeURIComponent(finding.signature)}`, {}, async ({ page }) => {
      expect(await page.locator('.signature').textContent()).toBe(finding.signature);
      expect(await page.locator('.again code').textContent()).toContain(finding.token);
    });
    await using(`${address}#cc1.broken%`, {}, async ({ page }) => {
      expect(await page.getByRole('alert').textContent()).toMatch(/^this token .*\w$/);
    });
  });

  test('a token that the report does not have is played all the same', async () => {
    const { token } = struck();
    await using(`${knownAddress}#${token.slice(0, -1)}`, {}, async ({ page }) => {
      expect(await page.getByRole('alert').count()).toBe(1);
    });
    const empty = kept('empty.html', htmlOf(new Campaign(CONFIG, NOTHING_KNOWN)));
    await using(`${empty}#${token}`, {}, async ({ page }) => {
      expect(await page.locator('h1').textContent()).toBe('A token that this report does not have');
      expect(await page.locator('section.broken').count()).toBe(1);
    });
  });

  test('what mends the books is searched for in the page', async () => {
    const leaks = [...news.findings.values()].find(({ invariants }) => invariants.includes('no-orphan-consumer'))!;
    await using(`${address}${findingHash(leaks)}`, {}, async ({ page }) => {
      await page.getByRole('button', { name: 'search for the commands' }).click();
      expect(await page.locator('.mending').textContent()).toMatch(/mends the books of/);
    });
  });

  test('light and dark, as the system has it or as one chooses', async () => {
    const dark = (page: Page): Promise<boolean> =>
      page.evaluate(() => {
        const [red] = getComputedStyle(document.body).backgroundColor.match(/\d+/g)!.map(Number);
        return red! < 128;
      });
    await using(address, { colorScheme: 'dark' }, async ({ page }) => expect.poll(() => dark(page)).toBe(true));
    await using(address, { colorScheme: 'light' }, async ({ page }) => {
      await expect.poll(() => dark(page)).toBe(false);
      const button = page.getByRole('button', { name: /^Colours/ });
      await button.click();
      await button.click();
      await expect.poll(() => button.textContent()).toContain('dark');
      await expect.poll(() => dark(page)).toBe(true);
      await page.reload();
      await page.locator('main h1').waitFor();
      await expect.poll(() => dark(page)).toBe(true);
      await button.click();
      await expect.poll(() => dark(page)).toBe(false);
    });
  });

  test('it is used by keyboard', async () => {
    await using(address, {}, async ({ page }) => {
      const focused = (what: string): Promise<string | null> =>
        page.evaluate((name) => document.activeElement?.getAttribute(name) ?? null, what);
      await page.keyboard.press('/');
      await expect.poll(() => focused('id')).toBe('search');
      // there a letter is a letter
      await page.keyboard.type('jk');
      expect(await page.getByLabel('Search').inputValue()).toBe('jk');
      await page.getByLabel('Search').fill('');
      for (let k = 0; k < 4 && (await focused('class')) !== 'finding news'; k++) await page.keyboard.press('Tab');
      expect(await focused('class')).toBe('finding news');
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle);
      expect(outline).toBe('solid');
      await page.keyboard.press('Enter');
      await page.getByRole('slider', { name: 'Step' }).waitFor();
      await page.keyboard.press('j');
      await page.getByText(`2 of ${news.findings.size}`).waitFor();
      await page.keyboard.press('k');
      await page.getByText(`1 of ${news.findings.size}`).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('heading', { name: 'violated' }).waitFor();
    });
  });

  // it takes its time
  const looks = share === undefined ? (['light'] as const) : (['light', 'dark'] as const);
  test.each(looks)('axe has nothing to complain about, %s', async (colorScheme) => {
    const script = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    for (const place of ['', '#statistics', '#coverage', '#trend', findingHash(struck())]) {
      await using(`${knownAddress}${place}`, { colorScheme }, async ({ page }) => {
        // one for all: axe looks at thousands of cells for seconds
        if (place === '#coverage') await page.getByRole('button', { name: 'compute.prep_resize' }).click();
        await page.evaluate(script);
        const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
        expect(violations.map(({ id, nodes }) => `${place} ${id}: ${nodes[0]?.html}`)).toEqual([]);
      });
    }
  });

  test('it asks nobody for anything, and may not', async () => {
    await using(`${address}${findingHash(struck())}`, {}, async ({ page, asked }) => {
      for (const view of ['statistics', 'coverage', 'trend', 'findings']) {
        await page.getByRole('navigation', { name: 'Parts' }).getByRole('link', { name: view, exact: false }).click();
        await page.locator('main h1').waitFor();
      }
      expect(asked.filter((url) => !url.startsWith('data:')).map((url) => url.split('#')[0])).toEqual([address]);
    });
    const { page, context, wrongs } = await opened(address);
    const refused = await page.evaluate(() =>
      fetch('http://127.0.0.1:9/').then(
        () => 'allowed',
        () => 'refused',
      ),
    );
    expect(refused).toBe('refused');
    expect(wrongs.join('\n')).toContain('Content Security Policy');
    expect(await page.evaluate(() => document.querySelectorAll('[src], link[href]:not([href="data:,"])').length)).toBe(
      0,
    );
    await context.close();
  });

  test.each([320, 800])('on a screen %i px wide nothing reaches beyond it', async (width) => {
    const long = `${'a-very-long-host-name.'.repeat(8)}example.org`;
    const far = renamed(struck(), { h1: long, m2: long.toUpperCase(), s1: long });
    const places = ['#findings', findingHash([...far.findings.values()][0]!), '#statistics', '#coverage', '#trend'];
    await using(kept('far.html', htmlOf(far)), { width }, async ({ page }) => {
      for (const place of places) {
        await page.evaluate((hash) => {
          location.hash = hash;
        }, place);
        await page.locator('main h1').waitFor();
        if (place === '#coverage') await page.getByRole('button', { name: 'open all handlers' }).click();
        const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(`${place} ${beyond}`).toBe(`${place} 0`);
      }
    });
  });

  test('a hostile name is text wherever it stands', async () => {
    const host = '</script><script>alert(1)</script>';
    const other = '"><img src=x onerror=alert(2)>';
    const flavor = '<!--<script>';
    const server = '\u202eevil&lt;';
    const hostile = renamed(struck(), { h1: host, h2: other, m2: flavor, s1: server });
    const command = `fuzz --seed '${host}${other}${flavor}'`;
    await using(kept('hostile.html', htmlOf(hostile, command)), {}, async ({ page }) => {
      expect(await page.locator('footer').textContent()).toContain(command);
      await page.locator('a.finding').click();
      await page.getByRole('slider', { name: 'Step' }).waitFor();
      await page.getByLabel('every step').check();
      expect(await page.locator('h1').textContent()).toContain(host);
      expect(await page.locator('section.broken').count()).toBe(1);
      for (const part of ['.sequence', 'svg[role="img"]', '.state']) {
        const text = await page.locator(part).textContent();
        for (const name of [host, other]) expect(text).toContain(name);
        expect(text).toContain('\\u202Eevil&lt;');
      }
      expect(await page.locator('.sequence').textContent()).toContain(flavor);
      expect(await page.locator('img, main script, iframe').count()).toBe(0);
      expect((await page.locator('main').innerHTML()).includes('\u202e')).toBe(false);
    });
  });

  test('coverage shows every pair of failure point and fault, and which never fired', async () => {
    const { pairs, points } = within(news);
    const fired = pairs.filter((pair) => news.statistics.fired[pair] !== undefined).length;
    await using(`${address}#coverage`, {}, async ({ page }) => {
      const tiles = await page.locator('.tile').allInnerTexts();
      expect(tiles.join(' ')).toContain(`${fired}/${pairs.length}`);
      expect(tiles.join(' ')).toContain(`/${points}`);
      await page.getByRole('button', { name: 'open all handlers' }).click();
      const cells = page.locator('.heat tbody tr:not(.handler) .cell:not(.none)');
      expect(await cells.count()).toBe(pairs.length);
      expect(await page.locator('.heat tbody tr:not(.handler) .cell.never').count()).toBe(pairs.length - fired);
    });
  });

  test('what did not pass stands in front, and is played', async () => {
    const { token } = struck();
    const check = (name: string, result: Check['result']): Check => ({
      part: 'corpus',
      name,
      result,
      said: 'seen again',
      token,
    });
    const checks = [check('one', 'passed'), check('two', 'failed'), check('three', 'undecided')];
    const gated = kept('gate.html', htmlOf(new Campaign(CONFIG, NOTHING_KNOWN), 'gate', checks));
    await using(gated, {}, async ({ page }) => {
      expect(await page.locator('h2').first().textContent()).toBe('2 checks of 3 did not pass');
      await page.getByRole('link', { name: 'play it' }).first().click();
      await page.getByRole('slider', { name: 'Step' }).waitFor();
    });
    await using(`${gated}#statistics`, {}, async ({ page }) => {
      expect(await page.locator('div.checks').textContent()).toContain('corpus: 1 of 3 passed');
    });
  });

  test('the trend has each campaign of the ledger', async () => {
    await using(`${address}#trend`, {}, async ({ page }) => {
      expect(await page.locator('.trend .verdict').count()).toBe(HISTORY.length);
      expect(await page.locator('.trend .verdict.violated').count()).toBe(1);
      const days = await page.locator('.ledger tbody th').allInnerTexts();
      expect(days).toEqual(HISTORY.map(({ date }) => date).reverse());
    });
  });
});
