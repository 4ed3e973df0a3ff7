import type { Invariant } from '../invariant.ts';

export const idempotentRecovery: Invariant = {
  id: 'idempotent-recovery',
  code: 'IDEM',
  when: 'settled',
  law: 'Recovery and periodic work come to an end, and doing them once more changes nothing.',
  broken({ settled }) {
    if (settled === null) return null;
    if (!settled.bounded) return 'periodic work never came to rest';
    return settled.stable ? null : 'running recovery once more changed something';
  },
};
