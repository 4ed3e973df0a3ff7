/**
 * A finding as a functional regression test for Nova's own tree: it plays the scenario on Nova's fixtures, with the fault as one
 * stubbed method, and asserts the end that the model has, marking what is wrong in it as Nova's tests do before a fix.
 */
import { tryScenario } from '../campaign/judge.ts';
import type { Violation } from '../campaign/trial.ts';
import type { Contract } from '../contract/contracts.ts';
import type { Known } from '../contract/known/known.ts';
import type { Code, Instruction } from '../engine/compile.ts';
import { load } from '../engine/load.ts';
import { play, settle } from '../engine/settle.ts';
import { resourcesOf, traitsAskedOf } from '../nova/setting.ts';
import type { Step } from '../nova/step.ts';
import {
  type AllocationsPicture,
  type InstancePicture,
  type MigrationPicture,
  type OperationPicture,
  operationPicture,
  type Picture,
  picture,
} from '../observation/picture.ts';
import type { Cloud, FaultKind, Flavor, Operation, OperationName, Scenario } from '../scenario/scenario.ts';
import { FAULT_WORDS } from './bug-report.ts';
import { Inexpressible, type Stub, stubFor } from './nova-stub.ts';
import { ALWAYS, CALLED_FROM, HELPERS, importsOf, LICENCE } from './nova-test-frame.ts';
import { refuseInexpressible, refuseUnseen } from './nova-test-limits.ts';
import { call, type Expression, filled, literal, prefixed, pythonString, statement } from './python.ts';

export interface NovaTestInput {
  readonly scenario: Scenario;
  readonly code: Code;
  readonly contract: Contract;
  readonly known: Known;
  /** the signature that the token says, or null */
  readonly signature: string | null;
}

/**
 * The test as a Python file, or null where every law holds and there is nothing to show.
 * @throws Inexpressible
 */
export function novaTest({ scenario, code, contract, known, signature }: NovaTestInput): string | null {
  refuseInexpressible(scenario, code);
  const { violations } = tryScenario(code, contract, scenario);
  const found = violations.find((one) => one.signature === signature) ?? violations[0];
  if (found === undefined) return null;
  refuseUnseen(found);
  const played = playedOn(code, scenario);
  const cast = new Cast(scenario);
  const [fault] = scenario.faults;
  const stub =
    fault === undefined || played.struck === null
      ? null
      : stubFor(fault, played.struck.step, cast.targetOf(scenario.operations[fault.operation]!));
  const looksAtStack = stub?.looksAtStack === true;
  const title = titleOf(scenario);
  const { supports_migrate_to_same_host: sameHost } = scenario.options;
  return [
    LICENCE,
    importsOf([
      ...ALWAYS,
      ...(stub?.imports ?? []),
      ...(looksAtStack ? ['import traceback'] : []),
      ...clientOf(played),
    ]),
    ...(looksAtStack ? [CALLED_FROM] : ['']),
    '',
    `class ${title.map(capitalised).join('')}TestCase(`,
    '        integrated_helpers.ProviderUsageBaseTestCase):',
    docstring(scenario, played, cast, known, found),
    '',
    `    compute_driver = 'fake.${sameHost ? 'SameHostColdMigrate' : 'MediumFake'}Driver'`,
    '',
    setUp(scenario),
    '',
    HELPERS,
    `    def test_${testName(scenario)}(self):`,
    body(scenario, played, cast, stub, found),
  ].join('\n');
}

/** What the test is called, behind `test_`. */
export const testName = (scenario: Scenario): string => titleOf(scenario).join('_');

/** What a request that is refused raises. */
const clientOf = ({ steps }: Played): string[] =>
  steps.some(({ operation }) => operation.outcome === 'refused')
    ? ['from nova.tests.functional.api import client']
    : [];

// ---- the play

interface PlayedStep {
  readonly operation: OperationPicture;
  readonly picture: Picture;
  /** handlers that came to their end, in order */
  readonly ended: readonly string[];
}

