import { campaignJson } from '../campaign-report.ts';
import type { Reporter } from '../reporter.ts';

/** One object; nothing in it depends on the time or the machine. */
export const json = (): Reporter => ({
  ended: ({ campaign, verdict, checks }) =>
    JSON.stringify({ ...campaignJson(campaign, verdict), ...(checks.length === 0 ? {} : { checks }) }),
});
