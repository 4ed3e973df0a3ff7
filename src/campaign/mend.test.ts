/** The advice, tried again as operations of a scenario: it mends, and it touches nobody else's claims. */
import { describe, expect, test } from 'vitest';
import { KNOWN_OF_NOVA } from '../contract/known/known.ts';
import { compile } from '../engine/compile.ts';
import { nova } from '../nova/protocol-nova.ts';
import type { AllocationsPicture } from '../observation/picture.ts';
import { mendingLines } from '../report/mending.ts';
import { renderOperation } from '../scenario/render.ts';
import type { Fault, Hold, Operation, Scenario } from '../scenario/scenario.ts';
import { decodeToken } from '../scenario/token.ts';
import { modelTarget } from '../targets/model.ts';
import { type Mending, mend } from './mend.ts';

const code = compile(nova);
const target = modelTarget(code);

function scenarioOfToken(token: string): Scenario {
  const reading = decodeToken(token);
  if (!reading.ok) throw new Error(reading.error);
  return reading.value.scenario;
}

/** Roomy hosts h1 to h3, m1 and m2; s1 on h1, and s2 beside it where asked for. */
function cloudWith(operations: Operation[], faults: Fault[] = [], holds: Hold[] = []): Scenario {
  const inventory = (total: number) => ({
    total,
    reserved: 0,
    min_unit: 1,
    max_unit: total,
    step_size: 1,
    allocation_ratio: 1,
  });
  return {
    version: 1,
    cloud: {
      hosts: ['h1', 'h2', 'h3'].map((name) => ({
        name,
        inventories: { VCPU: inventory(8), MEMORY_MB: inventory(8192), DISK_GB: inventory(100) },
        traits: [],
      })),
      flavors: [1, 2].map((n) => ({
        name: `m${n}`,
        vcpus: n,
        ram: 512 * n,
        disk: n,
        ephemeral: 0,
        swap: 0,
        properties: {},
      })),
    },
    options: {
      allow_resize_to_same_host: false,
      supports_migrate_to_same_host: false,
      max_attempts: 3,
      client_replay: 0,
      nova_release: 34,
      placement_release: 16,
    },
    operations,
    faults,
    holds,
  };
}
const boot = (server: string): Operation => ({ operation: 'boot', server, flavor: 'm1', host: 'h1' });
const resize = (server: string): Operation => ({ operation: 'resize', server, flavor: 'm2' });
const confirm = (server: string): Operation => ({ operation: 'confirm', server });
const revert = (server: string): Operation => ({ operation: 'revert', server });
const fault = (operation: number, point: string, kind: Fault['kind']): Fault => ({
  operation,
  point,
  kind,
  nth: 1,
  times: 1,
});

const sequence = ({ steps }: Mending): string[] | null =>
  steps === null ? null : steps.map(({ operation }) => renderOperation(operation));

/** Who holds what, at rest: at the end of the scenario, and when the commands were run behind it as operations. */
function replayed(scenario: Scenario, { steps }: Mending) {
  const settle: Operation = { operation: 'settle' };
  const commands = (steps ?? []).flatMap(({ operation }) => [operation, settle]);
  const before = target.play(scenario);
  const after = target.play({ ...scenario, operations: [...scenario.operations, settle, ...commands] });
  return { before: before.settledPicture.allocations, after: after.settledPicture.allocations, line: after.settled };
}

const others = (allocations: Readonly<Record<string, AllocationsPicture>>, server: string) =>
  Object.fromEntries(
    Object.entries(allocations).filter(([consumer]) => consumer !== server && !consumer.startsWith(`${server}/`)),
  );

