/**
 * Whatever is done to a token, a scenario file or a file of a cloud: reading it, and running what was accepted, ends in a
 * value or in one printable sentence, without an exception, and within 200 MB. A hang is caught by the test's time limit.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, deflateRawSync } from 'node:zlib';
import { decodeToken, type Envelope, KNOWN_OF_NOVA, packEnvelope, sealToken } from 'claimcheck';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const SAMPLES = join(ROOT, 'src/cloud/samples');
const MUTATIONS = { token: 900, scenario: 700, cloud: 900 };

// ---- chance, the same on every machine

let state = 0x9e3779b9;
function below(n: number): number {
  state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0;
  const mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39);
  return ((mixed ^ (mixed >>> 15)) >>> 0) % n;
}
const oneOf = <T>(list: readonly T[]): T => list[below(list.length)]!;

// ---- what is mutated

const some = KNOWN_OF_NOVA.entries.flatMap(({ signatures }) => signatures.slice(0, 1).map(({ witness }) => witness));
const envelopes = some.map((token): Envelope => {
  const reading = decodeToken(token);
  if (!reading.ok) throw new Error(reading.error);
  const { scenario } = reading.value;
  // some with everything that a host can have
  if (token.length % 2 === 0) scenario.cloud.hosts[0]!.used = { VCPU: 1, MEMORY_MB: 512 };
  return reading.value;
});
const here = mkdtempSync(join(tmpdir(), 'claimcheck-parsers-'));
const clouds = ['devstack', 'ironic', 'hostile', 'scs'].map((name) => {
  const folder = join(here, name);
  cpSync(join(SAMPLES, name), folder, { recursive: true });
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));
  return { folder, files };
});

// ---- mutations of bytes

const SPECIAL = [0, 0x0a, 0x22, 0x2c, 0x3a, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0xc3, 0xed, 0xfe, 0xff];

const BYTES: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  'a bit flipped': (bytes) => {
    const changed = Buffer.from(bytes);
    if (changed.length > 0) changed[below(changed.length)]! ^= 1 << below(8);
    return changed;
  },
  'a byte of another kind': (bytes) => {
    const changed = Buffer.from(bytes);
    for (let k = below(4); k >= 0 && changed.length > 0; k--) changed[below(changed.length)] = oneOf(SPECIAL);
    return changed;
  },
  'broken off': (bytes) => bytes.subarray(0, below(bytes.length + 1)),
  'without its beginning': (bytes) => bytes.subarray(below(bytes.length + 1)),
  'a piece gone': (bytes) => {
    const from = below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + below(40))]);
  },
  'a piece twice': (bytes) => {
    const from = below(bytes.length + 1);
    const to = Math.min(bytes.length, from + below(200));
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  'twice over': (bytes) => Buffer.concat([bytes, bytes]),
  'in UTF-16': (bytes) => Buffer.from(`\ufeff${bytes.toString()}`, 'utf16le'),
  'in UTF-16, big end first': (bytes) => Buffer.from(`\ufeff${bytes.toString()}`, 'utf16le').swap16(),
  'in UTF-16 without a mark': (bytes) => Buffer.from(bytes.toString(), 'utf16le'),
  'behind a mark': (bytes) => Buffer.from(`\ufeff${bytes.toString()}`),
  'behind a line': (bytes) => Buffer.from(`/usr/lib/python3: DeprecationWarning\n${bytes.toString()}`),
  'with other ends of lines': (bytes) => Buffer.from(bytes.toString().replaceAll('\n', '\r\n')),
  'a long number': (bytes) => Buffer.from(replaceOne(bytes.toString(), /\d+/g, '9'.repeat(1 + below(400)))),
  'a number of another form': (bytes) =>
    Buffer.from(replaceOne(bytes.toString(), /\d+/g, oneOf(['-1', '1e999', '1.5', '-0', 'NaN', '0x10', '01', '1_0']))),
  'a key twice': (bytes) => Buffer.from(replaceOne(bytes.toString(), /"\w+": ?/g, (key) => `${key}0,${key}`)),
  'a key that names a prototype': (bytes) =>
    Buffer.from(replaceOne(bytes.toString(), /"\w+": ?/g, () => oneOf(['"__proto__":', '"constructor":', '"":']))),
  'deep nesting': (bytes) =>
    Buffer.from(replaceOne(bytes.toString(), /\d+/g, nested(oneOf([5, 40, 1000, 100_000]), oneOf(['[]', '{}'])))),
  'a long text': (bytes) =>
    Buffer.from(
      replaceOne(
        bytes.toString(),
        /"[^"]*"/g,
        `"${oneOf(['x', '\\u0000', 'é', '🚀']).repeat(oneOf([200, 256, 5000, 100_000]))}"`,
      ),
    ),
};

function replaceOne(text: string, pattern: RegExp, by: string | ((found: string) => string)): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text;
  const { index, 0: old } = oneOf(found);
  return text.slice(0, index) + (typeof by === 'string' ? by : by(old)) + text.slice(index + old.length);
}

function nested(depth: number, [open, close]: string | readonly string[]): string {
  return open === '{'
    ? `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
    : `${open!.repeat(depth)}${close!.repeat(depth)}`;
}

// ---- mutations of JSON

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Place = { holder: Record<string | number, Json>; key: string | number };

function placesIn(root: Json): Place[] {
  const places: Place[] = [];
  const visit = (value: Json): void => {
    if (typeof value !== 'object' || value === null) return;
    const holder = value as Record<string | number, Json>;
    const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
    for (const key of keys) {
      places.push({ holder, key });
      visit(holder[key]!);
    }
  };
  visit(root);
  return places;
}

const ODD: readonly Json[] = [
  null,
  true,
  -1,
  0,
  1.5,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 53,
  1e308,
  '',
  ' ',
  '\ud800',
  '\u0000',
  '1e3',
  '__proto__',
  'x'.repeat(255),
  'x'.repeat(256),
  [],
  {},
  [[]],
];

const TREES: Readonly<Record<string, (root: { it: Json }) => void>> = {
  'two parts change places': (root) => {
    const [a, b] = [oneOf(placesIn(root)), oneOf(placesIn(root))];
    const [first, second] = [structuredClone(a.holder[a.key]!), structuredClone(b.holder[b.key]!)];
    a.holder[a.key] = second;
    b.holder[b.key] = first;
  },
  'a part in the place of another': (root) => {
    const [a, b] = [oneOf(placesIn(root)), oneOf(placesIn(root))];
    a.holder[a.key] = structuredClone(b.holder[b.key]!);
  },
  'an odd value': (root) => {
    const { holder, key } = oneOf(placesIn(root));
    holder[key] = structuredClone(oneOf(ODD));
  },
  'a part gone': (root) => {
    const { holder, key } = oneOf(placesIn(root));
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  },
  'a number a little off': (root) => {
    const numbers = placesIn(root).filter(({ holder, key }) => typeof holder[key] === 'number');
    if (numbers.length === 0) return;
    const { holder, key } = oneOf(numbers);
    holder[key] = (holder[key] as number) + oneOf([-1, 1, 7, 1000]);
  },
  'an entry many times over': (root) => {
    const lists = placesIn(root).filter(({ holder, key }) => Array.isArray(holder[key]) && holder[key].length > 0);
    if (lists.length === 0) return;
    const { holder, key } = oneOf(lists);
    const list = holder[key] as Json[];
    const entry = oneOf(list);
    for (let k = oneOf([1, 5, 40, 300]); k > 0; k--) list.push(structuredClone(entry));
  },
  'a key that is not known': (root) => {
    const objects = placesIn(root).filter(
      ({ holder, key }) => !Array.isArray(holder[key]) && typeof holder[key] === 'object' && holder[key] !== null,
    );
    if (objects.length === 0) return;
    const { holder, key } = oneOf(objects);
    (holder[key] as Record<string, Json>)[oneOf(['x', 'NAME', 'used', 'constructor', '\u202e'])] = structuredClone(
      oneOf(ODD),
    );
  },
  'many classes, traits and properties': (root) => {
    const objects = placesIn(root).filter(({ key }) =>
      ['inventories', 'properties', 'Properties'].includes(String(key)),
    );
    if (objects.length === 0) return;
    const { holder, key } = oneOf(objects);
    const record = holder[key];
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return;
    const value = key === 'inventories' ? Object.values(record)[0] : '1';
    const name = oneOf(key === 'inventories' ? ['CUSTOM_'] : ['resources:CUSTOM_', 'trait:CUSTOM_']);
    const count = oneOf([31, 300, 3000]);
    for (let k = 0; k < count; k++) {
      record[`${name}${k}`] = name.startsWith('trait') ? 'required' : structuredClone(value ?? '1');
    }
  },
};

/** One mutation, or a few; of the parts, or, where there are none or by chance, of the bytes. */
function mutated(text: string, seen: Set<string>): Buffer {
  let value: { it: Json } | null = null;
  if (below(2) === 0) {
    value = { it: JSON.parse(text) as Json };
    for (let k = below(3); k >= 0 && placesIn(value).length > 0; k--) {
      const name = oneOf(Object.keys(TREES));
      seen.add(name);
      TREES[name]!(value);
    }
  }
  let bytes = Buffer.from(value === null ? text : (JSON.stringify(value.it) ?? ''));
  for (let k = value === null ? below(3) : below(6) - 5; k >= 0; k--) {
    const name = oneOf(Object.keys(BYTES));
    seen.add(name);
    bytes = Buffer.from(BYTES[name]!(bytes));
  }
  return bytes;
}

