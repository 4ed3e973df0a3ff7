/** Open weaknesses of Nova taken away, one by one: what each repair would be. */
import { driveAgain, taskIn } from '../handlers/service.ts';
import { TASK } from '../states.ts';
import { type Item, isGroup } from '../step.ts';
import type { Defect } from './defect.ts';

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
    id: 'W-29',
    kind: 'repair',
    aliases: ['init_host-offloads-again'],
    title: 'A nova-compute that starts offloads again what it was offloading when it died',
    catches: [],
    length: 0,
    order: { 'compute.init_host': offloadAgain },
  },
];
