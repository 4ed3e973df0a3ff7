/** What a check came to. */
import type { Verdict } from '../campaign/verdict.ts';
import type { CheckFinding } from './findings.ts';
import type { Scope } from './scope.ts';
import type { Figures } from './search.ts';

/** Why a search ended. */
export type Stopped = 'time' | 'memory' | 'interrupted';

export interface CheckResult {
  readonly protocol: string;
  readonly contract: string;
  readonly scope: Scope;
  readonly causes: boolean;
  /** null: it came to its end */
  readonly stopped: Stopped | null;
  readonly figures: Figures;
  readonly findings: readonly CheckFinding[];
  readonly seconds: number;
}

export function verdictOfCheck({ findings, stopped }: Pick<CheckResult, 'findings' | 'stopped'>): Verdict {
  if (findings.some(({ known }) => known === null)) return 'violated';
  if (stopped === 'interrupted') return 'interrupted';
  if (stopped !== null) return 'undecided';
  return findings.length > 0 ? 'known' : 'held';
}
