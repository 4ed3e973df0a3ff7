/** Scenarios as a campaign makes them up, and some that no campaign does. */

import { join } from 'node:path';
import { type CampaignConfig, campaignScenarios, readCloud } from 'claimcheck';
import type { Host, Scenario } from '../src/scenario/scenario.ts';
import { scenario } from './moves.ts';

export function* generatedScenarios(config: CampaignConfig, count: number): Generator<Scenario> {
  let left = count;
  for (const made of campaignScenarios(config)) {
    if (left-- <= 0) return;
    yield made;
  }
}

/** A cloud of somebody's, where most of what is in use is bystanders'. */
export function sampleCloud(name: string): NonNullable<CampaignConfig['cloud']> {
  const reading = readCloud(join(import.meta.dirname, '../src/cloud/samples', name));
  if (!reading.ok) throw new Error(reading.error);
  return reading.cloud;
}

/** Bystanders with more than there is, with more than one may ask for and no multiple of the step; and who looks at them. */
export function besideBystanders(): Scenario {
  const made = scenario(
    3,
    [
      { operation: 'boot', server: 's1', flavor: 'm1' },
      { operation: 'resize', server: 's1', flavor: 'm2' },
      { operation: 'audit', host: 'h1' },
      { operation: 'placement_audit', delete: true },
      {
        operation: 'set_inventory',
        host: 'h3',
        resource_class: 'VCPU',
        inventory: { total: 70, reserved: 1, min_unit: 1, max_unit: 70, step_size: 1, allocation_ratio: 1.5 },
      },
      { operation: 'confirm', server: 's1' },
    ],
    [],
  );
  const used: readonly NonNullable<Host['used']>[] = [
    { VCPU: 2_147_483_647, DISK_GB: 100 },
    { VCPU: 3, MEMORY_MB: 1_000 },
    { MEMORY_MB: 1_000 },
  ];
  const hosts = made.cloud.hosts.map((host, h) => {
    const memory = { ...host.inventories.MEMORY_MB!, step_size: 512 };
    return { ...host, used: used[h]!, inventories: { ...host.inventories, MEMORY_MB: memory } };
  });
  return { ...made, cloud: { ...made.cloud, hosts } };
}
