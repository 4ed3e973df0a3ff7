import { VM } from '../../nova/states.ts';
import { NONE } from '../../state/table.ts';
import type { Invariant } from '../invariant.ts';

export const guestSingleHome: Invariant = {
  id: 'guest-single-home',
  code: 'GUEST',
  when: 'settled',
  law: 'The host of an instance has its guest or disks, and no other host runs it.',
  broken({ observation, instance }) {
    const row = observation.instances[instance]!;
    if (row.exists !== 1 || row.host === NONE || row.vm === VM.BUILDING) return null;
    const home = 1 << row.host;
    if ((row.running & ~home) !== 0) return 'it runs where Nova does not know it';
    return ((row.guests | row.backups) & home) !== 0 ? null : 'its host has neither guest nor disks';
  },
};
