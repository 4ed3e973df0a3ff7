/** The corpus as campaigns and gates meet it: replayed first, added to last. */

import type { Campaign } from '../campaign/campaign.ts';
import { compileFor, tokenFor } from '../campaign/config.ts';
import { judgeScenario } from '../campaign/judge.ts';
import { isNews } from '../campaign/verdict.ts';
import { CONTRACTS } from '../contract/contracts.ts';
import type { Known } from '../contract/known/known.ts';
import { CORPUS_VERSION, type CorpusEntry, readCorpus, writeToCorpus } from '../journal/corpus.ts';
import type { Check } from '../report/reporter.ts';
import { anonymise } from '../scenario/anonymise.ts';
import { decodeToken } from '../scenario/token.ts';
import { printableSignature } from './context.ts';

/** When, and on which sources. */
export interface Now {
  readonly date: string;
  readonly commit: string | null;
}

/** Replays every entry, and marks those that are shown no more, or again. */
export function replayCorpus(folder: string, known: Known, now: Now): Check[] {
  return readCorpus(folder).map((entry) => {
    const { signature, status, token } = entry;
    const check = (result: Check['result'], said: string): Check => ({
      part: 'corpus',
      name: printableSignature(signature),
      result,
      said,
      token,
    });
    const shown = shownBy(entry);
    if (typeof shown === 'string') return check('undecided', shown);
    const listed = known.get(signature);
    if (shown.includes(signature)) {
      if (listed !== undefined) return check('passed', `known as ${listed.weakness}: ${listed.reason}`);
      if (status === 'fixed') writeToCorpus(folder, { ...entry, status: 'open', fixed: null });
      return check('failed', status === 'fixed' ? `it was fixed on ${entry.fixed?.date}, and is back` : 'still there');
    }
    const news = shown.find((other) => !known.has(other));
    if (news !== undefined) return check('failed', `breaks otherwise now: ${printableSignature(news)}`);
    if (status === 'open') writeToCorpus(folder, { ...entry, status: 'fixed', fixed: now });
    return check('passed', status === 'open' ? 'fixed now' : `fixed since ${entry.fixed?.date}`);
  });
}

/** The signatures that the entry's scenario shows, or why it cannot be played. */
function shownBy({ token }: CorpusEntry): readonly string[] | string {
  const reading = decodeToken(token);
  if (!reading.ok) return reading.error;
  const { scenario, protocol, contract, defects, repairs } = reading.value;
  try {
    const code = compileFor({ protocol, defects, repairs, novaRelease: scenario.options.nova_release });
    return judgeScenario(code, CONTRACTS[contract], scenario).map((one) => one.signature);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Puts what a campaign found, and nobody knew, beside what is there. Broken on purpose is no finding. */
export function addToCorpus(folder: string, campaign: Campaign, keepNames: boolean, now: Now): void {
  const { config, findings } = campaign;
  if (config.defects.length > 0 || config.repairs.length > 0) return;
  const there = new Set(readCorpus(folder).map(({ signature }) => signature));
  for (const finding of findings.values()) {
    const { signature, scenario } = finding;
    if (!isNews(finding) || there.has(signature)) continue;
    const kept = keepNames || config.cloud === null ? scenario : anonymise(scenario);
    writeToCorpus(folder, {
      version: CORPUS_VERSION,
      signature,
      status: 'open',
      token: tokenFor(config, kept, signature),
      found: { ...now, seed: config.seed },
      fixed: null,
    });
  }
}
