/** Servers that are gone, hang, or are no Placement, in mid-run: one sentence, exit code 3, and what was found is kept. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Listening, listen } from './listen.ts';
import { openWire } from './wire.ts';

const ROOT = join(import.meta.dirname, '../../..');
const here = mkdtempSync(join(tmpdir(), 'claimcheck-trouble-'));

/**
 * A Placement that does something else from request `after` on: hands on to a good one before. A process of its own, because
 * a client waits without letting this one go on.
 */
const FAULTY = `
const http = require('http');
const [good, after, how] = process.argv.slice(1);
let seen = 0;
http.createServer((incoming, outgoing) => {
  const parts = [];
  incoming.on('data', (part) => parts.push(part));
  incoming.on('end', () => {
    if (seen++ < Number(after)) {
      const { host, ...headers } = incoming.headers;
      http.request(good + incoming.url, { method: incoming.method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode, answer.headers);
        answer.pipe(outgoing);
      }).end(Buffer.concat(parts));
    } else if (how === 'html') outgoing.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>');
    else if (how === 'not json') outgoing.writeHead(200, { 'content-type': 'application/json' }).end('<h1>');
    else if (how === 'error 500') outgoing.writeHead(500, { 'content-type': 'application/json' }).end('{}');
    else if (how === 'forbidden') outgoing.writeHead(403, { 'content-type': 'application/json' }).end('{}');
    else if (how === 'old') outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{"versions":[{"max_version":"1.30"}]}');
    else if (how === 'something else') outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{"hello": 1}');
    else if (how === 'gone') process.exit(0);
    else if (how === 'hang') return;
  });
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
process.stdin.resume().on('end', () => process.exit(0));
`;

async function faulty(good: string, after: number, how: string): Promise<{ url: string; end(): void }> {
  const child = spawn(process.execPath, ['-e', FAULTY, good, `${after}`, how], { stdio: ['pipe', 'pipe', 'ignore'] });
  const port = await new Promise<string>((resolve) => child.stdout.once('data', (data) => resolve(`${data}`.trim())));
  return { url: `http://127.0.0.1:${port}`, end: () => child.stdin.end() };
}

let good: Listening;
beforeAll(async () => {
  good = await listen(0, 16);
});
afterAll(() => good.close());

async function fuzz(url: string, ...more: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const args = [join(ROOT, 'dist/claimcheck.mjs'), 'fuzz', '--target', 'placement', '--placement-url', url, ...more];
  const env = { ...process.env, NO_COLOR: '1', OS_TOKEN: 'admin' };
  const {
    code = 0,
    stdout,
    stderr,
  } = await promisify(execFile)(process.execPath, args, { env }).catch((error) => error);
  return { status: code, stdout, stderr };
}

/** A server that goes may still close what is open, or not. */
const GONE = /is gone \(connection refused\)|closed the connection without an answer/g;

const masked = (text: string): string =>
  text
    .replaceAll(/127\.0\.0\.1:\d+/g, 'HERE')
    .replaceAll(/(GET|PUT|POST|DELETE) \/\w\S*/g, 'REQUEST')
    .replaceAll(GONE, 'IS GONE');

describe('in mid-run', () => {
  test.each(['html', 'not json', 'error 500', 'forbidden', 'gone', 'hang'])('%s', async (how) => {
    const out = join(here, how.replace(' ', '-'));
    const server = await faulty(good.url, 900, how);
    const flags = ['--runs', '40', '--known', 'none', '--out', out, '--placement-timeout', '1'];
    const began = performance.now();
    const { status, stdout, stderr } = await fuzz(server.url, ...flags);
    // a hang costs the time-out, and once more for what is taken away
    expect(performance.now() - began).toBeLessThan(60_000);
    server.end();
    expect(status).toBe(3);
    expect(masked(stderr.trim().split('\n').at(-1)!)).toMatchSnapshot();
    // the report of what was found, and the file of it
    expect(stdout).toMatch(/UNDECIDED: \d+ scenarios/);
    const kept = readFileSync(join(out, 'findings.jsonl'), 'utf8').trim().split('\n');
    expect(kept.length).toBeGreaterThan(0);
    expect(stdout).toContain(JSON.parse(kept[0]!).token);
  });
});

test('an answer that is JSON and no answer to that request is a difference, and is told as one', async () => {
  const server = await faulty(good.url, 100, 'something else');
  const { status, stdout } = await fuzz(server.url, '--runs', '40');
  server.end();
  expect(status).toBe(1);
  expect(stdout).toContain('The answers differ after these');
  expect(stdout).toContain('"hello": 1');
  expect(stdout).toContain(`PLACEMENT=${server.url}\ncurl -s`);
});

describe('from the beginning', () => {
  test.each(['html', 'error 500', 'old', 'something else', 'gone'])('%s', async (how) => {
    const server = await faulty(good.url, 0, how);
    const { status, stdout, stderr } = await fuzz(server.url);
    server.end();
    expect({ status, stdout, stderr: masked(stderr) }).toMatchSnapshot();
  });
});

test('a server that hangs is not waited for', async () => {
  const server = await faulty(good.url, 0, 'hang');
  const wire = openWire(server.url, 'admin', 300);
  const began = performance.now();
  expect(() => wire.exchange({ method: 'GET', path: '/', headers: {}, body: null })).toThrow(
    `Placement at ${server.url} gave no answer in time at GET /`,
  );
  expect(performance.now() - began).toBeLessThan(3_000);
  wire.close();
  server.end();
});

test('a server of the user is left as it was, and the token is shown nowhere', async () => {
  const client = openWire(good.url, 'admin');
  const everything = async (): Promise<unknown> => {
    const answer = await fetch(`${good.url}/resource_providers`, { headers: { 'x-auth-token': 'admin' } });
    return answer.json();
  };
  const before = await everything();
  const { status, stdout, stderr } = await fuzz(good.url, '--runs', '10');
  client.close();
  expect(status).toBe(0);
  expect(await everything()).toEqual(before);
  expect(stdout + stderr).not.toContain('admin');
});
