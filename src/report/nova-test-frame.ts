/** What every regression test that we write has of the same text, and its imports in the order that Nova's style wants. */

export const LICENCE = `# Licensed under the Apache License, Version 2.0 (the "License"); you may
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
`;

export const ALWAYS = [
  'import collections',
  'import time',
  'from nova import context',
  'from nova.db.main import api as db',
  'from nova.tests import fixtures as nova_fixtures',
  'from nova.tests.functional import integrated_helpers',
];

export const CALLED_FROM = `

def _called_from(name):
    """Whether a function of that name is on the stack."""
    return any(frame.f_code.co_name == name
               for frame, _ in traceback.walk_stack(None))
`;

export const HELPERS = `    def _wait_for_events(self, server, action, *names):
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
`;

/** Standard library, other libraries, Nova; within each by module, then name, whatever the case (hacking H306). */
export function importsOf(lines: readonly string[]): string {
  const all = [...new Set(lines)];
  const groups = [
    all.filter((line) => STANDARD.test(line)),
    all.filter((line) => !STANDARD.test(line) && !NOVA.test(line)),
    all.filter((line) => NOVA.test(line)),
  ];
  const key = (line: string): string =>
    line
      .replace(/^(?:from (\S+) )?import (\S+).*$/, '$1.$2')
      .replace(/^\./, '')
      .toLowerCase();
  const sorted = groups.map((group) => group.sort((a, b) => (key(a) < key(b) ? -1 : 1)).join('\n'));
  return sorted.filter((group) => group !== '').join('\n\n');
}

const STANDARD = /^(?:import (?:collections|sys|time|traceback)$|from unittest )/;
const NOVA = /^from nova[ .]/;
