import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { ROOT } from '../root.ts';
import { printable } from '../scenario/printable.ts';
import { EXIT, note, print, UsageError } from './context.ts';
import { readSource } from './source.ts';

interface BisectFlags {
  readonly good: string;
  readonly bad: string;
}

export function bisectCommand(): Command {
  return new Command('bisect')
    .description('finds the commit of this clone with which a finding came: git bisect with replay')
    .argument('<token>', 'a token that fuzz printed')
    .requiredOption('--good <commit>', 'a commit that does not show it')
    .option('--bad <commit>', 'a commit that shows it', 'HEAD')
    .addHelpText(
      'after',
      '\nWorks in a worktree of its own; the clone stays as it is. A commit that cannot be built, cannot read the token, or\nshows another violation is skipped. Exit code: 0 found, 2 not possible, 3 only skipped commits are left.',
    )
    .action(bisect);
}

/** Of `git bisect run`: 0 good, 1 bad, 125 skip. */
const JUDGE = `
node build.mjs >/dev/null 2>&1 || exit 125
node dist/claimcheck.mjs replay "$1" >/dev/null 2>&1
case $? in 0) exit 0 ;; 1) exit 1 ;; *) exit 125 ;; esac
`;

function bisect(token: string, { good, bad }: BisectFlags): void {
  readSource(token);
  const commits = { good: commitOf(good, '--good'), bad: commitOf(bad, '--bad') };
  const folder = mkdtempSync(join(tmpdir(), 'claimcheck-bisect-'));
  const tree = join(folder, 'tree');
  try {
    git(ROOT, 'worktree', 'add', '--detach', tree, commits.bad);
    symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
    const judge = join(folder, 'judge.sh');
    writeFileSync(judge, JUDGE);
    for (const side of ['bad', 'good'] as const) {
      const seen = judged(tree, judge, commits[side], token);
      if (seen === side) continue;
      const words = { good: 'does not show it', bad: 'shows it', skipped: 'cannot be judged' };
      throw new UsageError(
        `--${side} ${printable(side === 'good' ? good : bad)} ${words[seen]}: name a commit that ${words[side]}`,
      );
    }
    git(tree, 'bisect', 'start', commits.bad, commits.good);
    const { stdout, status } = spawnSync('git', ['bisect', 'run', 'sh', judge, token], { cwd: tree, encoding: 'utf8' });
    const found = /^([0-9a-f]{40}) is the first bad commit$/m.exec(stdout)?.[1];
    if (found === undefined) {
      note(`claimcheck: ${status === 0 ? 'git named no commit' : 'only commits that were skipped are left'}`);
      process.exitCode = EXIT.UNDECIDED;
      return;
    }
    print(git(tree, 'show', '--no-patch', '--format=The finding came with %h of %as: %s', found).trim());
  } finally {
    spawnSync('git', ['worktree', 'remove', '--force', tree], { cwd: ROOT });
    rmSync(folder, { recursive: true, force: true });
  }
}

function judged(tree: string, judge: string, commit: string, token: string): 'good' | 'bad' | 'skipped' {
  git(tree, 'checkout', '--quiet', '--detach', commit);
  const { status } = spawnSync('sh', [judge, token], { cwd: tree });
  return status === 0 ? 'good' : status === 1 ? 'bad' : 'skipped';
}

function commitOf(name: string, flag: string): string {
  try {
    return git(ROOT, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`).trim();
  } catch {
    throw new UsageError(`${flag} ${printable(name)} is no commit of the clone ${printable(ROOT)}`);
  }
}

const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
