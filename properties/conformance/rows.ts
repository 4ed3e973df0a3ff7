/**
 * What Nova does when a resize breaks: the failure points of a move, each with the fault, and the state that all handlers
 * leave behind. A row of the specification is one or more cases here; a case is one scenario and the line that describes
 * the server at the end (src/observation/describe.ts has its form).
 */
import type { FaultKind } from '../../src/scenario/scenario.ts';
import {
  audit,
  auditDelete,
  confirm,
  crash,
  del,
  deleteAllocations,
  editHost,
  editStatus,
  fault,
  hardReboot,
  heal,
  healAll,
  healForce,
  healForceAll,
  hold,
  holdFor,
  type Line,
  type Mark,
  migrate,
  migrateTo,
  placementAudit,
  poll,
  resetState,
  resetToError,
  resize,
  resizeTo,
  restart,
  revert,
  type Step,
  setTotal,
  stop,
} from './scenario.ts';

/** Every row of the specification of a resize: by phase, in the order of the flow. */
export const ROW_IDS = [
  // API, conductor, scheduler
  'api.validate',
  'api.record-or-cast.raise',
  'api.cast.lost',
  'conductor.prepare',
  'conductor.create-migration',
  'conductor.read-source-node',
  'conductor.get-allocs.fail',
  'conductor.get-allocs.empty',
  'conductor.swap.not-applied',
  'conductor.swap.unacked',
  'conductor.crash.after-swap',
  'scheduler.candidates.fail',
  'scheduler.no-host',
  'scheduler.claim-get.non200',
  'scheduler.claim-put.rejected',
  'scheduler.claim-put.consumer-conflict',
  'scheduler.claim-put.unacked.last-host',
  'scheduler.claim-put.unacked.next-host',
  'scheduler.claim-put.unacked.raise',
  'scheduler.crash',
  'scheduler.late-claim',
  'conductor.rollback.fail',
  'conductor.prep-cast.raise',
  'conductor.prep-cast.lost',
  'conductor.crash.after-claim',
  'conductor.save-reqspec.fail',
  // preparation on the destination
  'prep.start-notify',
  'prep.fail.alternate',
  'prep.fail.exhausted',
  'prep.fail.no-retry',
  'prep.fault-rollback',
  'prep.build-abort',
  'prep.get-allocs',
  'prep.rt-claim',
  'prep.rt-claim.placement',
  'prep.cast-resize.raise',
  'prep.cast-resize.lost',
  'prep.end-notify',
  'prep.revert.not-applied.exhausted',
  'prep.revert.not-applied.alternate',
  'prep.revert.raise',
  'prep.revert.unacked',
  'prep.crash',
  'resched.call.not-delivered',
  'resched.call.timeout-late',
  // the source's leg
  'src.pre-driver',
  'src.driver.fault-rollback',
  'src.driver',
  'src.post-driver',
  'src.flip-host.cas',
  'src.cast-finish.raise',
  'src.cast-finish.lost',
  'src.end-notify',
  'src.revert.not-applied',
  'src.revert.raise',
  'src.revert.unacked',
  'src.crash.in-driver',
  'src.crash.after-flip',
  // finish on the destination
  'finish.swap-bdm',
  'finish.pre',
  'finish.network',
  'finish.driver',
  'finish.volumes-complete',
  'finish.set-resized.cas',
  'finish.crash',
  'finish.crash.after-finished',
  'finish.end-notify',
  'finish.delete-m.fail',
  // VERIFY_RESIZE and confirm
  'verify.resting',
  'verify.reset-state',
  'confirm.source-down',
  'confirm.cast.lost',
  'confirm.cast.raise',
  'confirm.network',
  'confirm.driver',
  'confirm.drop-claim',
  'confirm.end-notify',
  'confirm.delete-m.refused',
  'confirm.delete-m.fail',
  'confirm.delete-m.unacked',
  'confirm.crash.in-cleanup',
  'confirm.crash.before-delete',
  'confirm.poll.error',
  // revert
  'revert.api',
  'revert.cast.lost',
  'revert.dest-down',
  'revert.dest-crash',
  'revert.dest-network',
  'revert.dest-destroy',
  'revert.dest-volumes',
  'revert.drop-claim',
  'revert.cast-finish.raise',
  'revert.cast-finish.lost',
  'frevert.set-host',
  'frevert.get-m.fail',
  'frevert.swap.falsy',
  'frevert.swap.raise',
  'frevert.swap.unacked',
  'frevert.network',
  'frevert.driver',
  'frevert.crash.before-swap',
  'frevert.crash.after-swap',
  // deleting, and what operators do in mid-flow
  'delete.before-swap',
  'delete.after-swap',
  'delete.after-claim',
  'delete.in-migrate-disk',
  'delete.after-flip',
  'delete.in-finish',
  'delete.verify',
  'delete.verify.source-down',
  'delete.confirming-stuck',
  'delete.in-revert',
  'delete.local',
  'delete.unbuilt',
  'delete.error-after-finish',
  'delete.taken-up-again',
  'resize.overtaken',
  'poll.overtaken',
  'finish.no-flavor',
  'reboot.error-handler-fails',
  'operator.audit',
  'operator.audit-delete',
  'operator.audit.blind',
  'operator.audit.fails',
  'operator.heal',
  'operator.heal.fails',
  'operator.audit-then-heal',
  'operator.by-hand',
  'operator.reset-state',
  'api.confirm-vs-revert',
  'placement.crash.between-consumer-and-write',
  'capacity.source-over',
  'capacity.source-over.revert',
  // what releases of Nova changed
  'release.swap-bdm',
  'release.retry-reboot',
  'release.unknown-node',
  'release.drop-move-claim',
] as const;
export type RowId = (typeof ROW_IDS)[number];

/** Seen on a running Nova, or read from its source alone. */
export type Source = 'run' | 'read';

export interface Case extends Line {
  readonly row: RowId;
  readonly name: string;
  readonly source: Source;
  /** the server at quiescence, before anything is settled */
  readonly expected: string;
  /** vcpus_used of hosts, as their trackers have it then */
  readonly used?: Readonly<Record<string, number>>;
  readonly note?: string;
}

/** What sets a case apart: told behind its name by `where`, or by the number of hosts. */
type Extra = Omit<Line, 'steps'> & Partial<Pick<Case, 'source' | 'note' | 'used'>> & { readonly where?: string };
type Sketch = Omit<Case, 'row' | 'source'> & { readonly source?: Source };

function row(id: RowId, source: Source, ...sketches: (Sketch | readonly Sketch[])[]): readonly Case[] {
  return sketches.flat().map((sketch) => ({ source, ...sketch, row: id }));
}

function one(name: string, steps: readonly Step[], expected: string, { where, ...extra }: Extra = {}): Sketch {
  const hosts =
    extra.hosts === undefined || extra.hosts === 2 ? '' : `${extra.hosts} ${extra.hosts === 1 ? 'host' : 'hosts'}`;
  const behind = [where ?? '', hosts].filter((text) => text !== '').join(', ');
  return { name: behind === '' ? name : `${name} (${behind})`, steps, expected, ...extra };
}

/** Retries of the report client: so often must a race on a provider be lost before it gives up. */
const GIVES_UP: Partial<Record<FaultKind, number>> = { 'provider-conflict': 4 };
const NO_ANSWER: readonly FaultKind[] = ['refused', 'timeout-before', 'reply-lost', 'timeout-after'];

/**
 * A case for each kind of fault at a point. Where the client gets no answer at all there is a second one, of a client that
 * sends twice and fails twice.
 */
function each(
  kinds: readonly FaultKind[],
  point: string,
  steps: (mark: Mark) => readonly Step[],
  expected: string,
  extra: Extra = {},
): readonly Sketch[] {
  return kinds.flatMap((kind) => {
    const times = GIVES_UP[kind] ?? 1;
    const name = times === 1 ? `${point} ${kind}` : `${point} ${kind} ${times} times`;
    const once = one(name, steps(fault(point, kind, times)), expected, extra);
    if (!NO_ANSWER.includes(kind) || MESSAGES.test(point)) return [once];
    const options = { ...extra.options, client_replay: 1 };
    return [once, one(`${name}, again on replay`, steps(fault(point, kind, 2)), expected, { ...extra, options })];
  });
}
/** Points of the message bus, which nobody's client replays. */
const MESSAGES = /cast|call|schedule$/;

/** The same for several points. */
const at = (
  points: readonly string[],
  kinds: readonly FaultKind[],
  steps: (mark: Mark) => readonly Step[],
  expected: string,
  extra: Extra = {},
): readonly Sketch[] => points.flatMap((point) => each(kinds, point, steps, expected, extra));

/** A client that sends twice, of which the first fails. */
function replayed(
  kinds: readonly FaultKind[],
  point: string,
  steps: (mark: Mark) => readonly Step[],
  expected: string,
  extra: Extra = {},
): readonly Sketch[] {
  const options = { ...extra.options, client_replay: 1 };
  return kinds.map((kind) =>
    one(`${point} ${kind}, replayed`, steps(fault(point, kind)), expected, { ...extra, options }),
  );
}

/** The service that a point of a move belongs to. What is held there stays as it is when the service dies: paused for good. */
function serviceAt(point: string): string {
  const [prefix] = point.split('.');
  if (prefix === 'conductor') return 'conductor';
  return prefix === 'src' || prefix === 'frevert' ? 'h1' : 'h2';
}

/** Several lines for each of several points at which a job is held. */
function heldAt(
  points: readonly string[],
  lines: readonly (readonly [string, (point: string) => readonly Step[], string])[],
): readonly Sketch[] {
  return points.flatMap((point) =>
    lines.map(([name, steps, expected]) => one(`${point}, ${name}`, steps(point), expected)),
  );
}

// What faults at a request mean to Nova. A read that fails:
const NO_READ: readonly FaultKind[] = ['refused', 'timeout-before', 'error-before', 'html-before'];
/** of which safe_connect turns this into None, and these are raised */
const READ_FALSY: readonly FaultKind[] = ['refused'];
const READ_RAISES: readonly FaultKind[] = ['timeout-before', 'error-before', 'html-before'];
// A write of several consumers or of a claim, not applied: None or False, or an exception.
const FALSY: readonly FaultKind[] = ['refused', 'error-before', 'provider-conflict'];
const RAISES: readonly FaultKind[] = ['timeout-before', 'html-before', 'conflict'];
// The same, applied, but the client sees a failure.
const UNACKED_FALSY: readonly FaultKind[] = ['reply-lost', 'error-after'];
const UNACKED_RAISES: readonly FaultKind[] = ['timeout-after', 'html-after'];
/** Not applied and not answered: sent again, it is as if nothing had been. */
const NOT_SENT: readonly FaultKind[] = ['refused', 'timeout-before'];
/** Applied, the answer lost, sent again: a consumer generation conflict with itself. */
const LOST_THEN_CONFLICT: readonly FaultKind[] = ['reply-lost', 'timeout-after'];
const CODE: readonly FaultKind[] = ['error-before', 'error-after'];
const CRASH: readonly FaultKind[] = ['crash-before', 'crash-after'];

// States that many rows share. SAFE: nothing happened.
const SAFE = 'h1 active/none m1 | I{h1:m1} | M1{} error';
const SAFE_ERROR = 'h1 error/none m1 | I{h1:m1} | M1{} error';
const UNTOUCHED = 'h1 active/none m1 | I{h1:m1}';
const FORWARD = 'h2 resized/none m2 | I{h2:m2} | M1{h1:m1} finished';
const ON_ALTERNATE = 'h3 resized/none m2 | I{h3:m2} | M1{h1:m1} finished';
const DOUBLED = 'h3 resized/none m2 | I{h2:m2 h3:m2} | M1{h1:m1} finished';
const CONFIRMED = 'h2 active/none m2 | I{h2:m2} | M1{} confirmed';
const REVERTED = 'h1 active/none m1 | I{h1:m1} | M1{} reverted';
const SOURCE_UNDER_M = 'h1 active/none m1 | I{} | M1{h1:m1} error';
const STUCK_IN_PREP = 'h1 active/resize_prep m1 | I{h2:m2} | M1{h1:m1} pre-migrating';
const UNSTUCK_FROM_PREP = 'h1 active/none m1 | I{h2:m2} | M1{h1:m1} pre-migrating';
const ERROR_FORWARD = 'h1 error/none m1 | I{h2:m2} | M1{h1:m1} error';
const DROPPED_NEW = 'h2 error/none m2 | I{h2:m2} | M1{} error';
const DROPPED_OLD = 'h2 error/none m1 | I{h2:m2} | M1{} error';
const MIGRATED = 'h2 active/resize_migrated m1 | I{h2:m2} | M1{h1:m1} post-migrating';
const GONE = 'deleted | I{} | M1{} deleted';
const GONE_BUT_M = 'deleted | I{} | M1{h1:m1} deleted';
const GONE_BUT_I = 'deleted | I{h1:m1} | M1{} deleted';
const REVERT_STUCK = 'h2 resized/resize_reverting m2 | I{h2:m2} | M1{h1:m1} reverting';
const REVERT_FAILED = 'h2 error/none m2 | I{h2:m2} | M1{h1:m1} error';
const REVERT_STUCK_AT_HOME = 'h1 resized/resize_reverting m1 | I{h2:m2} | M1{h1:m1} reverted';

