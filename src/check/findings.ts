/** What a search saw, as findings: each signature with an ordinary scenario that shows it. */
import type { CampaignConfig } from '../campaign/config.ts';
import { tokenFor } from '../campaign/config.ts';
import { judgeScenario } from '../campaign/judge.ts';
import { minimise } from '../campaign/minimise.ts';
import { knownFrom } from '../campaign/taken-away.ts';
import type { Violation } from '../campaign/trial.ts';
import { CONTRACTS } from '../contract/contracts.ts';
import type { Known, KnownSignature } from '../contract/known/known.ts';
import type { Code } from '../engine/compile.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { ModelError } from '../state/table.ts';
import { scenarioOf } from './scenario-of.ts';
import type { Search } from './search.ts';

/** Scenarios run to take away from a finding what it does without, until its signature is one that can be on a list. */
const REDUCE_BUDGET = 4000;

export interface CheckFinding {
  readonly signature: string;
  readonly invariants: readonly string[];
  readonly details: readonly string[];
  readonly known: KnownSignature | null;
  /** the shortest way there; of a signature that only a shorter cause is listed for, what is left of it */
  readonly scenario: Scenario;
  readonly token: string;
  readonly operations: number;
  readonly faults: number;
  readonly holds: number;
  /** signatures as they were seen that come to this one */
  readonly seen: number;
}

type Configured = Pick<CampaignConfig, 'protocol' | 'contract' | 'defects' | 'repairs'>;

/** @throws ModelError if a scenario does not show what the search saw: then one of the two is wrong */
export function findingsOf(search: Search, code: Code, config: Configured, known: Known): CheckFinding[] {
  const contract = CONTRACTS[config.contract];
  const found = new Map<string, CheckFinding>();
  const shortest = [...search.sightings.values()].sort(
    (a, b) => a.operations - b.operations || a.disturbances - b.disturbances || (a.signature < b.signature ? -1 : 1),
  );
  for (const sighting of shortest) {
    const scenario = scenarioOf(search, sighting.way);
    const shown = judgeScenario(code, contract, scenario);
    const same = shown.find(({ signature, invariants, endState }) =>
      search.machine.causes
        ? signature === sighting.signature
        : endState === sighting.violation.endState && invariants.join() === sighting.violation.invariants.join(),
    );
    if (same === undefined) {
      throw new ModelError(`the search saw "${sighting.signature}", and its scenario does not show that`);
    }
    const { scenario: least, violation } = known.has(same.signature)
      ? { scenario, violation: same }
      : minimise(code, contract, scenario, same, REDUCE_BUDGET);
    const before = found.get(violation.signature);
    found.set(
      violation.signature,
      before === undefined ? finding(config, known, least, violation) : { ...before, seen: before.seen + 1 },
    );
  }
  return [...found.values()];
}

function finding(config: Configured, known: Known, scenario: Scenario, violation: Violation): CheckFinding {
  const { signature, invariants, details } = violation;
  const token = tokenFor(config, scenario, signature);
  return {
    signature,
    invariants,
    details,
    known: knownFrom(config, known, { signature, scenario, token }),
    scenario,
    token,
    operations: scenario.operations.filter(({ operation }) => operation !== 'boot').length,
    faults: scenario.faults.length,
    holds: scenario.holds.length,
    seen: 1,
  };
}
