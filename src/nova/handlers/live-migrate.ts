/** A live migration up to the source's nova-compute: the API's requests, and conductor's task. */
import { NONE } from '../../state/table.ts';
import {
  createMigration,
  leaveFlavors,
  loadInstance,
  migrationOf,
  noteMigration,
  saveMigrationStatus,
} from '../database.ts';
import { claimResources, getAllocations, moveAllocations, removeProviderTree, strict } from '../report-client.ts';
import { MOVE_TYPE, POWER, SERVICE, STATUS, TASK, VM } from '../states.ts';
import {
  call,
  cast,
  database,
  type Group,
  memory,
  neutron,
  OUTCOME,
  type Outcome,
  type Region,
  read,
  request,
  type Step,
} from '../step.ts';
import { type Job, seemsUp, type World } from '../world.ts';
import { API, compute, handler, I, M, ok, refuse, setTaskFromNone, toSource, wanted } from './common.ts';

const TASK_PY = 'nova/conductor/tasks/live_migrate.py:LiveMigrationTask';
const MIGRATE_PY = 'nova/conductor/tasks/migrate.py';

/** Nobody asks here whether the host is there: conductor does. */
function validate(world: World, job: Job): Outcome {
  if (loadInstance(world, job) !== OUTCOME.OK) return refuse(world, job, 404);
  if (job.vm !== VM.ACTIVE || job.task !== TASK.NONE || job.host === NONE) return refuse(world, job, 409);
  job.flavor = job.instanceFlavor;
  leaveFlavors(job);
  return OUTCOME.OK;
}

/** POST /servers/{id}/action {os-migrateLive}; by a microversion that has `force` it is a cast. */
export const apiLiveMigrate = handler({
  id: 'api.live_migrate',
  nova: `${API}.live_migrate`,
  prefix: 'live',
  steps: [
    request('live.api', `${API}.live_migrate`, validate),
    setTaskFromNone('live.set-task', `${API}.live_migrate`, TASK.MIGRATING),
    database('live.action-record', `${API}._record_action_start`, ok),
    cast(
      'live.cast-conductor',
      'nova/conductor/rpcapi.py:ComputeTaskAPI.live_migrate_instance',
      'conductor.live_migrate_instance',
      () => SERVICE.CONDUCTOR,
    ),
  ],
});

/** The live migration that was asked for last, if it can be aborted: by microversion 2.65 also one that is queued. */
function abortable({ globals, migrations }: World, instance: number): { found: number; allowed: boolean } {
  for (let m = globals.migrations - 1; m >= 0; m--) {
    const { exists, instance: of, type, status } = migrations[m]!;
    if (exists !== 1 || of !== instance || type !== MOVE_TYPE.LIVE_MIGRATION) continue;
    return { found: m, allowed: status === STATUS.QUEUED || status === STATUS.PREPARING || status === STATUS.RUNNING };
  }
  return { found: NONE, allowed: false };
}

/** DELETE /servers/{id}/migrations/{id} */
export const apiLiveMigrateAbort = handler({
  id: 'api.live_migrate_abort',
  nova: `${API}.live_migrate_abort`,
  prefix: 'abort-live',
  steps: [
    request('abort-live.api', `${API}.live_migrate_abort`, (world, job) => {
      if (loadInstance(world, job) !== OUTCOME.OK) return refuse(world, job, 404);
      if (job.task !== TASK.MIGRATING) return refuse(world, job, 409);
      const { found, allowed } = abortable(world, job.instance);
      if (found === NONE) return refuse(world, job, 404);
      job.migration = found;
      return allowed ? OUTCOME.OK : refuse(world, job, 400);
    }),
    database('abort-live.action-record', `${API}._record_action_start`, ok),
    cast(
      'abort-live.cast',
      'nova/compute/rpcapi.py:ComputeAPI.live_migration_abort',
      'compute.live_migration_abort',
      (_world, job) => compute(job.host),
    ),
  ],
});

/** Nothing is caught before the record is there. */
const UNGUARDED: readonly Region[] = ['claim', 'state'];

const isForced = ({ option }: Job): boolean => option === 1;

/** _held_allocations, and whether they are of more than one provider. */
const HELD = { NOTHING: 0, CLAIM: 1, COMPLEX: 2 } as const;