const resizing = (mark: Mark): readonly Step[] => [resize(mark)];
const confirming = (mark: Mark): readonly Step[] => [resize(), confirm(mark)];
const reverting = (mark: Mark): readonly Step[] => [resize(), revert(mark)];
const prepFails = fault('prep.rt-claim', 'error-before');
const sourceFails = fault('src.driver', 'error-before');
const finishFails = fault('finish.driver', 'error-before');
/** Where the destination is claimed and the host has not flipped: S4 to R8 of the flow. */
const CLAIMED = [
  'scheduler.reply',
  'conductor.fill',
  'conductor.cast-prep',
  'prep.start-notify',
  'prep.stash',
  'prep.get-allocs',
  'prep.rt-claim',
  'prep.cast-resize',
  'src.network-info',
  'src.driver',
  'src.volumes',
  'src.flip-host',
] as const;
/** A leak that audit sees, and one of which it takes a part; a server that was audited and holds nothing. */
const LEAKED = 'h2 active/none m2 | I{h2:m2} | M1{h1:m1} confirmed';
const DOUBLED_AND_CONFIRMED = 'h3 active/none m2 | I{h2:m2 h3:m2} | M1{} confirmed';
const EMPTIED = 'h1 active/none m1 | I{} | M1{} error';
const REVERT_LEAKED = 'h1 active/none m1 | I{h2:m2} | M1{h1:m1} reverted';
const auditing = (mark: Mark): readonly Step[] => [
  resize(),
  confirm(fault('confirm.delete-alloc', 'refused', 2)),
  auditDelete(undefined, mark),
];
const doubling = [resize(fault('scheduler.claim-put', 'error-after')), confirm()];
const halving = (mark: Mark): readonly Step[] => [...doubling, auditDelete(undefined, mark)];
const overfull = [...doubling, setTotal('h3', 'MEMORY_MB', 512), auditDelete()];
const emptying = [resize(fault('conductor.swap', 'error-after')), auditDelete()];
const healing = (mark: Mark): readonly Step[] => [...emptying, heal(mark)];
const healingOver = [...emptying, setTotal('h1', 'MEMORY_MB', 256), heal()];
const exits =
  (...codes: readonly number[]) =>
  (sketch: Sketch): Sketch => ({ ...sketch, exits: codes });
const THREE: Extra = { hosts: 3 };
const PLACEMENT_8: Extra = { options: { placement_release: 8 } };

const API_CONDUCTOR_SCHEDULER = [
  row(
    'api.validate',
    'run',
    one('to the flavor it has', [resizeTo('m1')], UNTOUCHED),
    one('to a flavor without a disk', [resizeTo('m0')], UNTOUCHED),
    one('in error', [resetToError(), resize()], 'h1 error/none m1 | I{h1:m1}'),
    one('source compute down', [crash('h1'), resize()], UNTOUCHED),
    one('migrated to its own host', [migrateTo('h1')], UNTOUCHED),
    one('waiting for its decision', [resize(), resizeTo('m1')], FORWARD),
    one('under way', [resize(hold('src.driver')), migrate()], FORWARD),
  ),
  row(
    'api.record-or-cast.raise',
    'run',
    at(['api.action-record'], CODE, resizing, 'h1 active/resize_prep m1 | I{h1:m1}'),
    at(['api.cast-conductor'], ['refused'], resizing, 'h1 active/resize_prep m1 | I{h1:m1}'),
    one('then the source restarts', [resize(fault('api.cast-conductor', 'refused')), restart('h1')], UNTOUCHED),
    one('then reset-state', [resize(fault('api.cast-conductor', 'refused')), resetState()], UNTOUCHED),
    one('then delete', [resize(fault('api.cast-conductor', 'refused')), del()], 'deleted | I{}'),
    one(
      'then another resize',
      [resize(fault('api.cast-conductor', 'refused')), resize()],
      'h1 active/resize_prep m1 | I{h1:m1}',
    ),
  ),
  row(
    'api.cast.lost',
    'run',
    at(['api.cast-conductor'], ['lost'], resizing, 'h1 active/resize_prep m1 | I{h1:m1}'),
    at(['conductor.prepare'], CRASH, resizing, 'h1 active/resize_prep m1 | I{h1:m1}'),
    at(['conductor.create-migration'], ['crash-before'], resizing, 'h1 active/resize_prep m1 | I{h1:m1}'),
    one('then the source restarts', [resize(fault('api.cast-conductor', 'lost')), restart('h1')], UNTOUCHED),
  ),
  row('conductor.prepare', 'read', at(['conductor.prepare'], CODE, resizing, UNTOUCHED)),
  row(
    'conductor.create-migration',
    'read',
    at(['conductor.create-migration'], ['error-before'], resizing, UNTOUCHED),
    at(['conductor.create-migration'], ['error-after'], resizing, 'h1 active/none m1 | I{h1:m1} | M1{} pre-migrating', {
      note: '_preallocate_migration keeps the record only behind create(), so rollback knows of none',
    }),
  ),
  row('conductor.read-source-node', 'read', at(['conductor.read-source-node'], CODE, resizing, SAFE)),
  row(
    'conductor.get-allocs.fail',
    'run',
    at(['conductor.get-allocs'], NO_READ, resizing, SAFE),
    replayed(NOT_SENT, 'conductor.get-allocs', resizing, FORWARD),
  ),
  row(
    'conductor.get-allocs.empty',
    'run',
    one(
      'resized again after an unacked swap',
      [resize(fault('conductor.swap', 'timeout-after')), resize()],
      'h2 resized/none m2 | I{h2:m2} | M1{h1:m1} error | M2{} finished',
    ),
    one(
      'and confirmed',
      [resize(fault('conductor.swap', 'timeout-after')), resize(), confirm()],
      'h2 active/none m2 | I{h2:m2} | M1{h1:m1} error | M2{} confirmed',
    ),
    one(
      'fails before the host flips',
      [resize(fault('conductor.swap', 'timeout-after')), resize(sourceFails)],
      'h1 error/none m1 | I{h2:m2} | M1{h1:m1} error | M2{} error',
    ),
    one(
      'fails on the only destination',
      [resize(fault('conductor.swap', 'timeout-after')), resize(prepFails)],
      'h1 error/none m1 | I{h2:m2} | M1{h1:m1} error | M2{} error',
    ),
  ),
  row(
    'conductor.swap.not-applied',
    'run',
    at(['conductor.swap'], [...FALSY, ...RAISES], resizing, SAFE),
    at(['conductor.swap.get-source', 'conductor.swap.get-target'], NO_READ, resizing, SAFE),
    replayed(NOT_SENT, 'conductor.swap', resizing, FORWARD),
    one('three lost races', [resize(fault('conductor.swap', 'provider-conflict', 3))], FORWARD),
    one('does not fit', [setTotal('h1', 'MEMORY_MB', 256), resize()], SAFE, PLACEMENT_8),
  ),
  row(
    'conductor.swap.unacked',
    'run',
    at(['conductor.swap'], [...UNACKED_FALSY, ...UNACKED_RAISES], resizing, SOURCE_UNDER_M),
    replayed(LOST_THEN_CONFLICT, 'conductor.swap', resizing, SOURCE_UNDER_M),
    one('then the audit', [resize(fault('conductor.swap', 'timeout-after')), audit('h1'), audit('h2')], SOURCE_UNDER_M),
    one('then delete', [resize(fault('conductor.swap', 'timeout-after')), del()], GONE_BUT_M),
  ),
  row(
    'conductor.crash.after-swap',
    'run',
    at(['conductor.swap'], ['crash-after'], resizing, 'h1 active/resize_prep m1 | I{} | M1{h1:m1} pre-migrating'),
    at(['conductor.schedule'], ['crash-before'], resizing, 'h1 active/resize_prep m1 | I{} | M1{h1:m1} pre-migrating'),
    one(
      'then the source restarts',
      [resize(fault('conductor.swap', 'crash-after')), restart('h1')],
      'h1 active/none m1 | I{} | M1{h1:m1} pre-migrating',
    ),
  ),
  row(
    'scheduler.candidates.fail',
    'run',
    at(['scheduler.candidates'], NO_READ, resizing, SAFE),
    replayed(NOT_SENT, 'scheduler.candidates', resizing, FORWARD),
  ),
  row(
    'scheduler.no-host',
    'read',
    one('no other host', [resize()], SAFE, { hosts: 1 }),
    one('no candidate', [setTotal('h2', 'VCPU', 1), resize()], SAFE),
    one('filtered', [crash('h2'), resize()], SAFE),
    one('a stopped server', [stop(), crash('h2'), resize()], 'h1 stopped/none m1 | I{h1:m1} | M1{} error'),
  ),
  row(
    'scheduler.claim-get.non200',
    'run',
    at(['scheduler.claim-get'], ['error-before', 'html-before'], resizing, FORWARD),
  ),
  row(
    'scheduler.claim-put.rejected',
    'run',
    at(['scheduler.claim-put'], FALSY, resizing, SAFE),
    at(['scheduler.claim-put'], FALSY, resizing, ON_ALTERNATE, THREE),
    at(['scheduler.claim-get'], READ_FALSY, resizing, SAFE),
    at(['scheduler.claim-get'], READ_FALSY, resizing, ON_ALTERNATE, THREE),
    at(['scheduler.claim-get'], ['timeout-before'], resizing, SAFE, {
      ...THREE,
      note: 'safe_connect does not catch it',
    }),
    replayed(NOT_SENT, 'scheduler.claim-put', resizing, FORWARD),
    one('three lost races', [resize(fault('scheduler.claim-put', 'provider-conflict', 3))], FORWARD),
    one('no longer fits', [resize(hold('scheduler.claim-put')), setTotal('h2', 'VCPU', 1)], SAFE),
    one('no longer fits', [resize(hold('scheduler.claim-put')), setTotal('h2', 'VCPU', 1)], ON_ALTERNATE, THREE),
  ),
  row(
    'scheduler.claim-put.consumer-conflict',
    'run',
    at(['scheduler.claim-put'], ['conflict'], resizing, SAFE),
    at(['scheduler.claim-put'], ['conflict'], resizing, SAFE, THREE),
  ),
  row(
    'scheduler.claim-put.unacked.last-host',
    'run',
    at(['scheduler.claim-put'], [...UNACKED_FALSY, ...UNACKED_RAISES], resizing, SAFE),
    replayed(LOST_THEN_CONFLICT, 'scheduler.claim-put', resizing, SAFE),
  ),
  row(
    'scheduler.claim-put.unacked.next-host',
    'run',
    at(['scheduler.claim-put'], UNACKED_FALSY, resizing, DOUBLED, THREE),
    one(
      'then confirm',
      [resize(fault('scheduler.claim-put', 'reply-lost')), confirm()],
      'h3 active/none m2 | I{h2:m2 h3:m2} | M1{} confirmed',
      THREE,
    ),
    one('then revert', [resize(fault('scheduler.claim-put', 'reply-lost')), revert()], REVERTED, THREE),
  ),
  row(
    'scheduler.claim-put.unacked.raise',
    'run',
    at(['scheduler.claim-put'], UNACKED_RAISES, resizing, SAFE, THREE),
    replayed(LOST_THEN_CONFLICT, 'scheduler.claim-put', resizing, SAFE, THREE),
  ),
  row(
    'scheduler.crash',
    'run',
    at(['scheduler.candidates', 'scheduler.filter', 'scheduler.claim-put'], CRASH, resizing, SAFE),
    at(['scheduler.reply'], ['crash-before'], resizing, SAFE),
    one('killed at the claim', [resize(hold('scheduler.claim-put')), crash('scheduler')], SAFE),
    at(['conductor.schedule'], ['timeout-after'], resizing, SAFE, {
      note: 'the reply is lost: seen from conductor alike',
    }),
  ),
  row(
    'scheduler.late-claim',
    'read',
    one(
      'claims behind the rollback',
      [resize(fault('conductor.schedule', 'timeout-during'))],
      'h1 active/none m1 | I{h1:m1 h2:m2} | M1{} error',
    ),
    one(
      'asked before the rollback, claims behind it',
      [
        resize(
          fault('conductor.schedule', 'timeout-during'),
          hold('conductor.undo.migration', 1),
          hold('scheduler.claim-put', 2),
        ),
        audit('h1'),
        audit('h1'),
      ],
      SAFE,
    ),
  ),
  row(
    'conductor.rollback.fail',
    'read',
    at(
      ['conductor.undo.migration'],
      ['error-before'],
      (mark) => [resize(fault('scheduler.candidates', 'error-before'), mark)],
      'h1 active/none m1 | I{} | M1{h1:m1} pre-migrating',
    ),
    at(
      ['conductor.undo.claim'],
      [...FALSY, ...RAISES],
      (mark) => [resize(fault('scheduler.candidates', 'error-before'), mark)],
      SOURCE_UNDER_M,
      { where: 'nothing claimed' },
    ),
    at(
      ['conductor.undo.claim'],
      [...FALSY, ...RAISES],
      (mark) => [resize(fault('conductor.cast-prep', 'refused'), mark)],
      'h1 active/none m1 | I{h2:m2} | M1{h1:m1} error',
    ),
    at(
      ['conductor.undo.claim'],
      [...UNACKED_FALSY, ...UNACKED_RAISES],
      (mark) => [resize(fault('conductor.cast-prep', 'refused'), mark)],
      SAFE,
    ),
    replayed(
      [...NOT_SENT, ...LOST_THEN_CONFLICT],
      'conductor.undo.claim',
      (mark) => [resize(fault('conductor.cast-prep', 'refused'), mark)],
      SAFE,
    ),
    at(
      ['conductor.undo.claim.get-source', 'conductor.undo.claim.get-target'],
      NO_READ,
      (mark) => [resize(fault('conductor.cast-prep', 'refused'), mark)],
      'h1 active/none m1 | I{h2:m2} | M1{h1:m1} error',
    ),
  ),
  row('conductor.prep-cast.raise', 'run', at(['conductor.cast-prep'], ['refused'], resizing, SAFE)),
  row(
    'conductor.prep-cast.lost',
    'run',
    at(['conductor.cast-prep'], ['lost'], resizing, STUCK_IN_PREP),
    at(['prep.start-notify'], ['crash-before'], resizing, STUCK_IN_PREP),
    one('then the source restarts', [resize(fault('conductor.cast-prep', 'lost')), restart('h1')], UNSTUCK_FROM_PREP),
    one(
      'and it is resized again to the same destination',
      [resize(fault('conductor.cast-prep', 'lost')), restart('h1'), resize()],
      FORWARD,
    ),
    one('and confirmed', [resize(fault('conductor.cast-prep', 'lost')), restart('h1'), resize(), confirm()], CONFIRMED),
    one(
      'and it is resized again to another destination',
      [resize(fault('prep.start-notify', 'crash-before')), restart('h1'), resize()],
      DOUBLED,
      THREE,
    ),
  ),
  row(
    'conductor.crash.after-claim',
    'run',
    at(['conductor.fill', 'conductor.cast-prep'], ['crash-before'], resizing, STUCK_IN_PREP),
    one('while the scheduler replies', [resize(hold('scheduler.reply')), crash('conductor')], STUCK_IN_PREP),
  ),
  row('conductor.save-reqspec.fail', 'read', at(['conductor.save-reqspec'], [...CODE, ...CRASH], resizing, FORWARD)),
];

