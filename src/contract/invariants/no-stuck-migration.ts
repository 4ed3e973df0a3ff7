import { inProgress, STATUS, STATUS_NAMES, TASK, TASK_NAMES } from '../../nova/states.ts';
import { isOpen } from '../facts.ts';
import type { Invariant } from '../invariant.ts';

export const noStuckMigration: Invariant = {
  id: 'no-stuck-migration',
  code: 'STUCK',
  when: 'settled',
  law: 'No task_state and no transitional migration status remains, unless a finished move waits for the user.',
  broken({ observation, instance }) {
    const row = observation.instances[instance]!;
    if (row.exists !== 1) return null;
    if (row.task !== TASK.NONE) return `task_state ${TASK_NAMES[row.task]} remains`;
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
