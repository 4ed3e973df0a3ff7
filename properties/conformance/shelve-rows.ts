/**
 * What Nova does when a shelve, its offload or an unshelve breaks, as rows.ts has it of a resize: read from Nova's source, point by
 * point, and held against the model.
 */
import type { FaultKind } from '../../src/scenario/scenario.ts';
import {
  del,
  fault,
  hold,
  type Line,
  type Mark,
  restart,
  type Step,
  shelve,
  shelveOffload,
  unshelve,
  unshelveTo,
} from './scenario.ts';

export interface ShelveCase extends Line {
  readonly name: string;
  /** the server at quiescence, before anything is settled */
  readonly expected: string;
}

const one = (name: string, steps: readonly Step[], expected: string, extra: Omit<Line, 'steps'> = {}): ShelveCase => ({
  name,
  steps,
  expected,
  ...extra,
});

/** The same end state for each kind of fault at each of several points. */
const at = (
  points: readonly string[],
  kinds: readonly FaultKind[],
  expected: string,
  steps: (mark: Mark) => readonly Step[],
): readonly ShelveCase[] =>
  points.flatMap((point) => kinds.map((kind) => one(`${point} ${kind}`, steps(fault(point, kind)), expected)));

const shelving = (mark: Mark): readonly Step[] => [shelve(mark)];
/** nova-compute dies there, and comes back. */
const shelvingAgain = (mark: Mark): readonly Step[] => [shelve(mark), restart('h1')];
const unshelving = (mark: Mark): readonly Step[] => [shelve(), unshelveTo('h2', mark)];
const unshelvingAgain = (mark: Mark): readonly Step[] => [...unshelving(mark), restart('h2')];

const UNTOUCHED = 'h1 active/none m1 | I{h1:m1}';
const SHELVED = 'h1 shelved/none m1 | I{h1:m1}';
const OFFLOADED = '- shelved_offloaded/none m1 | I{}';
/** Announced, and still at its host. */
const HALF_OFFLOADED = 'h1 shelved_offloaded/none m1 | I{}';
const UNSHELVED = 'h2 active/none m1 | I{h2:m1}';
/** The claim that the scheduler made is there, and nobody's. */
const LEAKED = '- shelved_offloaded/none m1 | I{h2:m1}';
const STUCK = '- shelved_offloaded/unshelving m1 | I{}';
const STUCK_AND_LEAKED = '- shelved_offloaded/unshelving m1 | I{h2:m1}';

const BEFORE_SNAPSHOT = ['shelve.start-notify', 'shelve.power-off', 'shelve.set-pending-upload'];
const BEFORE_RELEASE = [
  'shelve.end-notify',
  'offload.start-notify',
  'offload.power-off',
  'offload.unbind-ports',
  'offload.driver',
  'offload.volumes',
];
/** A server that stays shelved at its host, since its ports could not be unbound. */
const keptShelved = shelve(fault('offload.unbind-ports', 'error-before'));

