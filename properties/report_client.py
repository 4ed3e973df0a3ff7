"""What Nova's report client returns and raises, from the start of two compute nodes to the deletion of both.

Argument: the URL of an empty Placement. Prints one JSON object: what was called, and what came of it. Uuids are shown as
the names below, and what has no order in Placement or in Python in that of its text.

Nothing of Nova is replaced: the client makes its own adapter from [placement], as in nova-compute and nova-scheduler.
Where another service writes between a read of the client and its write, a second client does so. Nova's database, of
which delete_resource_provider asks which instances are on a host, is one in SQLite.
"""

import ast
import json
import logging
import os
import re
import sys
import tempfile

from keystoneauth1 import exceptions as ks_exc
import nova.conf
from nova import context as nova_context
from nova.db.main import api as main_db
from nova.db.main import models
from nova import exception
from nova import objects
from nova.scheduler.client import report
from nova.scheduler import utils as scheduler_utils

CONFIGURATION = """
[placement]
auth_type = admin_token
endpoint = {url}
token = admin
[database]
connection = sqlite:///{directory}/nova.sqlite
"""

CN1 = "11111111-1111-4111-8111-111111111111"
CN2 = "22222222-2222-4222-8222-222222222222"
GPU = "33333333-3333-4333-8333-333333333333"
CEPH = "44444444-4444-4444-8444-444444444444"
AGG = "55555555-5555-4555-8555-555555555555"
VM = "66666666-6666-4666-8666-666666666666"
MIGRATION = "77777777-7777-4777-8777-777777777777"
OTHER = "88888888-8888-4888-8888-888888888888"
EVACUATED = "99999999-9999-4999-8999-999999999999"
LEFT = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
NOTHING = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
NAMES = {
    CN1: "CN1",
    CN2: "CN2",
    GPU: "GPU",
    CEPH: "CEPH",
    AGG: "AGG",
    VM: "VM",
    MIGRATION: "MIGRATION",
    OTHER: "OTHER",
    EVACUATED: "EVACUATED",
    LEFT: "LEFT",
    NOTHING: "NOTHING",
}

PROJECT = "project"
USER = "user"


class SchedulerReportClient(report.SchedulerReportClient):
    """Nova's, with the roles of Nova's user: without Keystone a token has none but `admin`, and only a service reshapes.

    Once, behind the reads that are named, another service writes.
    """

    reads_left = 0

    def _create_client(self):
        client = super()._create_client()
        client.additional_headers["x-roles"] = "admin,service"
        return client

    def overtaken(self, reads, write):
        self.reads_left, self.write = reads, write
        return self

    def get(self, url, version=None, global_request_id=None):
        response = super().get(url, version, global_request_id)
        if self.reads_left > 0:
            self.reads_left -= 1
            if self.reads_left == 0:
                self.write()
        return response


class Told:
    """What was called and what came of it, in this order."""

    def __init__(self):
        self.answers = {}

    def __call__(self, what, function, *args, **kwargs):
        assert what not in self.answers, what
        result = None
        try:
            result = function(*args, **kwargs)
            self.answers[what] = {"returned": plain(result)}
        except (exception.NovaException, ks_exc.ClientException) as error:
            self.answers[what] = {"raised": f"{type(error).__name__}: {spelled(str(error))}"}
        return result

    def __str__(self):
        text = json.dumps(self.answers)
        for uuid, name in NAMES.items():
            text = text.replace(uuid, name)
        return text


def spelled(message):
    """With the JSON and the dicts in it in one spelling, and without the ids of requests."""
    start = message.find("{")
    if start < 0:
        return message
    end = start
    depth = 0
    for brace in re.finditer("[{}]", message):
        depth += 1 if brace[0] == "{" else -1
        end = brace.end()
        if depth == 0:
            break
    text = message[start:end]
    try:
        value = json.loads(text)
    except ValueError:
        value = ast.literal_eval(text)
    for error in value.get("errors", []):
        error.pop("request_id", None)
    return message[:start] + json.dumps(plain(value)) + spelled(message[end:])


