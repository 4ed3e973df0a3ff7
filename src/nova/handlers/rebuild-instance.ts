/** What nova-compute does for an evacuation to it, and for a rebuild of a server that it has. */
import { NONE } from '../../state/table.ts';
import {
  applyMigrationContext,
  createMigration,
  instanceOf,
  loadInstance,
  migrationOf,
  oneOf,
  saveMigrationStatus,
  saveStatus,
  setHost,
  setMigrationContext,
  setPower,
  setTask,
  setVm,
} from '../database.ts';
import { getAllocations, ignore, legacy } from '../report-client.ts';
import { MOVE_TYPE, POWER, STATUS, TASK, VM } from '../states.ts';
import {
  cinder,
  database,
  driver,
  memory,
  neutron,
  notification,
  OUTCOME,
  type Outcome,
  type Region,
  read,
  type Step,
  saving,
  tracker,
  within,
} from '../step.ts';
import type { Job, World } from '../world.ts';
import { handler, here, I, MANAGER, TRACKER } from './common.ts';
import { isEvacuation, REBUILD } from './evacuate.ts';
import { powerHere } from './power.ts';
import { claimMove, saveDestination, trackerUpdate } from './prep-resize.ts';
import { destroyGuest } from './revert.ts';

const evacuates = (_world: World, job: Job): boolean => isEvacuation(job);
const rebuilds = (_world: World, job: Job): boolean => !isEvacuation(job);

/**
 * The record that conductor gave, or NONE. A claim without one makes its own (_create_migration), which the handler never gets to
 * see: `job.held` says so.
 */
export const givenMigration = (job: Job): number => (job.held === 1 ? NONE : job.migration);

export const isGiven = (_world: World, job: Job): boolean => givenMigration(job) !== NONE;

export function saveGiven(world: World, job: Job, status: number): Outcome {
  return givenMigration(job) === NONE ? OUTCOME.OK : saveStatus(world, job, status);
}

function claimsMigration(world: World, job: Job): Outcome {
  if (!isEvacuation(job)) return OUTCOME.OK;
  if (job.migration !== NONE) return saveDestination(world, job);
  job.migration = createMigration(world, job, MOVE_TYPE.EVACUATION, STATUS.PRE_MIGRATING);
  job.held = 1;
  migrationOf(world, job).destination = here(job);
  return OUTCOME.OK;
}

/** Not reached by what stands around the claim and the build. */
const BEFORE: readonly Region[] = ['claim', 'vm'];

/** The `with` of the claim, which a NopClaim's abort leaves as it is. */
const inClaim = (step: Step): Step => ({ ...step, inside: ['abort'] });

/** driver.spawn: it runs, whatever the server was. */
function spawn(world: World, job: Job): Outcome {
  const instance = instanceOf(world, job);
  instance.guests |= 1 << here(job);
  instance.running |= 1 << here(job);
  return OUTCOME.OK;
}

function powerOff(world: World, job: Job): Outcome {
  if (!rebuilds(world, job)) return OUTCOME.OK;
  instanceOf(world, job).running &= ~(1 << here(job));
  return OUTCOME.OK;
}

const wasStopped = (_world: World, job: Job): boolean => job.beganVm === VM.STOPPED;

/** In the order of _do_rebuild_instance and of _rebuild_default_impl: no driver has a rebuild of its own that evacuates. */
const build: readonly Step[] = [
  memory('rebuild.group-policy', `${MANAGER}._validate_instance_group_policy`, undefined, { when: evacuates }),
  driver(
    'rebuild.check-exists',
    `${MANAGER}._check_instance_exists`,
    (world, job) => {
      const found = isEvacuation(job) && (instanceOf(world, job).guests & (1 << here(job))) !== 0;
      return found ? OUTCOME.RAISE : OUTCOME.OK;
    },
    { when: evacuates },
  ),
  notification('rebuild.start-notify', `${MANAGER}._do_rebuild_instance`),
  saving(
    'rebuild.set-task',
    `${MANAGER}._do_rebuild_instance`,
    (world, job) => {
      setPower(job, powerHere(world, job));
      setTask(job, TASK.REBUILDING);
    },
    oneOf(TASK.REBUILDING),
  ),
  neutron('rebuild.network', `${MANAGER}._do_rebuild_instance`, undefined, {
    when: evacuates,
  }),
  cinder('rebuild.volumes-info', `${MANAGER}._get_instance_block_device_info`),
  driver('rebuild.power-off', `${MANAGER}._power_off_instance`, powerOff, { when: rebuilds }),
  driver(
    'rebuild.destroy',
    'nova/virt/driver.py:ComputeDriver.destroy',
    (world, job) => (rebuilds(world, job) ? destroyGuest(world, job) : OUTCOME.OK),
    { when: rebuilds },
  ),
  saving(
    'rebuild.set-mapping',
    `${MANAGER}._rebuild_default_impl`,
    (_world, job) => setTask(job, TASK.REBUILD_BLOCK_DEVICE_MAPPING),
    oneOf(TASK.REBUILDING),
  ),
  cinder('rebuild.volumes-attach', `${MANAGER}._prep_block_device`),
  saving(
    'rebuild.set-spawning',
    `${MANAGER}._rebuild_default_impl`,
    (_world, job) => setTask(job, TASK.REBUILD_SPAWNING),
    oneOf(TASK.REBUILD_BLOCK_DEVICE_MAPPING),
  ),
  driver('rebuild.spawn', 'nova/virt/driver.py:ComputeDriver.spawn', spawn),
  saving(
    'rebuild.set-active',
    `${MANAGER}._do_rebuild_instance`,
    (_world, job) => {
      setPower(job, POWER.RUNNING);
      setVm(job, VM.ACTIVE);
      setTask(job, TASK.NONE);
    },
    oneOf(TASK.REBUILD_SPAWNING),
  ),
  // "bringing vm to original state"
  {
    ...saving('rebuild.set-stopping', `${MANAGER}._do_rebuild_instance`, (_world, job) => {
      if (!wasStopped(_world, job)) return;
      setVm(job, VM.ACTIVE);
      setTask(job, TASK.POWERING_OFF);
    }),
    when: wasStopped,
  },
  {
    ...within('rebuild.stop', `${MANAGER}.stop_instance`, 'compute.stop_instance'),
    where: (_world, job) => (wasStopped(_world, job) ? job.service : NONE),
    returned: (world, job) => {
      loadInstance(world, job);
      return OUTCOME.OK;
    },
  },
  notification('rebuild.end-notify', `${MANAGER}._do_rebuild_instance`),
];

