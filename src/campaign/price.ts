/**
 * What the rollback protocol costs beside Nova: requests to Placement, messages, and saves that change a row of an instance
 * or a migration, counted by the model. `list price` prints it, nova/rollback/README.md has it.
 */
import { compile } from '../engine/compile.ts';
import { load } from '../engine/load.ts';
import { perform } from '../engine/operations.ts';
import type { Listener } from '../engine/run.ts';
import { PROTOCOLS } from '../nova/protocols.ts';
import { SERVICE } from '../nova/states.ts';
import type { World } from '../nova/world.ts';
import { DEFAULT_OPTIONS, type Fault, type Operation, SCENARIO_VERSION, type Scenario } from '../scenario/scenario.ts';
import { plainFlavor, roomyHost } from './plain.ts';

const boot: Operation = { operation: 'boot', server: 's1', flavor: 'm1', host: 'h1' };
const resize: Operation = { operation: 'resize', server: 's1', flavor: 'm2' };
const failing = (point: string): Fault => ({ operation: 1, point, kind: 'error-before', nth: 1, times: 1 });

const STORIES: readonly {
  readonly name: string;
  readonly asked: readonly Operation[];
  readonly faults: readonly Fault[];
}[] = [
  { name: 'resize, confirm', asked: [resize, { operation: 'confirm', server: 's1' }], faults: [] },
  { name: 'resize, revert', asked: [resize, { operation: 'revert', server: 's1' }], faults: [] },
  { name: 'resize that fails in prep and ends on the alternate', asked: [resize], faults: [failing('prep.rt-claim')] },
  { name: 'resize that fails on the source', asked: [resize], faults: [failing('src.driver')] },
  { name: 'resize that fails on the destination', asked: [resize], faults: [failing('finish.driver')] },
];

interface Price {
  reads: number;
  writes: number;
  messages: number;
  saves: number;
}

function scenarioOf(operations: readonly Operation[], faults: readonly Fault[]): Scenario {
  return {
    version: SCENARIO_VERSION,
    cloud: {
      hosts: ['h1', 'h2', 'h3'].map(roomyHost),
      flavors: ['m1', 'm2'].map(plainFlavor),
    },
    options: DEFAULT_OPTIONS,
    operations: [boot, ...operations],
    faults: [...faults],
    holds: [],
  };
}

/** Rows as they last: what a save changes. */
const rows = ({ instances, migrations }: World): string =>
  JSON.stringify([
    instances.map(({ exists, host, vm, task, flavor, oldFlavor, newFlavor, oldVm, migrationContext }) => [
      exists,
      host,
      vm,
      task,
      flavor,
      oldFlavor,
      newFlavor,
      oldVm,
      migrationContext,
    ]),
    migrations.map(({ exists, status, source, destination }) => [exists, status, source, destination]),
  ]);

function priceOf(protocol: keyof typeof PROTOCOLS, operations: readonly Operation[], faults: readonly Fault[]): Price {
  const { run, operations: resolved } = load(compile(PROTOCOLS[protocol]), scenarioOf(operations, faults));
  const price: Price = { reads: 0, writes: 0, messages: 0, saves: 0 };
  perform(run, 0, resolved[0]!);
  let before = rows(run.world);
  const listener: Listener = {
    step(_job, { step }, _outcome, request) {
      if (request !== null) price[step.touches === 'placement-write' ? 'writes' : 'reads']++;
      const after = rows(run.world);
      if (after !== before && step.to === undefined) price.saves++;
      before = after;
    },
    ended(job) {
      // the API's own job is no message
      if (job.service !== SERVICE.API) price.messages++;
    },
    fault() {},
    hold() {},
    service() {},
  };
  run.listener = listener;
  for (let k = 1; k < resolved.length; k++) perform(run, k, resolved[k]!);
  return price;
}

/** A row a story, each figure as Nova's and rollback's. */
export function priceRows(): string[][] {
  return STORIES.map(({ name, asked, faults }) => {
    const nova = priceOf('nova', asked, faults);
    const rollback = priceOf('rollback', asked, faults);
    return [name, ...PRICED.map((key) => `${nova[key]} / ${rollback[key]}`)];
  });
}

const PRICED = ['reads', 'writes', 'messages', 'saves'] as const;
export const PRICE_HEAD = ['Nova / rollback', 'reads of Placement', 'writes to it', 'messages', 'saves'] as const;
