/**
 * A resize that always undoes itself whole: the same services and messages as Nova's, with four changes.
 *
 * 1. The claim on the *destination* is parked under the migration; the instance keeps the source's until a confirm. Undoing
 *    a move is then a DELETE of the migration's allocations, which Placement never refuses.
 * 2. The migration row is the durable intent. The API makes it in the transaction that sets task_state, and every leg
 *    moves it on by compare-and-swap, so that a leg that was overtaken stops.
 * 3. instance.host flips once, in the transaction that makes the move `finished`: before it the server is on the source,
 *    after it on the destination, and there is nothing in between.
 * 4. Whoever fails asks conductor to undo the move; what nobody asked for is found by `conductor.recover_moves`.
 *
 * README.md beside it has the rule of recovery as a table, why it is correct, and what it costs.
 */

import { NO_ROWS } from '../../state/holdings.ts';
import { NONE } from '../../state/table.ts';
import {
  ANY_TASK,
  createMigration,
  destroyInstance,
  findMigration,
  instanceOf,
  loadInstance,
  migrationOf,
  noteMigration,
  oneOf,
} from '../database.ts';
import { apiResize } from '../handlers/api-resize.ts';
import {
  API,
  compute,
  handler,
  here,
  I,
  M,
  MANAGER,
  ok,
  refuse,
  TRACKER,
  toDestination,
  toSource,
  wanted,
} from '../handlers/common.ts';
import { conductorMigrateServer } from '../handlers/conductor-migrate.ts';
import { noteDecision, apiConfirm as novasConfirm } from '../handlers/confirm.ts';
import { apiDelete as novasDelete, terminateInstance as novasTerminate } from '../handlers/delete.ts';
import { createGuest } from '../handlers/finish-resize.ts';
import { claimMove, prepResize, reschedulable, trackerUpdate, unableToMigrateToSelf } from '../handlers/prep-resize.ts';
import { migrateDiskAndPowerOff } from '../handlers/resize-instance.ts';
import { computeRevertResize, destroyGuest, apiRevert as novasRevert, restoreGuest } from '../handlers/revert.ts';
import { selectDestinations } from '../handlers/scheduler.ts';
import { claimResources, forceDeleteAllocations, getAllocations, ignore, legacy, strict } from '../report-client.ts';
import { inProgress, POWER, SERVICE, STATUS, TASK, VM } from '../states.ts';
import {
  call,
  cast,
  cinder,
  database,
  driver,
  type Group,
  type Handler,
  type Item,
  isGroup,
  memory,
  neutron,
  notification,
  OUTCOME,
  type Outcome,
  read,
  request,
  type Step,
  tracker,
  write,
} from '../step.ts';
import { dropMoveClaim } from '../tracker.ts';
import { amountsOf, type Job, seemsUp, serviceUp, trackingOf, type World } from '../world.ts';
import { clearMove, transact } from './transaction.ts';

const ALLOC = 'nova/scheduler/client/report.py:SchedulerReportClient.move_allocations';

const notify = (id: string, nova: string): Step => notification(id, nova, ok, { swallows: true });

/** Steps of one of Nova's handlers, as they are there. */
const asIn = (from: Handler, ...ids: string[]): Step[] =>
  ids.map((id) => {
    for (const item of from.steps) if (!isGroup(item) && item.id === id) return item;
    throw new Error(`${from.id} has no step ${id}`);
  });

/** What a consumer holds goes, or the handler fails and is driven again. */
const release = (id: string, consumer: typeof I): Step => ({
  ...forceDeleteAllocations(id, consumer, 'raise'),
  falsyRaises: OUTCOME.RAISE_PLACEMENT,
});

// ---- the way there

export const apiResizeWithIntent = handler({
  ...apiResize,
  steps: [
    ...asIn(apiResize, 'api.validate', 'api.validate.get-traits'),
    // task_state and the migration row in one transaction: from here on somebody will know
    database('api.set-task-state', `${API}.resize`, (world, job) => {
      const instance = instanceOf(world, job);
      if (instance.exists !== 1 || instance.task !== TASK.NONE) return refuse(world, job, 409);
      // what was checked is still so: another move may have come and gone
      const same = instance.vm === job.vm && instance.host === job.host && instance.flavor === job.instanceFlavor;
      if (!same) return refuse(world, job, 409);
      instance.task = TASK.RESIZE_PREP;
      job.migration = createMigration(world, job);
      instance.oldVm = instance.vm;
      noteMigration(world, job);
      return loadInstance(world, job);
    }),
    ...asIn(apiResize, 'api.action-record', 'api.cast-conductor'),
  ],
});

