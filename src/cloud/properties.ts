/**
 * A flavor's properties (Nova: extra specs), and which of them decide on what a server of it claims:
 * nova/scheduler/utils.py:ResourceRequest.from_request_spec.
 */
import { CPU_POLICY, pinnedCpusOf, STANDARD_CLASSES } from '../scenario/flavor-properties.ts';
import type { Flavor } from '../scenario/scenario.ts';
import type { Reason } from './note.ts';
import { LARGEST } from './rows.ts';

const leftOut = (what: string): Reason => ({
  one: `asks for ${what}, which the model does not carry; it is left out`,
  many: `ask for ${what}, which the model does not carry; they are left out`,
});

/** Why a flavor's claim is beyond the model. */
export const CLAIM_REASONS = {
  mixed: leftOut('CPUs of which some are dedicated (hw:cpu_policy)'),
  threads: leftOut('dedicated CPUs by thread (hw:cpu_thread_policy, hw:emulator_threads_policy)'),
  contradictory: leftOut('dedicated CPUs twice (hw:cpu_policy beside resources:VCPU or resources:PCPU)'),
  devices: leftOut('PCI devices (pci_passthrough:alias)'),
  accelerators: leftOut('accelerators (accel:device_profile)'),
  persistent: leftOut('persistent memory (hw:pmem)'),
  encrypted: leftOut('encrypted memory (hw:mem_encryption)'),
  granular: leftOut('granular groups (resources1:, trait1: and the like)'),
  varied: leftOut('more than 30 traits, or more than 32 resource classes'),
  excessive: leftOut(`more than ${LARGEST} of a resource class`),
} satisfies Record<string, Reason>;

const CHECKS: readonly [Reason, (key: string, value: string) => boolean][] = [
  [CLAIM_REASONS.mixed, (key, value) => key === CPU_POLICY && value === 'mixed'],
  [CLAIM_REASONS.devices, (key, value) => key === 'pci_passthrough:alias' && value !== ''],
  [CLAIM_REASONS.accelerators, (key, value) => key === 'accel:device_profile' && value !== ''],
  [CLAIM_REASONS.persistent, (key, value) => key === 'hw:pmem' && value !== ''],
  [
    CLAIM_REASONS.encrypted,
    (key, value) => key === 'hw:mem_encryption' && /^\s*(?:1|t|true|on|y|yes)\s*$/i.test(value),
  ],
  [CLAIM_REASONS.granular, (key) => /^(?:resources|trait)[a-zA-Z0-9_-]{1,64}:/.test(key)],
  [CLAIM_REASONS.excessive, (key, value) => key.startsWith(RESOURCES) && (amountOf(key, value) ?? 0) > LARGEST],
];

const RESOURCES = 'resources:';
/** Sets of traits are masks of one cell in the model, and one trait is the driver's own. */
const MOST_TRAITS = 30;
const MOST_CLASSES = 32;
const TRAIT = 'trait:';
const CPU_CLASSES = ['VCPU', 'PCPU'];

export function reasonsAgainst(properties: ReadonlyMap<string, string>): Set<Reason> {
  const reasons = new Set<Reason>();
  for (const [key, value] of properties)
    for (const [reason, holds] of CHECKS) if (holds(key, value)) reasons.add(reason);
  const dedicated = properties.get(CPU_POLICY) === 'dedicated' || properties.has(`${RESOURCES}PCPU`);
  const byThread =
    /^(?:isolate|require)$/.test(properties.get('hw:cpu_thread_policy') ?? '') ||
    properties.get('hw:emulator_threads_policy') === 'isolate';
  if (dedicated && byThread) reasons.add(CLAIM_REASONS.threads);
  if (properties.get(CPU_POLICY) === 'dedicated' && CPU_CLASSES.some((name) => properties.has(`${RESOURCES}${name}`))) {
    reasons.add(CLAIM_REASONS.contradictory);
  }
  const kept = Object.keys(claimProperties(properties));
  const traits = kept.filter((key) => key.startsWith(TRAIT)).length;
  if (traits > MOST_TRAITS || kept.length - traits > MOST_CLASSES) reasons.add(CLAIM_REASONS.varied);
  return reasons;
}

