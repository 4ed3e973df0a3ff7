/** A live migration on its two hosts: the checks, the move itself in the source's executor, what follows it, and its abort. */
import { NONE } from '../../state/table.ts';
import {
  applyMigrationContext,
  findMigration,
  instanceOf,
  loadFlavors,
  migrationOf,
  oneOf,
  saveInstance,
  saveStatus,
  setHost,
  setMigrationContext,
  setPower,
  setTask,
} from '../database.ts';
import { deleteAllocations, getAllocations, ignore, legacy, moveAllocations } from '../report-client.ts';
import { MOVE_TYPE, POWER, STATUS, TASK } from '../states.ts';
import {
  call,
  cast,
  cinder,
  database,
  driver,
  type Group,
  type Item,
  memory,
  neutron,
  notification,
  OUTCOME,
  type Outcome,
  type Region,
  read,
  type Step,
  saving,
  submit,
  tracker,
  type UndoGroup,
  within,
} from '../step.ts';
import { contextPins, dropMoveClaim } from '../tracker.ts';
import { type Job, type Tracking, trackingOf, type World } from '../world.ts';
import { compute, handler, here, I, M, MANAGER, ok, TRACKER, toDestination } from './common.ts';
import { claimMove, saveDestination, trackerUpdate } from './prep-resize.ts';
import { destroyGuest } from './revert.ts';

const DRIVER = 'nova/virt/driver.py:ComputeDriver';

const trackingHere = (world: World, job: Job): Tracking => trackingOf(world, here(job), job.instance);
const status =
  (value: number) =>
  (world: World, job: Job): Outcome =>
    saveStatus(world, job, value);

// ---- before it: whether the destination will do

/** The CPUs of the destination that a pinned guest will have: the one kind of guest that is claimed for in the tracker. */
const isPinned = (_world: World, job: Job): boolean => job.pinned !== 0;
/** ComputeResourcesUnavailable is MigrationPreCheckError to whoever asked. */
const unavailable = (_world: World, job: Job): void => {
  if (job.error === OUTCOME.RAISE_UNAVAILABLE) job.error = OUTCOME.RAISE_PRE_CHECK;
};
const updated = trackerUpdate('live.check.claim.placement');
const claimOnDestination: readonly Step[] = [
  {
    ...database(
      'live.check.claim.save-migration',
      `${TRACKER}._claim_existing_migration`,
      (world, job) => (isPinned(world, job) ? saveDestination(world, job) : OUTCOME.OK),
      { when: isPinned, onError: unavailable },
    ),
    under: 'tracker',
    unknownNode: () => OUTCOME.RAISE_UNAVAILABLE,
  },
  tracker(
    'live.check.claim',
    `${TRACKER}._move_claim`,
    (world, job) => {
      if (!isPinned(world, job)) return OUTCOME.OK;
      loadFlavors(world, job);
      job.flavor = job.instanceFlavor;
      return claimMove(world, job);
    },
    { when: isPinned, onError: unavailable },
  ),
  { ...updated, ask: (world, job) => (isPinned(world, job) ? updated.ask!(world, job) : null), when: isPinned },
];

/** Of a guest that is claimed for: what its copy here does not know is read from the row. */
function loadContext(world: World, job: Job): void {
  job.migrationContext = instanceOf(world, job).migrationContext;
}

/** drop_migration_context behind apply_migration_context: what was claimed on the destination is what it has. */
export function settleContext(world: World, job: Job): void {
  loadContext(world, job);
  if (job.migrationContext === NONE) return;
  applyMigrationContext(world, job);
  setMigrationContext(job, NONE);
}

/** Called by the source that rolls a pinned guest's move back. */
export const dropMoveClaimAtDestination = handler({
  id: 'compute.drop_move_claim_at_destination',
  nova: `${MANAGER}.drop_move_claim_at_destination`,
  prefix: 'live.drop-claim',
  steps: [
    tracker('live.drop-claim', `${TRACKER}.drop_move_claim`, (world, job) => {
      loadFlavors(world, job);
      loadContext(world, job);
      const pinned = contextPins(world, job.migrationContext).new;
      return dropMoveClaim(world, here(job), job.instance, job.instanceFlavor, pinned);
    }),
    trackerUpdate('live.drop-claim.placement'),
  ],
});

