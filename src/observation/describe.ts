/** An observation in words: for stories, conformance rows, signatures and `--json`. */

import type { Setting } from '../nova/setting.ts';
import { STATUS_NAMES, TASK_NAMES, VM_NAMES } from '../nova/states.ts';
import { printable } from '../scenario/printable.ts';
import { amounts } from './amounts.ts';
import type { Observation, ObservedHoldings } from './observation.ts';

/** The setting under names that are harmless on a terminal. */
export function printableSetting(setting: Setting): Setting {
  const named = <T extends { readonly name: string }>(one: T): T => ({ ...one, name: printable(one.name) });
  return {
    ...setting,
    hosts: setting.hosts.map(named),
    flavors: setting.flavors.map(named),
    classes: setting.classes.map(printable),
    traits: setting.traits.map(printable),
  };
}

/**
 * Holdings by provider, each as the flavor that it is the amounts of where there is one: `h1:m1`, else class by class
 * `h1:VCPU=1,MEMORY_MB=2`. Empty text for nothing.
 */
export function describeHoldings(
  observation: Observation,
  holdings: ObservedHoldings,
  volumeBacked: number,
  minKbps: number,
): string {
  const { setting } = observation;
  const parts: string[] = [];
  for (let row = 0; row < holdings.count; ) {
    const provider = holdings.provider(row);
    const held: [number, number][] = [];
    while (row < holdings.count && holdings.provider(row) === provider) {
      held.push([holdings.resourceClass(row), holdings.amount(row)]);
      row++;
    }
    const flavor = setting.flavors.findIndex((_, f) => {
      const { resources } = amounts(setting, f, volumeBacked, minKbps);
      return (
        resources.length === 2 * held.length &&
        held.every(([c, amount]) => {
          for (let k = 0; k < resources.length; k += 2) if (resources[k] === c) return resources[k + 1] === amount;
          return false;
        })
      );
    });
    const what =
      flavor >= 0
        ? setting.flavors[flavor]!.name
        : held.map(([c, amount]) => `${setting.classes[c]}=${amount}`).join(',');
    parts.push(`${setting.hosts[provider]?.name ?? '?'}:${what}`);
  }
  return parts.join(' ');
}

/** One line on one server: where it is, in what state, what its consumers hold, how its migrations stand. */
export function describeServer(observation: Observation, i: number): string {
  const { setting, instances, migrations, placement, globals, shape } = observation;
  const instance = instances[i]!;
  const host = (h: number): string => setting.hosts[h]?.name ?? '-';
  const consumer = (id: number, name: string): string =>
    `${name}{${describeHoldings(observation, placement.consumers[id]!.allocations, instance.volumeBacked, instance.minKbps)}}`;
  const parts: string[] = [];
  if (instance.exists === 2) parts.push('deleted');
  else {
    const flavor = setting.flavors[instance.flavor]?.name ?? '-';
    parts.push(`${host(instance.host)} ${VM_NAMES[instance.vm]}/${TASK_NAMES[instance.task]} ${flavor}`);
  }
  parts.push(consumer(i, 'I'));
  let n = 0;
  for (let m = 0; m < globals.migrations; m++) {
    const migration = migrations[m]!;
    if (migration.instance !== i || migration.exists === 0) continue;
    n++;
    const holds = consumer(shape.instances + m, `M${n}`);
    parts.push(`${holds} ${migration.exists === 2 ? 'deleted' : STATUS_NAMES[migration.status]}`);
  }
  return parts.join(' | ');
}