export const rebuildInstance = handler({
  id: 'compute.rebuild_instance',
  nova: `${MANAGER}.rebuild_instance`,
  prefix: 'rebuild',
  steps: [
    database(
      'rebuild.compute-info',
      `${MANAGER}._get_compute_info`,
      (world, job) => {
        if (job.option !== REBUILD.EVACUATE_FORCED || world.hosts[here(job)]!.nodeDeleted === 0) return OUTCOME.OK;
        saveGiven(world, job, STATUS.FAILED);
        return OUTCOME.RAISE;
      },
      { when: (_world, job) => job.option === REBUILD.EVACUATE_FORCED, outside: BEFORE },
    ),
    {
      ...read('rebuild.get-allocs', `${MANAGER}.rebuild_instance`, getAllocations(I), legacy(ignore), {
        falsy: 'go-on',
      }),
      outside: BEFORE,
    },
    {
      ...database('rebuild.rt-claim.save-migration', `${TRACKER}._claim_existing_migration`, claimsMigration),
      under: 'tracker',
      when: evacuates,
      unknownNode: () => OUTCOME.RAISE_UNAVAILABLE,
    },
    {
      ...tracker('rebuild.rt-claim', `${TRACKER}._move_claim`, (world, job) =>
        isEvacuation(job) ? claimMove(world, job) : OUTCOME.OK,
      ),
      when: evacuates,
    },
    {
      ...trackerUpdate('rebuild.rt-claim.placement'),
      ask: (_world, job) => (isEvacuation(job) ? { op: 'get-provider-allocations', provider: here(job) } : null),
    },
    ...build.map(inClaim),
    // finish_evacuation, of a rebuild as well, under one lock
    {
      ...saving('rebuild.finish.set-host', `${TRACKER}.finish_evacuation`, (world, job) => {
        applyMigrationContext(world, job);
        setHost(job, here(job));
      }),
      under: 'tracker',
      outside: ['claim'],
    },
    {
      ...saving('rebuild.finish.drop-context', `${TRACKER}.finish_evacuation`, (_world, job) =>
        setMigrationContext(job, NONE),
      ),
      under: 'tracker',
      outside: ['claim'],
    },
    {
      ...database('rebuild.finish.set-done', `${TRACKER}.finish_evacuation`, (world, job) =>
        saveGiven(world, job, STATUS.DONE),
      ),
      when: isGiven,
      under: 'tracker',
      outside: ['claim'],
    },
  ],
});

// ---- what is left of it where it came from

const LEFT: readonly number[] = [STATUS.ACCEPTED, STATUS.PRE_MIGRATING, STATUS.DONE];

/** The record that a host goes by: of several the newest takes the older ones' place. Deleted ones are read as well. */
export function evacuationFrom(
  world: World,
  host: number,
  instance: number,
  statuses: readonly number[] = LEFT,
): number {
  for (let m = world.globals.migrations - 1; m >= 0; m--) {
    const { exists, instance: of, type, source, status } = world.migrations[m]!;
    if (exists === 0 || of !== instance || type !== MOVE_TYPE.EVACUATION || source !== host) continue;
    if (statuses.includes(status)) return m;
  }
  return NONE;
}

export function completeEvacuation(world: World, job: Job): Outcome {
  return saveMigrationStatus(world, migrationOf(world, job), STATUS.COMPLETED);
}