interface Played {
  readonly steps: readonly PlayedStep[];
  /** when every nova-compute was restarted and all periodic work has run, which is when most laws are judged */
  readonly settled: Picture;
  /** where the fault struck */
  readonly struck: Instruction | null;
}

function playedOn(code: Code, scenario: Scenario): Played {
  const { run, operations, servers } = load(code, scenario);
  let ended: string[] = [];
  /** handlers that have sent a message on and are not done */
  const sent = new Set<string>();
  let race = false;
  run.listener = {
    step: (_job, { handler, step }) => {
      if (step.touches === 'cast') sent.add(handler.id);
    },
    fault: (_job, { handler }) => {
      race ||= sent.has(handler.id);
    },
    hold: () => {},
    service: () => {},
    ended: (job) => {
      ended.push(code.instructions[job.pc]!.handler.id);
    },
  };
  const steps = operations.map((resolved, k) => {
    ended = [];
    sent.clear();
    play(run, k, resolved);
    return { operation: operationPicture(run.world.operations[k]!), picture: picture(run.world, servers), ended };
  });
  for (const [k, { operation }] of steps.entries()) {
    if (operation.outcome === 'accepted' || operation.outcome === 'refused') continue;
    throw new Inexpressible(`operation ${k + 1} of it is not carried out`);
  }
  if (race) {
    throw new Inexpressible('its fault strikes behind a message that is on its way, and who is first then is a race');
  }
  const record = run.world.faults[0];
  if (record?.fired === 0) throw new Inexpressible('its fault never strikes');
  const struck = record === undefined ? null : code.instructions[record.pc]!;
  settle(run);
  return { steps, settled: picture(run.world, servers), struck };
}

/** Events of instance actions that tell of a handler's end (wrap_instance_event). The API and the scheduler have none. */
const EVENTS: Readonly<Record<string, string>> = {
  'conductor.migrate_server': 'conductor_migrate_server',
  'compute.build_and_run_instance': 'compute__do_build_and_run_instance',
  'compute.prep_resize': 'compute_prep_resize',
  'compute.resize_instance': 'compute_resize_instance',
  'compute.finish_resize': 'compute_finish_resize',
  'compute.confirm_resize': 'compute_confirm_resize',
  'compute.revert_resize': 'compute_revert_resize',
  'compute.finish_revert_resize': 'compute_finish_revert_resize',
  'compute.terminate_instance': 'compute_terminate_instance',
  'compute.stop_instance': 'compute_stop_instance',
  'compute.start_instance': 'compute_start_instance',
  'compute.reboot_instance': 'compute_reboot_instance',
};

/** What nova/compute/instance_actions.py calls them. */
const ACTIONS: Readonly<Partial<Record<OperationName, string>>> = {
  boot: 'create',
  resize: 'resize',
  cold_migrate: 'migrate',
  confirm: 'confirmResize',
  revert: 'revertResize',
  delete: 'delete',
  stop: 'stop',
  start: 'start',
  hard_reboot: 'reboot',
};

// ---- names of the test's own

const words = (text: string): string[] => text.toLowerCase().split(/[^a-z0-9]+/);
const capitalised = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);

/** Of our own words alone: the point and kind of the fault, or the operations. */
function titleOf({ operations, faults: [fault] }: Scenario): string[] {
  if (fault !== undefined) return [...words(fault.point), ...words(fault.kind)];
  return operations.flatMap(({ operation }) => (operation === 'boot' ? [] : words(operation)));
}

/** Servers and flavors by their place in the scenario: a name is never part of an identifier. */
class Cast {
  readonly servers: readonly string[];
  readonly flavors: readonly Flavor[];

  constructor({ operations, cloud }: Scenario) {
    this.servers = [
      ...new Set(operations.flatMap((op) => ('server' in op && op.server !== undefined ? [op.server] : []))),
    ];
    const named = new Set(operations.flatMap((op) => ('flavor' in op ? [op.flavor] : [])));
    this.flavors = cloud.flavors.filter(({ name }) => named.has(name));
  }

