"""Plays boot, a resize that fails, delete and settle as a functional test of Nova's own, which `bench:nova` holds the harness against.

    <- 3                                    how often
    -> {"whole": 12.3, "body": 6.1, ...}    CPU seconds of all of them, and of their bodies, without the set-up of the fixtures
"""

import json
import os
import resource
import sys
import time
import unittest

# lines of JSON have a descriptor of their own: what is served prints
OUT = os.fdopen(os.dup(1), 'w', buffering=1)
os.dup2(2, 1)

# first of all: it patches what everything else imports
import run_test  # noqa: E402

from unittest import mock  # noqa: E402

from nova import exception  # noqa: E402
from nova.tests.functional import integrated_helpers  # noqa: E402


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class FailingResizeTestCase(integrated_helpers.ProviderUsageBaseTestCase):
    compute_driver = 'fake.MediumFakeDriver'
    body = body_wall = 0.0

    def setUp(self):
        super().setUp()
        self._start_compute('host-0')
        self._start_compute('host-1')

    def test_failing_resize(self):
        began, began_wall = cpu_seconds(), time.monotonic()
        small = self._create_flavor(name='m1', vcpu=1, memory_mb=512, disk=1, ephemeral=0, swap=0)
        large = self._create_flavor(name='m2', vcpu=2, memory_mb=1024, disk=2, ephemeral=0, swap=0)
        server = self._create_server(flavor_id=small, networks='none')
        with mock.patch('nova.virt.fake.FakeDriver.finish_migration',
                        side_effect=exception.VirtualInterfaceCreateException()):
            self.api.post_server_action(server['id'], {'resize': {'flavorRef': large}})
            self._wait_for_migration_status(server, ['error'])
            server = self._wait_for_state_change(server, 'ERROR')
        self._delete_server(server)
        # what the harness settles with: every nova-compute restarted, and periodic tasks until they change nothing
        for host, compute in list(self.computes.items()):
            self.computes[host] = self.restart_compute_service(compute)
        self._run_periodics()
        self._run_periodics()
        FailingResizeTestCase.body += cpu_seconds() - began
        FailingResizeTestCase.body_wall += time.monotonic() - began_wall


def play(times):
    FailingResizeTestCase.body = FailingResizeTestCase.body_wall = 0.0
    began = cpu_seconds()
    for _ in range(times):
        result = unittest.TestResult()
        FailingResizeTestCase('test_failing_resize').run(result)
        for _, said in (*result.failures, *result.errors):
            sys.exit(said)
    return {'whole': cpu_seconds() - began, 'body': FailingResizeTestCase.body,
            'body_wall': FailingResizeTestCase.body_wall}


if __name__ == '__main__':
    run_test.find_paste()
    for line in sys.stdin:
        OUT.write(json.dumps(play(int(line))) + '\n')
