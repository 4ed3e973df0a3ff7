import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { call, type Data, filled, literal, prefixed, pythonString, statement } from './python.ts';

const HOSTILE = [
  `'`,
  `"`,
  `'''`,
  `"""`,
  '\\',
  `\\'`,
  `a\\`,
  `'); import os; os.abort() #`,
  'line\nbreak',
  'carriage\rreturn\ttab',
  '\0\x07\x1b[2J\x7f\x85',
  'Grüße, 東京, 🏴\u{10ffff}',
  'bidi \u202e mark, \u2028 separators \u2029',
  '%s %(x)s {0} {x!r}',
  '\\N{BULLET} \\u0041 \\x41 \\101',
  '',
];

/** Python's own reader, which takes literals and nothing else. */
function readByPython(texts: readonly string[]): unknown {
  const program = 'import ast, json, sys; print(json.dumps([ast.literal_eval(text) for text in json.load(sys.stdin)]))';
  const { status, stdout, stderr } = spawnSync('python3', ['-c', program], {
    input: JSON.stringify(texts),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout);
}
const python = spawnSync('python3', ['--version']).status === 0;

describe('a literal', () => {
  test('is plain ASCII on one line, and ends where it ends', () => {
    expect(HOSTILE.map(pythonString)).toMatchInlineSnapshot(`
      [
        "'\\''",
        "'"'",
        "'\\'\\'\\''",
        "'"""'",
        "'\\\\'",
        "'\\\\\\''",
        "'a\\\\'",
        "'\\'); import os; os.abort() #'",
        "'line\\nbreak'",
        "'carriage\\rreturn\\ttab'",
        "'\\x00\\x07\\x1b[2J\\x7f\\x85'",
        "'Gr\\xfc\\xdfe, \\u6771\\u4eac, \\U0001f3f4\\U0010ffff'",
        "'bidi \\u202e mark, \\u2028 separators \\u2029'",
        "'%s %(x)s {0} {x!r}'",
        "'\\\\N{BULLET} \\\\u0041 \\\\x41 \\\\101'",
        "''",
      ]
    `);
    for (const text of HOSTILE) expect(pythonString(text)).toMatch(/^'(?:[^'\\\n]|\\.)*'$/);
  });

  test.skipIf(!python)('means to Python what it is: names', () => {
    expect(readByPython(HOSTILE.map(pythonString))).toEqual(HOSTILE);
  });

  test.skipIf(!python)('means to Python what it is: any data, broken over lines as it may be', () => {
    const { values } = fc.letrec<{ value: Data; values: Data[] }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.string({ unit: 'binary' }),
        fc.constantFrom(...HOSTILE),
        fc.integer(),
        fc.constantFrom(1.5, 3.5e38, 0.1),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
      values: fc.array(tie('value'), { minLength: 20, maxLength: 20 }),
    }));
    const sample = fc.sample(values, { numRuns: 20, seed: 7 });
    const texts = sample.map((value) => statement(0, literal(value)));
    expect(readByPython(texts)).toEqual(JSON.parse(JSON.stringify(sample)));
  });

  test('is no number that Python has no literal for', () => {
    expect(() => literal(Number.POSITIVE_INFINITY)).toThrow(RangeError);
    expect(() => literal(Number.NaN)).toThrow(RangeError);
  });
});

test('expressions are broken at brackets, as late as may be', () => {
  const long = Object.fromEntries(['VCPU', 'MEMORY_MB', 'DISK_GB', 'CUSTOM_GOLD'].map((name) => [name, 1048576]));
  const args = ['server', literal('resize'), literal('conductor_migrate_server'), literal('compute_prep_resize')];
  const all = [
    call('self.fits', ['on', 'one', 'line']),
    call('self._wait_for_events', args),
    call('self.assertEqual', [literal({ h1: long }), 'seen']),
    call('self.post', [prefixed('server=', literal({ server: long }))]),
    prefixed('of = ', literal(['x'.repeat(70), []])),
  ];
  expect(
    `\n${all.map((of) => statement(8, of)).join('\n')}\n${statement(8, prefixed('with ', call('patch', args)), ':')}`,
  ).toMatchInlineSnapshot(`
    "
            self.fits(on, one, line)
            self._wait_for_events(
                server, 'resize', 'conductor_migrate_server',
                'compute_prep_resize')
            self.assertEqual(
                {'h1': {
                    'VCPU': 1048576,
                    'MEMORY_MB': 1048576,
                    'DISK_GB': 1048576,
                    'CUSTOM_GOLD': 1048576,
                }}, seen)
            self.post(server={'server': {
                'VCPU': 1048576,
                'MEMORY_MB': 1048576,
                'DISK_GB': 1048576,
                'CUSTOM_GOLD': 1048576,
            }})
            of = [
                'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
                [],
            ]
            with patch(
                    server, 'resize', 'conductor_migrate_server',
                    'compute_prep_resize'):"
  `);
});

test('sentences are filled', () => {
  expect(`\n${filled(8, '# ', `FIXME: ${'a word and '.repeat(15)}${'x'.repeat(80)} end.`)}`).toMatchInlineSnapshot(`
    "
            # FIXME: a word and a word and a word and a word and a word and a word
            # and a word and a word and a word and a word and a word and a word and
            # a word and a word and a word and
            # xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
            # end."
  `);
});
