/** The known list: every witness shows what its entry says, and the rows that it names. */
import { CONTRACTS, compile, decodeToken, judgeScenario, KNOWN_OF_NOVA, modelTarget, PROTOCOLS } from 'claimcheck';
import { expect, test } from 'vitest';
import { CASES, ROW_IDS } from './conformance/rows.ts';

const nova = compile(PROTOCOLS.nova);
const target = modelTarget(nova);
const entries = KNOWN_OF_NOVA.entries.flatMap(({ signatures }) => signatures);

function witness(token: string) {
  const reading = decodeToken(token);
  if (!reading.ok) throw new Error(reading.error);
  return reading.value;
}

test('every witness shows its signature', () => {
  const stale = entries.filter(({ signature, witness: token }) => {
    const { scenario, contract } = witness(token);
    return !judgeScenario(nova, CONTRACTS[contract], scenario).some((one) => one.signature === signature);
  });
  expect(stale.map(({ signature }) => signature)).toEqual([]);
});

test('no signature stands twice', () => {
  const signatures = entries.map(({ signature }) => signature);
  expect(signatures.filter((one, k) => signatures.indexOf(one) !== k)).toEqual([]);
});

test('a witness that names a row shows its end state at quiescence', () => {
  const wrong = entries.filter(({ row, witness: token }) => {
    if (row === null) return false;
    const [line] = Object.values(target.play(witness(token).scenario).quiescent);
    return !CASES.some((one) => one.row === row && one.expected === line);
  });
  expect(wrong.map(({ row, signature }) => `${row}: ${signature}`)).toEqual([]);
});

test('at least 25 rows of the failure table are on it', () => {
  const rows = new Set(entries.flatMap(({ row }) => (row === null ? [] : [row])));
  expect([...rows].filter((row) => !(ROW_IDS as readonly string[]).includes(row))).toEqual([]);
  expect(rows.size).toBeGreaterThanOrEqual(25);
});

test('every entry gives a reason and a weakness', () => {
  const odd = KNOWN_OF_NOVA.entries.filter(
    ({ weakness, reason }) =>
      !/^(W-\d\d|by design|found here)$/.test(weakness) || reason.length < 40 || !reason.endsWith('.'),
  );
  expect(odd).toEqual([]);
});
