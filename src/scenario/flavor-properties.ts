/** How a flavor's properties (Nova: extra specs) are read: nova/scheduler/utils.py:ResourceRequest._process_extra_specs. */
import type { Flavor, Host } from './scenario.ts';

/** os_resource_classes.STANDARDS, in that order; Nova passes over any other class that does not begin with CUSTOM_. */
export const STANDARD_CLASSES: readonly string[] = [
  'VCPU',
  'MEMORY_MB',
  'DISK_GB',
  'PCI_DEVICE',
  'SRIOV_NET_VF',
  'NUMA_SOCKET',
  'NUMA_CORE',
  'NUMA_THREAD',
  'NUMA_MEMORY_MB',
  'IPV4_ADDRESS',
  'VGPU',
  'VGPU_DISPLAY_HEAD',
  'NET_BW_EGR_KILOBIT_PER_SEC',
  'NET_BW_IGR_KILOBIT_PER_SEC',
  'PCPU',
  'MEM_ENCRYPTION_CONTEXT',
  'FPGA',
  'PGPU',
  'NET_PACKET_RATE_KILOPACKET_PER_SEC',
  'NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC',
  'NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC',
];

const GROUP_KEY = /^(resources|trait)([a-zA-Z0-9_-]{1,64})?:(.*)$/;

/** What a property asks for in the request's one group without a number; null for every other property. */
export function askedBy(key: string): { readonly what: 'resources' | 'trait'; readonly name: string } | null {
  const match = GROUP_KEY.exec(key);
  if (match === null || match[2] !== undefined) return null;
  return { what: match[1] === 'trait' ? 'trait' : 'resources', name: match[3]! };
}

/** `dedicated`: all CPUs of the guest are its own. */
export const CPU_POLICY = 'hw:cpu_policy';

/** A class that a flavor can ask for. */
export const isRequestable = (name: string): boolean =>
  STANDARD_CLASSES.includes(name) || /^CUSTOM_[A-Z0-9_]+$/.test(name);

/** Digits as Python's int() takes them; what does not parse is passed over with a warning. */
export const isAmount = (value: string): boolean => /^\s*\+?\d+\s*$/.test(value);

/** `resources:CLASS=n`; what does not parse is ignored with a warning (ResourceRequest._process_extra_specs). */
export function requestedResources(flavor: Flavor): [string, number][] {
  const found = new Map<string, number>();
  for (const [key, value] of Object.entries(flavor.properties)) {
    const asked = askedBy(key);
    if (asked?.what !== 'resources') continue;
    if (isRequestable(asked.name) && isAmount(value)) found.set(asked.name, Number(value));
  }
  return [...found];
}

/**
 * nova/virt/hardware.py:numa_get_constraints: both ways of asking for dedicated CPUs pin all of them. Both at once, and another
 * number of PCPU than of vCPUs, are refused by the API and pin nothing here.
 */
export function pinnedCpusOf(flavor: Flavor): number {
  const asked = requestedResources(flavor).filter(([name]) => name === 'VCPU' || name === 'PCPU');
  const dedicated = flavor.properties[CPU_POLICY] === 'dedicated';
  if (dedicated) return asked.length === 0 ? flavor.vcpus : 0;
  return asked.length === 1 && asked[0]![0] === 'PCPU' && asked[0]![1] === flavor.vcpus ? flavor.vcpus : 0;
}

/** Sets of a host's dedicated CPUs are masks of one cell. */
export const MOST_PCPUS = 31;
export const pcpusOf = ({ inventories }: Host): number =>
  Object.hasOwn(inventories, 'PCPU') ? inventories.PCPU!.total : 0;
