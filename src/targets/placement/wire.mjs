// The thread that speaks HTTP, so that the executor, which knows no promises, can wait for an answer. JavaScript, because a
// thread is started from a file as it is. Told a request, it posts what came of it and wakes who waits.
import { Agent as HttpAgent, request as http } from 'node:http';
import { Agent as HttpsAgent, request as https } from 'node:https';
import { parentPort, workerData } from 'node:worker_threads';

const { port, flag } = workerData;
const waiting = new Int32Array(flag);
const agents = {
  'http:': new HttpAgent({ keepAlive: true, maxSockets: 1 }),
  'https:': new HttpsAgent({ keepAlive: true, maxSockets: 1 }),
};
const send = { 'http:': http, 'https:': https };

/** No header but those given and what HTTP needs. */
function exchange({ url, method, headers, body, timeoutMs }, again) {
  const { protocol } = new URL(url);
  return new Promise((resolve) => {
    const outgoing = send[protocol](
      url,
      { method, agent: agents[protocol], timeout: timeoutMs, headers },
      (incoming) => {
        const parts = [];
        incoming.on('data', (part) => parts.push(part));
        incoming.on('error', () => resolve({ failed: 'reset' }));
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode,
            headers: incoming.headers,
            body: Buffer.concat(parts).toString('utf8'),
          }),
        );
      },
    );
    const timer = setTimeout(() => outgoing.destroy(Object.assign(new Error(), { code: 'HANGS' })), timeoutMs);
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.on('error', (error) => {
      // the server closed a connection that was idle: it did not see the request
      if (outgoing.reusedSocket && error.code === 'ECONNRESET' && !again) {
        exchange({ url, method, headers, body, timeoutMs }, true).then(resolve);
        return;
      }
      const hangs = error.code === 'HANGS';
      resolve({ failed: hangs ? 'hangs' : error.code === 'ECONNREFUSED' ? 'refused' : 'reset', reason: error.code });
    });
    outgoing.end(body);
  });
}

parentPort.on('message', async (asked) => {
  port.postMessage(await exchange(asked, false));
  Atomics.store(waiting, 0, 1);
  Atomics.notify(waiting, 0);
});
