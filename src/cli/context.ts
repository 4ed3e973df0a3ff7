/** What every verb shares: where it prints, and how it ends. */
import { printable } from '../scenario/printable.ts';

/** 0 held or known, 1 an unknown violation, 2 usage or unreadable input, 3 undecided, 4 a replay that changed. */
export const EXIT = { OK: 0, VIOLATION: 1, USAGE: 2, UNDECIDED: 3, CHANGED: 4, INTERRUPTED: 130 } as const;

/** A mistake of the user's: one sentence, exit code 2, no stack trace. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** stdout carries the result and nothing else; the rest goes to stderr. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function useColor(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb';
}

/** Between two lines of progress where nobody watches a terminal. */
export const PROGRESS_MS = 10_000;

/** Whether the user wants to stop: a loop looks at it, and ends as if there were no more. */
export class Interruption {
  asked = false;
  private readonly stop = (): void => {
    this.asked = true;
  };

  constructor() {
    process.once('SIGINT', this.stop);
    process.once('SIGTERM', this.stop);
  }

  /** From here on a signal ends the process. Returns whether there was one. */
  end(): boolean {
    process.off('SIGINT', this.stop);
    process.off('SIGTERM', this.stop);
    return this.asked;
  }
}

/** How a finding is seen again from a clone: the line to paste. */
export function replayLine(token: string): string {
  return `npm run -s claimcheck -- replay ${token}`;
}

/** Longer than any that the model writes. */
const LONGEST_SIGNATURE = 1000;

/** A signature on one line; what a token says may be anything. */
export function printableSignature(text: string): string {
  if (text.length > LONGEST_SIGNATURE) return printable(text);
  return text.replace(/[^ +]+/g, printable);
}

/** A whole number in a range, or a sentence. */
export function wholeNumber(flag: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new UsageError(`${flag} takes a whole number from ${least} to ${most}, not "${printable(text)}"`);
    }
    return value;
  };
}

export function oneOf<T extends string>(flag: string, allowed: readonly T[]): (text: string) => T {
  return (text) => {
    const found = allowed.find((value) => value === text);
    if (found === undefined)
      throw new UsageError(`${flag} takes one of ${allowed.join(', ')}, not "${printable(text)}"`);
    return found;
  };
}
