/** A real Placement as a process of ours. */
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { LAUNCHER, missing, pythonOf, type Release, VERSION } from './install.ts';
import { PlacementTrouble } from './trouble.ts';

const START_MS = 60_000;

export interface PlacementProcess {
  readonly release: Release;
  readonly url: string;
  readonly process: ChildProcess;
  /** Resolves when it is gone. */
  end(): Promise<void>;
}

let started = 0;

/**
 * Starts one on a free port of the loopback. It ends when its standard input does, which we hold: also when we are killed.
 * What it prints goes to a file, because nobody reads a pipe while the executor waits for an answer.
 */
export async function startPlacement(release: Release): Promise<PlacementProcess> {
  const lacks = missing(release);
  if (lacks !== null) throw new PlacementTrouble(lacks);
  const log = join(tmpdir(), `claimcheck-placement-${process.pid}-${++started}.log`);
  const fd = openSync(log, 'w');
  // the order of candidates follows Python's hashes; with a fixed seed a run can be repeated exactly
  const env = { ...process.env, PYTHONHASHSEED: '0', PYTHONWARNINGS: 'ignore' };
  const child = spawn(pythonOf(release), [LAUNCHER, '0'], { stdio: ['pipe', 'pipe', fd], env });
  const { stdin, stdout } = child as ChildProcessByStdio<Writable, Readable, null>;
  closeSync(fd);
  const gone = new Promise<void>((resolve) => {
    child.once('exit', resolve);
    child.once('error', () => resolve());
  });
  void gone.then(() => rmSync(log, { force: true }));
  stdin.on('error', () => {});
  const end = (): Promise<void> => {
    // waited for now
    child.ref();
    stdin.end();
    return gone;
  };
  const port = await readyPort(child, stdout, release, log);
  // neither the process nor its pipes keep ours alive
  child.unref();
  (stdin as unknown as { unref(): void }).unref();
  stdout.destroy();
  return { release, url: `http://127.0.0.1:${port}`, process: child, end };
}

function readyPort(child: ChildProcess, stdout: Readable, release: Release, log: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = (what: string): void => {
      clearTimeout(timer);
      const last = lastLine(log);
      child.kill('SIGKILL');
      reject(new PlacementTrouble(`Placement ${VERSION[release]} ${what}${last === '' ? '' : `: ${last}`}`));
    };
    const timer = setTimeout(() => fail(`was not ready within ${START_MS / 1000} seconds`), START_MS);
    child.once('error', () => fail('did not start'));
    const early = (code: number | null): void => fail(`ended while it started, with exit code ${code}`);
    child.once('exit', early);
    stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const ready = /^ready (\d+)$/m.exec(said);
      if (ready === null) return;
      clearTimeout(timer);
      child.off('exit', early);
      resolve(Number(ready[1]));
    });
  });
}

function lastLine(log: string): string {
  try {
    return readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? '';
  } catch {
    return '';
  }
}