// ---- what is asked of the parsers

interface Input {
  readonly kind: 'token' | 'scenario' | 'cloud';
  readonly folder?: string;
  readonly file?: string;
  readonly data: Buffer;
}

interface Outcome {
  readonly kind: Input['kind'];
  readonly value?: string;
  readonly sentence?: string;
  readonly thrown?: string;
}

function ask(inputs: readonly Input[]): { outcomes: Outcome[]; grownMb: number } {
  let at = 0;
  const index = inputs.map(({ data, ...input }) => {
    const place = { ...input, at, length: data.length };
    at += data.length;
    return `${JSON.stringify(place)}\n`;
  });
  writeFileSync(join(here, 'inputs.jsonl'), index.join(''));
  writeFileSync(join(here, 'inputs.bin'), Buffer.concat(inputs.map(({ data }) => data)));
  const child = join(import.meta.dirname, 'parsers-child.mjs');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--max-old-space-size=112', '--max-semi-space-size=4', '--expose-gc', child, here],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  const { grownMb } = lines.pop() as { grownMb: number };
  return { outcomes: lines as Outcome[], grownMb };
}

/** Everything that was thrown, the inputs by number: to find them again. */
const thrown = (outcomes: readonly Outcome[]): string[] =>
  outcomes.flatMap((outcome, k) => (outcome.thrown === undefined ? [] : [`${k}: ${outcome.kind}: ${outcome.thrown}`]));