const MIGRATION_TASK = 'nova/conductor/tasks/migrate.py:MigrationTask';

export const migrateServer = handler({
  id: 'conductor.migrate_server',
  nova: 'nova/conductor/manager.py:ComputeTaskManager._cold_migrate',
  prefix: 'conductor',
  steps: [
    neutron('conductor.prepare', `${MIGRATION_TASK}._execute`, (world, job) => {
      job.retry = job.requested === NONE && world.setting.options.max_attempts > 1 ? 1 : 0;
      return OUTCOME.OK;
    }),
    database('conductor.read-source-node', `${MIGRATION_TASK}._execute`, (world, job) =>
      stillAt(world, job, oneOf(STATUS.PRE_MIGRATING)) ? OUTCOME.OK : OUTCOME.RAISE_TASK_STATE,
    ),
    ...asIn(conductorMigrateServer, 'conductor.schedule', 'conductor.reschedule'),
    // one PUT moves the migration's claim from the host that failed to the alternate
    claimResources(
      'conductor.reschedule.claim-get',
      'conductor.reschedule.claim-put',
      M,
      wanted,
      'conductor.reschedule',
      true,
    ),
    ...asIn(conductorMigrateServer, 'conductor.fill'),
    cast('conductor.cast-prep', 'nova/compute/rpcapi.py:ComputeAPI.prep_resize', 'compute.prep_resize', (_world, job) =>
      compute(job.destination),
    ),
  ],
});

export const scheduler = selectDestinations(
  (world, job) => (job.migration === NONE ? I(world, job) : M(world, job)),
  true,
);

/** Whether the move is still where this leg expects it, in one of the statuses; if not, somebody has overtaken it. */
function stillAt(world: World, job: Job, statuses: number): boolean {
  const migration = migrationOf(world, job);
  return migration.exists === 1 && ((1 << migration.status) & statuses) !== 0;
}

export const prep = handler({
  id: 'compute.prep_resize',
  nova: `${MANAGER}._do_prep_resize`,
  prefix: 'prep',
  locksInstance: true,
  steps: [
    notify('prep.start-notify', `${MANAGER}._send_prep_resize_notifications`),
    ...reschedulable([
      ...asIn(prepResize, 'prep.group-policy'),
      // Nova's save writes the flavors of its copy, also over those of a later move
      {
        ...database('prep.stash', `${MANAGER}._prep_resize`, (world, job) => {
          if (unableToMigrateToSelf(world, job)) return OUTCOME.RAISE_ROLLBACK;
          return transact(world, job, {
            task: oneOf(TASK.RESIZE_PREP),
            status: oneOf(STATUS.PRE_MIGRATING),
            write: (instance) => {
              instance.newFlavor = job.flavor;
              instance.oldVm = job.vm;
            },
          });
        }),
        mayRollBack: true,
      },
      ...asIn(prepResize, 'prep.pci-map'),
      read('prep.get-allocs', `${MANAGER}._prep_resize`, getAllocations(M), legacy(ignore), { falsy: 'go-on' }),
      {
        ...database('prep.rt-claim.save-migration', `${TRACKER}._claim_existing_migration`, (world, job) =>
          transact(world, job, {
            task: oneOf(TASK.RESIZE_PREP),
            status: oneOf(STATUS.PRE_MIGRATING),
            write: (_instance, migration) => {
              migration.destination = here(job);
            },
          }),
        ),
        under: 'tracker',
      },
      tracker('prep.rt-claim', `${TRACKER}._move_claim`, claimMove),
      trackerUpdate('prep.rt-claim.placement'),
      cast(
        'prep.cast-resize',
        'nova/compute/rpcapi.py:ComputeAPI.resize_instance',
        'compute.resize_instance',
        toSource,
      ),
    ]),
    notify('prep.end-notify', `${MANAGER}._send_prep_resize_notifications`),
  ],
});