def plain(value):
    """As JSON has it."""
    if isinstance(value, report.provider_tree.ProviderTree):
        return {value.data(uuid).name: plain(value.data(uuid)._asdict()) for uuid in value.get_provider_uuids()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, dict):
        return {key: plain(value[key]) for key in sorted(value)}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, list):
        return sorted((plain(item) for item in value), key=json.dumps)
    return value


def inventory(total, **other):
    """All that update_provider_tree of a driver gives."""
    return {
        "total": total,
        "reserved": 0,
        "min_unit": 1,
        "max_unit": total,
        "step_size": 1,
        "allocation_ratio": 1.0,
        **other,
    }


def resource_request(vcpus, memory_mb, root_gb, extra_specs):
    """As the scheduler makes it of a flavor."""
    flavor = objects.Flavor(
        vcpus=vcpus,
        memory_mb=memory_mb,
        root_gb=root_gb,
        ephemeral_gb=0,
        swap=0,
        extra_specs=extra_specs,
    )
    return scheduler_utils.ResourceRequest.from_request_spec(
        objects.RequestSpec(
            flavor=flavor,
            image=None,
            is_bfv=False,
            request_level_params=objects.RequestLevelParams(),
        )
    )


def on(alloc_requests, rp_uuid):
    """The request that the scheduler claims when it has chosen this host."""
    (chosen,) = (one for one in alloc_requests if rp_uuid in one["allocations"])
    return chosen


def candidates(told, ctx, client, what, *flavor):
    resources = resource_request(*flavor)
    requests, _, version = told(what, client.get_allocation_candidates, ctx, resources)
    return requests, version


def node(uuid, name):
    return objects.ComputeNode(uuid=uuid, host=name, hypervisor_hostname=name)


def nodes_start(told, ctx, client):
    """Two nodes with the licenses and GPUs of the one, and a storage that both share."""
    ensure_root = client.get_provider_tree_and_ensure_root
    tree = told("cn1 is new", ensure_root, ctx, CN1, name="cn1")
    tree.update_inventory(
        CN1,
        {
            "VCPU": inventory(8, allocation_ratio=2.0),
            "MEMORY_MB": inventory(8192, reserved=512),
            "VGPU": inventory(2),
            "CUSTOM_LICENSE": inventory(3, reserved=3),
        },
    )
    tree.update_traits(CN1, ["HW_CPU_X86_AVX2", "COMPUTE_NODE", "CUSTOM_FAST"])
    tree.update_aggregates(CN1, [AGG])
    tree.new_root("ceph", CEPH)
    tree.update_inventory(CEPH, {"DISK_GB": inventory(1000)})
    tree.update_traits(CEPH, ["MISC_SHARES_VIA_AGGREGATE"])
    tree.update_aggregates(CEPH, [AGG])
    told("cn1 reports", client.update_from_provider_tree, ctx, tree)
    told("cn1 reports the same", client.update_from_provider_tree, ctx, tree)

    ensure_root = client.get_provider_subtree_and_ensure_root
    tree = told("cn2 is new", ensure_root, ctx, CN2, name="cn2")
    tree.update_inventory(CN2, {"VCPU": inventory(4), "MEMORY_MB": inventory(4096)})
    tree.update_traits(CN2, ["COMPUTE_NODE"])
    told("cn2 reports", client.update_from_provider_tree, ctx, tree)
    told("cn2 into the aggregate", client.aggregate_add_host, ctx, AGG, "cn2")
    told("cn2 out of it", client.aggregate_remove_host, ctx, AGG, "cn2")
    told("cn2 into it again", client.aggregate_add_host, ctx, AGG, "cn2")
    told("cn3 into it", client.aggregate_add_host, ctx, AGG, "cn3")

    # a process that starts has nothing cached
    fresh = SchedulerReportClient()
    told("cn1 restarts", fresh.get_provider_tree_and_ensure_root, ctx, CN1)
    told("name of cn2", fresh.get_resource_provider_name, ctx, CN2)
    told("name of none", fresh.get_resource_provider_name, ctx, NOTHING)
    told("traits of none", fresh.get_provider_traits, ctx, NOTHING)
    told("tree of none", fresh.get_providers_in_tree, ctx, NOTHING)


