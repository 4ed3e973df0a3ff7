/** Open weaknesses of Nova taken away, one by one: what each repair would be. */

import { instanceOf, saveMigrationStatus } from '../database.ts';
import { here, I, M, refuse } from '../handlers/common.ts';
import { noteDetached } from '../handlers/interface.ts';
import { resetLiveMigrationFully } from '../handlers/live-migration.ts';
import { driveAgain, findEvacuations, taskIn } from '../handlers/service.ts';
import { without as elsewhere, only, retry, tryingAgain } from '../report-client.ts';
import { MOVE_TYPE, STATUS, TASK } from '../states.ts';
import { type Item, isGroup, OUTCOME, type Outcome, type Step } from '../step.ts';
import type { Job, World } from '../world.ts';
import type { Defect } from './defect.ts';
import { without } from './live-migration.ts';
import { RESIZE_REPAIRS } from './repairs-resize.ts';

const always = (): boolean => true;

const positionOf = (items: readonly Item[], id: string): number =>
  items.findIndex((item) => !isGroup(item) && item.id === id);

/** What could not be released must still be there to be offloaded again. */
function releaseBeforeDestroy(items: readonly Item[]): readonly Item[] {
  const release = positionOf(items, 'offload.delete-alloc');
  return items.toSpliced(release, 1).toSpliced(positionOf(items, 'offload.driver'), 0, items[release]!);
}

/** A branch of _init_instance as there is one for a stop or a delete that was interrupted. */
const offloadAgain = (items: readonly Item[]): readonly Item[] =>
  items.toSpliced(
    positionOf(items, 'init.stop'),
    0,
    driveAgain('init.offload', 'compute.shelve_offload_instance', taskIn(TASK.SHELVING_OFFLOADING)),
  );

/** The steps of a conversation, the write of which is then made as W-10's repair has it. */
const triesAgain =
  (id: string) =>
  (items: readonly Item[]): readonly Item[] => {
    const steps = new Map(
      items
        .flatMap((item) => (isGroup(item) ? item.steps : [item]))
        .filter((step) => step.id === id || step.id.startsWith(`${id}.`))
        .map((step) => [step.id, step]),
    );
    const { steps: changed } = tryingAgain({ steps: [...steps.values()] });
    const now = (step: Step): Step => changed.find((one) => one.id === step.id) ?? step;
    return items.map((item) => (isGroup(item) ? { steps: item.steps.map(now) } : now(item)));
  };

/** Of what the instance holds what is of its host becomes the migration's, and the rest stays. */
const parksTheHost: Partial<Step> = {
  ask: (world, job) => ({
    op: 'post-allocations',
    entries: [
      { consumer: I(world, job), generation: job.generation, allocations: elsewhere(job.read.rows(), job.host) },
      { consumer: M(world, job), generation: job.generation2, allocations: only(job.read.rows(), job.host) },
    ],
  }),
};

/** A record that an evacuation came to its end by, of a server that is here again, orders nothing any more. */
function forgetThoseThatCameBack(world: World, job: Job): Outcome {
  for (const migration of world.migrations) {
    const { exists, type, status, source, instance } = migration;
    if (exists !== 1 || type !== MOVE_TYPE.EVACUATION || status !== STATUS.DONE || source !== here(job)) continue;
    if (world.instances[instance]!.host === source) saveMigrationStatus(world, migration, STATUS.COMPLETED);
  }
  return findEvacuations(world, job);
}