export const resizeInstance = handler({
  id: 'compute.resize_instance',
  nova: `${MANAGER}._resize_instance`,
  prefix: 'src',
  locksInstance: true,
  steps: [
    neutron('src.network-info', `${MANAGER}._resize_instance`, ok),
    database('src.set-migrating', `${MANAGER}._resize_instance`, (world, job) =>
      transact(world, job, {
        task: oneOf(TASK.RESIZE_PREP),
        status: oneOf(STATUS.PRE_MIGRATING),
        write: (instance, migration) => {
          migration.status = STATUS.MIGRATING;
          instance.task = TASK.RESIZE_MIGRATING;
        },
      }),
    ),
    driver('src.driver', 'nova/virt/driver.py:ComputeDriver.migrate_disk_and_power_off', migrateDiskAndPowerOff, {
      mayRollBack: true,
    }),
    cinder('src.volumes', `${MANAGER}._terminate_volume_connections`, ok),
    neutron('src.network-start', 'nova/network/neutron.py:API.migrate_instance_start', ok),
    database('src.set-post-migrating', `${MANAGER}._resize_instance`, (world, job) =>
      transact(world, job, {
        task: oneOf(TASK.RESIZE_MIGRATING),
        status: oneOf(STATUS.MIGRATING),
        write: (instance, migration) => {
          migration.status = STATUS.POST_MIGRATING;
          instance.task = TASK.RESIZE_MIGRATED;
        },
      }),
    ),
    cast('src.cast-finish', 'nova/compute/rpcapi.py:ComputeAPI.finish_resize', 'compute.finish_resize', toDestination),
    notify('src.end-notify', `${MANAGER}._send_resize_instance_notifications`),
  ],
});

export const finishResize = handler({
  id: 'compute.finish_resize',
  nova: `${MANAGER}._finish_resize_helper`,
  prefix: 'finish',
  locksInstance: true,
  steps: [
    database('finish.swap-bdm', `${MANAGER}._update_bdm_for_swap_to_finish_resize`, ok),
    database('finish.set-task', `${MANAGER}._finish_resize`, (world, job) =>
      transact(world, job, {
        task: oneOf(TASK.RESIZE_MIGRATED),
        status: oneOf(STATUS.POST_MIGRATING),
        write: (instance) => {
          instance.task = TASK.RESIZE_FINISH;
        },
      }),
    ),
    neutron('finish.network', `${MANAGER}._finish_resize`, ok),
    cinder('finish.volumes-update', `${MANAGER}._update_volume_attachments`, ok),
    read('finish.get-allocs', `${MANAGER}._finish_resize`, getAllocations(M), strict(ignore)),
    driver('finish.driver', 'nova/virt/driver.py:ComputeDriver.finish_migration', createGuest),
    cinder('finish.volumes-complete', `${MANAGER}._complete_volume_attachments`, ok),
    // the one point of no return: host, flavor, vm_state and the migration's status at once
    database('finish.set-resized', `${MANAGER}._finish_resize`, (world, job) =>
      transact(world, job, {
        task: oneOf(TASK.RESIZE_FINISH),
        status: oneOf(STATUS.POST_MIGRATING),
        write: (instance, migration) => {
          instance.host = migration.destination;
          instance.oldFlavor = migration.oldFlavor;
          instance.flavor = migration.newFlavor;
          instance.instanceType = migration.newFlavor;
          instance.pinned = migration.newPinned;
          instance.vm = VM.RESIZED;
          instance.task = TASK.NONE;
          migration.status = STATUS.FINISHED;
        },
      }),
    ),
    notify('finish.post', `${MANAGER}._finish_resize_helper`),
  ],
});

// ---- undoing a move that is not committed

/** The service, if the service group has it as up. */
const whereUp = (world: World, service: number): number =>
  service !== NONE && serviceUp(world, service) ? service : NONE;
const isDown = (world: World, service: number): boolean => whereUp(world, service) === NONE;
const ifUp =
  (where: (world: World, job: Job) => number) =>
  (world: World, job: Job): number =>
    whereUp(world, where(world, job));

/** Statuses of a move that can still be undone. */
const UNDOABLE = oneOf(STATUS.PRE_MIGRATING, STATUS.MIGRATING, STATUS.POST_MIGRATING, STATUS.UNDOING);

function undoDestination(world: World, job: Job): number {
  const { destination, source } = migrationOf(world, job);
  return destination === NONE || destination === source ? NONE : whereUp(world, compute(destination));
}

