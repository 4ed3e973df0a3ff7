/** Bugs of resize and cold migration that Nova had, each as it was. */

import type { Rows } from '../../state/holdings.ts';
import { NONE } from '../../state/table.ts';
import { loadInstance, migrationOf, oneOf, saveMigrationStatus, setHost, setTask } from '../database.ts';
import { flavorRows, here, I, MANAGER, ok, TRACKER, wanted } from '../handlers/common.ts';
import { confirmWithoutUpCheck } from '../handlers/confirm.ts';
import { claimResources, deleteAllocations } from '../report-client.ts';
import { STATUS, TASK } from '../states.ts';
import { database, type Item, isGroup, memory, OUTCOME, type Outcome, type Patch, saving } from '../step.ts';
import { recordedTopology, recount } from '../tracker.ts';
import { type Job, trackingOf, type World } from '../world.ts';
import type { Defect } from './defect.ts';

/** Puts items before the step of that name. */
const before =
  (id: string, ...added: readonly Item[]) =>
  (items: readonly Item[]): readonly Item[] =>
    items.flatMap((item) => (!isGroup(item) && item.id === id ? [...added, item] : [item]));

/** The instances and moves that this host's tracker counts, one after the other. */
function nextTracked(world: World, job: Job): Outcome {
  for (let i = job.cursor; i < world.globals.instances; i++) {
    const { instance, migration } = trackingOf(world, here(job), i);
    if (instance === 0 && migration === 0) continue;
    job.cursor = i + 1;
    job.instance = i;
    if (loadInstance(world, job) === OUTCOME.OK) return OUTCOME.OK;
  }
  job.cursor = 0;
  job.instance = NONE;
  return OUTCOME.ELSE;
}

/** What the host believes to be the whole claim: of its own, or of a move that it has a side of. */
function ownSide(world: World, job: Job): Rows {
  const { migration } = trackingOf(world, here(job), job.instance);
  const row = migration === 0 ? undefined : world.migrations[migration - 1]!;
  if (row === undefined || job.host === here(job)) return flavorRows(world, job, job.instanceFlavor, here(job));
  const flavor = row.source === here(job) ? row.oldFlavor : row.newFlavor;
  // an evacuation's record names none
  return flavorRows(world, job, flavor === NONE ? job.instanceFlavor : flavor, here(job));
}

/** ResourceTracker._update_usage_from_instances and _from_migrations wrote the allocations of whatever they counted. */
const auditRewritesClaims: Patch['order'] = (() => {
  const rewrite = before(
    'audit.get-provider-allocations',
    memory('audit.next-tracked', `${TRACKER}._update_usage_from_instances`, nextTracked, {
      else: 'audit.get-provider-allocations',
    }),
    claimResources('audit.rewrite-get', 'audit.rewrite-put', I, ownSide, '$end', true),
    memory('audit.rewritten', TRACKER, () => OUTCOME.ELSE, { else: 'audit.next-tracked' }),
  );
  return { 'compute.update_available_resource': rewrite, 'compute.init_host': rewrite };
})();

/** The scheduler's claim as it is, to be changed in a cell. */
const [, claimPut] = claimResources(
  'scheduler.claim-get',
  'scheduler.claim-put',
  I,
  wanted,
  'scheduler.next-host',
).steps;

/** instance.old_flavor came with finish_resize, behind another message. */
const flipWithoutOldFlavor = saving(
  'src.flip-host',
  `${MANAGER}._resize_instance`,
  (world, job) => {
    setHost(job, migrationOf(world, job).destination);
    setTask(job, TASK.RESIZE_MIGRATED);
  },
  oneOf(TASK.RESIZE_MIGRATING),
);

/** the migration is confirmed, and what it occupied stays counted. */
function confirmWithoutUsage(world: World, job: Job): Outcome {
  return saveMigrationStatus(world, migrationOf(world, job), STATUS.CONFIRMED);
}

export const RESIZE_DEFECTS: readonly Defect[] = [
  {
    id: 'R-01',
    kind: 'defect',
    aliases: ['1707071', 'audit_rewrites_claims'],
    title: "Computes overwrite a moving instance's claims in turn",
    releases: 'Ocata',
    fixed: '16.0.0',
    catches: ['host-agreement'],
    length: 3,
    lengthNote: 'settling audits every host, and one audit is wrong enough',
    order: auditRewritesClaims,
  },
  {
    id: 'R-02',
    kind: 'defect',
    aliases: ['1707252', 'combine_skips_shared_provider'],
    title: 'Same-host resize claims nothing extra',
    releases: 'before Pike',
    fixed: '16.0.0',
    catches: ['capacity-respected', 'host-agreement'],
    length: 1,
    steps: {
      'scheduler.claim-put': {
        ask: (world, job) =>
          job.destination === world.instances[job.instance]!.host ? null : claimPut!.ask!(world, job),
      },
    },
  },
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
    id: 'R-08',
    kind: 'defect',
    aliases: ['1879878', '1834349', 'unlock_between_status_and_drop'],
    title: 'Status flip and claim drop not in one critical section',
    releases: 'to Ussuri',
    fixed: '22.0.0 (+21.1.1)',
    catches: ['tracker-matches'],
    length: 3,
    order: {
      'compute.confirm_resize': before(
        'confirm.drop-claim',
        database('confirm.set-confirmed', `${MANAGER}._confirm_resize`, (world, job) =>
          saveMigrationStatus(world, migrationOf(world, job), STATUS.CONFIRMED),
        ),
        // drop_move_claim takes the lock, and may have to wait for it
        { id: 'confirm.wait-for-lock', touches: 'tracker', nova: `${TRACKER}.drop_move_claim`, run: ok },
      ),
    },
  },
  {
    id: 'R-09',
    kind: 'defect',
    aliases: ['1944759', 'old_flavour_written_by_dest'],
    title: 'Source forgets an outgoing resize mid-flight',
    releases: 'to Xena',
    fixed: '25.0.0 (+24.1.0, 23.2.0, 22.4.0)',
    catches: ['tracker-matches'],
    length: 2,
    lengthNote:
      'or 3: the confirm that drops what is counted no more; 2 where servers have CPUs of their own, which look free then',
    steps: { 'src.flip-host': { run: flipWithoutOldFlavor.run!, dirties: flipWithoutOldFlavor.dirties! } },
  },
  {
    id: 'R-10',
    pinnedCpus: true,
    kind: 'defect',
    aliases: ['1953359', '1952915', 'audit_uses_recorded_topology'],
    title: 'Destination audits an incoming resize with the wrong topology',
    releases: 'to Xena',
    fixed: '25.0.0 (+24.1.0, 23.2.0, 22.4.0)',
    catches: ['tracker-matches'],
    length: 2,
    lengthNote:
      'only where servers have CPUs of their own; the other half, the flavor that is written, 34.0.0 counts still',
    steps: {
      'audit.recount': { run: (world, job) => recount(world, here(job), undefined, undefined, recordedTopology) },
    },
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
  {
    id: 'R-12',
    kind: 'defect',
    aliases: ['1785776', 'revert_checks_migration_claim_on_dest'],
    title: 'Revert asks the wrong question about who owns the source claim',
    releases: 'Queens',
    fixed: '18.0.0',
    catches: ['host-agreement', 'source-unchanged'],
    length: 3,
    order: { 'compute.revert_resize': before('revert.cast-finish', deleteAllocations('revert.remove-allocs', I)) },
  },
];
