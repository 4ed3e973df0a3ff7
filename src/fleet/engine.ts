/** Whose code it is: a job is done by the very code that its campaign was begun with, or not at all. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ROOT } from '../root.ts';

/** A digest of all that a worker process runs: its bundle, and the packages that the bundle leaves outside. */
export function engineDigest(file = join(ROOT, 'dist', 'worker.mjs')): string {
  const files = new Map<string, string>();
  const packages = new Set<string>();
  const read = (path: string): void => {
    if (files.has(path)) return;
    const text = readFileSync(path, 'utf8');
    files.set(path, createHash('sha256').update(text).digest('hex'));
    for (const [, name] of text.matchAll(/^(?:import|export)\b[^;]*?["']([^"'\n]+)["'];?$/gm)) {
      if (name!.startsWith('.')) read(resolve(dirname(path), name!));
      else if (!name!.startsWith('node:')) packages.add(/^(?:@[^/]+\/)?[^/]+/.exec(name!)![0]);
    }
  };
  read(file);
  const digest = createHash('sha256');
  for (const sum of [...files.values()].sort()) digest.update(sum);
  for (const name of [...packages].sort()) digest.update(`${name} ${versionOf(name)}`);
  return digest.digest('hex').slice(0, 16);
}

/** Of a package as Node would find it from here. */
function versionOf(name: string): string {
  for (let folder = ROOT; ; folder = dirname(folder)) {
    try {
      const text = readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8');
      return String((JSON.parse(text) as { version?: unknown }).version);
    } catch {
      // one level up, as an installed package has its dependencies beside it
    }
    if (folder === dirname(folder)) return 'not found';
  }
}
