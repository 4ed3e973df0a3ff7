/** Triage as a user meets it: what is put on a list, what is refused, and what a check finds. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { KNOWN_OF_NOVA, type KnownLine, type KnownList, linesOf } from '../contract/known/known.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { decodeToken, type Envelope, encodeToken } from '../scenario/token.ts';
import { claimcheck } from './command.fixture.ts';

const here = mkdtempSync(join(tmpdir(), 'claimcheck-known-'));
const at = (name: string): string => join(here, name);
function file(name: string, content: string | object): string {
  writeFileSync(at(name), typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`);
  return at(name);
}

/** What was printed, without the name of the folder. */
function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = claimcheck('known', ...args);
  return { status, stdout: stdout.replaceAll(here, 'DIR'), stderr: stderr.replaceAll(here, 'DIR') };
}

const lines = linesOf(KNOWN_OF_NOVA);
const starting = (signature: string): KnownLine => lines.find((line) => line.signature.startsWith(signature))!;
const leaked = starting(
  'atomic-decision+host-agreement+no-orphan-consumer+source-zero | compute.confirm_resize[vm] falsy',
);
const lost = starting('destination-empty+source-unchanged | compute.resize_instance[claim] raised');

function envelopeOf(token: string): Envelope {
  const reading = decodeToken(token);
  if (!reading.ok) throw new Error(reading.error);
  return reading.value;
}
const token = (line: KnownLine, change: Partial<Envelope>): string =>
  encodeToken({ ...envelopeOf(line.witness), ...change });
const scenario = (line: KnownLine): Scenario => envelopeOf(line.witness).scenario;

/** The same with a server and an audit that have nothing to do with it. */
const roundabout = token(leaked, {
  scenario: {
    ...scenario(leaked),
    operations: [
      ...scenario(leaked).operations,
      { operation: 'boot', server: 'another', flavor: scenario(leaked).cloud.flavors[0]!.name },
      { operation: 'audit', host: scenario(leaked).cloud.hosts[0]!.name },
    ],
  },
});
/** An operation more is another cause: its signature is not that of the least scenario. */
const deleted = starting('tracker-matches | resize, delete | ');
const audited = {
  signature: 'tracker-matches | audit, resize, delete | ',
  witness: token(deleted, {
    scenario: {
      ...scenario(deleted),
      operations: [
        { operation: 'audit', host: scenario(deleted).cloud.hosts[0]!.name },
        ...scenario(deleted).operations,
      ],
      faults: scenario(deleted).faults.map((fault) => ({ ...fault, operation: fault.operation + 1 })),
      holds: scenario(deleted).holds.map((hold) => ({
        ...hold,
        operation: hold.operation + 1,
        until: hold.until + 1,
      })),
    },
    signature: 'tracker-matches | audit, resize, delete | ',
  }),
};
const REASON = 'A refused connection looks like success to whoever does not check.';

