/** Named sets of invariants. */

import type { Invariant } from './invariant.ts';
import { atomicDecision } from './invariants/atomic-decision.ts';
import { bystandersUnchanged } from './invariants/bystanders-unchanged.ts';
import { capacityRespected } from './invariants/capacity-respected.ts';
import { deleteReleasesAll } from './invariants/delete-releases-all.ts';
import { destinationEmpty } from './invariants/destination-empty.ts';
import { generationHonesty } from './invariants/generation-honesty.ts';
import { guestSingleHome } from './invariants/guest-single-home.ts';
import { hostAgreement } from './invariants/host-agreement.ts';
import { idempotentRecovery } from './invariants/idempotent-recovery.ts';
import { noDoubleAllocation } from './invariants/no-double-allocation.ts';
import { noOrphanConsumer } from './invariants/no-orphan-consumer.ts';
import { noSpuriousRefusal } from './invariants/no-spurious-refusal.ts';
import { noStuckMigration } from './invariants/no-stuck-migration.ts';
import { providerLifecycle } from './invariants/provider-lifecycle.ts';
import { sourceUnchanged } from './invariants/source-unchanged.ts';
import { sourceZero } from './invariants/source-zero.ts';
import { trackerMatches } from './invariants/tracker-matches.ts';

export interface Contract {
  readonly id: 'strict' | 'nova' | 'mission';
  readonly law: string;
  readonly invariants: readonly Invariant[];
  /** capacity of writes, bystanders and trackers are judged too */
  readonly cloud: boolean;
  /** a move that fails after instance.host flipped is judged where the server is */
  readonly pointOfNoReturn: boolean;
}

/** Laws about no single server, judged under contracts of the whole cloud; capacity stands among the others as well. */
export const CLOUD_LAWS = [bystandersUnchanged, trackerMatches, providerLifecycle] as const;

const ALL: readonly Invariant[] = [
  destinationEmpty,
  sourceUnchanged,
  sourceZero,
  hostAgreement,
  noDoubleAllocation,
  noOrphanConsumer,
  deleteReleasesAll,
  noStuckMigration,
  atomicDecision,
  noSpuriousRefusal,
  guestSingleHome,
  capacityRespected,
  generationHonesty,
  idempotentRecovery,
];

export const CONTRACTS: Readonly<Record<Contract['id'], Contract>> = {
  strict: {
    id: 'strict',
    law: 'After any failed move the destination holds nothing and the source what it held, and the books are right everywhere else.',
    invariants: ALL,
    cloud: true,
    pointOfNoReturn: false,
  },
  nova: {
    id: 'nova',
    law: 'As strict, but a server that failed to move after its host flipped stays there with exactly its flavor.',
    invariants: ALL,
    cloud: true,
    pointOfNoReturn: true,
  },
  mission: {
    id: 'mission',
    law: 'After any failed move the destination holds nothing and the source what it held.',
    invariants: [destinationEmpty, sourceUnchanged],
    cloud: false,
    pointOfNoReturn: false,
  },
};
