/**
 * What Nova does when a live migration breaks, as rows.ts has it of a resize: read from Nova's source, point by point, and held
 * against the model.
 */
import type { FaultKind } from '../../src/scenario/scenario.ts';
import {
  abortLive,
  audit,
  bootAnother,
  del,
  fault,
  hardReboot,
  hold,
  type Line,
  liveMigrate,
  liveMigrateAnother,
  liveMigrateForced,
  liveMigrateTo,
  type Mark,
  restart,
  type Step,
  stop,
} from './scenario.ts';

export interface LiveCase extends Line {
  readonly name: string;
  /** the server at quiescence, before anything is settled */
  readonly expected: string;
}

type Extra = Omit<Line, 'steps'>;

const one = (name: string, steps: readonly Step[], expected: string, extra: Extra = {}): LiveCase => ({
  name,
  steps,
  expected,
  ...extra,
});

/** The same end state for each kind of fault at each of several points of a live migration. */
const at = (
  points: readonly string[],
  kinds: readonly FaultKind[],
  expected: string,
  steps: (mark: Mark) => readonly Step[] = (mark) => [liveMigrate(mark)],
  extra: Extra = {},
): readonly LiveCase[] =>
  points.flatMap((point) => kinds.map((kind) => one(`${point} ${kind}`, steps(fault(point, kind)), expected, extra)));

/** The first server waits in the queue of its host's executor while another one's guest is copied. */
const queued = (...rest: readonly Step[]): readonly Step[] => [
  bootAnother(),
  liveMigrateAnother(hold('live.run.copy', 1 + rest.length)),
  liveMigrate(),
  ...rest,
];

const UNTOUCHED = 'h1 active/none m1 | I{h1:m1}';
const DONE = 'h2 active/none m1 | I{h2:m1} | M1{} completed';
/** What conductor knows of leaves the server as it was. */
const REFUSED = 'h1 active/none m1 | I{h1:m1} | M1{} error';
/** What it does not know puts it into error, its claim given back all the same. */
const UNKNOWN = 'h1 error/none m1 | I{h1:m1} | M1{} error';
const ROLLED_BACK = 'h1 active/none m1 | I{h1:m1} | M1{} failed';
const CANCELLED = 'h1 active/none m1 | I{h1:m1} | M1{} cancelled';
/** Both sides held, and nobody at work on it. */
const stuck = (status: string): string => `h1 active/migrating m1 | I{h2:m1} | M1{h1:m1} ${status}`;
const ERROR_AT_SOURCE = 'h1 error/none m1 | I{h2:m1} | M1{h1:m1} error';
/** The guest is there, and so is the record; what the source holds is never dropped (W-06). */
const ERROR_AT_DESTINATION = 'h2 error/none m1 | I{h2:m1} | M1{h1:m1} error';

const forced = (mark: Mark): readonly Step[] => [liveMigrateForced('h2', mark)];
const CODE: readonly FaultKind[] = ['error-before', 'error-after'];

