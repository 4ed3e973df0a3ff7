import type { Settled } from '../engine/settle.ts';
import type { Observation } from '../observation/observation.ts';

/** What a law is judged on. */
export interface Case {
  readonly observation: Observation;
  /** of laws about one server */
  readonly instance: number;
  /** what settle came to; null at a quiescent state where nothing had gone wrong */
  readonly settled: Settled | null;
  /** no fault fired, no hold cut in and no service was down so far: nothing that lasts is excused by anything */
  readonly peaceful: boolean;
  /** `nova`: a move that fails after instance.host flipped leaves the server, rightly, where it is */
  readonly pointOfNoReturn: boolean;
}

/** always: after every operation. settled: at rest, on a clone where need be. */
export type When = 'always' | 'settled';

/** A pure judgement. `broken` returns what is wrong, in one clause, or null. */
export interface Invariant {
  readonly id: string;
  /** the bug catalogue's short form */
  readonly code: string;
  readonly when: When;
  /** the law in one sentence of Nova's words */
  readonly law: string;
  broken(judged: Case): string | null;
}

/** A law that compares an operation's before and after. */
export interface StepInvariant {
  readonly id: string;
  readonly code: string;
  readonly when: 'always';
  readonly law: string;
  /** `instance` NONE: it is nobody's in particular */
  broken(before: Observation, after: Observation): { instance: number; detail: string } | null;
}