export const undoMove = handler({
  id: 'conductor.undo_move',
  nova: 'rollback: an undo that anybody may ask for',
  prefix: 'undo',
  recovers: true,
  steps: [
    database(
      'undo.fence',
      'rollback:conductor.undo_move',
      (world, job) => {
        const migration = migrationOf(world, job);
        job.instance = migration.instance;
        // its server is deleted: only the claim is left to release
        if (migration.exists !== 1) return OUTCOME.FALSY;
        if (((1 << migration.status) & UNDOABLE) === 0) return OUTCOME.ELSE;
        migration.status = STATUS.UNDOING;
        return loadInstance(world, job) === OUTCOME.OK ? OUTCOME.OK : OUTCOME.FALSY;
      },
      { else: '$done', falsy: 'undo.drop-claim' },
    ),
    // a host that is down looks after its guests when it starts: the claims do not wait for it
    call(
      'undo.destination',
      'rollback:conductor.undo_move',
      'compute.discard_guest',
      undoDestination,
      () => OUTCOME.OK,
    ),
    call('undo.source', 'rollback:conductor.undo_move', 'compute.restore_guest', ifUp(toSource), () => OUTCOME.OK),
    release('undo.drop-claim', M),
    database('undo.save', 'rollback:conductor.undo_move', (world, job) => {
      const outcome = transact(world, job, {
        task: ANY_TASK,
        status: oneOf(STATUS.UNDOING),
        write: (instance, migration) => {
          migration.status = STATUS.ERROR;
          if (instance.task !== TASK.DELETING) instance.task = TASK.NONE;
          clearMove(instance);
        },
      });
      return outcome === OUTCOME.RAISE_NOT_FOUND || outcome === OUTCOME.RAISE_TASK_STATE ? OUTCOME.OK : outcome;
    }),
  ],
});

/** On a host that the server does not live on: what a move left here goes, guest, copy and tracked usage. */
export const discardGuest = handler({
  id: 'compute.discard_guest',
  nova: 'nova/virt/driver.py:ComputeDriver.destroy',
  prefix: 'discard',
  locksInstance: true,
  steps: [
    driver('discard.driver', 'nova/virt/driver.py:ComputeDriver.destroy', (world, job) => {
      // an undo that was held up may not touch what a later move has here
      if (!isBeingUndone(world, job) || livesHere(world, job)) return OUTCOME.DONE;
      const instance = instanceOf(world, job);
      if (instance.exists !== 1) instance.backups &= ~(1 << here(job));
      return destroyGuest(world, job);
    }),
    tracker('discard.drop-claim', `${TRACKER}.drop_move_claim_at_dest`, (world, job) => {
      if (livesHere(world, job)) return OUTCOME.OK;
      const { source, oldFlavor, newFlavor, oldPinned, newPinned } = migrationOf(world, job);
      const [flavor, pinned] = here(job) === source ? [oldFlavor, oldPinned] : [newFlavor, newPinned];
      dropIfTracked(world, here(job), job.instance, flavor, pinned);
      return OUTCOME.OK;
    }),
  ],
});

/** Still, or its server is deleted. */
const isBeingUndone = (world: World, job: Job): boolean =>
  migrationOf(world, job).exists !== 1 || stillAt(world, job, oneOf(STATUS.UNDOING));

function livesHere(world: World, job: Job): boolean {
  const instance = instanceOf(world, job);
  return instance.exists === 1 && instance.host === here(job);
}

const hasCopy = (world: World, job: Job): boolean => (instanceOf(world, job).backups & (1 << here(job))) !== 0;

/** Without a `_resize` copy an earlier try has restored the guest. */
const restoreOnce = (world: World, job: Job): Outcome => (hasCopy(world, job) ? restoreGuest(world, job) : OUTCOME.OK);

/** On the source: the guest comes back from its `_resize` copy, running if it was. */
export const restoreGuestHandler = handler({
  id: 'compute.restore_guest',
  nova: 'nova/virt/driver.py:ComputeDriver.finish_revert_migration',
  prefix: 'restore',
  locksInstance: true,
  steps: [
    driver('restore.driver', 'nova/virt/driver.py:ComputeDriver.finish_revert_migration', (world, job) =>
      isBeingUndone(world, job) ? restoreOnce(world, job) : OUTCOME.DONE,
    ),
  ],
});

// ---- confirm: the claims change places in one write, then the source is cleaned up

/** The leg of a confirm and both of a revert begin so: it is still wanted, or there is nothing to do. */
const stillDeciding = (id: string, nova: string, status: number): Step =>
  database(id, nova, (world, job) => {
    if (!stillAt(world, job, oneOf(status))) return OUTCOME.DONE;
    return loadInstance(world, job) === OUTCOME.OK ? OUTCOME.OK : OUTCOME.DONE;
  });

export const confirmSteps: readonly Step[] = [
  ...asIn(novasConfirm, 'confirm.api'),
  database('confirm.set-confirming', `${API}.confirm_resize`, (world, job) => {
    const outcome = transact(world, job, {
      task: oneOf(TASK.NONE),
      status: oneOf(STATUS.FINISHED),
      write: (_instance, migration) => {
        migration.status = STATUS.CONFIRMING;
      },
    });
    if (outcome !== OUTCOME.OK) return refuse(world, job, 409);
    noteDecision(world, job.instance, 1);
    return OUTCOME.OK;
  }),
  ...asIn(novasConfirm, 'confirm.cast'),
];

