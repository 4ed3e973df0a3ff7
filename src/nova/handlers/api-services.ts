/** What the API does about the nova-compute of a host: force it down or up, and delete its service. */
import { NONE } from '../../state/table.ts';
import { removeProviderTree } from '../report-client.ts';
import { inProgress, MOVE_TYPE, STATUS } from '../states.ts';
import { database, memory, notification, OUTCOME, type Outcome, read, request, type Step, write } from '../step.ts';
import type { Job, World } from '../world.ts';
import { handler, I, ok, refuse } from './common.ts';

const SERVICES = 'nova/api/openstack/compute/services.py:ServiceController';
const REPORT = 'nova/scheduler/client/report.py:SchedulerReportClient';

/** `job.requested` is the host whose service it is about. */
const findService = (world: World, job: Job): Outcome =>
  world.hosts[job.requested]!.serviceDeleted === 1 ? refuse(world, job, 404) : OUTCOME.OK;

/** The next migration from `job.cursor` on by which a server was evacuated from the host, which has not come back since. */
function nextEvacuation({ globals, migrations }: World, job: Job): number {
  for (let m = job.cursor; m < globals.migrations; m++) {
    const { exists, type, status, source } = migrations[m]!;
    if (exists === 1 && type === MOVE_TYPE.EVACUATION && status === STATUS.DONE && source === job.requested) return m;
  }
  return NONE;
}

/** PUT /os-services/{id} {forced_down}; `job.option` is the new value. */
export const apiForceDown = handler({
  id: 'api.force_down',
  nova: `${SERVICES}._update_v253`,
  prefix: 'force-down',
  steps: [
    request('force-down.api', `${SERVICES}._update_v253`, findService),
    database(
      'force-down.check-evacuations',
      `${SERVICES}._check_for_evacuations`,
      (world, job) => {
        const done = job.option === 0 && nextEvacuation(world, job) !== NONE;
        return done ? refuse(world, job, 400) : OUTCOME.OK;
      },
      { when: (_world, job) => job.option === 0 },
    ),
    database('force-down.save', 'nova/objects/service.py:Service.save', (world, job) => {
      world.hosts[job.requested]!.forcedDown = job.option;
      return OUTCOME.OK;
    }),
    notification('force-down.notify', 'nova/objects/service.py:Service._send_status_update_notification'),
  ],
});

/** `except ks_exc.ClientException`: where nothing answers, that is logged, and the service goes all the same. */
function logsNoAnswer(step: Step): Step {
  const { take } = step;
  if (take === undefined) return step;
  return {
    ...step,
    take: (world, job, response) => (response.status === 0 ? OUTCOME.RAISE_CLIENT : take(world, job, response)),
    swallows: 'service-delete.host-mapping',
    unless: (_world, _job, outcome) => outcome !== OUTCOME.RAISE_CLIENT,
  };
}

/** _remove_allocations_for_evacuated_instances */
const evacuatedAllocations: readonly Step[] = [
  database('service-delete.get-evacuations', `${REPORT}._remove_allocations_for_evacuated_instances`, ok),
  memory(
    'service-delete.next-evacuation',
    `${REPORT}._remove_allocations_for_evacuated_instances`,
    (world, job) => {
      const found = nextEvacuation(world, job);
      if (found === NONE) return OUTCOME.ELSE;
      job.cursor = found + 1;
      job.instance = world.migrations[found]!.instance;
      return OUTCOME.OK;
    },
    { else: 'service-delete.get-tree' },
  ),
  ...removeProviderTree('service-delete.remove-alloc', I, (job) => job.requested).steps.map((step) => ({
    ...logsNoAnswer(step),
    ...(step.else === '$end' ? { else: 'service-delete.next-evacuation' } : {}),
  })),
  memory('service-delete.again', `${REPORT}._remove_allocations_for_evacuated_instances`, () => OUTCOME.ELSE, {
    else: 'service-delete.next-evacuation',
  }),
];

/** delete_resource_provider(cascade=True): that anybody still holds something there is logged, and no more. */
const deleteProvider: readonly Step[] = [
  // InstanceList.get_uuids_by_host_and_node; on the host of a service that may be deleted there is none
  database('service-delete.get-uuids', `${REPORT}.delete_resource_provider`, ok),
  ...evacuatedAllocations,
  logsNoAnswer(
    read(
      'service-delete.get-tree',
      `${REPORT}.delete_resource_provider`,
      (_world, job) => ({ op: 'get-providers-in-tree', provider: job.requested }),
      (_world, _job, response) => {
        if (response.status !== 200) return OUTCOME.RAISE_PLACEMENT;
        return response.ids.length === 0 ? OUTCOME.ELSE : OUTCOME.OK;
      },
      { else: 'service-delete.host-mapping' },
    ),
  ),
  logsNoAnswer(
    write(
      'service-delete.delete-provider',
      `${REPORT}._delete_provider`,
      (_world, job) => ({ op: 'delete-provider', provider: job.requested }),
      // ResourceProviderInUse and ResourceProviderDeletionFailed are passed over
      ok,
    ),
  ),
];

/** Leaves the number in `job.held`. */
function countInstances(world: World, job: Job): Outcome {
  job.held = world.instances.filter(
    ({ exists, host, unmapped }) => exists === 1 && host === job.requested && unmapped === 0,
  ).length;
  return OUTCOME.OK;
}

/** DELETE /os-services/{id} */
export const apiServiceDelete = handler({
  id: 'api.service_delete',
  nova: `${SERVICES}.delete`,
  prefix: 'service-delete',
  steps: [
    request('service-delete.api', `${SERVICES}.delete`, findService),
    database(
      'service-delete.count-instances',
      'nova/objects/instance.py:InstanceList.get_count_by_hosts',
      countInstances,
    ),
    memory('service-delete.instances', `${SERVICES}.delete`, (world, job) =>
      job.held > 0 ? refuse(world, job, 409) : OUTCOME.OK,
    ),
    database(
      'service-delete.get-nodes',
      'nova/objects/compute_node.py:ComputeNodeList.get_all_by_host',
      // ComputeHostNotFound: "Deleting compute service with no associated compute nodes."
      (world, job) => (world.hosts[job.requested]!.nodeDeleted === 1 ? OUTCOME.ELSE : OUTCOME.OK),
      { else: 'service-delete.host-mapping' },
    ),
    database('service-delete.check-migrations', `${SERVICES}._assert_no_in_progress_migrations`, (world, job) => {
      for (const { exists, status, source, destination } of world.migrations) {
        if (exists !== 1 || !inProgress(status)) continue;
        if (source === job.requested || destination === job.requested) return refuse(world, job, 409);
      }
      return OUTCOME.OK;
    }),
    ...deleteProvider,
    database('service-delete.host-mapping', 'nova/objects/host_mapping.py:HostMapping.destroy', ok),
    // nova/db/main/api.py:service_destroy takes the compute nodes along
    database('service-delete.destroy', 'nova/objects/service.py:Service.destroy', (world, job) => {
      const host = world.hosts[job.requested]!;
      host.serviceDeleted = 1;
      host.nodeDeleted = 1;
      return OUTCOME.OK;
    }),
    notification('service-delete.notify', 'nova/objects/service.py:Service._send_notification'),
  ],
});
