"""Nova's calls at which failure points lie, each wrapped once: what a wrapper does is decided by faults.py."""

import functools
import sys

from oslo_db import exception as db_exception

from nova import conf  # noqa: F401
from nova import exception
from nova import objects
from nova.api.openstack.compute import servers
from nova.api.openstack.compute import services
from nova.cmd import manage
from nova.compute import api as compute_api
from nova.compute import manager
from nova.compute import resource_tracker
from nova import availability_zones
from nova.compute import utils as compute_utils
from nova.conductor import manager as conductor_manager
from nova.conductor.tasks import live_migrate
from nova.conductor.tasks import migrate
from nova.db.main import api as main_db
from nova.image import glance
from nova.network import neutron
from nova.scheduler import manager as scheduler_manager
from nova.scheduler import utils as scheduler_utils
from nova.servicegroup import api as servicegroup
from nova.volume import cinder

import hypervisor

CLASSES = {
    'API': compute_api.API,
    'HostAPI': compute_api.HostAPI,
    'ServiceController': services.ServiceController,
    'ComputeManager': manager.ComputeManager,
    'ComputeTaskManager': conductor_manager.ComputeTaskManager,
    'LiveMigrationTask': live_migrate.LiveMigrationTask,
    'MigrationTask': migrate.MigrationTask,
    'PlacementCommands': manage.PlacementCommands,
    'ResourceTracker': resource_tracker.ResourceTracker,
    'ServersController': servers.ServersController,
    'SchedulerManager': scheduler_manager.SchedulerManager,
    'servicegroup': servicegroup.API,
    'cinder': cinder.API,
    'glance': glance.API,
    'driver': hypervisor.HarnessDriver,
    'neutron': neutron.API,
}
MODULES = {'availability_zones': availability_zones, 'compute_utils': compute_utils, 'main_db': main_db,
           'scheduler_utils': scheduler_utils}
OBJECTS = ('BlockDeviceMappingList', 'BuildRequest', 'ComputeNode', 'ComputeNodeList', 'HostMapping', 'Instance', 'InstanceAction', 'InstanceList',
           'InstanceMapping', 'InstancePCIRequests', 'Migration', 'MigrationList', 'RequestSpec', 'Service')


def error(touches):
    """What Nova sees of a failure that nobody planned for, by what the step deals with."""
    if touches in ('database', 'tracker', 'memory'):
        return db_exception.DBConnectionError()
    if touches == 'neutron':
        return exception.PortBindingFailed(port_id='claimcheck')
    if touches == 'cinder':
        return exception.CinderConnectionFailed(reason='claimcheck')
    if touches == 'task':
        return RuntimeError('the executor is shut down')
    return exception.NovaException('claimcheck')


def raised(kind, point):
    if point.id == 'boot.recheck-quota':
        return exception.TooManyInstances(overs='instances', req=1, used=0, allowed=0)
    if point.id == 'boot.group-policy':
        return exception.GroupAffinityViolation(instance_uuid='claimcheck', policy='Anti-affinity')
    if point.id == 'heal.get-ports':
        return exception.UnableToQueryPorts(instance_uuid='claimcheck', error='claimcheck')
    if kind == 'fault-rollback':
        return exception.InstanceFaultRollback(inner_exception=error(point.touches))
    if kind in ('unavailable', 'unknown-node'):
        return exception.ComputeResourcesUnavailable(reason='claimcheck')
    if kind == 'build-abort':
        return exception.BuildAbortException(instance_uuid='claimcheck', reason='claimcheck')
    return error(point.touches)


def facts_of(name, target, args, kwargs):
    """What may be asked of a call: fields that a save writes, a phase, an event."""
    facts = {'raising': sys.exc_info()[0] is not None}
    if name.endswith('.save') and hasattr(target, 'obj_get_changes'):
        facts.update(target.obj_get_changes())
    for value in (*args, *kwargs.values()):
        if value in ('start', 'end'):
            facts['phase'] = value
        elif isinstance(value, str) and value.startswith(
                ('resize.', 'live', 'create.', 'shelve', 'unshelve.', 'rebuild.')):
            facts['event'] = value
    if 'expected_attrs' in kwargs:
        facts['joined'] = 'migration_context' in (kwargs['expected_attrs'] or ())
    if 'teardown' in kwargs:
        facts['teardown'] = kwargs['teardown']
    return facts


def install(faults, names):
    for name in sorted(names):
        owner, _, method = name.partition('.')
        if owner in MODULES:
            _wrap_function(faults, name, MODULES[owner], method)
        elif owner in CLASSES:
            _wrap_method(faults, name, CLASSES[owner], method)
        elif owner in OBJECTS:
            _wrap_method(faults, name, getattr(objects, owner), method)
        elif ' ' not in name:
            raise LookupError('no call of Nova is named %s' % name)


def _wrap_function(faults, name, module, method):
    original = getattr(module, method)

    @functools.wraps(original)
    def wrapped(*args, **kwargs):
        return faults.cross(name, facts_of(name, None, args, kwargs), lambda: original(*args, **kwargs), raised)

    setattr(module, method, wrapped)


def _wrap_method(faults, name, owner, method):
    original = owner.__dict__.get(method) or getattr(owner, method, None)
    if original is None:
        # an older release, which does not call it
        return
    is_class = isinstance(original, classmethod) or getattr(original, '__self__', None) is owner
    is_static = isinstance(original, staticmethod)
    function = original.__func__ if hasattr(original, '__func__') else original
    if not hasattr(type(original), '__get__'):
        # a fixture of Nova's stands there, a mock that is no function: nothing is bound when it is called
        function = lambda _self, *args, **kwargs: original(*args, **kwargs)  # noqa: E731

    @functools.wraps(function)
    def wrapped(self, *args, **kwargs):
        facts = facts_of(name, self, args, kwargs)
        return faults.cross(name, facts, lambda: function(self, *args, **kwargs), raised)

    @functools.wraps(function)
    def wrapped_static(*args, **kwargs):
        return faults.cross(name, facts_of(name, None, args, kwargs), lambda: function(*args, **kwargs), raised)

    replacement = staticmethod(wrapped_static) if is_static else classmethod(wrapped) if is_class else wrapped
    setattr(owner, method, replacement)
