/**
 * Tokens: a scenario, and what it was run with, in one word that survives a chat, a shell and a URL.
 *
 * A token is `cc1.` and then base64url of a deflated compact JSON followed by a checksum. The compact form is made of
 * lists without keys; trailing defaults are left out, and names of the cloud are told by number. The tables here are
 * part of the format: tokens are kept in known lists and bug reports, so an entry may be added but never changed.
 */
import { deflateSync, Inflate } from 'fflate';
import { fromBase64url, joined, toBase64url } from './base64url.ts';
import { printable } from './printable.ts';
import { checkScenario, LONGEST_SCENARIO_BYTES, type Reading, refused } from './read.ts';
import {
  type Fault,
  type FaultKind,
  type Flavor,
  type Hold,
  type Host,
  type Inventory,
  MIGRATION_STATUSES,
  type Operation,
  type OperationName,
  type Options,
  SCENARIO_VERSION,
  type Scenario,
} from './scenario.ts';

export interface Envelope {
  scenario: Scenario;
  protocol: 'nova' | 'rollback';
  contract: 'strict' | 'nova' | 'mission';
  defects: string[];
  repairs: string[];
  signature: string | null;
}

const TOKEN_VERSION = '1';
const PREFIX = `cc${TOKEN_VERSION}.`;
const LONGEST_TOKEN = 2_000_000;
const MOST_UNPACKED_BYTES = 1024 * 1024;
/** So little at a time that one piece, at deflate's best ratio of 1032, cannot unpack to more than half a megabyte. */
const INFLATE_PIECE_BYTES = 512;
const CHECKSUM_BYTES = 3;
/** The least that an inventory and a trait take in a scenario file, keys, quotes and commas included. */
const INVENTORY_TEXT_BYTES = 88;
const TRAIT_TEXT_BYTES = 4;

const PROTOCOLS = ['nova', 'rollback'] as const;
const CONTRACTS = ['strict', 'nova', 'mission'] as const;
const STATES = ['active', 'error'] as const;
const RESOURCE_CLASSES = ['VCPU', 'MEMORY_MB', 'DISK_GB'] as const;
const SERVICES = ['api', 'conductor', 'scheduler', 'placement'] as const;
const CONSUMERS = ['instance', 'migration'] as const;

const OPERATION_CODES: Record<OperationName, number> = {
  boot: 0,
  resize: 1,
  cold_migrate: 2,
  confirm: 3,
  revert: 4,
  delete: 5,
  stop: 6,
  start: 7,
  hard_reboot: 8,
  reset_state: 9,
  audit: 10,
  poll_unconfirmed_resizes: 11,
  cleanup_incomplete_migrations: 12,
  set_inventory: 13,
  crash: 14,
  restart: 15,
  settle: 16,
  recover: 17,
  lose_host: 30,
  live_migrate: 22,
  abort_live_migration: 23,
  evacuate: 24,
  shelve: 25,
  shelve_offload: 26,
  unshelve: 27,
  rebuild: 28,
  force_down: 29,
  delete_service: 31,
  placement_audit: 18,
  heal_allocations: 19,
  delete_allocations: 20,
  edit_row: 21,
  detach_interface: 32,
};

const FAULT_CODES: Record<FaultKind, number> = {
  'error-before': 0,
  'error-after': 1,
  'fault-rollback': 2,
  unavailable: 3,
  'build-abort': 4,
  refused: 5,
  lost: 6,
  late: 7,
  doubled: 8,
  'timeout-before': 9,
  'timeout-after': 10,
  'timeout-during': 11,
  'reply-lost': 12,
  conflict: 13,
  'provider-conflict': 14,
  'html-before': 15,
  'html-after': 16,
  'placement-crash': 17,
  'crash-before': 18,
  'crash-after': 19,
  'unknown-node': 20,
};