export const checkDestination = handler({
  id: 'compute.check_can_live_migrate_destination',
  nova: `${MANAGER}.check_can_live_migrate_destination`,
  prefix: 'live.check',
  steps: [
    memory('live.check.group-policy', `${MANAGER}._validate_instance_group_policy`),
    database('live.check.compute-info', `${MANAGER}._get_compute_info`, ok),
    driver('live.check.driver', `${DRIVER}.check_can_live_migrate_destination`, ok),
    read('live.check.get-allocs', `${MANAGER}.check_can_live_migrate_destination`, getAllocations(I), legacy(ignore), {
      falsy: 'go-on',
    }),
    {
      ...call(
        'live.check.call-source',
        'nova/compute/rpcapi.py:ComputeAPI.check_can_live_migrate_source',
        'compute.check_can_live_migrate_source',
        (_world, job) => compute(job.host),
        ok,
      ),
      // `except Exception`
      onError: (_world, job) => {
        job.error = OUTCOME.RAISE_PRE_CHECK;
      },
    },
    ...claimOnDestination,
    driver('live.check.source-data', `${DRIVER}.check_source_migrate_data_at_dest`, ok),
    driver('live.check.cleanup', `${DRIVER}.cleanup_live_migration_destination_check`, ok),
  ],
});

export const checkSource = handler({
  id: 'compute.check_can_live_migrate_source',
  nova: `${MANAGER}.check_can_live_migrate_source`,
  prefix: 'live.check-source',
  steps: [
    database('live.check-source.bdms', `${MANAGER}.check_can_live_migrate_source`, ok),
    driver('live.check-source.driver', `${DRIVER}.check_can_live_migrate_source`, ok),
  ],
});

// ---- preparation on the destination

export const preLiveMigration = handler({
  id: 'compute.pre_live_migration',
  nova: `${MANAGER}._do_pre_live_migration`,
  prefix: 'live.pre',
  steps: [
    memory('live.pre.group-policy', `${MANAGER}._validate_instance_group_policy`),
    neutron('live.pre.network-info', `${MANAGER}._do_pre_live_migration`),
    notification('live.pre.start-notify', `${MANAGER}._do_pre_live_migration`),
    cinder('live.pre.volumes', `${MANAGER}._get_instance_block_device_info`),
    // an empty image under the instance's name
    driver('live.pre.driver', `${DRIVER}.pre_live_migration`, (world, job) => {
      instanceOf(world, job).guests |= 1 << here(job);
      return OUTCOME.OK;
    }),
    neutron('live.pre.network', 'nova/network/neutron.py:API.setup_networks_on_host'),
    notification('live.pre.end-notify', `${MANAGER}._do_pre_live_migration`),
  ],
});

// ---- the move

/** Hands the move to the executor. LiveMigrationNotSubmitted where that has been shut down. */
export const liveMigration = handler({
  id: 'compute.live_migration',
  nova: `${MANAGER}.live_migration`,
  prefix: 'live.source',
  steps: [
    database('live.source.set-queued', `${MANAGER}.live_migration`, (world, job) => {
      const saved = saveStatus(world, job, STATUS.QUEUED);
      if (saved === OUTCOME.OK) trackingHere(world, job).waiting = job.migration + 1;
      return saved;
    }),
    submit('live.source.submit', `${MANAGER}._start_recorded_task`, 'compute._do_live_migration'),
  ],
});