export const REPAIRS: readonly Defect[] = [
  {
    id: 'W-01',
    kind: 'repair',
    aliases: ['destroy_evacuated_instances-asks-where-they-are'],
    title: 'A nova-compute that starts destroys nothing that was evacuated once and is here again',
    catches: [],
    length: 0,
    steps: { 'init.evacuations': { run: forgetThoseThatCameBack } },
  },
  {
    id: 'W-02',
    kind: 'repair',
    aliases: ['rebuild_instance-closes-whatever-failed'],
    title: 'An evacuation that fails in conductor closes its record and releases its claim, whatever failed',
    catches: [],
    length: 0,
    undo: { 'conductor.rebuild_instance': { state: 'close-and-release' } },
    steps: {
      'rebuild.find-migration': { outside: [] },
      'rebuild.forced.get-nodes': { outside: [] },
      'rebuild.requested-resources': { outside: [] },
      'rebuild.scheduled-notify': { outside: [] },
      'rebuild.zone': { outside: [] },
      'rebuild.cast-compute': { outside: [] },
    },
  },
  {
    id: 'W-03-offload',
    kind: 'repair',
    aliases: ['offload-minds-an-unreachable-placement'],
    title: 'A shelve-offload that could not release its claim fails, before the guest is destroyed',
    catches: [],
    length: 0,
    steps: { 'offload.delete-alloc': { falsy: 'raise' } },
    order: { 'compute.shelve_instance': releaseBeforeDestroy, 'compute.shelve_offload_instance': releaseBeforeDestroy },
  },
  {
    id: 'W-03-build',
    kind: 'repair',
    aliases: ['reschedule-minds-an-unreachable-placement'],
    title: 'A build that could not release its claim is not rescheduled',
    catches: [],
    length: 0,
    undo: { 'compute.build_and_run_instance': { retry: 'reschedule-build-if-released' } },
  },
  {
    id: 'W-06',
    kind: 'repair',
    aliases: ['post_live_migration-releases-the-source'],
    title: "A live migration that fails behind the copy drops the source's claim all the same",
    catches: [],
    length: 0,
    undo: { 'compute._do_live_migration': { host: 'destination-and-release' } },
  },
  {
    id: 'W-07',
    kind: 'repair',
    aliases: ['reset_live_migration-gives-back'],
    title: 'A nova-compute that starts gives the claim of an interrupted live migration back, queued or running',
    catches: [],
    length: 0,
    order: {
      'compute.init_host': (items) => {
        const rest = without(
          'init.abort-live-migration',
          'init.fail-live-migration',
          'init.clear-live-migrating',
        )(items);
        const behind = rest.findIndex((item) => 'id' in item && item.id === 'init.finish-revert-migration');
        return [...rest.slice(0, behind), ...resetLiveMigrationFully, ...rest.slice(behind)];
      },
    },
  },
  {
    id: 'W-08',
    kind: 'repair',
    aliases: ['live_migration-gives-back-what-is-not-submitted'],
    title: 'A live migration that the executor does not take gives its claim back',
    catches: [],
    length: 0,
    undo: { 'compute.live_migration': { claim: 'give-back', task: 'clear' } },
  },
  {
    id: 'W-09',
    kind: 'repair',
    aliases: ['do_live_migration-gives-back'],
    title:
      'A live migration whose driver raised without having rolled back gives its claim back while the guest is here',
    catches: [],
    length: 0,
    undo: { 'compute._do_live_migration': { state: 'give-back-and-error-out' } },
  },
  {
    id: 'W-10',
    kind: 'repair',
    aliases: ['remove_provider_tree-tries-again'],
    title:
      'What is held of a host that a server left, or never came to, is removed again where a race kept it from being removed',
    catches: [],
    length: 0,
    order: {
      'conductor.live_migrate_instance': triesAgain('live.conductor.remove-alloc'),
      'compute.init_host': triesAgain('init.evacuated.remove-alloc'),
    },
    undo: { 'compute.rebuild_instance': { claim: 'remove-destination-again' } },
  },
  {
    id: 'W-11',
    kind: 'repair',
    aliases: ['replace_allocation_with_migration-moves-the-source'],
    title: 'A move parks what the server holds of its host alone',
    catches: [],
    length: 0,
    steps: { 'conductor.swap': parksTheHost, 'live.conductor.swap': parksTheHost },
  },
  {
    id: 'W-14',
    kind: 'repair',
    aliases: ['resize_instance-knows-the-flip'],
    title: 'The handler of the source leg tells before from after the host flip',
    catches: [],
    length: 0,
    undo: { 'compute.resize_instance': { claim: 'give-back-with-host' } },
    steps: { 'src.end-notify': { outside: ['migration', 'vm', 'claim', 'task'] } },
  },
  {
    id: 'W-19',
    kind: 'repair',
    aliases: ['unshelve-releases-whatever-fails'],
    title: 'An unshelve that fails releases its claim, whichever step it was',
    catches: [],
    length: 0,
    undo: { 'conductor.unshelve_instance': { state: 'unshelve-failed-and-release' } },
    steps: {
      'unshelve.start-notify': { outside: [] },
      'unshelve.set-spawning': { outside: [] },
      'unshelve.volumes': { outside: [] },
    },
  },
  {
    id: 'W-20',
    kind: 'repair',
    aliases: ['builds-that-are-given-up-release'],
    title: 'Whoever gives a build up releases its claim',
    catches: [],
    length: 0,
    undo: {
      'conductor.schedule_and_build_instances': { vm: 'clean-up-artifacts-and-release', state: 'bury-and-release' },
      'conductor.build_instances': { state: 'give-up-and-release' },
    },
  },
  {
    id: 'W-24',
    kind: 'repair',
    aliases: ['service-delete-looks-at-the-answer'],
    title: 'A service is not deleted before its provider is',
    catches: [],
    length: 0,
    steps: {
      'service-delete.remove-alloc.get': { unless: always },
      'service-delete.remove-alloc.get-tree': { unless: always },
      'service-delete.remove-alloc': { unless: always },
      'service-delete.get-tree': { unless: always },
      'service-delete.delete-provider': {
        unless: always,
        take: (world, job, { status }) =>
          status === 204 || status === 404 ? OUTCOME.OK : refuse(world, job, status === 0 ? 500 : 409),
      },
    },
  },
  {
    id: 'W-30',
    kind: 'repair',
    aliases: ['remove_resources-minds-a-refusal'],
    title: 'A port is given up when its claim is, and a refusal of the reduced claim is no success',
    catches: [],
    length: 0,
    steps: {
      'detach.deallocate-port': {
        run: (world, job) => {
          job.option = instanceOf(world, job).minKbps;
          return OUTCOME.OK;
        },
      },
      'detach.remove-resources': {
        take: (world, job, response) => {
          job.read.clear();
          if (response.code === 'concurrent-update') return retry(job);
          if (response.status !== 204) return OUTCOME.RAISE_PLACEMENT;
          job.attempt = 0;
          noteDetached(world, job.instance);
          return OUTCOME.OK;
        },
      },
    },
  },
  {
    id: 'W-29',
    kind: 'repair',
    aliases: ['init_host-offloads-again'],
    title: 'A nova-compute that starts offloads again what it was offloading when it died',
    catches: [],
    length: 0,
    order: { 'compute.init_host': offloadAgain },
  },
  ...RESIZE_REPAIRS,
];