/** Not DEFAULT_OPTIONS: those may follow Nova's releases, and old tokens must keep their meaning. */
const TOKEN_OPTIONS: readonly (readonly [keyof Options, boolean | number])[] = [
  ['allow_resize_to_same_host', false],
  ['supports_migrate_to_same_host', false],
  ['max_attempts', 3],
  ['client_replay', 0],
  ['nova_release', 34],
  ['placement_release', 16],
];

/** What tokens are likely to say, the likeliest last, so that deflate can refer to it from the first byte. */
const DICTIONARY = new TextEncoder().encode(
  [
    'atomic-decision bystanders-unchanged capacity-respected delete-releases-all destination-empty generation-honesty',
    'guest-single-home host-agreement idempotent-recovery no-double-allocation no-orphan-consumer no-spurious-refusal',
    'no-stuck-migration provider-lifecycle source-unchanged source-zero tracker-matches error-before error-after',
    'crash-before crash-after timeout-before timeout-after reply-lost verify_resize resized migrating post-migrating',
    'pre-migrating confirming reverting reverted confirmed finished active stopped error none',
    'HW_CPU_X86_AVX2 COMPUTE_STATUS_DISABLED COMPUTE_SAME_HOST_COLD_MIGRATE CUSTOM_ PCPU VGPU hw:cpu_policy dedicated',
    'compute-01 compute-1 node host server vm tiny micro m1.tiny m1.xlarge m1.large m1.medium m1.small',
    'api.validate api.set-task-state api.action-record api.cast-conductor confirm.api revert.api',
    'frevert.prepare frevert.save frevert.set-host frevert.set-state frevert.swap-back frevert.unstash',
    'frevert.volumes frevert.network frevert.driver revert.set-reverting revert.set-task revert.dest-network',
    'revert.dest-destroy revert.dest-volumes revert.drop-claim revert.cast-finish revert.cast confirm.check',
    'confirm.cast confirm.unstash confirm.network confirm.driver confirm.set-state confirm.drop-claim',
    'confirm.delete-alloc conductor.prepare conductor.fill conductor.schedule conductor.swap conductor.get-allocs',
    'conductor.create-migration conductor.read-source-node conductor.save-reqspec conductor.cast-prep',
    'scheduler.reply scheduler.filter scheduler.candidates scheduler.claim-get scheduler.claim-put prep.undo.',
    'prep.start-notify prep.end-notify prep.group-policy prep.pci-map prep.stash prep.get-allocs prep.rt-claim',
    'prep.cast-resize src.end-notify src.set-task src.set-migrating src.set-post-migrating src.network-start',
    'src.network-info src.volumes src.driver src.cast-finish src.flip-host src.undo. finish.undo. finish.swap-bdm',
    'finish.set-task finish.set-flavor finish.set-resized finish.set-finished finish.post finish.get-allocs',
    'finish.volumes-update finish.volumes-complete finish.network finish.driver 0,[],[[65536,1,512],2,100,[131072,',
    '[[[[0,[8,4],1,[16384,1,512],2,[200,[[[[0,4,1,8192,2,100]],0,0],[[1,2048,20],[2,4096,40]],[[0,0,0],[1,0,1],[3,0]],[["',
  ].join(' '),
);

type Cell = number | string | Cell[];

/** A list without its trailing defaults (numbers, or empty lists); a list of one number stands as the number. */
function row(cells: readonly Cell[], defaults: readonly (number | string | null)[]): Cell {
  let length = cells.length;
  while (length > 0) {
    const cell = cells[length - 1];
    const preset = defaults[defaults.length - (cells.length - length) - 1];
    const isDefault = Array.isArray(cell) ? preset === null && cell.length === 0 : cell === preset;
    if (!isDefault) break;
    length--;
  }
  const kept = cells.slice(0, length);
  const [only] = kept;
  return kept.length === 1 && typeof only === 'number' ? only : kept;
}

/** The cells of a row; of anything else, none: what is then missing is named when the scenario is checked. */
function cells(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'number' ? [value] : [];
}