export const apiConfirm = handler({ ...novasConfirm, steps: confirmSteps });

/**
 * Both claims change places in one write; what an earlier try has done is done.
 * @param refused where it leads if the claim no longer fits: the server goes back to waiting, both claims in place
 */
const exchangeClaims = (id: string, refused: string): Group => ({
  steps: [
    read(
      `${id}.get-migration`,
      ALLOC,
      getAllocations(M),
      strict((job, response) => {
        job.read.assign(response.rows);
        job.generation = response.generation;
        return response.rows.length === 0 ? OUTCOME.ELSE : OUTCOME.OK;
      }),
      { else: '$end' },
    ),
    read(`${id}.get-instance`, ALLOC, getAllocations(I), (world, job, response) => {
      if (response.status !== 200) return OUTCOME.RAISE_PLACEMENT;
      job.generation2 = response.generation;
      // a server that holds nothing of its old flavor has been deleted: it must not be claimed for again
      const { resources } = amountsOf(world, migrationOf(world, job).oldFlavor, instanceOf(world, job));
      return response.rows.length === 0 && resources.length > 0 ? OUTCOME.RAISE_NOT_FOUND : OUTCOME.OK;
    }),
    write(
      id,
      ALLOC,
      (world, job) => ({
        op: 'post-allocations',
        entries: [
          { consumer: M(world, job), generation: job.generation, allocations: NO_ROWS },
          { consumer: I(world, job), generation: job.generation2, allocations: job.read.rows() },
        ],
      }),
      (_world, job, response) => {
        if (response.status === 204) {
          job.read.clear();
          job.generation = 0;
          job.generation2 = 0;
          return OUTCOME.OK;
        }
        return response.status === 409 && response.code === 'undefined' ? OUTCOME.ELSE : OUTCOME.RAISE_PLACEMENT;
      },
      { else: refused },
    ),
  ],
});

/** The move is over, and the server is on the destination for good. */
const confirmed = (world: World, job: Job): Outcome =>
  transact(world, job, {
    task: ANY_TASK,
    status: oneOf(STATUS.CONFIRMING),
    write: (instance, migration) => {
      migration.status = STATUS.CONFIRMED;
      instance.vm = instance.power === POWER.SHUTDOWN ? VM.STOPPED : VM.ACTIVE;
      clearMove(instance);
    },
  });

/** The server waits for its decision again. */
const reopen = (world: World, job: Job): Outcome =>
  transact(world, job, {
    task: ANY_TASK,
    status: oneOf(STATUS.CONFIRMING),
    write: (_instance, migration) => {
      migration.status = STATUS.FINISHED;
    },
  });

export const confirmResize = handler({
  id: 'compute.confirm_resize',
  nova: `${MANAGER}.confirm_resize`,
  prefix: 'confirm',
  locksInstance: true,
  steps: [
    stillDeciding('confirm.check', `${MANAGER}.confirm_resize`, STATUS.CONFIRMING),
    exchangeClaims('confirm.swap', 'confirm.reopen'),
    neutron('confirm.network', `${MANAGER}._confirm_resize`, ok),
    driver('confirm.driver', 'nova/virt/driver.py:ComputeDriver.confirm_migration', (world, job) => {
      const instance = instanceOf(world, job);
      instance.backups &= ~(1 << here(job));
      return instance.host === here(job) ? OUTCOME.OK : destroyGuest(world, job);
    }),
    tracker('confirm.drop-claim', `${TRACKER}.drop_move_claim_at_source`, (world, job) => {
      const { oldFlavor, oldPinned } = migrationOf(world, job);
      const outcome = confirmed(world, job);
      if (outcome === OUTCOME.OK) {
        dropIfTracked(world, here(job), job.instance, oldFlavor, oldPinned, withinOneHost(world, job));
      }
      return outcome;
    }),
    trackerUpdate('confirm.drop-claim.placement'),
    notify('confirm.end-notify', `${MANAGER}._confirm_resize`),
    memory('confirm.done', `${MANAGER}._confirm_resize`, () => OUTCOME.DONE),
    database('confirm.reopen', 'rollback:compute.confirm_resize', reopen),
  ],
});

/**
 * A claim is dropped once, however often the leg is driven again. A server that moved within its host stays tracked there;
 * Nova forgets it until the next audit.
 */
function dropIfTracked(world: World, h: number, i: number, flavor: number, pinned: number, stays = false): void {
  const tracking = trackingOf(world, h, i);
  if (tracking.instance === 0 && tracking.migration === 0) return;
  if (stays && tracking.migration === 0) return;
  dropMoveClaim(world, h, i, flavor, pinned);
  if (stays) tracking.instance = 1;
}

