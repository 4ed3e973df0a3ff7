/** What real Novas did with the witnesses of the known list: written by `npm run evidence:nova`. */
import evidence from './evidence.json' with { type: 'json' };

export interface Seen {
  /**
   * `shown`: Nova does what the model says of its release, step by step, and that breaks the laws of the signature; `not
   * shown`: it does what the model says, and that does not; `otherwise`: it does something else; `unreachable`: no call of
   * Nova's lies at the point of the fault; `failed`: it could not be played
   */
  readonly seen: 'shown' | 'not shown' | 'otherwise' | 'unreachable' | 'failed';
  /** a line a server as it stands when all has come to rest; of `unreachable` the point, of `failed` why */
  readonly what: string;
  /** of the replay, as in 2026-11-24 */
  readonly date: string;
}

/** By signature, then by version of Nova. */
export type Evidence = Readonly<Record<string, Readonly<Record<string, Seen>>>>;

export const EVIDENCE = evidence as Evidence;
