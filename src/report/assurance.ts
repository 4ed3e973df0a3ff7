/** What a campaign that found nothing more is worth: what was gone through whole, and what the next scenario may still show. */
import type { Campaign } from '../campaign/campaign.ts';
import { type Unseen, unseen } from '../campaign/unseen.ts';
import type { Check } from './reporter.ts';

export const unseenOf = ({ findings, statistics }: Campaign): Unseen | null =>
  unseen(
    [...findings.values()].map(({ count }) => count),
    statistics.runs,
  );

export function assuranceLines(campaign: Campaign, checks: readonly Check[]): string[] {
  const scope = checks.find(({ part, result }) => part === 'scope' && result === 'passed');
  const whole =
    scope === undefined
      ? 'gone through whole: no scope ("check" does that)'
      : `gone through whole: ${scope.name}: ${scope.said}`;
  const still = unseenOf(campaign);
  return still === null ? [whole] : [whole, `one scenario more: ${stillWords(still, campaign.statistics.runs)}`];
}

function stillWords({ once, chance, bound }: Unseen, runs: number): string {
  if (bound) return `breaks a law with a chance of less than ${percent(chance)} (none of ${runs} did; 95 % confidence)`;
  const what = 'shows a way to break the laws that was not seen yet with a chance of';
  if (once === 0) return `${what} less than ${percent(1 / runs)} (Good-Turing: each way was seen more than once)`;
  const seen = `${once} ${once === 1 ? 'way was' : 'ways were'} seen in one of ${runs} scenarios`;
  return `${what} about ${percent(chance)} (Good-Turing: ${seen})`;
}

/** Two digits that count. */
const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;
