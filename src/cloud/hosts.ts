/** `resource provider list` and each root's inventory, traits and usage: the compute hosts, and notes on what is none. */
import { printable } from '../scenario/printable.ts';
import type { Host, Inventory } from '../scenario/scenario.ts';
import { count, notesOf, type Reason, type Tally } from './note.ts';
import {
  distinct,
  type Files,
  LARGEST,
  mustBe,
  nameOf,
  type Row,
  readRows,
  refuse,
  symbolOf,
  wholeNumber,
} from './rows.ts';

const SOURCE = { file: 'providers.json', command: 'openstack resource provider list -f json' };

const PROVIDER_REASONS = {
  treeless: {
    one: 'is printed without its parent (by an old client or API version) and is taken as a root',
    many: 'are printed without their parents (by an old client or API version) and are taken as roots',
  },
  child: {
    one: 'is nested below another, which the model does not carry; it is left out with its inventory',
    many: 'are nested below others, which the model does not carry; they are left out with their inventories',
  },
  wide: {
    one: 'has a name too long for a scenario (255 UTF-16 units); it is left out',
    many: 'have names too long for a scenario (255 UTF-16 units); they are left out',
  },
  service: {
    one: 'bears the name that a scenario gives to a service; it is left out',
    many: 'bear names that a scenario gives to services; they are left out',
  },
  unknown: {
    one: 'has no file in inventories/; it is left out',
    many: 'have no file in inventories/; they are left out',
  },
  empty: {
    one: 'has no inventory; it is left out',
    many: 'have no inventory; they are left out',
  },
  shared: {
    one: 'shares its inventory with others (MISC_SHARES_VIA_AGGREGATE), which the model does not carry; it is left out',
    many: 'share their inventories with others (MISC_SHARES_VIA_AGGREGATE), which the model does not carry; they are left out',
  },
  other: {
    one: 'has neither CPUs nor memory nor a custom class and is no compute host; it is left out',
    many: 'have neither CPUs nor memory nor a custom class and are no compute hosts; they are left out',
  },
} satisfies Record<string, Reason>;

const HOST_REASONS = {
  untold: {
    one: 'has no file in traits/: it is taken to have no traits',
    many: 'have no file in traits/: they are taken to have no traits',
  },
  disabled: {
    one: 'is disabled (COMPUTE_STATUS_DISABLED), which the model does not carry: servers are put there as anywhere',
    many: 'are disabled (COMPUTE_STATUS_DISABLED), which the model does not carry: servers are put there as anywhere',
  },
  varied: {
    one: 'has more than 32 resource classes: those after the first 32 are left out',
    many: 'have more than 32 resource classes: those after the first 32 are left out',
  },
  unmeasured: {
    one: 'has neither `used` in its inventory (old clients print none) nor a file in usages/: it is taken as empty',
    many: 'have neither `used` in their inventories (old clients print none) nor files in usages/: they are taken as empty',
  },
  moved: {
    one: 'has a file in usages/ that says otherwise than its inventory, which is taken',
    many: 'have files in usages/ that say otherwise than their inventories, which are taken',
  },
  crowded: {
    one: 'has more than 2147483647 of a resource class in use: it is taken as 2147483647',
    many: 'have more than 2147483647 of a resource class in use: it is taken as 2147483647',
  },
} satisfies Record<string, Reason>;

const UUID = /^[0-9a-f]{8}(-?)(?:[0-9a-f]{4}\1){3}[0-9a-f]{12}$/i;
const LONGEST_NAME = 200;
const LONGEST_HOST_NAME = 255;
/** Hosts have three to a dozen; a world of the model has room for each class in every handler's memory. */
const MOST_CLASSES = 32;
/** placement/db/constants.py: SQL_SP_FLOAT_MAX */
const LARGEST_RATIO = 3.40282e38;
const SERVICES = new Set(['api', 'conductor', 'scheduler', 'placement']);

