import { inProgress, STATUS, STATUS_NAMES, TASK, TASK_NAMES, VM } from '../../nova/states.ts';
import { NONE } from '../../state/table.ts';
import { instanceHoldings, isOpen, isTakenAway } from '../facts.ts';
import type { Invariant } from '../invariant.ts';

/** Tasks that only the host of a guest can end. */
const OF_THE_GUEST = new Set<number>([
  TASK.POWERING_OFF,
  TASK.POWERING_ON,
  TASK.REBOOTING_HARD,
  TASK.REBOOT_PENDING_HARD,
  TASK.REBOOT_STARTED_HARD,
  TASK.SPAWNING,
  TASK.SHELVING,
  TASK.SHELVING_IMAGE_PENDING_UPLOAD,
  TASK.SHELVING_IMAGE_UPLOADING,
  TASK.SHELVING_OFFLOADING,
]);

export const noStuckMigration: Invariant = {
  id: 'no-stuck-migration',
  code: 'STUCK',
  when: 'settled',
  law: 'No task_state and no transitional migration status remains, unless a finished move waits for the user, and nothing that holds a claim is building for ever.',
  broken({ observation, instance }) {
    const row = observation.instances[instance]!;
    if (row.exists !== 1) return null;
    // whose host is gone waits for it with a reboot or a stop, but with no move and no delete
    const waits = row.host !== NONE && isTakenAway(observation.hosts[row.host]!) && OF_THE_GUEST.has(row.task);
    if (row.task !== TASK.NONE && !waits) return `task_state ${TASK_NAMES[row.task]} remains`;
    if (row.vm === VM.BUILDING && row.unmapped === 0 && instanceHoldings(observation, instance).count > 0) {
      return 'it holds a claim, and is building for ever';
    }
    const open = isOpen(observation, instance);
    for (let m = 0; m < observation.globals.migrations; m++) {
      const migration = observation.migrations[m]!;
      if (migration.instance !== instance || migration.exists !== 1 || !inProgress(migration.status)) continue;
      if (open && migration.status === STATUS.FINISHED) continue;
      return `a migration remains ${STATUS_NAMES[migration.status]}`;
    }
    return null;
  },
};
