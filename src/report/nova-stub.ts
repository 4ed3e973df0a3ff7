/**
 * A fault as one stubbed method of Nova, for a functional test: which method a failure point's call is (nova/calls.ts), which of
 * its calls are meant, and what the stub does in their place.
 */
import { callOf } from '../nova/calls.ts';
import type { Step } from '../nova/step.ts';
import type { Fault, FaultKind } from '../scenario/scenario.ts';
import { pythonString } from './python.ts';

/** What no functional test with Nova's own fixtures can bring about: one sentence. */
export class Inexpressible extends Error {
  override readonly name = 'Inexpressible';
}

export interface Stub {
  /** the class or module, and its method */
  readonly owner: string;
  readonly method: string;
  /** the parameters that are looked at; the rest is *args, **kwargs */
  readonly parameters: string;
  /** what the conditions look at */
  readonly before: readonly string[];
  /** what must be true of a call; every line but the last ends before an `and` */
  readonly conditions: readonly string[];
  /** what is done in the place of the call; `real` is the method itself */
  readonly instead: readonly string[];
  readonly imports: readonly string[];
  /** whether the stack is looked at */
  readonly looksAtStack: boolean;
}

const IMPORTS = {
  mock: 'from unittest import mock',
  ks: 'from keystoneauth1 import exceptions as ks_exc',
  db: 'from oslo_db import exception as db_exc',
  messaging: 'import oslo_messaging as messaging',
  json: 'from oslo_serialization import jsonutils',
  exception: 'from nova import exception',
  objects: 'from nova import objects',
  sys: 'import sys',
  response: 'from nova.tests.unit import fake_requests',
  report: 'from nova.scheduler.client import report',
} as const;

/** Owners of calls: how a test names them. */
const OWNERS: Readonly<Record<string, readonly [owner: string, imports: string]>> = {
  API: ['compute_api.API', 'from nova.compute import api as compute_api'],
  ComputeManager: ['manager.ComputeManager', 'from nova.compute import manager'],
  MigrationTask: ['migrate.MigrationTask', 'from nova.conductor.tasks import migrate'],
  ResourceTracker: ['resource_tracker.ResourceTracker', 'from nova.compute import resource_tracker'],
  SchedulerManager: ['scheduler_manager.SchedulerManager', 'from nova.scheduler import manager as scheduler_manager'],
  scheduler_utils: ['scheduler_utils', 'from nova.scheduler import utils as scheduler_utils'],
  driver: ['fake.FakeDriver', 'from nova.virt import fake'],
  neutron: ['neutron.API', 'from nova.network import neutron'],
};
/** Their methods serve one step each, so that nobody asks who calls. */
const OF_ONE_STEP: ReadonlySet<string> = new Set(['ComputeManager', 'MigrationTask', 'SchedulerManager', 'driver']);
const OBJECTS: ReadonlySet<string> = new Set([
  ...['ComputeNode', 'Instance', 'InstanceAction', 'InstanceList', 'Migration', 'MigrationList', 'RequestSpec'],
]);

/** Messages that are not sent by nova.compute.rpcapi. */
const SENDERS: Readonly<Record<string, readonly [owner: string, imports: string]>> = {
  migrate_server: ['conductor_rpcapi.ComputeTaskAPI', 'from nova.conductor import rpcapi as conductor_rpcapi'],
  select_destinations: ['scheduler_rpcapi.SchedulerAPI', 'from nova.scheduler import rpcapi as scheduler_rpcapi'],
};
const COMPUTE_SENDER = ['compute_rpcapi.ComputeAPI', 'from nova.compute import rpcapi as compute_rpcapi'] as const;

