/** What servers outside the scenario hold: it takes room, nothing of the scenario touches it, and no tracker counts it. */
import {
  CONTRACTS,
  compile,
  decodeToken,
  drawnFrom,
  encodeToken,
  findDefect,
  type Host,
  judgeScenario,
  minimise,
  modelTarget,
  type Operation,
  PROTOCOLS,
  type Scenario,
  sample,
} from 'claimcheck';
import { describe, expect, test } from 'vitest';
import { scenario } from './moves.ts';

const nova = compile(PROTOCOLS.nova);
const rollback = compile(PROTOCOLS.rollback);
const BOOT: Operation = { operation: 'boot', server: 's1', flavor: 'm1' };
const RESIZE: Operation = { operation: 'resize', server: 's1', flavor: 'm2' };

/** Two hosts of 64, of which so much is in use. */
function withUsed(operations: readonly Operation[], ...used: (Host['used'] | null)[]): Scenario {
  const made = scenario(2, operations, []);
  const hosts = made.cloud.hosts.map((host, h) => {
    const own = used[h] ?? undefined;
    return own === undefined ? host : { ...host, used: own };
  });
  return { ...made, cloud: { ...made.cloud, hosts } };
}

const play = (made: Scenario) => modelTarget(nova).play(made);
const lineOf = (made: Scenario) => play(made).settled;

describe('what bystanders hold', () => {
  test('is seen by the scheduler: a full host takes no server', () => {
    expect(lineOf(withUsed([BOOT], { VCPU: 64 }))).toEqual({ s1: 'h2 active/none m1 | I{h2:m1}' });
    expect(lineOf(withUsed([BOOT], { VCPU: 63 }))).toEqual({ s1: 'h1 active/none m1 | I{h1:m1}' });
  });
  test('is in the way of a move', () => {
    const full = withUsed([BOOT, RESIZE], null, { VCPU: 63 });
    expect(play(full).steps[1]!.operation.outcome).toBe('accepted');
    expect(lineOf(full)).toEqual({ s1: 'h1 active/none m1 | I{h1:m1} | M1{} error' });
    expect(lineOf(withUsed([BOOT, RESIZE], null, { VCPU: 62 }))).toEqual({
      s1: 'h2 resized/none m2 | I{h2:m2} | M1{h1:m1} finished',
    });
  });
  test('may be more than there is room for, since operators lower inventories', () => {
    const made = withUsed([BOOT, RESIZE, { operation: 'audit', host: 'h1' }], { VCPU: 2147483647, DISK_GB: 100 });
    expect(lineOf(made)).toEqual({ s1: 'h2 active/none m1 | I{h2:m1} | M1{} error' });
    for (const code of [nova, rollback]) expect(judgeScenario(code, CONTRACTS.strict, made)).toEqual([]);
  });
  test('is no orphan to an audit of Placement', () => {
    const made = withUsed([BOOT, { operation: 'placement_audit', delete: true }], { VCPU: 3 }, { VCPU: 64 });
    const { steps } = play(made);
    expect(steps[1]!.operation).toMatchInlineSnapshot(`
      {
        "exit_code": 0,
        "http": null,
        "outcome": "accepted",
        "processed": 0,
      }
    `);
    for (const code of [nova, rollback]) expect(judgeScenario(code, CONTRACTS.strict, made)).toEqual([]);
  });
  test('is among the allocations, before and after', () => {
    const { steps, settledPicture } = play(withUsed([BOOT], { VCPU: 3, MEMORY_MB: 7 }));
    expect(steps[0]!.picture.allocations).toEqual({
      s1: { h1: { VCPU: 1, MEMORY_MB: 512, DISK_GB: 1 } },
      'h1/bystanders': { h1: { VCPU: 3, MEMORY_MB: 7 } },
    });
    expect(settledPicture.allocations).toEqual(steps[0]!.picture.allocations);
  });
  test('is of no concern to a resource tracker', () => {
    const { trackers } = play(withUsed([BOOT], { VCPU: 3 })).settledPicture;
    expect(trackers.h1).toEqual({ vcpus_used: 1, memory_mb_used: 512, local_gb_used: 1 });
  });
  test('has room in the world however many classes it is of', () => {
    const made = withUsed([BOOT], { VCPU: 1 });
    const [host] = made.cloud.hosts;
    for (let k = 0; k < 20; k++) {
      host!.inventories[`CUSTOM_${k}`] = host!.inventories.VCPU!;
      host!.used![`CUSTOM_${k}`] = k + 1;
    }
    expect(Object.keys(play(made).settledPicture.allocations['h1/bystanders']!.h1!)).toHaveLength(21);
  });
  test('survives a token, and a token without it means what it meant', () => {
    const envelope = { protocol: 'nova', contract: 'strict', defects: [], repairs: [], signature: null } as const;
    const wrap = (made: Scenario) => encodeToken({ ...envelope, defects: [], repairs: [], scenario: made });
    for (const made of [withUsed([BOOT], { VCPU: 3 }), withUsed([BOOT], {}), withUsed([BOOT], null, { DISK_GB: 1 })]) {
      const reading = decodeToken(wrap(made));
      expect(reading.ok && reading.value.scenario).toEqual(made);
    }
  });
});

