/** What the page of a report is given: a campaign as data. Scenarios are not in it, only tokens: the page plays them itself. */
import type { CampaignConfig } from '../../campaign/config.ts';
import type { Statistics } from '../../campaign/statistics.ts';
import type { Verdict } from '../../campaign/verdict.ts';
import type { FaultKind } from '../../scenario/scenario.ts';

export interface PageFinding {
  readonly signature: string;
  readonly invariants: readonly string[];
  readonly details: readonly string[];
  /** of `PageData.reasons`, or null for what the known list does not have */
  readonly reason: number | null;
  readonly sabotage: boolean;
  readonly token: string;
  /** scenarios that showed it */
  readonly count: number;
  /** of the minimal scenario: its operations in words, and `kind at point` of its faults and holds */
  readonly operations: readonly string[];
  readonly points: readonly string[];
}

export interface PageReason {
  readonly weakness: string;
  readonly reason: string;
}

/** A failure point of the campaign's handlers. */
export interface PagePoint {
  readonly id: string;
  readonly nova: string;
  /** visits */
  readonly reached: number;
  /** strikes by each kind that fits */
  readonly fired: Readonly<Partial<Record<FaultKind, number>>>;
}

export interface PageHandler {
  readonly id: string;
  readonly nova: string;
  readonly points: readonly PagePoint[];
}

export interface PageSometimes {
  readonly id: string;
  readonly claim: string;
  readonly reached: number;
  /** it was never reached and the campaign allowed it */
  readonly missed: boolean;
}

/** A campaign of the ledger. */
export interface PagePast {
  readonly date: string;
  readonly commit: string | null;
  readonly command: string;
  readonly verdict: Verdict;
  readonly runs: number;
  readonly seconds: number;
  readonly news: number;
  readonly known: number;
  readonly sabotage: number;
}

export interface PageData {
  readonly verdict: Verdict;
  /** the sentence that a terminal ends with */
  readonly sentence: string;
  readonly config: Omit<CampaignConfig, 'cloud'>;
  readonly command: string;
  readonly commit: string | null;
  readonly seconds: number;
  /** the line that shows a finding again, with TOKEN in the place of its token */
  readonly replay: string;
  readonly reasons: readonly PageReason[];
  /** news first */
  readonly findings: readonly PageFinding[];
  readonly statistics: Omit<Statistics, 'reached' | 'fired' | 'sometimes' | 'possible'>;
  /** how much of the known list was seen, a line each */
  readonly knownSeen: readonly string[];
  /** what was gone through whole, and what one scenario more may show */
  readonly assurance: readonly string[];
  readonly sometimes: readonly PageSometimes[];
  /** shares of moves that are too few for a verdict */
  readonly tooFew: readonly string[];
  readonly coverage: readonly PageHandler[];
  readonly checks: readonly {
    readonly part: string;
    readonly name: string;
    readonly result: 'passed' | 'failed' | 'undecided';
    readonly said: string;
    readonly token: string | null;
  }[];
  readonly history: readonly PagePast[];
}

/** Stands for a token in `PageData.replay`. */
export const TOKEN_PLACE = 'TOKEN';
