/** Live migration: every bug that Nova had, shown as it was and gone as it is; every weakness that it has, and its repair. */
import { CONTRACTS, compile, findDefect, judgeScenario, PROTOCOLS } from 'claimcheck';
import { describe, expect, test } from 'vitest';
import {
  abortLive,
  bootAnother,
  fault,
  hardReboot,
  hold,
  type Line,
  liveMigrate,
  liveMigrateAnother,
  liveMigrateForced,
  restart,
  scenarioOf,
} from './conformance/scenario.ts';

const plain = compile(PROTOCOLS.nova);
const withPatch = (id: string) => compile(PROTOCOLS.nova, [findDefect(id)!]);

/** The laws that a line breaks, of any server and of the cloud. */
function broken(code: ReturnType<typeof compile>, line: Line): string[] {
  const violations = judgeScenario(code, CONTRACTS.strict, scenarioOf(line));
  return [...new Set(violations.flatMap(({ invariants }) => invariants))].sort();
}

/** The first server waits in the queue of its host's executor while another one's guest is copied. */
const queued = (...rest: Line['steps']): Line['steps'] => [
  bootAnother(),
  liveMigrateAnother(hold('live.run.copy', 1 + rest.length)),
  liveMigrate(),
  ...rest,
];

const DEFECTS: readonly (readonly [string, Line])[] = [
  ['L-01', { steps: [liveMigrate()] }],
  ['L-02', { steps: [liveMigrateForced('h2')] }],
  ['L-03', { steps: [liveMigrate(fault('live.check-source.driver', 'error-before'))], hosts: 3 }],
  ['L-04', { steps: [liveMigrate(fault('live.run.copy', 'error-before'))] }],
  ['L-04', { steps: [liveMigrate(fault('live.pre.driver', 'error-before'))] }],
  ['L-04', { steps: [liveMigrate(hold('live.run.copy')), abortLive()] }],
  ['L-04', { steps: [liveMigrate(hold('live.pre.driver')), abortLive()] }],
  ['L-05', { steps: queued(abortLive()) }],
];

describe('a bug that was', () => {
  test.each(DEFECTS)('%s', (id, line) => {
    const defect = findDefect(id)!;
    expect(broken(plain, line)).toEqual([]);
    expect(broken(withPatch(id), line)).toEqual(
      expect.arrayContaining([expect.stringMatching(defect.catches.join('|'))]),
    );
  });

  test('L-06, which a hard reboot makes two guests of', () => {
    const line: Line = { steps: [liveMigrate(fault('live.post.unplug', 'error-before'))] };
    expect(broken(plain, line)).not.toContain('guest-single-home');
    expect(broken(withPatch('L-06'), line)).toContain('guest-single-home');
    const twice = { steps: [...line.steps, hardReboot()] };
    expect(broken(plain, twice)).not.toContain('guest-single-home');
    expect(broken(withPatch('L-06'), twice)).toContain('guest-single-home');
  });
});

const KEPT = ['destination-empty', 'host-agreement', 'no-orphan-consumer', 'source-unchanged'];
const AT_DESTINATION = ['host-agreement', 'no-orphan-consumer', 'source-zero'];

const WEAKNESSES: readonly (readonly [string, Line, readonly string[]])[] = [
  ['W-06', { steps: [liveMigrate(fault('live.post.end-notify', 'error-before'))] }, AT_DESTINATION],
  ['W-06', { steps: [liveMigrate(fault('live.post-dest.driver', 'error-before'))] }, AT_DESTINATION],
  ['W-07', { steps: [liveMigrate(hold('live.run.copy')), restart('h1')] }, KEPT],
  ['W-07', { steps: queued(restart('h1')) }, [...KEPT, 'no-stuck-migration'].sort()],
  ['W-08', { steps: [liveMigrate(fault('live.source.submit', 'error-before'))] }, KEPT],
  ['W-09', { steps: [liveMigrate(fault('live.run.driver', 'error-before'))] }, KEPT],
  [
    'W-10',
    {
      steps: [
        liveMigrate(
          fault('live.check-source.driver', 'error-before'),
          fault('live.conductor.remove-alloc', 'conflict'),
        ),
      ],
      hosts: 3,
    },
    ['host-agreement', 'no-double-allocation'],
  ],
];

describe('a weakness that is', () => {
  test.each(WEAKNESSES)('%s', (id, line, laws) => {
    expect(broken(plain, line)).toEqual(laws);
    expect(broken(withPatch(id), line)).toEqual([]);
  });

  test('W-03 and W-32: what holds the source is not dropped, and nobody hears of it, or the server is in error', () => {
    const [falsy, conflict] = [fault('live.post.delete-alloc', 'refused'), fault('live.post.delete-alloc', 'conflict')];
    expect(broken(plain, { steps: [liveMigrate(falsy)] })).toEqual(AT_DESTINATION);
    expect(broken(plain, { steps: [liveMigrate(conflict)] })).toEqual(AT_DESTINATION);
  });
});

test('a live migration that meets nothing commits, forced or not, one behind the other', () => {
  for (const steps of [[liveMigrate()], [liveMigrateForced('h2')], queued(), [liveMigrate(), liveMigrate()]]) {
    expect(broken(plain, { steps })).toEqual([]);
  }
});
