import type { Observation } from '../../observation/observation.ts';

/** Of hosts, not of servers: a provider without a compute node is offered to the scheduler for ever, and blocks its name. */
export const providerLifecycle = {
  id: 'provider-lifecycle',
  code: 'RP',
  when: 'settled',
  law: 'A resource provider is there exactly while the compute node of its host is, also when its service was deleted.',
  /** a host whose provider and compute node do not go together, or NONE */
  broken({ setting, hosts, placement }: Observation): number {
    return setting.hosts.findIndex((_, h) => placement.providers[h]!.exists === hosts[h]!.nodeDeleted);
  },
  says(host: string, { nodeDeleted }: { readonly nodeDeleted: number }): string {
    return nodeDeleted === 1 ? `the provider of ${host} outlived its compute node` : `the provider of ${host} is gone`;
  },
} as const;
