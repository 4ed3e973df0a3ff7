"""A hypervisor as libvirt behaves in a resize, a live migration and a shelve: guests, the disks of a guest to be, and the `_resize`
copies that a revert starts from. What the model's steps that touch a driver do to them is the same (src/nova/handlers)."""

from nova.compute import power_state
from nova.compute import task_states
from nova import exception
from nova.virt import fake
from nova.virt import hardware

# by host: what a nova-compute that restarts finds again
HOSTS = {}


class Host:
    def __init__(self, name):
        self.name = name
        # instance uuid -> whether it runs
        self.guests = {}
        self.backups = set()
        # of live migrations that are to be aborted: instance uuids
        self.aborted = set()
        self.inventories = {}
        self.traits = []
        self.same_host = False


class HarnessDriver(fake.FakeDriver):
    @property
    def here(self):
        return HOSTS[self._host]

    def get_info(self, instance, use_cache=True):
        if instance.uuid not in self.here.guests:
            raise exception.InstanceNotFound(instance_id=instance.uuid)
        running = self.here.guests[instance.uuid]
        return hardware.InstanceInfo(state=power_state.RUNNING if running else power_state.SHUTDOWN)

    def list_instances(self):
        return []

    def list_instance_uuids(self):
        return list(self.here.guests)

    def instance_exists(self, instance):
        return instance.uuid in self.here.guests

    def _create(self, instance, power_on):
        self.here.guests[instance.uuid] = power_on

    def spawn(self, context, instance, image_meta, injected_files, admin_password, allocations, network_info=None,
              block_device_info=None, power_on=True, accel_info=None):
        # what went wrong with the networks is raised where they are asked for
        list(network_info or ())
        self._create(instance, power_on)

    def destroy(self, context, instance, network_info, block_device_info=None, destroy_disks=True,
                destroy_secrets=True):
        self.here.guests.pop(instance.uuid, None)

    def snapshot(self, context, instance, image_id, update_task_state):
        update_task_state(task_state=task_states.IMAGE_PENDING_UPLOAD)
        self.extract_snapshot(instance)
        update_task_state(
            task_state=task_states.IMAGE_UPLOADING, expected_state=task_states.IMAGE_PENDING_UPLOAD)

    def extract_snapshot(self, instance):
        pass

    def cleanup(self, context, instance, network_info, block_device_info=None, destroy_disks=True,
                migrate_data=None, destroy_vifs=True, destroy_secrets=True):
        if migrate_data is not None:
            # of the host that a live migration left
            self.here.guests.pop(instance.uuid, None)

    def check_can_live_migrate_destination(self, *args, **kwargs):
        data = super().check_can_live_migrate_destination(*args, **kwargs)
        data.is_shared_block_storage = data.is_shared_instance_path = False
        return data

    def pre_live_migration(self, context, instance, block_device_info, network_info, disk_info, migrate_data):
        self.here.guests.setdefault(instance.uuid, False)
        return migrate_data

    def live_migration(self, context, instance, dest, post_method, recover_method, block_migration=False,
                       migrate_data=None):
        self.begin_live_migration(instance)
        try:
            moved = self._live_migration_monitor(instance, dest)
        except Exception:
            if HOSTS[dest].guests.get(instance.uuid):
                raise
            moved = False
        if moved:
            post_method(context, instance, dest, block_migration, migrate_data)
            return
        aborted = instance.uuid in self.here.aborted
        recover_method(context, instance, dest, migrate_data, migration_status='cancelled' if aborted else 'failed')

    def begin_live_migration(self, instance):
        self.here.aborted.discard(instance.uuid)

    def _live_migration_monitor(self, instance, dest):
        """Whether the guest runs there and no more here."""
        if instance.uuid in self.here.aborted or not self.here.guests.get(instance.uuid):
            return False
        self.here.guests[instance.uuid] = False
        HOSTS[dest].guests[instance.uuid] = True
        return True

    def live_migration_abort(self, instance):
        self.here.aborted.add(instance.uuid)

    def post_live_migration_at_source(self, context, instance, network_info):
        pass

    def rollback_live_migration_at_destination(self, context, instance, network_info, block_device_info,
                                               destroy_disks=True, migrate_data=None):
        self.here.guests.pop(instance.uuid, None)

    def migrate_disk_and_power_off(self, context, instance, dest, flavor, network_info, block_device_info=None,
                                   timeout=0, retry_interval=0):
        self.here.guests.pop(instance.uuid, None)
        self.here.backups.add(instance.uuid)
        HOSTS[dest].guests[instance.uuid] = False

    def finish_migration(self, context, migration, instance, disk_info, network_info, image_meta, resize_instance,
                         allocations, block_device_info=None, power_on=True, share_info=None):
        self._create(instance, power_on)

    def confirm_migration(self, context, migration, instance, network_info):
        self.here.backups.discard(instance.uuid)
        if instance.host != self._host:
            self.here.guests.pop(instance.uuid, None)

    def finish_revert_migration(self, context, instance, network_info, migration, block_device_info=None, power_on=True,
                                share_info=None):
        self.here.backups.discard(instance.uuid)
        self._create(instance, power_on)

    def _power(self, instance, on):
        here = self.here
        if instance.uuid not in here.guests and instance.uuid in here.backups and instance.host == self._host:
            here.backups.discard(instance.uuid)
            here.guests[instance.uuid] = False
        if on and instance.host == self._host:
            here.guests[instance.uuid] = True
        elif instance.uuid in here.guests:
            here.guests[instance.uuid] = False

    def power_off(self, instance, timeout=0, retry_interval=0):
        self._power(instance, False)

    def power_on(self, context, instance, network_info, block_device_info=None, accel_info=None, share_info=None):
        self._power(instance, True)

    def reboot(self, context, instance, network_info, reboot_type, block_device_info=None, bad_volumes_callback=None,
               accel_info=None, share_info=None):
        self._power(instance, True)

    def check_instance_shared_storage_local(self, context, instance):
        # what is not None is asked about on the other host
        return {'filename': instance.uuid}

    def check_instance_shared_storage_remote(self, context, data):
        return False

    def check_instance_shared_storage_cleanup(self, context, data):
        pass

    def get_host_ip_addr(self):
        # what migrate_disk_and_power_off is given as its destination
        return self._host

    def get_available_resource(self, nodename):
        resources = super().get_available_resource(nodename)
        for field, name in (('vcpus', 'VCPU'), ('memory_mb', 'MEMORY_MB'), ('local_gb', 'DISK_GB')):
            record = self.here.inventories.get(name)
            resources[field] = record['total'] if record else 0
        for field in ('vcpus_used', 'memory_mb_used', 'local_gb_used'):
            resources[field] = 0
        return resources

    def update_provider_tree(self, provider_tree, nodename, allocations=None):
        provider_tree.update_inventory(nodename, self.here.inventories)
        provider_tree.add_traits(nodename, *self.here.traits)
