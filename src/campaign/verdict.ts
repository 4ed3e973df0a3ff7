/** What a campaign comes to. */
import { SOMETIMES } from '../contract/sometimes.ts';
import { handlersOf, MOVES, recoversMoves } from '../engine/operations.ts';
import { DEFAULT_MOVES, MOVE_FAMILIES, operationsOf } from '../generate/move-families.ts';
import { operatorCommands } from '../nova/handlers/operator.ts';
import type { Campaign, CountedFinding } from './campaign.ts';
import { pairsOf } from './statistics.ts';

export type Verdict = 'held' | 'known' | 'violated' | 'undecided' | 'interrupted';

/** From so many scenarios on, a situation that was never reached leaves the verdict open. */
const LONG = 10_000;
export function verdictOf(campaign: Campaign, interrupted: boolean): Verdict {
  const findings = [...campaign.findings.values()];
  if (interrupted) return 'interrupted';
  if (findings.some(isNews)) return 'violated';
  if (campaign.statistics.runs >= LONG && missed(campaign).length > 0) return 'undecided';
  return findings.some(({ known }) => known !== null) ? 'known' : 'held';
}

/** What sabotage breaks lies outside the contract, whatever the known list says. */
export const isNews = ({ known, sabotage }: CountedFinding): boolean => known === null && !sabotage;
export const isSabotage = ({ known, sabotage }: CountedFinding): boolean => known === null && sabotage;

/** Situations that the campaign allowed and never reached. */
export function missed({ statistics, config, code }: Campaign): string[] {
  const recovers = recoversMoves(code);
  const { moves = DEFAULT_MOVES } = config;
  // each of them is about a move
  if (!moves.some((family) => MOVE_FAMILIES[family].some((operation) => operation in MOVES))) return [];
  const never = SOMETIMES.filter(({ id, faults, recovery, resize }) => {
    if (statistics.possible[id] === 0 || statistics.sometimes[id]! > 0) return false;
    if (resize === true && !moves.includes('resize')) return false;
    return config.faults >= faults && (recovers || recovery === undefined);
  }).map(({ id }) => id);
  return recovers && config.cloud === null ? [...never, ...tooFew(statistics)] : never;
}

/**
 * A protocol that refused or undid everything would break no law: of its moves so many per cent commit. Those that no fault struck
 * count the ones that found no host for more than their share, since they take the fewest steps.
 */
const LEAST_SHARES = { faultFree: 80, faulted: 20 } as const;

function tooFew({ moves }: Campaign['statistics']): string[] {
  const few: string[] = [];
  if (100 * moves.faultFreeCommitted < LEAST_SHARES.faultFree * moves.faultFree) few.push('fault-free moves commit');
  if (100 * moves.faultedCommitted < LEAST_SHARES.faulted * moves.faulted) few.push('faulted moves commit');
  return few;
}

/** Failure points, and pairs of one and a fault that fits, of the handlers that the campaign's operations lead to. */
export function within({ code, config }: Campaign): { points: number; pairs: readonly string[] } {
  const handlers = handlersOf(code, operationsOf(config.moves ?? DEFAULT_MOVES));
  if (config.sabotage !== true) for (const { id } of operatorCommands(false)) handlers.delete(id);
  const points = code.points.filter((point) => point.handlers.some((id) => handlers.has(id))).length;
  return { points, pairs: pairsOf(code, handlers) };
}
