/** Requests over HTTP, answered before the call returns. */
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { HttpRequest, HttpResponse } from '../../placement/http/message.ts';
import { WIRE } from './install.ts';
import { PlacementTrouble } from './trouble.ts';

/** Longer than any request takes, and than SQLite waits for a lock. */
export const HANGS_MS = 30_000;
/** The thread's own time-out comes first. */
const GRACE_MS = 5_000;

type Came =
  | HttpResponse
  | { readonly failed: 'refused' | 'reset' | 'hangs'; readonly reason?: string; readonly status?: undefined };

export interface Wire {
  readonly url: string;
  /** requests sent */
  readonly sent: number;
  exchange(request: HttpRequest): HttpResponse;
  close(): void;
}

/**
 * The executor, judging and minimising are plain calls and stay so: a thread does the waiting, and this one sleeps until it
 * has an answer.
 * @param token goes into a header of each request and nowhere else
 */
export function openWire(url: string, token: string, hangsMs = HANGS_MS): Wire {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(WIRE, { workerData: { port: port2, flag: flag.buffer }, transferList: [port2] });
  worker.unref();
  port1.unref();
  let sent = 0;
  return {
    url,
    get sent() {
      return sent;
    },
    exchange({ method, path, headers, body }) {
      sent++;
      Atomics.store(flag, 0, 0);
      worker.postMessage({
        url: `${url}${path}`,
        method,
        headers: {
          'x-auth-token': token,
          ...headers,
          ...(body === null ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
        ...(body === null ? {} : { body }),
        timeoutMs: hangsMs,
      });
      Atomics.wait(flag, 0, 0, hangsMs + GRACE_MS);
      const came = receiveMessageOnPort(port1)?.message as Came | undefined;
      if (came !== undefined && came.status !== undefined) return came;
      throw new PlacementTrouble(`Placement at ${url} ${WHAT[came?.failed ?? 'hangs']} at ${method} ${path}`);
    },
    close() {
      void worker.terminate();
      port1.close();
    },
  };
}

const WHAT = {
  refused: 'is gone (connection refused)',
  reset: 'closed the connection without an answer',
  hangs: 'gave no answer in time',
} as const;
