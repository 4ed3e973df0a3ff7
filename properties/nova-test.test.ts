/**
 * The tests for Nova that are kept in reports/nova-tests are what `export --as nova-test` writes, and Nova 34.0.0 passes them as
 * they stand. Needs `npm run setup:nova`; without it a line says what is missing. Two of them are run; NOVA_SHARE=1 runs all,
 * NOVA_SHARE=3 every third, and then nothing may be missing.
 *
 * To keep another: `export TOKEN --as bug-report > reports/nova-tests/NAME.md`, then run this file with `--update`.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { compileFor } from 'claimcheck';
import { afterAll, describe, expect, test } from 'vitest';
import { CONTRACTS } from '../src/contract/contracts.ts';
import { knownOf } from '../src/contract/known/known.ts';
import { bugReport } from '../src/report/bug-report.ts';
import { novaTest } from '../src/report/nova-test.ts';
import { decodeToken } from '../src/scenario/token.ts';
import { missing, pythonOf } from '../src/targets/nova/install.ts';

const ROOT = join(import.meta.dirname, '..');
const KEPT = join(ROOT, 'reports', 'nova-tests');
const RUNNER = join(ROOT, 'src', 'targets', 'nova', 'run_test.py');
const names = readdirSync(KEPT)
  .filter((file) => file.endsWith('.md'))
  .map((file) => basename(file, '.md'));

const share = process.env.NOVA_SHARE;
const lacking = missing(34);
if (share === undefined && lacking !== null) process.stderr.write(`not run: ${lacking}\n`);

/** One of a leak in Placement's answers, and one of a lost message. */
const BY_DEFAULT = ['w03_confirm_delete_alloc_get_refused', 'w16_prep_cast_resize_lost'];
const run =
  share === undefined ? BY_DEFAULT : names.filter((name, k) => BY_DEFAULT.includes(name) || k % Number(share) === 0);
/** one test takes some four seconds alone */
const MOST_MS = 120_000;

const folder = mkdtempSync(join(tmpdir(), 'claimcheck-nova-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Result {
  readonly passed: boolean;
  readonly said: string;
}

async function runByNova(path: string): Promise<Result> {
  try {
    const { stderr } = await promisify(execFile)(pythonOf(34), [RUNNER, path], {
      maxBuffer: 1 << 26,
      timeout: MOST_MS,
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    return { passed: true, said: stderr };
  } catch (error) {
    return { passed: false, said: (error as { stderr?: string }).stderr ?? String(error) };
  }
}

test.each(names)('%s is what export writes', async (name) => {
  const [, token] = /replay (cc1\.\S+)/.exec(readFileSync(join(KEPT, `${name}.md`), 'utf8'))!;
  const reading = decodeToken(token!);
  if (!reading.ok) throw new Error(reading.error);
  const { scenario, protocol, defects, repairs, contract, signature } = reading.value;
  const code = compileFor({ protocol, defects, repairs, novaRelease: scenario.options.nova_release });
  const input = { scenario, code, contract: CONTRACTS[contract], known: knownOf(protocol), signature };
  const again = `npm run -s claimcheck -- replay ${token}`;
  await expect(novaTest(input)).toMatchFileSnapshot(join(KEPT, `${name}.py`));
  await expect(`${bugReport({ ...input, again })}\n`).toMatchFileSnapshot(join(KEPT, `${name}.md`));
});

test('there are ten and more, of different weaknesses', () => {
  expect(names.length).toBeGreaterThanOrEqual(10);
  const weaknesses = new Set(names.map((name) => name.slice(0, 3)));
  expect(weaknesses.size).toBeGreaterThanOrEqual(8);
  for (const name of BY_DEFAULT) expect(names).toContain(name);
});

describe.skipIf(share === undefined && lacking !== null)('Nova 34.0.0', () => {
  test.each(run)(
    'passes %s',
    async (name) => {
      const { passed, said } = await runByNova(join(KEPT, `${name}.py`));
      expect(passed ? '' : said.slice(-3000)).toBe('');
      expect(said).toMatch(/^Ran 1 test in /m);
    },
    MOST_MS,
  );

  /** What each line of a kept test is for, taken away: then Nova must fail it. */
  const BITES: Readonly<Record<string, readonly [string | RegExp, string]>> = {
    'another claim in the place of the wrong one': ["{'h1': {'VCPU': 1, 'MEMORY_MB': 512, 'DISK_GB': 1}}", '{}'],
    'no failure': ['if len(calls) == 1:', 'if len(calls) == 0:'],
    'another status': ["['confirmed']", "['finished']"],
  };
  test.each(Object.keys(share === undefined ? { 'no failure': 0 } : BITES))(
    'fails one with %s',
    async (what) => {
      const [from, to] = BITES[what]!;
      const kept = readFileSync(join(KEPT, `${BY_DEFAULT[0]}.py`), 'utf8');
      const other = kept.replace(from, to);
      expect(other).not.toBe(kept);
      const path = join(folder, `${what.replaceAll(' ', '_')}.py`);
      writeFileSync(path, other);
      const { passed, said } = await runByNova(path);
      expect(passed).toBe(false);
      expect(said).toMatch(/MismatchError/);
    },
    MOST_MS,
  );
});