def providers_refused(told, ctx, client, other):
    """What may be wrong with what a node reports, and generations that are old."""
    ensure_root = client.get_provider_tree_and_ensure_root
    set_traits = client.set_traits_for_provider
    set_inventory = client.set_inventory_for_provider
    told("cn2 is read again", ensure_root, ctx, CN2)
    told("set_traits", set_traits, ctx, CN2, ["COMPUTE_NODE", "CUSTOM_SLOW"])
    told("traits of cn2", client.get_provider_traits, ctx, CN2)
    told("no trait", set_traits, ctx, CN2, [])
    told("a trait that is not standard", set_traits, ctx, CN2, ["FAST"])
    told("a class that is not", set_inventory, ctx, CN2, {"CPU": inventory(4)})
    told("a class in small letters", set_inventory, ctx, CN2, {"CUSTOM_a": inventory(4)})
    reserved = {"VCPU": inventory(4, reserved=5)}
    told("more reserved than there is", set_inventory, ctx, CN2, reserved)
    told("a name in use", ensure_root, ctx, NOTHING, name="cn1")

    other.get_provider_tree_and_ensure_root(ctx, CN2)
    other.set_traits_for_provider(ctx, CN2, ["CUSTOM_FAST"])
    told("traits of an old generation", set_traits, ctx, CN2, ["CUSTOM_SLOW"])
    reserved = {"VCPU": inventory(4, reserved=4), "MEMORY_MB": inventory(4096)}
    told("inventory of an old generation", set_inventory, ctx, CN2, reserved)
    set_aggregates = client.set_aggregates_for_provider
    told("aggregates of an old generation", set_aggregates, ctx, CN2, [])
    told("cn2 after that", ensure_root, ctx, CN2)


def instances_start(told, ctx, client):
    """VM and OTHER claim cn1: one with a disk on the storage, one with a GPU."""
    ask = candidates
    vm, version = ask(told, ctx, client, "hosts of VM", 2, 1024, 10, {})
    fast = {"trait:CUSTOM_FAST": "required", "trait:HW_CPU_X86_AVX2": "forbidden"}
    ask(told, ctx, client, "hosts that are fast and old", 2, 1024, 10, fast)
    ask(told, ctx, client, "hosts of too much", 2, 10000, 10, {})
    unknown = {"trait:CUSTOM_UNKNOWN": "required"}
    ask(told, ctx, client, "hosts with an unknown trait", 2, 1024, 10, unknown)
    gpu = {"resources:VGPU": "1"}
    other, _ = ask(told, ctx, client, "hosts of OTHER", 1, 512, 0, gpu)

    def claim(what, consumer, alloc_request):
        told(
            what,
            client.claim_resources,
            ctx,
            consumer,
            alloc_request,
            PROJECT,
            USER,
            version,
        )

    claim("VM claims cn1", VM, on(vm, CN1))
    claim("OTHER claims cn1", OTHER, on(other, CN1))
    too_much = {"allocations": {CN1: {"resources": {"VCPU": 8, "MEMORY_MB": 7168}}}}
    claim("too much is claimed", NOTHING, too_much)
    # Placement refuses it behind the making of the consumer, which stays
    claim("LEFT claims a provider that is not", LEFT, {"allocations": {NOTHING: {"resources": {"VCPU": 1}}}})
    claim("LEFT claims cn1", LEFT, on(other, CN1))
    told("VM holds", client.get_allocs_for_consumer, ctx, VM)
    told("NOTHING holds", client.get_allocs_for_consumer, ctx, NOTHING)
    told("held of cn1", client.get_allocations_for_resource_provider, ctx, CN1)
    told("held of none", client.get_allocations_for_resource_provider, ctx, NOTHING)
    told("quota", client.get_usages_counts_for_quota, ctx, PROJECT, user_id=USER)
    told("quota of a user", client.get_usages_counts_for_quota, ctx, PROJECT, "nobody")
    told("limits", client.get_usages_counts_for_limits, ctx, PROJECT)
    return on(vm, CN2), version