describe('a minimal scenario', () => {
  const leak = (used: Host['used']): Scenario => {
    const made = withUsed([BOOT, RESIZE, { operation: 'confirm', server: 's1' }], used, used);
    const fault = { operation: 2, point: 'confirm.delete-alloc.get', kind: 'refused', nth: 1, times: 1 } as const;
    return { ...made, faults: [fault] };
  };
  test('has no bystanders where they are not needed', () => {
    const made = leak({ VCPU: 3, DISK_GB: 1 });
    const [target] = judgeScenario(nova, CONTRACTS.strict, made);
    const { scenario: minimal } = minimise(nova, CONTRACTS.strict, made, target!, 4000);
    expect(minimal.cloud.hosts.map(({ used }) => used)).toEqual([undefined, undefined]);
  });
});

describe('the law that nothing touches them', () => {
  const broken = compile(PROTOCOLS.nova, [findDefect('mutant-audit-releases-strangers')!]);
  const audited = (operations: readonly Operation[]) => withUsed(operations, { VCPU: 3, DISK_GB: 1 }, { VCPU: 1 });
  const lawOf = (made: Scenario, code = broken) =>
    judgeScenario(code, CONTRACTS.strict, made).map(({ invariants, operation }) => [operation, ...invariants]);

  test('is red after the operation that does', () => {
    const audit: Operation = { operation: 'audit', host: 'h1' };
    expect(lawOf(audited([BOOT, audit, BOOT]))).toContainEqual([2, 'bystanders-unchanged']);
    expect(lawOf(audited([BOOT, audit, BOOT]), nova)).toEqual([]);
  });
  test('and where recovery does', () => {
    expect(lawOf(audited([BOOT]))).toEqual([[1, 'bystanders-unchanged']]);
    expect(lawOf(audited([BOOT]), nova)).toEqual([]);
  });
  test('and a minimal scenario of it keeps what it needs', () => {
    const made = audited([BOOT, RESIZE]);
    const [target] = judgeScenario(broken, CONTRACTS.strict, made);
    const { cloud, operations } = minimise(broken, CONTRACTS.strict, made, target!, 4000).scenario;
    expect({ used: cloud.hosts.map(({ used }) => used), operations }).toMatchInlineSnapshot(`
      {
        "operations": [],
        "used": [
          {
            "DISK_GB": 1,
          },
        ],
      }
    `);
  });
});

describe('a cloud drawn from a user', () => {
  const [host] = scenario(1, [], []).cloud.hosts;
  const flavor = scenario(1, [], []).cloud.flavors;
  const drawn = (hosts: readonly Host[]) => sample(drawnFrom({ hosts, flavors: flavor }, 16), 7, 20);
  test('is as full as the user’s', () => {
    const hosts = [1, 2, 3].map((n) => ({ ...host!, name: `user-${n}`, used: { VCPU: n } }));
    for (const { cloud } of drawn(hosts)) {
      for (const one of cloud.hosts) expect(one).toEqual(hosts.find(({ name }) => name === one.name));
    }
  });
  test('has no more flavors at a time than their traits allow', () => {
    const many = [1, 2, 3, 4].map((n) => ({
      ...flavor[0]!,
      name: `m${n}`,
      properties: Object.fromEntries(Array.from({ length: 12 }, (_, k) => [`trait:CUSTOM_${n}_${k}`, 'forbidden'])),
    }));
    const sizes = new Set(
      sample(drawnFrom({ hosts: [host!], flavors: many }, 16), 7, 20).map(({ cloud }) => cloud.flavors.length),
    );
    expect([...sizes].sort()).toEqual([2]);
  });
  test('has flavors that fit beside what is in use', () => {
    const names = (used: Host['used']) =>
      new Set(
        drawn([{ ...host!, ...(used === undefined ? {} : { used }) }]).flatMap(({ cloud }) =>
          cloud.flavors.map(({ name }) => name),
        ),
      );
    expect(names(undefined)).toEqual(new Set(['m1', 'm2']));
    expect(names({ VCPU: 63 })).toEqual(new Set(['m1']));
    // nothing fits: all of them are drawn, so that refusals are seen
    expect(names({ VCPU: 64 })).toEqual(new Set(['m1', 'm2']));
  });
});
