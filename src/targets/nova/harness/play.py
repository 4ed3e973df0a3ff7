"""One scenario, from its cloud to what is left when all has come to rest."""

import hashlib
import importlib.metadata
import os
import re

import nova as nova_package
from nova import context
from nova import objects
from oslo_config import cfg

import deployment
import hypervisor
import moves
import observe
import operations

UUID = re.compile(r'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}')

# handlers by topic and method; what is not here is taken in at once, and has no failure points
HANDLERS = {
    ('conductor', 'schedule_and_build_instances'): 'conductor.schedule_and_build_instances',
    ('conductor', 'build_instances'): 'conductor.build_instances',
    ('conductor', 'unshelve_instance'): 'conductor.unshelve_instance',
    ('conductor', 'rebuild_instance'): 'conductor.rebuild_instance',
    ('conductor', 'migrate_server'): 'conductor.migrate_server',
    ('conductor', 'live_migrate_instance'): 'conductor.live_migrate_instance',
    ('scheduler', 'select_destinations'): 'scheduler.select_destinations',
    ('scheduler', 'select_destinations', 'rebuild'): 'scheduler.select_destinations.rebuild',
}
for topic in ('compute', 'compute-alt'):
    for method in ('build_and_run_instance', 'prep_resize', 'resize_instance', 'finish_resize', 'confirm_resize',
                   'revert_resize', 'finish_revert_resize', 'check_instance_shared_storage', 'terminate_instance',
                   'stop_instance', 'start_instance', 'reboot_instance', 'check_can_live_migrate_destination',
                   'check_can_live_migrate_source', 'pre_live_migration', 'live_migration', 'live_migration_abort',
                   'post_live_migration_at_destination', 'rollback_live_migration_at_destination',
                   'shelve_instance', 'shelve_offload_instance', 'unshelve_instance', 'rebuild_instance'):
        HANDLERS[(topic, method)] = 'compute.' + method


def service_of(target):
    return target.server if target.topic.startswith('compute') else target.topic


def versions():
    """And where the code of this Nova lies: a checkout has no version of its own."""
    found = {name: importlib.metadata.version(name) for name in ('nova', 'openstack-placement')}
    return dict(found, folder=os.path.dirname(os.path.dirname(os.path.abspath(nova_package.__file__))))


def shape_of(nova):
    """A path without the names in it: what a failure point's call says of a request."""

    def shape(url):
        path = url.partition('?')[0]
        found = UUID.search(path)
        if found is None:
            return path
        if path.startswith('/resource_providers'):
            return UUID.sub('{provider}', path)
        servers = nova.names.servers.values() if nova.names is not None else ()
        return UUID.sub('{instance}' if found.group() in servers or nova.is_instance(found.group()) else '{migration}', path)

    return shape


class Listener:
    """What happened, in order, for stories and for the rate of what was asked."""

    def __init__(self):
        self.events = None
        self.fired = []
        self.moves = None

    def _tell(self, **event):
        if self.events is not None:
            self.events.append(event)

    def begun(self, job):
        self._tell(what='begun', service=job.service, handler=job.handler, operation=job.operation)

    def ended(self, job):
        self.moves.ended(job)
        self._tell(what='ended', service=job.service, handler=job.handler,
                   error=None if job.error is None else type(job.error).__name__,
                   said=None if job.error is None else str(job.error)[:300])

    def killed(self, job):
        self._tell(what='killed', service=job.service, handler=job.handler)

    def service(self, service, up):
        self._tell(what='service', service=service, up=up)

    def hold(self, job, how, point=None):
        self._tell(what='hold', handler=job.handler, how=how, point=point.id if point is not None else job.hold.point)

    def fault(self, job, point, kind):
        self._tell(what='fault', handler=job.handler, point=point.id, kind=kind)

    def step(self, job, point, error):
        self._tell(what='step', handler=job.handler, point=point.id,
                   error=error if error is None or isinstance(error, str) else type(error).__name__)

    def request(self, job, point, method, url, data, answer):
        if self.events is None:
            return
        said = answer if isinstance(answer, str) else {'status': answer.status_code, 'body': answer.text}
        self._tell(what='request', handler=None if job is None else job.handler,
                   point=None if point is None else point.id, method=method, url=url, data=data, answer=said)


