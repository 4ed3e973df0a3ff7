/** Folders for tests of readCloud: samples as they are, or with single files put in their place. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

export const SAMPLES = join(import.meta.dirname, 'samples');

export function sample(path: string): Buffer {
  return readFileSync(join(SAMPLES, path));
}

/** A folder of its own for one test: a copy of a sample cloud, if one is named, with `files` written into it. */
export function folder(files: Readonly<Record<string, string | Buffer>>, cloud?: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'claimcheck-cloud-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  if (cloud !== undefined) cpSync(join(SAMPLES, cloud), dir, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), content);
  }
  return dir;
}

/** The first provider of the sample cloud devstack. */
export const DEVSTACK_1 = 'bde27f9d-1249-446f-ae14-45f6ff3e63d5';
