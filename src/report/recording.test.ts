import { expect, test } from 'vitest';
import { compileFor } from '../campaign/config.ts';
import { judgeScenario } from '../campaign/judge.ts';
import { failedResize, roomyHost } from '../campaign/plain.ts';
import { CONTRACTS } from '../contract/contracts.ts';
import { momentsOf } from './charts/moments.ts';
import { type Recording, recordScenario } from './recording.ts';

const code = compileFor({ protocol: 'nova', defects: [], repairs: [], novaRelease: 34 });

const scenario = failedResize({ point: 'prep.cast-resize', kind: 'lost' });

const told = ({ events, lifelines }: Recording): string[] =>
  events.map(({ operation, from, to, what, wrong, text, state }) => {
    const arrow = to === null ? '' : ` -> ${lifelines[to]}`;
    return `${operation} ${lifelines[from]}${arrow} | ${what}${wrong ? ' !' : ''} | ${text} | ${state}`;
  });

test('what happened, in order, and how often everything stood otherwise', () => {
  const recording = recordScenario(code, CONTRACTS.strict, scenario);
  const settles = recording.events.findIndex(({ what }) => what === 'settle');
  expect(told({ ...recording, events: recording.events.slice(0, settles + 4) }).join('\n')).toMatchSnapshot();
  expect(recording.operations).toMatchSnapshot();
});

test('a violation stands where it is seen, and is what the campaign judges', () => {
  const { violations, events } = recordScenario(code, CONTRACTS.strict, scenario);
  const judged = judgeScenario(code, CONTRACTS.strict, scenario).map(({ signature }) => signature);
  expect(violations.map(({ signature }) => signature)).toEqual(judged);
  expect(violations.map(({ event }) => event)).toEqual([events.length - 1]);
  expect(violations[0]!.laws.every(({ law, detail }) => law !== '' && detail !== '')).toBe(true);
});

test('two recordings are alike, and every state differs from the one before', () => {
  const first = recordScenario(code, CONTRACTS.strict, scenario);
  expect(JSON.stringify(recordScenario(code, CONTRACTS.strict, scenario))).toBe(JSON.stringify(first));
  const states = first.states.map((state) => JSON.stringify(state));
  for (const [k, state] of states.entries()) expect(state).not.toBe(states[k + 1]);
});

test('a name of somebody else is data in every line', () => {
  const hostile = 'h\u001b[31m\u202e';
  const recording = recordScenario(code, CONTRACTS.strict, {
    ...scenario,
    cloud: { ...scenario.cloud, hosts: [roomyHost(hostile), roomyHost('h2')] },
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
  expect(JSON.stringify(recording)).not.toMatch(/\\u001b|\\u202e|\u202e|\u001b/);
});

test('moments are cut where a claim, a guest or a capacity changes, or something goes wrong', () => {
  const recording = recordScenario(code, CONTRACTS.strict, scenario);
  const moments = momentsOf(recording);
  expect(moments[0]!.from).toBe(0);
  expect(moments.at(-1)!.to).toBe(recording.events.length - 1);
  for (const [k, { to }] of moments.entries()) expect(moments[k + 1]?.from ?? to + 1).toBe(to + 1);
  const held = moments.map(({ operation, state, fault }) => {
    const claims = Object.entries(state.allocations).flatMap(([consumer, byHost]) =>
      Object.entries(byHost).map(([host, amounts]) => `${consumer}@${host}=${amounts.VCPU}`),
    );
    return `${operation}: ${claims.join(' ')}${fault === null ? '' : ` ! ${fault.text}`}`;
  });
  expect(held).toMatchInlineSnapshot(`
    [
      "0: ",
      "0: ",
      "0: s1@h1=1",
      "0: s1@h1=1",
      "1: s1@h1=1",
      "1: s1/migration-1@h1=1",
      "1: s1@h2=2 s1/migration-1@h1=1",
      "1: s1@h2=2 s1/migration-1@h1=1 ! lost at prep.cast-resize",
      "2: s1@h2=2 s1/migration-1@h1=1",
    ]
  `);
});
