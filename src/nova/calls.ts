/**
 * At which call of Nova 34.0.0 each failure point of protocol `nova` lies. A fault `-before` strikes when Nova makes the call,
 * `-after` when it has returned; a harness that runs Nova itself finds its places here (column `call` of
 * `list failure-points --json`), and counts a call only where the point's function of Nova is on the stack.
 *
 *     Instance.save task_state=resize_prep       a method of Nova's, and what must be true of the call: fields that are saved;
 *                                                `raising`, while an exception is handled; `in` or `out`, another function that is
 *                                                around it or not, several with commas
 *     GET /allocations/{migration}               a request to Placement: {instance}, {migration} or {provider} for a uuid
 *     cast prep_resize, call select_destinations a message
 *     driver.destroy, neutron.migrate_instance_start, cinder.attachment_complete
 *     A .. B                                     from before A to behind B
 *     early A                                    where InstanceFaultRollback is raised, if that is before anything is set
 */

import { BUILD_CALLS } from './calls-build.ts';
import { EVACUATION_CALLS } from './calls-evacuation.ts';
import { LIVE_MIGRATION_CALLS } from './calls-live-migration.ts';
import { SERVICE_CALLS } from './calls-services.ts';

/** Why a point lies at no call. */
export interface Unreachable {
  readonly unreachable: string;
}

/** What each request about a server begins with: checks are made on what is read here. */
const REQUEST = 'API.get';
const LOOP = { unreachable: 'the turn of a loop of Nova, which calls nothing' };

