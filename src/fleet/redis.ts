/** A Redis or Valkey of this machine's packages for tests and the benchmark: on loopback, with a password, keeping nothing. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';

/** of Debian 12; from 13 on there is `valkey-server` too */
export const PACKAGES = ['redis-server'] as const;

/** The server's program, or null. */
export const server = (): string | null =>
  ['valkey-server', 'redis-server'].find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0) ??
  null;

/** One sentence of what is missing and how to get it, or null. */
export const missing = (): string | null =>
  server() === null ? 'neither redis-server nor valkey-server is installed: get it with: npm run setup:redis' : null;

export interface StartedRedis {
  readonly port: number;
  readonly password: string;
  /** its address, with the password */
  readonly address: string;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

export interface RedisChoices {
  /** where one was before */
  readonly port?: number;
  readonly password?: string;
  readonly tls?: { readonly certificate: string; readonly key: string };
}

export async function startRedis(choices: RedisChoices = {}): Promise<StartedRedis> {
  const { port = await freePort(), password = randomBytes(12).toString('hex'), tls } = choices;
  const program = server();
  if (program === null) throw new Error(missing()!);
  const lines = [
    'bind 127.0.0.1',
    `requirepass ${password}`,
    'save ""',
    'appendonly no',
    ...(tls === undefined
      ? [`port ${port}`]
      : ['port 0', `tls-port ${port}`, 'tls-auth-clients no'].concat(
          `tls-cert-file ${tls.certificate}`,
          `tls-key-file ${tls.key}`,
        )),
  ];
  // its settings over stdin: a password among the arguments is everybody's
  const child = spawn(program, ['-'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin!.end(`${lines.join('\n')}\n`);
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
      if (said.includes('Ready to accept connections')) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${program} did not start: ${said}`)));
  });
  return {
    port,
    password,
    address: `${tls === undefined ? 'redis' : 'rediss'}://:${password}@127.0.0.1:${port}`,
    process: child,
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) resolve();
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