test('mutated tokens, scenarios and clouds end in a value or a sentence', () => {
  const seen = new Set<string>();
  const inputs: Input[] = [];
  for (let k = 0; k < MUTATIONS.token; k++) {
    const envelope = oneOf(envelopes);
    // one in four is damaged on its way, where the checksum sees it; the others are forged
    const data =
      k % 4 === 0
        ? BYTES[oneOf(Object.keys(BYTES))]!(Buffer.from(oneOf(some)))
        : Buffer.from(sealToken(deflateRawSync(mutated(packEnvelope(envelope), seen))));
    inputs.push({ kind: 'token', data });
  }
  for (let k = 0; k < MUTATIONS.scenario; k++) {
    inputs.push({ kind: 'scenario', data: mutated(JSON.stringify(oneOf(envelopes).scenario, null, below(3)), seen) });
  }
  for (let k = 0; k < MUTATIONS.cloud; k++) {
    const { folder, files } = oneOf(clouds);
    const file = oneOf(files);
    inputs.push({ kind: 'cloud', folder, file, data: mutated(readFileSync(join(folder, file), 'utf8'), seen) });
  }
  expect(inputs.length).toBeGreaterThanOrEqual(2000);
  expect(seen.size).toBe(Object.keys(BYTES).length + Object.keys(TREES).length);

  const { outcomes, grownMb } = ask(inputs);
  expect(thrown(outcomes)).toEqual([]);
  expect(outcomes).toHaveLength(inputs.length);
  expect(grownMb).toBeLessThan(200);
  // a suite that only ever refuses, or never does, shows nothing
  for (const kind of ['token', 'scenario', 'cloud'] as const) {
    const own = outcomes.filter((outcome) => outcome.kind === kind);
    const accepted = own.filter(({ value }) => value !== undefined).length;
    expect({ kind, accepted: accepted > own.length / 20, refused: own.length - accepted > own.length / 5 }).toEqual({
      kind,
      accepted: true,
      refused: true,
    });
    expect(new Set(own.map(({ sentence }) => sentence)).size).toBeGreaterThan(50);
  }
});

