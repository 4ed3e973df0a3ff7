/**
 * What the rollback protocol consists of, one thing at a time: each step of a move, a decision, a delete or recovery that
 * does anything, and each cell of the undo table, as a mutant that takes it away. A law must see each of them, or a
 * sentence says why nobody needs it.
 */
import type { Defect } from '../defects/defect.ts';
import { rollback } from '../protocol-rollback.ts';
import { isGroup, OUTCOME, type Step, type Touches, type UndoRow } from '../step.ts';

export interface Part extends Defect {
  /** why every law holds without it; null where one does not */
  readonly spare: string | null;
}

const TWICE = 'a check for a message that comes twice, which is not drawn';
const NO_DEVICES = 'the model has no block devices';
const LATER = 'recovery undoes the move too, only later';

const SPARE: Readonly<Record<string, string>> = {
  'api.action-record': 'the model has no action records',
  'finish.swap-bdm': NO_DEVICES,
  'frevert.prepare': NO_DEVICES,
  'conductor.read-source-node': 'a check: the transaction of prep compares again',
  'confirm.check': TWICE,
  'revert.check': TWICE,
  'frevert.check': TWICE,
  'confirm.driver': 'disks that stay behind are no violation',
  'undo.drop-claim': 'recovery drops what an undone move holds; the two together are a mutant of their own',
  'recover-delete.terminate': 'the host clears what is left of a deleted server when it starts',
  'compute.prep_resize: claim': LATER,
  'compute.resize_instance: vm': LATER,
  'compute.resize_instance: claim': LATER,
  'compute.finish_resize: vm': LATER,
  'compute.finish_resize: claim': LATER,
};

const EFFECTS: readonly Touches[] = ['database', 'driver', 'tracker', 'placement-write', 'cast', 'call'];
const HANDLERS =
  /^(api\.(resize|confirm_resize|revert_resize|delete)|conductor\.(?!build|schedule_and_build).*|scheduler\..*|compute\.(\w*resize|resize_instance|\w*_guest|terminate_instance))$/;
/** Without them the model stops at an assertion: loops, and what names the migration, its destination or a host. */
const ASSUMED = /\.next$|^(api\.set-task-state|prep\.rt-claim\.save-migration|conductor\.schedule)$/;

const without = (id: string, patch: Pick<Defect, 'steps' | 'undo'>): Part => ({
  ...patch,
  id,
  kind: 'mutant',
  protocol: 'rollback',
  aliases: [],
  title: `Without ${id}`,
  catches: [],
  length: 0,
  spare: SPARE[id] ?? null,
});

const nothing: Partial<Step> = { run: () => OUTCOME.OK, ask: () => null, where: () => -1 };

export function partsOfRollback(): Part[] {
  const parts = new Map<string, Part>();
  for (const { id, steps } of rollback.handlers) {
    // of what a host does at its start only this is for moves
    const moves = HANDLERS.test(id);
    for (const step of steps.flatMap((item) => (isGroup(item) ? item.steps : [item]))) {
      const taken = moves
        ? EFFECTS.includes(step.touches) && !ASSUMED.test(step.id)
        : step.id === 'init.clear-leftovers';
      if (taken) parts.set(step.id, without(step.id, { steps: { [step.id]: nothing } }));
    }
    const row: UndoRow = rollback.undo[id] ?? {};
    for (const [region, cell] of Object.entries(row)) {
      if (!moves || cell === 'keep') continue;
      const name = `${id}: ${region}`;
      parts.set(name, without(name, { undo: { [id]: { [region]: 'keep' } } }));
    }
  }
  return [...parts.values()];
}

/** Reasons for parts that are no more. */
export const staleReasons = (): string[] => {
  const ids = new Set(partsOfRollback().map(({ id }) => id));
  return Object.keys(SPARE).filter((id) => !ids.has(id));
};
