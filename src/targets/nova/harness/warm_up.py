"""A scenario played once and forgotten, before anything is forked. The first use of a path compiles its SQL, its patterns and
its schemas, a good part of what a short scenario would cost; every fork inherits what is compiled."""

import contextlib
import sqlite3

from nova import availability_zones
from nova.db.api import api as api_db
from nova.scheduler.client import report
from placement import db_api as placement_db

import hypervisor
import observe
import play

HOSTS = 2
RECORD = {'total': 64, 'reserved': 0, 'min_unit': 1, 'max_unit': 64, 'step_size': 1, 'allocation_ratio': 1.0}
INVENTORIES = {'VCPU': RECORD, 'MEMORY_MB': dict(RECORD, total=65536, max_unit=65536), 'DISK_GB': RECORD}


def flavor(name, size):
    return {'name': name, 'vcpus': size, 'ram': 512 * size, 'disk': size, 'ephemeral': 0, 'swap': 0, 'properties': {}}


SCENARIO = {
    'cloud': {
        'hosts': [{'name': 'h%d' % h, 'inventories': INVENTORIES, 'traits': []} for h in range(HOSTS)],
        'flavors': [flavor('m1', 1), flavor('m2', 2)],
    },
    'options': {'allow_resize_to_same_host': False, 'supports_migrate_to_same_host': False, 'max_attempts': 3,
                'client_replay': 0},
    'operations': [
        {'operation': 'boot', 'server': 's', 'flavor': 'm1'},
        {'operation': 'resize', 'server': 's', 'flavor': 'm2'},
        {'operation': 'confirm', 'server': 's'},
        {'operation': 'resize', 'server': 's', 'flavor': 'm1'},
        {'operation': 'revert', 'server': 's'},
        {'operation': 'resize', 'server': 's', 'flavor': 'm1'},
        {'operation': 'settle'},
        {'operation': 'delete', 'server': 's'},
    ],
    'faults': [{'operation': 5, 'point': 'finish.driver', 'kind': 'error-before', 'nth': 1, 'times': 1}],
    'holds': [],
}


def warm_up(nova):
    with _databases_as_they_are(nova.deployment), _parts_as_they_are(nova):
        for h in range(HOSTS):
            nova.deployment.add_host('host-%d' % h)
        play.play(nova, {'scenario': SCENARIO})


@contextlib.contextmanager
def _databases_as_they_are(deployment):
    engines = [*observe.engines(deployment), api_db.context_manager.writer.get_engine(),
               placement_db.placement_context_manager.writer.get_engine()]
    kept = []
    for engine in engines:
        # a database in memory is its one connection
        own = engine.raw_connection().driver_connection
        copy = sqlite3.connect(':memory:')
        own.backup(copy)
        kept.append((copy, own))
    yield
    for copy, own in kept:
        copy.backup(own)
        copy.close()


@contextlib.contextmanager
def _parts_as_they_are(nova):
    """What is kept beside the databases: who serves which messages, and what was noted of the hosts."""
    deployment, jobs = nova.deployment, nova.jobs
    kept = [(part, dict(part)) for part in (
        nova.bus.servers, jobs.up, deployment.host_mappings, deployment.managers, deployment.drivers, hypervisor.HOSTS)]
    yield
    for part, before in kept:
        part.clear()
        part.update(before)
    jobs.sequence = 0
    nova.faults.armed = True
    nova.faults.visited = {}
    nova.names = None
    report.report_client_singleton().clear_provider_cache()
    availability_zones.reset_cache()
