/** What no functional regression test can say of a scenario: one sentence each. */
import type { Violation } from '../campaign/trial.ts';
import type { Code } from '../engine/compile.ts';
import { NOVA_RELEASES, type OperationName, PLACEMENT_RELEASES, type Scenario } from '../scenario/scenario.ts';
import { Inexpressible } from './nova-stub.ts';

const PLAYABLE: ReadonlySet<OperationName> = new Set<OperationName>([
  ...(['boot', 'resize', 'cold_migrate', 'confirm', 'revert', 'delete'] as const),
  ...(['stop', 'start', 'hard_reboot', 'reset_state', 'audit'] as const),
]);
const MOST_HOSTS = 3;
/** Laws about what Nova's fake driver and the test do not show. */
const UNSEEN: ReadonlySet<string> = new Set(['guest-single-home', 'tracker-matches', 'generation-honesty']);
/** A host as nova/api/validation/parameter_types.py:fqdn has it, and as a query of Placement takes it. */
const HOST_NAME = /^[A-Za-z0-9._-]+$/;
/** What nova/api/validation/parameter_types.py:name and extra_specs take, and no more. */
const NAME = /^(?! )[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]+(?<! )$/u;
const PROPERTY = /^[A-Za-z0-9_. :-]+$/;

export function refuseInexpressible({ cloud, options, operations, faults, holds }: Scenario, code: Code): void {
  const no = (what: string): never => {
    throw new Inexpressible(what);
  };
  if (code.protocol.id !== 'nova')
    no(`protocol ${code.protocol.id} is not Nova's, so that no test of Nova's can show it`);
  if (code.defects.length > 0)
    no('a historical bug or a repair is in it, which the Nova that the test runs on has not');
  if (options.nova_release !== NOVA_RELEASES.newest)
    no(`a test is for Nova ${NOVA_RELEASES.newest}, this is another's`);
  if (options.placement_release !== PLACEMENT_RELEASES.newest) {
    no(`a test is for Placement ${PLACEMENT_RELEASES.newest}, this is another's`);
  }
  if (options.client_replay > 0) no('openstacksdk re-sends requests in it, below the methods that a test stubs');
  if (holds.length > 0) no('it holds jobs back, and a functional test of Nova has no schedule of its own');
  if (faults.length > 1) no(`it has ${faults.length} faults, and a test stubs one method`);
  const other = operations.find(({ operation }) => !PLAYABLE.has(operation));
  if (other?.operation === 'crash' || other?.operation === 'restart') {
    no('a service of it dies or restarts, and those of a functional test are one process');
  }
  if (other !== undefined) no(`no functional test of Nova plays the operation ${other.operation}`);
  if (operations.some((op) => op.operation === 'boot' && op.volume_backed === true)) {
    no('a server of it boots from a volume, which the test does not make');
  }
  if (cloud.hosts.length > MOST_HOSTS)
    no(`it has ${cloud.hosts.length} hosts, and a test starts at most ${MOST_HOSTS}`);
  if (cloud.hosts.some(({ used = {} }) => Object.keys(used).length > 0))
    no('other servers hold something of its hosts');
  if (!cloud.hosts.every(({ name }) => HOST_NAME.test(name))) {
    no('a host of it has a name that Nova takes for none: leave --keep-names out');
  }
  const names = [
    ...cloud.flavors.map(({ name }) => name),
    ...operations.flatMap((op) => ('server' in op && op.server !== undefined ? [op.server] : [])),
  ];
  if (!names.every((name) => NAME.test(name))) {
    no('a flavor or server of it has a name that Nova refuses: leave --keep-names out');
  }
  if (!cloud.flavors.every(({ properties }) => Object.keys(properties).every((key) => PROPERTY.test(key)))) {
    no('a flavor of it has a property whose name Nova refuses');
  }
  const [fault] = faults;
  if (fault !== undefined && operations[fault.operation]?.operation === 'boot') {
    no('its fault strikes a boot, where the test has no server to tell calls by yet');
  }
}

export function refuseUnseen({ invariants }: Violation): void {
  if (!invariants.every((id) => UNSEEN.has(id))) return;
  throw new Inexpressible(`what is wrong (${invariants.join(', ')}) is nothing that Nova's fake driver or API shows`);
}