const PREP_POINTS = [
  'prep.group-policy',
  'prep.stash',
  'prep.pci-map',
  'prep.rt-claim.save-migration',
  'prep.rt-claim',
];

/** A prep that fails: without an alternate, with one, without a retry. */
const prepFailure = (points: readonly string[], kinds: readonly FaultKind[]): readonly Sketch[] => [
  ...at(points, kinds, resizing, SAFE_ERROR),
  ...at(points, kinds, resizing, ON_ALTERNATE, THREE),
  ...at(points, kinds, (mark) => [migrateTo('h2', mark)], SAFE_ERROR, { ...THREE, where: 'requested host' }),
];

const PREP = [
  row('prep.start-notify', 'run', at(['prep.start-notify'], CODE, resizing, ERROR_FORWARD, THREE)),
  row(
    'prep.fail.alternate',
    'run',
    at(PREP_POINTS, ['error-before'], resizing, ON_ALTERNATE, THREE),
    at(['prep.stash', 'prep.rt-claim.save-migration', 'prep.rt-claim'], ['error-after'], resizing, ON_ALTERNATE, THREE),
    one('then confirm', [resize(prepFails), confirm()], 'h3 active/none m2 | I{h3:m2} | M1{} confirmed', THREE),
    one('then revert', [resize(prepFails), revert()], REVERTED, THREE),
  ),
  row(
    'prep.fail.exhausted',
    'run',
    at(PREP_POINTS, ['error-before'], resizing, SAFE_ERROR),
    one('the alternate fails too', [resize(fault('prep.rt-claim', 'error-before', 2))], SAFE_ERROR, THREE),
    one('as many attempts as are allowed', [resize(fault('prep.rt-claim', 'error-before', 2))], SAFE_ERROR, {
      ...THREE,
      options: { max_attempts: 2 },
    }),
    at(
      ['conductor.reschedule.claim-put'],
      [...FALSY, ...RAISES, ...UNACKED_FALSY, ...UNACKED_RAISES],
      (mark) => [resize(prepFails, mark)],
      SAFE_ERROR,
      THREE,
    ),
    replayed(
      LOST_THEN_CONFLICT,
      'conductor.reschedule.claim-put',
      (mark) => [resize(prepFails, mark)],
      SAFE_ERROR,
      THREE,
    ),
    one('then hard reboot', [resize(prepFails), hardReboot()], SAFE),
    one('then reset-state', [resize(prepFails), resetState()], SAFE),
    one(
      'and resized again',
      [resize(prepFails), resetState(), resize()],
      'h2 resized/none m2 | I{h2:m2} | M1{} error | M2{h1:m1} finished',
    ),
  ),
  row(
    'prep.fail.no-retry',
    'run',
    at(PREP_POINTS, ['error-before'], (mark) => [migrateTo('h2', mark)], SAFE_ERROR, {
      ...THREE,
      where: 'requested host',
    }),
    at(PREP_POINTS, ['error-before'], resizing, SAFE_ERROR, {
      ...THREE,
      options: { max_attempts: 1 },
      where: 'one attempt',
    }),
  ),
  row(
    'prep.fault-rollback',
    'run',
    at(['prep.group-policy', 'prep.stash'], ['fault-rollback'], resizing, SAFE),
    at(['prep.group-policy', 'prep.stash'], ['fault-rollback'], resizing, ON_ALTERNATE, THREE),
    at(['prep.group-policy', 'prep.stash'], ['fault-rollback'], (mark) => [migrateTo('h2', mark)], SAFE, {
      ...THREE,
      where: 'requested host',
    }),
    at(
      ['prep.group-policy'],
      ['fault-rollback'],
      (mark) => [stop(), resize(mark)],
      'h1 stopped/none m1 | I{h1:m1} | M1{} error',
      { where: 'stopped' },
    ),
  ),
  row(
    'prep.build-abort',
    'run',
    at(['prep.pci-map'], ['build-abort'], resizing, SAFE_ERROR),
    at(['prep.pci-map'], ['build-abort'], resizing, SAFE_ERROR, THREE),
  ),
  row('prep.get-allocs', 'run', at(['prep.get-allocs'], NO_READ, resizing, FORWARD)),
  row('prep.rt-claim', 'run', prepFailure(['prep.rt-claim'], ['unavailable'])),
  row(
    'prep.rt-claim.placement',
    'run',
    prepFailure(['prep.rt-claim.placement'], NO_READ),
    replayed(NOT_SENT, 'prep.rt-claim.placement', resizing, FORWARD),
  ),
  row('prep.cast-resize.raise', 'run', prepFailure(['prep.cast-resize'], ['refused'])),
  row(
    'prep.cast-resize.lost',
    'run',
    at(['prep.cast-resize'], ['lost'], resizing, STUCK_IN_PREP),
    at(['src.network-info'], ['crash-before'], resizing, STUCK_IN_PREP),
    one('then the source restarts', [resize(fault('prep.cast-resize', 'lost')), restart('h1')], UNSTUCK_FROM_PREP),
  ),
  row(
    'prep.end-notify',
    'run',
    at(['prep.end-notify'], CODE, resizing, 'h1 error/resize_migrating m1 | I{h1:m1} | M1{} error', {
      note: 'the destination marks the error before the source begins, whose first compare-and-swap fails',
    }),
    one(
      'once the source has moved the disk',
      [
        resize(fault('prep.end-notify', 'error-before'), hold('prep.end-notify', 1), hold('src.flip-host', 2)),
        audit('h1'),
        audit('h1'),
      ],
      'h2 error/resize_migrated m1 | I{h1:m1} | M1{} error',
      { note: 'as src.flip-host.cas' },
    ),
    one(
      'once the move is done',
      [resize(fault('prep.end-notify', 'error-before'), holdFor('prep.end-notify', 'compute.finish_resize'))],
      'h2 error/none m2 | I{h2:m2} | M1{h1:m1} error',
      { source: 'read', note: 'a third order, which no row has' },
    ),
  ),
  row(
    'prep.revert.not-applied.exhausted',
    'run',
    at(['prep.undo.claim'], FALSY, (mark) => [resize(prepFails, mark)], ERROR_FORWARD),
    at(['prep.undo.claim.get-allocs'], NO_READ, (mark) => [resize(prepFails, mark)], ERROR_FORWARD),
    at(
      ['prep.undo.claim.get-source', 'prep.undo.claim.get-target'],
      READ_FALSY,
      (mark) => [resize(prepFails, mark)],
      ERROR_FORWARD,
    ),
    replayed(NOT_SENT, 'prep.undo.claim', (mark) => [resize(prepFails, mark)], SAFE_ERROR),
  ),
  row(
    'prep.revert.not-applied.alternate',
    'run',
    at(['prep.undo.claim'], FALSY, (mark) => [resize(prepFails, mark)], DOUBLED, THREE),
    at(['prep.undo.claim.get-allocs'], NO_READ, (mark) => [resize(prepFails, mark)], DOUBLED, THREE),
    at(
      ['prep.undo.claim.get-source', 'prep.undo.claim.get-target'],
      READ_FALSY,
      (mark) => [resize(prepFails, mark)],
      DOUBLED,
      THREE,
    ),
    one(
      'then confirm',
      [resize(prepFails, fault('prep.undo.claim', 'refused')), confirm()],
      'h3 active/none m2 | I{h2:m2 h3:m2} | M1{} confirmed',
      THREE,
    ),
    one('then revert', [resize(prepFails, fault('prep.undo.claim', 'refused')), revert()], REVERTED, THREE),
  ),
  row(
    'prep.revert.raise',
    'run',
    at(['prep.undo.claim'], RAISES, (mark) => [resize(prepFails, mark)], ERROR_FORWARD, THREE),
    at(
      ['prep.undo.claim.get-source', 'prep.undo.claim.get-target'],
      READ_RAISES,
      (mark) => [resize(prepFails, mark)],
      ERROR_FORWARD,
      THREE,
    ),
  ),
  row(
    'prep.revert.unacked',
    'run',
    at(['prep.undo.claim'], UNACKED_FALSY, (mark) => [resize(prepFails, mark)], ON_ALTERNATE, THREE),
    at(['prep.undo.claim'], UNACKED_FALSY, (mark) => [resize(prepFails, mark)], SAFE_ERROR),
    at(['prep.undo.claim'], UNACKED_RAISES, (mark) => [resize(prepFails, mark)], SAFE_ERROR, THREE),
    replayed(LOST_THEN_CONFLICT, 'prep.undo.claim', (mark) => [resize(prepFails, mark)], SAFE_ERROR, THREE),
  ),
  row(
    'prep.crash',
    'run',
    at(
      ['prep.group-policy', 'prep.stash', 'prep.pci-map', 'prep.rt-claim.save-migration', 'prep.rt-claim'],
      CRASH,
      resizing,
      STUCK_IN_PREP,
    ),
    at(['prep.rt-claim.placement', 'prep.cast-resize'], ['crash-before'], resizing, STUCK_IN_PREP),
    one('then the destination restarts', [resize(fault('prep.rt-claim', 'crash-after')), restart('h2')], STUCK_IN_PREP),
    one('then the source restarts', [resize(fault('prep.rt-claim', 'crash-after')), restart('h1')], UNSTUCK_FROM_PREP),
  ),
  row(
    'resched.call.not-delivered',
    'run',
    at(
      ['prep.undo.reschedule.call-conductor'],
      ['refused', 'lost'],
      (mark) => [resize(prepFails, mark)],
      SAFE_ERROR,
      THREE,
    ),
    at(['prep.undo.reschedule.set-task'], ['error-before'], (mark) => [resize(prepFails, mark)], SAFE_ERROR, THREE),
  ),
  row(
    'resched.call.timeout-late',
    'run',
    one(
      'conductor acts behind the error',
      [resize(prepFails, fault('prep.undo.reschedule.call-conductor', 'timeout-during'))],
      'h1 error/resize_migrating m1 | I{h1:m1} | M1{} error | M2{} error',
      THREE,
    ),
    one(
      'conductor acts before the error',
      [resize(prepFails, fault('prep.undo.reschedule.call-conductor', 'timeout-after'))],
      'h1 error/resize_migrating m1 | I{h1:m1} | M1{} error',
      THREE,
    ),
    one(
      'the error comes when the move is done',
      [
        resize(
          prepFails,
          fault('prep.undo.reschedule.call-conductor', 'timeout-after'),
          holdFor('prep.end-notify', 'compute.finish_resize'),
        ),
      ],
      'h3 error/none m2 | I{h3:m2} | M1{h1:m1} error',
      THREE,
    ),
  ),
];

