/**
 * What every target shows of itself, and all that laws may see. Hosts, flavors, instances and migrations are numbered as in
 * the scenario's setting; states are the numbers of nova/states.ts. The model's world is one of these as it stands; other
 * targets build one from what they read.
 */
import type { Setting } from '../nova/setting.ts';

export interface ObservedHoldings {
  readonly count: number;
  provider(row: number): number;
  resourceClass(row: number): number;
  amount(row: number): number;
}

export interface ObservedInstance {
  /** 0 never created, 1 there, 2 deleted */
  readonly exists: number;
  readonly host: number;
  readonly vm: number;
  readonly task: number;
  readonly flavor: number;
  readonly oldFlavor: number;
  readonly newFlavor: number;
  readonly migrationContext: number;
  /** CPUs of its host that it is pinned to, as bits */
  readonly pinned: number;
  readonly volumeBacked: number;
  /** the egress bandwidth that its port guarantees, in kbps, or 0 */
  readonly minKbps: number;
  /** more than 0: the API knows it from its build request alone, and in no cell */
  readonly unmapped: number;
  /** its build came to its end, so that there was a guest */
  readonly launched: number;
  /** bit h: host h has the guest or its disks */
  readonly guests: number;
  readonly running: number;
  /** bit h: host h has the copy that a revert starts from */
  readonly backups: number;
}

export interface ObservedMigration {
  readonly exists: number;
  readonly instance: number;
  readonly status: number;
  readonly type: number;
  readonly source: number;
  readonly destination: number;
  readonly oldFlavor: number;
  readonly newFlavor: number;
  /** CPUs that the migration_context which names it has for the source and the destination */
  readonly oldPinned: number;
  readonly newPinned: number;
  readonly updated: number;
}

export interface ObservedHost {
  readonly up: number;
  /** gone for good: its guests and disks are judged no more, its allocations are */
  readonly gone: number;
  /** its row in `services`, and that in `compute_nodes`, was deleted */
  readonly serviceDeleted: number;
  readonly nodeDeleted: number;
  readonly vcpusUsed: number;
  readonly memoryMbUsed: number;
  readonly localGbUsed: number;
  /** CPUs that the tracker has as pinned, as bits */
  readonly pinned: number;
  /** a server came by live migration, or went by evacuation or a delete in its absence, and no audit has counted yet */
  readonly uncounted: number;
}

export interface ObservedConsumer {
  readonly exists: number;
  readonly generation: number;
  readonly allocations: ObservedHoldings;
}

export interface ObservedProvider {
  readonly exists: number;
}

export interface ObservedInventory {
  readonly exists: number;
  readonly total: number;
  readonly reserved: number;
  readonly ratio: number;
  readonly used: number;
}

/** A move that the API took, and what is known of its course. */
export interface ObservedMove {
  readonly exists: number;
  /** a MOVE in nova/states.ts: a resize or cold migration, live migration, evacuation, unshelve */
  readonly kind: number;
  readonly instance: number;
  readonly operation: number;
  readonly migration: number;
  readonly source: number;
  readonly oldFlavor: number;
  readonly newFlavor: number;
  /** when the API took it, as an order; 0 it did not */
  readonly accepted: number;
  readonly committed: number;
  readonly flipped: number;
  /** 0 none, 1 confirm, 2 revert */
  readonly decision: number;
  readonly fits: number;
  readonly disturbed: number;
  /** what came across it before it was over, as bits of MET in nova/states.ts */
  readonly met: number;
  /** one fault met it, in scheduling or prep, while another host could still take it */
  readonly elsewhere: number;
  readonly before: ObservedHoldings;
}

export interface ObservedPlacement {
  readonly classes: number;
  readonly providers: readonly ObservedProvider[];
  readonly consumers: readonly ObservedConsumer[];
  readonly inventories: readonly ObservedInventory[];
  readonly ratios: readonly number[];
}

export interface Observation {
  readonly setting: Setting;
  /**
   * How many records there could be: the consumers are those of all instances, then of all migrations, then the
   * bystanders, of which there is one a host or none.
   */
  readonly shape: { readonly instances: number; readonly migrations: number; readonly bystanders: number };
  /** how many are in use */
  readonly globals: { readonly instances: number; readonly migrations: number; readonly moves: number };
  readonly hosts: readonly ObservedHost[];
  readonly instances: readonly ObservedInstance[];
  readonly migrations: readonly ObservedMigration[];
  readonly moves: readonly ObservedMove[];
  readonly placement: ObservedPlacement;
}