/** The number of a name, or the name itself where it is new and is not what the next one is expected to be. */
function refer(names: string[], name: string, expected: string | null): Cell {
  const known = names.indexOf(name);
  if (known >= 0) return known;
  names.push(name);
  return name === expected ? names.length - 1 : name;
}

function resolve(names: string[], reference: unknown, expected: string | null): unknown {
  if (typeof reference === 'number') {
    if (reference === names.length && expected !== null) names.push(expected);
    return names[reference];
  }
  if (typeof reference === 'string') names.push(reference);
  return reference;
}

const nextServer = (servers: readonly string[]): string => `s${servers.length + 1}`;
const hostName = (index: number): string => `h${index + 1}`;
const flavorName = (index: number): string => `m${index + 1}`;

/** A position in a fixed table, or the word itself where the table does not have it. */
function code(table: readonly string[], word: string): Cell {
  const known = table.indexOf(word);
  return known >= 0 ? known : word;
}

const entry = <T>(table: readonly T[], cell: unknown): T | undefined =>
  typeof cell === 'number' ? table[cell] : undefined;

const word = (table: readonly string[], cell: unknown): unknown =>
  typeof cell === 'string' ? cell : entry(table, cell);

/** Not String(cell): of a deeply nested list that overflows the stack. */
const text = (cell: unknown): string => (typeof cell === 'string' || typeof cell === 'number' ? `${cell}` : 'a list');

