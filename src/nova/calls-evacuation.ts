/** At which call of Nova's each point of an evacuation and of a rebuild lies; calls.ts says how they are written. */
import type { Unreachable } from './calls.ts';

const WITHIN = { unreachable: 'a condition within a function of Nova, which calls nothing' };
const LOOP = { unreachable: 'the turn of a loop of Nova, which calls nothing' };
const TURN = { unreachable: 'a call within nova-compute, which no message carries' };
const NOTIFY = 'ComputeManager._notify_about_instance_usage';
const SET_STATE = 'ComputeTaskManager._set_vm_state_and_notify';

export const EVACUATION_CALLS: Readonly<Record<string, string | Unreachable>> = {
  'evacuate.api': 'API.get',
  'evacuate.set-task': 'Instance.save task_state=rebuilding',
  'evacuate.action-record': 'InstanceAction.action_start',
  'evacuate.create-migration': 'Migration.create',
  'evacuate.notify': 'compute_utils.notify_about_instance_usage',
  'evacuate.get-nodes': 'ComputeNodeList.get_all_by_host',
  'evacuate.cast-conductor': 'cast rebuild_instance',

  // the answer shows the server, which is read again
  'rebuild.api': 'API.get joined=True',
  'rebuild.set-rebuilding': 'Instance.save task_state=rebuilding',
  'rebuild.image-metadata': 'Instance.save in=_reset_image_metadata',
  'rebuild.action-record': 'InstanceAction.action_start',
  'rebuild.save-reqspec': 'RequestSpec.save',
  'rebuild.cast-conductor': 'cast rebuild_instance',

  // that there is none is an exception, behind which nothing can strike
  'rebuild.find-migration': 'Migration.get_by_instance_and_status .. ComputeTaskManager._restrict_request_spec_to_cell',
  'rebuild.host': WITHIN,
  'rebuild.forced.get-nodes':
    'ComputeNode.get_by_host_and_nodename .. ComputeNode.get_first_node_by_host_for_old_compat',
  'rebuild.forced.get-allocs': 'GET /allocations/{instance} out=claim_resources',
  'rebuild.forced.claim-get': 'GET /allocations/{instance}',
  'rebuild.forced.claim-put': 'PUT /allocations/{instance}',
  'rebuild.forced.done': WITHIN,
  'rebuild.requested-resources': 'neutron.get_requested_resource_for_instance',
  'rebuild.schedule': 'call select_destinations check_type=None',
  'rebuild.check': 'call select_destinations check_type=rebuild',
  'rebuild.fill': 'scheduler_utils.fill_provider_mapping',
  'rebuild.scheduled-notify': 'compute_utils.notify_about_instance_usage event=rebuild.scheduled',
  'rebuild.zone': 'availability_zones.get_host_availability_zone',
  'rebuild.cast-compute': 'cast rebuild_instance',
  'rebuild.conductor.undo.known': WITHIN,
  'rebuild.conductor.undo.kept-state': `${SET_STATE} in=_allocate_for_evacuate_dest_host`,
  'rebuild.conductor.undo.state': `${SET_STATE} out=_allocate_for_evacuate_dest_host`,
  'scheduler.rebuild.filter': 'SchedulerManager._get_sorted_hosts',

  'rebuild.compute-info': 'ComputeManager._get_compute_info',
  'rebuild.get-allocs': 'GET /allocations/{instance} out=_update',
  'rebuild.rt-claim.save-migration':
    'Migration.save in=_claim_existing_migration | Migration.create in=_create_migration',
  'rebuild.rt-claim': 'Instance.save .. ResourceTracker._update_usage_from_migration',
  'rebuild.group-policy': 'ComputeManager._validate_instance_group_policy',
  'rebuild.check-exists': 'driver.instance_exists',
  'rebuild.start-notify': `${NOTIFY} event=rebuild.start`,
  'rebuild.set-task': 'Instance.save task_state=rebuilding',
  'rebuild.network': 'neutron.setup_networks_on_host .. neutron.get_instance_nw_info',
  'rebuild.volumes-info': 'ComputeManager._get_instance_block_device_info',
  'rebuild.power-off': 'driver.power_off',
  'rebuild.destroy': 'driver.destroy',
  'rebuild.set-mapping': 'Instance.save task_state=rebuild_block_device_mapping',
  'rebuild.volumes-attach': 'ComputeManager._prep_block_device',
  'rebuild.set-spawning': 'Instance.save task_state=rebuild_spawning',
  'rebuild.spawn': 'driver.spawn',
  'rebuild.set-active': 'Instance.save vm_state=active task_state=None',
  'rebuild.set-stopping': 'Instance.save task_state=powering-off',
  'rebuild.stop': TURN,
  'rebuild.end-notify': `${NOTIFY} event=rebuild.end`,
  'rebuild.finish.set-host': 'Instance.save in=finish_evacuation',
  'rebuild.finish.drop-context': 'Instance.drop_migration_context in=finish_evacuation',
  'rebuild.finish.set-done': 'Migration.save status=done',
  'rebuild.undo.abort': 'ResourceTracker.drop_move_claim .. Instance.drop_migration_context',
  'rebuild.undo.claim.set-failed': 'Migration.save status=failed',
  'rebuild.undo.claim.deleted': WITHIN,
  'rebuild.undo.claim.remove-alloc.get': 'GET /allocations/{instance}',
  'rebuild.undo.claim.remove-alloc.get-tree': 'GET /resource_providers',
  'rebuild.undo.claim.remove-alloc': 'PUT /allocations/{instance}',
  'rebuild.undo.claim.notify': `${NOTIFY} event=rebuild.error`,

  'init.evacuations': 'MigrationList.get_by_filters',
  'init.next-evacuated': LOOP,
  'init.evacuated.network-info': 'neutron.get_instance_nw_info',
  'init.evacuated.shared-storage': 'call check_instance_shared_storage',
  'init.evacuated.destroy': 'driver.destroy',
  'init.evacuated.again': LOOP,
  'init.evacuated.destroyed': LOOP,
  'init.next-claim': { unreachable: 'a server that the hypervisor had has been read before' },
  'init.evacuated.remove-alloc.get': 'GET /allocations/{instance}',
  'init.evacuated.remove-alloc.get-tree': 'GET /resource_providers',
  'init.evacuated.remove-alloc': 'PUT /allocations/{instance}',
  'init.evacuated.set-completed': 'Migration.save status=completed',
  'init.evacuated.next': LOOP,
  'init.evacuations-done': WITHIN,
};
