import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { NOTHING_KNOWN } from '../contract/known/known.ts';
import { type Hands, HandsGone } from './hands.ts';
import { plainCampaign } from './plain.ts';
import { processHands } from './processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'claimcheck-worker-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Hands whose worker does with a block what is said here, which sees how often it was tried. */
function handsThat(name: string, does: string): Hands {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(
    file,
    `import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
     import workerpool from ${JSON.stringify(import.meta.resolve('workerpool'))};
     workerpool.worker({
       run({ block }) {
         const mark = ${JSON.stringify(join(folder, name))} + '-' + block;
         appendFileSync(mark, '.');
         const tries = readFileSync(mark, 'utf8').length;
         ${does}
         return { block, pid: process.pid };
       },
     });`,
  );
  return processHands(plainCampaign('processes'), NOTHING_KNOWN, 1, { memoryMb: 64, file });
}

const slice = (block: number) => ({ block, from: 0, to: 1000 });
const blockOf = async (hands: Hands, block: number): Promise<number> => (await hands.run(slice(block))).block;
const tries = (name: string, block: number): number => readFileSync(join(folder, `${name}-${block}`), 'utf8').length;

test.each([
  ['memory', 'if (tries === 1) { const much = []; for (;;) much.push(new Array(1000).fill(much.length)); }'],
  // as the kernel does it when the machine has no memory left
  ['kernel', "if (tries === 1) process.kill(process.pid, 'SIGKILL');"],
])('a job whose worker is killed for memory gets a second try (%s)', async (name, does) => {
  const hands = handsThat(name, does);
  expect(await blockOf(hands, 7)).toBe(7);
  expect(tries(name, 7)).toBe(2);
  await hands.close();
});

test('a job that kills its worker twice is given up in one sentence', async () => {
  const hands = handsThat('twice', 'if (block === 1) process.exit(1);');
  const [first, second] = [hands.run(slice(1)), blockOf(hands, 2)];
  await expect(first).rejects.toThrow(
    new HandsGone('a worker process died twice of the same work: run {"block":1,"from":0,"to":1000}'),
  );
  expect(await second).toBe(2);
  expect(tries('twice', 1)).toBe(2);
  await hands.close();
});

test('what waits behind a job that is given up is done', async () => {
  const hands = handsThat(
    'behind',
    'if (block === 1) { if (tries === 2) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300); process.exit(1); }',
  );
  const first = hands.run(slice(1));
  first.catch(() => {});
  while (!existsSync(join(folder, 'behind-1')) || tries('behind', 1) < 2)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const second = blockOf(hands, 2);
  await expect(first).rejects.toThrow(HandsGone);
  expect(await second).toBe(2);
  await hands.close();
});

test('what a job throws is told, not tried again', async () => {
  const hands = handsThat('throws', "if (block === 1) throw new Error('it shows nothing');");
  await expect(hands.run(slice(1))).rejects.toThrow('it shows nothing');
  expect(tries('throws', 1)).toBe(1);
  await hands.close();
});

/** Kills a worker that has nothing to do. */
async function killIdle(hands: Hands): Promise<void> {
  const { pid } = (await hands.run(slice(1))) as unknown as { pid: number };
  process.kill(pid, 'SIGKILL');
  for (let there = true; there; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    try {
      process.kill(pid, 0);
    } catch {
      there = false;
    }
  }
}

test('a worker that dies while it has nothing to do is replaced, and costs nobody a try', async () => {
  const hands = handsThat('idle', 'if (block === 2 && tries === 1) process.exit(1);');
  await killIdle(hands);
  expect(await blockOf(hands, 2)).toBe(2);
  await hands.close();
});

test('hands whose worker is dead already can be closed', async () => {
  const hands = handsThat('closed', '');
  await killIdle(hands);
  await hands.close();
});
