/** From a scenario's data to a world that can run it. */
import { BANDWIDTH, MOST_TRAITS, makeSetting, resourcesOf, type Setting, traitsAskedOf } from '../nova/setting.ts';
import { bystandersOf, populate, type Shape, World, worldSize } from '../nova/world.ts';
import { MOST_PCPUS, pcpusOf, pinnedCpusOf } from '../scenario/flavor-properties.ts';
import type { Fault, Hold, Scenario } from '../scenario/scenario.ts';
import type { Code } from './compile.ts';
import { MOVES, type Resolved, resolve, serverNames } from './operations.ts';
import { type ArmedFault, type ArmedHold, type PlacementService, Run } from './run.ts';

/** A scenario that no world can be made for: a message for the user. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

export interface Loaded {
  readonly run: Run;
  readonly operations: readonly Resolved[];
  readonly faults: readonly ArmedFault[];
  readonly holds: readonly ArmedHold[];
  readonly servers: readonly string[];
}

/** Most instances of one scenario: sets of instances and hosts are masks of one cell. */
export const MOST_INSTANCES = 31;

export function shapeFor(
  setting: Setting,
  counts: { boots: number; moves: number; operations: number; faults: number; holds: number },
): Shape {
  const port = setting.classes.includes(BANDWIDTH) ? 1 : 0;
  const classesOfOne = setting.flavors.map((flavor) => flavor.imageBacked.resources.length / 2 + port);
  const classesInUse = setting.hosts.map(({ used }) => used.length / 2);
  return {
    hosts: setting.hosts.length,
    classes: setting.classes.length,
    instances: Math.max(1, counts.boots),
    // a reschedule takes the record up again; only an interrupted one leaves a second
    migrations: Math.max(1, 2 * counts.moves),
    moves: Math.max(1, counts.moves + 1),
    jobs: 8 + 2 * counts.operations,
    operations: counts.operations,
    faults: counts.faults,
    holds: counts.holds,
    bystanders: bystandersOf(setting),
    rows: Math.max(setting.hosts.length * Math.max(1, ...classesOfOne), ...classesInUse),
  };
}

/** Resource classes of one scenario: each has an inventory record on every host, and a row in whatever holds it there. */
const MOST_CLASSES = 256;
/** 16 MB, of which a trial and a story make several. The fullest scenario with seven classes a flavor has a sixth of it. */
const MOST_CELLS = 4 * 1024 * 1024;

/** What the language allows and a world has no room for. */
function refuseTooLarge({ cloud, operations }: Scenario): void {
  const traits = new Set(cloud.flavors.flatMap(traitsAskedOf));
  if (traits.size > MOST_TRAITS) {
    throw new ScenarioError(`the flavors of a scenario name at most ${MOST_TRAITS} traits, not ${traits.size}`);
  }
  if (cloud.flavors.some((flavor) => pinnedCpusOf(flavor) > 0)) {
    const large = cloud.hosts.map(pcpusOf).find((count) => count > MOST_PCPUS);
    if (large !== undefined) {
      throw new ScenarioError(`a host has at most ${MOST_PCPUS} PCPU where flavors pin CPUs, not ${large}`);
    }
  }
  const classes = new Set([
    ...cloud.hosts.flatMap(({ inventories }) => Object.keys(inventories)),
    ...cloud.flavors.flatMap((flavor) => [...resourcesOf(flavor, false).keys()]),
    ...operations.flatMap((op) => ('resource_class' in op ? [op.resource_class] : [])),
  ]);
  if (classes.size <= MOST_CLASSES) return;
  throw new ScenarioError(`a scenario names at most ${MOST_CLASSES} resource classes, not ${classes.size}`);
}

/** @param placement who answers in the model's place */
export function load(code: Code, scenario: Scenario, placement: PlacementService | null = null): Loaded {
  refuseTooLarge(scenario);
  const setting = makeSetting(scenario.cloud, scenario.options, scenario.operations);
  const servers = serverNames(scenario.operations);
  if (servers.length > MOST_INSTANCES) throw new ScenarioError(`a scenario boots at most ${MOST_INSTANCES} servers`);
  const shape = shapeFor(setting, {
    boots: servers.length,
    moves: scenario.operations.filter(({ operation }) => operation in MOVES).length,
    operations: scenario.operations.length,
    faults: scenario.faults.length,
    holds: scenario.holds.length,
  });
  if (worldSize(shape) > MOST_CELLS) {
    throw new ScenarioError(
      `this scenario is too large to be run: ${shape.hosts} hosts, ${shape.operations} operations and flavors of up to ` +
        `${Math.ceil(shape.rows / shape.hosts)} resource classes; fewer of any of them would do`,
    );
  }
  const world = new World(shape, setting);
  populate(world, setting, []);
  const run = new Run(code, world);
  run.placement = placement;
  placement?.begin(world);
  const faults = armFaults(code, scenario.faults);
  const holds = armHolds(code, scenario.holds);
  run.arm(faults, holds);
  const operations = scenario.operations.map((operation) => resolve(operation, setting, servers));
  return { run, operations, faults, holds, servers };
}

/** Points that the protocol does not have cannot strike; they are armed nowhere and counted as not fired. */
const NOWHERE = 0xffff;

export function armFaults(code: Code, faults: readonly Fault[]): ArmedFault[] {
  return faults.map(({ operation, point, kind, nth, times }) => ({
    operation,
    point: code.pointIndex.get(point) ?? NOWHERE,
    kind,
    nth,
    times,
  }));
}

export function armHolds(code: Code, holds: readonly Hold[]): ArmedHold[] {
  return holds.map(({ operation, point, nth, until, handler }) => ({
    operation,
    point: code.pointIndex.get(point) ?? NOWHERE,
    nth,
    until,
    handler: handler ?? null,
  }));
}