def populate(nova, scenario):
    """Makes the scenario's cloud out of the hosts that are up: their inventories, the flavors, the options."""
    cloud, options = scenario['cloud'], scenario['options']
    admin = context.get_admin_context()
    cfg.CONF.set_override('allow_resize_to_same_host', options['allow_resize_to_same_host'])
    cfg.CONF.set_override('max_attempts', options['max_attempts'], group='scheduler')
    nova.wire.replays = options['client_replay']
    wanted = [name for host in cloud['hosts'] for name in (*host['inventories'], *host['traits'])]
    wanted += [word for flavor in cloud['flavors'] for key in flavor['properties'] for word in key.split(':')[1:]]
    for name in wanted:
        if name.startswith('CUSTOM_'):
            kind = '/traits/' if name in _traits(cloud) else '/resource_classes/'
            nova.wire.send('PUT', kind + name, None, '1.28')
    flavors = {}
    for n, flavor in enumerate(cloud['flavors']):
        identity = 'flavor-%d' % n
        flavors[identity] = flavor['name']
        objects.Flavor(
            admin, flavorid=identity, name=identity, memory_mb=flavor['ram'], vcpus=flavor['vcpus'],
            root_gb=flavor['disk'], ephemeral_gb=flavor['ephemeral'], swap=flavor['swap'], rxtx_factor=1.0,
            vcpu_weight=0, disabled=False, is_public=True, extra_specs=dict(flavor['properties'])).create()
    names = observe.Names([host['name'] for host in cloud['hosts']], flavors)
    for h, host in enumerate(cloud['hosts']):
        own = 'host-%d' % h
        here = hypervisor.HOSTS[own]
        here.traits = list(host['traits'])
        manager = nova.deployment.managers[own]
        manager.driver.capabilities = dict(
            manager.driver.capabilities, supports_migrate_to_same_host=options['supports_migrate_to_same_host'])
        names.providers[own] = manager.rt.compute_nodes[own].uuid
        if host.get('used'):
            # what is there may be more than the records allow, or no multiple of a step: it came before the records were so
            here.inventories = {name: dict(ROOMY) for name in host['used']}
            manager.update_available_resource(admin)
            names.bystanders[_stand_by(nova, admin, manager.rt.compute_nodes[own], host['used'])] = host['name']
        here.inventories = {name: dict(record) for name, record in host['inventories'].items()}
        manager.update_available_resource(admin)
    return names


ROOMY = {'total': 2147483647, 'reserved': 0, 'min_unit': 1, 'max_unit': 2147483647, 'step_size': 1, 'allocation_ratio': 1.0}


def _stand_by(nova, admin, node, used):
    """Allocations of servers outside the scenario, as one consumer (src/nova/world.ts:standBy). Nova has an instance of that uuid
    there, so that `placement audit` takes it for no orphan; of no size, so that the tracker counts nothing for it; and in error, so
    that a nova-compute that restarts lets it be (ComputeManager._init_instance)."""
    size = {'vcpus': 0, 'memory_mb': 0, 'root_gb': 0, 'ephemeral_gb': 0}
    flavor = objects.Flavor(id=0, flavorid='bystander', name='bystander', swap=0, extra_specs={}, is_public=True,
                            disabled=False, rxtx_factor=1.0, vcpu_weight=0, **size)
    instance = objects.Instance(
        admin, project_id=deployment.PROJECT, user_id='admin', vm_state='error', host=node.host, node=node.hypervisor_hostname,
        hostname='bystander', flavor=flavor, old_flavor=None, new_flavor=None, numa_topology=None, **size)
    if 'compute_id' in instance.fields:
        instance.compute_id = node.id
    instance.create()
    answer = nova.wire.send('PUT', '/allocations/%s' % instance.uuid, {
        'allocations': {node.uuid: {'resources': used}}, 'project_id': deployment.PROJECT, 'user_id': 'admin',
        'consumer_generation': None}, '1.28')
    if not answer:
        raise RuntimeError('what is in use on a host could not be written: %s' % answer.text)
    return instance.uuid


def _traits(cloud):
    found = {name for host in cloud['hosts'] for name in host['traits']}
    for flavor in cloud['flavors']:
        found |= {key.partition(':')[2] for key in flavor['properties'] if key.startswith('trait')}
    return found


def play(nova, request):
    scenario = request['scenario']
    seed = int(hashlib.sha256(repr(scenario).encode()).hexdigest()[:12], 16)
    deployment.reproducible(seed)
    nova.listener.events = [] if request.get('trace') else None
    names = populate(nova, scenario)
    nova.names = names
    observer = observe.Observer(nova.deployment, nova.jobs, names)
    player = operations.Operations(nova.deployment, nova.jobs, nova.faults, nova.wire, observer, scenario)
    nova.faults.arm(scenario['faults'], scenario['holds'])
    course = nova.moves.course = moves.Course(observer, scenario['operations'])
    steps = []
    for k, operation in enumerate(scenario['operations']):
        if nova.listener.events is not None:
            nova.listener.events.append({'what': 'operation', 'operation': k})
        record = player.perform(k, operation)
        steps.append({'operation': dict(record), 'picture': observer.picture()})
    if nova.listener.events is not None:
        nova.listener.events.append({'what': 'settle'})
    player.settle(max(len(scenario['operations']) - 1, 0))
    settled = observer.picture()
    return {
        'steps': steps,
        'settled': settled,
        'moves': course.told(),
        'fired': [fault.fired > 0 for fault in nova.faults.faults],
        'held': [hold.state for hold in nova.faults.holds],
        'visited': nova.faults.visited,
        'events': nova.listener.events,
        # whose each uuid in the events is
        'names': observer.all_names(),
    }
