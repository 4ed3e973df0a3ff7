import { expect, test } from 'vitest';
import { compileFor } from '../../campaign/config.ts';
import { failedResize } from '../../campaign/plain.ts';
import { CONTRACTS } from '../../contract/contracts.ts';
import { recordScenario } from '../recording.ts';
import { factsOf } from './facts.ts';
import { changes, rowsOf } from './rows.ts';

const code = compileFor({ protocol: 'nova', defects: [], repairs: [], novaRelease: 34 });
const scenario = failedResize({ point: 'finish.network', kind: 'error-before' });
const recording = recordScenario(code, CONTRACTS.strict, scenario);
const { events, states, violations } = recording;

test('rows have every event once and in order', () => {
  for (const whole of [true, false]) {
    const rows = rowsOf(recording, whole);
    expect(rows.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, k) => from + k))).toEqual(
      events.map((_, k) => k),
    );
  }
  expect(rowsOf(recording, true)).toHaveLength(events.length);
});

test('nothing is folded that changes anything, goes wrong, undoes, or breaks a law', () => {
  const folded = rowsOf(recording, false).filter(({ from, to }) => to > from);
  expect(folded.length).toBeGreaterThan(0);
  for (const { from, to } of folded) {
    for (let k = from; k <= to; k++) {
      const { wrong, undo, what, operation } = events[k]!;
      expect([wrong, undo, changes(events, k), violations.some(({ event }) => event === k)]).not.toContain(true);
      expect(['operation', 'settle', 'fault']).not.toContain(what);
      expect(operation).toBe(events[from]!.operation);
    }
  }
});

test('a step with another state behind it is told in the tables', () => {
  for (let k = 1; k < events.length; k++) {
    const facts = factsOf(states[events[k - 1]!.state]!, states[events[k]!.state]!);
    expect(facts.some(({ before, after }) => before !== after)).toBe(changes(events, k));
  }
});