  private nth(name: string, word: string, separator: string): string {
    return this.servers.length === 1 ? word : `${word}${separator}${this.servers.indexOf(name) + 1}`;
  }

  server(name: string): string {
    return this.nth(name, 'server', '');
  }

  migrations(name: string): string {
    return this.nth(name, 'migrations', '');
  }

  called(name: string): string {
    return this.servers.length === 1 ? 'the server' : this.nth(name, 'server', ' ');
  }

  flavor(name: string): string {
    return `flavor${this.flavors.findIndex((flavor) => flavor.name === name) + 1}`;
  }

  /** The server whose calls a stub is to tell from others. */
  targetOf(op: Operation): string {
    if ('server' in op && op.server !== undefined) return this.server(op.server);
    if (this.servers.length === 1) return this.server(this.servers[0]!);
    throw new Inexpressible('its fault strikes the work of a host for several servers');
  }
}

// ---- the story

function docstring(scenario: Scenario, { steps, struck }: Played, cast: Cast, known: Known, found: Violation): string {
  const entry = known.get(found.signature);
  const told = scenario.operations.map((op, k) => sentence(op, steps[k]!, cast));
  const [fault] = scenario.faults;
  const failure =
    fault === undefined || struck === null
      ? []
      : [
          `During the last but ${scenario.operations.length - 1 - fault.operation}`.replace(
            /the last but 0/,
            'the last',
          ) +
            ` of these, ${afterColon(struck.step.nova)}, called by ${afterColon(struck.handler.nova)}, meets a failure: ` +
            `${failureWords(fault.kind, struck.step)}${fault.times > 1 ? ', several times in a row' : ''}.`,
        ];
  const wrong = [
    `What is wrong then, and stays so when nova-compute is restarted and its periodic tasks have run: ${[...new Set(found.details)].filter(isOurs).join('; ')}.`,
  ];
  const reason = entry === undefined || !isOurs(entry.reason) ? [] : [entry.reason];
  return [
    '    """Regression test for claims that a move leaves wrong in placement.',
    ...[told.join(' '), ...failure, ...wrong, ...reason].flatMap((text) => ['', filled(4, '', text)]),
    '    """',
  ].join('\n');
}

function failureWords(kind: FaultKind, { touches }: Step): string {
  const wire = touches === 'placement-read' || touches === 'placement-write';
  if (wire && kind === 'error-before') return 'Placement answers 500, and the request was not applied';
  if (wire && kind === 'error-after') return 'Placement answers 500, though the request was applied';
  return FAULT_WORDS[kind];
}

