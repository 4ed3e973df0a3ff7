/** A port that guarantees bandwidth is taken away from a server: `openstack server remove port`. */
import { instanceOf, loadInstance, saveInstance } from '../database.ts';
import { removeResources } from '../report-client.ts';
import { BANDWIDTH } from '../setting.ts';
import { TASK, VM } from '../states.ts';
import { cast, database, driver, neutron, notification, OUTCOME, request } from '../step.ts';
import type { World } from '../world.ts';
import { API, compute, handler, I, MANAGER, ok, refuse } from './common.ts';

/** The server has no such port any more, and what it held when it was moved is to be had without it. */
export function noteDetached(world: World, i: number): void {
  world.instances[i]!.minKbps = 0;
  const bandwidth = world.setting.classes.indexOf(BANDWIDTH);
  for (let k = 0; k < world.globals.moves; k++) {
    const { exists, instance, before } = world.moves[k]!;
    if (exists === 0 || instance !== i) continue;
    const rows = before.rows();
    before.assign(rows.filter((_, at) => rows[at - (at % 3) + 1] !== bandwidth));
  }
}

export const apiDetachInterface = handler({
  id: 'api.detach_interface',
  nova: `${API}.detach_interface`,
  prefix: 'api-detach',
  steps: [
    request('detach.api', `${API}.detach_interface`, (world, job) => {
      if (loadInstance(world, job) !== OUTCOME.OK) return refuse(world, job, 404);
      const { vm, task } = job;
      if ((vm !== VM.ACTIVE && vm !== VM.STOPPED) || task !== TASK.NONE) return refuse(world, job, 409);
      return OUTCOME.OK;
    }),
    database('detach.action-record', `${API}._record_action_start`, ok),
    cast(
      'detach.cast',
      'nova/compute/rpcapi.py:ComputeAPI.detach_interface',
      'compute.detach_interface',
      (_world, job) => compute(job.host),
    ),
  ],
});

/** Nothing undoes any of it. */
export const detachInterface = handler({
  id: 'compute.detach_interface',
  nova: `${MANAGER}._detach_interface`,
  prefix: 'detach',
  steps: [
    // PortNotFound
    database('detach.network-info', 'nova/compute/utils.py:refresh_info_cache_for_instance', (world, job) =>
      instanceOf(world, job).minKbps === 0 ? OUTCOME.RAISE : OUTCOME.OK,
    ),
    notification('detach.start-notify', `${MANAGER}._detach_interface`, ok),
    driver('detach.driver', 'nova/virt/driver.py:ComputeDriver.detach_interface', ok),
    // what it asked for is read before it goes
    neutron('detach.deallocate-port', 'nova/network/neutron.py:API.deallocate_port_for_instance', (world, job) => {
      const instance = instanceOf(world, job);
      job.option = instance.minKbps;
      noteDetached(world, job.instance);
      return OUTCOME.OK;
    }),
    removeResources('detach.remove-resources', I, (world, job) => [
      job.host,
      world.setting.classes.indexOf(BANDWIDTH),
      job.option,
    ]),
    database('detach.save', `${MANAGER}._detach_interface`, (world, job) => saveInstance(world, job)),
    notification('detach.end-notify', `${MANAGER}._detach_interface`, ok),
  ],
});
