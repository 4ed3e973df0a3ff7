import type { Contract } from '../contract/contracts.ts';
import type { Code } from '../engine/compile.ts';
import { load } from '../engine/load.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { Trial, type Violation } from './trial.ts';

/** Runs a scenario as it is written, to its settled end, and judges it on the way. */
export function tryScenario(code: Code, contract: Contract, scenario: Scenario): Trial {
  const { run, operations } = load(code, scenario);
  const trial = new Trial(run, contract);
  trial.begin();
  for (const [k, resolved] of operations.entries()) trial.step(k, resolved);
  trial.end();
  return trial;
}

export function judgeScenario(code: Code, contract: Contract, scenario: Scenario): readonly Violation[] {
  return tryScenario(code, contract, scenario).violations;
}