export const LIVE_ROWS: Readonly<Record<string, readonly LiveCase[]>> = {
  'live.commits': [
    one('anywhere', [liveMigrate()], DONE),
    one('on a requested host', [liveMigrateTo('h3')], 'h3 active/none m1 | I{h3:m1} | M1{} completed', { hosts: 3 }),
    one('by force', [liveMigrateForced('h2')], DONE),
    one('twice', [liveMigrate(), liveMigrate()], 'h1 active/none m1 | I{h1:m1} | M1{} completed | M2{} completed'),
    one('behind another in the queue', queued(), DONE),
  ],
  'live.refused': [
    one('stopped', [stop(), liveMigrate()], 'h1 stopped/none m1 | I{h1:m1}'),
    one('nowhere to go', [liveMigrate()], REFUSED, { hosts: 1 }),
    one('to its own host', [liveMigrateForced('h1')], REFUSED),
    one('while it waits for another of its own', [liveMigrate(hold('live.run.copy')), liveMigrate()], DONE),
  ],
  'live.api': [
    ...at(['live.set-task'], ['error-before'], UNTOUCHED),
    ...at(['live.action-record', 'live.cast-conductor'], ['crash-before'], 'h1 active/migrating m1 | I{h1:m1}'),
    ...at(['live.cast-conductor'], ['refused', 'lost'], 'h1 active/migrating m1 | I{h1:m1}'),
  ],
  'live.conductor.before-claim': [
    ...at(['live.conductor.create-migration'], ['error-before'], 'h1 active/migrating m1 | I{h1:m1}'),
    ...at(['live.conductor.check-source', 'live.conductor.read-source-node'], CODE, UNKNOWN),
    ...at(['live.conductor.get-allocs'], ['refused', 'error-before'], UNKNOWN),
    // move_allocations came back with False: NoValidHost
    ...at(['live.conductor.swap'], ['refused', 'error-before'], REFUSED),
    ...at(['live.conductor.swap'], ['conflict', 'timeout-before'], UNKNOWN),
    ...at(['live.conductor.swap'], ['reply-lost'], 'h1 active/none m1 | I{} | M1{h1:m1} error'),
    ...at(['live.conductor.swap'], ['timeout-after'], 'h1 error/none m1 | I{} | M1{h1:m1} error'),
  ],
  'live.conductor.schedule': [
    ...at(['live.conductor.prepare'], CODE, UNKNOWN),
    ...at(['scheduler.candidates'], ['refused', 'timeout-before'], REFUSED),
    ...at(['scheduler.filter'], ['error-before'], REFUSED),
    ...at(['live.conductor.schedule'], ['lost', 'refused'], UNKNOWN),
    ...at(['live.conductor.schedule'], ['timeout-during'], 'h1 error/none m1 | I{h1:m1 h2:m1} | M1{} error'),
    ...at(['live.conductor.schedule'], ['timeout-after'], UNKNOWN),
    ...at(['scheduler.claim-put'], ['conflict'], UNKNOWN),
  ],
  'live.conductor.pre-check': [
    // any failure on the source says that the destination will not do
    ...at(['live.check-source.driver', 'live.check-source.bdms'], CODE, REFUSED),
    ...at(['live.check.call-source'], ['lost', 'refused'], REFUSED),
    // on the destination it is an exception that conductor does not know
    ...at(['live.check.driver', 'live.check.compute-info', 'live.check.source-data'], CODE, UNKNOWN),
    ...at(['live.conductor.check-destination'], ['lost', 'timeout-after'], REFUSED),
    ...at(['live.conductor.check-destination'], ['refused'], UNKNOWN),
    ...at(['live.conductor.bind-ports'], CODE, REFUSED),
    one(
      'rejected, and taken elsewhere',
      [liveMigrate(fault('live.check-source.driver', 'error-before'))],
      'h3 active/none m1 | I{h3:m1} | M1{} completed',
      { hosts: 3 },
    ),
    one(
      'rejected, and its claim kept by a race',
      [
        liveMigrate(
          fault('live.check-source.driver', 'error-before'),
          fault('live.conductor.remove-alloc', 'conflict'),
        ),
      ],
      'h3 active/none m1 | I{h2:m1 h3:m1} | M1{} completed',
      { hosts: 3 },
    ),
    one(
      'rejected, and the removal raises',
      [
        liveMigrate(
          fault('live.check-source.driver', 'error-before'),
          fault('live.conductor.remove-alloc.get', 'refused'),
        ),
      ],
      UNKNOWN,
      { hosts: 3 },
    ),
  ],
  'live.conductor.forced': [
    ...at(['live.conductor.forced.check'], ['error-before'], UNKNOWN, forced),
    ...at(['live.conductor.forced.claim-put'], ['error-before'], REFUSED, forced),
    ...at(['live.conductor.forced.claim-put'], ['conflict'], UNKNOWN, forced),
    ...at(['live.conductor.forced.check-destination'], ['lost'], REFUSED, forced),
    ...at(['live.conductor.forced.bind-ports'], CODE, REFUSED, forced),
    ...at(['live.check.driver'], CODE, UNKNOWN, forced),
    ...at(['live.conductor.forced.check-cells'], CODE, UNKNOWN, forced),
  ],
  'live.conductor.hand-over': [
    ...at(['live.conductor.save-migration', 'live.conductor.availability-zone'], CODE, UNKNOWN),
    ...at(['live.conductor.cast-live-migration'], ['refused'], UNKNOWN),
    ...at(['live.conductor.cast-live-migration'], ['lost'], stuck('accepted')),
    ...at(['live.conductor.cast-live-migration'], ['crash-before'], stuck('accepted')),
  ],
  'live.source.queue': [
    ...at(['live.source.set-queued'], CODE, stuck('error')),
    ...at(['live.source.submit'], ['error-before'], stuck('error')),
    one('aborted in the queue', queued(abortLive()), CANCELLED),
    one(
      'aborted in the queue, the give-back refused',
      queued(abortLive(fault('abort-live.claim', 'refused'))),
      'h1 active/none m1 | I{h2:m1} | M1{h1:m1} cancelled',
    ),
    one(
      'aborted in the queue, the network fails',
      queued(abortLive(fault('abort-live.network', 'error-before'))),
      'h1 active/migrating m1 | I{h1:m1} | M1{} queued',
    ),
    one('the abort is lost', queued(abortLive(fault('abort-live.cast', 'lost'))), DONE),
    one('restarted with it in the queue', queued(restart('h1')), 'h1 active/none m1 | I{h2:m1} | M1{h1:m1} queued'),
  ],
  'live.run.before-copy': [
    ...at(['live.run.set-preparing'], ['error-before'], stuck('queued')),
    ...at(['live.run.get-bdms'], CODE, stuck('preparing')),
    ...at(['live.pre.driver', 'live.pre.network', 'live.pre.end-notify'], CODE, ROLLED_BACK),
    ...at(['live.run.call-pre'], ['lost', 'timeout-after'], ROLLED_BACK),
    ...at(['live.run.set-running'], ['error-before'], stuck('preparing')),
    one('aborted while it prepares', [liveMigrate(hold('live.pre.driver')), abortLive()], CANCELLED),
  ],
  'live.run.copy': [
    ...at(['live.run.copy'], ['error-before'], ROLLED_BACK),
    ...at(['live.run.copy'], ['error-after'], ERROR_AT_SOURCE),
    ...at(['live.run.driver'], CODE, ERROR_AT_SOURCE),
    one('aborted while it copies', [liveMigrate(hold('live.run.copy')), abortLive()], CANCELLED),
    one(
      'the guest is deleted while it copies',
      [liveMigrate(hold('live.run.copy')), del()],
      'deleted | I{h1:m1} | M1{} deleted',
    ),
    one(
      'restarted while it copies',
      [liveMigrate(hold('live.run.copy')), restart('h1')],
      'h1 active/none m1 | I{h2:m1} | M1{h1:m1} error',
    ),
    one('crashed while it copies', [liveMigrate(fault('live.run.copy', 'crash-before'))], stuck('running')),
  ],
  'live.rollback': [
    ...['live.rollback.network', 'live.rollback.volumes', 'live.rollback.driver', 'live.rollback.start-notify'].map(
      (point) =>
        one(point, [liveMigrate(fault('live.run.copy', 'error-before'), fault(point, 'error-before'))], UNKNOWN),
    ),
    one(
      'the give-back is refused',
      [liveMigrate(fault('live.run.copy', 'error-before'), fault('live.rollback.claim', 'refused'))],
      'h1 active/none m1 | I{h2:m1} | M1{h1:m1} failed',
    ),
    one(
      'the give-back meets a conflict',
      [liveMigrate(fault('live.run.copy', 'error-before'), fault('live.rollback.claim', 'conflict'))],
      ERROR_AT_SOURCE,
    ),
  ],
  'live.post': [
    ...at(
      [
        'live.post.activate-ports',
        'live.post.driver',
        'live.post.unplug',
        'live.post.cleanup',
        'live.post.end-notify',
        'live.post.console-tokens',
        'live.post.set-completed',
      ],
      CODE,
      ERROR_AT_DESTINATION,
    ),
    ...at(['live.post.volumes'], CODE, DONE, undefined, { volumeBacked: true }),
    ...at(['live.post.call-destination'], ['lost', 'timeout-after'], ERROR_AT_DESTINATION),
    ...at(
      ['live.post-dest.network', 'live.post-dest.driver', 'live.post-dest.source-network', 'live.post-dest.end-notify'],
      CODE,
      ERROR_AT_DESTINATION,
    ),
    ...at(['audit.recount'], ['error-before'], DONE),
    ...at(
      ['live.post.delete-alloc', 'live.post.delete-alloc.get'],
      ['refused'],
      'h2 active/none m1 | I{h2:m1} | M1{h1:m1} completed',
    ),
    ...at(['live.post.delete-alloc'], ['conflict', 'error-before'], ERROR_AT_DESTINATION),
    ...at(['live.post.delete-alloc'], ['error-after'], 'h2 error/none m1 | I{h2:m1} | M1{} error'),
    one(
      'and started again',
      [liveMigrate(fault('live.post.unplug', 'error-before')), hardReboot()],
      'h2 active/none m1 | I{h2:m1} | M1{h1:m1} error',
    ),
    one(
      'and deleted',
      [liveMigrate(fault('live.post.unplug', 'error-before')), del()],
      'deleted | I{} | M1{h1:m1} deleted',
    ),
  ],
  'live.delete': [
    // W-25: the handler of the failure gives the claim back to a server that is gone; the source's audit finds it
    one(
      'while it is scheduled',
      [liveMigrate(hold('live.conductor.check-hypervisor'), fault('live.check.driver', 'error-before')), del()],
      'deleted | I{h1:m1} | M1{} deleted',
    ),
    one(
      'while it is scheduled, and audited',
      [
        liveMigrate(hold('live.conductor.check-hypervisor'), fault('live.check.driver', 'error-before')),
        del(),
        audit('h1'),
      ],
      'deleted | I{} | M1{} deleted',
    ),
  ],
};