const SOURCE_LEG = [
  row(
    'src.pre-driver',
    'run',
    at(['src.network-info', 'src.set-migrating', 'src.set-task'], CODE, resizing, SAFE_ERROR),
    one('then hard reboot', [resize(fault('src.set-task', 'error-before')), hardReboot()], SAFE),
  ),
  row(
    'src.driver.fault-rollback',
    'run',
    at(['src.driver'], ['fault-rollback'], resizing, SAFE),
    at(
      ['src.driver'],
      ['fault-rollback'],
      (mark) => [stop(), resize(mark)],
      'h1 stopped/none m1 | I{h1:m1} | M1{} error',
      { where: 'stopped' },
    ),
  ),
  row(
    'src.driver',
    'run',
    at(['src.driver'], CODE, resizing, SAFE_ERROR),
    one('then hard reboot', [resize(sourceFails), hardReboot()], SAFE),
    one(
      'and resized again',
      [resize(sourceFails), hardReboot(), resize()],
      'h2 resized/none m2 | I{h2:m2} | M1{} error | M2{h1:m1} finished',
    ),
  ),
  row(
    'src.post-driver',
    'run',
    at(['src.volumes', 'src.network-start', 'src.set-post-migrating'], CODE, resizing, SAFE_ERROR),
  ),
  row(
    'src.flip-host.cas',
    'run',
    one(
      'reset-state in between',
      [resize(hold('src.flip-host')), resetState()],
      'h2 error/resize_migrated m1 | I{h1:m1} | M1{} error',
      { note: 'the row has resize_migrating, but _set_instance_obj_error_state saves the dirty task_state as well' },
    ),
    one(
      'then the audits',
      [resize(hold('src.flip-host')), resetState(), audit('h1'), audit('h2')],
      'h2 error/resize_migrated m1 | I{h1:m1} | M1{} error',
    ),
  ),
  row(
    'src.cast-finish.raise',
    'run',
    at(['src.cast-finish'], ['refused'], resizing, 'h2 error/none m1 | I{h1:m1} | M1{} error'),
    at(['src.flip-host'], CODE, resizing, 'h2 error/none m1 | I{h1:m1} | M1{} error'),
    one(
      'then hard reboot',
      [resize(fault('src.cast-finish', 'refused')), hardReboot()],
      'h2 active/none m1 | I{h1:m1} | M1{} error',
    ),
  ),
  row(
    'src.cast-finish.lost',
    'run',
    at(['src.cast-finish'], ['lost'], resizing, MIGRATED),
    at(['finish.swap-bdm'], ['crash-before'], resizing, MIGRATED),
    one('then the destination restarts', [resize(fault('src.cast-finish', 'lost')), restart('h2')], MIGRATED),
    one('then the source restarts', [resize(fault('src.cast-finish', 'lost')), restart('h1')], MIGRATED),
    one(
      'then reset-state and hard reboot',
      [resize(fault('src.cast-finish', 'lost')), resetState(), hardReboot()],
      'h2 active/none m1 | I{h2:m2} | M1{h1:m1} post-migrating',
    ),
  ),
  row(
    'src.end-notify',
    'run',
    one(
      'behind the finish',
      [resize(fault('src.end-notify', 'error-before'), holdFor('src.end-notify', 'compute.finish_resize'))],
      'h2 resized/none m2 | I{h1:m1} | M1{} finished',
    ),
    one(
      'then confirm',
      [resize(fault('src.end-notify', 'error-before'), holdFor('src.end-notify', 'compute.finish_resize')), confirm()],
      'h2 active/none m2 | I{h1:m1} | M1{} confirmed',
    ),
    one(
      'then revert',
      [resize(fault('src.end-notify', 'error-before'), holdFor('src.end-notify', 'compute.finish_resize')), revert()],
      REVERTED,
    ),
    at(['src.end-notify'], CODE, resizing, 'h2 error/resize_finish m2 | I{h1:m1} | M1{} error', {
      source: 'read',
      note: 'before the finish: reverts_task_state clears the task_state that its compare-and-swap expects',
    }),
  ),
  row(
    'src.revert.not-applied',
    'run',
    at(['src.undo.claim'], FALSY, (mark) => [resize(sourceFails, mark)], ERROR_FORWARD),
    at(['src.undo.claim.get-allocs'], NO_READ, (mark) => [resize(sourceFails, mark)], ERROR_FORWARD),
    at(
      ['src.undo.claim.get-source', 'src.undo.claim.get-target'],
      READ_FALSY,
      (mark) => [resize(sourceFails, mark)],
      ERROR_FORWARD,
    ),
    replayed(NOT_SENT, 'src.undo.claim', (mark) => [resize(sourceFails, mark)], SAFE_ERROR),
    one('three lost races', [resize(sourceFails, fault('src.undo.claim', 'provider-conflict', 3))], SAFE_ERROR),
  ),
  row(
    'src.revert.raise',
    'run',
    at(['src.undo.claim'], RAISES, (mark) => [resize(sourceFails, mark)], ERROR_FORWARD),
    at(
      ['src.undo.claim.get-source', 'src.undo.claim.get-target'],
      READ_RAISES,
      (mark) => [resize(sourceFails, mark)],
      ERROR_FORWARD,
    ),
  ),
  row(
    'src.revert.unacked',
    'run',
    at(['src.undo.claim'], [...UNACKED_FALSY, ...UNACKED_RAISES], (mark) => [resize(sourceFails, mark)], SAFE_ERROR),
    replayed(LOST_THEN_CONFLICT, 'src.undo.claim', (mark) => [resize(sourceFails, mark)], SAFE_ERROR),
  ),
  row(
    'src.crash.in-driver',
    'run',
    at(['src.set-task'], ['crash-after'], resizing, 'h1 active/resize_migrating m1 | I{h2:m2} | M1{h1:m1} migrating'),
    at(
      ['src.driver', 'src.volumes', 'src.network-start'],
      CRASH,
      resizing,
      'h1 active/resize_migrating m1 | I{h2:m2} | M1{h1:m1} migrating',
    ),
    at(
      ['src.flip-host'],
      ['crash-before'],
      resizing,
      'h1 active/resize_migrating m1 | I{h2:m2} | M1{h1:m1} post-migrating',
    ),
    one(
      'then the source restarts',
      [resize(fault('src.driver', 'crash-after')), restart('h1')],
      'h1 active/none m1 | I{h2:m2} | M1{h1:m1} migrating',
    ),
    one(
      'and it is resized again to the same destination',
      [resize(fault('src.driver', 'crash-after')), restart('h1'), resize()],
      'h2 resized/none m2 | I{h2:m2} | M1{h1:m1} migrating | M2{} finished',
    ),
    one(
      'and confirmed',
      [resize(fault('src.driver', 'crash-after')), restart('h1'), resize(), confirm()],
      'h2 active/none m2 | I{h2:m2} | M1{h1:m1} migrating | M2{} confirmed',
    ),
  ),
  row(
    'src.crash.after-flip',
    'run',
    at(['src.flip-host'], ['crash-after'], resizing, MIGRATED),
    at(['src.cast-finish'], ['crash-before'], resizing, MIGRATED),
    one('then the source restarts', [resize(fault('src.flip-host', 'crash-after')), restart('h1')], MIGRATED),
  ),
];

const FINISH = [
  row('finish.swap-bdm', 'read', at(['finish.swap-bdm'], CODE, resizing, 'h2 active/none m1 | I{h2:m2} | M1{} error')),
  row('finish.pre', 'run', at(['finish.set-flavor'], ['error-before'], resizing, DROPPED_OLD)),
  row(
    'finish.network',
    'run',
    at(['finish.network', 'finish.volumes-update'], CODE, resizing, DROPPED_NEW),
    at(['finish.get-allocs'], NO_READ, resizing, DROPPED_NEW),
    replayed(NOT_SENT, 'finish.get-allocs', resizing, FORWARD),
  ),
  row(
    'finish.driver',
    'run',
    at(['finish.driver'], CODE, resizing, DROPPED_OLD),
    one('then hard reboot', [resize(finishFails), hardReboot()], 'h2 active/none m1 | I{h2:m2} | M1{} error'),
    one(
      'and the next move carries the new flavor',
      [resize(finishFails), hardReboot(), resize()],
      'h1 resized/none m2 | I{h1:m2} | M1{} error | M2{h2:m2} finished',
    ),
  ),
  row('finish.volumes-complete', 'run', at(['finish.volumes-complete'], CODE, resizing, DROPPED_NEW)),
  row(
    'finish.set-resized.cas',
    'read',
    one(
      'reset-state before finish.set-task',
      [resize(hold('finish.set-task')), resetState()],
      'h2 error/resize_finish m2 | I{h2:m2} | M1{} error',
      { note: 'the error handler saves the dirty task_state' },
    ),
    one(
      'reset-state before finish.set-resized',
      [resize(hold('finish.set-resized')), resetState()],
      'h2 error/none m2 | I{h2:m2} | M1{} error',
      { note: 'the dirty task_state is None here' },
    ),
  ),
  row(
    'finish.crash',
    'run',
    at(['finish.set-flavor', 'finish.network'], CRASH, resizing, MIGRATED),
    at(
      ['finish.volumes-update', 'finish.driver', 'finish.volumes-complete'],
      CRASH,
      resizing,
      'h2 active/resize_finish m2 | I{h2:m2} | M1{h1:m1} post-migrating',
    ),
    one(
      'then the destination restarts',
      [resize(fault('finish.driver', 'crash-after')), restart('h2')],
      'h2 active/resize_finish m2 | I{h2:m2} | M1{h1:m1} post-migrating',
    ),
    one(
      'and it is confirmed, reverted, rebooted',
      [resize(fault('finish.driver', 'crash-after')), restart('h2'), confirm(), revert(), hardReboot()],
      'h2 active/resize_finish m2 | I{h2:m2} | M1{h1:m1} post-migrating',
    ),
    one(
      'and reset and rebooted',
      [resize(fault('finish.driver', 'crash-after')), restart('h2'), resetState(), hardReboot()],
      'h2 active/none m2 | I{h2:m2} | M1{h1:m1} post-migrating',
    ),
  ),
  row(
    'finish.crash.after-finished',
    'run',
    at(
      ['finish.set-finished'],
      ['crash-after'],
      resizing,
      'h2 active/resize_finish m2 | I{h2:m2} | M1{h1:m1} finished',
    ),
    at(
      ['finish.set-resized'],
      ['crash-before'],
      resizing,
      'h2 active/resize_finish m2 | I{h2:m2} | M1{h1:m1} finished',
    ),
    one(
      'then confirm and auto-confirm',
      [resize(fault('finish.set-resized', 'crash-before')), restart('h2'), confirm(), poll('h2')],
      'h2 active/resize_finish m2 | I{h2:m2} | M1{h1:m1} finished',
    ),
  ),
  row(
    'finish.end-notify',
    'run',
    at(['finish.post'], CODE, resizing, 'h2 resized/none m2 | I{h2:m2} | M1{} error'),
    one(
      'then confirm and revert',
      [resize(fault('finish.post', 'error-before')), confirm(), revert()],
      'h2 resized/none m2 | I{h2:m2} | M1{} error',
    ),
    one('then delete', [resize(fault('finish.post', 'error-before')), del()], GONE),
  ),
  row(
    'finish.delete-m.fail',
    'run',
    at(
      ['finish.undo.claim'],
      ['refused', 'timeout-before', 'error-before', 'html-before', 'conflict'],
      (mark) => [resize(finishFails, mark)],
      'h2 error/none m1 | I{h2:m2} | M1{h1:m1} error',
    ),
    one(
      'finish.undo.claim provider-conflict',
      [resize(finishFails, fault('finish.undo.claim', 'provider-conflict'))],
      'h2 error/none m1 | I{h2:m2} | M1{h1:m1} error',
      { note: 'delete_allocation_for_instance does not retry' },
    ),
    at(
      ['finish.undo.claim.get'],
      NO_READ,
      (mark) => [resize(finishFails, mark)],
      'h2 error/none m1 | I{h2:m2} | M1{h1:m1} error',
    ),
    replayed(NOT_SENT, 'finish.undo.claim', (mark) => [resize(finishFails, mark)], DROPPED_OLD),
    at(
      ['finish.undo.claim'],
      [...UNACKED_FALSY, ...UNACKED_RAISES],
      (mark) => [resize(finishFails, mark)],
      DROPPED_OLD,
      { where: 'applied' },
    ),
  ),
];