const withinOneHost = (world: World, job: Job): boolean => {
  const { source, destination } = migrationOf(world, job);
  return source === destination;
};

// ---- revert: guest and claim of the destination go, then the server is where it was, in one transaction

export const apiRevert = handler({
  ...novasRevert,
  steps: [
    ...asIn(novasRevert, 'revert.api'),
    // Nova asks it of a confirm only; a revert destroys the guest that runs before the source is asked for the other
    request('revert.check-source', `${API}.revert_resize`, (world, job) =>
      serviceUp(world, toSource(world, job)) ? OUTCOME.OK : refuse(world, job, 409),
    ),
    database('revert.set-task', `${API}.revert_resize`, (world, job) => {
      const outcome = transact(world, job, {
        task: oneOf(TASK.NONE),
        status: oneOf(STATUS.FINISHED),
        write: (instance, migration) => {
          instance.task = TASK.RESIZE_REVERTING;
          migration.status = STATUS.REVERTING;
        },
      });
      if (outcome !== OUTCOME.OK) return refuse(world, job, 409);
      noteDecision(world, job.instance, 2);
      return OUTCOME.OK;
    }),
    ...asIn(novasRevert, 'revert.cast'),
  ],
});

export const revertResize = handler({
  id: 'compute.revert_resize',
  nova: `${MANAGER}.revert_resize`,
  prefix: 'revert',
  locksInstance: true,
  steps: [
    stillDeciding('revert.check', `${MANAGER}.revert_resize`, STATUS.REVERTING),
    neutron('revert.dest-network', `${MANAGER}.revert_resize`, ok),
    driver('revert.dest-destroy', 'nova/virt/driver.py:ComputeDriver.destroy', (world, job) => {
      // driven again on one host: what is here now is what an earlier try restored
      const restored = withinOneHost(world, job) && !hasCopy(world, job);
      return restored ? OUTCOME.OK : destroyGuest(world, job);
    }),
    cinder('revert.dest-volumes', `${MANAGER}._terminate_volume_connections`, ok),
    tracker('revert.drop-claim', `${TRACKER}.drop_move_claim_at_dest`, (world, job) => {
      const { newFlavor, newPinned } = migrationOf(world, job);
      dropIfTracked(world, here(job), job.instance, newFlavor, newPinned, withinOneHost(world, job));
      return OUTCOME.OK;
    }),
    ...asIn(computeRevertResize, 'revert.cast-finish'),
  ],
});

/** The move is over, and the server is on the source for good. */
const reverted = (world: World, job: Job): Outcome =>
  transact(world, job, {
    task: ANY_TASK,
    status: oneOf(STATUS.REVERTING),
    write: (instance, migration) => {
      migration.status = STATUS.REVERTED;
      instance.host = migration.source;
      instance.pinned = migration.oldPinned;
      instance.flavor = migration.oldFlavor;
      instance.instanceType = migration.oldFlavor;
      instance.vm = instance.oldVm === VM.STOPPED ? VM.STOPPED : VM.ACTIVE;
      if (instance.task === TASK.RESIZE_REVERTING) instance.task = TASK.NONE;
      clearMove(instance);
    },
  });

export const finishRevertResize = handler({
  id: 'compute.finish_revert_resize',
  nova: `${MANAGER}._finish_revert_resize`,
  prefix: 'frevert',
  locksInstance: true,
  steps: [
    stillDeciding('frevert.check', `${MANAGER}.revert_resize`, STATUS.REVERTING),
    database('frevert.prepare', `${MANAGER}._update_bdm_for_swap_to_finish_resize`, ok),
    neutron('frevert.network', `${MANAGER}._finish_revert_resize`, ok),
    cinder('frevert.volumes', `${MANAGER}._update_volume_attachments`, ok),
    driver('frevert.driver', 'nova/virt/driver.py:ComputeDriver.finish_revert_migration', restoreOnce),
    cinder('frevert.volumes-complete', `${MANAGER}._complete_volume_attachments`, ok),
    release('frevert.release', M),
    database('frevert.set-state', `${MANAGER}._finish_revert_resize`, reverted),
  ],
});

// ---- recovery

/** What fails here is tried again the next time. */
const swallowed = (at: string, { steps }: Group): Group => ({
  steps: steps.map((step) => ({ ...step, swallows: at })),
});

const RECOVER = 'rollback:conductor.recover_moves';

/** Statuses in which nothing is left to do, or all waits for the user. */
const AT_REST = oneOf(STATUS.FINISHED, STATUS.CONFIRMED, STATUS.REVERTED);

