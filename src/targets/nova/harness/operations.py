"""The operations of a scenario, and the settle that ends one, as the model has them (src/engine/operations.ts, settle.ts)."""

import contextlib
import io
import json
import re
import uuid

from nova.cmd import manage
from nova.db.main import api as main_db
from nova import exception
from nova import objects
from nova.tests import fixtures as nova_fixtures

import hypervisor

CONTROLLERS = ('api', 'conductor', 'scheduler', 'placement')
MOST_ROUNDS = 8
IMAGE = nova_fixtures.GlanceFixture.image1['id']
IMAGES = (IMAGE, nova_fixtures.GlanceFixture.image2['id'])


class Operations:
    def __init__(self, deployment, jobs, faults, wire, observer, scenario):
        self.deployment = deployment
        self.jobs = jobs
        self.faults = faults
        self.wire = wire
        self.observer = observer
        self.names = observer.names
        self.hosts = ['host-%d' % h for h in range(len(scenario['cloud']['hosts']))]
        self.gone = set()
        self.record = None

    # ---- one operation

    def perform(self, k, operation):
        """Returns the operation's picture."""
        self.record = {'outcome': 'not begun', 'http': None}
        record = self.record
        if self._unknown(operation) or not getattr(self, '_' + operation['operation'])(k, operation):
            record['outcome'] = 'skipped'
        if operation['operation'] != 'settle':
            self.jobs.drain(k)
        else:
            self.settle(k)
            self.faults.armed = True
        return record

    def _unknown(self, operation):
        server = operation.get('server')
        if server is not None and operation['operation'] != 'boot' and server not in self.names.servers:
            return True
        host = operation.get('host')
        if host is not None and host not in self.names.hosts:
            return True
        service = operation.get('service')
        return service is not None and service not in CONTROLLERS and service not in self.names.hosts

    def _host(self, name):
        return self.hosts[self.names.hosts.index(name)]

    def _service(self, name):
        return name if name in CONTROLLERS else self._host(name)

    # ---- requests

    def _request(self, k, handler, method, path, body=None, then=None, version=None, otherwise=None):
        if not self.jobs.up['api']:
            return False
        record = self.record

        def ask():
            status, text = self.deployment.request(method, path, body, version)
            self.faults.behind()
            record['outcome'] = 'accepted' if status < 300 else 'refused'
            # an evacuation is answered with 200, a delete with 204
            record['http'] = 202 if status < 300 else status
            if then is not None and status < 300:
                then(json.loads(text))
            if status >= 400:
                record['said'] = text
                if otherwise is not None:
                    otherwise()

        job = self.jobs.begin(handler, 'api', k, ask)

        def killed():
            """The answer to a client whose API dies."""
            record.update(outcome='refused', http=500)
            if otherwise is not None:
                otherwise()

        job.when_killed = killed
        return True

    def _action(self, k, handler, operation, body, version=None):
        uuid = self.names.servers[operation['server']]
        return uuid is not None and self._request(
            k, handler, 'POST', '/servers/%s/action' % uuid, body, version=version)

    def _boot(self, k, operation):
        server, flavor = operation['server'], operation['flavor']
        if server in self.names.servers or flavor not in self.names.flavors.values() or not self.jobs.up['api']:
            return False
        # the row is there before the message
        self.names.servers[server] = None
        self.observer.booted = {**self.observer.booted, server: flavor}
        identity = next(own for own, name in self.names.flavors.items() if name == flavor)
        body = {'name': 'server', 'flavorRef': identity, 'networks': 'none'}
        if operation.get('volume_backed'):
            body['block_device_mapping_v2'] = [
                {'boot_index': 0, 'uuid': str(uuid.uuid4()), 'source_type': 'volume', 'destination_type': 'volume'}]
        else:
            body['imageRef'] = IMAGE
        if operation.get('host') is not None:
            body['availability_zone'] = 'nova:' + self._host(operation['host'])

        def then(answer):
            self.names.servers[server] = answer['server']['id']

        def otherwise():
            # a list of servers has what was made before the request failed
            self.names.servers[server] = self.observer.unnamed()

        return self._request(k, 'api.create', 'POST', '/servers', {'server': body}, then, otherwise=otherwise)

    def _resize(self, k, operation):
        identity = next((own for own, name in self.names.flavors.items() if name == operation['flavor']), None)
        return identity is not None and self._action(
            k, 'api.resize', operation, {'resize': {'flavorRef': identity}})

    def _cold_migrate(self, k, operation):
        host = operation.get('host')
        return self._action(k, 'api.resize', operation, {'migrate': {'host': self._host(host)} if host else None})

    def _live_migrate(self, k, operation):
        host = operation.get('host')
        asked = {'host': self._host(host) if host else None, 'block_migration': 'auto'}
        if operation.get('force'):
            # 2.68 has no force any more
            return self._action(
                k, 'api.live_migrate', operation, {'os-migrateLive': dict(asked, force=True)}, version='2.67')
        return self._action(k, 'api.live_migrate', operation, {'os-migrateLive': asked})

    def _abort_live_migration(self, k, operation):
        uuid = self.names.servers[operation['server']]
        if uuid is None:
            return False
        path = '/servers/%s/migrations/%d' % (uuid, self.observer.last_live_migration(uuid))
        return self._request(k, 'api.live_migrate_abort', 'DELETE', path)

    def _shelve(self, k, operation):
        return self._action(k, 'api.shelve', operation, {'shelve': None})

    def _shelve_offload(self, k, operation):
        return self._action(k, 'api.shelve_offload', operation, {'shelveOffload': None})

    def _unshelve(self, k, operation):
        host = operation.get('host')
        if host is None:
            return self._action(k, 'api.unshelve', operation, {'unshelve': None})
        return self._action(k, 'api.unshelve', operation, {'unshelve': {'host': self._host(host)}}, version='2.91')

    def _evacuate(self, k, operation):
        asked = {}
        if operation.get('host') is not None:
            asked = {'host': self._host(operation['host']), 'force': operation.get('force', False)}
        # 2.68 has no force any more, and from 2.95 on a server is stopped that ran
        return self._action(k, 'api.evacuate', operation, {'evacuate': asked}, version='2.67')

    def _rebuild(self, k, operation):
        uuid = self.names.servers[operation['server']]
        # a volume is of the first
        current = self.observer.image_of(uuid) or IMAGE
        image = next(one for one in IMAGES if one != current)
        return self._action(k, 'api.rebuild', operation, {'rebuild': {'imageRef': image}})

    def _confirm(self, k, operation):
        return self._action(k, 'api.confirm_resize', operation, {'confirmResize': None})

    def _revert(self, k, operation):
        return self._action(k, 'api.revert_resize', operation, {'revertResize': None})

    def _delete(self, k, operation):
        uuid = self.names.servers[operation['server']]
        return uuid is not None and self._request(k, 'api.delete', 'DELETE', '/servers/%s' % uuid)

    def _stop(self, k, operation):
        return self._action(k, 'api.stop', operation, {'os-stop': None})

    def _start(self, k, operation):
        return self._action(k, 'api.start', operation, {'os-start': None})

    def _hard_reboot(self, k, operation):
        return self._action(k, 'api.hard_reboot', operation, {'reboot': {'type': 'HARD'}})

    def _reset_state(self, k, operation):
        return self._action(k, 'api.reset_state', operation, {'os-resetState': {'state': operation['state']}})

    def _about_service(self, k, handler, method, host, body=None):
        identity = self.observer.service(self._host(host))
        return self._request(k, handler, method, '/os-services/%s' % identity, body)

    def _force_down(self, k, operation):
        return self._about_service(
            k, 'api.force_down', 'PUT', operation['host'], {'forced_down': operation['forced_down']})

    def _delete_service(self, k, operation):
        return self._about_service(k, 'api.service_delete', 'DELETE', operation['host'])

    # ---- a service's own work

    def _periodic(self, k, handler, host, work):
        if not self.jobs.up[host]:
            return False
        self.record['outcome'] = 'accepted'
        manager = self.deployment.managers[host]
        self.jobs.begin(handler, host, k, lambda: work(manager, self.deployment.context()))
        return True

    def _audit(self, k, operation):
        return self._periodic(k, 'compute.update_available_resource', self._host(operation['host']), audit)

    def _poll_unconfirmed_resizes(self, k, operation):
        return self._periodic(k, 'compute.poll_unconfirmed_resizes', self._host(operation['host']), poll)

    def _cleanup_incomplete_migrations(self, k, operation):
        return self._periodic(k, 'compute.cleanup_incomplete_migrations', self._host(operation['host']), cleanup)

    def _recover(self, _k, _operation):
        return False

    def _settle(self, _k, _operation):
        return True

    # ---- the environment

    def _crash(self, _k, operation):
        service = self._service(operation['service'])
        if not self._is_up(service):
            return False
        self.record['outcome'] = 'accepted'
        self.crash(service)
        return True

    def _is_up(self, service):
        return self.wire.up if service == 'placement' else self.jobs.up[service]

    def crash(self, service):
        if service == 'placement':
            self.wire.up = False
            self.jobs.listener.service(service, False)
        else:
            self.jobs.crash(service)

    def _restart(self, k, operation):
        service = self._service(operation['service'])
        if service in self.gone:
            return False
        self.record['outcome'] = 'accepted'
        if operation.get('reinstalled') and service in self.hosts:
            if self._is_up(service):
                self.crash(service)
            hypervisor.HOSTS[service].guests.clear()
            hypervisor.HOSTS[service].backups.clear()
        self.restart(service, k)
        return True

    def restart(self, service, k):
        if self._is_up(service):
            self.crash(service)
        if service == 'placement':
            self.wire.up = True
        else:
            self.jobs.up[service] = True
        self.jobs.listener.service(service, True)
        if service in self.hosts:
            self.jobs.begin(
                'compute.init_host', service, k, lambda: self.deployment.restart_compute(service))

    def _lose_host(self, _k, operation):
        host = self._host(operation['host'])
        if host in self.gone:
            return False
        self.record['outcome'] = 'accepted'
        self.jobs.crash(host)
        self.gone.add(host)
        return True

    def _set_inventory(self, _k, operation):
        host = self._host(operation['host'])
        resource_class = operation['resource_class']
        if resource_class not in hypervisor.HOSTS[host].inventories:
            return False
        if not self.wire.up:
            return False
        uuid = self.names.providers[host]
        provider = self.wire.send('GET', '/resource_providers/%s' % uuid)
        if provider.status_code != 200:
            self.record.update(outcome='refused', http=provider.status_code)
            return True
        record = dict(operation['inventory'], resource_provider_generation=provider.json()['generation'])
        answer = self.wire.send(
            'PUT', '/resource_providers/%s/inventories/%s' % (uuid, resource_class), record, '1.26')
        self.record['outcome'] = 'accepted' if answer.status_code == 200 else 'refused'
        self.record['http'] = answer.status_code
        if answer.status_code == 200:
            # the operator changed nova.conf too: the driver reports what it now says
            hypervisor.HOSTS[host].inventories[resource_class] = dict(operation['inventory'])
            if host in self.deployment.managers:
                self.deployment.managers[host].rt.reportclient.clear_provider_cache()
        return True

    # ---- an operator's shell

    def _command(self, k, handler, run, fine):
        """
        :param fine: exit codes of a command that came to its end
        """
        record = self.record

        def body():
            code, processed = 255, 0
            printed = io.StringIO()
            try:
                with contextlib.redirect_stdout(printed):
                    code = run() or 0
                record['outcome'] = 'accepted' if code in fine else 'refused'
            except Exception:
                record['outcome'] = 'refused'
                raise
            finally:
                found = re.findall(r'(?:Processed|Successfully processed) (\d+) (?:allocation|instances)', printed.getvalue())
                record['exit_code'] = code
                record['processed'] = int(found[-1]) if found else processed

        job = self.jobs.begin(handler, 'operator', k, body)
        job.when_killed = lambda: record.update(outcome='refused')
        return True

    def _placement_audit(self, k, operation):
        host = operation.get('host')
        provider = self.names.providers[self._host(host)] if host is not None else None
        commands = manage.PlacementCommands()
        return self._command(k, 'nova-manage.audit', lambda: commands.audit(
            verbose=True, delete=operation.get('delete', False), provider_uuid=provider), (0, 3, 4))

    def _heal_allocations(self, k, operation):
        server = operation.get('server')
        uuid = self.names.servers[server] if server is not None else None
        commands = manage.PlacementCommands()
        return self._command(k, 'nova-manage.heal_allocations', lambda: commands.heal_allocations(
            verbose=True, instance_uuid=uuid, force=operation.get('force', False)), (0, 1, 4))

    def _delete_allocations(self, k, operation):
        uuid = self.names.servers[operation['server']]
        consumers = [uuid]
        if operation['of'] == 'migration':
            found = objects.MigrationList.get_by_filters(
                self.deployment.context().elevated(read_deleted='yes'), {'instance_uuid': uuid})
            consumers = [one.uuid for one in sorted(found, key=lambda one: one.id)]

        fine = set()

        def run():
            """As osc-placement does: shows, and deletes what there is; 1 is both a failure and that there was nothing."""
            deleted = 0
            for consumer in consumers:
                shown = self.wire.ask('GET', '/allocations/%s' % consumer, None, '1.28')
                if not shown:
                    return 1
                if not shown.json()['allocations']:
                    continue
                if not self.wire.ask('DELETE', '/allocations/%s' % consumer, None, None):
                    return 1
                deleted += 1
            print('Processed %d allocation' % deleted)
            code = 0 if deleted else 1
            fine.add(code)
            return code

        return self._command(k, 'openstack.allocation_delete', run, fine)

    def _edit_row(self, _k, operation):
        uuid = self.names.servers[operation['server']]
        context = self.deployment.context()
        try:
            objects.Instance.get_by_uuid(context, uuid)
        except exception.InstanceNotFound:
            return False
        migrations = objects.MigrationList.get_by_filters(context, {'instance_uuid': uuid})
        last = max(migrations, key=lambda one: one.id, default=None)
        status = operation.get('migration_status')
        host = operation.get('host')
        if host is None and (status is None or last is None):
            return False
        if host is not None:
            values = {'host': self._host(host), 'node': self._host(host)}
            node = objects.ComputeNode.get_by_host_and_nodename(context, values['host'], values['node'])
            if 'compute_id' in objects.Instance.fields:
                values['compute_id'] = node.id
            main_db.instance_update(context, uuid, values)
        if status is not None and last is not None:
            main_db.migration_update(context, last.id, {'status': status})
        self.record['outcome'] = 'accepted'
        return True

    # ---- rest

    def settle(self, k):
        """Returns nothing: what is left is in the picture."""
        jobs = self.jobs
        self.faults.armed = False
        for service in CONTROLLERS:
            if self._is_up(service):
                continue
            if service == 'placement':
                self.wire.up = True
            else:
                jobs.up[service] = True
            jobs.listener.service(service, True)
        deleted = set(self.observer.missing('services'))
        for host in self.hosts:
            # a service is deleted to take its host away
            if host in deleted and jobs.up[host]:
                self.crash(host)
        stays = [host for host in self.hosts if host not in self.gone and host not in deleted]
        for host in stays:
            if not jobs.up[host]:
                self.restart(host, k)
        jobs.release_all()
        for host in self.gone | deleted:
            jobs.forget(host)
        for host in stays:
            self.restart(host, k)
            jobs.quiesce()
        before = self.observer.picture()
        for _ in range(MOST_ROUNDS):
            self._periodic_round(stays, k)
            after = self.observer.picture()
            if after == before:
                break
            before = after
        self._periodic_round(stays, k)

    def _periodic_round(self, stays, k):
        for host in stays:
            # one that does not come up does no periodic work
            if not self.jobs.up[host]:
                continue
            manager = self.deployment.managers[host]
            for handler, work in (
                ('compute.update_available_resource', audit),
                ('compute.cleanup_incomplete_migrations', cleanup),
            ):
                self.jobs.begin(handler, host, k, lambda work=work: work(manager, self.deployment.context()))
            self.jobs.quiesce()


def audit(manager, context):
    manager.update_available_resource(context)


def cleanup(manager, context):
    manager._cleanup_incomplete_migrations(context)


def poll(manager, context):
    """With every finished migration old enough: the window reaches into the future."""
    from oslo_config import cfg
    cfg.CONF.set_override('resize_confirm_window', 1)
    found = objects.MigrationList.get_unconfirmed_by_dest_compute
    objects.MigrationList.get_unconfirmed_by_dest_compute = classmethod(
        lambda cls, context, window, host, use_slave=False: found(context, -86400, host))
    try:
        manager._poll_unconfirmed_resizes(context)
    finally:
        objects.MigrationList.get_unconfirmed_by_dest_compute = found
        cfg.CONF.clear_override('resize_confirm_window')