/** MigrationPreCheckError and the exceptions of the class Invalid, one of which a time-out is turned into. */
const saysNo = (outcome: Outcome): boolean =>
  outcome === OUTCOME.RAISE_PRE_CHECK || outcome === OUTCOME.RAISE_MESSAGING;

function refusedByTimeout(_world: World, job: Job): void {
  if (job.error === OUTCOME.RAISE_MESSAGING) job.error = OUTCOME.RAISE_PRE_CHECK;
}

/** What no other module of Nova knows comes over the bus as RemoteError, which is made MigrationSchedulerRPCError. */
function remoteError(_world: World, job: Job): void {
  if (job.error === OUTCOME.RAISE || job.error === OUTCOME.RAISE_PLACEMENT) job.error = OUTCOME.RAISE_PRE_CHECK;
}

const checkOnDestination = (id: string, cells: Partial<Step>): Step => ({
  ...call(
    id,
    `${TASK_PY}._call_livem_checks_on_host`,
    'compute.check_can_live_migrate_destination',
    (_world, job) => compute(job.destination),
    ok,
  ),
  ...cells,
});

/** Reads `free_ram_mb` of the node, which its tracker has written; where as much as is asked for is free, it is refused. */
function hasEnoughMemory({ setting, hosts, placement }: World, { flavor, requested }: Job): boolean {
  const ram = setting.flavors[flavor]!.imageBacked.memoryMb;
  // nova.conf of a host says what Placement says of it
  const memory = placement.inventories[requested * placement.classes + setting.classes.indexOf('MEMORY_MB')];
  if (memory === undefined || memory.exists === 0) return false;
  const { total, reserved, ratio } = memory;
  return total * placement.ratios[ratio]! - hosts[requested]!.memoryMbUsed - reserved > ram;
}

/** The checks of a destination that is forced, for which no scheduler is asked. */
function checkForced(world: World, job: Job): Outcome {
  job.destination = job.requested;
  const passes = job.requested !== job.host && seemsUp(world, job.requested) && hasEnoughMemory(world, job);
  return passes ? OUTCOME.OK : OUTCOME.RAISE_PRE_CHECK;
}

/** claim_resources, whose falsy result is made NoValidHost. */
const claimForced: Group = {
  steps: claimResources(
    'live.conductor.forced.claim-get',
    'live.conductor.forced.claim-put',
    I,
    wanted,
    'raise',
  ).steps.map((step) => ({ ...step, falsyRaises: OUTCOME.RAISE_NO_VALID_HOST })),
};

/** claim_resources_on_destination copies what the migration holds now; a server that held nothing on its host cannot be. */
const claimOnForced: readonly (Step | Group)[] = [
  {
    ...read(
      'live.conductor.forced.get-allocs',
      'nova/scheduler/utils.py:claim_resources_on_destination',
      (world, job) => (job.held === HELD.NOTHING ? getAllocations(I)(world, job) : null),
      strict((_job, response) => {
        const { rows } = response;
        const several = rows.some((one, k) => k % 3 === 0 && one !== rows[0]);
        return several ? OUTCOME.RAISE_NO_VALID_HOST : OUTCOME.RAISE;
      }),
    ),
  },
  memory(
    'live.conductor.forced.complex',
    'nova/scheduler/utils.py:claim_resources_on_destination',
    (_world, job) => ((job.held & HELD.COMPLEX) === 0 ? OUTCOME.OK : OUTCOME.RAISE_NO_VALID_HOST),
    { when: () => false },
  ),
  claimForced,
];