describe('known add', () => {
  test('makes a list that fuzz takes', () => {
    expect(run('add', leaked.witness, '--reason', REASON, '--known', at('new.json'))).toMatchSnapshot();
    expect(readFileSync(at('new.json'), 'utf8')).toMatchSnapshot();
    const { stdout } = claimcheck('fuzz', '--runs', '3000', '--known', at('new.json'), '--json');
    const { findings } = JSON.parse(stdout) as { findings: { signature: string; known: string | null }[] };
    expect(findings.filter(({ known }) => known === 'unsorted').map(({ signature }) => signature)).toEqual([
      leaked.signature,
    ]);
  });

  test('minimises first, and says so', () => {
    expect(
      run('add', roundabout, '--reason', REASON, '--weakness', 'W-03', '--known', at('least.json')),
    ).toMatchSnapshot();
    const [line] = linesOf(JSON.parse(readFileSync(at('least.json'), 'utf8')) as KnownList);
    expect(line).toEqual({ ...leaked, weakness: 'W-03', reason: REASON, row: null });
  });

  test('takes several tokens, and prints JSON', () => {
    const { status, stdout } = run(
      ...['add', leaked.witness, lost.witness, '--reason', REASON, '--row', 'confirm.refused', '--json'],
      ...['--known', at('two.json')],
    );
    expect({ status, stdout }).toMatchSnapshot();
  });

  test('puts a signature back where it stood: nothing else of the file changes', () => {
    const before = KNOWN_OF_NOVA.entries.map((entry) => ({
      ...entry,
      signatures: entry.signatures.filter(({ signature }) => signature !== leaked.signature),
    }));
    const path = file('nova.json', { ...KNOWN_OF_NOVA, entries: before });
    const row = leaked.row === null ? [] : ['--row', leaked.row];
    // the weakness is that of the entry with the reason
    expect(run('add', leaked.witness, '--reason', leaked.reason, ...row, '--known', path).status).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe(`${JSON.stringify(KNOWN_OF_NOVA, null, 2)}\n`);
  });

  const { signature, witness } = lost;
  const other = [{ weakness: 'W-14', reason: 'Another.', signatures: [{ signature, row: null, witness }] }];
  const layouts: Record<string, string> = {
    'four spaces': JSON.stringify({ version: 1, protocol: 'nova', entries: other }, null, 4),
    'tabs, another order of keys': `${JSON.stringify({ entries: other, protocol: 'nova', version: 1 }, null, '\t')}\n`,
    'CRLF and a byte order mark':
      `\uFEFF${JSON.stringify({ version: 1, protocol: 'nova', entries: other }, null, 2)}\n`.replaceAll('\n', '\r\n'),
    'one line': JSON.stringify({ version: 1, protocol: 'nova', entries: other }),
  };
  for (const [layout, text] of Object.entries(layouts)) {
    test(`keeps the layout of a file: ${layout}`, () => {
      const path = file('layout.json', text);
      expect(run('add', leaked.witness, '--reason', REASON, '--known', path)).toMatchObject({ status: 0, stderr: '' });
      const after = readFileSync(path, 'utf8');
      const same = [...text].findIndex((character, k) => character !== after[k]);
      expect(after.length).toBeGreaterThan(text.length);
      expect(after.endsWith(text.slice(same))).toBe(true);
    });
  }
  test('says when it cannot keep the layout', () => {
    const path = file('odd.json', `{"version": 1,\n "protocol": "nova",\n "entries": []}`);
    expect(run('add', leaked.witness, '--reason', REASON, '--known', path)).toMatchObject({
      status: 0,
      stderr: 'note: DIR/odd.json was laid out in another way than JSON.stringify does, and is now as it does\n',
    });
  });

  test('writes through a link, keeps the mode, leaves nothing beside it', () => {
    const folder = mkdtempSync(at('folder-'));
    const path = join(folder, 'list.json');
    writeFileSync(path, '{\n  "version": 1,\n  "protocol": "nova",\n  "entries": []\n}\n');
    chmodSync(path, 0o664);
    symlinkSync('list.json', join(folder, 'link.json'));
    expect(run('add', leaked.witness, '--reason', REASON, '--known', join(folder, 'link.json')).status).toBe(0);
    expect(readFileSync(path, 'utf8')).toContain(leaked.signature);
    expect(statSync(path).mode & 0o777).toBe(0o664);
    expect(readdirSync(folder).sort()).toEqual(['link.json', 'list.json']);
  });
});