/** Steps that an abort which came too early, and a driver that gives up, have in common: the server stays where it is. */
function rollBack(
  id: string,
  /** pre_live_migration failed: nothing was done here yet */
  pre: boolean,
  outside: readonly Region[],
  statusOf: (world: World, job: Job) => number,
): Item[] {
  const nova = `${MANAGER}._rollback_live_migration`;
  const items: Item[] = [
    database(`${id}.pci-requests`, nova, ok),
    {
      steps: [
        read(`${id}.claim.get-allocs`, `${MANAGER}._revert_allocation`, getAllocations(M), legacy(ignore), {
          falsy: '$end',
        }),
        ...moveAllocations(`${id}.claim`, M, I, 'go-on').steps,
      ],
    },
    neutron(`${id}.network`, nova),
    ...(pre ? [] : [driver(`${id}.driver`, `${DRIVER}.rollback_live_migration_at_source`, ok)]),
    cinder(`${id}.volumes`, `${MANAGER}._rollback_volume_bdms`),
    notification(`${id}.start-notify`, nova),
    cast(
      `${id}.cast-destination`,
      'nova/compute/rpcapi.py:ComputeAPI.rollback_live_migration_at_destination',
      'compute.rollback_live_migration_at_destination',
      toDestination,
    ),
    call(
      `${id}.drop-claim`,
      'nova/compute/rpcapi.py:ComputeAPI.drop_move_claim_at_destination',
      'compute.drop_move_claim_at_destination',
      (world, job) => (isPinned(world, job) ? toDestination(world, job) : NONE),
      ok,
    ),
    saving(
      `${id}.set-task`,
      nova,
      (world, job) => {
        setTask(job, TASK.NONE);
        loadContext(world, job);
        if (job.migrationContext !== NONE) setMigrationContext(job, NONE);
      },
      oneOf(TASK.MIGRATING),
    ),
    notification(`${id}.end-notify`, nova),
    database(`${id}.set-status`, nova, (world, job) => saveStatus(world, job, statusOf(world, job))),
  ];
  const apart = (step: Step): Step => ({ ...step, outside: [...(step.outside ?? []), ...outside] });
  return items.map((item) => ('steps' in item ? { steps: item.steps.map(apart) } : apart(item)));
}

/** _cleanup_pre_live_migration, where the preparation failed. */
export const cleanUpPre: UndoGroup = (prefix) => [
  database(`${prefix}.undo.set-error`, `${MANAGER}._cleanup_pre_live_migration`, status(STATUS.ERROR)),
  ...rollBack(`${prefix}.undo.rollback`, true, ['state'], () => STATUS.FAILED),
];

/** What the `finally` behind the activation of the ports does. */
const disconnectSource = (id: string): Step[] => [
  driver(`${id}.driver`, `${DRIVER}.post_live_migration`, ok),
  // logged for each volume
  cinder(`${id}.volumes`, `${MANAGER}._post_live_migration_remove_source_vol_connections`, ok, {
    when: (world, job) => instanceOf(world, job).volumeBacked === 1,
    swallows: true,
  }),
];
export const disconnectSourceAnyway: UndoGroup = (prefix) => disconnectSource(`${prefix}.undo.teardown`);

const wasAborted = (world: World, job: Job): boolean => trackingHere(world, job).aborted === job.migration + 1;

export const runsOn = (world: World, job: Job, host: number): boolean =>
  (instanceOf(world, job).running & (1 << host)) !== 0;

/** The guest runs there and no more here, whatever disks there are. An abort, and a guest that is gone, end it. */
function copyGuest(world: World, job: Job): Outcome {
  if (wasAborted(world, job) || !runsOn(world, job, here(job))) return OUTCOME.ELSE;
  const instance = instanceOf(world, job);
  const to = 1 << migrationOf(world, job).destination;
  instance.running = (instance.running & ~(1 << here(job))) | to;
  instance.guests |= to;
  return OUTCOME.OK;
}

const beforeDriver: { outside: readonly Region[] } = { outside: ['state'] };
const inPost: { inside: readonly Region[] } = { inside: ['host'] };

const post = (id: string): string => `${MANAGER}._post_live_migration${id}`;

