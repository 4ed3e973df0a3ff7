/** Bugs of resize and cold migration that Nova had, each as it was. */
import { migrationOf, saveMigrationStatus } from '../database.ts';
import { confirmWithoutUpCheck } from '../handlers/confirm.ts';
import { STATUS } from '../states.ts';
import type { Outcome } from '../step.ts';
import type { Job, World } from '../world.ts';
import type { Defect } from './defect.ts';

/** the migration is confirmed, and what it occupied stays counted. */
function confirmWithoutUsage(world: World, job: Job): Outcome {
  return saveMigrationStatus(world, migrationOf(world, job), STATUS.CONFIRMED);
}

export const RESIZE_DEFECTS: readonly Defect[] = [
  {
    id: 'R-03',
    kind: 'defect',
    aliases: ['1712850', 'prep_fail_keeps_dest'],
    title: 'Rejected destination keeps its claim',
    releases: 'Pike',
    fixed: '17.0.0 (+16.0.0rc2)',
    catches: ['destination-empty', 'no-double-allocation'],
    length: 2,
    undo: { 'compute.prep_resize': { claim: 'keep' } },
  },
  {
    id: 'R-04',
    kind: 'defect',
    aliases: ['1749215', 'second_leg_no_undo'],
    title: 'Failure after the hand-over to the source undoes nothing',
    releases: 'Pike, Queens',
    fixed: '18.0.0 (+17.0.1, 16.1.1)',
    catches: ['source-unchanged', 'destination-empty', 'host-agreement'],
    length: 2,
    undo: { 'compute.resize_instance': { claim: 'keep' } },
  },
  {
    id: 'R-05',
    kind: 'defect',
    aliases: ['1825537', 'finish_fail_gives_back_to_source'],
    title: 'Failed finish gives the claim back to the wrong host',
    releases: 'Rocky, Stein',
    fixed: '20.0.0 (+19.0.2, 18.2.2, 17.0.13)',
    catches: ['host-agreement'],
    length: 2,
    undo: { 'compute.finish_resize': { claim: 'give-back' } },
  },
  {
    id: 'R-06',
    kind: 'defect',
    aliases: ['1821594', 'confirm_release_only_on_success'],
    title: 'Confirm that fails on the source leaks the source claim',
    releases: 'Queens to Stein',
    fixed: '20.0.0 (+19.0.1, 18.2.1, 17.0.11)',
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
    releases: 'to Stein',
    fixed: '20.0.0',
    catches: ['tracker-matches'],
    length: 2,
    steps: { 'confirm.drop-claim': { run: confirmWithoutUsage } },
  },
  {
    id: 'R-11',
    kind: 'defect',
    aliases: ['1855927', 'confirming_before_liveness_check'],
    title: 'Confirm accepted while the source is down',
    releases: 'to Ussuri',
    fixed: '22.0.0 (+21.1.1)',
    catches: ['no-stuck-migration', 'source-zero'],
    length: 3,
    steps: { 'confirm.api': { run: confirmWithoutUpCheck } },
  },
];
