/**
 * What a campaign or a gate tells, and to whom: several reporters may listen at once, each prints to its own place. A reporter is
 * a file in reporters/ and a line in reporters/reporters.ts.
 */
import type { Campaign, CountedFinding } from '../campaign/campaign.ts';
import type { Verdict } from '../campaign/verdict.ts';
import type { LedgerEntry } from '../journal/ledger.ts';

/** An entry of the corpus, or another part of a gate, and how it went. */
export interface Check {
  /** `corpus`, `random`, `oracle` */
  readonly part: string;
  /** a signature, a defect, a scope: unique within its part */
  readonly name: string;
  /** `undecided`: it could not be told */
  readonly result: 'passed' | 'failed' | 'undecided';
  /** one line: what was seen */
  readonly said: string;
  /** shows it again, where that can be */
  readonly token: string | null;
}

/** All that is known when it is over. */
export interface Outcome {
  readonly campaign: Campaign;
  readonly verdict: Verdict;
  /** what was typed, without the program */
  readonly command: string;
  /** of the sources that ran, or null */
  readonly commit: string | null;
  readonly seconds: number;
  /** corpus replays, and the parts of a gate */
  readonly checks: readonly Check[];
  /** campaigns before this one, oldest first, and this one */
  readonly history: readonly LedgerEntry[];
}

export interface Reporter {
  /** as they come, while the campaign runs */
  found?(finding: CountedFinding): void;
  /** what stands in its file, or on stdout, when it is over */
  ended(outcome: Outcome): string;
}

export interface ReporterOptions {
  readonly color: boolean;
  readonly verbose: boolean;
  /** the line that shows a token's finding again */
  readonly replayLine: (token: string) => string;
  /** the release of Nova whose known list it is, or null for a list of the user's */
  readonly madeFor: number | null;
}