def migration(told, ctx, client, to_cn2, version):
    """A live migration that fails, one that succeeds, and a resize that is reverted while both consumers hold."""
    move = client.move_allocations
    delete = client.delete_allocation_for_instance
    held = client.get_allocs_for_consumer
    claim = (client.claim_resources, ctx, VM, to_cn2, PROJECT, USER, version)
    told("VM to MIGRATION", move, ctx, VM, MIGRATION)
    told("VM to MIGRATION again", move, ctx, VM, MIGRATION)
    told("MIGRATION holds", held, ctx, MIGRATION)
    told("VM claims cn2", *claim)
    told("the migration fails: VM is deleted", delete, ctx, VM)
    told("the migration fails: MIGRATION to VM", move, ctx, MIGRATION, VM)
    told("VM holds cn1 again", held, ctx, VM)

    told("VM to MIGRATION once more", move, ctx, VM, MIGRATION)
    told("VM claims cn2 once more", *claim)
    told("quota of both", client.get_usages_counts_for_quota, ctx, PROJECT)
    told("a resize is reverted", move, ctx, MIGRATION, VM)
    told("VM holds what MIGRATION held", held, ctx, VM)
    told("MIGRATION holds nothing", held, ctx, MIGRATION)


def evacuation(told, ctx, client, to_cn2, version):
    """What the source holds is claimed again with the destination, and not twice of the storage."""
    held = client.get_allocs_for_consumer
    claim = client.claim_resources
    remove_tree = client.remove_provider_tree_from_instance_allocation
    told("VM is evacuated", claim, ctx, VM, to_cn2, PROJECT, USER, version)
    told("VM holds both", held, ctx, VM)
    told("cn1 recovers: its tree is removed", remove_tree, ctx, VM, CN1)
    told("its tree is removed again", remove_tree, ctx, VM, CN1)
    told("its tree is removed from NOTHING", remove_tree, ctx, NOTHING, CN1)
    told("VM holds cn2", held, ctx, VM)

    # forced to a host, and so without the scheduler
    force = scheduler_utils.claim_resources_on_destination
    cn1, cn2 = node(CN1, "cn1"), node(CN2, "cn2")

    def instance(uuid):
        return objects.Instance(uuid=uuid, project_id=PROJECT, user_id=USER)

    simple = {"allocations": {CN2: {"resources": {"VCPU": 1, "MEMORY_MB": 256}}}}
    args = (PROJECT, USER, version)
    told("EVACUATED claims cn2", claim, ctx, EVACUATED, simple, *args)
    told("EVACUATED is forced", force, ctx, client, instance(EVACUATED), cn2, cn1)
    told("EVACUATED holds both", held, ctx, EVACUATED)
    told("VM is forced, on two providers", force, ctx, client, instance(VM), cn2, cn1)
    told("NOTHING is forced", force, ctx, client, instance(NOTHING), cn2, cn1)
    much = {CN2: {"resources": {"VCPU": 16}}}
    told("too much is forced", force, ctx, client, instance(NOTHING), cn2, cn1, much)