/** What is kept of the properties. Those that Nova passes over with a warning are dropped: `1e3`, `-1`, `many`. */
export function claimProperties(properties: ReadonlyMap<string, string>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [key, value] of properties) {
    const amount = key.startsWith(RESOURCES) ? amountOf(key, value) : undefined;
    // in plain digits, so that no later reader needs Python's rules (` 5 `, `+5` and `1_000` are numbers there)
    if (amount !== undefined) kept[key] = String(amount);
    else if (key === CPU_POLICY && value === 'dedicated') kept[key] = value;
    else if (key.startsWith(TRAIT) && (value === 'required' || value === 'forbidden')) kept[key] = value;
  }
  return kept;
}

function amountOf(key: string, value: string): number | undefined {
  const resourceClass = key.slice(RESOURCES.length);
  if (!STANDARD_CLASSES.includes(resourceClass) && !resourceClass.startsWith('CUSTOM_')) return undefined;
  // int() of Python; minus nought is the one amount with a minus that is not negative
  if (!/^\s*(?:\+?\d+(?:_\d+)*|-0+(?:_0+)*)\s*$/.test(value)) return undefined;
  return Math.abs(Number(value.replaceAll('_', '')));
}

/** The resource classes that every server of the flavor claims, a volume-backed one included. */
export function classesOf(flavor: Flavor): string[] {
  const asked = new Map<string, number>();
  for (const [key, value] of Object.entries(flavor.properties)) {
    if (key.startsWith(RESOURCES)) asked.set(key.slice(RESOURCES.length), Number(value));
  }
  if (!asked.has('VCPU') && !asked.has('PCPU')) asked.set(pinnedCpusOf(flavor) > 0 ? 'PCPU' : 'VCPU', flavor.vcpus);
  if (!asked.has('MEMORY_MB')) asked.set('MEMORY_MB', flavor.ram);
  if (!asked.has('DISK_GB')) asked.set('DISK_GB', flavor.ephemeral + Math.ceil(flavor.swap / 1024));
  return [...asked].flatMap(([resourceClass, amount]) => (amount > 0 ? [resourceClass] : []));
}

export function requiredTraits(flavor: Flavor): string[] {
  return Object.entries(flavor.properties).flatMap(([key, value]) =>
    key.startsWith(TRAIT) && value === 'required' ? [key.slice(TRAIT.length)] : [],
  );
}

/** Between two pairs, however long a text: a pattern over whole pairs would run out of stack on one of megabytes. */
const SEPARATOR = /(?<='), (?=[\p{L}\p{N}_.\-: ]{1,255}=')/u;
const KEY = /^[\p{L}\p{N}_.\-: ]{1,255}$/u;

/**
 * The form of clients up to 5.4: `k='v', k2='v2'`, sorted by key, nothing escaped. A value may hold what looks like an
 * end, so a reading is certain only if no value has a quote and the keys are in order. Undefined if it is no such text.
 */
export function parseOldProperties(text: string): { pairs: Map<string, string>; certain: boolean } | undefined {
  const pairs = new Map<string, string>();
  let certain = true;
  let last = '';
  if (text === '') return { pairs, certain };
  for (const part of text.split(SEPARATOR)) {
    const middle = part.indexOf("='");
    const key = part.slice(0, Math.max(middle, 0));
    if (!KEY.test(key) || part.length < middle + 3 || !part.endsWith("'")) return undefined;
    const value = part.slice(middle + 2, -1);
    if (value.includes("'") || key <= last) certain = false;
    pairs.set(key, value);
    last = key;
  }
  return { pairs, certain };
}
