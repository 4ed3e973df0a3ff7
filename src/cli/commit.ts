import { execFileSync } from 'node:child_process';
import { ROOT } from '../root.ts';

/** The commit of the sources that run, or null: not a clone, or no git. */
export function currentCommit(): string | null {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}