def allocations(told, ctx, client):
    """What other parts of Nova write: heal_allocations, and the resources of a port that is attached."""
    put = client.put_allocations
    add = client.add_resources_to_instance_allocation
    remove = client.remove_resources_from_instance_allocation
    held = client.get_allocs_for_consumer
    vm = held(ctx, VM)
    vm["allocations"][CN2]["resources"]["VCPU"] = 1
    told("VM is healed", put, ctx, VM, vm)
    told("VM is healed with its old generation", put, ctx, VM, vm)
    told("VM as if it were new", put, ctx, VM, {**vm, "consumer_generation": None})
    unknown = {**vm, "consumer_generation": 1}
    told("NOTHING as if it were not new", put, ctx, NOTHING, unknown)
    vm = held(ctx, VM)
    vm["allocations"][CN2]["resources"]["VCPU"] = 8
    told("VM is healed with too much", put, ctx, VM, vm)

    def of(amount):
        return {CN1: {"resources": {"VGPU": amount}}}

    told("a port is attached", add, ctx, VM, of(1))
    told("another port is attached, without room", add, ctx, VM, of(1))
    told("VM holds the port", held, ctx, VM)
    told("more is detached", remove, ctx, VM, of(2))
    told("the port is detached", remove, ctx, VM, of(1))
    told("the port is detached again", remove, ctx, VM, of(1))
    told("VM holds no port", held, ctx, VM)


def overtaken(told, ctx, client, other, to_cn2, version):
    """Another service writes a consumer between the client's reads and its write."""

    new = {
        "allocations": {CN1: {"resources": {"VCPU": 1}}},
        "project_id": PROJECT,
        "user_id": USER,
        "consumer_generation": None,
    }

    def write(consumer):
        def put():
            held = other.get_allocs_for_consumer(ctx, consumer)
            assert other.put_allocations(ctx, consumer, held if held["allocations"] else new)

        return put

    claim = client.overtaken(1, write(VM)).claim_resources
    told("a claim is overtaken", claim, ctx, VM, to_cn2, PROJECT, USER, version)
    move = client.overtaken(2, write(VM)).move_allocations
    told("a move from VM is overtaken", move, ctx, VM, MIGRATION)
    move = client.overtaken(2, write(MIGRATION)).move_allocations
    told("a move to MIGRATION is overtaken", move, ctx, VM, MIGRATION)
    delete = client.overtaken(1, write(MIGRATION)).delete_allocation_for_instance
    told("a deletion is overtaken", delete, ctx, MIGRATION, "migration")
    told("a deletion by force", delete, ctx, MIGRATION, "migration", force=True)
    remove = client.overtaken(1, write(VM)).remove_provider_tree_from_instance_allocation
    told("a removal is overtaken", remove, ctx, VM, CN2)
    add = client.overtaken(1, write(VM)).add_resources_to_instance_allocation
    told("an addition tries again", add, ctx, VM, {CN2: {"resources": {"VCPU": 1}}})
    told("VM holds as it did, and one more", client.get_allocs_for_consumer, ctx, VM)


def reshape(told, ctx, client):
    """The GPUs of cn1 become a provider of their own, with what OTHER holds of them."""
    ensure_root = client.get_provider_tree_and_ensure_root
    update = client.update_from_provider_tree

    def reshaped():
        """As the driver returns it."""
        tree = ensure_root(ctx, CN1)
        if not tree.exists(GPU):
            tree.new_child("cn1_gpu", CN1, uuid=GPU)
        inventories = tree.data(CN1).inventory
        gpus = inventories.pop("VGPU")
        tree.update_inventory(CN1, inventories)
        tree.update_inventory(GPU, {"VGPU": gpus})
        tree.update_traits(GPU, ["CUSTOM_GPU"])
        return tree

    allocs = told("held of the tree", client.get_allocations_for_provider_tree, ctx, "cn1")
    # the client's tree is older than the allocations that were written since; when that is refused it reads a new one
    told("a reshape of an old generation", update, ctx, reshaped(), allocs)
    told("a reshape that leaves VGPU allocated", update, ctx, reshaped(), allocs)
    vgpu = allocs[OTHER]["allocations"][CN1]["resources"].pop("VGPU")
    allocs[OTHER]["allocations"][GPU] = {"resources": {"VGPU": vgpu}}
    told("a reshape", update, ctx, reshaped(), allocs)
    told("cn1 restarts after it", SchedulerReportClient().get_provider_tree_and_ensure_root, ctx, CN1)
    told("OTHER holds", client.get_allocs_for_consumer, ctx, OTHER)
    gpu = {"resources_GPU:VGPU": "1", "trait_GPU:CUSTOM_GPU": "required", "group_policy": "none"}
    candidates(told, ctx, client, "hosts of one with a GPU of its own", 1, 512, 10, gpu)

    told("inventory in use", client.set_inventory_for_provider, ctx, GPU, {})
    tree = ensure_root(ctx, CN1)
    tree.remove(GPU)
    told("a provider in use is removed", update, ctx, tree)