/** _post_live_migration: nothing undoes any of it, and the source's claim is dropped at its very end. */
const postSteps: readonly Item[] = [
  neutron('live.post.activate-ports', 'nova/network/neutron.py:API.migrate_instance_start', ok, {
    inside: ['teardown', 'host'],
  }),
  ...disconnectSource('live.post').map((step) => ({ ...step, ...inPost })),
  driver('live.post.unplug', `${DRIVER}.post_live_migration_at_source`, ok, inPost),
  driver('live.post.cleanup', `${DRIVER}.cleanup`, destroyGuest, inPost),
  {
    ...call(
      'live.post.call-destination',
      'nova/compute/rpcapi.py:ComputeAPI.post_live_migration_at_destination',
      'compute.post_live_migration_at_destination',
      toDestination,
      ok,
    ),
    ...inPost,
  },
  // _update_available_resource_for_node logs what fails
  within('live.post.audit', `${MANAGER}.update_available_resource`, 'compute.update_available_resource', {
    ...inPost,
    swallows: true,
  }),
  notification('live.post.end-notify', post(''), ok, inPost),
  database('live.post.console-tokens', `${MANAGER}._clean_instance_console_tokens`, ok, inPost),
  database('live.post.set-completed', post(''), status(STATUS.COMPLETED), inPost),
  { steps: deleteAllocations('live.post.delete-alloc', M).steps.map((step) => ({ ...step, ...inPost })) },
  memory('live.post.done', post(''), () => OUTCOME.DONE, { when: () => false }),
];

export const doLiveMigration = handler({
  id: 'compute._do_live_migration',
  nova: `${MANAGER}._do_live_migration`,
  prefix: 'live.run',
  pooled: true,
  steps: [
    memory(
      'live.run.begin',
      `${MANAGER}._do_live_migration`,
      (world, job) => {
        const tracking = trackingHere(world, job);
        // its future was cancelled
        if (tracking.waiting !== job.migration + 1) return OUTCOME.DONE;
        tracking.begun = job.migration + 1;
        return OUTCOME.OK;
      },
      { ...beforeDriver, when: () => false },
    ),
    database('live.run.set-preparing', `${MANAGER}._do_live_migration`, status(STATUS.PREPARING), beforeDriver),
    database('live.run.get-bdms', `${MANAGER}._do_live_migration`, ok, beforeDriver),
    {
      ...call(
        'live.run.call-pre',
        'nova/compute/rpcapi.py:ComputeAPI.pre_live_migration',
        'compute.pre_live_migration',
        toDestination,
        ok,
      ),
      ...beforeDriver,
      inside: ['abort'],
    },
    memory(
      'live.run.pop-waiting',
      `${MANAGER}._do_live_migration`,
      (world, job) => {
        const tracking = trackingHere(world, job);
        if (tracking.waiting === 0) return OUTCOME.ELSE;
        tracking.waiting = 0;
        return OUTCOME.OK;
      },
      { ...beforeDriver, when: () => false, else: 'live.abandon.pci-requests' },
    ),
    database('live.run.set-running', `${MANAGER}._do_live_migration`, status(STATUS.RUNNING), beforeDriver),
    // one that raises without having called rollback
    driver('live.run.driver', `${DRIVER}.live_migration`, ok),
    // one that gives up calls it, unless the guest is there already
    driver('live.run.copy', 'nova/virt/libvirt/driver.py:LibvirtDriver._live_migration_monitor', copyGuest, {
      swallows: 'live.rollback.pci-requests',
      else: 'live.rollback.pci-requests',
      unless: (world, job) => runsOn(world, job, migrationOf(world, job).destination),
    }),
    ...postSteps,
    ...rollBack('live.abandon', false, ['state'], () => STATUS.CANCELLED),
    notification('live.abandon.abort-end-notify', `${MANAGER}._notify_live_migrate_abort_end`, () => OUTCOME.DONE, {
      ...beforeDriver,
    }),
    ...rollBack('live.rollback', false, [], (world, job) =>
      wasAborted(world, job) ? STATUS.CANCELLED : STATUS.FAILED,
    ),
  ],
});

// ---- behind it, on the destination

