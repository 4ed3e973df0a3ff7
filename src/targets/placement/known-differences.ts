/** Answers in which the model and a real server may differ, each with its reason. The aim is an empty list. */
import type { HttpRequest } from '../../placement/http/message.ts';
import type { Comparable } from './compare.ts';

export interface KnownDifference {
  readonly id: string;
  readonly reason: string;
  fits(difference: {
    readonly request: HttpRequest;
    readonly model: Comparable;
    readonly real: Comparable;
    readonly release: number;
  }): boolean;
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [];
