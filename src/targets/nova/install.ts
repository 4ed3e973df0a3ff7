/** Where the releases of the real Nova that the harness can host are, and what is missing if they are not. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../root.ts';

const HERE = join(ROOT, 'src', 'targets', 'nova');
export const HARNESS = join(HERE, 'harness', 'main.py');
/** a functional test of Nova's own that the benchmark holds the harness against */
export const STOCK_BENCH = join(HERE, 'stock_bench.py');
export const REQUIREMENTS = join(HERE, 'requirements.txt');

/** 34.0.0 of PyPI in an environment of ours; 26.2.2 as Debian 12 packages it, for the system's Python. */
export const NOVAS = [26, 34] as const;
export type NovaRelease = (typeof NOVAS)[number];
export const NOVA_VERSION: Readonly<Record<NovaRelease, string>> = { 26: '26.2.2', 34: '34.0.0' };
/** the release of Placement in the same process */
export const PLACEMENT_OF: Readonly<Record<NovaRelease, number>> = { 26: 8, 34: 16 };

export const ENVIRONMENT = join(ROOT, '.venv-nova-34');
/** a copy of the requirements, written when they are all installed */
export const STAMP = join(ENVIRONMENT, 'installed.txt');
/** the folder of a developer's own checkout, as `setup:nova --from` noted it */
export const CHECKOUT = join(ENVIRONMENT, 'checkout.txt');

export const PACKAGES_OF_26 = [
  'python3-nova',
  'python3-placement',
  'python3-fixtures',
  'python3-oslotest',
  'python3-testresources',
  'python3-testscenarios',
  'python3-testtools',
  'python3-wsgi-intercept',
] as const;

export const pythonOf = (release: NovaRelease): string =>
  release === 34 ? join(ENVIRONMENT, 'bin', 'python') : '/usr/bin/python3';

/** One sentence of what is missing and how to get it, or null. */
export function missing(release: NovaRelease): string | null {
  if (release === 34) {
    if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === readFileSync(REQUIREMENTS, 'utf8')) return null;
    return 'Nova 34.0.0 is not set up: run "npm run setup:nova"';
  }
  return debianVersion() === NOVA_VERSION[26]
    ? null
    : 'Nova 26.2.2 is not set up: run "npm run setup:nova -- --release 26" on Debian 12';
}

/** The release that Debian installed beside the system's Python, with all that the harness imports, or null. */
function debianVersion(): string | null {
  const asked =
    'import placement, fixtures, oslotest, testtools, wsgi_intercept, importlib.metadata as m; print(m.version("nova"))';
  try {
    return execFileSync(pythonOf(26), ['-c', asked], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}

/** The checkout that stands in for Nova 34.0.0, or null where none was named. */
export function checkout(): string | null {
  return existsSync(CHECKOUT) ? readFileSync(CHECKOUT, 'utf8').trim() : null;
}

/** What a traceback says is in its last line; where in the folder it is wrong, a syntax error say, stands above. */
export function saidBy(traceback: string, folder: string | null): string {
  const lines = traceback.trim().split('\n');
  const at = folder === null ? undefined : lines.findLast((line) => /^ *File "/.test(line) && line.includes(folder));
  return at === undefined ? lines.at(-1)! : `${lines.at(-1)} (${at.trim()})`;
}