const CALLS: Readonly<Record<string, string | Unreachable>> = {
  ...BUILD_CALLS,
  ...EVACUATION_CALLS,

  'api.validate': REQUEST,
  'api.validate.get-traits': 'GET /resource_providers/{provider}/traits',
  'api.set-task-state': 'Instance.save task_state=resize_prep',
  'api.action-record': 'InstanceAction.action_start',
  'api.cast-conductor': 'cast migrate_server',

  'conductor.prepare': 'neutron.get_requested_resource_for_instance',
  'conductor.create-migration': 'MigrationList.get_by_filters .. Migration.create',
  'conductor.read-source-node': 'ComputeNode.get_by_host_and_nodename',
  'conductor.get-allocs': 'GET /allocations/{instance}',
  'conductor.swap.get-source': 'GET /allocations/{instance} in=replace_allocation_with_migration',
  'conductor.swap.get-target': 'GET /allocations/{migration} in=replace_allocation_with_migration',
  'conductor.swap': 'POST /allocations in=replace_allocation_with_migration',
  'conductor.schedule': 'call select_destinations',
  'conductor.reschedule': 'MigrationTask._reschedule',
  'conductor.reschedule.claim-get': 'GET /allocations/{instance} in=_reschedule',
  'conductor.reschedule.claim-put': 'PUT /allocations/{instance} in=_reschedule',
  'conductor.fill': 'scheduler_utils.fill_provider_mapping',
  'conductor.cast-prep': 'cast prep_resize',
  'conductor.save-reqspec': 'RequestSpec.save',
  'conductor.undo.migration': 'Migration.save status=error',
  'conductor.undo.held': { unreachable: 'MigrationTask.rollback looks at a field of its own' },
  'conductor.undo.claim.get-source': 'GET /allocations/{migration} in=revert_allocation_for_migration',
  'conductor.undo.claim.get-target': 'GET /allocations/{instance} in=revert_allocation_for_migration',
  'conductor.undo.claim': 'POST /allocations in=revert_allocation_for_migration',
  'conductor.undo.state': 'scheduler_utils.set_vm_state_and_notify',

  'scheduler.candidates': 'GET /allocation_candidates',
  'scheduler.filter': 'SchedulerManager._get_sorted_hosts',
  'scheduler.next-host': 'scheduler_utils.claim_resources',
  'scheduler.claim-get': 'GET /allocations/{instance}',
  'scheduler.claim-put': 'PUT /allocations/{instance}',
  'scheduler.reply': 'SchedulerManager._get_alternate_hosts',

  'prep.start-notify': 'ComputeManager._send_prep_resize_notifications phase=start',
  'prep.group-policy': 'ComputeManager._validate_instance_group_policy',
  'prep.stash': 'Instance.save | early ComputeManager._prep_resize',
  'prep.pci-map': 'ComputeManager._get_request_group_mapping',
  'prep.get-allocs': 'GET /allocations/{instance} out=_update',
  'prep.rt-claim.save-migration': 'Migration.save',
  'prep.rt-claim': 'Instance.save .. ResourceTracker._update_usage_from_migration',
  'prep.cast-resize': 'cast resize_instance',
  'prep.end-notify': 'ComputeManager._send_prep_resize_notifications phase=end',
  'prep.undo.reschedule.set-task': 'Instance.save task_state=resize_prep',
  'prep.undo.reschedule.call-conductor': 'call migrate_server',
  'prep.undo.abort': 'ResourceTracker.drop_move_claim .. Instance.drop_migration_context',

  'src.network-info': 'neutron.get_instance_nw_info',
  'src.set-migrating': 'Migration.save status=migrating',
  'src.set-task': 'Instance.save task_state=resize_migrating',
  'src.driver': 'driver.migrate_disk_and_power_off',
  'src.volumes': 'ComputeManager._terminate_volume_connections',
  'src.network-start': 'neutron.migrate_instance_start',
  'src.set-post-migrating': 'Migration.save status=post-migrating',
  'src.flip-host': 'Instance.save task_state=resize_migrated',
  'src.cast-finish': 'cast finish_resize',
  'src.end-notify': 'ComputeManager._send_resize_instance_notifications phase=end',

  'finish.swap-bdm': 'ComputeManager._update_bdm_for_swap_to_finish_resize',
  'finish.set-flavor': 'ComputeManager._set_instance_info',
  'finish.network': 'neutron.setup_networks_on_host .. neutron.get_instance_nw_info',
  'finish.set-task': 'Instance.save task_state=resize_finish',
  'finish.volumes-update': 'ComputeManager._update_volume_attachments',
  'finish.get-allocs': 'GET /allocations/{instance}',
  'finish.driver': 'driver.finish_migration',
  'finish.volumes-complete': 'ComputeManager._complete_volume_attachments',
  'finish.set-finished': 'Migration.save status=finished',
  'finish.set-resized': 'Instance.save vm_state=resized',
  'finish.post':
    'ComputeManager._update_scheduler_instance_info .. ComputeManager._send_finish_resize_notifications phase=end',
  'finish.undo.claim.get': 'GET /allocations/{migration}',
  'finish.undo.claim': 'PUT /allocations/{migration}',

  // the poll makes no request: it calls the API's function
  'confirm.api': `${REQUEST} | API.confirm_resize in=_poll_unconfirmed_resizes`,
  'confirm.set-confirming': 'Migration.save status=confirming',
  'confirm.cast': 'cast confirm_resize',
  'confirm.check': 'Instance.get_by_uuid out=_confirm_resize',
  'confirm.network': 'neutron.setup_networks_on_host .. neutron.get_instance_nw_info',
  'confirm.driver': 'driver.confirm_migration',
  'confirm.drop-claim': 'Migration.save status=confirmed .. ResourceTracker._update_usage',
  'confirm.drop-context': 'Instance.drop_migration_context',
  'confirm.set-state': 'Instance.save vm_state=active,stopped',
  'confirm.end-notify': 'ComputeManager._notify_about_instance_usage event=resize.confirm.end',
  'confirm.delete-alloc.get': 'GET /allocations/{migration}',
  'confirm.delete-alloc': 'PUT /allocations/{migration}',

  'revert.api': REQUEST,
  'revert.save-reqspec': 'RequestSpec.save',
  'revert.set-task': 'Instance.save task_state=resize_reverting',
  'revert.set-reverting': 'Migration.save status=reverting',
  'revert.cast': 'cast revert_resize',
  'revert.dest-network': 'neutron.setup_networks_on_host .. neutron.get_instance_nw_info',
  'revert.dest-shared-storage': 'call check_instance_shared_storage',
  'revert.dest-destroy': 'driver.destroy',
  'revert.dest-volumes': 'ComputeManager._terminate_volume_connections',
  'revert.drop-claim': 'Migration.save status=reverted .. ResourceTracker._update_usage',
  'revert.drop-context': 'Instance.save in=drop_move_claim_at_dest',
  'revert.cast-finish': 'cast finish_revert_resize',
  'revert.shared-storage': 'driver.check_instance_shared_storage_remote',

  'frevert.prepare': 'ComputeManager._update_bdm_for_swap_to_finish_resize',
  'frevert.set-host': 'Instance.save',
  'frevert.swap-back.get-allocs': 'GET /allocations/{migration}',
  'frevert.swap-back.get-source': 'GET /allocations/{migration}',
  'frevert.swap-back.get-target': 'GET /allocations/{instance}',
  'frevert.swap-back': 'POST /allocations',
  'frevert.network': 'neutron.setup_networks_on_host .. neutron.get_instance_nw_info',
  'frevert.volumes': 'ComputeManager._update_volume_attachments',
  'frevert.driver': 'driver.finish_revert_migration',
  'frevert.save': 'Instance.drop_migration_context .. Instance.save',
  'frevert.volumes-complete': 'ComputeManager._complete_volume_attachments',
  'frevert.set-state': 'Instance.save task_state=None,powering-off raising=False',

  ...LIVE_MIGRATION_CALLS,
  ...SERVICE_CALLS,

  'delete.api': REQUEST,
  'delete.unscheduled.destroy': 'Instance.destroy out=_local_delete',
  'delete.unscheduled.delete-alloc': 'DELETE /allocations/{instance} out=_local_delete',
  'delete.unscheduled.done': { unreachable: 'the end of a branch of API._delete, which calls nothing' },
  'delete.set-task': 'Instance.save task_state=deleting',
  'delete.confirm': 'call confirm_resize',
  'delete.check-host': 'servicegroup.service_is_up',
  'delete.cast': 'cast terminate_instance',
  'delete.done': { unreachable: 'the end of a branch of API._delete, which calls nothing' },
  'delete.local.network': 'neutron.deallocate_for_instance',
  'delete.local.volumes': 'API._local_cleanup_bdm_volumes',
  'delete.local.delete-alloc': 'DELETE /allocations/{instance} in=_local_delete',
  'delete.local.destroy': 'Instance.save .. Instance.destroy',
  'terminate.driver': 'driver.destroy',
  'terminate.volumes': 'ComputeManager._cleanup_volumes',
  'terminate.set-deleted': 'Instance.save vm_state=deleted',
  // reverts_task_state tells the tracker too (ComputeManager._instance_update), of an instance that stays
  'terminate.rt-update': 'ResourceTracker._update_usage_from_instance out=_instance_update',
  'terminate.delete-alloc': 'DELETE /allocations/{instance}',
  'terminate.destroy': 'Instance.destroy',

  'stop.api': 'ServersController._get_instance',
  'stop.set-task': 'Instance.save task_state=powering-off',
  'stop.cast': 'cast stop_instance',
  'stop.driver': 'driver.power_off',
  'stop.set-state': 'Instance.save vm_state=stopped',
  'start.api': 'ServersController._get_instance',
  'start.set-task': 'Instance.save task_state=powering-on',
  'start.cast': 'cast start_instance',
  'start.driver': 'driver.power_on',
  'start.set-state': 'Instance.save vm_state=active',
  'hard-reboot.api': REQUEST,
  'hard-reboot.set-task': 'Instance.save task_state=rebooting_hard',
  'hard-reboot.cast': 'cast reboot_instance',
  'hard-reboot.set-pending': 'Instance.save task_state=reboot_pending_hard',
  'hard-reboot.set-started': 'Instance.save task_state=reboot_started_hard',
  'hard-reboot.driver': 'driver.reboot',
  'hard-reboot.set-state': 'Instance.save vm_state=active',
  'reset-state.api': REQUEST,
  'reset-state.save': 'Instance.save',

  'audit.recount': 'ResourceTracker._init_compute_node .. ResourceTracker._update_usage_from_migrations',
  'audit.get-provider-allocations': 'GET /resource_providers/{provider}/allocations',
  'audit.next-deleted': LOOP,
  'audit.delete-alloc.get': 'GET /allocations/{instance}',
  'audit.delete-alloc': 'PUT /allocations/{instance} | DELETE /allocations/{instance} out=_complete_partial_deletion',
  'audit.again': LOOP,
  'init.next-instance': LOOP,
  'init.instance': 'ComputeManager._init_instance',
  'init.destroy': 'Instance.destroy in=_complete_partial_deletion',
  'init.delete-alloc': 'DELETE /allocations/{instance} in=_complete_partial_deletion',
  ...Object.fromEntries(
    [
      'detach.api',
      'detach.action-record',
      'detach.cast',
      'detach.network-info',
      'detach.start-notify',
      'detach.driver',
      'detach.deallocate-port',
      'detach.remove-resources.get',
      'detach.remove-resources',
      'detach.save',
      'detach.end-notify',
    ].map((point) => [point, { unreachable: 'its Neutron has no port that guarantees bandwidth' }]),
  ),
  'init.destroyed': { unreachable: 'the end of a branch of _init_instance, which calls nothing' },
  'init.delete': { unreachable: 'a call within nova-compute, which no message carries' },
  'init.reboot': { unreachable: 'a call within nova-compute, which no message carries' },
  'init.stop': { unreachable: 'a call within nova-compute, which no message carries' },
  'init.start': { unreachable: 'a call within nova-compute, which no message carries' },
  'init.finish-revert-migration': 'driver.finish_revert_migration',
  'init.clear-migrating': 'Instance.save task_state=None',
  'init.clear-reboot': { unreachable: 'by the same save as other branches of _init_instance' },
  'init.again': LOOP,
  'poll.next': 'MigrationList.get_unconfirmed_by_dest_compute',
  'poll.check': 'Instance.get_by_uuid',
  'poll.again': LOOP,
  'cleanup.fail-migrations': 'MigrationList.get_by_filters',

  'placement-audit.next-provider': LOOP,
  'placement-audit.get-instances': 'InstanceList.get_by_host_and_node',
  'placement-audit.get-migrations': 'MigrationList.get_in_progress_by_host_and_node',
  'placement-audit.get-provider-allocations': 'GET /resource_providers/{provider}/allocations',
  'placement-audit.next-orphan': LOOP,
  'placement-audit.get-allocs': 'GET /allocations/{instance} | GET /allocations/{migration}',
  'placement-audit.put-allocs': 'PUT /allocations/{instance} | PUT /allocations/{migration}',
  'placement-audit.delete-alloc': 'DELETE /allocations/{instance} | DELETE /allocations/{migration}',
  'placement-audit.provider-done': LOOP,
  'placement-audit.exit': { unreachable: 'the end of the command, which calls nothing' },
  'heal.arguments': { unreachable: 'the command looks at its arguments' },
  'heal.next-instance': 'InstanceList.get_by_filters',
  'heal.check': 'PlacementCommands._heal_allocations_for_instance',
  'heal.get-allocs': 'GET /allocations/{instance}',
  'heal.get-ports': 'PlacementCommands._get_port_allocations_to_heal',
  'heal.needed': { unreachable: 'a condition within a function, which calls nothing' },
  'heal.put-allocs': 'PUT /allocations/{instance}',
  'heal.exit': { unreachable: 'the end of the command, which calls nothing' },
  'allocation-delete.next': LOOP,
  'allocation-delete.show': 'GET /allocations/{instance} | GET /allocations/{migration}',
  'allocation-delete.delete': 'DELETE /allocations/{instance} | DELETE /allocations/{migration}',
  'allocation-delete.exit': { unreachable: 'the end of the command, which calls nothing' },
};

/** Undo steps and others that several handlers share, by the end of their ids. */
const SHARED: readonly (readonly [string, string])[] = [
  ['.undo.vm', 'Instance.save raising=True'],
  ['.undo.migration', 'Migration.save status=error'],
  ['.undo.task', 'Instance.save task_state=None raising=True'],
  ['.undo.claim.get-allocs', 'GET /allocations/{migration}'],
  ['.undo.claim.get-source', 'GET /allocations/{migration}'],
  ['.undo.claim.get-target', 'GET /allocations/{instance}'],
  ['.undo.claim', 'POST /allocations'],
  ['.unstash', 'Instance.save'],
  // ResourceTracker._update: the first request of the report client that is always made; not what reverts_task_state makes
  ['.placement', 'GET /resource_providers/{provider}/allocations out=_instance_update'],
  ['audit.update', 'GET /resource_providers/{provider}/allocations'],
];

/** The call of a point of protocol `nova`, or why there is none; null for a point of another protocol. */
export function callOf(point: string): string | Unreachable | null {
  return CALLS[point] ?? SHARED.find(([end]) => point.endsWith(end))?.[1] ?? null;
}