/** A code of a later claimcheck reads as a word that no check accepts, so that the sentence names it. */
function uncoded(codes: Readonly<Record<string, number>>, cell: unknown): unknown {
  const found = Object.entries(codes).find(([, value]) => value === cell);
  return found === undefined ? `code ${text(cell)}` : found[0];
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((text) => typeof text === 'string');

/** `max_unit` is nearly always the total, and is never 0. */
function packInventory(inventory: Inventory): Cell[] {
  const { total, reserved, min_unit, max_unit, step_size, allocation_ratio } = inventory;
  return [total, allocation_ratio, reserved, max_unit === total ? 0 : max_unit, min_unit, step_size];
}
const INVENTORY_DEFAULTS = [1, 0, 0, 1, 1];

function unpackInventory(packed: readonly unknown[]): Record<string, unknown> {
  const [total, allocation_ratio = 1, reserved = 0, max = 0, min_unit = 1, step_size = 1] = packed;
  return { total, reserved, min_unit, max_unit: max === 0 ? total : max, step_size, allocation_ratio };
}

function packHosts(hosts: readonly Host[]): Cell[] {
  const earlier = new Map<string, number>();
  return hosts.map((host, index) => {
    const inventories = Object.entries(host.inventories).flatMap(([name, inventory]) => [
      code(RESOURCE_CLASSES, name),
      row(packInventory(inventory), INVENTORY_DEFAULTS),
    ]);
    const own: Cell = [inventories, ...host.traits];
    const text = JSON.stringify(own);
    const twin = earlier.get(text);
    if (twin === undefined) earlier.set(text, index);
    return row([twin ?? own, host.name === hostName(index) ? 0 : host.name, packUsed(host.used)], [0, null]);
  });
}

/** Pairs of a class and an amount; nothing for a host of which nothing is said, 0 where it is said that nothing is used. */
function packUsed(used: Host['used']): Cell {
  const pairs = Object.entries(used ?? {}).flatMap(([name, amount]) => [code(RESOURCE_CLASSES, name), amount]);
  return used !== undefined && pairs.length === 0 ? 0 : pairs;
}

function unpackUsed(packed: unknown): { used?: unknown } {
  if (packed === undefined) return {};
  const flat = packed === 0 ? [] : cells(packed);
  const pairs: [string, unknown][] = [];
  for (let at = 0; at < flat.length; at += 2) pairs.push([text(word(RESOURCE_CLASSES, flat[at])), flat[at + 1]]);
  return { used: Object.fromEntries(pairs) };
}

/**
 * Null where the hosts come to more than a scenario file may have: what a host has by reference to another costs
 * nothing in the token, so its limit on size does not bound it.
 */
function unpackHosts(packed: unknown): unknown[] | null {
  const owns: { inventories: unknown; traits: readonly unknown[]; bytes: number }[] = [];
  let bytes = 0;
  const hosts: unknown[] = [];
  for (const [index, host] of cells(packed).entries()) {
    const [content, name = 0, used] = cells(host);
    let own = entry(owns, content);
    if (own === undefined) {
      const [inventories, ...traits] = cells(content);
      const flat = cells(inventories);
      const pairs: [string, unknown][] = [];
      for (let at = 0; at < flat.length; at += 2) {
        pairs.push([text(word(RESOURCE_CLASSES, flat[at])), unpackInventory(cells(flat[at + 1]))]);
      }
      const ownBytes = pairs.length * INVENTORY_TEXT_BYTES + traits.length * TRAIT_TEXT_BYTES;
      own = { inventories: Object.fromEntries(pairs), traits, bytes: ownBytes };
    }
    owns.push(own);
    bytes += own.bytes;
    if (bytes > LONGEST_SCENARIO_BYTES) return null;
    hosts.push({
      name: name === 0 ? hostName(index) : name,
      inventories: own.inventories,
      traits: own.traits,
      ...unpackUsed(used),
    });
  }
  return hosts;
}

function packFlavor(flavor: Flavor, index: number): Cell {
  const { name, vcpus, ram, disk, ephemeral, swap } = flavor;
  const properties = Object.entries(flavor.properties).flat();
  const ownName = name === flavorName(index) ? 0 : name;
  return row([vcpus, ram, disk, ownName, swap, ephemeral, properties], [0, 0, 0, 0, null]);
}

function unpackFlavor(packed: unknown, index: number): unknown {
  const [vcpus, ram, disk = 0, name = 0, swap = 0, ephemeral = 0, flat = []] = cells(packed);
  const texts = isTexts(flat) ? flat : [];
  const pairs = texts.flatMap((key, at) => (at % 2 === 0 ? [[key, texts[at + 1]] as const] : []));
  const properties = isTexts(flat) ? Object.fromEntries(pairs) : flat;
  const ownName = name === 0 ? flavorName(index) : name;
  return { name: ownName, vcpus, ram, disk, ephemeral, swap, properties };
}

interface Names {
  servers: string[];
  flavors: string[];
  /** hosts, then the services that are no computes */
  hosts: string[];
}

function packOperation(op: Operation, names: Names): Cell {
  const host = (name: string | undefined) => (name === undefined ? -1 : refer(names.hosts, name, null));
  const flavor = (name: string) => refer(names.flavors, name, null);
  const server = (name: string) => refer(names.servers, name, nextServer(names.servers));
  const number = OPERATION_CODES[op.operation];
  switch (op.operation) {
    case 'boot': {
      const volume = op.volume_backed === undefined ? 0 : op.volume_backed ? 1 : 2;
      return row([number, server(op.server), flavor(op.flavor), host(op.host), volume, op.min_kbps ?? 0], [-1, 0, 0]);
    }
    case 'resize':
      return [number, server(op.server), flavor(op.flavor)];
    case 'cold_migrate':
    case 'unshelve':
      return row([number, server(op.server), host(op.host)], [-1]);
    case 'live_migrate':
    case 'evacuate':
      return row([number, server(op.server), host(op.host), op.force === true ? 1 : 0], [-1, 0]);
    case 'confirm':
    case 'revert':
    case 'abort_live_migration':
    case 'shelve':
    case 'shelve_offload':
    case 'rebuild':
    case 'delete':
    case 'stop':
    case 'start':
    case 'hard_reboot':
    case 'detach_interface':
      return [number, server(op.server)];
    case 'reset_state':
      return [number, server(op.server), code(STATES, op.state)];
    case 'audit':
    case 'poll_unconfirmed_resizes':
    case 'cleanup_incomplete_migrations':
    case 'lose_host':
    case 'delete_service':
      return [number, host(op.host)];
    case 'force_down':
      return [number, host(op.host), op.forced_down ? 1 : 0];
    case 'set_inventory': {
      const place = [host(op.host), code(RESOURCE_CLASSES, op.resource_class)];
      return row([number, ...place, ...packInventory(op.inventory)], INVENTORY_DEFAULTS);
    }
    case 'crash':
      return [number, host(op.service)];
    case 'restart':
      return row([number, host(op.service), op.reinstalled === true ? 1 : 0], [0]);
    case 'settle':
    case 'recover':
      return number;
    case 'placement_audit':
      return row([number, op.delete === true ? 1 : 0, host(op.host)], [0, -1]);
    case 'heal_allocations':
      return row([number, op.force === true ? 1 : 0, op.server === undefined ? -1 : server(op.server)], [0, -1]);
    case 'delete_allocations':
      return [number, server(op.server), code(CONSUMERS, op.of)];
    case 'edit_row': {
      const status = op.migration_status === undefined ? -1 : code(MIGRATION_STATUSES, op.migration_status);
      return row([number, server(op.server), host(op.host), status], [-1, -1]);
    }
  }
}

function unpackOperation(packed: unknown, names: Names): unknown {
  const [number, first, second, ...rest] = cells(packed);
  const operation = uncoded(OPERATION_CODES, number) as OperationName;
  const host = (reference: unknown) => resolve(names.hosts, reference, null);
  const hostIfAny = (reference: unknown) => (reference === -1 ? {} : { host: host(reference) });
  const flavor = (reference: unknown) => resolve(names.flavors, reference, null);
  const server = (reference: unknown) => resolve(names.servers, reference, nextServer(names.servers));
  switch (operation) {
    case 'boot': {
      const [third = -1, volume = 0, min_kbps = 0] = rest;
      const volumeIfSaid = volume === 0 ? {} : { volume_backed: volume === 1 };
      const portIfAny = min_kbps === 0 ? {} : { min_kbps };
      const who = { server: server(first), flavor: flavor(second) };
      return { operation, ...who, ...hostIfAny(third), ...volumeIfSaid, ...portIfAny };
    }
    case 'resize':
      return { operation, server: server(first), flavor: flavor(second) };
    case 'cold_migrate':
    case 'unshelve':
      return { operation, server: server(first), ...hostIfAny(second ?? -1) };
    case 'live_migrate':
    case 'evacuate': {
      const [force = 0] = rest;
      return { operation, server: server(first), ...hostIfAny(second ?? -1), ...(force === 1 ? { force: true } : {}) };
    }
    case 'confirm':
    case 'revert':
    case 'abort_live_migration':
    case 'shelve':
    case 'shelve_offload':
    case 'rebuild':
    case 'delete':
    case 'stop':
    case 'start':
    case 'hard_reboot':
    case 'detach_interface':
      return { operation, server: server(first) };
    case 'reset_state':
      return { operation, server: server(first), state: word(STATES, second) };
    case 'audit':
    case 'poll_unconfirmed_resizes':
    case 'cleanup_incomplete_migrations':
    case 'lose_host':
    case 'delete_service':
      return { operation, host: host(first) };
    case 'force_down':
      return { operation, host: host(first), forced_down: second === 1 };
    case 'set_inventory': {
      const resource_class = word(RESOURCE_CLASSES, second);
      return { operation, host: host(first), resource_class, inventory: unpackInventory(rest) };
    }
    case 'crash':
      return { operation, service: host(first) };
    case 'restart':
      return { operation, service: host(first), ...(second === 1 ? { reinstalled: true } : {}) };
    case 'placement_audit':
      return { operation, ...(first === 1 ? { delete: true } : {}), ...hostIfAny(second ?? -1) };
    case 'heal_allocations': {
      const serverIfAny = (second ?? -1) === -1 ? {} : { server: server(second) };
      return { operation, ...serverIfAny, ...(first === 1 ? { force: true } : {}) };
    }
    case 'delete_allocations':
      return { operation, server: server(first), of: word(CONSUMERS, second) };
    case 'edit_row': {
      const [status = -1] = rest;
      const statusIfAny = status === -1 ? {} : { migration_status: word(MIGRATION_STATUSES, status) };
      return { operation, server: server(first), ...hostIfAny(second ?? -1), ...statusIfAny };
    }
    default:
      return { operation };
  }
}

const packFault = (fault: Fault): Cell =>
  row([fault.point, fault.operation, FAULT_CODES[fault.kind], fault.nth, fault.times], [1, 1]);

function unpackFault(packed: unknown): unknown {
  const [point, operation, kind, nth = 1, times = 1] = cells(packed);
  return { operation, point, kind: uncoded(FAULT_CODES, kind), nth, times };
}

const packHold = (hold: Hold): Cell =>
  row([hold.point, hold.operation, hold.until, hold.nth, hold.handler ?? ''], [1, '']);

function unpackHold(packed: unknown): unknown {
  const [point, operation, until, nth = 1, handler] = cells(packed);
  return { operation, point, nth, until, ...(handler === undefined ? {} : { handler }) };
}

/** Pairs of an option's number and its value, for those that differ. */
const packOptions = (options: Options): Cell[] =>
  TOKEN_OPTIONS.flatMap(([key, preset], index) => (options[key] === preset ? [] : [index, Number(options[key])]));

function unpackOptions(packed: unknown): unknown {
  const options: Record<string, unknown> = Object.fromEntries(TOKEN_OPTIONS);
  const flat = cells(packed);
  for (let at = 0; at < flat.length; at += 2) {
    const [key, preset] = entry(TOKEN_OPTIONS, flat[at]) ?? [`option ${text(flat[at])}`, 0];
    options[key] = typeof preset === 'boolean' ? flat[at + 1] === 1 : flat[at + 1];
  }
  return options;
}

function namesOf(hosts: readonly { name: string }[], flavors: readonly { name: string }[]): Names {
  return {
    servers: [],
    flavors: flavors.map(({ name }) => name),
    hosts: [...hosts.map(({ name }) => name), ...SERVICES],
  };
}

function pack(envelope: Envelope): Cell {
  const { scenario, protocol, contract, defects, repairs, signature } = envelope;
  const { hosts, flavors } = scenario.cloud;
  const names = namesOf(hosts, flavors);
  return row(
    [
      packHosts(hosts),
      flavors.map(packFlavor),
      scenario.operations.map((op) => packOperation(op, names)),
      scenario.faults.map(packFault),
      scenario.holds.map(packHold),
      packOptions(scenario.options),
      signature ?? 0,
      PROTOCOLS.indexOf(protocol),
      CONTRACTS.indexOf(contract),
      defects,
      repairs,
    ],
    [null, null, null, null, null, null, 0, 0, 0, null, null],
  );
}

const DAMAGED = 'this token is damaged: it was cut or mistyped on its way; copy it again as a whole';
const FOREIGN = 'this token is damaged: what it unpacks to was not written by claimcheck';
const TOO_LARGE = 'this token is refused: it would unpack to more than 1 MB, which no scenario needs';

function unpack(packed: unknown): Reading<Envelope> {
  const [hostCells, flavorCells, operationCells, faultCells, holdCells, optionCells, ...run] = cells(packed);
  const hosts = unpackHosts(hostCells);
  if (hosts === null) return refused(TOO_LARGE);
  const flavors = cells(flavorCells).map(unpackFlavor);
  const names = namesOf(hosts as { name: string }[], flavors as { name: string }[]);
  const scenario = checkScenario(
    {
      version: SCENARIO_VERSION,
      cloud: { hosts, flavors },
      options: unpackOptions(optionCells),
      operations: cells(operationCells).map((op) => unpackOperation(op, names)),
      faults: cells(faultCells).map(unpackFault),
      holds: cells(holdCells).map(unpackHold),
    },
    'this token',
  );
  if (!scenario.ok) return scenario;
  const [signature = 0, protocolCode = 0, contractCode = 0, defects = [], repairs = []] = run;
  const protocol = entry(PROTOCOLS, protocolCode);
  const contract = entry(CONTRACTS, contractCode);
  if (protocol === undefined || contract === undefined || !isTexts(defects) || !isTexts(repairs))
    return refused(FOREIGN);
  if (signature !== 0 && typeof signature !== 'string') return refused(FOREIGN);
  const shown = signature === 0 ? null : signature;
  return { ok: true, value: { scenario: scenario.value, protocol, contract, defects, repairs, signature: shown } };
}

/** CRC-24 of OpenPGP: it never misses a change of one character, and other damage once in sixteen million. */
function checksum(bytes: Uint8Array): Uint8Array {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x800000 ? ((crc << 1) ^ 0x864cfb) & 0xffffff : crc << 1;
  }
  return Uint8Array.of(crc >> 16, (crc >> 8) & 0xff, crc & 0xff);
}