describe('what mends', () => {
  const cases: Record<string, { scenario: Scenario; commands: string[] | null }> = {
    'a confirm that could not delete (W-03)': {
      scenario: cloudWith([boot('s1'), resize('s1'), confirm('s1')], [fault(2, 'confirm.delete-alloc', 'refused')]),
      commands: ['placement_audit --delete h1'],
    },
    'a revert that could not give back (W-04)': {
      scenario: cloudWith([boot('s1'), resize('s1'), revert('s1')], [fault(2, 'frevert.swap-back', 'refused')]),
      commands: ['placement_audit --delete h1', 'heal_allocations --force s1'],
    },
    'a failed source leg behind the flip (W-14)': {
      scenario: cloudWith([boot('s1'), resize('s1')], [fault(1, 'src.cast-finish', 'refused')]),
      commands: ['heal_allocations --force s1'],
    },
    'a compute that died in finish (W-15)': {
      scenario: cloudWith([boot('s1'), resize('s1')], [fault(1, 'finish.driver', 'crash-after')]),
      commands: ['delete_allocations of migration s1', 'reset_state s1 to active'],
    },
    'a source that died in its leg (W-16)': {
      scenario: cloudWith([boot('s1'), resize('s1')], [fault(1, 'src.driver', 'crash-before')]),
      commands: ['delete_allocations of migration s1', 'heal_allocations --force s1'],
    },
    'a swap that was not acknowledged (W-17)': {
      scenario: cloudWith([boot('s1'), resize('s1')], [fault(1, 'conductor.swap', 'reply-lost')]),
      commands: ['placement_audit --delete h1', 'heal_allocations s1'],
    },
    'a lost confirm (W-22)': {
      scenario: cloudWith([boot('s1'), resize('s1'), confirm('s1')], [fault(2, 'confirm.cast', 'lost')]),
      commands: ['delete_allocations of migration s1', 'reset_state s1 to active'],
    },
    'a doubled claim (W-01)': {
      scenario: cloudWith([boot('s1'), resize('s1'), confirm('s1')], [fault(1, 'scheduler.claim-put', 'reply-lost')]),
      commands: ['placement_audit --delete h2'],
    },
    'a finish that failed, which leaves the books in order': {
      scenario: cloudWith([boot('s1'), resize('s1')], [fault(1, 'finish.network', 'error-before')]),
      commands: [],
    },
    'a consumer row left behind by Placement': {
      scenario: cloudWith([boot('s1'), resize('s1')], [fault(1, 'scheduler.claim-put', 'placement-crash')]),
      commands: ['placement_audit --delete h1', 'delete s1'],
    },
  };
  for (const [what, { scenario, commands }] of Object.entries(cases)) {
    test(what, () => {
      const [advice] = mend(code, scenario, [0]);
      expect(sequence(advice!)).toEqual(commands);
      const { line } = replayed(scenario, advice!);
      if (commands !== null && commands.length > 0) expect(line.s1).toBe(advice!.steps!.at(-1)!.after);
    });
  }
});

test('the advice is printed as it is typed', () => {
  const scenarios = [
    cloudWith([boot('s1'), resize('s1')], [fault(1, 'src.driver', 'crash-before')]),
    cloudWith([boot('s1'), resize('s1'), revert('s1')], [fault(2, 'frevert.swap-back', 'refused')]),
    cloudWith([boot('s1'), resize('s1'), confirm('s1')], [fault(2, 'confirm.cast', 'lost')]),
    cloudWith([boot('s1'), resize('s1')], [fault(1, 'scheduler.claim-put', 'placement-crash')]),
    cloudWith([boot('s1'), resize('s1')], [fault(1, 'finish.network', 'error-before')]),
    cloudWith([boot("it's; rm"), resize("it's; rm"), confirm("it's; rm")], [fault(2, 'confirm.cast', 'lost')]),
  ];
  const printed = scenarios.flatMap((scenario) => [...mendingLines(mend(code, scenario, [0]), false), '']);
  expect(printed.join('\n')).toMatchSnapshot();
  expect(mendingLines([{ server: 's1', steps: null, left: [] }], false)).toMatchSnapshot();
});

describe('nobody else is touched', () => {
  test("where an audit would take another server's leak along, the consumer is deleted by hand", () => {
    const scenario = cloudWith(
      [boot('s1'), boot('s2'), resize('s1'), resize('s2'), confirm('s1'), confirm('s2')],
      [fault(4, 'confirm.delete-alloc', 'refused'), fault(5, 'confirm.delete-alloc', 'refused')],
    );
    const both = mend(code, scenario, [0, 1]);
    expect(both.map(sequence)).toEqual([
      ['delete_allocations of migration s1'],
      ['delete_allocations of migration s2'],
    ]);
  });

  // every tenth of the known list, with a second server that waits for its decision beside it
  const witnesses = KNOWN_OF_NOVA.entries
    .flatMap(({ signatures }) => signatures)
    .filter((_, k) => k % 10 === 0)
    .map(({ witness }) => scenarioOfToken(witness));
  test('by the advice for a tenth of the known list, beside a server that was just moved', () => {
    let mended = 0;
    for (const scenario of witnesses) {
      const flavor = scenario.cloud.flavors[0]!.name;
      const beside = scenario.operations.length;
      const crowded: Scenario = {
        ...scenario,
        operations: [
          ...scenario.operations,
          { operation: 'settle' },
          { operation: 'boot', server: 'beside', flavor },
          { operation: 'cold_migrate', server: 'beside' },
        ],
      };
      const servers = new Set(scenario.operations.flatMap((op) => (op.operation === 'boot' ? [op.server] : [])));
      for (const [i, server] of [...servers].entries()) {
        const [advice] = mend(code, crowded, [i]);
        if (advice!.steps === null || advice!.steps.length === 0) continue;
        const { before, after, line } = replayed(crowded, advice!);
        expect({ beside, others: others(after, server) }).toEqual({ beside, others: others(before, server) });
        expect(line[server]).toBe(advice!.steps.at(-1)!.after);
        mended++;
      }
    }
    expect(mended).toBeGreaterThan(50);
  });
});
