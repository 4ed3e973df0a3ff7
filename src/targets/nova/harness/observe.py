"""What everybody holds: the model's picture (src/observation/picture.ts), read from Nova's and Placement's databases, the
trackers and the hypervisors."""

import json

from nova import context
from nova.db.api import api as api_db
from nova.db.main import api as main_db
from placement import db_api as placement_db

import hypervisor


class Names:
    """What uuids and ids stand for in a scenario."""

    def __init__(self, hosts, flavors):
        self.hosts = hosts
        self.flavors = flavors
        # server name -> uuid, in the order of the boots
        self.servers = {}
        self.providers = {}
        # uuid of what is in use on a host without the scenario's doing -> the host
        self.bystanders = {}

    def host(self, name):
        """A scenario's name of one of ours, or None."""
        if name is None or not name.startswith('host-'):
            return None
        return self.hosts[int(name.rpartition('-')[2])]

    def server(self, uuid):
        for name, one in self.servers.items():
            if one == uuid:
                return name
        return None


def connection_of(engine):
    """A database in memory is its one connection."""
    return engine.raw_connection().driver_connection


def rows(connection, statement, *values):
    """Past SQLAlchemy, which would make a transaction of each look."""
    cursor = connection.execute(statement, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def engines(deployment):
    """The database of the cell and that of servers which never came to one."""
    found = []
    for name in ('cell1', 'cell0'):
        with context.target_cell(context.get_admin_context(), deployment.cell_mappings[name]) as cctxt:
            found.append(main_db.get_engine(False, cctxt) if hasattr(main_db, 'get_engine') else None)
    return found


class Observer:
    def __init__(self, deployment, jobs, names):
        self.deployment = deployment
        self.jobs = jobs
        self.names = names
        self.cells = [connection_of(engine) for engine in engines(deployment)]
        self.api = connection_of(api_db.get_engine())
        self.placement = connection_of(placement_db.placement_context_manager.writer.get_engine())

    def _cell(self, statement):
        return [row for cell in self.cells for row in rows(cell, statement)]

    def picture(self):
        names = self.names
        instances = {row['uuid']: row for row in self._cell(
            'SELECT i.uuid, i.deleted, i.host, i.vm_state, i.task_state, i.power_state, e.flavor '
            'FROM instances i LEFT JOIN instance_extra e ON e.instance_uuid = i.uuid ORDER BY i.id')}
        migrations = self._cell(
            "SELECT uuid, deleted, instance_uuid, migration_type, status, source_compute, dest_compute, dest_node "
            "FROM migrations ORDER BY id")
        shown = []
        for server, uuid in names.servers.items():
            row = instances.get(uuid)
            if row is None:
                if uuid is None and self.unnamed() is None:
                    continue
                shown.append(self._unbuilt(server, uuid))
                continue
            shown.append(self._instance(server, uuid, row))
        counted, consumers = {}, {}
        moves = []
        for row in migrations:
            server = names.server(row['instance_uuid']) or '?'
            counted[server] = counted.get(server, 0) + 1
            name = '%s/migration-%d' % (server, counted[server])
            consumers[row['uuid']] = name
            moves.append({
                'migration': name,
                'server': server,
                'deleted': row['deleted'] != 0,
                'migration_type': row['migration_type'],
                'status': row['status'],
                'source_compute': names.host(row['source_compute']),
                # a live migration to a forced host has its name from the beginning, and its node when it is claimed
                'dest_compute': names.host(row['dest_compute']) if row['dest_node'] is not None else None,
            })
        for server, uuid in names.servers.items():
            consumers[uuid] = server
        for uuid, host in names.bystanders.items():
            consumers[uuid] = '%s/bystanders' % host
        self.consumers = consumers
        held, empty = self._allocations(consumers)
        order = [*names.servers, *(move['migration'] for move in moves)]
        return {
            'instances': shown,
            'migrations': moves,
            'allocations': {name: held[name] for name in order if name in held}
            | {name: held[name] for name in sorted(held) if name not in order},
            'empty_consumers': [name for name in order if name in empty],
            **self._missing(),
            'trackers': {name: self._tracker('host-%d' % h) for h, name in enumerate(names.hosts)},
        }

    def service(self, host):
        """The uuid of the row of a host's nova-compute, or of the last that there was."""
        found = self._cell(
            "SELECT uuid FROM services WHERE host = '%s' AND binary = 'nova-compute' ORDER BY deleted = 0, id" % host)
        return found[-1]['uuid']

    def missing(self, table):
        """Hosts without a row that is not deleted."""
        found = {row['host'] for row in self._cell('SELECT host FROM %s WHERE deleted = 0' % table)}
        return [own for own in ('host-%d' % h for h in range(len(self.names.hosts))) if own not in found]

    def _missing(self):
        there = {row['uuid'] for row in rows(self.placement, 'SELECT uuid FROM resource_providers')}
        missing = {
            'services': [self.names.host(own) for own in self.missing('services')],
            'compute_nodes': [self.names.host(own) for own in self.missing('compute_nodes')],
            'resource_providers': [self.names.host(own) for own, uuid in self.names.providers.items() if uuid not in there],
        }
        return {'missing': missing} if any(missing.values()) else {}

    def states(self, instance, migration):
        """vm_state of an instance, and the status of a migration of it, as they stand."""
        vm_state = rows(self.cells[0], 'SELECT vm_state FROM instances WHERE uuid = ?', instance)
        status = rows(self.cells[0], 'SELECT status FROM migrations WHERE uuid = ?', migration)
        return (vm_state[0]['vm_state'] if vm_state else None, status[0]['status'] if status else None)

    def image_of(self, instance):
        """The image that it was built of, or none."""
        found = rows(self.cells[0], 'SELECT image_ref FROM instances WHERE uuid = ?', instance)
        return found[0]['image_ref'] if found else None

    def last_live_migration(self, instance):
        """The id of the one that was asked for last, or one that there is not."""
        found = rows(
            self.cells[0],
            "SELECT max(id) AS last FROM migrations WHERE instance_uuid = ? AND migration_type = 'live-migration' "
            'AND deleted = 0', instance)
        return found[0]['last'] or 0

    def all_names(self):
        providers = {uuid: self.names.host(own) for own, uuid in self.names.providers.items()}
        return {**providers, **self.consumers}

    def unnamed(self):
        """The uuid of a request to build whose client has no answer yet, or a bad one; or None."""
        asked = rows(self.api, 'SELECT instance_uuid FROM build_requests ORDER BY id')
        known = set(self.names.servers.values())
        return next((row['instance_uuid'] for row in asked if row['instance_uuid'] not in known), None)

    def _unbuilt(self, server, uuid):
        """A request to build that has not come to a cell, or was deleted before it did."""
        asked = rows(self.api, 'SELECT 1 FROM build_requests WHERE instance_uuid = ?', uuid)
        return {'server': server, 'deleted': uuid is not None and not asked, 'host': None, 'vm_state': 'building', 'task_state': None,
                'flavor': self.booted[server], 'old_flavor': None, 'new_flavor': None,
                'guests': [], 'running': [], 'backups': []}

    booted = {}

    def _instance(self, server, uuid, row):
        flavors = json.loads(row['flavor']) if row['flavor'] else {}
        named = {which: one['nova_object.data']['name'] if one else None for which, one in flavors.items()}
        on = [(self.names.hosts[h], hypervisor.HOSTS['host-%d' % h]) for h in range(len(self.names.hosts))]
        return {
            'server': server,
            'deleted': row['deleted'] != 0,
            'host': self.names.host(row['host']),
            'vm_state': row['vm_state'],
            'task_state': row['task_state'],
            'flavor': self.names.flavors.get(named.get('cur')),
            'old_flavor': self.names.flavors.get(named.get('old')),
            'new_flavor': self.names.flavors.get(named.get('new')),
            'guests': [name for name, host in on if uuid in host.guests],
            'running': [name for name, host in on if host.guests.get(uuid)],
            'backups': [name for name, host in on if uuid in host.backups],
        }

    def _allocations(self, consumers):
        found = rows(
            self.placement,
            'SELECT c.uuid, p.name AS provider, r.name AS class, a.used FROM consumers c '
            'LEFT JOIN allocations a ON a.consumer_id = c.uuid '
            'LEFT JOIN resource_providers p ON p.id = a.resource_provider_id '
            'LEFT JOIN resource_classes r ON r.id = a.resource_class_id ORDER BY p.id, a.resource_class_id')
        held, empty = {}, []
        for row in found:
            name = consumers.get(row['uuid'], row['uuid'])
            if row['provider'] is None:
                empty.append(name)
                continue
            provider = self.names.host(row['provider']) or row['provider']
            held.setdefault(name, {}).setdefault(provider, {})[row['class']] = row['used']
        return held, empty

    def _tracker(self, host):
        manager = self.deployment.managers.get(host)
        node = manager.rt.compute_nodes.get(host) if manager is not None and self.jobs.up[host] else None
        if node is None:
            return {'vcpus_used': 0, 'memory_mb_used': 0, 'local_gb_used': 0}
        return {'vcpus_used': node.vcpus_used, 'memory_mb_used': node.memory_mb_used,
                'local_gb_used': node.local_gb_used}