const CONFIRM = [
  row(
    'verify.resting',
    'run',
    one('a resize', [resize()], FORWARD),
    one('a cold migration', [migrate()], 'h2 resized/none m1 | I{h2:m1} | M1{h1:m1} finished'),
    one('a volume-backed server', [resizeTo('m0')], 'h2 resized/none m0 | I{h2:m0} | M1{h1:m1} finished', {
      volumeBacked: true,
    }),
    one('the audits', [resize(), audit('h1'), audit('h2')], FORWARD),
    one('then confirm', [resize(), confirm()], CONFIRMED),
    one('then revert', [resize(), revert()], REVERTED),
    one('a stopped server reverted', [stop(), resize(), revert()], 'h1 stopped/none m1 | I{h1:m1} | M1{} reverted'),
    one('on one host', [resize()], 'h1 resized/none m2 | I{h1:m2} | M1{h1:m1} finished', {
      hosts: 1,
      options: { allow_resize_to_same_host: true },
    }),
    one('confirmed by the poll', [resize(), poll('h2')], CONFIRMED),
  ),
  row(
    'verify.reset-state',
    'run',
    one('reset-state', [resize(), resetState()], 'h2 active/none m2 | I{h2:m2} | M1{h1:m1} finished'),
    one(
      'then confirm and revert',
      [resize(), resetState(), confirm(), revert()],
      'h2 active/none m2 | I{h2:m2} | M1{h1:m1} finished',
    ),
    one(
      'then another resize',
      [resize(), resetState(), resizeTo('m1')],
      'h1 resized/none m1 | I{h1:m1} | M1{h1:m1} finished | M2{h2:m2} finished',
    ),
    one(
      'and confirm',
      [resize(), resetState(), resizeTo('m1'), confirm()],
      'h1 active/none m1 | I{h1:m1} | M1{} confirmed | M2{h2:m2} finished',
      {
        source: 'read',
        note: 'migration_get_by_instance_and_status does not order its rows: the older one is confirmed',
      },
    ),
    one('then delete', [resize(), resetState(), del()], GONE_BUT_M),
    one('then the poll', [resize(), resetState(), poll('h2')], 'h2 active/none m2 | I{h2:m2} | M1{h1:m1} error'),
  ),
  row(
    'confirm.source-down',
    'run',
    one('source compute down', [resize(), crash('h1'), confirm()], FORWARD),
    one('then it is back', [resize(), crash('h1'), confirm(), restart('h1'), confirm()], CONFIRMED),
  ),
  row(
    'confirm.cast.lost',
    'run',
    at(['confirm.cast'], ['lost'], confirming, 'h2 resized/none m2 | I{h2:m2} | M1{h1:m1} confirming'),
    one(
      'then everything else',
      [resize(), confirm(fault('confirm.cast', 'lost')), confirm(), revert(), resizeTo('m1'), hardReboot(), poll('h2')],
      'h2 resized/none m2 | I{h2:m2} | M1{h1:m1} confirming',
    ),
  ),
  row(
    'confirm.cast.raise',
    'run',
    at(['confirm.cast'], ['refused'], confirming, 'h2 resized/none m2 | I{h2:m2} | M1{h1:m1} confirming'),
  ),
  row(
    'confirm.network',
    'run',
    at(['confirm.network'], CODE, confirming, DROPPED_NEW),
    one(
      'then hard reboot',
      [resize(), confirm(fault('confirm.network', 'error-before')), hardReboot()],
      'h2 active/none m2 | I{h2:m2} | M1{} error',
    ),
  ),
  row('confirm.driver', 'run', at(['confirm.driver'], CODE, confirming, DROPPED_NEW)),
  row(
    'confirm.drop-claim',
    'run',
    at(['confirm.drop-claim.placement'], NO_READ, confirming, DROPPED_NEW),
    at(['confirm.drop-claim'], ['error-after'], confirming, DROPPED_NEW),
    replayed(NOT_SENT, 'confirm.drop-claim.placement', confirming, CONFIRMED),
  ),
  row('confirm.end-notify', 'run', at(['confirm.end-notify'], CODE, confirming, DROPPED_NEW)),
  row(
    'confirm.delete-m.refused',
    'run',
    at(
      ['confirm.delete-alloc', 'confirm.delete-alloc.get'],
      ['refused'],
      confirming,
      'h2 active/none m2 | I{h2:m2} | M1{h1:m1} confirmed',
    ),
    replayed(['refused'], 'confirm.delete-alloc', confirming, CONFIRMED),
    one(
      'then the audits',
      [resize(), confirm(fault('confirm.delete-alloc', 'refused')), audit('h1'), audit('h2')],
      'h2 active/none m2 | I{h2:m2} | M1{h1:m1} confirmed',
    ),
  ),
  row(
    'confirm.delete-m.fail',
    'run',
    at(
      ['confirm.delete-alloc'],
      ['timeout-before', 'error-before', 'html-before', 'conflict'],
      confirming,
      'h2 error/none m2 | I{h2:m2} | M1{h1:m1} error',
    ),
    one(
      'confirm.delete-alloc provider-conflict',
      [resize(), confirm(fault('confirm.delete-alloc', 'provider-conflict'))],
      'h2 error/none m2 | I{h2:m2} | M1{h1:m1} error',
      { note: 'delete_allocation_for_instance does not retry' },
    ),
    at(['confirm.delete-alloc.get'], READ_RAISES, confirming, 'h2 error/none m2 | I{h2:m2} | M1{h1:m1} error'),
    replayed(['timeout-before'], 'confirm.delete-alloc', confirming, CONFIRMED),
  ),
  row(
    'confirm.delete-m.unacked',
    'run',
    at(['confirm.delete-alloc'], ['reply-lost'], confirming, CONFIRMED),
    at(['confirm.delete-alloc'], ['timeout-after', 'error-after', 'html-after'], confirming, DROPPED_NEW),
    replayed(LOST_THEN_CONFLICT, 'confirm.delete-alloc', confirming, DROPPED_NEW),
  ),
  row(
    'confirm.crash.in-cleanup',
    'read',
    at(
      ['confirm.check', 'confirm.network', 'confirm.driver'],
      CRASH,
      confirming,
      'h2 resized/none m2 | I{h2:m2} | M1{h1:m1} confirming',
    ),
    at(['confirm.drop-claim'], ['crash-after'], confirming, 'h2 resized/none m2 | I{h2:m2} | M1{h1:m1} confirmed'),
    at(
      ['confirm.drop-claim.placement', 'confirm.set-state'],
      ['crash-before'],
      confirming,
      'h2 resized/none m2 | I{h2:m2} | M1{h1:m1} confirmed',
    ),
    one(
      'then the source restarts',
      [resize(), confirm(fault('confirm.driver', 'crash-after')), restart('h1')],
      'h2 resized/none m2 | I{h2:m2} | M1{h1:m1} confirming',
    ),
  ),
  row(
    'confirm.crash.before-delete',
    'run',
    at(['confirm.end-notify'], CRASH, confirming, 'h2 active/none m2 | I{h2:m2} | M1{h1:m1} confirmed'),
    at(
      ['confirm.delete-alloc.get', 'confirm.delete-alloc'],
      ['crash-before'],
      confirming,
      'h2 active/none m2 | I{h2:m2} | M1{h1:m1} confirmed',
    ),
    one(
      'then the source restarts',
      [resize(), confirm(fault('confirm.delete-alloc', 'crash-before')), restart('h1')],
      'h2 active/none m2 | I{h2:m2} | M1{h1:m1} confirmed',
    ),
  ),
  row(
    'confirm.poll.error',
    'run',
    one('in error', [resize(), resetToError(), poll('h2')], 'h2 error/none m2 | I{h2:m2} | M1{h1:m1} error'),
    one('not resized', [resize(), resetState(), poll('h2')], 'h2 active/none m2 | I{h2:m2} | M1{h1:m1} error'),
    one(
      'reverting',
      [resize(), revert(fault('revert.set-reverting', 'error-before')), poll('h2')],
      'h2 resized/resize_reverting m2 | I{h2:m2} | M1{h1:m1} error',
    ),
  ),
];

const REVERT = [
  row(
    'revert.api',
    'read',
    at(['revert.save-reqspec'], CODE, reverting, FORWARD),
    at(['revert.set-task'], ['error-before'], reverting, FORWARD),
    at(
      ['revert.set-task'],
      ['error-after'],
      reverting,
      'h2 resized/resize_reverting m2 | I{h2:m2} | M1{h1:m1} finished',
    ),
    at(
      ['revert.set-reverting'],
      ['error-before'],
      reverting,
      'h2 resized/resize_reverting m2 | I{h2:m2} | M1{h1:m1} finished',
    ),
    at(['revert.set-reverting'], ['error-after'], reverting, REVERT_STUCK),
  ),
  row(
    'revert.cast.lost',
    'run',
    at(['revert.cast'], ['lost', 'refused'], reverting, REVERT_STUCK),
    one(
      'then everything else',
      [resize(), revert(fault('revert.cast', 'lost')), confirm(), revert(), restart('h1'), restart('h2')],
      REVERT_STUCK,
    ),
    one('then delete', [resize(), revert(fault('revert.cast', 'lost')), del()], GONE_BUT_M),
  ),
  row('revert.dest-down', 'run', one('destination compute down', [resize(), crash('h2'), revert()], REVERT_STUCK)),
  row(
    'revert.dest-crash',
    'run',
    at(['revert.dest-network', 'revert.dest-destroy', 'revert.dest-volumes'], CRASH, reverting, REVERT_STUCK),
    one(
      'then the destination restarts',
      [resize(), revert(fault('revert.dest-destroy', 'crash-after')), restart('h2')],
      REVERT_STUCK,
    ),
    one(
      'and it is deleted',
      [resize(), revert(fault('revert.dest-destroy', 'crash-after')), restart('h2'), del()],
      GONE_BUT_M,
    ),
  ),
  row(
    'revert.dest-network',
    'run',
    at(['revert.dest-network'], CODE, reverting, REVERT_FAILED),
    one(
      'then hard reboot',
      [resize(), revert(fault('revert.dest-network', 'error-before')), hardReboot()],
      'h2 active/none m2 | I{h2:m2} | M1{h1:m1} error',
    ),
  ),
  row('revert.dest-destroy', 'run', at(['revert.dest-destroy'], CODE, reverting, REVERT_FAILED)),
  row('revert.dest-volumes', 'run', at(['revert.dest-volumes'], CODE, reverting, REVERT_FAILED)),
  row(
    'revert.drop-claim',
    'run',
    at(['revert.drop-claim.placement'], NO_READ, reverting, REVERT_FAILED),
    at(['revert.drop-claim'], ['error-after'], reverting, REVERT_FAILED),
    replayed(NOT_SENT, 'revert.drop-claim.placement', reverting, REVERTED),
  ),
  row('revert.cast-finish.raise', 'run', at(['revert.cast-finish'], ['refused'], reverting, REVERT_FAILED)),
  row(
    'revert.cast-finish.lost',
    'run',
    at(['revert.cast-finish'], ['lost'], reverting, 'h2 resized/resize_reverting m2 | I{h2:m2} | M1{h1:m1} reverted'),
    at(
      ['frevert.prepare'],
      ['crash-before'],
      reverting,
      'h2 resized/resize_reverting m2 | I{h2:m2} | M1{h1:m1} reverted',
    ),
    one(
      'source compute down',
      [resize(), crash('h1'), revert()],
      'h2 resized/resize_reverting m2 | I{h2:m2} | M1{h1:m1} reverted',
    ),
  ),
  row(
    'frevert.set-host',
    'run',
    at(['frevert.prepare'], CODE, reverting, REVERT_FAILED),
    // the dirty host is saved by the error handler, whether this save was carried out or not
    at(['frevert.set-host'], CODE, reverting, ERROR_FORWARD),
    heldAt(
      ['revert.dest-network', 'revert.dest-volumes', 'frevert.set-host'],
      [['reset-state', (point) => [resize(), revert(hold(point)), resetState()], ERROR_FORWARD]],
    ),
  ),
  row(
    'frevert.get-m.fail',
    'run',
    at(['frevert.swap-back.get-allocs'], NO_READ, reverting, 'h1 active/none m1 | I{h2:m2} | M1{h1:m1} reverted'),
    replayed(NOT_SENT, 'frevert.swap-back.get-allocs', reverting, REVERTED),
  ),
  row(
    'frevert.swap.falsy',
    'run',
    at(['frevert.swap-back'], FALSY, reverting, 'h1 active/none m1 | I{h2:m2} | M1{h1:m1} reverted'),
    at(
      ['frevert.swap-back.get-source', 'frevert.swap-back.get-target'],
      READ_FALSY,
      reverting,
      'h1 active/none m1 | I{h2:m2} | M1{h1:m1} reverted',
    ),
    replayed(NOT_SENT, 'frevert.swap-back', reverting, REVERTED),
    one('three lost races', [resize(), revert(fault('frevert.swap-back', 'provider-conflict', 3))], REVERTED),
  ),
  row(
    'frevert.swap.raise',
    'run',
    at(['frevert.swap-back'], RAISES, reverting, ERROR_FORWARD),
    at(['frevert.swap-back.get-source', 'frevert.swap-back.get-target'], READ_RAISES, reverting, ERROR_FORWARD),
    one(
      'then hard reboot',
      [resize(), revert(fault('frevert.swap-back', 'conflict')), hardReboot()],
      'h1 active/none m1 | I{h2:m2} | M1{h1:m1} error',
    ),
  ),
  row(
    'frevert.swap.unacked',
    'run',
    at(['frevert.swap-back'], UNACKED_FALSY, reverting, REVERTED),
    at(['frevert.swap-back'], UNACKED_RAISES, reverting, SAFE_ERROR),
    replayed(LOST_THEN_CONFLICT, 'frevert.swap-back', reverting, SAFE_ERROR),
  ),
  row('frevert.network', 'run', at(['frevert.network', 'frevert.volumes'], CODE, reverting, SAFE_ERROR)),
  row(
    'frevert.driver',
    'run',
    at(['frevert.driver'], CODE, reverting, SAFE_ERROR),
    one(
      'then hard reboot',
      [resize(), revert(fault('frevert.driver', 'error-before')), hardReboot()],
      'h1 active/none m1 | I{h1:m1} | M1{} error',
    ),
  ),
  row(
    'frevert.crash.before-swap',
    'run',
    at(['frevert.set-host'], ['crash-after'], reverting, REVERT_STUCK_AT_HOME),
    at(['frevert.swap-back.get-allocs', 'frevert.swap-back'], ['crash-before'], reverting, REVERT_STUCK_AT_HOME),
    one(
      'then the source restarts',
      [resize(), revert(fault('frevert.swap-back', 'crash-before')), restart('h1')],
      REVERT_STUCK_AT_HOME,
    ),
    one(
      'and is reset and rebooted',
      [resize(), revert(fault('frevert.swap-back', 'crash-before')), restart('h1'), resetState(), hardReboot()],
      'h1 active/none m1 | I{h2:m2} | M1{h1:m1} reverted',
    ),
  ),
  row(
    'frevert.crash.after-swap',
    'run',
    at(['frevert.swap-back'], ['crash-after'], reverting, 'h1 resized/resize_reverting m1 | I{h1:m1} | M1{} reverted'),
    at(
      ['frevert.network', 'frevert.driver'],
      CRASH,
      reverting,
      'h1 resized/resize_reverting m1 | I{h1:m1} | M1{} reverted',
    ),
    at(
      ['frevert.save', 'frevert.set-state'],
      ['crash-before'],
      reverting,
      'h1 resized/resize_reverting m1 | I{h1:m1} | M1{} reverted',
    ),
  ),
];