export function readHosts(files: Files): { hosts: Host[]; notes: string[] } {
  const rows = readRows(files, SOURCE, 'name');
  if (rows === undefined) return { hosts: [], notes: [`there is no ${SOURCE.file}: hosts are made up`] };
  if (rows.length === 0) return { hosts: [], notes: [`${SOURCE.file} lists no provider: hosts are made up`] };

  for (const row of rows) {
    uuidOf(row, 'uuid');
    nameOf(row, 'name', LONGEST_NAME);
  }
  distinct(rows, 'name', (row) => nameOf(row, 'name', LONGEST_NAME));
  distinct(rows, 'uuid', (row) => uuidOf(row, 'uuid'));

  const tally: Tally = new Map();
  const children = childrenAmong(rows, tally);
  const hosts = rows.flatMap((row) => {
    const name = nameOf(row, 'name', LONGEST_NAME);
    const host = children.has(row) ? PROVIDER_REASONS.child : readHost(files, row, name, tally);
    if ('name' in host) return [host];
    count(tally, host, name);
    return [];
  });
  const notes = [
    ...notesOf(tally, PROVIDER_REASONS, 'providers', rows.length, files.telling),
    ...notesOf(tally, HOST_REASONS, 'hosts', hosts.length, files.telling),
  ];
  if (hosts.length === 0) notes.push(`no provider of ${SOURCE.file} is a host that can be used: hosts are made up`);
  return { hosts, notes };
}

/** The host, or the reason why the provider is none. */
function readHost(files: Files, row: Row, name: string, tally: Tally): Host | Reason {
  if (name.length > LONGEST_HOST_NAME) return PROVIDER_REASONS.wide;
  if (SERVICES.has(name)) return PROVIDER_REASONS.service;
  // the one part of a path that comes from the input, and of a known form
  const uuid = String(row.fields.get('uuid'));
  const records = readInventories(files, uuid);
  const traits = readTraits(files, uuid);
  const usages = readUsages(files, uuid);
  if (records === undefined) return PROVIDER_REASONS.unknown;
  const classes = [...records.keys()];
  if (classes.length === 0) return PROVIDER_REASONS.empty;
  if (traits?.includes('MISC_SHARES_VIA_AGGREGATE')) return PROVIDER_REASONS.shared;
  const computes = (resourceClass: string): boolean => /^(?:VCPU|PCPU|MEMORY_MB|CUSTOM_.*)$/.test(resourceClass);
  if (!classes.some(computes)) return PROVIDER_REASONS.other;
  if (traits === undefined) count(tally, HOST_REASONS.untold, name);
  else if (traits.includes('COMPUTE_STATUS_DISABLED')) count(tally, HOST_REASONS.disabled, name);
  if (classes.length > MOST_CLASSES) count(tally, HOST_REASONS.varied, name);
  const carried = [...records].slice(0, MOST_CLASSES);
  const inventories = Object.fromEntries(carried.map(([resourceClass, { inventory }]) => [resourceClass, inventory]));
  const host: Host = { name, inventories, traits: traits ?? [] };
  const used = inUse(new Map(carried), usages, (reason) => count(tally, reason, name));
  return Object.keys(used).length === 0 ? host : { ...host, used };
}

interface InventoryRow {
  readonly inventory: Inventory;
  /** undefined where the client prints none: osc-placement up to 2.2 */
  readonly used: number | undefined;
}

/** What is in use of each class. The inventory's own figure is of the same moment as the inventory, so it goes first. */
function inUse(
  records: ReadonlyMap<string, InventoryRow>,
  usages: ReadonlyMap<string, number> | undefined,
  note: (reason: Reason) => void,
): Record<string, number> {
  const amounts = [...records].map(([resourceClass, { used }]): [string, number | undefined, number | undefined] => [
    resourceClass,
    used,
    usages === undefined ? undefined : (usages.get(resourceClass) ?? 0),
  ]);
  const strays = [...(usages ?? [])].some(([resourceClass, amount]) => amount > 0 && !records.has(resourceClass));
  if (amounts.some(([, own, other]) => own === undefined && other === undefined)) note(HOST_REASONS.unmeasured);
  const differ = amounts.some(([, own, other]) => own !== undefined && other !== undefined && own !== other);
  if (strays || differ) note(HOST_REASONS.moved);
  const taken = amounts.map(([resourceClass, own, other]): [string, number] => [resourceClass, own ?? other ?? 0]);
  if (taken.some(([, amount]) => amount > LARGEST)) note(HOST_REASONS.crowded);
  return Object.fromEntries(
    taken.flatMap(([resourceClass, amount]) => (amount > 0 ? [[resourceClass, Math.min(amount, LARGEST)]] : [])),
  );
}