/** So much of one byte, deflated: pieces of 64 MB that each stand for themselves, one after the other. */
function deflated(byte: string, megabytes: number): Buffer {
  const piece = deflateRawSync(Buffer.alloc(64 << 20, byte), { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  return Buffer.concat([...Array<Buffer>(megabytes / 64).fill(piece), deflateRawSync(Buffer.alloc(0))]);
}

test('a token that would unpack to a gigabyte is refused before it does', () => {
  const bombs = ['\0', '[', '1', ' '].map((byte) => sealToken(deflated(byte, 1024)));
  expect(bombs.map((bomb) => bomb.length).every((length) => length < 2_000_000)).toBe(true);
  const { outcomes, grownMb } = ask(bombs.map((bomb) => ({ kind: 'token', data: Buffer.from(bomb) })));
  const sentence = 'this token is refused: it would unpack to more than 1 MB, which no scenario needs';
  expect(outcomes).toEqual(bombs.map(() => ({ kind: 'token', sentence })));
  expect(grownMb).toBeLessThan(60);
});

test('the largest files that are read take less than 200 MB', () => {
  const [devstack] = clouds;
  const row = '{"ID":"","Name":"x","RAM":1},';
  const filling = (text: string, bytes: number): Buffer => Buffer.from(text.repeat(Math.floor(bytes / text.length)));
  const cloud = (data: Buffer): Input => ({ kind: 'cloud', folder: devstack!.folder, file: 'flavors.json', data });
  const scenario = (data: Buffer): Input => ({ kind: 'scenario', data });
  const inputs = [
    ...['{},', '[],', '0,', '"",', row, '['].map((text) =>
      cloud(Buffer.concat([Buffer.from('['), filling(text, 8e6)])),
    ),
    cloud(Buffer.from(`["${'x'.repeat(8e6)}"]`)),
    cloud(Buffer.from(`\ufeff["${'x'.repeat(4e6)}"]`, 'utf16le')),
    cloud(Buffer.from(`[${'1'.repeat(8e6)}]`)),
    ...['[],', '{},', '{"a":', '['].map((text) => scenario(Buffer.concat([Buffer.from('['), filling(text, 2e6)]))),
    scenario(Buffer.from(`[${'[],'.repeat(600_000)}0]`)),
  ];
  // one a process, as a command reads one: garbage of the others is none of it
  const asked = inputs.map((input) => ask([input]));
  const outcomes = asked.flatMap((one) => one.outcomes);
  const grownMb = Math.max(...asked.map((one) => one.grownMb));
  expect(thrown(outcomes)).toEqual([]);
  expect(outcomes.filter(({ sentence }) => sentence === undefined)).toEqual([]);
  expect(grownMb).toBeLessThan(200);
});

test('on the command line the worst of them end in one line and exit code 2', () => {
  const file = (name: string, content: string | Buffer): string => {
    const path = join(here, name);
    writeFileSync(path, content);
    return path;
  };
  const scenario = (change: (scenario: Envelope['scenario']) => void): string => {
    const changed = structuredClone(envelopes[0]!.scenario);
    change(changed);
    return JSON.stringify(changed);
  };
  const many = (count: number, entry: (k: number) => [string, string]) =>
    Object.fromEntries(Array.from({ length: count }, (_, k) => entry(k)));
  const inCloud = (text: string): string => {
    const folder = mkdtempSync(join(here, 'cloud-'));
    writeFileSync(join(folder, 'flavors.json'), text);
    return folder;
  };
  const cases: Record<string, string[]> = {
    'a gigabyte in a token': ['replay', file('bomb', sealToken(deflated('[', 1024)))],
    'a file without an end': ['replay', '/dev/zero'],
    'a folder': ['replay', here],
    'lists in lists': ['export', file('deep.json', '['.repeat(1_000_000))],
    'objects in objects': ['replay', file('deeper.json', `{"version":1,"cloud":${'{"a":'.repeat(200_000)}`)],
    'three megabytes': ['replay', file('large.json', `[${'0,'.repeat(1_500_000)}0]`)],
    'UTF-16 of nothing': ['replay', file('utf16.json', Buffer.from('\ufeff\ud800\u0000', 'utf16le'))],
    'half a token in a file': [
      'export',
      file('half', sealToken(deflateRawSync('[[')).slice(0, 12)),
      '--as',
      'bug-report',
    ],
    'more traits than there are bits': [
      'replay',
      file(
        'traits.json',
        scenario(({ cloud }) => {
          cloud.flavors[0]!.properties = many(31, (k) => [`trait:CUSTOM_${k}`, 'required']);
        }),
      ),
    ],
    'a thousand resource classes': [
      'export',
      file(
        'classes.json',
        scenario(({ cloud }) => {
          cloud.flavors[0]!.properties = many(1000, (k) => [`resources:CUSTOM_${k}`, '1']);
        }),
      ),
      '--as',
      'bug-report',
    ],
    'more than a world has room for': [
      'replay',
      file(
        'world.json',
        scenario((all) => {
          all.cloud.flavors[0]!.properties = many(200, (k) => [`resources:CUSTOM_${k}`, '1']);
          all.cloud.hosts = Array.from({ length: 32 }, (_, k) => ({ ...all.cloud.hosts[0]!, name: `host${k}` }));
          for (let k = all.operations.length; k < 200; k++) all.operations.push({ operation: 'settle' });
        }),
      ),
    ],
    'a cloud of lists in lists': ['fuzz', '--cloud', inCloud('['.repeat(1_000_000))],
    'a cloud of digits': ['fuzz', '--cloud', inCloud(`[{"RAM":${'9'.repeat(1_000_000)}}]`)],
  };
  const ends = Object.entries(cases).map(([what, args]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'dist/claimcheck.mjs'), ...args], {
      encoding: 'utf8',
    });
    expect({ what, status, stdout }).toEqual({ what, status: 2, stdout: '' });
    expect(stderr).toMatch(/^claimcheck: [^\p{Cc}]{10,600}\n$/u);
    // the reason is V8's, and changes with its releases
    const said = stderr.replace(/(this is not JSON): .*/, '$1').replaceAll(here, 'DIR');
    return `${what}: ${said.slice('claimcheck: '.length)}`;
  });
  expect(ends.join('')).toMatchInlineSnapshot(`
    "a gigabyte in a token: this token is refused: it would unpack to more than 1 MB, which no scenario needs
    a file without an end: /dev/zero: this is larger than 2 MB, the most that a scenario may have
    a folder: DIR is neither a token (cc1....) nor a file that can be read
    lists in lists: DIR/deep.json: this is not JSON
    objects in objects: DIR/deeper.json: this is not JSON
    three megabytes: DIR/large.json: this is larger than 2 MB, the most that a scenario may have
    UTF-16 of nothing: DIR/utf16.json: this is not JSON
    half a token in a file: this token is damaged: it was cut or mistyped on its way; copy it again as a whole
    more traits than there are bits: the flavors of a scenario name at most 30 traits, not 31
    a thousand resource classes: a scenario names at most 256 resource classes, not 1003
    more than a world has room for: this scenario is too large to be run: 32 hosts, 200 operations and flavors of up to 203 resource classes; fewer of any of them would do
    a cloud of lists in lists: flavors.json is not JSON in line 1, column 33 (row 1): lists and objects more than 32 levels deep; save what \`openstack flavor list --all --long -f json\` prints
    a cloud of digits: flavors.json, row 1: Name is missing; save what \`openstack flavor list --all --long -f json\` prints
    "
  `);
});