/** Null as soon as more than a megabyte has come out, however much is still to come. */
function inflateWithinLimit(bytes: Uint8Array): Uint8Array | null {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const inflate = new Inflate({ dictionary: DICTIONARY }, (piece) => {
    pieces.push(piece);
    size += piece.length;
  });
  for (let at = 0; at < bytes.length; at += INFLATE_PIECE_BYTES) {
    inflate.push(bytes.subarray(at, at + INFLATE_PIECE_BYTES), at + INFLATE_PIECE_BYTES >= bytes.length);
    if (size > MOST_UNPACKED_BYTES) return null;
  }
  return joined(pieces);
}

/** The compact JSON that a token carries. */
export const packEnvelope = (envelope: Envelope): string => JSON.stringify(pack(envelope));

/** The token around something deflated, whatever it is. */
export function sealToken(deflated: Uint8Array): string {
  return `${PREFIX}${toBase64url(joined([deflated, checksum(deflated)]))}`;
}

export function encodeToken(envelope: Envelope): string {
  const packed = new TextEncoder().encode(packEnvelope(envelope));
  // `mem` is given because fflate would take it from Math.log of the length, which is not the same on every engine.
  return sealToken(deflateSync(packed, { level: 9, mem: 4, dictionary: DICTIONARY }));
}