const DELETE_AND_OPERATORS = [
  row(
    'delete.before-swap',
    'run',
    one('paused', [resize(hold('conductor.create-migration', 2)), del(), crash('conductor')], 'deleted | I{}'),
    one('paused at the swap', [resize(hold('conductor.swap.get-source', 2)), del(), crash('conductor')], GONE),
    one('resumed at the swap', [resize(hold('conductor.swap.get-source')), del()], GONE),
    one('resumed at the swap, read before', [resize(hold('conductor.swap')), del()], GONE),
    one(
      'resumed before the record is made',
      [resize(hold('conductor.create-migration')), del()],
      'deleted | I{h2:m2} | M1{} error',
      {
        source: 'read',
        note: 'no step of conductor asks for the row: it finds no claim, schedules, and prep fails with nothing to revert',
      },
    ),
    one(
      'and the destination audits',
      [resize(hold('conductor.create-migration')), del(), audit('h2')],
      'deleted | I{} | M1{} error',
      { source: 'read' },
    ),
  ),
  row(
    'delete.after-swap',
    'run',
    one('paused', [resize(hold('conductor.schedule', 2)), del(), crash('conductor')], GONE_BUT_M),
    one('resumed', [resize(hold('conductor.schedule')), del()], GONE_BUT_I),
    one('and the source audits', [resize(hold('conductor.schedule')), del(), audit('h1')], GONE),
    one(
      'resumed, and nothing is scheduled',
      [resize(hold('conductor.schedule'), fault('scheduler.candidates', 'error-before')), del()],
      GONE_BUT_I,
      { note: 'migration_update finds deleted rows, so that rollback gets to the claim' },
    ),
  ),
  row(
    'delete.after-claim',
    'run',
    heldAt(
      ['conductor.fill', 'conductor.cast-prep', 'prep.start-notify', 'prep.stash', 'prep.get-allocs', 'prep.rt-claim'],
      [
        ['paused', (point) => [resize(hold(point, 2)), del(), crash(serviceAt(point))], GONE_BUT_M],
        ['resumed', (point) => [resize(hold(point)), del()], GONE_BUT_I],
        ['and the source audits', (point) => [resize(hold(point)), del(), audit('h1')], GONE],
      ],
    ),
  ),
  row(
    'delete.in-migrate-disk',
    'run',
    heldAt(
      ['src.driver', 'src.volumes', 'src.flip-host'],
      [
        ['paused', (point) => [resize(hold(point, 2)), del(), crash(serviceAt(point))], GONE_BUT_M],
        ['resumed', (point) => [resize(hold(point)), del()], GONE_BUT_I],
        ['and the source audits', (point) => [resize(hold(point)), del(), audit('h1')], GONE],
      ],
    ),
  ),
  row(
    'delete.after-flip',
    'run',
    heldAt(
      ['src.cast-finish', 'finish.swap-bdm', 'finish.set-task'],
      [
        ['paused', (point) => [resize(hold(point, 2)), del(), crash(serviceAt(point))], GONE_BUT_M],
        ['resumed', (point) => [resize(hold(point)), del()], GONE],
      ],
    ),
  ),
  row(
    'delete.in-finish',
    'run',
    heldAt(
      ['finish.driver', 'finish.volumes-complete', 'finish.set-finished'],
      [
        ['paused', (point) => [resize(hold(point, 2)), del(), crash(serviceAt(point))], GONE_BUT_M],
        ['resumed', (point) => [resize(hold(point)), del()], GONE],
      ],
    ),
  ),
  row(
    'delete.verify',
    'run',
    one('both up', [resize(), del()], GONE),
    one('destination compute down', [resize(), crash('h2'), del()], GONE),
  ),
  row(
    'delete.verify.source-down',
    'run',
    one(
      'source compute down',
      [resize(), crash('h1'), del()],
      'h2 resized/deleting m2 | I{h2:m2} | M1{h1:m1} finished',
    ),
    one(
      'then the source is back',
      [resize(), crash('h1'), del(), restart('h1')],
      'h2 resized/deleting m2 | I{h2:m2} | M1{h1:m1} finished',
    ),
    one('and it is deleted again', [resize(), crash('h1'), del(), restart('h1'), del()], CONFIRMED, {
      source: 'read',
      note: 'the confirm clears task_state, so that nothing remembers the ignored request',
    }),
    one('and the destination restarts', [resize(), crash('h1'), del(), restart('h1'), restart('h2')], GONE_BUT_M, {
      source: 'read',
      note: '_init_instance deletes without confirming',
    }),
  ),
  row(
    'delete.confirming-stuck',
    'read',
    one('after a lost confirm', [resize(), confirm(fault('confirm.cast', 'lost')), del()], GONE),
  ),
  row(
    'delete.in-revert',
    'run',
    heldAt(
      ['revert.dest-network', 'revert.dest-destroy', 'revert.dest-volumes'],
      [
        ['paused', (point) => [resize(), revert(hold(point, 2)), del(), crash(serviceAt(point))], GONE_BUT_M],
        ['resumed', (point) => [resize(), revert(hold(point)), del()], GONE_BUT_M],
      ],
    ),
    heldAt(
      ['frevert.swap-back.get-allocs', 'frevert.swap-back.get-target'],
      [
        ['paused', (point) => [resize(), revert(hold(point, 2)), del(), crash(serviceAt(point))], GONE_BUT_M],
        ['resumed', (point) => [resize(), revert(hold(point)), del()], GONE_BUT_I],
        ['and the source audits', (point) => [resize(), revert(hold(point)), del(), audit('h1')], GONE],
      ],
    ),
    one('read before, written behind', [resize(), revert(hold('frevert.swap-back')), del()], GONE_BUT_M, {
      source: 'read',
      note: 'I was read at a generation: a consumer generation conflict',
    }),
    heldAt(
      ['revert.cast-finish', 'frevert.prepare', 'frevert.set-host'],
      [
        ['paused', (point) => [resize(), revert(hold(point, 2)), del(), crash(serviceAt(point))], GONE_BUT_M],
        ['resumed', (point) => [resize(), revert(hold(point)), del()], GONE_BUT_M],
        ['and the source audits', (point) => [resize(), revert(hold(point)), del(), audit('h1')], GONE_BUT_M],
      ],
    ).map((sketch) => ({
      ...sketch,
      source: 'read' as const,
      note: '_revert_instance_flavor_host_node saves before _revert_allocation: the save raises, and nothing gives M back',
    })),
    heldAt(
      ['frevert.network', 'frevert.driver', 'frevert.save'],
      [
        ['paused', (point) => [resize(), revert(hold(point, 2)), del(), crash('h1')], GONE],
        ['resumed', (point) => [resize(), revert(hold(point)), del()], GONE],
      ],
    ).map((sketch) => ({ ...sketch, source: 'read' as const })),
  ),
  row(
    'delete.unbuilt',
    'run',
    // nova/compute/utils.py:may_have_ports_or_volumes: vm_state is error
    one('the build failed', [del()], 'deleted | I{}', { boot: [fault('boot.schedule', 'lost')] }),
    ...(['delete.local.network', 'delete.local.delete-alloc'] as const).map((point) =>
      one(`the build failed, and ${point}`, [del(fault(point, 'error-before'))], '- error/deleting m1 | I{}', {
        boot: [fault('boot.schedule', 'lost')],
      }),
    ),
    one('the build never began', [del(fault('delete.unscheduled.delete-alloc', 'error-before'))], 'deleted | I{}', {
      boot: [fault('boot.cast-conductor', 'lost')],
    }),
  ),
  row(
    'delete.local',
    'run',
    one('source dead in its leg', [resize(fault('src.driver', 'crash-before')), del()], GONE_BUT_M),
    one('source dead before the message', [resize(fault('src.network-info', 'crash-before')), del()], GONE_BUT_M),
    one('destination dead in finish', [resize(fault('finish.driver', 'crash-after')), del()], GONE_BUT_M),
    one(
      'destination dead in revert',
      [resize(), revert(fault('revert.dest-volumes', 'crash-before')), del()],
      GONE_BUT_M,
    ),
    one(
      'and both restart',
      [resize(fault('finish.driver', 'crash-after')), del(), restart('h2'), audit('h1'), audit('h2')],
      GONE_BUT_M,
    ),
    // the source is dead, the handler of another service still runs
    heldAt(
      ['conductor.schedule', 'conductor.cast-prep', 'prep.start-notify', 'prep.stash'],
      [
        [
          'source dead, paused',
          (point) => [resize(hold(point, 3)), crash('h1'), del(), crash(serviceAt(point))],
          GONE_BUT_M,
        ],
        ['source dead, resumed', (point) => [resize(hold(point, 2)), crash('h1'), del()], GONE_BUT_I],
        [
          'source dead, resumed, and it is back',
          (point) => [resize(hold(point, 2)), crash('h1'), del(), restart('h1')],
          GONE,
        ],
      ],
    ),
    heldAt(
      ['prep.rt-claim', 'prep.cast-resize'],
      [['source dead, resumed', (point) => [resize(hold(point, 2)), crash('h1'), del()], GONE_BUT_M]],
    ).map((sketch) => ({
      ...sketch,
      source: 'read' as const,
      note: 'nothing of prep asks for the row any more, and its message to the source is lost',
    })),
    one(
      'destination dead, the source in its cast',
      [resize(hold('src.cast-finish', 2)), crash('h2'), del()],
      GONE_BUT_M,
    ),
    heldAt(
      ['frevert.prepare', 'frevert.set-host'],
      [['destination dead', (point) => [resize(), revert(hold(point, 2)), crash('h2'), del()], GONE_BUT_M]],
    ),
    one('and the operator audits', [resize(fault('src.driver', 'crash-before')), del(), placementAudit()], GONE_BUT_M, {
      exits: [3],
    }),
    one('and deletes', [resize(fault('src.driver', 'crash-before')), del(), auditDelete()], GONE, { exits: [4] }),
  ),
  row('delete.error-after-finish', 'run', one('in error, source freed', [resize(finishFails), del()], GONE)),
  row(
    'delete.taken-up-again',
    'run',
    one('the guest is gone', [del(fault('terminate.set-deleted', 'crash-before')), restart('h1')], 'deleted | I{}'),
    one('the row says so', [del(fault('terminate.delete-alloc', 'crash-before')), restart('h1')], 'deleted | I{}'),
    one(
      'and fails again',
      [del(fault('terminate.driver', 'crash-after')), restart('h1', fault('terminate.delete-alloc', 'error-before'))],
      'h1 error/none m1 | I{h1:m1}',
    ),
    one(
      'and its claim stays',
      [del(fault('terminate.set-deleted', 'crash-after')), restart('h1', fault('init.delete-alloc', 'error-before'))],
      'deleted | I{}',
    ),
  ),
  // ignore_hosts and the flavors are those of the request's copy, host and instance_type_id are read back by its save
  row(
    'resize.overtaken',
    'run',
    one(
      'by the same resize',
      [resize(hold('api.set-task-state')), resize()],
      'h2 resized/none m2 | I{h2:m2} | M1{h1:m1} finished | M2{} error',
    ),
    one(
      'a migration, by a resize',
      [migrate(hold('api.validate.get-traits')), resize()],
      'h2 resized/none m1 | I{h2:m1} | M1{h1:m1} finished | M2{h2:m2} finished',
    ),
    one(
      'a confirm, then revert',
      [resize(), confirm(hold('confirm.end-notify')), resizeTo('m1'), revert()],
      'h1 resized/none m2 | I{h1:m1} | M1{} confirmed | M2{h2:m2} finished',
    ),
  ),
  // the instance is read behind the list of migrations
  row(
    'poll.overtaken',
    'run',
    one(
      'by a confirm',
      [resize(), poll('h2', hold('poll.check')), confirm()],
      'h2 active/none m2 | I{h2:m2} | M1{} error',
    ),
    one(
      'by a revert',
      [resize(), poll('h2', hold('poll.check')), revert()],
      'h1 active/none m1 | I{h1:m1} | M1{} error',
    ),
  ),
  row(
    'finish.no-flavor',
    'run',
    one(
      'to set',
      [migrate(fault('finish.set-flavor', 'error-before'))],
      'h2 resized/none m1 | I{h2:m1} | M1{h1:m1} finished',
      { misses: true },
    ),
  ),
  row(
    'reboot.error-handler-fails',
    'run',
    one(
      'of a server that is stopped',
      [
        stop(),
        hardReboot(fault('hard-reboot.set-started', 'error-after'), fault('hard-reboot.undo.vm', 'error-after')),
      ],
      'h1 error/none m1 | I{h1:m1}',
    ),
    one(
      'and its save with it',
      [
        stop(),
        hardReboot(fault('hard-reboot.set-started', 'error-after'), fault('hard-reboot.undo.vm', 'error-before')),
      ],
      'h1 error/none m1 | I{h1:m1}',
    ),
  ),
  row(
    'operator.audit',
    'run',
    // between the claim and the host flip: the instance is not on that host, and its consumer is no migration
    heldAt(CLAIMED, [['reported', (point) => [resize(hold(point)), placementAudit()], FORWARD]]).map(exits(3)),
    heldAt(
      [
        'conductor.swap.get-source',
        'conductor.swap',
        'conductor.schedule',
        'scheduler.candidates',
        'scheduler.claim-put',
      ],
      [['nothing claimed yet', (point) => [resize(hold(point)), placementAudit()], FORWARD]],
    ).map(exits(0)),
    heldAt(
      ['src.cast-finish', 'finish.swap-bdm', 'finish.set-task', 'finish.driver', 'finish.set-resized', 'finish.post'],
      [['flipped', (point) => [resize(hold(point)), placementAudit()], FORWARD]],
    ).map(exits(0)),
    one('in VERIFY_RESIZE', [resize(), placementAudit()], FORWARD, { exits: [0] }),
    one('in VERIFY_RESIZE, with --delete', [resize(), auditDelete()], FORWARD, { exits: [0] }),
    one('at rest', [auditDelete()], UNTOUCHED, { exits: [0] }),
    heldAt(
      ['revert.dest-network', 'revert.dest-destroy', 'revert.dest-volumes'],
      [['reverting on the destination', (point) => [resize(), revert(hold(point)), placementAudit()], REVERTED]],
    ).map(exits(0)),
    // the migration says `reverted` long before the claim is given back
    heldAt(
      ['revert.cast-finish', 'frevert.prepare', 'frevert.set-host'],
      [['M reported', (point) => [resize(), revert(hold(point)), placementAudit()], REVERTED]],
    ).map(exits(3)),
    heldAt(
      ['frevert.swap-back'],
      [['I and M reported', (point) => [resize(), revert(hold(point)), placementAudit()], REVERTED]],
    ).map(exits(3)),
    // and `confirmed` before it is deleted, which is harmless
    heldAt(
      ['confirm.set-state', 'confirm.delete-alloc.get'],
      [['M reported', (point) => [resize(), confirm(hold(point)), auditDelete()], CONFIRMED]],
    ).map(exits(4)),
    one('of one host, which is not the one', [resize(hold('src.driver')), placementAudit('h1')], FORWARD, {
      exits: [0],
    }),
    one('of one host', [resize(hold('src.driver')), placementAudit('h2')], FORWARD, { exits: [3] }),
    one(
      'deleted in mid-flow',
      [resize(hold('conductor.schedule', 2)), del(), crash('conductor'), placementAudit()],
      GONE_BUT_M,
      { exits: [3] },
    ),
    one('M of a failed swap', [resize(fault('conductor.swap', 'reply-lost')), placementAudit()], SOURCE_UNDER_M, {
      exits: [3],
    }),
    one('half of a doubled claim', [resize(fault('scheduler.claim-put', 'reply-lost')), placementAudit()], DOUBLED, {
      ...THREE,
      exits: [3],
    }),
  ),
  row(
    'operator.audit-delete',
    'run',
    heldAt(CLAIMED, [
      ['resumed', (point) => [resize(hold(point)), auditDelete()], 'h2 resized/none m2 | I{} | M1{h1:m1} finished'],
    ]).map(exits(4)),
    one(
      'paused',
      [resize(hold('src.driver', 2)), auditDelete(), crash('h1')],
      'h1 active/resize_migrating m1 | I{} | M1{h1:m1} migrating',
    ),
    one(
      'then confirm',
      [resize(hold('src.driver')), auditDelete(), confirm()],
      'h2 active/none m2 | I{} | M1{} confirmed',
      {
        source: 'read',
      },
    ),
    one('then revert', [resize(hold('src.driver')), auditDelete(), revert()], REVERTED, {
      source: 'read',
      note: '_revert_allocation moves what M holds to an I that is not there: the only way back to right books',
    }),
    one('then heal', [resize(hold('src.driver')), auditDelete(), heal()], FORWARD, {
      source: 'read',
      exits: [4, 0],
      note: 'in VERIFY_RESIZE no task_state is set, and instance.flavor is the new one',
    }),
    one('then a failure before the flip', [resize(hold('src.driver'), sourceFails), auditDelete()], SAFE_ERROR, {
      source: 'read',
    }),
    one(
      'while a revert is under way',
      [resize(), revert(hold('frevert.set-host')), auditDelete()],
      'h1 active/none m1 | I{h2:m2} | M1{} reverted',
      { source: 'read', exits: [4], note: 'M was the only claim on the source' },
    ),
    one(
      'while a revert is about to swap back',
      [resize(), revert(hold('frevert.swap-back.get-allocs')), auditDelete()],
      'h1 active/none m1 | I{} | M1{} reverted',
      { source: 'read', exits: [4] },
    ),
  ),
  row(
    'operator.audit.blind',
    'run',
    // M of a dead move whose status is in progress: never reported while the instance is there
    one(
      'pre-migrating',
      [resize(fault('conductor.swap', 'crash-after')), auditDelete()],
      'h1 active/resize_prep m1 | I{} | M1{h1:m1} pre-migrating',
      { exits: [0] },
    ),
    one(
      'migrating, whose destination is reported',
      [resize(fault('src.driver', 'crash-before')), restart('h1'), auditDelete()],
      'h1 active/none m1 | I{} | M1{h1:m1} migrating',
      { exits: [4] },
    ),
    one(
      'post-migrating',
      [resize(fault('finish.driver', 'crash-before')), auditDelete()],
      'h2 active/resize_finish m2 | I{h2:m2} | M1{h1:m1} post-migrating',
      { exits: [0] },
    ),
    one('finished', [resize(), resetState(), auditDelete()], 'h2 active/none m2 | I{h2:m2} | M1{h1:m1} finished', {
      exits: [0],
    }),
    one(
      'confirming',
      [resize(), confirm(fault('confirm.cast', 'lost')), auditDelete()],
      'h2 resized/none m2 | I{h2:m2} | M1{h1:m1} confirming',
      { exits: [0] },
    ),
    one('reverting', [resize(), revert(fault('revert.cast', 'lost')), auditDelete()], REVERT_STUCK, { exits: [0] }),
    one('until the server is deleted', [resize(fault('conductor.swap', 'crash-after')), del(), auditDelete()], GONE, {
      exits: [4],
    }),
    one('wrong amounts', [resize(finishFails), auditDelete()], DROPPED_OLD, { exits: [0] }),
    one('nothing at all', [deleteAllocations('instance'), auditDelete()], 'h1 active/none m1 | I{}', { exits: [0, 0] }),
  ),
  row(
    'operator.audit.fails',
    'read',
    at(['placement-audit.get-provider-allocations'], NO_READ, auditing, LEAKED).map(exits(255)),
    at(['placement-audit.get-allocs'], NO_READ, auditing, LEAKED).map(exits(255)),
    // @safe_connect: nobody looks at its None, and the leak counts as deleted
    each(['refused'], 'placement-audit.delete-alloc', auditing, LEAKED).map(exits(4)),
    each(['timeout-before'], 'placement-audit.delete-alloc', auditing, LEAKED).map(exits(255)),
    each(['error-before', 'html-before'], 'placement-audit.delete-alloc', auditing, LEAKED).map(exits(1)),
    one('reply lost', auditing(fault('placement-audit.delete-alloc', 'reply-lost')), CONFIRMED, { exits: [4] }),
    one('killed', auditing(fault('placement-audit.delete-alloc', 'crash-before')), LEAKED, { exits: [] }),
    // of two providers only the orphan's is taken away: a PUT, whose False nobody looks at
    each(
      ['error-before', 'provider-conflict'],
      'placement-audit.put-allocs',
      halving,
      DOUBLED_AND_CONFIRMED,
      THREE,
    ).map(exits(4)),
    each(
      ['refused', 'timeout-before', 'html-before'],
      'placement-audit.put-allocs',
      halving,
      DOUBLED_AND_CONFIRMED,
      THREE,
    ).map(exits(255)),
    each(['conflict'], 'placement-audit.put-allocs', halving, DOUBLED_AND_CONFIRMED, THREE).map(exits(1)),
    one('the other provider is over capacity, Placement 8', overfull, DOUBLED_AND_CONFIRMED, {
      ...THREE,
      ...PLACEMENT_8,
      exits: [4],
      note: 'what stays is written anew and refused: reported as deleted, and still there',
    }),
    one(
      'the other provider is over capacity, Placement 16',
      overfull,
      'h3 active/none m2 | I{h3:m2} | M1{} confirmed',
      {
        ...THREE,
        exits: [4],
      },
    ),
  ),
  row(
    'operator.heal',
    'run',
    one('in mid-move', [resize(hold('src.driver')), heal()], FORWARD, {
      exits: [4],
      note: 'undergoing a task state transition',
    }),
    one('forced in mid-move', [resize(hold('src.driver')), healForce()], FORWARD, { exits: [4], source: 'read' }),
    one(
      'stuck in a task_state',
      [resize(fault('conductor.swap', 'crash-after')), heal()],
      'h1 active/resize_prep m1 | I{} | M1{h1:m1} pre-migrating',
      { exits: [4] },
    ),
    one('in VERIFY_RESIZE', [resize(), heal()], FORWARD, { exits: [4] }),
    one('at rest', [healAll()], UNTOUCHED, { exits: [4] }),
    one(
      'nothing held',
      [resize(fault('conductor.swap', 'reply-lost')), heal()],
      'h1 active/none m1 | I{h1:m1} | M1{h1:m1} error',
      {
        exits: [0],
        source: 'read',
        note: 'creates I on the source, beside the M that leaked',
      },
    ),
    one(
      'the claim is on another host',
      [resize(), revert(fault('frevert.swap-back', 'refused')), heal()],
      REVERT_LEAKED,
      {
        exits: [4],
        note: 'whoever holds something is up-to-date',
      },
    ),
    one(
      'the same, forced',
      [resize(), revert(fault('frevert.swap-back', 'refused')), healForce()],
      'h1 active/none m1 | I{h1:m1} | M1{h1:m1} reverted',
      {
        exits: [0],
        source: 'read',
      },
    ),
    one('wrong amounts', [resize(finishFails), heal()], DROPPED_OLD, { exits: [4] }),
    one('wrong amounts, forced', [resize(finishFails), healForce()], 'h2 error/none m1 | I{h2:m1} | M1{} error', {
      exits: [0],
      source: 'read',
    }),
    one('forced without --instance', [healForceAll()], UNTOUCHED, { exits: [127], source: 'read' }),
    one('of a deleted server', [del(), heal()], 'deleted | I{}', { exits: [4], source: 'read' }),
  ),
  row(
    'operator.heal.fails',
    'read',
    at(['heal.get-allocs'], NO_READ, healing, EMPTIED).map(exits(4, 3)),
    one('Neutron', healing(fault('heal.get-ports', 'error-before')), EMPTIED, { exits: [4, 5] }),
    each(
      ['refused', 'timeout-before', 'error-before', 'conflict', 'provider-conflict'],
      'heal.put-allocs',
      healing,
      EMPTIED,
    ).map(exits(4, 3)),
    each(['html-before'], 'heal.put-allocs', healing, EMPTIED).map(exits(4, 255)),
    at(['heal.put-allocs'], ['error-after'], healing, SAFE).map(exits(4, 3)),
    one('the host is over capacity, Placement 8', healingOver, EMPTIED, { ...PLACEMENT_8, exits: [4, 3] }),
    one('the host is over capacity, Placement 16', healingOver, EMPTIED, {
      exits: [4, 3],
      note: 'a claim that is not there cannot be rewritten: what audit --delete took away does not come back',
    }),
    one('forced over capacity, Placement 8', [setTotal('h1', 'MEMORY_MB', 256), healForce()], UNTOUCHED, {
      ...PLACEMENT_8,
      exits: [3],
    }),
    one('forced over capacity, Placement 16', [setTotal('h1', 'MEMORY_MB', 256), healForce()], UNTOUCHED, {
      exits: [0],
    }),
  ),
  row(
    'operator.audit-then-heal',
    'run',
    one(
      'a revert that leaked both',
      [resize(), revert(fault('frevert.swap-back', 'refused')), auditDelete(), heal()],
      REVERTED,
      {
        exits: [4, 0],
      },
    ),
    one('a swap that leaked M', [resize(fault('conductor.swap', 'reply-lost')), auditDelete(), heal()], SAFE, {
      exits: [4, 0],
    }),
    one(
      'a confirm that leaked M',
      [resize(), confirm(fault('confirm.delete-alloc', 'refused')), auditDelete(), heal()],
      CONFIRMED,
      {
        exits: [4, 4],
      },
    ),
    one('both in error', [resize(sourceFails, fault('src.undo.claim', 'refused')), auditDelete(), heal()], SAFE_ERROR, {
      exits: [4, 0],
    }),
    one(
      'M is in progress and stays',
      [resize(fault('src.driver', 'crash-before')), restart('h1'), auditDelete(), heal()],
      'h1 active/none m1 | I{h1:m1} | M1{h1:m1} migrating',
      { exits: [4, 0] },
    ),
    one(
      'after reset-state',
      [resize(fault('conductor.swap', 'crash-after')), resetState(), auditDelete(), heal()],
      'h1 active/none m1 | I{h1:m1} | M1{h1:m1} pre-migrating',
      { exits: [0, 0] },
    ),
  ),
  row(
    'operator.by-hand',
    'read',
    one(
      'M that audit does not see',
      [
        resize(fault('src.driver', 'crash-before')),
        restart('h1'),
        deleteAllocations('migration'),
        auditDelete(),
        heal(),
      ],
      'h1 active/none m1 | I{h1:m1} | M1{} migrating',
      { exits: [0, 4, 0] },
    ),
    one(
      'the row of the migration, so that audit sees M',
      [resize(fault('src.driver', 'crash-before')), restart('h1'), editStatus('error'), auditDelete(), heal()],
      SAFE,
      { exits: [4, 0] },
    ),
    one(
      'a stuck confirm is made repeatable',
      [resize(), confirm(fault('confirm.cast', 'lost')), editStatus('finished'), confirm()],
      CONFIRMED,
    ),
    one('the host of a server at rest', [editHost('h2'), placementAudit()], 'h2 active/none m1 | I{h1:m1}', {
      exits: [3],
    }),
    one('nothing to delete', [deleteAllocations('migration')], UNTOUCHED, { exits: [1] }),
    one('in VERIFY_RESIZE', [resize(), deleteAllocations('migration'), confirm()], CONFIRMED, { exits: [0] }),
    one(
      'in VERIFY_RESIZE, then revert',
      [resize(), deleteAllocations('migration'), revert()],
      'h1 active/none m1 | I{h2:m2} | M1{} reverted',
      {
        exits: [0],
      },
    ),
  ),
  row(
    'operator.reset-state',
    'run',
    one(
      'a second resize overtakes the first',
      [resize(hold('conductor.create-migration', 2)), resetState(), resize()],
      'h2 error/resize_migrating m1 | I{h2:m2} | M1{h1:m1} finished | M2{} error',
      { note: 'the row has the server on the source, but nothing on the way of the first resize writes host' },
    ),
    one(
      'a second resize overtakes the first, which has its record',
      [resize(hold('conductor.schedule', 2)), resetState(), resize()],
      'h2 error/resize_migrating m1 | I{h1:m1} | M1{} error',
      { source: 'read', note: 'both share one migration: what the first gives back is the claim of the second' },
    ),
    ...[
      heldAt(
        ['conductor.schedule'],
        [
          [
            'paused',
            (point) => [resize(hold(point, 2)), resetState(), crash('conductor')],
            'h1 active/none m1 | I{} | M1{h1:m1} pre-migrating',
          ],
        ],
      ),
      heldAt(
        ['conductor.cast-prep', 'prep.stash', 'prep.cast-resize'],
        [
          ['paused', (point) => [resize(hold(point, 2)), resetState(), crash(serviceAt(point))], UNSTUCK_FROM_PREP],
          [
            'resumed',
            (point) => [resize(hold(point)), resetState()],
            'h1 error/resize_migrating m1 | I{h1:m1} | M1{} error',
          ],
        ],
      ),
      heldAt(
        ['src.driver', 'src.flip-host'],
        [
          [
            'resumed',
            (point) => [resize(hold(point)), resetState()],
            'h2 error/resize_migrated m1 | I{h1:m1} | M1{} error',
          ],
        ],
      ),
      heldAt(
        ['src.cast-finish', 'finish.set-task'],
        [
          [
            'resumed',
            (point) => [resize(hold(point)), resetState()],
            'h2 error/resize_finish m2 | I{h2:m2} | M1{} error',
          ],
        ],
      ),
      heldAt(
        ['finish.driver', 'finish.set-resized'],
        [['resumed', (point) => [resize(hold(point)), resetState()], DROPPED_NEW]],
      ),
      heldAt(
        ['confirm.network', 'confirm.set-state', 'confirm.delete-alloc'],
        [['resumed', (point) => [resize(), confirm(hold(point)), resetState()], CONFIRMED]],
      ),
      heldAt(
        ['revert.dest-network', 'frevert.set-host'],
        [['resumed', (point) => [resize(), revert(hold(point)), resetState()], ERROR_FORWARD]],
      ),
      heldAt(['frevert.save'], [['resumed', (point) => [resize(), revert(hold(point)), resetState()], SAFE_ERROR]]),
    ].map((sketches) => sketches.map((sketch) => ({ ...sketch, source: 'read' as const }))),
  ),
  row(
    'api.confirm-vs-revert',
    'run',
    one('confirm behind the revert', [resize(), confirm(hold('confirm.set-confirming')), revert()], SAFE_ERROR),
    one('two confirms', [resize(), confirm(hold('confirm.set-confirming')), confirm()], DROPPED_NEW),
    one(
      'revert behind the confirm',
      [resize(), revert(hold('revert.save-reqspec')), confirm()],
      'h1 active/none m1 | I{h2:m2} | M1{} reverted',
      { source: 'read', note: 'nothing is left to give back, which _revert_allocation only logs' },
    ),
  ),
  row(
    'placement.crash.between-consumer-and-write',
    'run',
    at(['scheduler.claim-put'], ['placement-crash'], resizing, SOURCE_UNDER_M),
    at(['scheduler.claim-put'], ['placement-crash'], resizing, SOURCE_UNDER_M, THREE),
    one(
      'then another resize',
      [resize(fault('scheduler.claim-put', 'placement-crash')), resize()],
      'h1 active/none m1 | I{} | M1{h1:m1} error | M2{} error',
    ),
    one('at the swap, which makes its consumer again', resizing(fault('conductor.swap', 'placement-crash')), SAFE, {
      source: 'read',
      note: 'M is the consumer that is left behind, and no later move asks for that one',
    }),
    ...[
      one(
        'heal fails the same way',
        [resize(fault('scheduler.claim-put', 'placement-crash')), heal()],
        SOURCE_UNDER_M,
        {
          exits: [3],
        },
      ),
      one('forced as well', [resize(fault('scheduler.claim-put', 'placement-crash')), healForce()], SOURCE_UNDER_M, {
        exits: [3],
      }),
      one(
        'audit --delete frees the source, and heal still fails',
        [resize(fault('scheduler.claim-put', 'placement-crash')), auditDelete(), heal()],
        EMPTIED,
        { exits: [4, 3] },
      ),
      one(
        'an empty consumer cannot be deleted',
        [resize(fault('scheduler.claim-put', 'placement-crash')), deleteAllocations('instance'), heal()],
        SOURCE_UNDER_M,
        { exits: [1, 3] },
      ),
    ].map((sketch) => ({ ...sketch, source: 'read' as const })),
  ),
  row(
    'capacity.source-over',
    'run',
    one('Placement 8', [setTotal('h1', 'MEMORY_MB', 256), resize()], SAFE, PLACEMENT_8),
    one('Placement 13', [setTotal('h1', 'MEMORY_MB', 256), resize()], SAFE, { options: { placement_release: 13 } }),
    one('Placement 14', [setTotal('h1', 'MEMORY_MB', 256), resize()], FORWARD, { options: { placement_release: 14 } }),
    one('Placement 16', [setTotal('h1', 'MEMORY_MB', 256), resize()], FORWARD),
    one('then confirm, Placement 16', [setTotal('h1', 'MEMORY_MB', 256), resize(), confirm()], CONFIRMED),
  ),
  row(
    'capacity.source-over.revert',
    'run',
    one(
      'revert, Placement 8',
      [resize(), setTotal('h1', 'MEMORY_MB', 256), revert()],
      'h1 active/none m1 | I{h2:m2} | M1{h1:m1} reverted',
      PLACEMENT_8,
    ),
    one('revert, Placement 16', [resize(), setTotal('h1', 'MEMORY_MB', 256), revert()], REVERTED),
    one(
      'failed prep, Placement 8',
      [resize(hold('prep.rt-claim'), prepFails), setTotal('h1', 'MEMORY_MB', 256)],
      ERROR_FORWARD,
      PLACEMENT_8,
    ),
    one(
      'failed prep, Placement 16',
      [resize(hold('prep.rt-claim'), prepFails), setTotal('h1', 'MEMORY_MB', 256)],
      SAFE_ERROR,
    ),
    one(
      'failed source, Placement 8',
      [resize(hold('src.driver'), sourceFails), setTotal('h1', 'MEMORY_MB', 256)],
      ERROR_FORWARD,
      PLACEMENT_8,
    ),
    one(
      'failed source, Placement 16',
      [resize(hold('src.driver'), sourceFails), setTotal('h1', 'MEMORY_MB', 256)],
      SAFE_ERROR,
    ),
    one(
      'rollback of conductor, Placement 8',
      [resize(hold('conductor.cast-prep'), fault('conductor.cast-prep', 'refused')), setTotal('h1', 'MEMORY_MB', 256)],
      'h1 active/none m1 | I{h2:m2} | M1{h1:m1} error',
      PLACEMENT_8,
    ),
    one(
      'rollback of conductor, Placement 16',
      [resize(hold('conductor.cast-prep'), fault('conductor.cast-prep', 'refused')), setTotal('h1', 'MEMORY_MB', 256)],
      SAFE,
    ),
    one('confirm, Placement 8', [resize(), setTotal('h2', 'MEMORY_MB', 512), confirm()], CONFIRMED, PLACEMENT_8),
    one('confirm, Placement 16', [resize(), setTotal('h2', 'MEMORY_MB', 512), confirm()], CONFIRMED),
  ),
];

