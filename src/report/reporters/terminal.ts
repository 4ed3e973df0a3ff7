import { campaignReport } from '../campaign-report.ts';
import type { Reporter, ReporterOptions } from '../reporter.ts';

/** For people: tables of what was found, a line to see each again, statistics, the verdict. */
export const terminal = (options: ReporterOptions): Reporter => ({
  ended: ({ campaign, verdict, checks }) => campaignReport(campaign, verdict, options, checks),
});