export function decodeToken(text: string): Reading<Envelope> {
  if (text.length > LONGEST_TOKEN) return refused('this token is refused: it is longer than any token can be');
  const token = text.replace(/\s+/g, '');
  const [prefix, version] = /^cc(\d+)\./.exec(token) ?? [];
  if (prefix === undefined) {
    return refused(`this is no token: a token begins with "${PREFIX}", and this is "${printable(token)}"`);
  }
  if (version !== TOKEN_VERSION) {
    return refused(
      `this token is of version ${printable(version ?? '')}; this claimcheck reads version ${TOKEN_VERSION} only`,
    );
  }
  const body = token.slice(prefix.length);
  const stray = /[^A-Za-z0-9_-]/u.exec(body)?.[0];
  if (stray !== undefined) {
    return refused(`this token is damaged: it has the character "${printable(stray)}", which no token has`);
  }
  const bytes = fromBase64url(body);
  if (bytes === null) return refused(DAMAGED);
  const deflated = bytes.subarray(0, -CHECKSUM_BYTES);
  // Compared as text too: the last character has bits that do not count, and should be no one's to change.
  const isWhole = deflated.length > 0 && checksum(deflated).every((byte, at) => byte === bytes[deflated.length + at]);
  if (!isWhole || toBase64url(bytes) !== body) return refused(DAMAGED);
  let packed: unknown;
  try {
    const unpacked = inflateWithinLimit(deflated);
    if (unpacked === null) return refused(TOO_LARGE);
    packed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(unpacked));
  } catch {
    return refused(FOREIGN);
  }
  return unpack(packed);
}
