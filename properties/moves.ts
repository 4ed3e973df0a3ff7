/**
 * Laws of a target, each named as what it says. Given the model, a real Placement or a real Nova they are the same laws; what
 * holds for the rollback protocol holds for any failure, what holds for Nova says for which.
 */
import {
  DEFAULT_OPTIONS,
  type Fault,
  type FaultKind,
  type Operation,
  type Play,
  type Scenario,
  type Target,
} from 'claimcheck';
import fc from 'fast-check';

/** A failure point with a kind of fault that fits it. */
export interface Strike {
  readonly point: string;
  readonly kind: FaultKind;
}

const BOOT: Operation = { operation: 'boot', server: 's1', flavor: 'm1' };
const STOP: Operation = { operation: 'stop', server: 's1' };
const RESIZE: Operation = { operation: 'resize', server: 's1', flavor: 'm2' };
const CONFIRM: Operation = { operation: 'confirm', server: 's1' };
const REVERT: Operation = { operation: 'revert', server: 's1' };
const DELETE: Operation = { operation: 'delete', server: 's1' };

/** What happens to one server of 1, 512 and 1 on the first of so many roomy hosts; a flavor of twice that is there too. */
export function scenario(
  hosts: number,
  operations: readonly Operation[],
  faults: readonly Fault[],
  options: Partial<Scenario['options']> = {},
): Scenario {
  const inventory = { total: 64, reserved: 0, min_unit: 1, max_unit: 64, step_size: 1, allocation_ratio: 1 };
  const memory = { ...inventory, total: 65536, max_unit: 65536 };
  const flavor = (name: string, size: number) => ({
    name,
    vcpus: size,
    ram: 512 * size,
    disk: size,
    ephemeral: 0,
    swap: 0,
    properties: {},
  });
  return {
    version: 1,
    cloud: {
      hosts: Array.from({ length: hosts }, (_, k) => ({
        name: `h${k + 1}`,
        inventories: { VCPU: inventory, MEMORY_MB: memory, DISK_GB: inventory },
        traits: [],
      })),
      flavors: [flavor('m1', 1), flavor('m2', 2)],
    },
    options: { ...DEFAULT_OPTIONS, ...options },
    operations: [...operations],
    faults: [...faults],
    holds: [],
  };
}

export const at = (operation: number, { point, kind }: Strike): Fault => ({ operation, point, kind, nth: 1, times: 1 });

const OLD = { VCPU: 1, MEMORY_MB: 512, DISK_GB: 1 };
const NEW = { VCPU: 2, MEMORY_MB: 1024, DISK_GB: 2 };

/** The resize did not commit: at rest the server is not waiting for a decision. */
const failed = (play: Play): boolean => play.settledPicture.instances[0]?.vm_state !== 'resized';

/** Runs `operations` under each of the strikes on each small cloud, and judges where the law speaks of it. */
function forEvery(
  target: Target,
  strikes: readonly Strike[],
  operations: readonly Operation[],
  struck: number,
  judge: (play: Play) => boolean,
): fc.IProperty<[Strike, number, boolean]> {
  return fc.property(
    fc.constantFrom(...strikes),
    fc.integer({ min: 2, max: 3 }),
    fc.boolean(),
    (strike, hosts, stopped) => {
      const before = stopped ? [BOOT, STOP] : [BOOT];
      const fault = at(before.length + struck, strike);
      return judge(target.play(scenario(hosts, [...before, ...operations], [fault])));
    },
  );
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, one]) => [key, sorted(one)])
    : value;

export const failedResizeLeavesTheSourcesClaimAsItWas = (target: Target, strikes: readonly Strike[]) =>
  forEvery(
    target,
    strikes,
    [RESIZE],
    0,
    (play) => !failed(play) || same(play.settledPicture.allocations.s1, { h1: OLD }),
  );

export const failedResizeLeavesNothingOnTheDestination = (target: Target, strikes: readonly Strike[]) =>
  forEvery(target, strikes, [RESIZE], 0, (play) => {
    if (!failed(play)) return true;
    return Object.values(play.settledPicture.allocations).every((held) => same(Object.keys(held), ['h1']));
  });

export const resizedServerIsClaimedOnBothSides = (target: Target, strikes: readonly Strike[]) =>
  forEvery(target, strikes, [RESIZE], 0, ({ settledPicture }) => {
    const [server] = settledPicture.instances;
    if (server?.vm_state !== 'resized') return true;
    const held = Object.values(settledPicture.allocations);
    const [both] = [Object.assign({}, ...held)];
    return held.length === 2 && same(both, { h1: OLD, [server.host ?? '']: NEW });
  });

export const confirmedMoveLeavesNothingOnTheSource = (target: Target, strikes: readonly Strike[]) =>
  forEvery(target, strikes, [RESIZE, CONFIRM], 1, ({ settledPicture }) => {
    const [server] = settledPicture.instances;
    if (server?.vm_state === 'resized') return true;
    return same(settledPicture.allocations, { s1: { [server?.host ?? '']: NEW } }) && server?.host !== 'h1';
  });

export const revertedMoveIsAsIfItNeverWas = (target: Target, strikes: readonly Strike[]) =>
  forEvery(target, strikes, [RESIZE, REVERT], 1, ({ settledPicture }) => {
    const [server] = settledPicture.instances;
    if (server?.vm_state === 'resized') return true;
    return (
      same(settledPicture.allocations, { s1: { h1: OLD } }) && server?.host === 'h1' && server.guests.includes('h1')
    );
  });

export const deletedServerHoldsNothingEvenInMidMove = (target: Target, strikes: readonly Strike[]) =>
  forEvery(
    target,
    strikes,
    [RESIZE, DELETE],
    0,
    ({ settledPicture }) => settledPicture.instances[0]?.deleted !== true || same(settledPicture.allocations, {}),
  );

export const moveThatMeetsNoFaultCommits = (target: Target) =>
  fc.property(fc.integer({ min: 2, max: 3 }), fc.boolean(), (hosts, stopped) => {
    const operations = stopped ? [BOOT, STOP, RESIZE] : [BOOT, RESIZE];
    const { instances, allocations } = target.play(scenario(hosts, operations, [])).settledPicture;
    return instances[0]?.vm_state === 'resized' && Object.keys(allocations).length === 2;
  });

export const failedFinishKeepsTheDestinationsClaim = (target: Target, strikes: readonly Strike[]) =>
  forEvery(target, strikes, [RESIZE], 0, ({ settledPicture }) => same(settledPicture.allocations, { s1: { h2: NEW } }));