def deletion(told, ctx, client):
    """Instances and then nodes, also while something is on them."""
    delete = client.delete_allocation_for_instance
    delete_provider = client.delete_resource_provider
    held = client.get_allocs_for_consumer
    in_tree = client.get_providers_in_tree
    cn1, cn2 = node(CN1, "cn1"), node(CN2, "cn2")
    told("OTHER is deleted", delete, ctx, OTHER)
    told("OTHER is deleted again", delete, ctx, OTHER)
    told("OTHER is deleted by force", delete, ctx, OTHER, force=True)
    told("cn2 is deleted while in use", delete_provider, ctx, cn2)
    told("cn2 is there", in_tree, ctx, CN2)

    main_db.instance_create(ctx, {"uuid": VM, "host": "cn2", "node": "cn2"})
    main_db.instance_create(ctx, {"uuid": EVACUATED, "host": "cn1", "node": "cn1"})
    evacuated = {"source_compute": "cn2", "status": "done", "migration_type": "evacuation"}
    main_db.migration_create(ctx, {"uuid": MIGRATION, "instance_uuid": EVACUATED, **evacuated})
    # what EVACUATED left is removed; VM keeps all: get_uuids_by_host_and_node gives rows and no uuids, so that the client
    # sends DELETE /allocations/('66666666-...',) and takes the 404 for a consumer that was deleted before
    told("cn2 is deleted with what is on it", delete_provider, ctx, cn2, cascade=True)
    told("EVACUATED holds cn1", held, ctx, EVACUATED)
    told("VM holds cn2 still", held, ctx, VM)
    told("VM is deleted by force", delete, ctx, VM, force=True)
    told("cn2 is deleted when nothing is on it", delete_provider, ctx, cn2, cascade=True)
    told("cn2 is gone", in_tree, ctx, CN2)

    told("EVACUATED is deleted", delete, ctx, EVACUATED)
    told("quota of nothing", client.get_usages_counts_for_quota, ctx, PROJECT, user_id=USER)
    told("cn1 is deleted with its child", delete_provider, ctx, cn1)
    told("cn1 is gone", in_tree, ctx, GPU)


def main():
    (url,) = sys.argv[1:]
    # what Nova logs of a refusal is in what it raises too
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="claimcheck-nova-") as directory:
        path = os.path.join(directory, "nova.conf")
        with open(path, "w") as file:
            file.write(CONFIGURATION.format(url=url, directory=directory))
        nova.conf.CONF([], project="nova", default_config_files=[path])
        main_db.configure(nova.conf.CONF)
        models.BASE.metadata.create_all(main_db.get_engine())
        objects.register_all()

        told = Told()
        ctx = nova_context.get_admin_context()
        client, other = SchedulerReportClient(), SchedulerReportClient()
        nodes_start(told, ctx, client)
        providers_refused(told, ctx, client, other)
        to_cn2, version = instances_start(told, ctx, client)
        migration(told, ctx, client, to_cn2, version)
        evacuation(told, ctx, client, to_cn2, version)
        allocations(told, ctx, client)
        overtaken(told, ctx, client, other, to_cn2, version)
        reshape(told, ctx, client)
        deletion(told, ctx, client)
    print(told)


if __name__ == "__main__":
    main()