export const conductorLiveMigrate = handler({
  id: 'conductor.live_migrate_instance',
  nova: 'nova/conductor/manager.py:ComputeTaskManager._live_migrate',
  prefix: 'live.conductor',
  steps: [
    database(
      'live.conductor.create-migration',
      'nova/conductor/manager.py:ComputeTaskManager._live_migrate',
      (world, job) => {
        job.held = HELD.NOTHING;
        job.migration = createMigration(world, job, MOVE_TYPE.LIVE_MIGRATION, STATUS.ACCEPTED);
        migrationOf(world, job).oldFlavor = job.flavor;
        noteMigration(world, job);
        return OUTCOME.OK;
      },
      { outside: UNGUARDED },
    ),
    memory('live.conductor.check-active', `${TASK_PY}._check_instance_is_active`, (_world, job) =>
      job.power === POWER.RUNNING ? OUTCOME.OK : OUTCOME.RAISE_PRE_CHECK,
    ),
    database('live.conductor.check-source', `${TASK_PY}._check_host_is_up`, (world, job) =>
      seemsUp(world, job.host) ? OUTCOME.OK : OUTCOME.RAISE_PRE_CHECK,
    ),
    database('live.conductor.read-source-node', `${MIGRATE_PY}:replace_allocation_with_migration`, ok),
    read(
      'live.conductor.get-allocs',
      `${MIGRATE_PY}:replace_allocation_with_migration`,
      getAllocations(I),
      strict((job, response) => {
        const { rows } = response;
        const providers = new Set(rows.filter((_, k) => k % 3 === 0));
        if (!providers.has(job.host)) return OUTCOME.ELSE;
        if (providers.size > 1) job.held = HELD.COMPLEX;
        return OUTCOME.OK;
      }),
      { else: 'live.conductor.forced' },
    ),
    moveAllocations('live.conductor.swap', I, M, 'raise', (job) => {
      job.held |= HELD.CLAIM;
    }),
    memory(
      'live.conductor.forced',
      `${TASK_PY}._execute`,
      (_world, job) => (isForced(job) ? OUTCOME.OK : OUTCOME.ELSE),
      { when: () => false, else: 'live.conductor.prepare' },
    ),
    database('live.conductor.forced.check', `${TASK_PY}._check_destination_has_enough_memory`, checkForced),
    ...claimOnForced,
    checkOnDestination('live.conductor.forced.check-destination', { inside: ['abort'], onError: refusedByTimeout }),
    neutron('live.conductor.forced.bind-ports', `${TASK_PY}._bind_ports_on_destination`, ok, {
      inside: ['abort'],
      // PortBindingFailed
      onError: (_world, job) => {
        job.error = OUTCOME.RAISE_PRE_CHECK;
      },
    }),
    database('live.conductor.forced.check-cells', `${TASK_PY}._get_source_cell_mapping`, () => OUTCOME.ELSE, {
      inside: ['abort'],
      else: 'live.conductor.availability-zone',
    }),
    neutron('live.conductor.prepare', `${TASK_PY}._get_request_spec_for_select_destinations`, (_world, job) => {
      // attempted_hosts
      job.ignoreHosts = 1 << job.host;
      return OUTCOME.OK;
    }),
    {
      ...call(
        'live.conductor.schedule',
        `${TASK_PY}._find_destination`,
        'scheduler.select_destinations',
        () => SERVICE.SCHEDULER,
        (_world, job, callee) => {
          job.destination = callee.destination;
          return OUTCOME.OK;
        },
      ),
      onError: remoteError,
    },
    memory('live.conductor.fill', 'nova/scheduler/utils.py:fill_provider_mapping', ok),
    database('live.conductor.check-hypervisor', `${TASK_PY}._check_compatible_with_source_hypervisor`, ok),
    checkOnDestination('live.conductor.check-destination', {
      swallows: 'live.conductor.rejected',
      unless: (_world, _job, outcome) => !saysNo(outcome),
    }),
    // what fails is PortBindingFailed: "try another one"
    neutron('live.conductor.bind-ports', `${TASK_PY}._bind_ports_on_destination`, () => OUTCOME.ELSE, {
      swallows: 'live.conductor.rejected',
      else: 'live.conductor.availability-zone',
    }),
    memory(
      'live.conductor.rejected',
      `${TASK_PY}._find_destination`,
      (_world, job) => {
        job.ignoreHosts |= 1 << job.destination;
        return OUTCOME.OK;
      },
      { when: () => false },
    ),
    removeProviderTree('live.conductor.remove-alloc', I, (job) => job.destination),
    memory('live.conductor.again', `${TASK_PY}._find_destination`, () => OUTCOME.ELSE, {
      when: () => false,
      else: 'live.conductor.schedule',
    }),
    database('live.conductor.availability-zone', 'nova/availability_zones.py:get_host_availability_zone', ok),
    database('live.conductor.save-migration', `${TASK_PY}._execute`, (world, job) => {
      const migration = migrationOf(world, job);
      migration.destination = job.destination;
      // its status is not among what is saved
      return saveMigrationStatus(world, migration, migration.status);
    }),
    cast(
      'live.conductor.cast-live-migration',
      'nova/compute/rpcapi.py:ComputeAPI.live_migration',
      'compute.live_migration',
      toSource,
    ),
  ],
});
