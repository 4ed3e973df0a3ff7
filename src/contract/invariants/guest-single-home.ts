import { TASK, VM } from '../../nova/states.ts';
import { NONE } from '../../state/table.ts';
import { goneHosts } from '../facts.ts';
import type { Invariant } from '../invariant.ts';

export const guestSingleHome: Invariant = {
  id: 'guest-single-home',
  code: 'GUEST',
  when: 'settled',
  law: 'The host of an instance that was built has its guest, or while it is in error at least its disks, and no other host runs it, none at all where it has no host; where nothing went wrong its power is that of vm_state, and a deleted instance runs nowhere.',
  broken({ observation, instance, peaceful }) {
    const row = observation.instances[instance]!;
    if (peaceful && row.exists === 2 && row.running !== 0) return 'it is deleted and runs';
    if (row.exists !== 1 || row.vm === VM.BUILDING) return null;
    if (row.host === NONE) return (row.running & ~goneHosts(observation)) === 0 ? null : 'it has no host, and runs';
    const home = 1 << row.host;
    const gone = goneHosts(observation);
    if ((row.running & ~home & ~gone) !== 0) return 'it runs where Nova does not know it';
    if ((home & gone) !== 0) return null;
    // whose build was interrupted never had a guest
    if (row.launched === 0 && row.vm === VM.ERROR) return null;
    if (((row.guests | row.backups) & home) === 0) return 'its host has neither guest nor disks';
    if (row.task !== TASK.NONE || (row.vm !== VM.ACTIVE && row.vm !== VM.STOPPED)) return null;
    // the copy that a move puts aside is no server that a user can use
    if ((row.guests & home) === 0) return 'its host has its disks put aside, and no guest';
    if (!peaceful) return null;
    return ((row.running & home) !== 0) === (row.vm === VM.ACTIVE) ? null : 'its power is not that of its vm_state';
  },
};
