/**
 * `npm run setup:placement`: installs what the target `placement` and its tests need. A second run finds everything there.
 * With `--release 8` the release that Debian 12 packages, which behaves differently on over-committed providers.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { ENVIRONMENT, missing, PACKAGES_OF_8, pythonOf, REQUIREMENTS, STAMP } from './install.ts';

/** What is missing and how to get it, in one sentence. */
class SetUpError extends Error {
  override readonly name = 'SetUpError';
}

const LEAST = [3, 11] as const;

function python(): string {
  const named = process.env.PYTHON;
  const candidates = named === undefined ? ['python3', 'python3.13', 'python3.12', 'python3.11'] : [named];
  const asked = `import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (${LEAST.join(', ')}) else 1)`;
  const found = candidates.find((name) => spawnSync(name, ['-c', asked], { stdio: 'ignore' }).status === 0);
  if (found !== undefined) return found;
  throw new SetUpError(
    `Placement needs Python ${LEAST.join('.')} or newer with its venv module, and ${candidates.join(', ')} is none: ` +
      'install it (Debian: apt-get install python3 python3-venv) or name one in the environment variable PYTHON',
  );
}

function run(what: string, command: string, ...args: string[]): void {
  try {
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  } catch {
    throw new SetUpError(`${what} failed: ${command} ${args.join(' ')}`);
  }
}

function setUp16(): void {
  rmSync(ENVIRONMENT, { recursive: true, force: true });
  run('making a virtual environment', python(), '-m', 'venv', ENVIRONMENT);
  run(
    'installing from PyPI',
    pythonOf(16),
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:', '-r', REQUIREMENTS],
  );
  copyFileSync(REQUIREMENTS, STAMP);
}

function setUp8(): void {
  if (!existsSync('/usr/bin/apt-get')) {
    throw new SetUpError('Placement 8.0.0 comes from Debian 12, and there is no apt-get here: use 16.0.0');
  }
  if (process.getuid?.() !== 0) {
    throw new SetUpError(`only root can install it: run "sudo apt-get install ${PACKAGES_OF_8.join(' ')}"`);
  }
  process.env.DEBIAN_FRONTEND = 'noninteractive';
  run('apt-get update', 'apt-get', 'update', '-qq');
  run('apt-get install', 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...PACKAGES_OF_8);
  const still = missing(8);
  if (still !== null)
    throw new SetUpError(`this system's ${PACKAGES_OF_8[0]} is another release than 8.0.0 of Debian 12`);
}

try {
  const args = process.argv.slice(2);
  const release = args.length === 0 ? '16' : args.length === 2 && args[0] === '--release' ? args[1] : undefined;
  if (release !== '8' && release !== '16') throw new SetUpError('give nothing, or --release 8, or --release 16');
  const wanted = release === '8' ? 8 : 16;
  const there = missing(wanted) === null;
  if (!there) (wanted === 8 ? setUp8 : setUp16)();
  process.stdout.write(`Placement ${wanted}.0.0 ${there ? 'is there' : 'installed'}: ${pythonOf(wanted)}\n`);
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  process.stderr.write(`setup:placement: ${error.message}\n`);
  process.exitCode = 2;
}
