/** Which kinds of fault fit which failure points, and why the others do not. */

import type { Step, Touches } from '../nova/step.ts';
import { FAULT_KINDS, type FaultKind } from '../scenario/scenario.ts';

type Verdict = true | string;
type Rule = (step: Step) => Verdict;

const anywhere: Rule = () => true;
const only =
  (why: string, ...touches: Touches[]): Rule =>
  (step) =>
    touches.includes(step.touches) || why;

const code: Touches[] = ['memory', 'database', 'driver', 'neutron', 'cinder', 'notification', 'tracker'];
const placement: Touches[] = ['placement-read', 'placement-write'];

const WHEN_APPLIED = 'only a write to Placement can have been applied';

const RULES: Record<FaultKind, Rule> = {
  'error-before': (step) =>
    [...code, ...placement].includes(step.touches) ||
    step.touches === 'task' ||
    (step.touches === 'request'
      ? 'a check of the request answers by itself'
      : step.touches === 'function'
        ? 'what the function calls may fail, and it is a handler of its own'
        : 'a message is refused, lost or late'),
  'error-after': (step) => {
    if (step.touches === 'placement-read') return 'a read leaves nothing to have applied';
    if (step.touches === 'memory' || step.touches === 'task') return 'nothing outside the process was done';
    return RULES['error-before'](step);
  },
  'fault-rollback': (step) => step.mayRollBack === true || 'Nova raises InstanceFaultRollback elsewhere',
  unavailable: only('only the tracker refuses a claim', 'tracker'),
  'build-abort': (step) => step.mayAbort === true || 'Nova raises BuildAbortException elsewhere',
  refused: only('only a connection or the message bus refuses', 'placement-read', 'placement-write', 'cast', 'call'),
  lost: only('only a message is lost', 'cast', 'call'),
  late: only('only a message that nobody waits for comes late', 'cast'),
  doubled: only('only a message comes twice', 'cast'),
  'timeout-before': only('only a request to Placement is waited for by a client', ...placement),
  'timeout-after': only(WHEN_APPLIED, 'placement-write', 'call'),
  'timeout-during': only('only a call leaves its callee running', 'call'),
  'reply-lost': only(WHEN_APPLIED, 'placement-write'),
  conflict: only('only a write carries a consumer generation', 'placement-write'),
  'provider-conflict': only('only a write races on a provider', 'placement-write'),
  'html-before': only('only HTTP has proxies', ...placement),
  'html-after': only(WHEN_APPLIED, 'placement-write'),
  'placement-crash': only('only a write has two transactions', 'placement-write'),
  'crash-before': anywhere,
  'crash-after': anywhere,
  'unknown-node': (step) => step.unknownNode !== undefined || 'only the claim of a move looks the node up',
};

/** Kinds that what they strike learns of at once, as an exception or an answer, and that leave nothing broken behind. */
export const RAISED: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'error-before',
  'error-after',
  'fault-rollback',
  'unavailable',
  'refused',
  'timeout-before',
  'timeout-after',
  'reply-lost',
  'conflict',
  'provider-conflict',
  'html-before',
  'html-after',
]);

/** True, or one clause saying why this kind cannot strike there. */
export function fits(step: Step, kind: FaultKind): Verdict {
  return RULES[kind](step);
}

/**
 * Kinds that a generator does not draw, only a scenario asks for: oslo.messaging drops a message that comes twice, and a
 * node is unknown only where the tracker's first update failed before it made the node's record.
 */
const ON_REQUEST: ReadonlySet<FaultKind> = new Set(['doubled', 'unknown-node']);

/** Kinds that a generator draws. */
export function kindsFor(step: Step): FaultKind[] {
  return FAULT_KINDS.filter((kind) => !ON_REQUEST.has(kind) && fits(step, kind) === true);
}
