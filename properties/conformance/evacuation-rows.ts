/**
 * What Nova does when an evacuation or a rebuild breaks, as rows.ts has it of a resize: read from Nova's source, point by point, and
 * held against the model.
 */
import type { FaultKind } from '../../src/scenario/scenario.ts';
import {
  crash,
  del,
  evacuate,
  evacuateForced,
  evacuateTo,
  fault,
  hold,
  type Line,
  type Mark,
  rebuild,
  reinstall,
  resetToError,
  restart,
  type Step,
  setTotal,
  stop,
} from './scenario.ts';

export interface EvacuationCase extends Line {
  readonly name: string;
  /** the server at quiescence, before anything is settled */
  readonly expected: string;
}

const one = (
  name: string,
  steps: readonly Step[],
  expected: string,
  extra: Omit<Line, 'steps'> = {},
): EvacuationCase => ({ name, steps, expected, ...extra });

/** The same end state for each kind of fault at each of several points. */
const at = (
  points: readonly string[],
  kinds: readonly FaultKind[],
  expected: string,
  steps: (mark: Mark) => readonly Step[],
  how = '',
): readonly EvacuationCase[] =>
  points.flatMap((point) => kinds.map((kind) => one(`${point} ${kind}${how}`, steps(fault(point, kind)), expected)));

const down = crash('h1');
const back = restart('h1');
const evacuating = (mark: Mark): readonly Step[] => [down, evacuate(mark)];
const forcing = (mark: Mark): readonly Step[] => [down, evacuateForced('h2', mark)];
/** nova-compute dies at the destination, and comes back; then the source does. */
const dying = (mark: Mark): readonly Step[] => [down, evacuate(mark), restart('h2')];
const bothBack = (mark: Mark): readonly Step[] => [...dying(mark), back];
const sourceBack = (mark: Mark): readonly Step[] => [down, evacuate(mark), back];
const returning = (mark: Mark): readonly Step[] => [down, evacuate(), restart('h1', mark)];
const rebuilding = (mark: Mark): readonly Step[] => [rebuild(mark)];
const rebuildingAgain = (mark: Mark): readonly Step[] => [rebuild(mark), back];
/** What undoes a guest that could not be spawned fails as well. */
const undoing = (mark: Mark): readonly Step[] => [down, evacuate(fault('rebuild.spawn', 'error-before'), mark)];

const UNTOUCHED = 'h1 active/none m1 | I{h1:m1}';
const EVACUATED = 'h2 active/none m1 | I{h1:m1 h2:m1} | M1{} done';
const GIVEN_UP = 'h2 active/none m1 | I{h2:m1} | M1{} completed';
/** Nobody clears task_state, and the record is an order to destroy. */
const STUCK = 'h1 active/rebuilding m1 | I{h1:m1} | M1{} accepted';
const STUCK_AND_CLAIMED = 'h1 active/rebuilding m1 | I{h1:m1 h2:m1} | M1{} accepted';
/** The only guest is destroyed, and what it held with it. */
const DESTROYED = 'h1 active/rebuilding m1 | I{} | M1{} completed';
const DESTROYED_AND_CLAIMED = 'h1 active/rebuilding m1 | I{h2:m1} | M1{} completed';
const REFUSED = 'h1 active/none m1 | I{h1:m1} | M1{} failed';
const FAILED = 'h1 error/none m1 | I{h1:m1} | M1{} failed';
const FAILED_AND_CLAIMED = 'h1 error/none m1 | I{h1:m1 h2:m1} | M1{} failed';
const CLOSED = 'h1 error/none m1 | I{h1:m1} | M1{} error';
const REBUILDING = 'h1 active/rebuilding m1 | I{h1:m1}';
const INTERRUPTED = 'h1 error/none m1 | I{h1:m1}';
/** scheduled_node is always set by then: the server loses the only claim that it has. */
const UNCLAIMED = 'h1 error/none m1 | I{}';

const CLAIM = ['rebuild.rt-claim.save-migration', 'rebuild.rt-claim'];
const EVACUATION_ALONE = ['rebuild.group-policy', 'rebuild.check-exists', 'rebuild.network'];
const BEFORE_MAPPING = ['rebuild.start-notify', 'rebuild.set-task', 'rebuild.volumes-info'];
const BEFORE_SPAWNING = ['rebuild.volumes-attach', 'rebuild.set-spawning'];
const SPAWNING = ['rebuild.spawn', 'rebuild.set-active'];
const IN_THE_CLAIM = [...BEFORE_MAPPING, 'rebuild.set-mapping', ...BEFORE_SPAWNING, ...SPAWNING, 'rebuild.end-notify'];