describe('known add refuses in one sentence, and writes nothing', () => {
  const list = file('list.json', KNOWN_OF_NOVA);
  const before = readFileSync(list, 'utf8');
  const known = ['--known', list];
  const reason = ['--reason', REASON];
  const cases: Record<string, string[]> = {
    'what is known': [leaked.witness, ...reason, ...known],
    'what is known once minimised': [audited.witness, ...reason, ...known],
    'the second of two': [leaked.witness, leaked.witness, ...reason, '--known', at('twice.json')],
    'what shows nothing': [token(leaked, { scenario: { ...scenario(leaked), faults: [] } }), ...reason, ...known],
    'what shows something else': [
      token(leaked, { signature: 'source-zero | confirm | gone\u001b[2J' }),
      ...reason,
      ...known,
    ],
    'what a defect shows': [token(leaked, { defects: ['1825537'] }), ...reason, ...known],
    'what a repair shows': [token(leaked, { repairs: ['W-14'] }), ...reason, ...known],
    'a signature of thousands of characters': [token(leaked, { signature: 'x '.repeat(5000) }), ...reason, ...known],
    'another protocol than the list': [
      token(leaked, { protocol: 'rollback', scenario: scenario(leaked) }),
      ...reason,
      ...known,
    ],
    'a token cut short': [leaked.witness.slice(0, 40), ...reason, ...known],
    'an empty reason': [lost.witness, '--reason', ' ', ...known],
    'a reason with control characters': [lost.witness, '--reason', 'It does so.\u001b[2J\nOr not.', ...known],
    'a reason of ten thousand characters': [lost.witness, '--reason', 'so '.repeat(3400), ...known],
    'a weakness of two lines': [lost.witness, ...reason, '--weakness', 'W-12\n', '--row', 'a\nb', ...known],
    'a list that is a folder': [lost.witness, ...reason, '--known', here],
    'a list in a folder that is not there': [lost.witness, ...reason, '--known', at('nowhere/list.json')],
    'a list that a name with a slash stands for': [leaked.witness, ...reason, '--known', `${at('nowhere')}/`],
    'a list under /proc': [lost.witness, ...reason, '--known', '/proc/claimcheck/list.json'],
    'a list that never ends': [lost.witness, ...reason, '--known', '/dev/zero'],
    'a list of a later claimcheck': [lost.witness, ...reason, '--known', file('later.json', { version: 2, lists: [] })],
    'a list that is something else': [lost.witness, ...reason, '--known', file('else.json', [1, 2])],
    'a list that was cut short': [lost.witness, ...reason, '--known', file('cut.json', before.slice(0, 5000))],
    'a list with an escape sequence for a reason': [
      lost.witness,
      ...reason,
      '--known',
      file('escape.json', {
        ...KNOWN_OF_NOVA,
        entries: [{ ...KNOWN_OF_NOVA.entries[0], reason: 'It does so.\u001b[2J' }],
      }),
    ],
  };
  for (const [what, args] of Object.entries(cases)) {
    test(what, () => {
      const { status, stdout, stderr } = run('add', ...args);
      expect({ status, stdout, lines: stderr.trim().split('\n').length }).toEqual({ status: 2, stdout: '', lines: 1 });
      expect(stderr).toMatchSnapshot();
      expect(readFileSync(list, 'utf8')).toBe(before);
    });
  }
});

describe('known check', () => {
  const entry = (weakness: string, ...signatures: Pick<KnownLine, 'signature' | 'witness'>[]) => ({
    weakness,
    reason: `What ${weakness} says.`,
    signatures: signatures.map(({ signature, witness }) => ({ signature, witness, row: null })),
  });
  const listed = (...entries: ReturnType<typeof entry>[]) => ({ version: 1, protocol: 'nova', entries });

  test('finds nothing wrong with a list whose witnesses show their signatures', () => {
    expect(
      run('check', '--known', file('good.json', listed(entry('W-03', leaked), entry('by design', deleted)))),
    ).toMatchSnapshot();
  });

  const stale = listed(
    entry('W-03', leaked, { ...lost, witness: token(lost, { scenario: { ...scenario(lost), faults: [] } }) }),
    entry('W-14', { ...lost, signature: 'source-zero | confirm | gone' }, leaked),
  );
  test('names what is fixed, changed, or on the list twice', () => {
    expect(run('check', '--known', file('stale.json', stale))).toMatchSnapshot();
  });
  test('names what a simpler witness shows, and calls it good', () => {
    expect(run('check', '--known', file('loose.json', listed(entry('W-03', leaked, audited))))).toMatchSnapshot();
  });
  test('names a witness that cannot be run, and ends with 2', () => {
    const unreadable = listed(
      entry('W-03', { ...leaked, witness: 'cc1.AxkIlDUD\u001b[2J' }),
      entry('W-04', { ...lost, witness: token(lost, { defects: ['1825537'] }) }),
      entry('W-05', { signature: 'of rollback', witness: token(lost, { protocol: 'rollback' }) }),
    );
    expect(run('check', '--known', file('unreadable.json', unreadable))).toMatchSnapshot();
  });
  test('fuzz does not begin with such a list', () => {
    const path = file('damaged.json', listed(entry('W-03', { ...leaked, witness: leaked.witness.slice(0, 90) })));
    const { status, stdout, stderr } = claimcheck('fuzz', '--known', path);
    expect({ status, stdout, stderr: stderr.replaceAll(here, 'DIR') }).toMatchSnapshot();
  });
  test('prints JSON', () => {
    const { status, stdout } = run('check', '--known', file('stale.json', stale), '--json');
    expect({ status, result: JSON.parse(stdout) as unknown }).toMatchSnapshot();
  });
  test('refuses a list that cannot be read', () => {
    expect(run('check', '--known', at('nowhere.json'))).toMatchSnapshot();
  });
});

test('help', () => {
  for (const args of [['--help'], ['add', '--help'], ['check', '--help']])
    expect(run(...args).stdout).toMatchSnapshot();
});
