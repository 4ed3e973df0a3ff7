/** Open weaknesses of Nova taken away, one by one: what each repair would be. */
import type { Defect } from './defect.ts';

export const REPAIRS: readonly Defect[] = [
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
];
