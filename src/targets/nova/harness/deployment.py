"""A Nova in one process: API, conductor, scheduler, Placement and N nova-computes, set up by the fixtures of Nova's own
functional tests, with bus, locks, clock and hypervisor of the harness in the place of those that would wait."""

import contextlib
import functools
import json
import logging
import os
import random
import uuid
import warnings

import fixtures
import futurist
from oslo_concurrency import lockutils
from oslo_config import cfg
from oslo_utils import uuidutils
from sqlalchemy import exc as sqlalchemy_exc
import webob
import webob.dec  # noqa: F401  (Nova 26 takes it for imported)

from nova import context
from nova import exception
from nova import objects
from nova import rpc
from nova import service
from nova import test
from nova import utils
from nova.compute import manager
from nova.compute import rpcapi as compute_rpcapi
from nova.objects import host_mapping
from nova.api import wsgi
from nova.scheduler import weights
from nova.scheduler.client import report
from nova.servicegroup import api as servicegroup
from nova.tests import fixtures as nova_fixtures
from nova.tests.functional import fixtures as func_fixtures
from placement import deploy
from placement.handlers import allocation as allocation_handler
from placement.tests.functional.fixtures import placement as placement_fixtures

import hypervisor
import shortcuts
from wire import PlacementDied

CONF = cfg.CONF
PROJECT = '6f70656e737461636b20342065766572'


class ByPosition(weights.BaseHostWeigher):
    """The order of a scenario's hosts, in which the model's scheduler takes them."""

    def _weigh_object(self, host_state, weight_properties):
        return 1000 - int(host_state.host.rpartition('-')[2])


class Clock:
    """What Nova imports as `time` where it would sleep between attempts."""

    def __init__(self, module):
        self._module = module

    def __getattr__(self, name):
        return getattr(self._module, name)

    def sleep(self, _seconds):
        pass