export const SHELVE_ROWS: Readonly<Record<string, readonly ShelveCase[]>> = {
  'shelve without a fault': [
    one('shelve', [shelve()], OFFLOADED),
    one('volume-backed', [shelve()], OFFLOADED, { volumeBacked: true }),
    one('offload of a shelved one', [keptShelved, shelveOffload()], OFFLOADED),
    one('delete of a shelved one', [keptShelved, del()], 'deleted | I{}'),
    one('delete of an offloaded one', [shelve(), del()], 'deleted | I{}'),
  ],
  'api.shelve': [
    ...at(['shelve.set-task'], ['error-before'], UNTOUCHED, shelving),
    // nobody clears task_state
    ...at(
      ['shelve.action-record', 'shelve.create-image'],
      ['error-before'],
      'h1 active/shelving m1 | I{h1:m1}',
      shelving,
    ),
    ...at(['shelve.cast'], ['refused', 'lost'], 'h1 active/shelving m1 | I{h1:m1}', shelving),
  ],
  'compute.shelve_instance': [
    ...at([...BEFORE_SNAPSHOT, 'shelve.driver', 'shelve.set-uploading'], ['error-before'], UNTOUCHED, shelving),
    // no branch of _init_instance clears the task_state
    ...at(BEFORE_SNAPSHOT, ['crash-before'], 'h1 active/shelving m1 | I{h1:m1}', shelvingAgain),
    ...at(
      ['shelve.driver', 'shelve.set-uploading'],
      ['crash-before'],
      'h1 active/shelving_image_pending_upload m1 | I{h1:m1}',
      shelvingAgain,
    ),
    ...at(['shelve.set-shelved'], ['crash-before'], 'h1 active/shelving_image_uploading m1 | I{h1:m1}', shelvingAgain),
    // what is dirty is saved with the cleared task_state
    ...at(['shelve.set-shelved'], ['error-before'], SHELVED, shelving),
  ],
  'compute._shelve_offload_instance': [
    ...at(BEFORE_RELEASE, ['error-before'], SHELVED, shelving),
    ...at(BEFORE_RELEASE, ['crash-before'], 'h1 shelved/shelving_offloading m1 | I{h1:m1}', shelvingAgain),
    ...at(['offload.set-offloaded'], ['crash-before'], 'h1 shelved/shelving_offloading m1 | I{}', shelvingAgain),
    ...at(['offload.set-offloaded', 'offload.rt-update'], ['error-before'], HALF_OFFLOADED, shelving),
    ...at(['offload.rt-update.placement'], ['refused', 'error-before'], HALF_OFFLOADED, shelving),
    ...at(['offload.rt-update', 'offload.unset-host'], ['crash-before'], HALF_OFFLOADED, shelvingAgain),
    ...at(['offload.unset-host', 'offload.end-notify'], ['error-before'], OFFLOADED, shelving),
  ],
  'offload.delete-alloc': [
    // safe_connect: not noticed
    ...at(['offload.delete-alloc'], ['refused'], '- shelved_offloaded/none m1 | I{h1:m1}', shelving),
    ...at(['offload.delete-alloc'], ['reply-lost'], OFFLOADED, shelving),
    ...at(['offload.delete-alloc'], ['timeout-before', 'error-before'], SHELVED, shelving),
    ...at(['offload.delete-alloc'], ['timeout-after'], 'h1 shelved/none m1 | I{}', shelving),
    ...at(['offload.delete-alloc'], ['crash-after'], 'h1 shelved/shelving_offloading m1 | I{}', shelvingAgain),
    one(
      'refused, and unshelved elsewhere',
      [shelve(fault('offload.delete-alloc', 'refused')), unshelveTo('h2')],
      'h2 active/none m1 | I{h1:m1 h2:m1}',
    ),
  ],
  'unshelve without a fault': [
    one('anywhere', [shelve(), unshelve()], UNTOUCHED),
    one('to a host', [shelve(), unshelveTo('h2')], UNSHELVED),
    one('of a shelved one', [keptShelved, unshelve()], UNTOUCHED),
    one('of a shelved one to a host', [keptShelved, unshelveTo('h2')], SHELVED),
  ],
  'api.unshelve': [
    ...at(['unshelve.save-reqspec', 'unshelve.set-task'], ['error-before'], OFFLOADED, unshelving),
    ...at(['unshelve.action-record'], ['error-before'], STUCK, unshelving),
    ...at(['unshelve.cast-conductor'], ['refused', 'lost'], STUCK, unshelving),
  ],
  'conductor.unshelve_instance': [
    // before the try
    ...at(['unshelve.get-image'], ['error-before'], STUCK, unshelving),
    ...at(['unshelve.requested-resource', 'unshelve.restrict-to-cell'], ['error-before'], OFFLOADED, unshelving),
    ...at(['unshelve.schedule'], ['lost'], OFFLOADED, unshelving),
    ...at(['unshelve.schedule'], ['timeout-after'], LEAKED, unshelving),
    ...at(['unshelve.get-zone', 'unshelve.fill', 'unshelve.bind-arqs'], ['error-before'], LEAKED, unshelving),
    ...at(['unshelve.get-zone', 'unshelve.fill', 'unshelve.bind-arqs'], ['crash-before'], STUCK_AND_LEAKED, unshelving),
    ...at(['unshelve.cast'], ['refused'], LEAKED, unshelving),
    ...at(['unshelve.cast'], ['lost'], STUCK_AND_LEAKED, unshelving),
  ],
  'compute.unshelve_instance': [
    ...at(['unshelve.start-notify', 'unshelve.set-spawning', 'unshelve.volumes'], ['error-before'], LEAKED, unshelving),
    ...at(['unshelve.start-notify', 'unshelve.set-spawning'], ['crash-before'], STUCK_AND_LEAKED, unshelvingAgain),
    ...at(
      ['unshelve.volumes', 'unshelve.rt-claim'],
      ['crash-before'],
      '- shelved_offloaded/spawning m1 | I{h2:m1}',
      unshelvingAgain,
    ),
    ...at(['unshelve.rt-claim'], ['error-before', 'unavailable'], OFFLOADED, unshelving),
    ...at(['unshelve.rt-claim.placement'], ['refused'], OFFLOADED, unshelving),
    ...at(['unshelve.network', 'unshelve.driver'], ['error-before'], OFFLOADED, unshelving),
    ...at(
      ['unshelve.network', 'unshelve.driver', 'unshelve.set-active'],
      ['crash-before'],
      'h2 error/none m1 | I{h2:m1}',
      unshelvingAgain,
    ),
    ...at(['unshelve.get-allocs'], ['refused'], UNSHELVED, unshelving),
    ...at(['unshelve.delete-snapshot', 'unshelve.end-notify'], ['error-before'], UNSHELVED, unshelving),
    ...at(['unshelve.compute.undo.delete-alloc'], ['refused', 'timeout-before'], LEAKED, (mark) => [
      shelve(),
      unshelveTo('h2', fault('unshelve.driver', 'error-before'), mark),
    ]),
    one(
      'the next one goes elsewhere',
      [shelve(), unshelveTo('h2', fault('unshelve.volumes', 'error-before')), unshelveTo('h3')],
      'h3 active/none m1 | I{h2:m1 h3:m1}',
      { hosts: 3 },
    ),
  ],
  'unshelve while the offload is not over': [
    // a save that compares with nothing
    one(
      'behind the announcement, before the host is unset',
      [shelve(hold('offload.unset-host')), unshelveTo('h2')],
      '- active/none m1 | I{h2:m1}',
    ),
    one('before the announcement', [shelve(hold('offload.set-offloaded')), unshelveTo('h2')], OFFLOADED),
  ],
};