/**
 * What nobody asked for: goes over the migrations that are under way with nobody at work on them, and takes each to the
 * end that its status says. Every part can be done again.
 */
export const recoverMoves = handler({
  id: 'conductor.recover_moves',
  nova: 'rollback: a periodic task of conductor',
  prefix: 'recover',
  recovers: true,
  steps: [
    database('recover.next', RECOVER, (world, job) => {
      for (let m = job.cursor; m < world.globals.migrations; m++) {
        job.migration = m;
        if (stillAt(world, job, AT_REST)) continue;
        const { instance, status } = migrationOf(world, job);
        job.cursor = m + 1;
        job.instance = instance;
        job.payloadStatus = status;
        loadInstance(world, job);
        return OUTCOME.OK;
      }
      return OUTCOME.DONE;
    }),
    call(
      'recover.confirm',
      RECOVER,
      'compute.confirm_resize',
      (world, job) => (stillAt(world, job, oneOf(STATUS.CONFIRMING)) ? ifUp(toSource)(world, job) : NONE),
      () => OUTCOME.OK,
      { swallows: true },
    ),
    // without its source a move is confirmed all the same: what is left there is discarded when the host starts
    database(
      'recover.confirm-without-source',
      RECOVER,
      (world, job) =>
        stillAt(world, job, oneOf(STATUS.CONFIRMING)) && isDown(world, toSource(world, job))
          ? loadInstance(world, job)
          : OUTCOME.ELSE,
      { else: 'recover.revert' },
    ),
    swallowed(
      'recover.revert',
      exchangeClaims('recover.confirm-without-source.swap', 'recover.confirm-without-source.reopen'),
    ),
    database('recover.confirm-without-source.save', RECOVER, confirmed, { swallows: true }),
    memory('recover.confirm-without-source.done', RECOVER, () => OUTCOME.ELSE, { else: 'recover.revert' }),
    database('recover.confirm-without-source.reopen', RECOVER, reopen, { swallows: true }),
    call(
      'recover.revert',
      RECOVER,
      'compute.revert_resize',
      (world, job) => (stillAt(world, job, oneOf(STATUS.REVERTING)) ? ifUp(toDestination)(world, job) : NONE),
      () => OUTCOME.OK,
      { swallows: true },
    ),
    // without its destination there is nothing to destroy there, and what it left is discarded when the host starts
    call(
      'recover.revert-without-destination',
      RECOVER,
      'compute.finish_revert_resize',
      (world, job) =>
        stillAt(world, job, oneOf(STATUS.REVERTING)) && isDown(world, toDestination(world, job))
          ? ifUp(toSource)(world, job)
          : NONE,
      () => OUTCOME.OK,
      { swallows: true },
    ),
    // without its source the server goes back to it on paper: the guest comes up when the host starts
    database(
      'recover.revert-without-source',
      RECOVER,
      (world, job) =>
        stillAt(world, job, oneOf(STATUS.REVERTING)) && isDown(world, toSource(world, job))
          ? loadInstance(world, job)
          : OUTCOME.ELSE,
      { else: 'recover.drop-stale-claim' },
    ),
    { ...release('recover.revert-without-source.release', M), swallows: 'recover.drop-stale-claim' },
    database('recover.revert-without-source.save', RECOVER, reverted, { swallows: true }),
    // a late claim can have come after a move was undone or its server deleted
    write(
      'recover.drop-stale-claim',
      RECOVER,
      (world, job) => {
        const { exists, status } = migrationOf(world, job);
        return exists !== 1 || status === STATUS.ERROR ? { op: 'delete-allocations', consumer: M(world, job) } : null;
      },
      () => OUTCOME.OK,
    ),
    cast(
      'recover.undo',
      RECOVER,
      'conductor.undo_move',
      (world, job) => (stillAt(world, job, UNDOABLE) ? SERVICE.CONDUCTOR : NONE),
      undefined,
      { swallows: true },
    ),
    memory('recover.again', RECOVER, () => OUTCOME.ELSE, { else: 'recover.next' }),
  ],
});

// ---- delete: whatever any move of the server parked goes with it

