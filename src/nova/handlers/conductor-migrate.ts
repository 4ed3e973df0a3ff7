import { NONE } from '../../state/table.ts';
import { createMigration, findMigration, moveType, noteMigration } from '../database.ts';
import { claimResources, getAllocations, moveAllocations, strict } from '../report-client.ts';
import { SERVICE, STATUS } from '../states.ts';
import { call, cast, database, memory, neutron, OUTCOME, type Outcome, read } from '../step.ts';
import type { Job, World } from '../world.ts';
import { compute, handler, I, lowest, M, ok, wanted } from './common.ts';

const TASK_PY = 'nova/conductor/tasks/migrate.py';
const MIGRATION_TASK = `${TASK_PY}:MigrationTask`;

/**
 * A pre-migrating record of the same type is taken up again: the reschedule's, or one that an earlier failure left. Nobody
 * looks whether the instance is still there.
 */
function createOrAdopt(world: World, job: Job): Outcome {
  const found = findMigration(world, job.instance, STATUS.PRE_MIGRATING, moveType(job));
  job.migration = found !== NONE ? found : createMigration(world, job);
  noteMigration(world, job);
  return OUTCOME.OK;
}

export const conductorMigrateServer = handler({
  id: 'conductor.migrate_server',
  nova: 'nova/conductor/manager.py:ComputeTaskManager._cold_migrate',
  prefix: 'conductor',
  steps: [
    neutron('conductor.prepare', `${MIGRATION_TASK}._execute`, (world, job) => {
      // populate_retry: a requested host or a single attempt means no reschedule
      job.retry = job.requested === NONE && world.setting.options.max_attempts > 1 ? 1 : 0;
      job.held = 0;
      job.migration = NONE;
      return OUTCOME.OK;
    }),
    database('conductor.create-migration', `${MIGRATION_TASK}._preallocate_migration`, createOrAdopt, {
      // `self._migration` is set only behind create(): rollback knows of none
      onError: (_world, job) => {
        job.migration = NONE;
      },
    }),
    database('conductor.read-source-node', `${TASK_PY}:replace_allocation_with_migration`, ok),
    read(
      'conductor.get-allocs',
      `${TASK_PY}:replace_allocation_with_migration`,
      getAllocations(I),
      strict((job, response) => {
        const { rows } = response;
        for (let k = 0; k < rows.length; k += 3) if (rows[k] === job.host) return OUTCOME.OK;
        // (None, None): nothing is swapped, and nothing can be swapped back
        return OUTCOME.ELSE;
      }),
      { else: 'conductor.schedule' },
    ),
    moveAllocations('conductor.swap', I, M, 'raise', (job) => {
      job.held = 1;
    }),
    call(
      'conductor.schedule',
      `${MIGRATION_TASK}._schedule`,
      'scheduler.select_destinations',
      (_world, job) => (job.rescheduled === 1 ? NONE : SERVICE.SCHEDULER),
      (_world, job, callee) => {
        job.destination = callee.destination;
        job.hosts = callee.hosts;
        return OUTCOME.OK;
      },
    ),
    memory(
      'conductor.reschedule',
      `${MIGRATION_TASK}._reschedule`,
      (_world, job) => {
        if (job.rescheduled === 0) return OUTCOME.ELSE;
        job.destination = lowest(job.hosts);
        if (job.destination === NONE) return OUTCOME.RAISE_NO_VALID_HOST;
        job.hosts &= ~(1 << job.destination);
        return OUTCOME.OK;
      },
      { when: (_world, job) => job.rescheduled === 1, else: 'conductor.fill' },
    ),
    claimResources(
      'conductor.reschedule.claim-get',
      'conductor.reschedule.claim-put',
      I,
      wanted,
      'conductor.reschedule',
    ),
    memory('conductor.fill', 'nova/scheduler/utils.py:fill_provider_mapping', ok),
    cast(
      'conductor.cast-prep',
      'nova/compute/rpcapi.py:ComputeAPI.prep_resize',
      'compute.prep_resize',
      (_world, job) => compute(job.destination),
      (world, job, message) => {
        message.payloadStatus = world.migrations[job.migration]!.status;
      },
    ),
    database(
      'conductor.save-reqspec',
      'nova/objects/request_spec.py:RequestSpec.save',
      (world, job) => {
        world.instances[job.instance]!.requestSpecFlavor = job.flavor;
        return OUTCOME.OK;
      },
      { outside: ['claim', 'state'] },
    ),
  ],
});
