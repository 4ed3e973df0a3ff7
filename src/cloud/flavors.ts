/** `flavor list --all --long`: the flavors that the model carries, and notes on the others. */
import { MOST_PCPUS, pcpusOf, pinnedCpusOf } from '../scenario/flavor-properties.ts';
import { printable } from '../scenario/printable.ts';
import type { Flavor, Host } from '../scenario/scenario.ts';
import { count, notesOf, type Reason, type Tally, type Telling } from './note.ts';
import {
  CLAIM_REASONS,
  claimProperties,
  classesOf,
  parseOldProperties,
  reasonsAgainst,
  requiredTraits,
} from './properties.ts';
import { Refusal } from './refusal.ts';
import { distinct, type Files, mustBe, nameOf, type Row, readRows, refuse, wholeNumber } from './rows.ts';

const SOURCE = { file: 'flavors.json', command: 'openstack flavor list --all --long -f json' };

const REASONS = {
  short: {
    one: 'is printed without --long: its swap is taken as 0, its properties as none',
    many: 'are printed without --long: their swap is taken as 0, their properties as none',
  },
  noSwap: { one: 'has no Swap: it is taken as 0', many: 'have no Swap: it is taken as 0' },
  noProperties: { one: 'has no Properties: none are assumed', many: 'have no Properties: none are assumed' },
  uncertain: {
    one: "has properties in the old form k='v' that can be read in several ways: it is given the most properties",
    many: "have properties in the old form k='v' that can be read in several ways: they are given the most properties",
  },
  wide: {
    one: 'has a name too long for a scenario (255 UTF-16 units); it is left out',
    many: 'have a name too long for a scenario (255 UTF-16 units); they are left out',
  },
  ...CLAIM_REASONS,
  foreign: {
    one: 'asks for a resource class that no host has; it is left out',
    many: 'ask for a resource class that no host has; they are left out',
  },
  foreignMadeUp: {
    one: 'asks for a resource class that made-up hosts do not have; it is left out',
    many: 'ask for a resource class that made-up hosts do not have; they are left out',
  },
  crowded: {
    one: `asks for dedicated CPUs, of which some host has more than ${MOST_PCPUS}; it is left out`,
    many: `ask for dedicated CPUs, of which some host has more than ${MOST_PCPUS}; they are left out`,
  },
  traitless: {
    one: 'requires a trait that no host has; it is left out',
    many: 'require a trait that no host has; they are left out',
  },
} satisfies Record<string, Reason>;

const MADE_UP_CLASSES = new Set(['VCPU', 'PCPU', 'MEMORY_MB', 'DISK_GB']);
const LONGEST_NAME = 255;
const LONGEST_PROPERTY = 255;

export interface FlavorReading {
  readonly total: number;
  readonly flavors: readonly Flavor[];
  readonly tally: Tally;
}

export function readFlavors(files: Files): FlavorReading {
  const rows = readRows(files, SOURCE, 'Name');
  if (rows === undefined) {
    throw new Refusal(
      `the cloud folder "${printable(files.folder)}" has no ${SOURCE.file}; save what \`${SOURCE.command}\` prints`,
    );
  }
  if (rows.length === 0) throw new Refusal(`${SOURCE.file} lists no flavor; at least one is needed to draw from`);

  const tally: Tally = new Map();
  const flavors = rows.flatMap((row) => {
    const name = flavorName(row);
    const ram = wholeNumber(row, 'RAM', 1);
    const disk = wholeNumber(row, 'Disk', 0);
    const ephemeral = wholeNumber(row, 'Ephemeral', 0);
    const vcpus = wholeNumber(row, 'VCPUs', 1);
    const swap = swapOf(row);
    const properties = propertiesOf(row, tally);
    const flavor = { name, vcpus, ram, disk, ephemeral, swap, properties: claimProperties(properties) };
    const lacking = missing(row);
    if (lacking !== undefined) count(tally, lacking, flavor.name);
    const against = reasonsAgainst(properties);
    if (flavor.name.length > LONGEST_NAME) against.add(REASONS.wide);
    for (const reason of against) count(tally, reason, flavor.name);
    return against.size === 0 ? [flavor] : [];
  });
  distinct(rows, 'Name', (row) => String(row.fields.get('Name')));
  distinct(rows, 'ID', idOf);
  return { total: rows.length, flavors, tally };
}

