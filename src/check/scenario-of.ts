/** The scenario that goes one way of a search: its operations, and each fault and hold with the visit at which it struck. */
import { perform, resolve } from '../engine/operations.ts';
import type { ArmedFault, ArmedHold } from '../engine/run.ts';
import { type Fault, type Hold, SCENARIO_VERSION, type Scenario } from '../scenario/scenario.ts';
import type { Chronicle } from './machine.ts';
import { cloudOf } from './scope.ts';
import { bootsOf, type Search, type Way } from './search.ts';

export function scenarioOf(search: Search, { placing, steps }: Way): Scenario {
  const { machine, scope } = search;
  const { run, boots } = machine;
  const start = search.placings[placing]!;
  const operations = bootsOf(scope, start);
  const writer = new Writer((point) => run.code.points[point]!.id);
  machine.restart();
  const servers = operations.map((_, s) => `s${s + 1}`);
  for (const [k, operation] of operations.entries()) perform(run, k, resolve(operation, run.world.setting, servers));
  for (const [k, { operation, decisions }] of steps.entries()) {
    const resolved = machine.operations[operation]!;
    operations.push(resolved.operation);
    machine.follow(boots + k, resolved, decisions, writer);
  }
  return {
    version: SCENARIO_VERSION,
    cloud: cloudOf(scope),
    options: scope.options,
    operations,
    faults: writer.faults,
    // what holds nobody any more was let go by a crash, and may last as long as it likes
    holds: writer.holds.map(({ until, ...hold }) => ({
      ...hold,
      until: until > 0 ? Math.max(until, hold.operation + 1) : Math.min(hold.operation + 1, operations.length - 1),
    })),
  };
}

class Writer implements Chronicle {
  readonly faults: Fault[] = [];
  readonly holds: Hold[] = [];
  private readonly visits = new Map<string, number>();
  private readonly name: (point: number) => string;

  constructor(name: (point: number) => string) {
    this.name = name;
  }

  fault({ operation, point, kind, times }: ArmedFault): void {
    this.faults.push({ operation, point: this.name(point), kind, nth: this.next(operation, point), times });
  }

  hold({ operation, point }: ArmedHold): void {
    this.holds.push({ operation, point: this.name(point), nth: this.next(operation, point), until: 0 });
  }

  visited(operation: number, point: number): void {
    this.visits.set(`${operation} ${point}`, this.next(operation, point));
  }

  released(hold: number, operation: number): void {
    this.holds[hold] = { ...this.holds[hold]!, until: operation };
  }

  private next(operation: number, point: number): number {
    return (this.visits.get(`${operation} ${point}`) ?? 0) + 1;
  }
}