export const EVACUATION_ROWS: Readonly<Record<string, readonly EvacuationCase[]>> = {
  'evacuate without a fault': [
    one('anywhere', [down, evacuate()], EVACUATED),
    one('to a host', [down, evacuateTo('h2')], EVACUATED),
    one('forced', [down, evacuateForced('h2')], EVACUATED),
    one('volume-backed', [down, evacuate()], EVACUATED, { volumeBacked: true }),
    one('stopped', [stop(), down, evacuate()], 'h2 stopped/none m1 | I{h1:m1 h2:m1} | M1{} done'),
    one('in error', [down, resetToError(), evacuate()], EVACUATED),
    one('from a host that is up', [evacuate()], UNTOUCHED),
    one('with nowhere to go', [down, evacuate()], CLOSED, { hosts: 1 }),
    one(
      'forced where there is no room',
      [setTotal('h2', 'MEMORY_MB', 256), down, evacuateForced('h2')],
      'h1 active/none m1 | I{h1:m1} | M1{} error',
    ),
    one('and deleted', [down, evacuate(), del()], 'deleted | I{} | M1{} deleted'),
    one('deleted meanwhile', [down, evacuate(hold('rebuild.spawn')), del()], 'deleted | I{} | M1{} deleted'),
  ],
  'api.evacuate': [
    ...at(['evacuate.set-task'], ['error-before'], UNTOUCHED, evacuating),
    ...at(['evacuate.action-record', 'evacuate.create-migration'], ['error-before'], REBUILDING, evacuating),
    ...at(['evacuate.notify'], ['error-before'], STUCK, evacuating),
    ...at(['evacuate.cast-conductor'], ['refused', 'lost'], STUCK, evacuating),
    ...at(['evacuate.cast-conductor'], ['refused', 'lost'], DESTROYED, sourceBack, ', and the host comes back'),
  ],
  'conductor.rebuild_instance': [
    ...at(['rebuild.find-migration', 'rebuild.requested-resources'], ['error-before'], STUCK, evacuating),
    ...at(['rebuild.schedule'], ['refused', 'lost'], STUCK, evacuating),
    ...at(['rebuild.schedule'], ['lost'], DESTROYED, sourceBack, ', and the host comes back'),
    ...at(['rebuild.schedule'], ['timeout-after'], STUCK_AND_CLAIMED, evacuating),
    ...at(
      ['rebuild.fill', 'rebuild.scheduled-notify', 'rebuild.zone'],
      ['error-before', 'crash-before'],
      STUCK_AND_CLAIMED,
      evacuating,
    ),
    ...at(['rebuild.cast-compute'], ['refused', 'lost'], STUCK_AND_CLAIMED, evacuating),
    ...at(
      ['rebuild.cast-compute'],
      ['refused', 'lost'],
      DESTROYED_AND_CLAIMED,
      sourceBack,
      ', and the host comes back',
    ),
    one(
      'it takes up the record that a failed evacuation left, and the next start goes by the newest',
      [down, evacuate(fault('rebuild.schedule', 'lost')), resetToError(), evacuate(), back],
      'h2 active/none m1 | I{h2:m1} | M1{} done | M2{} completed',
    ),
  ],
  _allocate_for_evacuate_dest_host: [
    ...at(['rebuild.forced.get-nodes'], ['error-before'], STUCK, forcing),
    ...at(['rebuild.forced.get-allocs'], ['error-before', 'refused', 'timeout-before'], STUCK, forcing),
    // safe_connect: None is NoValidHost
    ...at(['rebuild.forced.claim-get'], ['refused'], 'h1 active/none m1 | I{h1:m1} | M1{} error', forcing),
    // nothing is there to be kept, at the generation that was read before
    ...at(['rebuild.forced.claim-get'], ['error-before'], 'h2 active/none m1 | I{h2:m1} | M1{} done', forcing),
    ...at(
      ['rebuild.forced.claim-put'],
      ['error-before', 'refused'],
      'h1 active/none m1 | I{h1:m1} | M1{} error',
      forcing,
    ),
    ...at(['rebuild.forced.claim-put'], ['conflict'], CLOSED, forcing),
    ...at(['rebuild.forced.claim-put'], ['reply-lost'], 'h1 active/none m1 | I{h1:m1 h2:m1} | M1{} error', forcing),
    ...at(['rebuild.forced.claim-put'], ['timeout-after'], STUCK_AND_CLAIMED, forcing),
  ],
  'compute.rebuild_instance of an evacuation': [
    // before any try
    ...at(['rebuild.compute-info'], ['error-before'], 'h1 active/none m1 | I{h1:m1 h2:m1} | M1{} accepted', forcing),
    ...at(['rebuild.get-allocs'], ['refused', 'timeout-before'], EVACUATED, evacuating),
    ...at(CLAIM, ['error-before'], FAILED, evacuating),
    ...at(['rebuild.rt-claim'], ['unavailable'], REFUSED, evacuating),
    ...at(['rebuild.rt-claim.save-migration'], ['unknown-node'], REFUSED, evacuating),
    ...at(['rebuild.rt-claim.placement'], ['refused', 'error-before'], FAILED, evacuating),
    ...at([...EVACUATION_ALONE, ...IN_THE_CLAIM], ['error-before'], FAILED, evacuating),
    ...at(['rebuild.get-allocs', CLAIM[0]!], ['crash-before'], STUCK_AND_CLAIMED, dying),
    ...at(
      [CLAIM[1]!, ...EVACUATION_ALONE, ...BEFORE_MAPPING, 'rebuild.set-mapping'],
      ['crash-before'],
      'h1 active/rebuilding m1 | I{h1:m1 h2:m1} | M1{} pre-migrating',
      dying,
    ),
    ...at(
      BEFORE_SPAWNING,
      ['crash-before'],
      'h1 active/rebuild_block_device_mapping m1 | I{h1:m1 h2:m1} | M1{} pre-migrating',
      dying,
    ),
    ...at(SPAWNING, ['crash-before'], 'h1 active/rebuild_spawning m1 | I{h1:m1 h2:m1} | M1{} pre-migrating', dying),
    ...at(
      SPAWNING,
      ['crash-before'],
      'h1 active/rebuild_spawning m1 | I{h2:m1} | M1{} completed',
      bothBack,
      ', and the source comes back too',
    ),
    ...at(['rebuild.end-notify'], ['crash-before'], 'h1 active/none m1 | I{h1:m1 h2:m1} | M1{} pre-migrating', dying),
    one(
      'the source comes back while the guest is built',
      [down, evacuate(hold('rebuild.spawn')), back],
      'h2 active/none m1 | I{h2:m1} | M1{} done',
    ),
  ],
  finish_evacuation: [
    // what is dirty is saved with the error state
    ...at(
      ['rebuild.finish.set-host', 'rebuild.finish.set-done'],
      ['error-before'],
      'h2 error/none m1 | I{h1:m1 h2:m1} | M1{} pre-migrating',
      evacuating,
    ),
    ...at(
      ['rebuild.finish.set-host'],
      ['crash-before'],
      'h1 active/none m1 | I{h1:m1 h2:m1} | M1{} pre-migrating',
      dying,
    ),
    ...at(
      ['rebuild.finish.drop-context', 'rebuild.finish.set-done'],
      ['crash-before'],
      'h2 active/none m1 | I{h1:m1 h2:m1} | M1{} pre-migrating',
      dying,
    ),
    ...at(['rebuild.finish.drop-context', 'rebuild.finish.set-done'], ['crash-before'], GIVEN_UP, bothBack, ', both'),
  ],
  'what undoes an evacuation fails': [
    ...at(
      ['rebuild.undo.claim.set-failed'],
      ['error-before'],
      'h1 error/none m1 | I{h1:m1 h2:m1} | M1{} pre-migrating',
      undoing,
    ),
    ...at(
      ['rebuild.undo.claim.remove-alloc.get', 'rebuild.undo.claim.remove-alloc.get-tree'],
      ['error-before', 'refused', 'timeout-before'],
      FAILED_AND_CLAIMED,
      undoing,
    ),
    // nobody looks at the answer
    ...at(['rebuild.undo.claim.remove-alloc'], ['error-before', 'conflict', 'refused'], FAILED_AND_CLAIMED, undoing),
    ...at(['rebuild.undo.claim.remove-alloc'], ['reply-lost'], FAILED, undoing),
    ...at(['rebuild.undo.claim.notify', 'rebuild.undo.abort'], ['error-before'], FAILED, undoing),
    ...at(['rebuild.undo.task'], ['error-before'], 'h1 error/rebuild_spawning m1 | I{h1:m1} | M1{} failed', undoing),
  ],
  _destroy_evacuated_instances: [
    one('the host comes back', [down, evacuate(), back], GIVEN_UP),
    one('the host comes back with nothing', [down, evacuate(), reinstall('h1')], GIVEN_UP),
    // nova-compute does not come up
    ...at(
      ['init.evacuated.network-info', 'init.evacuated.destroy', 'init.evacuated.remove-alloc.get'],
      ['error-before'],
      EVACUATED,
      returning,
    ),
    ...at(['init.evacuated.remove-alloc.get', 'init.evacuated.remove-alloc'], ['refused'], EVACUATED, returning),
    ...at(['init.evacuated.shared-storage'], ['refused', 'lost'], GIVEN_UP, returning),
    // the record is closed all the same
    ...at(
      ['init.evacuated.remove-alloc'],
      ['error-before', 'conflict'],
      'h2 active/none m1 | I{h1:m1 h2:m1} | M1{} completed',
      returning,
    ),
    ...at(
      ['init.evacuated.remove-alloc'],
      ['reply-lost', 'timeout-after'],
      'h2 active/none m1 | I{h2:m1} | M1{} done',
      returning,
    ),
    ...at(
      ['init.evacuated.set-completed'],
      ['error-before', 'crash-before'],
      'h2 active/none m1 | I{h2:m1} | M1{} done',
      returning,
    ),
  ],
  'rebuild without a fault': [
    one('rebuild', [rebuild()], UNTOUCHED),
    one('stopped', [stop(), rebuild()], 'h1 stopped/none m1 | I{h1:m1}'),
    one('in error', [resetToError(), rebuild()], UNTOUCHED),
    one('volume-backed', [rebuild()], UNTOUCHED, { volumeBacked: true }),
    one(
      'beside the record of a failed evacuation, which it takes for its own',
      [down, evacuate(fault('evacuate.cast-conductor', 'lost')), resetToError(), rebuild()],
      'h1 error/rebuilding m1 | I{h1:m1} | M1{} accepted',
    ),
  ],
  'api.rebuild': [
    ...at(['rebuild.set-rebuilding'], ['error-before'], UNTOUCHED, rebuilding),
    ...at(
      ['rebuild.image-metadata', 'rebuild.action-record', 'rebuild.save-reqspec'],
      ['error-before'],
      REBUILDING,
      rebuilding,
    ),
    ...at(['rebuild.cast-conductor'], ['refused', 'lost'], REBUILDING, rebuilding),
    ...at(['rebuild.cast-conductor'], ['lost'], INTERRUPTED, rebuildingAgain, ', and the host starts again'),
  ],
  'a rebuild in conductor': [
    ...at(
      ['rebuild.find-migration', 'rebuild.scheduled-notify', 'rebuild.zone'],
      ['error-before'],
      REBUILDING,
      rebuilding,
    ),
    ...at(['rebuild.check'], ['refused', 'lost', 'timeout-after'], REBUILDING, rebuilding),
    ...at(['rebuild.cast-compute'], ['refused', 'lost'], REBUILDING, rebuilding),
  ],
  'compute.rebuild_instance of a rebuild': [
    ...at(['rebuild.get-allocs'], ['refused', 'timeout-before'], UNTOUCHED, rebuilding),
    ...at([...IN_THE_CLAIM, 'rebuild.power-off', 'rebuild.destroy'], ['error-before'], UNCLAIMED, rebuilding),
    ...at(
      [
        ...BEFORE_MAPPING,
        'rebuild.power-off',
        'rebuild.destroy',
        'rebuild.set-mapping',
        ...BEFORE_SPAWNING,
        ...SPAWNING,
      ],
      ['crash-before'],
      INTERRUPTED,
      rebuildingAgain,
    ),
    ...at(['rebuild.end-notify', 'rebuild.finish.set-host'], ['crash-before'], UNTOUCHED, rebuildingAgain),
    ...at(['rebuild.finish.set-host', 'rebuild.finish.drop-context'], ['error-before'], INTERRUPTED, rebuilding),
  ],
};