/** Played at a release of Nova. */
const nova = (nova_release: number, extra: Extra = {}): Extra => ({
  ...extra,
  options: { ...extra.options, nova_release },
  where: `Nova ${nova_release}`,
});
const WITHIN: Extra = { hosts: 1, options: { allow_resize_to_same_host: true } };
const unknownNode = fault('prep.rt-claim.save-migration', 'unknown-node');
const swapBdm = (release: number, expected: string, extra: Extra = {}): readonly Sketch[] =>
  each(['error-before'], 'finish.swap-bdm', resizing, expected, nova(release, extra));

/** What each change of a release looks like, in the release that brought it and in the one before. */
const RELEASES = [
  row(
    'release.swap-bdm',
    'read',
    swapBdm(31, 'h2 active/none m1 | I{h2:m2} | M1{} error'),
    swapBdm(30, FORWARD, { misses: true }),
    one('frevert.prepare error-before', reverting(fault('frevert.prepare', 'error-before')), REVERT_FAILED, nova(31)),
    one('frevert.prepare error-before', reverting(fault('frevert.prepare', 'error-before')), REVERT_FAILED, nova(30)),
  ),
  row(
    'release.retry-reboot',
    'read',
    one('message lost', [hardReboot(fault('hard-reboot.cast', 'lost')), restart('h1')], UNTOUCHED, nova(30)),
    one(
      'message lost',
      [hardReboot(fault('hard-reboot.cast', 'lost')), restart('h1')],
      'h1 active/rebooting_hard m1 | I{h1:m1}',
      nova(29),
    ),
    one(
      'begun: cleared in any',
      [hardReboot(fault('hard-reboot.driver', 'crash-before')), restart('h1')],
      UNTOUCHED,
      nova(29),
    ),
  ),
  row(
    'release.unknown-node',
    'read',
    one('an alternate', [resize(unknownNode)], ON_ALTERNATE, nova(28, THREE)),
    one('an alternate', [resize(unknownNode)], FORWARD, nova(27, THREE)),
    one('no alternate', [resize(unknownNode)], SAFE_ERROR, nova(28, { used: { h1: 1, h2: 0 } })),
    one('no alternate', [resize(unknownNode)], FORWARD, nova(27, { used: { h1: 1, h2: 0 } })),
    one('then an audit', [resize(unknownNode), audit('h2')], FORWARD, nova(27, { used: { h1: 1, h2: 2 } })),
    one('then confirm', [resize(unknownNode), confirm()], DROPPED_NEW, {
      ...nova(27),
      note: 'there is no migration_context to ask for the PCI devices: an AttributeError',
    }),
    one('then an audit and revert', [resize(unknownNode), audit('h2'), revert()], REVERTED, nova(27)),
    one(
      'nothing to abort',
      [resize(unknownNode, fault('prep.cast-resize', 'refused'))],
      SAFE_ERROR,
      nova(27, { used: { h1: 1, h2: 0 } }),
    ),
  ),
  row(
    'release.drop-move-claim',
    'read',
    one('confirm, delete', [resize(), confirm(), del()], GONE, nova(27, { ...WITHIN, used: { h1: 2 } })),
    one('confirm, delete', [resize(), confirm(), del()], GONE, nova(26, { ...WITHIN, used: { h1: 0 } })),
    one('revert, delete', [resize(), revert(), del()], GONE, nova(27, { ...WITHIN, used: { h1: 1 } })),
    one('revert, delete', [resize(), revert(), del()], GONE, nova(26, { ...WITHIN, used: { h1: 0 } })),
    one(
      'abort, delete',
      [resize(fault('prep.cast-resize', 'refused')), del()],
      GONE,
      nova(27, { ...WITHIN, used: { h1: 1 } }),
    ),
    one(
      'abort, delete',
      [resize(fault('prep.cast-resize', 'refused')), del()],
      GONE,
      nova(26, { ...WITHIN, used: { h1: 0 } }),
    ),
    one('to another host: the same in both', [resize(), confirm()], CONFIRMED, nova(26, { used: { h1: 0, h2: 2 } })),
    one('to another host: the same in both', [resize(), confirm()], CONFIRMED, nova(27, { used: { h1: 0, h2: 2 } })),
  ),
];

export const CASES: readonly Case[] = [
  ...API_CONDUCTOR_SCHEDULER,
  ...PREP,
  ...SOURCE_LEG,
  ...FINISH,
  ...CONFIRM,
  ...REVERT,
  ...DELETE_AND_OPERATORS,
  ...RELEASES,
].flat();
