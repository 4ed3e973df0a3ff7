/** A recording cut into the stretches in which nobody's claim and no guest changes, and nothing goes wrong. */
import type { RecordedEvent, RecordedState, Recording } from '../recording.ts';

export interface Moment {
  /** of `Recording.events`: the first and the last of it */
  readonly from: number;
  readonly to: number;
  readonly operation: number;
  readonly state: RecordedState;
  /** what goes wrong at its beginning: a fault, or a service that dies */
  readonly fault: RecordedEvent | null;
}

export function momentsOf({ events, states }: Recording): Moment[] {
  const moments: Moment[] = [];
  let look = '';
  for (const [k, event] of events.entries()) {
    const state = states[event.state]!;
    const now = lookOf(state);
    // a crash that a fault brought is told by the fault
    const crash = event.what === 'service' && event.wrong && events[k - 1]?.what !== 'fault';
    const fault = event.what === 'fault' || crash ? event : null;
    const last = moments.at(-1);
    if (last !== undefined && last.operation === event.operation && now === look && fault === null) {
      moments[moments.length - 1] = { ...last, to: k };
    } else moments.push({ from: k, to: k, operation: event.operation, state, fault });
    look = now;
  }
  return moments;
}

const lookOf = ({ allocations, instances, capacities }: RecordedState): string =>
  JSON.stringify([allocations, capacities, instances.map(({ server, running }) => [server, running])]);

/** Resource classes that anybody claims, first the one that most is claimed of for what a host has. */
export function classesOf({ states }: Recording): string[] {
  const share = new Map<string, number>();
  for (const { allocations, capacities } of states) {
    for (const byHost of Object.values(allocations)) {
      for (const [host, amounts] of Object.entries(byHost)) {
        for (const [resourceClass, amount] of Object.entries(amounts)) {
          const part = amount / Math.max(capacities[host]?.[resourceClass] ?? 1, 1);
          share.set(resourceClass, Math.max(share.get(resourceClass) ?? 0, part));
        }
      }
    }
  }
  return [...share].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([resourceClass]) => resourceClass);
}
