"""What the resource tracker of Nova counts of hosts in given situations.

Standard input: a JSON list of situations, each a host with what the database has of instances and migrations. Prints a list
as long: the exception that ended the audit, the CPUs that are pinned, the vCPUs and the memory that are used.

ResourceTracker._update_available_resource is Nova's own. Replaced are the two queries of the database, the driver's first
answer, and what comes behind the counting: Placement, metrics and PCI devices.
"""

import json
import sys
from unittest import mock

import nova.conf
from nova import context as nova_context
from nova import objects
from nova.compute import resource_tracker
from nova.objects import numa

# nova/db/main/api.py:migration_get_in_progress_and_error_by_host_and_node
OVER = ("confirmed", "reverted", "failed", "completed", "cancelled", "done")
CONTEXT = nova_context.get_admin_context()


def uuid_of(kind, number):
    return f"{kind:08d}-0000-4000-8000-{number:012d}"


def host_topology(cpus):
    pages = [objects.NUMAPagesTopology(size_kb=4, total=2097152, used=0)]
    cell = numa.NUMACell(
        id=0, socket=0, cpuset=set(), pcpuset=set(range(cpus)), cpu_usage=0, memory=8192, memory_usage=0,
        pinned_cpus=set(), siblings=[{cpu} for cpu in range(cpus)], mempages=pages)
    return numa.NUMATopology(cells=[cell])._to_json()


def topology(cpus):
    if not cpus:
        return None
    cell = objects.InstanceNUMACell(
        id=0, cpuset=set(), pcpuset=set(range(len(cpus))), memory=512, cpu_policy="dedicated",
        cpu_pinning=dict(enumerate(cpus)))
    return objects.InstanceNUMATopology(cells=[cell])


def flavor_of(flavors, number):
    if number is None:
        return None
    return objects.Flavor(
        id=number + 1, flavorid=str(number), name=str(number), swap=0, ephemeral_gb=0, extra_specs={},
        vcpus=flavors[number]["vcpus"], memory_mb=flavors[number]["ram"], root_gb=flavors[number]["disk"])


def instance_of(situation, number):
    row = situation["instances"][number]
    no_devices = objects.PciDeviceList(objects=[])
    context = None
    if row["context"] is not None:
        context = objects.MigrationContext(
            CONTEXT, instance_uuid=uuid_of(1, number), migration_id=row["context"]["migration"] + 1,
            old_numa_topology=topology(row["context"]["old"]), new_numa_topology=topology(row["context"]["new"]),
            old_pci_devices=no_devices, new_pci_devices=no_devices, old_pci_requests=None, new_pci_requests=None,
            old_resources=None, new_resources=None)
    flavors = situation["flavors"]
    return objects.Instance(
        CONTEXT, id=number + 1, uuid=uuid_of(1, number), host=row["host"], node=row["host"], compute_id=1,
        vm_state=row["vm_state"], task_state=row["task_state"], flavor=flavor_of(flavors, row["flavor"]),
        old_flavor=flavor_of(flavors, row["old_flavor"]), new_flavor=flavor_of(flavors, row["new_flavor"]),
        instance_type_id=row["instance_type"] + 1, numa_topology=topology(row["pinned"]), migration_context=context,
        pci_requests=objects.InstancePCIRequests(requests=[]), pci_devices=no_devices, resources=None,
        system_metadata={}, project_id="project", user_id="user", os_type=None)


def migration_of(row, number):
    return objects.Migration(
        CONTEXT, id=number + 1, uuid=uuid_of(2, number), instance_uuid=uuid_of(1, row["instance"]),
        source_compute=row["source"], source_node=row["source"], dest_compute=row["destination"],
        dest_node=row["destination"], old_instance_type_id=row["old_flavor"] + 1,
        new_instance_type_id=row["new_flavor"] + 1, status=row["status"], migration_type=row["type"],
        created_at=None, updated_at=None)


def audit(situation):
    host = situation["host"]
    tracker = resource_tracker.ResourceTracker(host, mock.MagicMock(), reportclient=mock.MagicMock())
    node = objects.ComputeNode(
        id=1, uuid=uuid_of(3, 0), host=host, hypervisor_hostname=host, mapped=0, stats={}, vcpus=8, memory_mb=8192,
        local_gb=100, vcpus_used=0, memory_mb_used=0, local_gb_used=0, numa_topology=host_topology(situation["cpus"]))
    tracker.compute_nodes[host] = node
    tracker.pci_tracker = mock.MagicMock()
    tracker.pci_tracker.stats.to_device_pools_obj.return_value = objects.PciDevicePoolList()
    instances = [instance_of(situation, k) for k, row in enumerate(situation["instances"]) if row["exists"]]
    resident = [one for one in instances if one.host == host]
    migrations = [
        migration_of(row, k) for k, row in enumerate(situation["migrations"])
        if row["exists"] and row["status"] not in OVER and host in (row["source"], row["destination"])]
    by_uuid = {one.uuid: one for one in instances}
    behind = ("_init_compute_node", "_update", "_remove_deleted_instances_allocations", "_report_final_resource_view",
              "_get_host_metrics", "_populate_assigned_resources", "_ensure_compute_id_for_instances")
    patches = [mock.patch.object(tracker, name, return_value={}) for name in behind]
    patches += [
        mock.patch.object(tracker, "disabled", return_value=False),
        mock.patch("nova.objects.InstanceList.get_by_host_and_node",
                   return_value=objects.InstanceList(objects=resident)),
        mock.patch("nova.objects.MigrationList.get_in_progress_and_error",
                   return_value=objects.MigrationList(objects=migrations)),
        mock.patch("nova.objects.Instance.get_by_uuid", side_effect=lambda _c, uuid, **_k: by_uuid[uuid]),
        mock.patch("nova.objects.Migration.save"),
        mock.patch("nova.compute.utils.is_volume_backed_instance", return_value=False),
    ]
    raised = None
    for patch in patches:
        patch.start()
    try:
        tracker._update_available_resource(CONTEXT, {"hypervisor_hostname": host})
    except Exception as exc:
        raised = type(exc).__name__
    finally:
        mock.patch.stopall()
    cell = numa.NUMATopology.obj_from_db_obj(node.numa_topology).cells[0]
    return {"raised": raised, "pinned": sorted(cell.pinned_cpus), "vcpus": node.vcpus_used,
            "memory_mb": node.memory_mb_used}


def main():
    nova.conf.CONF([], project="nova", default_config_files=[])
    nova.conf.CONF.set_override("reserved_host_memory_mb", 0)
    objects.register_all()
    json.dump([audit(situation) for situation in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
