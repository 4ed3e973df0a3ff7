import { judgeScenario } from '../campaign/judge.ts';
import type { Violation } from '../campaign/trial.ts';
import type { Contract } from '../contract/contracts.ts';
import type { Code } from '../engine/compile.ts';
import { renderScenario } from '../scenario/render.ts';
import type { Scenario } from '../scenario/scenario.ts';

export function tellStory(
  { scenario, code, contract }: { scenario: Scenario; code: Code; contract: Contract },
  _options: { color: boolean; verbose?: boolean },
): { lines: string[]; violations: readonly Violation[] } {
  return { lines: renderScenario(scenario), violations: judgeScenario(code, contract, scenario) };
}