/** Whatever the driver came to, the server is here. */
export function arrive(world: World, job: Job): void {
  settleContext(world, job);
  setHost(job, here(job));
  setTask(job, TASK.NONE);
}

/** _get_power_state */
export function notePower(world: World, job: Job): void {
  const { guests } = instanceOf(world, job);
  const there = (guests & (1 << here(job))) !== 0;
  setPower(job, !there ? POWER.NOSTATE : runsOn(world, job, here(job)) ? POWER.RUNNING : POWER.SHUTDOWN);
}

export const postLiveMigrationAtDestination = handler({
  id: 'compute.post_live_migration_at_destination',
  nova: `${MANAGER}._do_post_live_migration_at_destination`,
  prefix: 'live.post-dest',
  steps: [
    neutron('live.post-dest.network', 'nova/network/neutron.py:API.migrate_instance_finish'),
    notification('live.post-dest.start-notify', `${MANAGER}._do_post_live_migration_at_destination`),
    driver('live.post-dest.driver', `${DRIVER}.post_live_migration_at_destination`, ok, { inside: ['host'] }),
    saving(
      'live.post-dest.set-host',
      `${MANAGER}._do_post_live_migration_at_destination`,
      (world, job) => {
        notePower(world, job);
        arrive(world, job);
      },
      oneOf(TASK.MIGRATING),
    ),
    neutron('live.post-dest.source-network', `${MANAGER}._do_post_live_migration_at_destination`),
    notification('live.post-dest.end-notify', `${MANAGER}._do_post_live_migration_at_destination`),
  ],
});

export const rollbackLiveMigrationAtDestination = handler({
  id: 'compute.rollback_live_migration_at_destination',
  nova: `${MANAGER}._do_rollback_live_migration_at_destination`,
  prefix: 'live.rollback-dest',
  steps: [
    neutron('live.rollback-dest.network', `${MANAGER}._do_rollback_live_migration_at_destination`),
    notification('live.rollback-dest.start-notify', `${MANAGER}._do_rollback_live_migration_at_destination`),
    driver('live.rollback-dest.driver', `${DRIVER}.rollback_live_migration_at_destination`, destroyGuest),
    notification('live.rollback-dest.end-notify', `${MANAGER}._do_rollback_live_migration_at_destination`),
  ],
});

// ---- its abort

/** _revert_allocation of a queued one; before 25.0.0 an abort only changed its label (L-05). */
const giveBackQueued: Group = {
  steps: [
    read('abort-live.claim.get-allocs', `${MANAGER}._revert_allocation`, getAllocations(M), legacy(ignore), {
      falsy: '$end',
    }),
    ...moveAllocations('abort-live.claim', M, I, 'go-on').steps,
  ],
};

export const liveMigrationAbort = handler({
  id: 'compute.live_migration_abort',
  nova: `${MANAGER}.live_migration_abort`,
  prefix: 'abort-live',
  steps: [
    notification('abort-live.start-notify', `${MANAGER}.live_migration_abort`),
    memory(
      'abort-live.pop-waiting',
      `${MANAGER}.live_migration_abort`,
      (world, job) => {
        const tracking = trackingHere(world, job);
        if (tracking.waiting === 0) return OUTCOME.ELSE;
        job.migration = tracking.waiting - 1;
        tracking.waiting = 0;
        return OUTCOME.OK;
      },
      { when: () => false, else: 'abort-live.check-running' },
    ),
    // future.cancel(): one that runs looks for itself in the queue, and rolls back
    memory(
      'abort-live.cancel',
      `${MANAGER}.live_migration_abort`,
      (world, job) => (trackingHere(world, job).begun === job.migration + 1 ? OUTCOME.ELSE : OUTCOME.OK),
      { when: () => false, else: 'abort-live.end-notify' },
    ),
    giveBackQueued,
    neutron('abort-live.network', `${MANAGER}.live_migration_abort`),
    saving(
      'abort-live.set-task',
      `${MANAGER}.live_migration_abort`,
      (_world, job) => setTask(job, TASK.NONE),
      oneOf(TASK.MIGRATING),
    ),
    database(
      'abort-live.set-cancelled',
      `${MANAGER}.live_migration_abort`,
      (world, job) => {
        const saved = saveStatus(world, job, STATUS.CANCELLED);
        return saved === OUTCOME.OK ? OUTCOME.ELSE : saved;
      },
      { else: 'abort-live.end-notify' },
    ),
    // InvalidMigrationState
    database('abort-live.check-running', `${MANAGER}.live_migration_abort`, (world, job) =>
      migrationOf(world, job).status === STATUS.RUNNING ? OUTCOME.OK : OUTCOME.RAISE,
    ),
    driver('abort-live.driver', `${DRIVER}.live_migration_abort`, (world, job) => {
      trackingHere(world, job).aborted = job.migration + 1;
      return OUTCOME.OK;
    }),
    notification('abort-live.end-notify', `${MANAGER}._notify_live_migrate_abort_end`),
  ],
});

