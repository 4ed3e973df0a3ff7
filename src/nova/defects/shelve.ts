/** Bugs of shelve and unshelve that Nova had, each as it was. */
import { type Item, isGroup, type Region } from '../step.ts';
import type { Defect } from './defect.ts';

const idOf = (item: Item): string => (isGroup(item) ? '' : item.id);

/** S-04: everybody can see that the server is offloaded before its claim is released. */
function announcedFirst(items: readonly Item[]): readonly Item[] {
  const release = items.findIndex((item) => idOf(item) === 'offload.delete-alloc');
  const announce = items.findIndex((item) => idOf(item) === 'offload.set-offloaded');
  return items.toSpliced(announce, 1).toSpliced(release, 0, items[announce]!);
}

/** S-03: the ports were updated before the try that releases the claim, and before the claim's own. */
function networkFirst(items: readonly Item[]): readonly Item[] {
  const network = items.findIndex((item) => idOf(item) === 'unshelve.network');
  const claim = items.findIndex((item) => idOf(item) === 'unshelve.rt-claim');
  const outside: readonly Region[] = ['abort', 'claim'];
  return items.toSpliced(network, 1).toSpliced(claim, 0, { ...items[network]!, inside: [], outside } as Item);
}

/** `[DEFAULT] shelved_offload_time` is 0, so that a shelve offloads: the catalogue's two operations are one. */
export const SHELVE_DEFECTS: readonly Defect[] = [
  {
    id: 'S-01',
    kind: 'defect',
    aliases: ['1710249', 'offload_keeps_claim'],
    title: 'Shelve-offload keeps the claim',
    releases: 'Pike',
    fixed: '17.0.0 (+16.0.0rc2)',
    catches: ['host-agreement'],
    length: 1,
    lengthNote: 'the offload is part of the shelve',
    steps: { 'offload.delete-alloc': { ask: () => null } },
  },
  {
    id: 'S-02',
    kind: 'defect',
    aliases: ['1713796', 'unshelve_fail_keeps_claim'],
    title: 'Failed unshelve keeps the claim',
    releases: 'Pike',
    fixed: '17.0.0 (+16.0.2)',
    catches: ['host-agreement', 'destination-empty'],
    length: 3,
    lengthNote: 'the offload is part of the shelve',
    undo: { 'compute.unshelve_instance': { claim: 'keep' } },
  },
  {
    id: 'S-03',
    kind: 'defect',
    aliases: ['1862633', 'unshelve_network_step_before_guard'],
    title: 'Unshelve network failure outside the guarded region',
    releases: 'to Train',
    fixed: '21.0.0 (+20.2.0, 19.2.0)',
    catches: ['host-agreement', 'destination-empty'],
    length: 3,
    lengthNote: 'the offload is part of the shelve',
    order: { 'compute.unshelve_instance': networkFirst },
  },
  {
    id: 'S-04',
    kind: 'defect',
    aliases: ['1798688', 'offload_state_before_release'],
    title: 'Offload announces itself before it releases',
    releases: 'Rocky, Stein',
    fixed: '19.0.0',
    // a late release wipes the claim of the unshelve, and what unsets the host comes later still
    catches: ['guest-single-home'],
    length: 2,
    lengthNote: 'the offload is part of the shelve',
    order: { 'compute.shelve_instance': announcedFirst, 'compute.shelve_offload_instance': announcedFirst },
  },
];
