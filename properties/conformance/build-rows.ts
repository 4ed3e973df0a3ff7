/**
 * What Nova does when a build breaks, as rows.ts has it of a resize: read from Nova's source, point by point, and held against the
 * model.
 */
import type { FaultKind } from '../../src/scenario/scenario.ts';
import { audit, del, fault, type Line, type Mark, restart, type Step } from './scenario.ts';

export interface BuildCase extends Line {
  readonly name: string;
  /** the server at quiescence, before anything is settled */
  readonly expected: string;
}

type Extra = Omit<Line, 'steps' | 'boot'> & { readonly steps?: readonly Step[] };

const one = (
  name: string,
  boot: readonly Mark[],
  expected: string,
  { steps = [], ...extra }: Extra = {},
): BuildCase => ({ name, steps, boot, expected, ...extra });

/** The same end state for each kind of fault at each of several points. */
const at = (
  points: readonly string[],
  kinds: readonly FaultKind[],
  expected: string,
  extra: Extra & { readonly after?: readonly Mark[] } = {},
): readonly BuildCase[] =>
  points.flatMap((point) =>
    kinds.map((kind) => {
      const { after = [], ...rest } = extra;
      return one(`${point} ${kind}`, [...after, fault(point, kind)], expected, rest);
    }),
  );

/** No host is forced, so that there are alternates. */
const ANYWHERE: Extra = { anywhere: true };
const AGAIN: Extra = { steps: [restart('h1')] };
/** A first host fails to spawn it. */
const SECOND = { ...ANYWHERE, after: [fault('boot.driver', 'error-before')] };

const BUILT = 'h1 active/none m1 | I{h1:m1}';
const ON_ALTERNATE = 'h2 active/none m1 | I{h2:m1}';
const GIVEN_UP = '- error/none m1 | I{}';
/** Put in error without a host, and its claim is there until the user deletes it. */
const ERROR_AND_CLAIM = '- error/none m1 | I{h1:m1}';
const LIMBO = '- building/none m1 | I{h1:m1}';
const LIMBO_WITHOUT_CLAIM = '- building/none m1 | I{}';
const INTERRUPTED = 'h1 error/none m1 | I{h1:m1}';
const GONE = 'deleted | I{}';

const BEFORE_CELL = ['boot.get-build-request', 'boot.create-in-cell'];
const IN_CELL = ['boot.create-bdms', 'boot.map-to-cell', 'boot.delete-build-request'];
const CLEANED_UP = ['boot.recheck-quota', 'boot.fill', 'boot.bind-arqs'];
/** Before the try that schedules again. */
const UNPREPARED = ['boot.start-notify', 'boot.pci-map'];
const ABORTS = ['boot.set-networking', 'boot.set-block-device-mapping', 'boot.volumes'];
const RESCHEDULES = ['boot.rt-claim', 'boot.set-spawning', 'boot.network', 'boot.driver'];

