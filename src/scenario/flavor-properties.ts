/** How a flavor's properties (Nova: extra specs) are read: nova/scheduler/utils.py:ResourceRequest._process_extra_specs. */

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

/** A class that a flavor can ask for. */
export const isRequestable = (name: string): boolean =>
  STANDARD_CLASSES.includes(name) || /^CUSTOM_[A-Z0-9_]+$/.test(name);

/** Digits as Python's int() takes them; what does not parse is passed over with a warning. */
export const isAmount = (value: string): boolean => /^\s*\+?\d+\s*$/.test(value);
