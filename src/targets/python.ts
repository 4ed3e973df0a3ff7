/** What the set-up scripts share: a Python of ours in an ignored folder, and packages of Debian where apt is there. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What is missing and how to get it, in one sentence. */
export class SetUpError extends Error {
  override readonly name = 'SetUpError';
}

/** of Placement 16.0.0 and Nova 34.0.0 */
const LEAST = [3, 11] as const;

function python(): string {
  const named = process.env.PYTHON;
  const candidates = named === undefined ? ['python3', 'python3.13', 'python3.12', 'python3.11'] : [named];
  const asked = `import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (${LEAST.join(', ')}) else 1)`;
  const found = candidates.find((name) => spawnSync(name, ['-c', asked], { stdio: 'ignore' }).status === 0);
  if (found !== undefined) return found;
  throw new SetUpError(
    `what is set up here needs Python ${LEAST.join('.')} or newer with its venv module, and ${candidates.join(', ')} is none: ` +
      'install it (Debian: apt-get install python3 python3-venv) or name one in the environment variable PYTHON',
  );
}

export function run(what: string, command: string, ...args: string[]): void {
  try {
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  } catch {
    throw new SetUpError(`${what} failed: ${command} ${args.join(' ')}`);
  }
}

/** A virtual environment with exactly what a file of requirements pins, and a copy of that file when all of it is installed. */
export function makeEnvironment(folder: string, requirements: string, stamp: string): void {
  rmSync(folder, { recursive: true, force: true });
  run('making a virtual environment', python(), '-m', 'venv', folder);
  run(
    'installing from PyPI',
    join(folder, 'bin', 'python'),
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:', '-r', requirements],
  );
  copyFileSync(requirements, stamp);
}

/**
 * @param what the release that Debian 12 has, as `Nova 26.2.2`
 * @param missing whether it is still not there when apt is done
 */
export function installWithApt(
  what: string,
  instead: string,
  packages: readonly string[],
  missing: () => boolean,
): void {
  if (!existsSync('/usr/bin/apt-get')) {
    throw new SetUpError(`${what} comes from Debian 12, and there is no apt-get here: use ${instead}`);
  }
  if (process.getuid?.() !== 0) {
    throw new SetUpError(`only root can install it: run "sudo apt-get install ${packages.join(' ')}"`);
  }
  process.env.DEBIAN_FRONTEND = 'noninteractive';
  run('apt-get update', 'apt-get', 'update', '-qq');
  run('apt-get install', 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages);
  if (missing()) {
    throw new SetUpError(`this system's ${packages[0]} is not the ${what} of Debian 12`);
  }
}

/** Runs the script: a SetUpError is said in one line and ends it with exit code 2. */
export function setUp(name: string, script: () => string): void {
  try {
    process.stdout.write(`${script()}\n`);
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exitCode = 2;
  }
}
