/** At which call of Nova's each point of a request about a service lies; calls.ts says how they are written. */
import type { Unreachable } from './calls.ts';

export const SERVICE_CALLS: Readonly<Record<string, string | Unreachable>> = {
  'force-down.api': 'HostAPI.service_get_by_id',
  'force-down.check-evacuations': 'ServiceController._check_for_evacuations',
  'force-down.save': 'Service.save',
  'force-down.notify': 'Service._send_status_update_notification',

  'service-delete.api': 'HostAPI.service_get_by_id',
  'service-delete.count-instances': 'InstanceList.get_count_by_hosts',
  'service-delete.instances': { unreachable: 'a condition within a function of Nova, which calls nothing' },
  'service-delete.get-nodes': 'ComputeNodeList.get_all_by_host',
  'service-delete.check-migrations': 'ServiceController._assert_no_in_progress_migrations',
  'service-delete.get-uuids': 'InstanceList.get_uuids_by_host_and_node',
  'service-delete.get-evacuations': 'MigrationList.get_by_filters',
  'service-delete.next-evacuation': { unreachable: 'the turn of a loop of Nova, which calls nothing' },
  'service-delete.remove-alloc.get': 'GET /allocations/{instance}',
  'service-delete.remove-alloc.get-tree': 'GET /resource_providers in=remove_provider_tree_from_instance_allocation',
  'service-delete.remove-alloc': 'PUT /allocations/{instance}',
  'service-delete.again': { unreachable: 'the turn of a loop of Nova, which calls nothing' },
  'service-delete.get-tree': 'GET /resource_providers out=remove_provider_tree_from_instance_allocation',
  'service-delete.delete-provider': 'DELETE /resource_providers/{provider}',
  'service-delete.host-mapping': 'HostMapping.destroy',
  'service-delete.destroy': 'main_db.service_destroy',
  'service-delete.notify': 'Service._send_notification',

  'audit.create-provider': 'POST /resource_providers',
  'audit.put-inventories': 'PUT /resource_providers/{provider}/inventories',
  'audit.put-traits': 'PUT /resource_providers/{provider}/traits',
  'init.sanity-check-new-host': 'driver.list_instance_uuids',
  'init.create-service': 'Service.create',
};