/** @param server the Python variable of the server that the operation is about */
export function stubFor({ point, kind }: Fault, step: Step, server: string): Stub {
  const call = callOf(point);
  if (call === null) throw new Inexpressible(`no call of Nova is known for the failure point ${point}`);
  if (typeof call !== 'string') throw new Inexpressible(`at ${point} there is no call to stub: ${call.unreachable}`);
  if (step.touches === 'request') {
    throw new Inexpressible(`${point} is where a request is taken in, before any method of Nova that could be stubbed`);
  }
  if (call.includes(' | ')) throw new Inexpressible(`at ${point} there are several calls, and one method is stubbed`);
  const [first, last = first] = call.split(' .. ');
  const { name, when, around, apart } = parsed(kind === 'error-after' ? last! : first!);
  const within = nameOf(step.nova);
  const [verb = '', what = ''] = name.split(' ');
  if (verb === 'cast' || verb === 'call') return message(point, kind, verb, what);
  const stack = [
    ...(around === undefined ? [] : [around]),
    ...(within === name.slice(name.lastIndexOf('.') + 1) || OF_ONE_STEP.has(name.split('.')[0]!) ? [] : [within]),
  ];
  const conditions = [
    ...stack.map((named) => `_called_from(${pythonString(named)})`),
    ...(apart === undefined ? [] : [`not _called_from(${pythonString(apart)})`]),
  ];
  const looksAtStack = conditions.length > 0;
  if (what !== '') return { ...request(point, kind, verb, what, server, conditions), looksAtStack };
  return { ...method(point, kind, name, when, step, conditions), looksAtStack };
}

/** `nova/compute/manager.py:ComputeManager._confirm_resize` -> `_confirm_resize` */
export const nameOf = (nova: string): string => nova.slice(Math.max(nova.lastIndexOf(':'), nova.lastIndexOf('.')) + 1);

interface Call {
  readonly name: string;
  readonly when: readonly (readonly [string, string])[];
  readonly around: string | undefined;
  readonly apart: string | undefined;
}

function parsed(text: string): Call {
  const words = text.split(' ');
  const all = words.filter((word) => word.includes('=')).map((word) => word.split('=') as [string, string]);
  return {
    name: words.filter((word) => !word.includes('=')).join(' '),
    when: all.filter(([key]) => key !== 'in' && key !== 'out'),
    around: all.find(([key]) => key === 'in')?.[1],
    apart: all.find(([key]) => key === 'out')?.[1],
  };
}

function unfit(point: string, kind: FaultKind): Inexpressible {
  if (kind === 'crash-before' || kind === 'crash-after' || kind === 'placement-crash') {
    return new Inexpressible(`a service dies in it at ${point}, and those of a functional test are one process`);
  }
  if (kind === 'late' || kind === 'doubled' || kind === 'timeout-during') {
    return new Inexpressible(`the message at ${point} would need a schedule, and a functional test of Nova has none`);
  }
  return new Inexpressible(`no stub of one method can do ${kind} at ${point}`);
}

/** Does the real thing first, and keeps nothing of what it says. */
const REAL = 'real(*args, **kwargs)';

// ---- messages

function message(point: string, kind: FaultKind, verb: 'cast' | 'call', method: string): Stub {
  const [owner, imports] = SENDERS[method] ?? COMPUTE_SENDER;
  const timedOut = "raise messaging.MessagingTimeout('no answer')";
  const instead: Partial<Record<FaultKind, readonly string[]>> = {
    refused: ["raise messaging.MessageDeliveryFailure('the connection is refused')"],
    lost: verb === 'cast' ? ['return None'] : [timedOut],
    ...(verb === 'call' ? { 'timeout-after': [REAL, timedOut] } : {}),
  };
  const lines = instead[kind];
  if (lines === undefined) throw unfit(point, kind);
  const silent = verb === 'cast' && kind === 'lost';
  return {
    owner,
    method,
    parameters: '',
    before: [],
    conditions: [],
    instead: lines,
    imports: [IMPORTS.mock, imports, ...(silent ? [] : [IMPORTS.messaging])],
    looksAtStack: false,
  };
}

// ---- requests to Placement

const answer = (status: number, code: string, detail: string): string[] => [
  `return fake_requests.FakeResponse(${status}, jsonutils.dumps({`,
  "    'errors': [{",
  `        'code': '${code}',`,
  `        'detail': '${detail}'}]}))`,
];
const CONFLICT = 'placement.concurrent_update';
const BROKEN = answer(500, 'placement.undefined_code', 'incapable');
const PROXY = ["return fake_requests.FakeResponse(503, '<html></html>')"];

const WIRE: Partial<Record<FaultKind, readonly string[]>> = {
  refused: ["raise ks_exc.ConnectFailure('Connection refused')"],
  'timeout-before': ["raise ks_exc.ConnectTimeout('Request timed out')"],
  'timeout-after': [REAL, "raise ks_exc.ConnectTimeout('Request timed out')"],
  'reply-lost': [REAL, "raise ks_exc.ConnectFailure('Connection reset by peer')"],
  'error-before': BROKEN,
  'error-after': [REAL, ...BROKEN],
  conflict: answer(409, CONFLICT, 'consumer generation conflict'),
  'provider-conflict': answer(409, CONFLICT, 'concurrent update'),
  'html-before': PROXY,
  'html-after': [REAL, ...PROXY],
};