// ---- a nova-compute that starts

const interrupted = (_world: World, job: Job): boolean => job.task === TASK.MIGRATING;
const stillRunning = (world: World, job: Job): boolean =>
  interrupted(world, job) && findMigration(world, job.instance, STATUS.RUNNING) !== NONE;

/** _reset_live_migration: task_state is cleared, and the record where it says `running`. Placement is not told. */
export const resetLiveMigration: readonly Step[] = [
  driver(
    'init.abort-live-migration',
    `${DRIVER}.live_migration_abort`,
    (world, job) => {
      if (!interrupted(world, job)) return OUTCOME.ELSE;
      job.migration = findMigration(world, job.instance, STATUS.RUNNING);
      return OUTCOME.OK;
    },
    { when: stillRunning, swallows: true, else: 'init.finish-revert-migration' },
  ),
  database(
    'init.fail-live-migration',
    `${MANAGER}._reset_live_migration`,
    (world, job) => {
      job.migration = findMigration(world, job.instance, STATUS.RUNNING);
      return job.migration === NONE ? OUTCOME.OK : saveStatus(world, job, STATUS.ERROR);
    },
    { when: stillRunning },
  ),
  database('init.clear-live-migrating', `${MANAGER}._reset_live_migration`, clearMigrating, { when: interrupted }),
];

/** What W-07's repair does: whatever the record says of it, a move that has not left is undone. */
export const resetLiveMigrationFully: readonly Item[] = [
  database(
    'init.find-live-migration',
    `${MANAGER}._reset_live_migration`,
    (world, job) => {
      if (!interrupted(world, job) || !runsOn(world, job, here(job))) return OUTCOME.ELSE;
      job.migration = lastLiveMigration(world, job.instance);
      return job.migration === NONE ? OUTCOME.ELSE : OUTCOME.OK;
    },
    { when: interrupted, else: 'init.clear-live-migrating' },
  ),
  {
    steps: [
      read('init.claim.get-allocs', `${MANAGER}._revert_allocation`, getAllocations(M), legacy(ignore), {
        falsy: '$end',
      }),
      ...moveAllocations('init.claim', M, I, 'go-on').steps,
    ],
  },
  database('init.fail-live-migration', `${MANAGER}._reset_live_migration`, status(STATUS.ERROR)),
  database('init.clear-live-migrating', `${MANAGER}._reset_live_migration`, clearMigrating, { when: interrupted }),
];

function clearMigrating(world: World, job: Job): Outcome {
  if (!interrupted(world, job)) return OUTCOME.OK;
  setTask(job, TASK.NONE);
  return saveInstance(world, job, oneOf(TASK.MIGRATING));
}

function lastLiveMigration({ globals, migrations }: World, instance: number): number {
  for (let m = globals.migrations - 1; m >= 0; m--) {
    const { exists, instance: of, type } = migrations[m]!;
    if (exists === 1 && of === instance && type === MOVE_TYPE.LIVE_MIGRATION) return m;
  }
  return NONE;
}
