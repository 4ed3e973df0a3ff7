/** Families of operations that a campaign draws its moves from. What is in none of them can always be drawn. */
import type { Code } from '../engine/compile.ts';
import { serves } from '../engine/operations.ts';
import { OPERATION_NAMES, type OperationName } from '../scenario/scenario.ts';

export const MOVE_FAMILIES = {
  resize: ['resize', 'cold_migrate', 'confirm', 'revert', 'poll_unconfirmed_resizes'],
  'live-migration': ['live_migrate', 'abort_live_migration'],
  evacuation: ['evacuate', 'force_down', 'lose_host'],
  shelve: ['shelve', 'shelve_offload', 'unshelve'],
  /** boots meet faults too */
  build: ['rebuild'],
  service: ['delete_service'],
  /** nova-manage's, beside the others: where they are about servers that are being moved they are sabotage */
  tools: ['heal_allocations', 'placement_audit'],
  /** servers have ports that guarantee bandwidth, and lose them */
  ports: ['detach_interface'],
} as const satisfies Readonly<Record<string, readonly OperationName[]>>;

export type MoveFamily = keyof typeof MOVE_FAMILIES;
export const MOVE_FAMILY_NAMES = Object.keys(MOVE_FAMILIES) as MoveFamily[];

/**
 * Families whose move, the first operation of each, the protocol has; of builds the move is the boot. A design that leaves boots to
 * Nova has no tools of its own either: what they do beside its moves is sabotage.
 */
export const movesServed = (code: Pick<Code, 'entries' | 'protocol'>): MoveFamily[] =>
  MOVE_FAMILY_NAMES.filter((family) =>
    family === 'build' || family === 'tools'
      ? code.protocol.leavesBootsToNova !== true
      : serves(code, MOVE_FAMILIES[family][0]),
  );

/** What is drawn where nothing else is said: what the known list was made for. */
export const DEFAULT_MOVES: readonly MoveFamily[] = ['resize'];

/** Operations that a campaign of these families draws. */
export function operationsOf(moves: readonly MoveFamily[]): OperationName[] {
  const left = MOVE_FAMILY_NAMES.filter((family) => !moves.includes(family));
  const without = new Set<OperationName>(left.flatMap((family) => MOVE_FAMILIES[family]));
  return OPERATION_NAMES.filter((name) => !without.has(name));
}

/** The position of an operation's family, or -1 where it has none. */
export function familyOf(name: OperationName): number {
  return MOVE_FAMILY_NAMES.findIndex((family) => (MOVE_FAMILIES[family] as readonly OperationName[]).includes(name));
}
