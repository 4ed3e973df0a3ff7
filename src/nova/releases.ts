/**
 * What Nova did otherwise before 34.0.0, as far as a move shows it: for each release the changes that came with it, and each
 * as the way back, changed cells of the tables that the protocol has. To play release 27 all changes of 28 and later are
 * taken back, the newest first.
 *
 * The functions were compared one by one: 26.2.2, 27.0.0, 28.0.0 and so on to 34.0.0, each with the one before it. What is not
 * named here is the same in all of them.
 */
import { MANAGER, TRACKER } from './handlers/common.ts';
import { dropClaimAtSource } from './handlers/confirm.ts';
import { saveDestination } from './handlers/prep-resize.ts';
import { dropClaimAtDestination } from './handlers/revert.ts';
import { clearReboot, retryReboot } from './handlers/service.ts';
import { TASK } from './states.ts';
import { type Change, type Item, isGroup, OUTCOME, type Outcome } from './step.ts';
import { type DropMoveClaim, dropMoveClaim, dropUsage } from './tracker.ts';
import { abortClaim } from './undo.ts';
import { type Job, trackingOf, type World } from './world.ts';

const without =
  (id: string) =>
  (items: readonly Item[]): readonly Item[] =>
    items.filter((item) => isGroup(item) || item.id !== id);

/** 27: `_move_claim` saves the migration and returns a NopClaim; nothing is tracked, and there is no migration_context. */
function nopClaim(world: World, job: Job): Outcome {
  const saved = saveDestination(world, job);
  return saved === OUTCOME.OK ? OUTCOME.ELSE : saved;
}

/** A NopClaim's abort drops nothing. */
const claimed = (job: Job): boolean => job.migrationContext === job.migration;

/** 26: `_drop_move_claim` takes the instance out of tracked_migrations or, if it is not there, out of tracked_instances. */
const dropFromOneTable: DropMoveClaim = (world, h, i, flavor, pinned) => {
  const dropped = dropUsage(world, h, i, flavor, pinned);
  if (dropped !== OUTCOME.OK) return dropped;
  const tracking = trackingOf(world, h, i);
  if (tracking.migration !== 0) tracking.migration = 0;
  else tracking.instance = 0;
  return OUTCOME.OK;
};

export const CHANGES: readonly Change[] = [
  {
    since: 34,
    title: 'A server with Manila shares may be moved: they are mounted by finish, unmounted by confirm and revert.',
    nova: [`${MANAGER}._finish_resize`, `${MANAGER}._confirm_resize`, `${MANAGER}.revert_resize`],
    before: null,
    note: 'the model has no shares',
  },
  {
    since: 33,
    title:
      'resize_instance, finish_resize, finish_revert_resize and check_instance_shared_storage go by the topic compute-alt, which a service that is stopped still serves; a graceful stop waits for them.',
    nova: ['nova/compute/rpcapi.py:ComputeAPI.prepare_for_alt_rpcserver', `${MANAGER}.graceful_shutdown`],
    before: null,
    note: 'the services of the model stop by a crash alone, and no step depends on the topic',
  },
  {
    since: 31,
    title:
      'finish_resize and finish_revert_resize write the block device mapping of a swap disk whose size changes, finish_resize outside the context that sets vm_state.',
    nova: [
      `${MANAGER}._update_bdm_for_swap_to_finish_resize`,
      `${MANAGER}._finish_resize_helper`,
      `${MANAGER}._finish_revert_resize`,
    ],
    before: {
      // a query of the block device mappings stood in its place: what only reads the database is no step of a handler
      order: { 'compute.finish_resize': without('finish.swap-bdm') },
      // such a query and the notifications
      steps: { 'frevert.prepare': { touches: 'notification', nova: `${MANAGER}._finish_revert_resize` } },
    },
    note: 'in 30.3.0 and 29.4.0 as well',
  },
  {
    since: 30,
    title: 'A host that starts repeats a hard reboot that had not begun when it died; before, task_state stayed.',
    nova: [`${MANAGER}._retry_reboot`, `${MANAGER}._init_instance`],
    before: {
      steps: {
        'init.reboot': { where: retryReboot(TASK.REBOOT_STARTED_HARD) },
        'init.clear-reboot': { run: clearReboot(TASK.REBOOT_STARTED_HARD) },
      },
    },
    note: '',
  },
  {
    since: 28,
    title:
      'A claim on a node that the tracker does not know is refused before the migration is touched, and the move is rescheduled; before, the migration was saved and the move went on without a claim and without a migration_context.',
    nova: [`${TRACKER}._move_claim`],
    before: {
      steps: { 'prep.rt-claim.save-migration': { unknownNode: nopClaim, else: 'prep.cast-resize' } },
      undoGroups: { 'abort-claim': abortClaim(dropMoveClaim, claimed) },
    },
    note: 'on request: fault unknown-node, which no campaign draws',
  },
  {
    since: 28,
    title:
      'instance.compute_id and migration.dest_compute_id are saved with the host; where the node is not found, ComputeHostNotFound.',
    nova: [`${MANAGER}._resize_instance`, `${MANAGER}._revert_instance_flavor_host_node`],
    before: null,
    note: 'on the way back it ends like error-before at frevert.set-host, which any release can have; on the way there it takes a destination of an older release, and all hosts of the model are of one',
  },
  {
    since: 28,
    title:
      "A destination that violates a server group's policy raises GroupAffinityViolation, which ends in error; before, InstanceFaultRollback, which leaves vm_state.",
    nova: [`${MANAGER}._validate_instance_group_policy`],
    before: null,
    note: 'there are no server groups: a scenario names either end at prep.group-policy, error-before or fault-rollback; in 27.5.1 and 26.2.2 as well',
  },
  {
    since: 27,
    title:
      'A move that is confirmed, reverted or aborted leaves both tracked_migrations and tracked_instances; before, the first that had it. It shows within one host: who is in neither is not taken off when it is deleted.',
    nova: [`${TRACKER}._drop_move_claim`],
    before: {
      steps: {
        'confirm.drop-claim': { run: dropClaimAtSource(dropFromOneTable) },
        'revert.drop-claim': { run: dropClaimAtDestination(dropFromOneTable) },
      },
      undoGroups: { 'abort-claim': abortClaim(dropFromOneTable, claimed) },
    },
    note: '',
  },
  {
    since: 27,
    title:
      'The tracker writes to Placement first and saves the ComputeNode then, so that the row is left as it was when Placement fails; before, the other way round.',
    nova: [`${TRACKER}._update`],
    before: null,
    note: 'the model has one set of numbers for the tracker and its row, and between two audits nothing reads the row',
  },
  {
    since: 27,
    title: 'PCI devices are claimed in Placement, and the scheduler picks among the candidates that filters left.',
    nova: [
      'nova/objects/request_spec.py:RequestSpec.generate_request_groups_from_pci_requests',
      'nova/scheduler/manager.py:SchedulerManager._schedule',
    ],
    before: null,
    note: 'the model has no PCI devices, and a host is one candidate',
  },
  {
    since: 27,
    title:
      'initial_cpu_allocation_ratio is 4.0 and initial_ram_allocation_ratio 1.0 where nothing else is configured; before, 16.0 and 1.5.',
    nova: ['nova/conf/compute.py'],
    before: null,
    note: 'a scenario says its ratios, and those of a made-up cloud are drawn from a list that has both',
  },
];
