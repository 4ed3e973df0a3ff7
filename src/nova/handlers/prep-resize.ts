import { NONE } from '../../state/table.ts';
import {
  migrationOf,
  saveInstance,
  saveMigrationStatus,
  setMigrationContext,
  setNewFlavor,
  setOldVm,
} from '../database.ts';
import { getAllocations, ignore, legacy } from '../report-client.ts';
import { STATUS } from '../states.ts';
import {
  cast,
  database,
  type Item,
  memory,
  notification,
  OUTCOME,
  type Outcome,
  read,
  type Step,
  tracker,
  withAlternates,
} from '../step.ts';
import { claimCpusOfMove, trackMigration } from '../tracker.ts';
import type { Job, World } from '../world.ts';
import { compute, handler, here, I, MANAGER, TRACKER } from './common.ts';

/** _claim_existing_migration: from here on the record names the destination. */
export function saveDestination(world: World, job: Job): Outcome {
  const migration = migrationOf(world, job);
  migration.destination = here(job);
  return saveMigrationStatus(world, migration, STATUS.PRE_MIGRATING);
}

/** A cold migration within the host, which the driver has to support. */
export const unableToMigrateToSelf = ({ setting }: World, job: Job): boolean =>
  job.host === here(job) && job.flavor === job.instanceType && !setting.options.supports_migrate_to_same_host;

function stash(_world: World, job: Job): void {
  setNewFlavor(job, job.flavor);
  setOldVm(job, job.vm);
}

export function claimMove(world: World, job: Job): Outcome {
  // an evacuation says none: it has the one that it has
  const flavor = job.flavor === NONE ? job.instanceFlavor : job.flavor;
  if (!claimCpusOfMove(world, here(job), job, flavor)) return OUTCOME.RAISE_UNAVAILABLE;
  setMigrationContext(job, job.migration);
  const saved = saveInstance(world, job);
  if (saved !== OUTCOME.OK) return saved;
  const { migration, instanceType, instanceFlavor, oldFlavor } = job;
  return trackMigration(world, here(job), migration, instanceType, instanceFlavor, oldFlavor, job.flavor);
}

/** ResourceTracker._update: reads this host's provider back; anything but an answer raises. */
export const trackerUpdate = (id: string): Step => ({
  ...read(
    id,
    `${TRACKER}._update_to_placement`,
    (_world, job) => ({ op: 'get-provider-allocations', provider: here(job) }),
    (_world, _job, response) => (response.status === 200 ? OUTCOME.OK : OUTCOME.RAISE_PLACEMENT),
  ),
  under: 'tracker',
});

/** A message with `retry` carries the alternates that a failing prep goes back to conductor with. */
export const reschedulable = (steps: readonly Item[]): Item[] =>
  steps.map((item) => withAlternates((job) => (job.retry === 1 ? job.hosts : 0), item));

export const prepResize = handler({
  id: 'compute.prep_resize',
  nova: `${MANAGER}._do_prep_resize`,
  prefix: 'prep',
  steps: [
    // stands before the try that gives the claim back
    notification('prep.start-notify', `${MANAGER}._send_prep_resize_notifications`, undefined, {
      outside: ['claim', 'retry', 'notify'],
    }),
    ...reschedulable([
      {
        ...memory('prep.group-policy', `${MANAGER}._validate_instance_group_policy`),
        mayRollBack: true,
      },
      {
        ...database('prep.stash', `${MANAGER}._prep_resize`, (world, job) => {
          if (unableToMigrateToSelf(world, job)) return OUTCOME.RAISE_ROLLBACK;
          stash(world, job);
          return saveInstance(world, job);
        }),
        dirties: stash,
        mayRollBack: true,
      },
      memory('prep.pci-map', `${MANAGER}._prep_resize`, undefined, {
        mayAbort: true,
      }),
      read('prep.get-allocs', `${MANAGER}._prep_resize`, getAllocations(I), legacy(ignore), { falsy: 'go-on' }),
      {
        ...database('prep.rt-claim.save-migration', `${TRACKER}._claim_existing_migration`, saveDestination),
        under: 'tracker',
        // before the migration is touched
        unknownNode: () => OUTCOME.RAISE_UNAVAILABLE,
      },
      tracker('prep.rt-claim', `${TRACKER}._move_claim`, claimMove),
      trackerUpdate('prep.rt-claim.placement'),
      cast(
        'prep.cast-resize',
        'nova/compute/rpcapi.py:ComputeAPI.resize_instance',
        'compute.resize_instance',
        (_world, job) => compute(job.host),
        undefined,
        { inside: ['abort'] },
      ),
    ]),
  ],
});