/** Goes over the migrations of the server, releasing what each holds. */
const releaseMigrations: readonly Item[] = [
  memory(
    'terminate.next-migration',
    'rollback: a delete releases what its moves parked',
    (world, job) => {
      for (let m = job.cursor; m < world.globals.migrations; m++) {
        const migration = world.migrations[m]!;
        if (migration.instance !== job.instance) continue;
        job.cursor = m + 1;
        job.migration = m;
        return OUTCOME.OK;
      }
      return OUTCOME.ELSE;
    },
    { else: 'terminate.delete-alloc' },
  ),
  release('terminate.release-migration', M),
  cast(
    'terminate.cast-discard',
    'rollback: a delete releases what its moves parked',
    'compute.discard_guest',
    (world, job) => {
      const { exists, source, destination, status } = migrationOf(world, job);
      // only an open or unfinished move has left anything on another host
      if (exists !== 1 || !inProgress(status)) return NONE;
      const other = job.host === source ? destination : source;
      return other === NONE || other === job.host ? NONE : compute(other);
    },
    undefined,
    { swallows: true },
  ),
  memory('terminate.again', 'rollback: a delete releases what its moves parked', () => OUTCOME.ELSE, {
    else: 'terminate.next-migration',
  }),
];

export const apiDelete = handler({
  ...novasDelete,
  steps: [
    request('delete.api', `${API}._delete`, (world, job) =>
      loadInstance(world, job) === OUTCOME.OK ? OUTCOME.OK : refuse(world, job, 404),
    ),
    ...asIn(novasDelete, 'delete.set-task'),
    memory(
      'delete.check-host',
      `${API}._delete`,
      (world, job) => (job.host === NONE || !seemsUp(world, job.host) ? OUTCOME.ELSE : OUTCOME.OK),
      { else: 'delete.local.network' },
    ),
    ...asIn(novasDelete, 'delete.cast', 'delete.done', 'delete.local.network', 'delete.local.volumes'),
    release('delete.local.delete-alloc', I),
    database('delete.local.destroy', `${API}._local_delete`, destroyRow),
  ],
});

function destroyRow(world: World, job: Job): Outcome {
  return destroyInstance(world, job.instance) === OUTCOME.OK ? OUTCOME.OK : OUTCOME.DONE;
}

/** A delete that fails half way is finished when nova-compute starts: task_state stays `deleting`. */
export const terminateInstance = handler({
  id: 'compute.terminate_instance',
  nova: `${MANAGER}._delete_instance`,
  prefix: 'terminate',
  locksInstance: true,
  steps: [
    ...asIn(novasTerminate, 'terminate.driver', 'terminate.volumes'),
    tracker('terminate.rt-update', `${MANAGER}._update_resource_tracker`, (world, job) => {
      // counted as an incoming move or as a resident, whichever it still was; within one host as both
      const waiting = findMigration(world, job.instance, STATUS.FINISHED);
      const both = waiting === NONE ? undefined : world.migrations[waiting]!;
      dropIfTracked(world, here(job), job.instance, job.instanceFlavor, job.pinned);
      if (both !== undefined && both.source === both.destination) {
        dropMoveClaim(world, here(job), job.instance, both.oldFlavor, both.oldPinned);
      }
      return OUTCOME.OK;
    }),
    memory('terminate.begin-release', `${MANAGER}._complete_deletion`, (_world, job) => {
      job.cursor = 0;
      return OUTCOME.OK;
    }),
    ...releaseMigrations,
    release('terminate.delete-alloc', I),
    database('terminate.destroy', `${MANAGER}._delete_instance`, destroyRow),
  ],
});

/** Deletes that nobody is at work on any more: the host finishes its own, conductor those of servers without one. */
export const recoverDeletes = handler({
  id: 'conductor.recover_deletes',
  nova: 'rollback: a periodic task of conductor',
  prefix: 'recover-delete',
  recovers: true,
  steps: [
    database('recover-delete.next', 'rollback:conductor.recover_deletes', (world, job) => {
      for (let i = job.hosts; i < world.globals.instances; i++) {
        const row = world.instances[i]!;
        if (row.exists !== 1 || row.task !== TASK.DELETING) continue;
        job.hosts = i + 1;
        job.instance = i;
        job.cursor = 0;
        return loadInstance(world, job);
      }
      return OUTCOME.DONE;
    }),
    call(
      'recover-delete.terminate',
      'rollback:conductor.recover_deletes',
      'compute.terminate_instance',
      (world, job) => (job.host === NONE ? NONE : whereUp(world, compute(job.host))),
      () => OUTCOME.ELSE,
      { swallows: 'recover-delete.next', else: 'recover-delete.next' },
    ),
    // its host is down, or it has none
    release('recover-delete.delete-alloc', I),
    database(
      'recover-delete.destroy',
      'rollback:conductor.recover_deletes',
      (world, job) => {
        destroyInstance(world, job.instance);
        return OUTCOME.ELSE;
      },
      { else: 'recover-delete.next' },
    ),
  ],
});