export const BUILD_ROWS: Readonly<Record<string, readonly BuildCase[]>> = {
  'boot without a fault': [
    one('on a forced host', [], BUILT),
    one('anywhere', [], BUILT, ANYWHERE),
    one('volume-backed', [], BUILT, { volumeBacked: true }),
  ],
  'conductor.schedule_and_build_instances': [
    ...at(['boot.cast-conductor'], ['lost', 'refused'], LIMBO_WITHOUT_CLAIM),
    ...at(['boot.schedule'], ['lost'], GIVEN_UP),
    ...at(['boot.schedule'], ['timeout-after'], ERROR_AND_CLAIM),
    ...at([...BEFORE_CELL, ...IN_CELL], ['error-before', 'crash-before'], LIMBO),
    ...at(CLEANED_UP, ['error-before'], ERROR_AND_CLAIM),
    ...at(CLEANED_UP, ['crash-before'], LIMBO),
    ...at(['boot.cast-build'], ['lost', 'refused'], LIMBO),
    ...at(['boot.cast-build'], ['lost'], ERROR_AND_CLAIM, AGAIN).map((line) => ({
      ...line,
      name: `${line.name}, nova-compute starts`,
    })),
  ],
  'then a delete': [
    ...at([...BEFORE_CELL, ...IN_CELL, ...CLEANED_UP], ['crash-before'], GONE, { steps: [del()] }),
    ...at(CLEANED_UP, ['error-before'], GONE, { steps: [del()] }),
    ...at(['boot.rt-claim'], ['crash-before'], GONE, { steps: [restart('h1'), del()] }),
    ...at(['boot.driver'], ['crash-before'], GONE, { steps: [restart('h1'), del()] }),
    one(
      'whose release Placement does not get: no cell has a deleted row that an audit could match',
      [fault('boot.create-in-cell', 'crash-before')],
      'deleted | I{h1:m1}',
      { steps: [del(fault('delete.unscheduled.delete-alloc', 'refused')), audit('h1')] },
    ),
    one('the same of one that a cell has', [fault('boot.bind-arqs', 'crash-before')], GONE, {
      steps: [del(fault('delete.unscheduled.delete-alloc', 'refused')), audit('h1')],
    }),
  ],
  'compute.build_and_run_instance': [
    ...at(['boot.set-building'], ['error-before'], LIMBO_WITHOUT_CLAIM),
    ...at(['boot.set-building', ...UNPREPARED, 'boot.rt-claim'], ['crash-before'], ERROR_AND_CLAIM, AGAIN),
    ...at(UNPREPARED, ['error-before'], GIVEN_UP, ANYWHERE),
    ...at(['boot.pci-map'], ['build-abort'], GIVEN_UP, ANYWHERE),
    ...at(['boot.get-allocs'], ['refused'], BUILT),
    ...at(RESCHEDULES, ['error-before'], GIVEN_UP),
    ...at(RESCHEDULES, ['error-before'], ON_ALTERNATE, ANYWHERE).map((line) => ({
      ...line,
      name: `${line.name}, an alternate`,
    })),
    ...at(['boot.rt-claim'], ['unavailable'], ON_ALTERNATE, ANYWHERE),
    ...at(['boot.rt-claim.placement'], ['refused'], ON_ALTERNATE, ANYWHERE),
    ...at(ABORTS, ['error-before'], GIVEN_UP, ANYWHERE),
    ...at(
      ['boot.group-policy', ...ABORTS, 'boot.set-spawning', 'boot.network', 'boot.driver', 'boot.set-active'],
      ['crash-before'],
      INTERRUPTED,
      AGAIN,
    ),
    // FAILED_BY_POLICY is not FAILED
    ...at(['boot.group-policy'], ['error-before'], ERROR_AND_CLAIM),
    ...at(['boot.group-policy'], ['error-before'], ON_ALTERNATE, ANYWHERE).map((line) => ({
      ...line,
      name: `${line.name}, an alternate`,
    })),
    // the guest runs on
    ...at(['boot.set-active', 'boot.end-notify'], ['error-before'], GIVEN_UP, ANYWHERE),
    ...at(['boot.end-notify'], ['crash-before'], BUILT, AGAIN),
  ],
  'a build that fails where it is undone': [
    ...at(['boot.compute.undo.guest', 'boot.compute.undo.error-notify'], ['error-before'], GIVEN_UP, SECOND),
    ...at(['boot.compute.undo.abort', 'boot.compute.undo.networks'], ['error-before'], ON_ALTERNATE, SECOND),
    ...at(
      ['boot.compute.undo.networks.save', 'boot.compute.undo.reschedule.set-task'],
      ['error-before'],
      LIMBO_WITHOUT_CLAIM,
      SECOND,
    ),
    // safe_connect: not noticed, and the next claim is added
    ...at(['boot.compute.undo.reschedule.delete-alloc'], ['refused'], 'h2 active/none m1 | I{h1:m1 h2:m1}', SECOND),
    ...at(['boot.compute.undo.reschedule.delete-alloc'], ['reply-lost'], ON_ALTERNATE, SECOND),
    // raised, and deleted once more behind it
    ...at(
      ['boot.compute.undo.reschedule.delete-alloc'],
      ['timeout-before', 'timeout-after'],
      LIMBO_WITHOUT_CLAIM,
      SECOND,
    ),
    ...at(['boot.compute.undo.reschedule.cast-conductor'], ['refused'], LIMBO_WITHOUT_CLAIM, SECOND),
  ],
  'conductor.build_instances': [
    one('no alternate', [fault('boot.driver', 'error-before')], GIVEN_UP, { ...ANYWHERE, hosts: 1 }),
    ...at(['boot.again.claim-put'], ['refused', 'timeout-before'], GIVEN_UP, SECOND),
    ...at(
      ['boot.again.save', 'boot.again.get-bdms', 'boot.again.attachments'],
      ['error-before'],
      '- building/scheduling m1 | I{h2:m1}',
      SECOND,
    ),
    ...at(['boot.again.bind-arqs'], ['error-before'], '- error/none m1 | I{h2:m1}', SECOND),
    ...at(['boot.again.cast-build'], ['refused', 'lost'], '- building/scheduling m1 | I{h2:m1}', SECOND),
  ],
};