class Deployment(test.TestCase):
    """Not a test: `setUp` is called by hand, and nothing is torn down, since every scenario runs in a fork."""

    def runTest(self):
        pass

    def __init__(self):
        super().__init__('runTest')
        self.managers = {}
        self.drivers = {}

    def prepare(self, jobs, bus, wire):
        self.jobs = jobs
        self.bus = bus
        self.wire = wire
        self._keep_databases()
        shortcuts.keep_connections()
        self.flags(compute_driver='fake.FakeDriver')
        lockutils.internal_lock = lambda name, semaphores=None, blocking=True: jobs.lock(name)
        lockutils.internal_fair_lock = lambda name: jobs.lock(name)
        self.setUp()
        self._only_warn()
        bus.install()
        self._configure()
        self.policy = self.useFixture(nova_fixtures.RealPolicyFixture())
        self.useFixture(nova_fixtures.NeutronFixture(self))
        self.useFixture(nova_fixtures.GlanceFixture(self))
        self.useFixture(nova_fixtures.CinderFixture(self))
        self.useFixture(nova_fixtures.AllServicesCurrent())
        self._make_volumes()
        self._start_placement()
        self._start_api()
        self._run_at_once()
        self._name_what_init_drives()
        self._fail_to_start()
        self._silence()
        servicegroup.API.service_is_up = lambda _api, member: self.is_up(member)
        for name in ('conductor', 'scheduler'):
            jobs.up[name] = True
            self.start_service(name)
        for name in ('api', 'placement', 'operator'):
            jobs.up[name] = True

    def _configure(self):
        self.flags(service_down_time=10 ** 9, report_interval=0, periodic_enable=False,
                   reserved_host_memory_mb=0, reserved_host_disk_mb=0, reserved_host_cpus=0,
                   instance_usage_audit=False, sync_power_state_interval=-1)
        self.flags(enabled_filters=['ComputeFilter'], weight_classes=['deployment.ByPosition'],
                   shuffle_best_same_weighed_hosts=False, host_subset_size=1, track_instance_changes=False,
                   group='filter_scheduler')
        # wall clocks would make two runs of one scenario differ
        self.flags(resource_provider_association_refresh=0, group='compute')
        self.flags(driver='nova.quota.NoopQuotaDriver', group='quota')
        self.flags(notification_format='unversioned', group='notifications')
        self.flags(driver=['noop'], group='oslo_messaging_notifications')
        paste = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'api-paste.ini')
        self.flags(api_paste_config=paste, group='wsgi')

    @staticmethod
    def _only_warn():
        """Nova's WarningsFixture makes errors of SQLAlchemy's warnings; a nova-compute logs them and goes on. A save of a server
        that is deleted leaves it a second row of instance_extra, and every audit that reads it is warned of that."""
        warnings.filterwarnings('ignore', category=sqlalchemy_exc.SAWarning)

    @staticmethod
    def _keep_databases():
        """A database in memory is its one connection, and a connection made anew is an empty database: oslo.db drops one that
        another process made, as it would be behind a fork, and one that is an hour old (connection_recycle_time)."""
        from oslo_db.sqlalchemy import engines

        class Os:
            def __getattr__(self, name):
                return getattr(os, name)

            def getpid(self):
                return 1

        engines.os = Os()
        create = engines.create_engine
        engines.create_engine = lambda *args, **kwargs: create(*args, **dict(kwargs, connection_recycle_time=-1))

    @staticmethod
    def _make_volumes():
        """Any volume is a bootable one, so that each server can have its own; the fixture has a single one."""
        from nova.volume import cinder
        found = cinder.API.get

        def get(context, volume_id, microversion=None):
            volume = found(context, volume_id, microversion=microversion)
            image = nova_fixtures.GlanceFixture.image1['id']
            return dict(volume, bootable=True, volume_image_metadata={'image_id': image})

        cinder.API.get = staticmethod(get)

    def _start_placement(self):
        fixture = self.useFixture(placement_fixtures.PlacementFixture(use_intercept=False))
        self.wire.app = deploy.loadapp(fixture.conf_fixture.conf)
        wire = self.wire
        write = allocation_handler.alloc_obj.replace_all

        def replace_all(*args, **kwargs):
            if wire.cut:
                raise PlacementDied()
            return write(*args, **kwargs)

        allocation_handler.alloc_obj.replace_all = replace_all

        def get(_client, url, version=None, global_request_id=None):
            return wire.ask('GET', url, None, version)

        def post(_client, url, data, version=None, global_request_id=None):
            return wire.ask('POST', url, data, version)

        def put(_client, url, data, version=None, global_request_id=None):
            return wire.ask('PUT', url, data, version)

        def delete(_client, url, version=None, global_request_id=None):
            return wire.ask('DELETE', url, None, version)

        for verb in (get, post, put, delete):
            setattr(report.SchedulerReportClient, verb.__name__, verb)
        report.time = Clock(report.time)

    def _start_api(self):
        api = self.useFixture(nova_fixtures.OSAPIFixture(api_version='v2.1'))
        self.flags(debug=False)
        self.api = api.app()

    def request(self, method, path, body=None, version=None):
        """A request of an administrator. Returns status and what was answered."""
        version = version or '2.73'
        headers = {'X-Auth-User': 'admin', 'X-Auth-Project-Id': PROJECT,
                   'X-Roles': 'reader,member,admin', 'OpenStack-API-Version': 'compute ' + version,
                   'X-OpenStack-Nova-API-Version': version, 'Accept': 'application/json'}
        request = webob.Request.blank('/v2.1' + path, method=method, headers=headers)
        if body is not None:
            request.content_type = 'application/json'
            request.body = json.dumps(body).encode()
        response = request.get_response(self.api)
        return response.status_int, response.text

    def _run_at_once(self):
        """Work that Nova hands to a pool of threads is done where it is handed over; what it raises stays in its Future. A live
        migration is a job, of which a nova-compute runs one at a time."""
        try:
            from nova import thread_pool_factory
        except ImportError:
            thread_pool_factory = None

        def spawn(function, *args, **kwargs):
            future = futurist.Future()
            try:
                future.set_result(function(*args, **kwargs))
            except Exception as error:
                future.set_exception(error)
            return future

        if thread_pool_factory is not None:
            thread_pool_factory.spawn = spawn
            live = getattr(thread_pool_factory, 'ExecutorType', None) and thread_pool_factory.ExecutorType.LIVE_MIGRATION

            def spawn_on(executor, function, *args, **kwargs):
                if executor == live:
                    return self._queue('compute._do_live_migration', function, *args, **kwargs)
                return spawn(function, *args, **kwargs)

            thread_pool_factory.spawn_on = spawn_on
            return

        class Thread:
            """What utils.spawn of Nova 26 returns: a GreenThread."""

            def __init__(self, future):
                self.wait = future.result

            def link(self, *_):
                pass

        utils.spawn = lambda function, *args, **kwargs: Thread(spawn(function, *args, **kwargs))
        utils.spawn_n = lambda function, *args, **kwargs: spawn(function, *args, **kwargs)

    def _queue(self, handler, function, *args, **kwargs):
        future = futurist.Future()
        service = self.jobs.current.service
        key = (service, handler)

        def body():
            job = self.jobs.current
            job.waits_for = None
            if not future.set_running_or_notify_cancel():
                return
            self.jobs.owners[key] = job
            try:
                future.set_result(function(*args, **kwargs))
            except Exception as error:
                future.set_exception(error)
                raise
            finally:
                self.jobs.owners.pop(key, None)

        self.jobs.begin(handler, service, self.jobs.current.operation, body).waits_for = key
        return future

    def _name_what_init_drives(self):
        """What _init_instance does again without a message is a handler of its own in the model."""
        for method in ('_delete_instance', 'reboot_instance', 'stop_instance', 'start_instance'):
            self._name(method, 'compute.' + method, 'compute.init_host')
        # and so is the audit that ends a live migration on its source
        self._name('stop_instance', 'compute.stop_instance', 'compute.rebuild_instance')
        self._name('update_available_resource', 'compute.update_available_resource', 'compute._do_live_migration')

    def _fail_to_start(self):
        """A nova-compute that cannot destroy what was evacuated does not come up."""
        original = manager.ComputeManager._destroy_evacuated_instances

        @functools.wraps(original)
        def destroy(compute, *args):
            try:
                return original(compute, *args)
            except Exception:
                self.jobs.up[compute.host] = False
                raise

        manager.ComputeManager._destroy_evacuated_instances = destroy

    def _name(self, method, handler, of):
        original = getattr(manager.ComputeManager, method)

        @functools.wraps(original)
        def named(*args, **kwargs):
            job = self.jobs.current
            if job is None or job.handler != of:
                return original(*args, **kwargs)
            with self.jobs.within(handler):
                return original(*args, **kwargs)

        setattr(manager.ComputeManager, method, named)

    @staticmethod
    def _silence():
        logging.disable(logging.CRITICAL)

    def is_up(self, member):
        """Of a row of the services table, as an object or a dictionary."""
        binary, host, forced_down = (
            member[key] if hasattr(member, 'keys') else getattr(member, key) for key in ('binary', 'host', 'forced_down'))
        return binary != 'nova-compute' or (not forced_down and self.jobs.up.get(host, False))

    # ---- computes

    def add_host(self, name):
        hypervisor.HOSTS[name] = hypervisor.Host(name)
        self.jobs.up[name] = True
        with self._driver_of(name):
            self.managers[name] = self.start_service('compute', host=name).manager
        self.drivers[name] = self.managers[name].driver

    @contextlib.contextmanager
    def _driver_of(self, name):
        """A nova-compute that restarts finds its hypervisor as it was."""
        def load(virtapi, compute_driver=None):
            return self.drivers.get(name) or hypervisor.HarnessDriver(virtapi)

        with fixtures.MonkeyPatch('nova.virt.driver.load_compute_driver', load):
            yield

    def restart_compute(self, name):
        """The body of a job: nova-compute starts (nova/service.py:Service.start), with a manager of its own."""
        CONF.set_override('host', name)
        with self._driver_of(name):
            # the second topic came with 33.0.0
            topics = {'topic_alt': compute_rpcapi.RPC_TOPIC_ALT} if hasattr(compute_rpcapi, 'RPC_TOPIC_ALT') else {}
            started = service.Service.create(host=name, binary='nova-compute', **topics)
        self.managers[name] = started.manager
        # as in the model a host takes messages as soon as it starts; Nova's wait until init_host is through
        self.bus.adopt(name, started.manager)
        try:
            started.start()
        except exception.InvalidConfiguration:
            # a new service that finds guests on its hypervisor
            self.jobs.up[name] = False
            raise
        # what `nova-manage cell_v2 discover_hosts` does, for a service that is new
        host_mapping.discover_hosts(self.context())

    def context(self):
        return context.get_admin_context()


def reproducible(seed):
    """Names that Nova draws are the same in every run."""
    draw = random.Random(seed)
    uuid.uuid4 = lambda: uuid.UUID(int=draw.getrandbits(128), version=4)
    random.seed(seed)