function readInventories(files: Files, uuid: string): Map<string, InventoryRow> | undefined {
  const command = `openstack resource provider inventory list ${uuid} -f json`;
  const rows = readRows(files, { file: `inventories/${uuid}.json`, command }, 'resource_class');
  if (rows === undefined) return undefined;
  const records = new Map<string, InventoryRow>();
  for (const row of rows) {
    const resourceClass = symbolOf(row, 'resource_class');
    const total = wholeNumber(row, 'total', 1);
    const reserved = wholeNumber(row, 'reserved', 0);
    const min_unit = wholeNumber(row, 'min_unit', 1);
    const max_unit = wholeNumber(row, 'max_unit', 1);
    const step_size = wholeNumber(row, 'step_size', 1);
    const allocation_ratio = ratioOf(row);
    // Placement's own test: on the product, truncated, so that more may be reserved than there is at a low ratio
    if (Math.trunc((total - reserved) * allocation_ratio) < 0) {
      refuse(row, `reserved must be at most the total of ${total}, not ${reserved}`);
    }
    const inventory = { total, reserved, min_unit, max_unit, step_size, allocation_ratio };
    records.set(resourceClass, { inventory, used: row.fields.has('used') ? usageOf(row, 'used') : undefined });
  }
  distinct(rows, 'resource_class', (row) => symbolOf(row, 'resource_class'));
  return records;
}

function readUsages(files: Files, uuid: string): Map<string, number> | undefined {
  const command = `openstack resource provider usage show ${uuid} -f json`;
  const rows = readRows(files, { file: `usages/${uuid}.json`, command }, 'resource_class');
  if (rows === undefined) return undefined;
  const usages = new Map(rows.map((row) => [symbolOf(row, 'resource_class'), usageOf(row, 'usage')]));
  distinct(rows, 'resource_class', (row) => symbolOf(row, 'resource_class'));
  return usages;
}

/** A sum of allocations, which no column bounds. */
function usageOf(row: Row, key: string): number {
  const value = row.fields.get(key);
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? value + 0
    : mustBe(row, key, 'a whole number from 0 on');
}

function ratioOf(row: Row): number {
  const ratio = row.fields.get('allocation_ratio');
  return typeof ratio === 'number' && ratio >= 0 && ratio <= LARGEST_RATIO
    ? ratio + 0
    : mustBe(row, 'allocation_ratio', `a number from 0 to ${LARGEST_RATIO}`);
}

function readTraits(files: Files, uuid: string): string[] | undefined {
  const command = `openstack resource provider trait list ${uuid} -f json`;
  const rows = readRows(files, { file: `traits/${uuid}.json`, command }, 'name');
  if (rows === undefined) return undefined;
  const traits = rows.map((row) => symbolOf(row, 'name'));
  distinct(rows, 'name', (row) => symbolOf(row, 'name'));
  return traits;
}

/** In one spelling: Placement takes capitals, and leaves out the hyphens if told so. */
function uuidOf(row: Row, key: string): string {
  const value = row.fields.get(key);
  if (typeof value !== 'string' || !UUID.test(value)) {
    return mustBe(row, key, 'a uuid such as 01234567-89ab-cdef-0123-456789abcdef');
  }
  return value.toLowerCase().replaceAll('-', '');
}

/** The providers below another one. A list whose parents do not end in a root was not printed by Placement. */
function childrenAmong(rows: readonly Row[], tally: Tally): Set<Row> {
  const byUuid = new Map(rows.map((row) => [uuidOf(row, 'uuid'), row]));
  const parentOf = (row: Row): Row | undefined => {
    if ((row.fields.get('parent_provider_uuid') ?? null) === null) return undefined;
    const parent = byUuid.get(uuidOf(row, 'parent_provider_uuid'));
    return parent ?? mustBe(row, 'parent_provider_uuid', 'in the list');
  };

  const rootOf = new Map<Row, Row>();
  for (const row of rows) {
    const path = new Set<Row>();
    let above = row;
    for (let parent = parentOf(above); parent !== undefined && !rootOf.has(above); parent = parentOf(above)) {
      path.add(above);
      if (path.has(parent)) refuse(row, 'parent_provider_uuid leads round in a circle; a provider must have a root');
      above = parent;
    }
    const root = rootOf.get(above) ?? above;
    for (const step of path) rootOf.set(step, root);
  }

  const children = new Set<Row>();
  for (const row of rows) {
    const root = rootOf.get(row) ?? row;
    const printed = row.fields.get('root_provider_uuid') ?? null;
    const printedRoot = printed === null ? undefined : uuidOf(row, 'root_provider_uuid');
    if (!row.fields.has('parent_provider_uuid')) {
      if (printedRoot === undefined) count(tally, PROVIDER_REASONS.treeless, nameOf(row, 'name', LONGEST_NAME));
      else if (printedRoot !== uuidOf(row, 'uuid')) children.add(row);
      continue;
    }
    if (printedRoot !== undefined && printedRoot !== uuidOf(root, 'uuid')) {
      mustBe(row, 'root_provider_uuid', `${printable(String(root.fields.get('uuid')))}, where its parents lead`);
    }
    if (root !== row) children.add(row);
  }
  return children;
}
