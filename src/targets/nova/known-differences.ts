/**
 * What Nova may show otherwise than the model does, each with its reason and the function of Nova that is responsible. The aim
 * is a short list; each entry has a scenario that shows it, and a test that fails when Nova and the model agree there.
 */
import { callOf } from '../../nova/calls.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import type { Difference } from './conform.ts';

export interface KnownDifference {
  readonly id: string;
  /** in one sentence */
  readonly reason: string;
  /** path:function in Nova */
  readonly nova: string;
  fits(difference: Difference, scenario: Scenario): boolean;
}

const hasFault = ({ faults }: Scenario, point: string, ...kinds: readonly string[]): boolean =>
  faults.some((one) => one.point === point && kinds.includes(one.kind));

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    id: 'local-gb-drifts',
    reason:
      'ComputeNode.local_gb_used is an integer to which swap is added as a fraction: a part of a GB is dropped when it comes ' +
      'and a whole one taken away when it goes, until the next audit counts afresh; the model counts whole GB both ways.',
    nova: 'nova/compute/resource_tracker.py:ResourceTracker._update_usage',
    fits: ({ what, operation }) => operation !== null && /^trackers\..+\.local_gb_used$/s.test(what),
  },
  {
    id: 'migration-stays-dirty',
    reason:
      'A save of the migration that fails leaves its object dirty, and the next save of the record writes the destination too; ' +
      "the model keeps private copies of an instance's fields alone.",
    nova: 'nova/compute/resource_tracker.py:ResourceTracker._claim_existing_migration',
    fits: ({ what }, scenario) =>
      /^migrations\..+\.dest_compute$/s.test(what) &&
      (hasFault(scenario, 'prep.rt-claim.save-migration', 'error-before') ||
        hasFault(scenario, 'rebuild.rt-claim.save-migration', 'error-before', 'unknown-node')),
  },
  {
    id: 'delete-answers-conflict',
    reason:
      'A DELETE whose confirm could not release the claim is answered with 409, since the API knows AllocationDeleteFailed; the ' +
      'model answers every exception of a request with 500.',
    nova: 'nova/api/openstack/compute/servers.py:ServersController.delete',
    fits: ({ what, operation, nova }, { operations }) =>
      what === 'http' && nova === 409 && operation !== null && operations[operation]?.operation === 'delete',
  },
];

/** Failure points of a scenario at which no call of Nova's lies, so that nothing can be injected or held there. */
export function unreachablePoints({ faults, holds }: Scenario): readonly string[] {
  return [...faults, ...holds].map(({ point }) => point).filter((point) => typeof callOf(point) !== 'string');
}
