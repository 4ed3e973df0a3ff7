/** Bugs of build, delete and rebuild that Nova had, each as it was. */
import type { Rows } from '../../state/holdings.ts';
import { I, wanted } from '../handlers/common.ts';
import { claimResources, deleteAllocations } from '../report-client.ts';
import { type Item, isGroup } from '../step.ts';
import type { Job, World } from '../world.ts';
import type { Defect } from './defect.ts';

const NOTHING_ASKED = { ask: () => null };

/** B-05: what is there is read, and what was read is taken away, if nobody else wrote meanwhile. */
const conditionalDelete = (items: readonly Item[]): readonly Item[] => {
  const [get, put] = deleteAllocations('terminate.delete-alloc.put', I).steps;
  const steps = [{ ...get!, id: 'terminate.delete-alloc' }, put!];
  return items.map((item) => (!isGroup(item) && item.id === 'terminate.delete-alloc' ? { steps } : item));
};

/** B-06: a claim on the host that the server is on is added to what it has there. */
const claimAgain = ((): Item => {
  const ids = ['scheduler.rebuild.claim-get', 'scheduler.rebuild.claim-put'] as const;
  const twice = (world: World, job: Job): Rows => sum(job.read.rows(), wanted(world, job));
  return claimResources(...ids, I, twice, 'raise', true);
})();

function sum(held: Rows, asked: Rows): Rows {
  const rows = [...held];
  for (let k = 0; k < asked.length; k += 3) {
    const at = held.findIndex((one, c) => c % 3 === 0 && one === asked[k] && held[c + 1] === asked[k + 1]);
    if (at < 0) rows.push(asked[k]!, asked[k + 1]!, asked[k + 2]!);
    else rows[at + 2] = rows[at + 2]! + asked[k + 2]!;
  }
  return rows;
}

export const BUILD_DEFECTS: readonly Defect[] = [
  {
    id: 'B-01',
    kind: 'defect',
    aliases: ['1712718', 'build_fail_keeps_claim'],
    title: 'Rescheduled or aborted build keeps the first claim',
    releases: 'Pike',
    fixed: '17.0.0 (+16.0.0rc2)',
    catches: ['host-agreement', 'no-double-allocation'],
    length: 1,
    steps: { 'boot.failed.delete-alloc': NOTHING_ASKED },
    undo: {
      'compute.build_and_run_instance': {
        retry: 'reschedule-build-claimed',
        vm: 'build-failed-claimed',
        claim: 'keep',
      },
    },
  },
  {
    id: 'B-02',
    kind: 'defect',
    aliases: ['1712684', 'delete_leaves_release_to_audit'],
    title: 'Delete relies on a later audit to release',
    releases: 'Pike',
    fixed: '17.0.0 (+16.0.0rc2)',
    catches: ['delete-releases-all'],
    length: 1,
    steps: { 'terminate.delete-alloc': NOTHING_ASKED },
  },
  {
    id: 'B-03',
    kind: 'defect',
    aliases: ['1679750', 'local_delete_keeps_claim'],
    title: 'Delete with the host down releases nothing',
    releases: 'Ocata to Queens',
    fixed: '18.0.0 (+17.0.5, 16.1.5)',
    catches: ['delete-releases-all', 'no-orphan-consumer'],
    length: 2,
    steps: { 'delete.local.delete-alloc': NOTHING_ASKED },
  },
  {
    id: 'B-04',
    kind: 'defect',
    aliases: ['1859496', 'delete_while_booting_keeps_claim'],
    title: 'Delete of a build stuck before reaching a cell',
    releases: 'to Train',
    fixed: '21.0.0',
    catches: ['delete-releases-all', 'no-orphan-consumer'],
    length: 2,
    steps: { 'delete.unscheduled.delete-alloc': NOTHING_ASKED },
  },
  {
    id: 'B-05',
    kind: 'defect',
    aliases: ['1836754', 'delete_is_conditional'],
    title: 'Delete gives up on a consumer-generation conflict',
    releases: 'Stein to Wallaby',
    fixed: '24.0.0',
    // the delete fails: nobody was promised anything, and a server in error has lost its guest
    catches: ['guest-single-home'],
    length: 2,
    order: { 'compute.terminate_instance': conditionalDelete, 'compute._delete_instance': conditionalDelete },
  },
  {
    id: 'B-06',
    kind: 'defect',
    aliases: ['1732976', 'rebuild_check_claims'],
    title: 'Every rebuild with a new image adds another claim',
    releases: '16.0.3, Queens before its release',
    fixed: '17.0.0 (+16.0.4)',
    catches: ['no-double-allocation', 'host-agreement'],
    length: 1,
    order: { 'scheduler.select_destinations.rebuild': (items) => [...items, claimAgain] },
  },
  {
    id: 'B-07',
    kind: 'defect',
    aliases: ['1833581', 'restart_ignores_unclaimed_builds'],
    title: 'Restart while builds queue for the claim lock',
    releases: 'to Train',
    fixed: '21.0.0 (+20.0.1, 19.1.0, 18.3.0)',
    catches: ['no-stuck-migration'],
    length: 1,
    steps: { 'init.get-provider-allocations': NOTHING_ASKED },
  },
  {
    id: 'B-08',
    kind: 'defect',
    aliases: ['1819460', '1837955', 'alternate_error_unhandled'],
    title: 'Error while trying an alternate host leaves limbo',
    releases: 'to Stein',
    fixed: '20.0.0 (+19.0.1)',
    catches: ['no-stuck-migration'],
    length: 2,
    undo: { 'conductor.build_instances': { state: 'keep' } },
  },
];