function request(
  point: string,
  kind: FaultKind,
  verb: string,
  path: string,
  server: string,
  around: readonly string[],
): Omit<Stub, 'looksAtStack'> {
  const instead = WIRE[kind];
  if (instead === undefined) throw unfit(point, kind);
  const text = instead.join('\n');
  return {
    owner: 'report.SchedulerReportClient',
    method: verb.toLowerCase(),
    parameters: '_self, url, ',
    before: [],
    conditions: [...about(path, server), ...around],
    instead: instead.map((line) => (line === REAL ? 'real(_self, url, *args, **kwargs)' : line)),
    imports: [
      IMPORTS.mock,
      IMPORTS.report,
      ...(text.includes('ks_exc.') ? [IMPORTS.ks] : []),
      ...(text.includes('fake_requests.') ? [IMPORTS.response] : []),
      ...(text.includes('jsonutils.') ? [IMPORTS.json] : []),
    ],
  };
}

/** A migration's uuid is not known before its move: whoever is asked for and is not the instance is the migration. */
function about(path: string, server: string): string[] {
  const instance = `'/allocations/%s' % ${server}['id']`;
  switch (path) {
    case '/allocations/{instance}':
      return [`url == ${instance}`];
    case '/allocations/{migration}':
      return ["url.startswith('/allocations/')", `url != ${instance}`];
    case '/allocations':
      return ["url == '/allocations'"];
    case '/allocation_candidates':
      return ["url.startswith('/allocation_candidates?')"];
    default: {
      const [before, after] = path.split('{provider}');
      return [`url.startswith(${pythonString(before!)})`, `url.endswith(${pythonString(after!)})`];
    }
  }
}

// ---- methods

function method(
  point: string,
  kind: FaultKind,
  name: string,
  when: Call['when'],
  { touches }: Step,
  around: readonly string[],
): Omit<Stub, 'looksAtStack'> {
  const [of = '', called = ''] = name.split('.');
  const [owner, imports] = OBJECTS.has(of) ? [`objects.${of}`, IMPORTS.objects] : (OWNERS[of] ?? [null, '']);
  if (owner === null) throw new Inexpressible(`the functional fixtures of Nova have no ${of}, which ${point} is about`);
  const [error, needs] = failureOf(point, kind, touches);
  const saves = when.some(([key]) => key !== 'raising' && key !== 'phase' && key !== 'event');
  const raise = `raise ${error}`;
  return {
    owner,
    method: called,
    parameters: saves ? 'obj, ' : '',
    before: saves ? ['changes = obj.obj_get_changes()'] : [],
    conditions: [...when.map(condition), ...around],
    instead: kind === 'error-after' ? [saves ? 'real(obj, *args, **kwargs)' : REAL, raise] : [raise],
    imports: [IMPORTS.mock, imports, needs, ...(when.some(([key]) => key === 'raising') ? [IMPORTS.sys] : [])],
  };
}

function failureOf(point: string, kind: FaultKind, touches: Step['touches']): readonly [string, string] {
  if (kind === 'unavailable' || kind === 'unknown-node') {
    return ["exception.ComputeResourcesUnavailable(reason='injected')", IMPORTS.exception];
  }
  if (kind !== 'error-before' && kind !== 'error-after') throw unfit(point, kind);
  switch (touches) {
    case 'database':
    case 'tracker':
    case 'memory':
      return ['db_exc.DBConnectionError()', IMPORTS.db];
    case 'neutron':
      return ["exception.PortBindingFailed(port_id='injected')", IMPORTS.exception];
    default:
      return ["exception.NovaException('injected')", IMPORTS.exception];
  }
}

function condition([key, value]: readonly [string, string]): string {
  if (key === 'raising') return `sys.exc_info()[0] is ${value === 'True' ? 'not ' : ''}None`;
  if (key === 'phase' || key === 'event') return `${pythonString(value)} in (*args, *kwargs.values())`;
  // None is a value that is written: a field that is not is another thing
  const written = `changes.get('${key}', '')`;
  const values = value.split(',').map((one) => (one === 'None' ? 'None' : pythonString(one)));
  return values.length === 1 && values[0] !== 'None'
    ? `${written} == ${values[0]}`
    : `${written} in (${values.join(', ')},)`;
}