/** What is written without quotes is made of our own words, and can end no comment and no docstring. */
const isOurs = (text: string): boolean => /^[A-Za-z0-9 ,.:;'()/_=-]*$/.test(text);
const afterColon = (nova: string): string => nova.slice(nova.indexOf(':') + 1);

function sentence(op: Operation, { operation, picture: { instances } }: PlayedStep, cast: Cast): string {
  const on = 'server' in op ? capitalised(cast.called(op.server ?? '')) : '';
  const host = 'server' in op ? instances.find(({ server }) => server === op.server)?.host : null;
  const where = host === null || host === undefined ? '' : ` on ${host}`;
  const refused = operation.outcome === 'refused' ? `, which the API answers with ${operation.http}` : '';
  const what: Partial<Record<OperationName, string>> = {
    boot: `${on} is booted${where}`,
    resize: `${on} is resized`,
    cold_migrate: `${on} is cold migrated`,
    confirm: `The move of ${on.toLowerCase()} is confirmed`,
    revert: `The move of ${on.toLowerCase()} is reverted`,
    delete: `${on} is deleted`,
    stop: `${on} is stopped`,
    start: `${on} is started`,
    hard_reboot: `${on} is rebooted hard`,
    reset_state: `An administrator resets the state of ${on.toLowerCase()}`,
    audit: `The resource tracker of ${'host' in op ? op.host : ''} updates its available resources`,
  };
  return `${what[op.operation] ?? ''}${refused}.`;
}

// ---- the cloud

/** Everything may lie on any host twice over: then what Nova's fake driver has stands for the scenario's own. */
function hasRoom({ cloud, operations }: Scenario): boolean {
  const boots = operations.filter(({ operation }) => operation === 'boot').length;
  const most = new Map<string, number>();
  for (const flavor of cloud.flavors) {
    for (const [name, amount] of resourcesOf(flavor, false)) most.set(name, Math.max(amount, most.get(name) ?? 0));
  }
  return cloud.hosts.every(
    ({ inventories, traits }) =>
      traits.length === 0 &&
      [...most].every(([name, amount]) => {
        const room = inventories[name];
        const medium = MEDIUM[name] ?? 0;
        if (room === undefined || room.min_unit > 1 || room.step_size > 1 || amount > room.max_unit) return false;
        return 4 * boots * amount <= Math.min(medium, (room.total - room.reserved) * room.allocation_ratio);
      }),
  );
}

/** nova/virt/fake.py:MediumFakeDriver, less what nova.conf reserves by itself */
const MEDIUM: Readonly<Record<string, number>> = { VCPU: 10, MEMORY_MB: 7680, DISK_GB: 1028 };

function setUp(scenario: Scenario): string {
  const { cloud, options } = scenario;
  const weights = Object.fromEntries(cloud.hosts.map(({ name }, h) => [name, 100 - h]));
  const fixture = call('self.useFixture', [
    call('nova_fixtures.HostNameWeigherFixture', [prefixed('weights=', literal(weights))]),
  ]);
  const lines = [
    '    def setUp(self):',
    '        # The scheduler takes the hosts in this order.',
    statement(8, fixture),
    '        super().setUp()',
  ];
  if (options.allow_resize_to_same_host) lines.push('        self.flags(allow_resize_to_same_host=True)');
  if (options.max_attempts !== 3) {
    lines.push(`        self.flags(max_attempts=${options.max_attempts}, group='scheduler')`);
  }
  if (!hasRoom(scenario)) {
    const inventories = Object.fromEntries(cloud.hosts.map((host) => [host.name, host.inventories]));
    const traits = Object.fromEntries(cloud.hosts.map((host) => [host.name, host.traits]));
    lines.push(
      statement(8, prefixed('inventories = ', literal(inventories))),
      statement(8, prefixed('traits = ', literal(traits))),
      '',
      '        def update_provider_tree(',
      '                driver, provider_tree, nodename, allocations=None):',
      '            provider_tree.update_inventory(nodename, inventories[nodename])',
      '            provider_tree.add_traits(nodename, *traits[nodename])',
      '',
      "        self.stub_out('nova.virt.fake.FakeDriver.update_provider_tree',",
      '                      update_provider_tree)',
    );
  }
  lines.push(...namesOfItsOwn(cloud).map((made) => statement(8, made)));
  for (const { name } of cloud.hosts) lines.push(statement(8, call('self._start_compute', [literal(name)])));
  return lines.join('\n');
}

/** Custom traits and classes that flavors ask for and no host has: Placement knows them only when somebody made them. */
function namesOfItsOwn({ hosts, flavors }: Cloud): Expression[] {
  const traits = new Set(flavors.flatMap(traitsAskedOf));
  const classes = new Set(flavors.flatMap((flavor) => [...resourcesOf(flavor, false).keys()]));
  for (const host of hosts) {
    for (const trait of host.traits) traits.delete(trait);
    for (const resourceClass of Object.keys(host.inventories)) classes.delete(resourceClass);
  }
  const made = (maker: string, names: Iterable<string>): Expression[] =>
    [...names].filter((name) => CUSTOM.test(name)).map((name) => call(`self.${maker}`, [literal(name)]));
  return [...made('_create_trait', traits), ...made('_create_resource_class', classes)];
}

const CUSTOM = /^CUSTOM_[A-Z0-9_]+$/;

function flavorOf({ name, vcpus, ram, disk, ephemeral, swap, properties }: Flavor): Expression {
  return call('self._create_flavor', [
    prefixed('name=', literal(name)),
    `vcpu=${vcpus}`,
    `memory_mb=${ram}`,
    `disk=${disk}`,
    `ephemeral=${ephemeral}`,
    `swap=${swap}`,
    ...(Object.keys(properties).length === 0 ? [] : [prefixed('extra_spec=', literal(properties))]),
  ]);
}

// ---- the test

function body(scenario: Scenario, played: Played, cast: Cast, stub: Stub | null, found: Violation): string {
  const { operations, faults } = scenario;
  const [fault] = faults;
  const lines = cast.flavors.map((flavor) =>
    statement(8, prefixed(`${cast.flavor(flavor.name)} = `, flavorOf(flavor))),
  );
  for (const [k, op] of operations.entries()) {
    const step = played.steps[k]!;
    lines.push('');
    if (stub === null || fault?.operation !== k) {
      lines.push(...operationLines(8, op, step, cast));
      continue;
    }
    lines.push(
      ...stubLines(stub, fault.nth, fault.times),
      '',
      statement(
        8,
        prefixed('with ', call('mock.patch.object', [stub.owner, literal(stub.method), `fake_${stub.method}`])),
        ':',
      ),
      ...operationLines(12, op, step, cast),
      `        self.assertGreaterEqual(len(calls), ${fault.nth})`,
    );
  }
  lines.push(...assertions(scenario, played, cast, found));
  return `${lines.join('\n')}\n`;
}

function stubLines(
  { owner, method, parameters, before, conditions, instead }: Stub,
  nth: number,
  times: number,
): string[] {
  const when =
    nth === 1 ? (times === 1 ? 'len(calls) == 1' : `len(calls) <= ${times}`) : `${nth} <= len(calls) < ${nth + times}`;
  const strike = (indent: string): string[] => [
    `${indent}calls.append('${method}')`,
    `${indent}if ${when}:`,
    ...instead.map((line) => `${indent}    ${line}`),
  ];
  const [first, ...others] = conditions;
  return [
    `        real = ${owner}.${method}`,
    '        calls = []',
    '',
    `        def fake_${method}(${parameters}*args, **kwargs):`,
    ...before.map((line) => `            ${line}`),
    ...(first === undefined
      ? strike('            ')
      : [
          `            if (${first}${others.map((one) => ` and\n                    ${one}`).join('')}):`,
          ...strike('                '),
        ]),
    `            return real(${parameters}*args, **kwargs)`,
  ];
}

function operationLines(indent: number, op: Operation, step: PlayedStep, cast: Cast): string[] {
  const margin = ' '.repeat(indent);
  if (op.operation === 'audit') {
    return [
      `${margin}ctxt = context.get_admin_context()`,
      statement(indent, call(`self.computes[${pythonString(op.host)}].manager.update_available_resource`, ['ctxt'])),
    ];
  }
  if (!('server' in op) || op.server === undefined) throw new Inexpressible(`no test plays ${op.operation}`);
  const server = cast.server(op.server);
  const instance = step.picture.instances.find((one) => one.server === op.server);
  const asked = requestOf(op, server, cast);
  const refused = step.operation.outcome === 'refused';
  const lines = refused
    ? refusedRequest(indent, asked, step.operation.http ?? 500)
    : accepted(indent, op, server, asked);
  // the confirm that a delete begins with is over when the request is, under an action of its own
  const waited = step.ended.filter((handler) => op.operation !== 'delete' || handler !== 'compute.confirm_resize');
  const events = waited.flatMap((handler) => (EVENTS[handler] === undefined ? [] : [EVENTS[handler]]));
  const action = ACTIONS[op.operation];
  if (events.length > 0 && action !== undefined) {
    const args = [server, literal(action), ...events.map(literal)];
    lines.push(statement(indent, call('self._wait_for_events', args)));
  }
  if (instance === undefined) return lines;
  if (instance.deleted) return [...lines, `${margin}self._wait_until_deleted(${server})`];
  const { host, vm_state, task_state } = instance;
  const args = [server, ...[host, vm_state, task_state].map(literal)];
  return [...lines, statement(indent, call('self._wait_for_instance', args))];
}

/** What is called, and with what. */
type Asked = readonly [callee: string, args: readonly Expression[]];

function requestOf(op: Operation & { readonly server?: string | undefined }, server: string, cast: Cast): Asked {
  const action = (what: Expression): Asked => ['self.api.post_server_action', [`${server}['id']`, what]];
  const one = (key: string, of: Expression): Expression => {
    return { open: '{', items: [prefixed(`${pythonString(key)}: `, of)], close: '}', trailing: true };
  };
  switch (op.operation) {
    case 'boot': {
      const az = op.host === undefined ? [] : [prefixed('az=', literal(`nova:${op.host}`))];
      const named = prefixed('name=', literal(op.server));
      const built = call('self._build_server', [
        named,
        `flavor_id=${cast.flavor(op.flavor)}`,
        "networks='none'",
        ...az,
      ]);
      return ['self.api.post_server', [one('server', built)]];
    }
    case 'resize':
      return action(one('resize', one('flavorRef', cast.flavor(op.flavor))));
    case 'cold_migrate':
      return action(one('migrate', op.host === undefined ? 'None' : literal({ host: op.host })));
    case 'confirm':
      return action(one('confirmResize', 'None'));
    case 'revert':
      return action(one('revertResize', 'None'));
    case 'delete':
      return ['self.api.delete_server', [`${server}['id']`]];
    case 'stop':
      return action(one('os-stop', 'None'));
    case 'start':
      return action(one('os-start', 'None'));
    case 'hard_reboot':
      return action(one('reboot', literal({ type: 'HARD' })));
    case 'reset_state':
      return action(one('os-resetState', literal({ state: op.state })));
    default:
      throw new Inexpressible(`no test plays ${op.operation}`);
  }
}

function accepted(indent: number, op: Operation, server: string, [callee, args]: Asked): string[] {
  const asked = call(callee, args);
  return [statement(indent, op.operation === 'boot' ? prefixed(`${server} = `, asked) : asked)];
}

function refusedRequest(indent: number, [callee, args]: Asked, status: number): string[] {
  return [
    statement(indent, prefixed('ex = ', call('self.assertRaises', ['client.OpenStackApiException', callee, ...args]))),
    `${' '.repeat(indent)}self.assertEqual(${status}, ex.response.status_code)`,
  ];
}

// ---- the end

const UNDER_WAY: ReadonlySet<string> = new Set([
  ...['accepted', 'queued', 'pre-migrating', 'migrating', 'post-migrating', 'confirming', 'reverting'],
]);
/** What is wrong with the state of a server or its moves, rather than with what they hold. */
const OF_STATE: ReadonlySet<string> = new Set(['no-stuck-migration', 'atomic-decision', 'no-spurious-refusal']);

interface Assertion {
  readonly text: string;
  /** why the state is wrong, or null */
  readonly wrong: string | null;
}

function assertions(scenario: Scenario, { steps, settled }: Played, cast: Cast, found: Violation): string[] {
  const end = steps.at(-1)!.picture;
  const all = cast.servers.flatMap((name) => {
    const instance = end.instances.find(({ server }) => server === name);
    return instance === undefined ? [] : [assertionsOf(scenario, end, cast, found, instance)];
  });
  // whatever else is wrong shows in the state
  if (!all.flat().some(({ wrong }) => wrong !== null)) {
    if (JSON.stringify(asserted(end)) !== JSON.stringify(asserted(settled))) {
      throw new Inexpressible(
        'what is wrong shows only when a nova-compute was restarted or has run its periodic tasks',
      );
    }
    const first = all[0]?.[0];
    if (first === undefined) throw new Inexpressible('no server is left of it to assert anything of');
    all[0]![0] = { ...first, wrong: reasonOf(found, () => true) };
  }
  return all.flatMap((one) => [
    '',
    ...one.flatMap(({ text, wrong }) =>
      wrong === null ? [text] : [filled(8, '# ', `FIXME: this is the wrong state: ${wrong}.`), text],
    ),
  ]);
}

const asserted = ({ instances, migrations, allocations }: Picture): unknown => [
  instances.map(({ server, deleted, host, vm_state, task_state }) => [server, deleted, host, vm_state, task_state]),
  migrations.map(({ status }) => status),
  allocations,
];

function reasonOf(found: Violation, about: (invariant: string) => boolean): string {
  const details = found.details.filter((detail, k) => about(found.invariants[k]!) && isOurs(detail));
  return details.length === 0 ? 'the move is neither done nor undone' : [...new Set(details)].join('; ');
}

function assertionsOf(
  scenario: Scenario,
  end: Picture,
  cast: Cast,
  found: Violation,
  instance: InstancePicture,
): Assertion[] {
  const { server: name, host, vm_state, task_state, deleted } = instance;
  const server = cast.server(name);
  const migrations = end.migrations.filter((one) => one.server === name);
  const stuck = task_state !== null || migrations.some(({ status }) => UNDER_WAY.has(status));
  const equal = (expected: Expression, seen: string): string =>
    statement(8, call('self.assertEqual', [expected, seen]));
  const holds = (consumer: string): AllocationsPicture =>
    Object.hasOwn(end.allocations, consumer) ? end.allocations[consumer]! : {};
  const state = [
    ...(deleted
      ? []
      : [
          `        ${server} = self.api.get_server(${server}['id'])`,
          equal(literal(host), `${server}['OS-EXT-SRV-ATTR:host']`),
          equal(literal(vm_state), `${server}['OS-EXT-STS:vm_state']`),
          equal(literal(task_state), `${server}['OS-EXT-STS:task_state']`),
        ]),
    ...(migrations.length === 0
      ? []
      : [
          `        ${cast.migrations(name)} = self._get_migrations(${server})`,
          equal(literal(migrations.map(({ status }) => status)), `[one.status for one in ${cast.migrations(name)}]`),
        ]),
  ].join('\n');
  const stateIsWrong = stuck && found.invariants.some((id) => OF_STATE.has(id));
  return [
    ...(state === '' ? [] : [{ text: state, wrong: stateIsWrong ? reasonOf(found, (id) => OF_STATE.has(id)) : null }]),
    {
      text: equal(literal(holds(name)), `self._get_allocations_by_host(${server}['id'])`),
      wrong: wrongOfInstance(scenario, instance, holds(name)),
    },
    ...migrations.map((migration, k) => ({
      text: equal(
        literal(holds(migration.migration)),
        `self._get_allocations_by_host(${cast.migrations(name)}[${k}].uuid)`,
      ),
      wrong: wrongOfMigration(instance, migration, holds(migration.migration)),
    })),
  ];
}

/** An instance holds exactly what its flavor asks, on its host; a deleted one holds nothing. */
function wrongOfInstance({ cloud }: Scenario, instance: InstancePicture, held: AllocationsPicture): string | null {
  const hosts = Object.keys(held);
  if (instance.deleted) return hosts.length === 0 ? null : 'the server is deleted and holds something for good';
  const flavor = cloud.flavors.find(({ name }) => name === instance.flavor);
  if (flavor === undefined || instance.host === null) return null;
  const asked = resourcesOf(flavor, false);
  if (hosts.some((host) => host !== instance.host))
    return `the server is on ${instance.host}, and holds something elsewhere`;
  const own = held[instance.host];
  if (own === undefined) return `the server is on ${instance.host}, and holds nothing there`;
  const same = Object.keys(own).length === asked.size && [...asked].every(([name, amount]) => own[name] === amount);
  return same ? null : 'the server holds something else than its flavor asks';
}

/** A migration holds the other side of a move that waits for its decision, and of no other. */
function wrongOfMigration(
  instance: InstancePicture,
  migration: MigrationPicture,
  held: AllocationsPicture,
): string | null {
  const hosts = Object.keys(held);
  const open = !instance.deleted && instance.vm_state === 'resized' && migration.status === 'finished';
  if (hosts.length === 0 || open) return null;
  return `nothing releases what the ${migration.status} migration holds on ${hosts.join(' and ')}`;
}
