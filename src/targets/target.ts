/** What runs a scenario: the model, the model's handlers on a real Placement, a real Nova. */
import type { OperationPicture, Picture } from '../observation/picture.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** A scenario played to its end, in words that every target shares. */
export interface Play {
  /** after each operation, at quiescence */
  readonly steps: readonly { readonly operation: OperationPicture; readonly picture: Picture }[];
  /** a line a server at quiescence after the last operation, before settle (see observation/describe.ts) */
  readonly quiescent: Readonly<Record<string, string>>;
  /** the same after settle */
  readonly settled: Readonly<Record<string, string>>;
  readonly settledPicture: Picture;
  /** which faults and holds struck, in the scenario's order */
  readonly fired: readonly boolean[];
  readonly held: readonly ('did not strike' | 'struck' | 'released' | 'broken')[];
}

export interface Target {
  readonly id: string;
  play(scenario: Scenario): Play;
}
