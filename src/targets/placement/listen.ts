/** The model of Placement as a server on the loopback, so that a real client can use it. */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpPlacement } from '../../placement/http/placement.ts';

/** Larger bodies than any that a client of Placement sends. */
const MOST_BYTES = 16 * 1024 * 1024;

export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

/** @param port 0 for a free one */
export async function listen(
  port: number,
  release: number,
  told: (line: string) => void = () => {},
): Promise<Listening> {
  const placement = new HttpPlacement(release, { madeUuid: randomUUID, now: () => new Date().toUTCString() });
  const server = createServer((incoming, outgoing) => {
    void bodyOf(incoming).then((body) => {
      if (body === null) {
        outgoing.writeHead(413).end();
        return;
      }
      const { method = 'GET', url = '/' } = incoming;
      const answer = placement.serve({
        method,
        path: url,
        headers: headersOf(incoming),
        body: body === '' ? null : body,
      });
      told(`${method} ${url} ${answer.status}`);
      const headers = Object.entries(answer.headers).filter((one): one is [string, string] => one[1] !== undefined);
      // without a body there is no length for 204, and a zero for the others
      const length = answer.status === 204 ? {} : { 'content-length': Buffer.byteLength(answer.body) };
      outgoing.writeHead(answer.status, { ...Object.fromEntries(headers), ...length }).end(answer.body);
    });
  });
  await ready(server, port);
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function ready(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(',') : value]],
    ),
  );
}

/** Null: too long. */
async function bodyOf(incoming: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of incoming as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > MOST_BYTES) return null;
      parts.push(part);
    }
  } catch {
    // the client went away
    return null;
  }
  return Buffer.concat(parts).toString('utf8');
}
