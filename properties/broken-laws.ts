/** Which laws a line of the conformance language breaks, with or without defects and repairs. */
import { CONTRACTS, compile, findDefect, judgeScenario, PROTOCOLS } from 'claimcheck';
import { type Line, scenarioOf } from './conformance/scenario.ts';

export interface Broken {
  readonly invariants: readonly string[];
  readonly endState: string;
  readonly signature: string;
}

export function broken(line: Line, ...switches: readonly string[]): readonly Broken[] {
  const patches = switches.map((id) => {
    const found = findDefect(id);
    if (found === undefined) throw new Error(`there is no defect or repair ${id}`);
    return found;
  });
  return judgeScenario(compile(PROTOCOLS.nova, patches), CONTRACTS.strict, scenarioOf(line));
}

export const laws = (line: Line, ...switches: readonly string[]): string[] => [
  ...new Set(broken(line, ...switches).flatMap(({ invariants }) => invariants)),
];
