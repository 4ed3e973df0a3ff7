/** Two campaigns in one folder would write over each other: whoever is first holds its lock. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { printable } from '../scenario/printable.ts';
import { JournalError, reasonOf } from './records.ts';

interface Holder {
  readonly pid: number;
  readonly host: string;
}

/** Takes the lock of a folder. What a process that died has left behind is no lock. @returns what gives it back */
export function lock(folder: string): () => void {
  const path = join(folder, 'lock');
  const mine = JSON.stringify({ pid: process.pid, host: hostname() } satisfies Holder);
  for (let tries = 0; ; tries++) {
    try {
      writeFileSync(path, mine, { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tries > 3) {
        throw new JournalError(`${printable(folder)} cannot be locked: ${reasonOf(error)}`);
      }
    }
    const holder = holderOf(path);
    if (holder === null || isAlive(holder)) {
      const who = holder === null ? 'somebody' : `process ${holder.pid} on ${printable(holder.host)}`;
      throw new JournalError(
        `${printable(folder)} is in use by ${who}: wait for it, or take another folder; if nobody is at it, delete ${printable(path)}`,
      );
    }
    // of two that find it dead at once, one renames it
    const dead = `${path}.${process.pid}.dead`;
    try {
      renameSync(path, dead);
      rmSync(dead, { force: true });
    } catch {
      // the other did
    }
  }
}

function holderOf(path: string): Holder | null {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    return typeof holder.pid === 'number' && typeof holder.host === 'string' ? (holder as Holder) : null;
  } catch {
    return null;
  }
}

function isAlive({ pid, host }: Holder): boolean {
  // of another machine nobody can tell
  if (host !== hostname()) return true;
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