/** The flavors that hosts could take by their classes and traits, and the notes on all. */
export function settleFlavors(
  reading: FlavorReading,
  hosts: readonly Host[],
  telling: Telling,
): { flavors: Flavor[]; notes: string[] } {
  const { tally, total } = reading;
  const madeUp = hosts.length === 0;
  const classes = madeUp ? MADE_UP_CLASSES : new Set(hosts.flatMap((host) => Object.keys(host.inventories)));
  const traits = new Set(hosts.flatMap((host) => host.traits));
  const flavors = reading.flavors.filter((flavor) => {
    const foreign = classesOf(flavor).find((resourceClass) => !classes.has(resourceClass));
    // made-up hosts may be made up with any trait
    const lacking = madeUp ? undefined : requiredTraits(flavor).find((trait) => !traits.has(trait));
    if (foreign !== undefined) {
      count(tally, madeUp ? REASONS.foreignMadeUp : REASONS.foreign, `${flavor.name} (${foreign})`);
    }
    if (lacking !== undefined) count(tally, REASONS.traitless, `${flavor.name} (${lacking})`);
    const crowded =
      foreign === undefined && pinnedCpusOf(flavor) > 0 && hosts.some((host) => pcpusOf(host) > MOST_PCPUS);
    if (crowded) count(tally, REASONS.crowded, flavor.name);
    return foreign === undefined && lacking === undefined && !crowded;
  });
  const notes = notesOf(tally, REASONS, 'flavors', total, telling);
  if (flavors.length === 0) throw new Refusal(`${SOURCE.file} has no flavor that the model carries: ${notes.at(-1)}`);
  return { flavors, notes };
}

/** Nova's rule (api/validation/parameter_types.py), but for half surrogate pairs: those are carried. */
function flavorName(row: Row): string {
  const name = nameOf(row, 'Name', LONGEST_NAME);
  if (/[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]/u.test(name))
    refuse(row, 'Name holds unprintable characters, which Nova refuses');
  if (name !== name.trim()) refuse(row, 'Name begins or ends with a blank, which Nova refuses');
  return name;
}

function idOf(row: Row): string | undefined {
  const id = row.fields.get('ID');
  if (id === undefined) return undefined;
  return typeof id === 'string' || typeof id === 'number' ? String(id) : mustBe(row, 'ID', 'a text');
}

/** Clients up to 5.4 print "" for none. */
function swapOf(row: Row): number {
  const swap = row.fields.get('Swap');
  return swap === undefined || swap === '' ? 0 : wholeNumber(row, 'Swap', 0);
}

function missing(row: Row): Reason | undefined {
  const swap = row.fields.has('Swap');
  const properties = row.fields.has('Properties');
  if (!swap) return properties ? REASONS.noSwap : REASONS.short;
  return properties ? undefined : REASONS.noProperties;
}

function propertiesOf(row: Row, tally: Tally): ReadonlyMap<string, string> {
  const printed = row.fields.get('Properties');
  if (printed === undefined) return new Map();
  const old = typeof printed === 'string' ? parseOldProperties(printed) : undefined;
  if (old?.certain === false) count(tally, REASONS.uncertain, String(row.fields.get('Name')));
  const pairs = printed instanceof Map ? printed : old?.pairs;
  if (pairs === undefined) return mustBe(row, 'Properties', "an object, or a text such as k='v', k2='v2'");
  const properties = new Map<string, string>();
  for (const [key, value] of pairs) {
    const what = `property "${printable(key)}"`;
    if (!isShort(key)) refuse(row, `${what} has a name of more than ${LONGEST_PROPERTY} characters`);
    if (typeof value !== 'string') return mustBe(row, what, 'a text', value);
    if (!isShort(value)) refuse(row, `${what} has a value of more than ${LONGEST_PROPERTY} characters`);
    properties.set(key, value);
  }
  return properties;
}

function isShort(text: string): boolean {
  return text.length <= 2 * LONGEST_PROPERTY && Array.from(text).length <= LONGEST_PROPERTY;
}
