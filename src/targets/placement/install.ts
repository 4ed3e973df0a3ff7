/** Where the releases of the real Placement that claimcheck can start by itself are, and what is missing if they are not. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../root.ts';

const HERE = join(ROOT, 'src', 'targets', 'placement');
export const LAUNCHER = join(HERE, 'launcher.py');
export const WIRE = join(HERE, 'wire.mjs');
export const REQUIREMENTS = join(HERE, 'requirements.txt');

/** 16.0.0 of PyPI in an environment of ours; 8.0.0 as Debian 12 packages it, for the system's Python. */
export const RELEASES = [8, 16] as const;
export type Release = (typeof RELEASES)[number];
export const VERSION: Readonly<Record<Release, string>> = { 8: '8.0.0', 16: '16.0.0' };

export const ENVIRONMENT = join(ROOT, '.venv-placement-16');
/** a copy of the requirements, written when they are all installed */
export const STAMP = join(ENVIRONMENT, 'installed.txt');
export const PACKAGES_OF_8 = ['python3-placement', 'python3-waitress'] as const;

export const pythonOf = (release: Release): string =>
  release === 16 ? join(ENVIRONMENT, 'bin', 'python') : '/usr/bin/python3';

/** The command line client of the same environment. */
export const OPENSTACK = join(ENVIRONMENT, 'bin', 'openstack');

/** One sentence of what is missing and how to get it, or null. */
export function missing(release: Release): string | null {
  if (release === 16) {
    if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === readFileSync(REQUIREMENTS, 'utf8')) return null;
    return 'Placement 16.0.0 is not set up: run "npm run setup:placement"';
  }
  return debianVersion() === VERSION[8]
    ? null
    : 'Placement 8.0.0 is not set up: run "npm run setup:placement -- --release 8" on Debian 12';
}

/** The release that Debian installed beside the system's Python, or null. */
function debianVersion(): string | null {
  const asked = 'import waitress, importlib.metadata as m; print(m.version("openstack-placement"))';
  try {
    return execFileSync(pythonOf(8), ['-c', asked], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}
