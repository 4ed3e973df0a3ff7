/** Open weaknesses of Nova taken away, one by one: what each repair would be. */
import { instanceOf } from '../database.ts';
import { noteDetached } from '../handlers/interface.ts';
import { resetLiveMigrationFully } from '../handlers/live-migration.ts';
import { driveAgain, taskIn } from '../handlers/service.ts';
import { retry } from '../report-client.ts';
import { TASK } from '../states.ts';
import { type Item, isGroup, OUTCOME } from '../step.ts';
import type { Defect } from './defect.ts';
import { without } from './live-migration.ts';

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

export const REPAIRS: readonly Defect[] = [
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
    title: 'What a rejected destination holds is removed again where a race kept it from being removed',
    catches: [],
    length: 0,
    steps: {
      'live.conductor.remove-alloc': {
        again: 'live.conductor.remove-alloc.get',
        falsy: 'raise',
        take: (_world, job, response) => {
          job.read.clear();
          if (response.status === 204) {
            job.attempt = 0;
            return OUTCOME.OK;
          }
          return response.status === 409 ? retry(job) : OUTCOME.RAISE_PLACEMENT;
        },
      },
    },
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
];
