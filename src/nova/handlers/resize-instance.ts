import { instanceOf, migrationOf, oneOf, saveStatus, setHost, setOldFlavor, setTask } from '../database.ts';
import { STATUS, TASK } from '../states.ts';
import { cast, cinder, database, driver, neutron, notification, OUTCOME, type Outcome, saving } from '../step.ts';
import type { Job, World } from '../world.ts';
import { handler, here, MANAGER, toDestination } from './common.ts';

/** virt/libvirt/driver.py: powers off, renames the instance's directory to `_resize`, copies its disks to the destination. */
export function migrateDiskAndPowerOff(world: World, job: Job): Outcome {
  const instance = instanceOf(world, job);
  const bit = 1 << here(job);
  instance.guests &= ~bit;
  instance.running &= ~bit;
  instance.backups |= bit;
  instance.guests |= 1 << migrationOf(world, job).destination;
  return OUTCOME.OK;
}

export const resizeInstance = handler({
  id: 'compute.resize_instance',
  nova: `${MANAGER}._resize_instance`,
  prefix: 'src',
  steps: [
    neutron('src.network-info', `${MANAGER}._resize_instance`),
    database('src.set-migrating', `${MANAGER}._resize_instance`, (world, job) =>
      saveStatus(world, job, STATUS.MIGRATING),
    ),
    saving(
      'src.set-task',
      `${MANAGER}._resize_instance`,
      (_world, job) => setTask(job, TASK.RESIZE_MIGRATING),
      oneOf(TASK.RESIZE_PREP),
    ),
    driver('src.driver', 'nova/virt/driver.py:ComputeDriver.migrate_disk_and_power_off', migrateDiskAndPowerOff, {
      mayRollBack: true,
    }),
    cinder('src.volumes', `${MANAGER}._terminate_volume_connections`),
    neutron('src.network-start', 'nova/network/neutron.py:API.migrate_instance_start'),
    database('src.set-post-migrating', `${MANAGER}._resize_instance`, (world, job) =>
      saveStatus(world, job, STATUS.POST_MIGRATING),
    ),
    // ownership flips here; when the save fails the private copy stays dirty, and an error handler saves it
    saving(
      'src.flip-host',
      `${MANAGER}._resize_instance`,
      (world, job) => {
        setHost(job, migrationOf(world, job).destination);
        setOldFlavor(job, job.instanceFlavor);
        setTask(job, TASK.RESIZE_MIGRATED);
      },
      oneOf(TASK.RESIZE_MIGRATING),
    ),
    cast('src.cast-finish', 'nova/compute/rpcapi.py:ComputeAPI.finish_resize', 'compute.finish_resize', toDestination),
    // outside the contexts that mark instance and migration, inside the one that gives the claim back
    notification('src.end-notify', `${MANAGER}._send_resize_instance_notifications`, undefined, {
      outside: ['migration', 'vm'],
    }),
  ],
});
