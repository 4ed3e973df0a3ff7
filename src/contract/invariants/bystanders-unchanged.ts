import type { Observation } from '../../observation/observation.ts';
import { NONE } from '../../state/table.ts';
import { sameHoldings } from '../facts.ts';

/**
 * Judged after every operation, of the servers that no handler worked for, and of the consumers outside the scenario, for
 * which none ever does. What a deleted server still held may go: the audit releases it.
 */
export const bystandersUnchanged = {
  id: 'bystanders-unchanged',
  code: 'BYSTANDER',
  when: 'always',
  law: 'An operation touches no allocations but those of the servers it is about.',
  broken(before: Observation, after: Observation, worked: (instance: number) => boolean) {
    for (let i = 0; i < after.globals.instances; i++) {
      if (worked(i) || after.instances[i]!.exists === 2) continue;
      const detail = 'allocations of a server changed that the operation was not about';
      if (!sameHoldings(consumer(before, i), consumer(after, i))) return { instance: i, detail };
      for (let m = 0; m < before.globals.migrations; m++) {
        if (before.migrations[m]!.instance !== i) continue;
        const id = after.shape.instances + m;
        if (!sameHoldings(consumer(before, id), consumer(after, id))) return { instance: i, detail };
      }
    }
    const { instances, migrations, bystanders } = after.shape;
    for (let b = 0; b < bystanders; b++) {
      const id = instances + migrations + b;
      if (sameHoldings(consumer(before, id), consumer(after, id))) continue;
      return { instance: NONE, detail: 'allocations of a consumer changed that the scenario knows nothing of' };
    }
    return null;
  },
} as const;

const consumer = (observation: Observation, id: number) => observation.placement.consumers[id]!.allocations;
