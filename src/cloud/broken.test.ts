/** Input that is no cloud: each ends in one sentence that names the file, the place, and what is allowed. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEVSTACK_1, folder, SAMPLES, sample } from './folder.fixture.ts';
import { readCloud } from './read-cloud.ts';

function errorOf(dir: string): string | undefined {
  const reading = readCloud(dir);
  return reading.ok ? undefined : reading.error;
}

function notesOf(dir: string): readonly string[] {
  const reading = readCloud(dir);
  if (!reading.ok) throw new Error(reading.error);
  return reading.cloud.notes;
}

const INVENTORY = `inventories/${DEVSTACK_1}.json`;
const TRAITS = `traits/${DEVSTACK_1}.json`;
const FLAVORS_WANTED = 'save what `openstack flavor list --all --long -f json` prints';
const PROVIDERS_WANTED = 'save what `openstack resource provider list -f json` prints';
const INVENTORY_WANTED = `save what \`openstack resource provider inventory list ${DEVSTACK_1} -f json\` prints`;
const FLAVOR = { ID: '1', Name: 'a', RAM: 1, Disk: 0, Ephemeral: 0, VCPUs: 1, Swap: 0, Properties: {} };
const HOSTS_MADE_UP = 'there is no providers.json: hosts are made up';

describe('a broken file is refused with one sentence', () => {
  it.each([
    [
      '01-truncated',
      'flavors.json',
      `flavors.json breaks off in line 84 (row 6), its end is missing; ${FLAVORS_WANTED}`,
    ],
    ['02-csv-not-json', 'flavors.json', `flavors.json holds CSV, not JSON; ${FLAVORS_WANTED}`],
    ['03-table-not-json', 'flavors.json', `flavors.json holds a table, not JSON; ${FLAVORS_WANTED}`],
    [
      '05-prompt-pasted',
      'flavors.json',
      `flavors.json holds a prompt and a command besides the command's output; ${FLAVORS_WANTED}`,
    ],
    [
      '07-empty-file',
      'flavors.json',
      `flavors.json is empty, so the command that wrote it has failed; ${FLAVORS_WANTED}`,
    ],
    ['08-empty-list', 'flavors.json', 'flavors.json lists no flavor; at least one is needed to draw from'],
    ['09-object-not-list', 'flavors.json', `flavors.json holds an object, not a list; ${FLAVORS_WANTED}`],
    [
      '10-negative-total',
      INVENTORY,
      `${INVENTORY}, row 1 (VCPU): total must be a whole number from 1 to 2147483647, not -12`,
    ],
    [
      '11-ratio-zero-negative-nan',
      INVENTORY,
      `${INVENTORY} is not JSON in line 4, column 53 (row 3): NaN is no JSON number; ${INVENTORY_WANTED}`,
    ],
    ['12-duplicate-names', 'flavors.json', 'flavors.json, row 2 (m1.tiny): Name "m1.tiny" is taken by row 1 already'],
    [
      '15-huge-numbers',
      'flavors.json',
      'flavors.json, row 1 (huge): RAM must be a whole number from 1 to 2147483647, not a number beyond 1.8e308',
    ],
    [
      '16-wrong-types',
      'flavors.json',
      `flavors.json, row 10 must be an object, not the text "m1.small"; ${FLAVORS_WANTED}`,
    ],
    ['17-missing-keys', 'flavors.json', `flavors.json, row 1 (m1.tiny): RAM is missing; ${FLAVORS_WANTED}`],
    [
      '18-hostile-names',
      'flavors.json',
      'flavors.json, row 2 (\\u001B]0;owned\\u0007\\u001B[2J): Name holds unprintable characters, which Nova refuses',
    ],
    [
      '24-nested-cycle',
      'providers.json',
      'providers.json, row 1 (a): parent_provider_uuid leads round in a circle; a provider must have a root',
    ],
    [
      '26-inconsistent-inventory',
      INVENTORY,
      `${INVENTORY}, row 1 (VCPU): reserved must be at most the total of 12, not 13`,
    ],
  ])('%s', (name, file, sentence) => {
    expect(errorOf(folder({ [file]: sample(`broken/${name}.json`) }, 'devstack'))).toBe(sentence);
  });
});

describe('a broken file that can still be read is read, with a note', () => {
  it.each([
    [
      '04-warning-before-json',
      ['1 of 1 files has lines before the JSON, such as warnings, which are skipped: flavors.json', HOSTS_MADE_UP],
    ],
    [
      '19-lone-surrogate',
      [
        HOSTS_MADE_UP,
        '1 of 1 flavors is printed without --long: its swap is taken as 0, its properties as none: bad \\uD83D name',
      ],
    ],
    [
      '20-utf16-bom',
      [
        '1 of 1 files begins with a byte-order mark and is read as the mark says (UTF-8 or UTF-16): flavors.json',
        HOSTS_MADE_UP,
      ],
    ],
    ['23-flavor-larger-than-every-host', [HOSTS_MADE_UP]],
  ])('%s', (name, notes) => {
    expect(notesOf(folder({ 'flavors.json': sample(`broken/${name}.json`) }))).toEqual(notes);
  });

  it.each([
    '[2026-08-21 10:00:00] WARNING: slow\r\n[\r\n{FLAVOR}]\r\n',
    '\n/usr/bin/openstack:6: DeprecationWarning: pkg_resources\n\n  [{FLAVOR}]\n\n',
  ])('takes other lines before the JSON: %j', (text) => {
    expect(notesOf(folder({ 'flavors.json': text.replace('{FLAVOR}', JSON.stringify(FLAVOR)) }))).toEqual([
      '1 of 1 files has lines before the JSON, such as warnings, which are skipped: flavors.json',
      HOSTS_MADE_UP,
    ]);
  });

  it.each([
    'root@ctl:~(keystone_admin)# openstack flavor list -f json\n[{FLAVOR}]\n',
    '(openstack) flavor list -f json\n[{FLAVOR}]\n(openstack) \n',
    '$ openstack flavor list\n+----+\n| ID |\n',
  ])('but no prompt: %j', (text) => {
    const dir = folder({ 'flavors.json': text.replace('{FLAVOR}', JSON.stringify(FLAVOR)) });
    expect(errorOf(dir)).toBe(
      `flavors.json holds a prompt and a command besides the command's output; ${FLAVORS_WANTED}`,
    );
  });

  it('carries half a surrogate pair', () => {
    const reading = readCloud(folder({ 'flavors.json': sample('broken/19-lone-surrogate.json') }));
    expect(reading.ok && reading.cloud.flavors.map((flavor) => flavor.name)).toEqual(['bad \ud83d name']);
  });

  it.each([
    ['UTF-8', (text: string) => Buffer.from(`\ufeff${text}`)],
    ['UTF-16BE', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
  ])('takes %s with its mark', (_, encode) => {
    const dir = folder({ 'flavors.json': encode(sample('devstack/flavors.json').toString()) }, 'devstack');
    expect(notesOf(dir)).toEqual([
      '1 of 8 files begins with a byte-order mark and is read as the mark says (UTF-8 or UTF-16): flavors.json',
    ]);
  });
});

describe('a row that Nova would refuse', () => {
  const many = 'x'.repeat(256);
  it.each([
    [{ RAM: '512 MB' }, 'RAM must be a whole number from 1 to 2147483647, not the text "512 MB"'],
    [{ RAM: '1,024' }, 'RAM must be a whole number from 1 to 2147483647, not the text "1,024"'],
    [{ RAM: 0 }, 'RAM must be a whole number from 1 to 2147483647, not 0'],
    [{ VCPUs: 1.5 }, 'VCPUs must be a whole number from 1 to 2147483647, not 1.5'],
    [{ VCPUs: true }, 'VCPUs must be a whole number from 1 to 2147483647, not true'],
    [{ VCPUs: 2147483648 }, 'VCPUs must be a whole number from 1 to 2147483647, not 2147483648'],
    [{ Disk: null }, 'Disk must be a whole number from 0 to 2147483647, not null'],
    [{ Disk: -1 }, 'Disk must be a whole number from 0 to 2147483647, not -1'],
    [{ Ephemeral: {} }, 'Ephemeral must be a whole number from 0 to 2147483647, not an object'],
    [{ Ephemeral: undefined }, `Ephemeral is missing; ${FLAVORS_WANTED}`],
    [{ Swap: [] }, 'Swap must be a whole number from 0 to 2147483647, not a list'],
    [{ ID: [] }, 'ID must be a text, not a list'],
    [{ Name: ' a' }, 'Name begins or ends with a blank, which Nova refuses'],
    [{ Name: '\u202eexe' }, 'Name holds unprintable characters, which Nova refuses'],
    [{ Properties: ['hw:a=b'] }, "Properties must be an object, or a text such as k='v', k2='v2', not a list"],
    [{ Properties: 'hw:a' }, `Properties must be an object, or a text such as k='v', k2='v2', not the text "hw:a"`],
    [{ Properties: { k: 5 } }, 'property "k" must be a text, not 5'],
    [
      { Properties: { [many]: '' } },
      `property "${'x'.repeat(30)}…${'x'.repeat(29)}" has a name of more than 255 characters`,
    ],
    [{ Properties: { k: many } }, 'property "k" has a value of more than 255 characters'],
  ])('%j', (change, sentence) => {
    const row = { ...FLAVOR, ...change };
    const dir = folder({ 'flavors.json': JSON.stringify([{ ...FLAVOR, ID: '0', Name: 'first' }, row]) });
    expect(errorOf(dir)).toBe(`flavors.json, row 2 (${row.Name.replace('\u202e', '\\u202E')}): ${sentence}`);
  });

  it.each([
    [7, 'a text of 1 to 255 characters, not 7'],
    ['', 'a text of 1 to 255 characters, not the text ""'],
  ])('Name %j', (name, sentence) => {
    const dir = folder({ 'flavors.json': JSON.stringify([{ ...FLAVOR, Name: name }]) });
    expect(errorOf(dir)).toBe(`flavors.json, row 1: Name must be ${sentence}`);
  });

  it('a name of 256 characters', () => {
    const short = `${'x'.repeat(30)}…${'x'.repeat(29)}`;
    expect(errorOf(folder({ 'flavors.json': JSON.stringify([{ ...FLAVOR, Name: many }]) }))).toBe(
      `flavors.json, row 1 (${short}): Name must be a text of 1 to 255 characters, not the text "${short}"`,
    );
  });

  it('an ID that comes twice', () => {
    const dir = folder({ 'flavors.json': JSON.stringify([FLAVOR, { ...FLAVOR, Name: 'b' }]) });
    expect(errorOf(dir)).toBe('flavors.json, row 2 (b): ID "1" is taken by row 1 already');
  });
});

const RECORD = {
  resource_class: 'VCPU',
  allocation_ratio: 16,
  min_unit: 1,
  max_unit: 12,
  reserved: 0,
  step_size: 1,
  total: 12,
  used: 0,
};

describe('a row that Placement would refuse', () => {
  it.each([
    [{ total: 0 }, 'total must be a whole number from 1 to 2147483647, not 0'],
    [{ total: '12' }, 'total must be a whole number from 1 to 2147483647, not the text "12"'],
    [{ reserved: -512 }, 'reserved must be a whole number from 0 to 2147483647, not -512'],
    [{ min_unit: 0 }, 'min_unit must be a whole number from 1 to 2147483647, not 0'],
    [{ max_unit: 2 ** 31 }, 'max_unit must be a whole number from 1 to 2147483647, not 2147483648'],
    [{ step_size: 0 }, 'step_size must be a whole number from 1 to 2147483647, not 0'],
    [{ step_size: undefined }, `step_size is missing; ${INVENTORY_WANTED}`],
    [{ allocation_ratio: -1 }, 'allocation_ratio must be a number from 0 to 3.40282e+38, not -1'],
    [{ allocation_ratio: 3.5e38 }, 'allocation_ratio must be a number from 0 to 3.40282e+38, not 3.5e+38'],
    [{ allocation_ratio: '16.0' }, 'allocation_ratio must be a number from 0 to 3.40282e+38, not the text "16.0"'],
    [{ resource_class: 'vcpu' }, 'resource_class must be 1 to 255 of A-Z, 0-9 and _, not the text "vcpu"'],
    [{ resource_class: '__proto__' }, 'resource_class must be 1 to 255 of A-Z, 0-9 and _, not the text "__proto__"'],
  ])('%j', (change, sentence) => {
    const row = { ...RECORD, ...change };
    const dir = folder({ [INVENTORY]: JSON.stringify([{ ...RECORD, resource_class: 'PCPU' }, row]) }, 'devstack');
    expect(errorOf(dir)).toBe(`${INVENTORY}, row 2 (${row.resource_class}): ${sentence}`);
  });

  it.each([
    { max_unit: 1, min_unit: 12 },
    { step_size: 100 },
    { allocation_ratio: 0, reserved: 13 },
    { allocation_ratio: 0.1, reserved: 13, used: 99 },
    { total: 2 ** 31 - 1, max_unit: 2 ** 31 - 1, reserved: 2 ** 31 - 1, allocation_ratio: 3.4e38 },
  ])('but not %j', (change) => {
    const dir = folder({ [INVENTORY]: JSON.stringify([{ ...RECORD, ...change }]) }, 'devstack');
    const { used: _, resource_class: __, ...inventory } = { ...RECORD, ...change };
    const reading = readCloud(dir);
    expect(reading.ok && reading.cloud.hosts[0]?.inventories).toEqual({ VCPU: inventory });
  });

  it('a class that comes twice', () => {
    const dir = folder({ [INVENTORY]: JSON.stringify([RECORD, RECORD]) }, 'devstack');
    expect(errorOf(dir)).toBe(`${INVENTORY}, row 2 (VCPU): resource_class "VCPU" is taken by row 1 already`);
  });

  it.each([
    [{ name: 'hw-cpu' }, 'row 2 (hw-cpu): name must be 1 to 255 of A-Z, 0-9 and _, not the text "hw-cpu"'],
    [{ name: '__proto__' }, 'row 2 (__proto__): name must be 1 to 255 of A-Z, 0-9 and _, not the text "__proto__"'],
    [{ name: 'COMPUTE_NODE' }, 'row 2 (COMPUTE_NODE): name "COMPUTE_NODE" is taken by row 1 already'],
  ])('trait %j', (trait, sentence) => {
    const dir = folder({ [TRAITS]: JSON.stringify([{ name: 'COMPUTE_NODE' }, trait]) }, 'devstack');
    expect(errorOf(dir)).toBe(`${TRAITS}, ${sentence}`);
  });
});

describe('a provider that Placement would not print', () => {
  const [A, B, C] = ['a', 'b', 'c'].map((letter) => `${letter.repeat(8)}-1111-1111-1111-111111111111`);
  const UUID_WANTED = 'must be a uuid such as 01234567-89ab-cdef-0123-456789abcdef';
  it.each([
    [{ uuid: '../../../etc/passwd' }, `row 2 (b): uuid ${UUID_WANTED}, not the text "../../../etc/passwd"`],
    [{ uuid: `${A}\n` }, `row 2 (b): uuid ${UUID_WANTED}, not the text "${A}\\n"`],
    [{ uuid: undefined }, `row 2 (b): uuid is missing; ${PROVIDERS_WANTED}`],
    [{ uuid: A?.toUpperCase() }, `row 2 (b): uuid "${A?.replaceAll('-', '')}" is taken by row 1 already`],
    [{ name: 'a' }, 'row 2 (a): name "a" is taken by row 1 already'],
    [{ name: '' }, 'row 2: name must be a text of 1 to 200 characters, not the text ""'],
    [{ parent_provider_uuid: 'a' }, `row 2 (b): parent_provider_uuid ${UUID_WANTED}, not the text "a"`],
    [{ parent_provider_uuid: C }, `row 2 (b): parent_provider_uuid must be in the list, not the text "${C}"`],
    [
      { parent_provider_uuid: B },
      'row 2 (b): parent_provider_uuid leads round in a circle; a provider must have a root',
    ],
    [
      { root_provider_uuid: A },
      `row 2 (b): root_provider_uuid must be ${B}, where its parents lead, not the text "${A}"`,
    ],
  ])('%j', (change, sentence) => {
    const rows = [
      { uuid: A, name: 'a', root_provider_uuid: A, parent_provider_uuid: null },
      { uuid: B, name: 'b', root_provider_uuid: B, parent_provider_uuid: null, ...change },
    ];
    const dir = folder({ 'providers.json': JSON.stringify(rows) }, 'devstack');
    expect(errorOf(dir)).toBe(`providers.json, ${sentence}`);
  });
});

describe('a file of another kind', () => {
  it.each([
    ['shapes/flavor-list-long.csv', `flavors.json holds CSV, not JSON; ${FLAVORS_WANTED}`],
    ['shapes/flavor-list-long.table', `flavors.json holds a table, not JSON; ${FLAVORS_WANTED}`],
    ['shapes/flavor-list-long.yaml', `flavors.json holds YAML, not JSON; ${FLAVORS_WANTED}`],
    [
      'shapes/flavor-list-long.value',
      `flavors.json is not JSON, it begins with "0 plain 64 0 0 1 True 0 1.0 {}"; ${FLAVORS_WANTED}`,
    ],
    ['shapes/flavor-show.m1.medium.json', `flavors.json holds an object, not a list; ${FLAVORS_WANTED}`],
    ['devstack/providers.json', `flavors.json, row 1: Name is missing; ${FLAVORS_WANTED}`],
  ])('%s as flavors.json', (path, sentence) => {
    expect(errorOf(folder({ 'flavors.json': sample(path) }))).toBe(sentence);
  });

  it.each([
    ['shapes/inventory-show.VCPU.json', ` holds an object, not a list; ${INVENTORY_WANTED}`],
    ['shapes/usage-show.json', `, row 1 (VCPU): total is missing; ${INVENTORY_WANTED}`],
    ['shapes/trait-list.json', `, row 1: resource_class is missing; ${INVENTORY_WANTED}`],
    [
      'shapes/inventory-list.unknown-uuid.error.txt',
      ` is not JSON, it begins with "No resource provider with uuid…000000000000 found (HTTP 404)"; ${INVENTORY_WANTED}`,
    ],
    ['broken/07-empty-file.json', ` is empty, so the command that wrote it has failed; ${INVENTORY_WANTED}`],
  ])('%s as an inventory', (path, sentence) => {
    expect(errorOf(folder({ [INVENTORY]: sample(path) }, 'devstack'))).toBe(INVENTORY + sentence);
  });

  it.each([
    ['null', `holds null, not a list; ${FLAVORS_WANTED}`],
    ['"a list"', `holds the text "a list", not a list; ${FLAVORS_WANTED}`],
    ['[[]]', `, row 1 must be an object, not a list; ${FLAVORS_WANTED}`],
    [
      '[{"RAM": 1, "RAM": 2}]',
      `is not JSON in line 1, column 13 (row 1): a key that the same object already has; ${FLAVORS_WANTED}`,
    ],
    ['[{}', `breaks off in line 1 (row 1), its end is missing; ${FLAVORS_WANTED}`],
    ['[{}] $', `is not JSON in line 1, column 6: more text after the end; ${FLAVORS_WANTED}`],
    ["[{'Name': 'a'}]", `is not JSON in line 1, column 3 (row 1): unexpected "'"; ${FLAVORS_WANTED}`],
    [
      '['.repeat(100),
      `is not JSON in line 1, column 33 (row 1): lists and objects more than 32 levels deep; ${FLAVORS_WANTED}`,
    ],
    ['\u001b[31m', `is not JSON, it begins with "\\u001B[31m"; ${FLAVORS_WANTED}`],
  ])('%j', (text, sentence) => {
    expect(errorOf(folder({ 'flavors.json': text }))).toBe(
      `flavors.json${sentence.startsWith(',') ? '' : ' '}${sentence}`,
    );
  });

  it('a million lists in one another, and a number of a million digits', () => {
    expect(errorOf(folder({ 'flavors.json': '['.repeat(1_000_000) }))).toContain('more than 32 levels deep');
    expect(errorOf(folder({ 'flavors.json': `[{"RAM": ${'9'.repeat(1_000_000)}}]` }))).toContain('Name is missing');
    expect(errorOf(folder({ 'flavors.json': `[${'0,'.repeat(150_000)}0]` }))).toContain('more than 150000 values');
  });

  it.each([
    ['UTF-8', Buffer.from('[{"Name": "caf\xe9"}]', 'latin1')],
    ['UTF-16LE', Buffer.from([0xff, 0xfe, 0x5b])],
    ['UTF-16BE', Buffer.from([0xfe, 0xff, 0xd8, 0x00])],
  ])('bytes that are not %s', (encoding, bytes) => {
    expect(errorOf(folder({ 'flavors.json': bytes }))).toBe(
      `flavors.json is not text: its bytes are not ${encoding}; ${FLAVORS_WANTED}`,
    );
  });
});

describe('a folder that cannot be read', () => {
  it('is missing', () => {
    expect(errorOf(join(SAMPLES, 'nowhere\n'))).toMatch(/^the cloud folder ".*nowhere\\n" does not exist$/);
    expect(errorOf('')).toBe('the cloud folder "" does not exist');
  });

  it('cannot be named', () => {
    expect(errorOf('a\0b')).toBe('the cloud folder "a\\u0000b" cannot be read (ERR_INVALID_ARG_VALUE)');
    expect(errorOf('x'.repeat(5000))).toMatch(/^the cloud folder "x+…x+" cannot be read \(ENAMETOOLONG\)$/);
  });

  it('is a file', () => {
    expect(errorOf(join(folder({ 'flavors.json': '[]' }), 'flavors.json'))).toMatch(
      /^".*flavors.json" is not a folder; name the folder that holds flavors.json$/,
    );
  });

  it('has no flavors', () => {
    expect(errorOf(folder({}))).toMatch(/^the cloud folder ".*" has no flavors.json; save what `.*` prints$/);
  });

  it('has a folder, a pipe, a device, a loop or a giant in the place of a file', () => {
    const dir = folder({});
    const file = join(dir, 'flavors.json');
    const replaced = (make: () => void): string | undefined => {
      rmSync(file, { recursive: true, force: true });
      make();
      return errorOf(dir);
    };
    expect(replaced(() => mkdirSync(file))).toBe('flavors.json is a folder, not a file');
    expect(replaced(() => execFileSync('mkfifo', [file]))).toBe('flavors.json is not a regular file');
    expect(replaced(() => symlinkSync('/dev/zero', file))).toBe('flavors.json is not a regular file');
    expect(replaced(() => symlinkSync(file, file))).toBe('flavors.json cannot be read (ELOOP)');
    const giant = join(folder({ 'flavors.json': '' }), 'flavors.json');
    truncateSync(giant, 8 * 1024 * 1024 + 1);
    expect(replaced(() => symlinkSync(giant, file))).toBe(
      'flavors.json has 8388609 bytes, more than the 8388608 (8 MB) that are read',
    );
  });

  it('has nothing that the model carries', () => {
    const pinned = { ...FLAVOR, Properties: { 'hw:cpu_policy': 'mixed' } };
    expect(errorOf(folder({ 'flavors.json': JSON.stringify([pinned]) }))).toBe(
      'flavors.json has no flavor that the model carries: 1 of 1 flavors asks for CPUs of which some are dedicated (hw:cpu_policy), which the model does not carry; it is left out: a',
    );
  });
});
