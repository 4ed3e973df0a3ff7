/**
 * Nova's own resource tracker counts as the model does, in every state that a move of servers with CPUs of their own goes
 * through: held at any point of it, with either host audited. Needs `npm run setup:nova`.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compile } from '../src/engine/compile.ts';
import { load } from '../src/engine/load.ts';
import { play } from '../src/engine/settle.ts';
import { nova } from '../src/nova/protocol-nova.ts';
import { MOVE_TYPE_NAMES, STATUS_NAMES, TASK_NAMES, VM_NAMES } from '../src/nova/states.ts';
import { OUTCOME } from '../src/nova/step.ts';
import { recount } from '../src/nova/tracker.ts';
import type { World } from '../src/nova/world.ts';
import { NONE } from '../src/state/table.ts';
import { missing, NOVA_VERSION, pythonOf } from '../src/targets/nova/install.ts';
import {
  bootOther,
  confirm,
  crash,
  evacuate,
  hold,
  type Line,
  liveMigrate,
  migrate,
  resize,
  revert,
  type Step,
  scenarioOf,
  stop,
} from './conformance/scenario.ts';

const SCRIPT = join(import.meta.dirname, 'resource_tracker.py');
const noNova = missing(34);
if (noNova !== null) process.stderr.write(`not run: ${noNova}\n`);

interface Counted {
  readonly raised: string | null;
  readonly pinned: readonly number[];
  readonly vcpus: number;
  readonly memory_mb: number;
}

const cpus = (mask: number): number[] => Array.from({ length: 31 }, (_, k) => k).filter((k) => (mask & (1 << k)) !== 0);
const orNull = (value: number): number | null => (value === NONE ? null : value);

/** What the database has for the audit of a host. */
function situationOf(world: World, h: number): object {
  const { setting, globals } = world;
  const host = (k: number): string | null => setting.hosts[k]?.name ?? null;
  return {
    host: host(h),
    cpus: cpus(setting.hosts[h]!.pcpuset).length,
    flavors: setting.flavors.map(({ imageBacked: { vcpus, memoryMb }, rootGb }) => ({
      vcpus,
      ram: memoryMb,
      disk: rootGb,
    })),
    instances: Array.from({ length: globals.instances }, (_, i) => {
      const row = world.instances[i]!;
      const context = world.migrations[row.migrationContext];
      return {
        exists: row.exists === 1,
        host: host(row.host),
        vm_state: VM_NAMES[row.vm],
        task_state: row.task === 0 ? null : TASK_NAMES[row.task],
        flavor: row.flavor,
        old_flavor: orNull(row.oldFlavor),
        new_flavor: orNull(row.newFlavor),
        instance_type: row.instanceType,
        pinned: cpus(row.pinned),
        context:
          context === undefined
            ? null
            : { migration: row.migrationContext, old: cpus(context.oldPinned), new: cpus(context.newPinned) },
      };
    }),
    migrations: Array.from({ length: globals.migrations }, (_, m) => {
      const row = world.migrations[m]!;
      return {
        exists: row.exists === 1,
        instance: row.instance,
        source: host(row.source),
        destination: host(row.destination),
        old_flavor: row.oldFlavor,
        new_flavor: row.newFlavor,
        status: STATUS_NAMES[row.status],
        type: MOVE_TYPE_NAMES[row.type],
      };
    }),
  };
}

function countedByModel(world: World, h: number): Counted {
  const twin = world.twin();
  const outcome = recount(twin, h);
  const { pinned, vcpusUsed, memoryMbUsed } = twin.hosts[h]!;
  const raised = outcome === OUTCOME.OK ? null : 'CPUPinningInvalid';
  return { raised, pinned: cpus(pinned), vcpus: vcpusUsed, memory_mb: memoryMbUsed };
}

const code = compile(nova, []);
const POINTS = code.points
  .map(({ id }) => id)
  .filter((id) =>
    /^(prep|src|finish|confirm|revert|frevert|rebuild|live\.(check|run|pre|post|rollback|conductor))\./.test(id),
  );

/** Each move held at each point of it, and each at rest; h2 has a server of its own. */
function lines(): Line[] {
  const moves: ((...marks: Parameters<typeof resize>) => Step[])[] = [
    (...marks) => [resize(...marks)],
    (...marks) => [migrate(...marks)],
    (...marks) => [resize(), confirm(...marks)],
    (...marks) => [resize(), revert(...marks)],
    (...marks) => [migrate(), revert(...marks)],
    (...marks) => [liveMigrate(...marks)],
    (...marks) => [crash('h1'), evacuate(...marks)],
  ];
  const plain: Omit<Line, 'steps'>[] = [
    { pinned: true },
    { pinned: true, hosts: 1, options: { allow_resize_to_same_host: true } },
  ];
  return plain.flatMap((line) =>
    moves.flatMap((move) => {
      const other = bootOther(line.hosts === 1 ? 'h1' : 'h2', 'm1');
      const held = POINTS.map((point) => ({ ...line, steps: [other, ...move(hold(point, 2)), stop(), stop()] }));
      return [{ ...line, steps: [other, ...move()] }, ...held];
    }),
  );
}

describe.skipIf(noNova !== null)(`the resource tracker of Nova ${NOVA_VERSION[34]}`, () => {
  test('counts as the model does', () => {
    const situations = new Map<
      string,
      { readonly situation: object; readonly counted: Counted; readonly where: string }
    >();
    for (const line of lines()) {
      const scenario = scenarioOf(line);
      const { run, operations } = load(code, scenario);
      const held = scenario.holds[0]?.operation ?? scenario.operations.length - 1;
      for (let k = 0; k <= held; k++) play(run, k, operations[k]!);
      const where = `${scenario.operations[held]!.operation} at ${scenario.holds[0]?.point ?? 'rest'}`;
      for (let h = 0; h < run.world.setting.hosts.length; h++) {
        const situation = situationOf(run.world, h);
        situations.set(JSON.stringify(situation), { situation, counted: countedByModel(run.world, h), where });
      }
    }
    const list = [...situations.values()];
    const answer = execFileSync(pythonOf(34), [SCRIPT], {
      input: JSON.stringify(list.map(({ situation }) => situation)),
      env: { ...process.env, PYTHONHASHSEED: '0', PYTHONWARNINGS: 'ignore' },
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
      maxBuffer: 1 << 26,
    });
    const theirs = JSON.parse(answer) as readonly Counted[];
    const told = (one: Counted, where: string): string => `${where}: ${JSON.stringify(one)}`;
    expect(list.map(({ counted, where }) => told(counted, where))).toEqual(
      list.map(({ where }, k) => told(theirs[k]!, where)),
    );
    // a resize within the host that is audited before finish, and a revert between its legs
    expect(list.filter(({ counted }) => counted.raised !== null).length).toBeGreaterThan(0);
    expect(list.length).toBeGreaterThan(50);
  });
});
