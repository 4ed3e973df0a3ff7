# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

import collections
import time
import traceback
from unittest import mock

from oslo_db import exception as db_exc

from nova import context
from nova.db.main import api as db
from nova import objects
from nova.tests import fixtures as nova_fixtures
from nova.tests.functional import integrated_helpers


def _called_from(name):
    """Whether a function of that name is on the stack."""
    return any(frame.f_code.co_name == name
               for frame, _ in traceback.walk_stack(None))


class ConductorCreateMigrationErrorAfterTestCase(
        integrated_helpers.ProviderUsageBaseTestCase):
    """Regression test for claims that a move leaves wrong in placement.

    The server is booted on h1. The server is resized.

    During the last of these, MigrationTask._preallocate_migration, called by
    ComputeTaskManager._cold_migrate, meets a failure: it raises when all is
    done.

    What is wrong then, and stays so when nova-compute is restarted and its
    periodic tasks have run: a migration remains pre-migrating.

    The API has no undo once task_state is set, and conductor none for its own
    death: what is stuck is cleared when nova-compute starts, or by
    reset-state.
    """

    compute_driver = 'fake.MediumFakeDriver'

    def setUp(self):
        # The scheduler takes the hosts in this order.
        self.useFixture(nova_fixtures.HostNameWeigherFixture(weights={
            'h1': 100,
        }))
        super().setUp()
        self._start_compute('h1')

    def _wait_for_events(self, server, action, *names):
        """Waits until these events of the newest action of that name have
        ended, with whatever result, so that nothing of it is under way.
        """
        expected = collections.Counter(names)
        ended = collections.Counter()
        for _ in range(40):
            requests = [
                one['request_id']
                for one in self.api.get_instance_actions(server['id'])
                if one['action'] == action]
            for request_id in requests[:1]:
                details = self.api.get_instance_action_details(
                    server['id'], request_id)
                ended = collections.Counter(
                    event['event'] for event in details['events']
                    if event['result'] is not None)
            if not expected - ended:
                return
            time.sleep(.25)
        self.fail('Timed out waiting for events %s of action %s, got %s'
                  % (names, action, dict(ended)))

    def _wait_for_instance(self, server, host, vm_state, task_state):
        self._wait_for_server_parameter(server, {
            'OS-EXT-SRV-ATTR:host': host,
            'OS-EXT-STS:vm_state': vm_state,
            'OS-EXT-STS:task_state': task_state,
        })

    def _get_migrations(self, server):
        """Migration records of a server, oldest first, deleted ones too."""
        ctxt = context.get_admin_context(read_deleted='yes')
        migrations = db.migration_get_all_by_filters(
            ctxt, {'instance_uuid': server['id']})
        return sorted(migrations, key=lambda migration: migration.id)

    def _get_allocations_by_host(self, consumer):
        allocations = self._get_allocations_by_server_uuid(consumer)
        return {
            host: allocations[rp_uuid]['resources']
            for host in self.computes
            for rp_uuid in [self._get_provider_uuid_by_name(host)]
            if rp_uuid in allocations
        }

    def test_conductor_create_migration_error_after(self):
        flavor1 = self._create_flavor(
            name='m1', vcpu=1, memory_mb=512, disk=1, ephemeral=0, swap=0)
        flavor2 = self._create_flavor(
            name='m2', vcpu=2, memory_mb=1024, disk=2, ephemeral=0, swap=0)

        server = self.api.post_server({'server': self._build_server(
            name='s1', flavor_id=flavor1, networks='none')})
        self._wait_for_events(
            server, 'create', 'compute__do_build_and_run_instance')
        self._wait_for_instance(server, 'h1', 'active', None)

        real = objects.Migration.create
        calls = []

        def fake_create(*args, **kwargs):
            if (_called_from('_preallocate_migration')):
                calls.append('create')
                if len(calls) == 1:
                    real(*args, **kwargs)
                    raise db_exc.DBConnectionError()
            return real(*args, **kwargs)

        with mock.patch.object(objects.Migration, 'create', fake_create):
            self.api.post_server_action(
                server['id'], {'resize': {'flavorRef': flavor2}})
            self._wait_for_events(server, 'resize', 'conductor_migrate_server')
            self._wait_for_instance(server, 'h1', 'active', None)
        self.assertGreaterEqual(len(calls), 1)

        # FIXME: this is the wrong state: a migration remains pre-migrating.
        server = self.api.get_server(server['id'])
        self.assertEqual('h1', server['OS-EXT-SRV-ATTR:host'])
        self.assertEqual('active', server['OS-EXT-STS:vm_state'])
        self.assertEqual(None, server['OS-EXT-STS:task_state'])
        migrations = self._get_migrations(server)
        self.assertEqual(['pre-migrating'], [one.status for one in migrations])
        self.assertEqual(
            {'h1': {'VCPU': 1, 'MEMORY_MB': 512, 'DISK_GB': 1}},
            self._get_allocations_by_host(server['id']))
        self.assertEqual({}, self._get_allocations_by_host(migrations[0].uuid))
