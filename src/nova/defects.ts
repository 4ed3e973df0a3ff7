/**
 * Switches: historical bugs brought back, open weaknesses taken away, and mutants that prove a law bites. Each changes a
 * cell of a table. Ids of bugs and weaknesses are those of the bug catalogue.
 */
import { migrationOf, saveMigrationStatus } from './database.ts';
import { confirmWithoutUpCheck } from './handlers/confirm.ts';
import { INVARIANT_MUTANTS } from './mutants.ts';
import { STATUS } from './states.ts';
import type { Outcome, Patch } from './step.ts';
import type { Job, World } from './world.ts';

export interface Defect extends Patch {
  readonly id: string;
  readonly kind: 'defect' | 'repair' | 'mutant';
  /** the protocol it is meant for; Nova where it is not said */
  readonly protocol?: 'nova' | 'rollback';
  readonly aliases: readonly string[];
  readonly title: string;
  /** invariants that must catch it (of a repair: nothing) */
  readonly catches: readonly string[];
  /** operations, faults and holds that show it, boot not counted; 0 where the catalogue does not say */
  readonly length: number;
}

/** the migration is confirmed, and what it occupied stays counted. */
function confirmWithoutUsage(world: World, job: Job): Outcome {
  return saveMigrationStatus(world, migrationOf(world, job), STATUS.CONFIRMED);
}

export const DEFECTS: readonly Defect[] = [
  {
    id: 'R-03',
    kind: 'defect',
    aliases: ['1712850', 'prep_fail_keeps_dest'],
    title: 'Rejected destination keeps its claim',
    catches: ['destination-empty', 'no-double-allocation'],
    length: 2,
    undo: { 'compute.prep_resize': { claim: 'keep' } },
  },
  {
    id: 'R-04',
    kind: 'defect',
    aliases: ['1749215', 'second_leg_no_undo'],
    title: 'Failure after the hand-over to the source undoes nothing',
    catches: ['source-unchanged', 'destination-empty', 'host-agreement'],
    length: 2,
    undo: { 'compute.resize_instance': { claim: 'keep' } },
  },
  {
    id: 'R-05',
    kind: 'defect',
    aliases: ['1825537', 'finish_fail_gives_back_to_source'],
    title: 'Failed finish gives the claim back to the wrong host',
    catches: ['host-agreement'],
    length: 2,
    undo: { 'compute.finish_resize': { claim: 'give-back' } },
  },
  {
    id: 'R-06',
    kind: 'defect',
    aliases: ['1821594', 'confirm_release_only_on_success'],
    title: 'Confirm that fails on the source leaks the source claim',
    catches: ['no-orphan-consumer', 'source-zero', 'no-stuck-migration'],
    length: 3,
    undo: {
      'compute.confirm_resize': { claim: 'success:delete-alloc', unstash: 'success:unstash', migration: 'keep' },
    },
  },
  {
    id: 'R-07',
    kind: 'defect',
    aliases: ['1818914', 'tracker_keeps_old_flavor'],
    title: 'Tracker keeps the old flavor after a quick confirm',
    catches: ['tracker-matches'],
    length: 2,
    steps: { 'confirm.drop-claim': { run: confirmWithoutUsage } },
  },
  {
    id: 'R-11',
    kind: 'defect',
    aliases: ['1855927', 'confirming_before_liveness_check'],
    title: 'Confirm accepted while the source is down',
    catches: ['no-stuck-migration', 'source-zero'],
    length: 3,
    steps: { 'confirm.api': { run: confirmWithoutUpCheck } },
  },
  {
    id: 'B-02',
    kind: 'defect',
    aliases: ['1712684', 'delete_leaves_release_to_audit'],
    title: 'Delete relies on a later audit to release',
    catches: ['delete-releases-all'],
    length: 1,
    steps: { 'terminate.delete-alloc': { ask: () => null } },
  },
  {
    id: 'P-01',
    kind: 'defect',
    aliases: ['1778743', 'capacity_check_per_allocation'],
    title: 'Multi-consumer write checked piecemeal',
    // moves carry one growing consumer only: the suite of Placement's own laws sees it
    catches: [],
    length: 1,
    placement: { sumWithinRequest: false },
  },
  {
    id: 'P-03',
    kind: 'defect',
    aliases: ['1780799', 'keep_empty_consumers'],
    title: 'Consumer row outlives its last claim',
    catches: ['generation-honesty'],
    length: 3,
    placement: { dropEmptyConsumers: false },
  },
  {
    id: 'W-14',
    kind: 'repair',
    aliases: ['resize_instance-knows-the-flip'],
    title: 'The handler of the source leg tells before from after the host flip',
    catches: [],
    length: 0,
    undo: { 'compute.resize_instance': { claim: 'give-back-with-host' } },
    steps: { 'src.end-notify': { outside: ['migration', 'vm', 'claim', 'task'] } },
  },
  ...INVARIANT_MUTANTS,
];

export function findDefect(name: string): Defect | undefined {
  return DEFECTS.find((defect) => defect.id === name || defect.aliases.includes(name));
}
