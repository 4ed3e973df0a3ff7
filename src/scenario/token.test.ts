import * as fc from 'fast-check';
import { deflateSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { anyScenario, someScenario } from './any-scenario.ts';
import { normalForm } from './normal-form.ts';
import type { Operation, Scenario } from './scenario.ts';
import { decodeToken, type Envelope, encodeToken, sealToken } from './token.ts';

const plain = (): Envelope => ({
  scenario: someScenario(),
  protocol: 'nova',
  contract: 'strict',
  defects: [],
  repairs: [],
  signature: null,
});

/** What the shortest token that makes sense stands for. */
function tiny(): Scenario {
  const { options } = someScenario();
  const inventory = { total: 4, reserved: 0, min_unit: 1, max_unit: 4, step_size: 1, allocation_ratio: 1 };
  return {
    version: 1,
    cloud: {
      hosts: [{ name: 'h1', inventories: { VCPU: inventory }, traits: [] }],
      flavors: [{ name: 'm1', vcpus: 1, ram: 64, disk: 0, ephemeral: 0, swap: 0, properties: {} }],
    },
    options,
    operations: [{ operation: 'boot', server: 's1', flavor: 'm1' }, { operation: 'settle' }],
    faults: [],
    holds: [],
  };
}

/** Every operation, option and kind of name, so that no part of the format goes unpinned. */
function rich(): Envelope {
  const scenario = someScenario();
  const inventory = { total: 4, reserved: 1, min_unit: 2, max_unit: 3, step_size: 1, allocation_ratio: 1.5 };
  const [first, second] = scenario.cloud.hosts;
  first!.traits = ['HW_CPU_X86_AVX2', 'CUSTOM_A'];
  second!.inventories.CUSTOM_B = inventory;
  scenario.cloud.flavors[1] = { ...scenario.cloud.flavors[1]!, swap: 1, ephemeral: 2, properties: { 'hw:x': 'ü' } };
  scenario.options = {
    allow_resize_to_same_host: true,
    supports_migrate_to_same_host: true,
    max_attempts: 1,
    client_replay: 1,
    nova_release: 34,
    placement_release: 8,
  };
  const server = 'web';
  scenario.operations = [
    { operation: 'boot', server, flavor: 'm1.small', host: 'compute-1', volume_backed: true },
    { operation: 'boot', server: 's2', flavor: 'm1.tiny', volume_backed: false },
    { operation: 'resize', server, flavor: 'm1.tiny' },
    { operation: 'cold_migrate', server: 's2' },
    { operation: 'cold_migrate', server, host: 'compute-9' },
    ...(['confirm', 'revert', 'delete', 'stop', 'start', 'hard_reboot'] as const).map(
      (operation): Operation => ({ operation, server }),
    ),
    { operation: 'reset_state', server, state: 'error' },
    { operation: 'audit', host: 'compute-9' },
    { operation: 'poll_unconfirmed_resizes', host: 'compute-1' },
    { operation: 'cleanup_incomplete_migrations', host: 'compute-1' },
    { operation: 'set_inventory', host: 'compute-1', resource_class: 'CUSTOM_B', inventory },
    { operation: 'crash', service: 'conductor' },
    { operation: 'restart', service: 'compute-3' },
    { operation: 'settle' },
  ];
  scenario.holds.push({ operation: 4, point: 'src.flip-host', nth: 3, until: 9 });
  return {
    scenario,
    protocol: 'rollback',
    contract: 'mission',
    defects: ['R-05', 'E-04a'],
    repairs: ['W-14'],
    signature: 'host-agreement | lost at finish.driver',
  };
}

/** What was packed by nobody, under a checksum that is right: tests may forge what nobody mistypes. */
const forged = sealToken;
const forgedText = (text: string): string => forged(deflateSync(Buffer.from(text)));

function sentence(token: string): string {
  const reading = decodeToken(token);
  if (reading.ok) throw new Error('this token is accepted');
  return reading.error;
}

const DAMAGED = 'this token is damaged: it was cut or mistyped on its way; copy it again as a whole';
const FOREIGN = 'this token is damaged: what it unpacks to was not written by claimcheck';
const TOO_LARGE = 'this token is refused: it would unpack to more than 1 MB, which no scenario needs';

describe('round trip', () => {
  const anyEnvelope: fc.Arbitrary<Envelope> = fc.record(
    {
      scenario: anyScenario,
      protocol: fc.constantFrom<Envelope['protocol']>('nova', 'rollback'),
      contract: fc.constantFrom<Envelope['contract']>('strict', 'nova', 'mission'),
      defects: fc.array(fc.oneof(fc.constantFrom('R-05', 'E-04a'), fc.string()), { maxLength: 3 }),
      repairs: fc.array(fc.constantFrom('W-14', 'W-26'), { maxLength: 2 }),
      signature: fc.option(fc.string({ unit: 'binary', maxLength: 300 })),
    },
    { noNullPrototype: true },
  );

  test('of any scenario, to the order of keys', () => {
    fc.assert(
      fc.property(anyEnvelope, (envelope) => {
        const reading = decodeToken(encodeToken(envelope));
        expect(reading).toStrictEqual({ ok: true, value: envelope });
        expect(JSON.stringify(reading)).toBe(JSON.stringify({ ok: true, value: envelope }));
      }),
      { numRuns: 500 },
    );
  });

  test('of a normal form', () => {
    fc.assert(
      fc.property(anyScenario, (scenario) => {
        const envelope = { ...plain(), scenario: normalForm(scenario) };
        expect(decodeToken(encodeToken(envelope))).toStrictEqual({ ok: true, value: envelope });
      }),
    );
  });

  test('of a scenario of many kilobytes, which is inflated in pieces', () => {
    const envelope = plain();
    let state = 1;
    envelope.scenario.operations = Array.from({ length: 200 }, () => {
      state = (state * 48271) % 2147483647;
      return { operation: 'boot', server: `${state.toString(36)}-${state % 7919}`, flavor: `${state % 104729}` };
    });
    const token = encodeToken(envelope);
    expect(token.length).toBeGreaterThan(3000);
    expect(decodeToken(token)).toStrictEqual({ ok: true, value: envelope });
  });

  test('of one envelope gives one token', () => {
    fc.assert(
      fc.property(anyEnvelope, (envelope) => {
        expect(encodeToken(structuredClone(envelope))).toBe(encodeToken(envelope));
      }),
    );
  });
});

describe('the format', () => {
  // Tokens stand in bug reports and known lists: where one of these is no longer read, those have lost their meaning.
  const PLAIN =
    'cc1.AxmIx1KgnUB1SvCaQgmoyQDBN0LjGyuBTYW7Q0cJViuAFMKdBBaGVBsgcROIZywg4uB6BWIOUKA8NUkJ7nKgk6INga4DUaao_kAJbCWgB0B6gO7CLJyUQMEHNEvHGKITJf2BdBrFxsYCABTFOg';
  const RICH =
    'cc1.jVYxDsIwDPwK8uyipkloO4LEB1gYqg5F4g0w8DQ2PsadU0JbJECVHCV2zvY5qUPAL07hs1dZNClRGfvNVqDNbQSTX2B55060g2odofZa9YgmA1V_AE3tvVguOXuVVy8iUCbCllOzEmCBUUGTvCKbx90QQiK1SZbW3xIyFi7nk5BDYw_STNgURQtgjdR680eTCrMcYMs4SDl9UEaTG5O1ycZkOzpwpdYcgMkBYByAMOVvSh-0gVx1LnLmNlbc2QlkzoRBVJ9_bEMrwYlPx2J2KY0t7lysBm2TPfngh9QRDcqkDcqzeG7eVvbwGvI9e4fFUhyKMqIU-6IMA-mSY-EC6H8CGYPx';

  test('of a plain token', () => {
    expect(encodeToken(plain())).toBe(PLAIN);
    expect(decodeToken(PLAIN)).toStrictEqual({ ok: true, value: plain() });
  });

  test('of a token with everything in it', () => {
    expect(encodeToken(rich())).toBe(RICH);
    expect(decodeToken(RICH)).toStrictEqual({ ok: true, value: rich() });
  });

  test('of a token with bystanders', () => {
    const envelope = plain();
    const [first, second, third] = envelope.scenario.cloud.hosts;
    first!.used = { VCPU: 3, DISK_GB: 2147483647 };
    second!.used = {};
    third!.name = 'h3';
    third!.used = { MEMORY_MB: 512 };
    expect(encodeToken(envelope)).toMatchInlineSnapshot(
      `"cc1.fVVJDoAgDPzLnDmoVOEv3kx8g993plWUmHgiKe0sDWEE-ENKTvahJQUSm7MuRitW82JFOMPTMsGJREg2wThRk5ZwBwXeKr0cSaK6hb8adY8aXEZw7FtwyAxVriMF65h7a93-QU-aoc7vfwVtlFgpx2T3JDUpEyd89VU"`,
    );
    expect(decodeToken(encodeToken(envelope))).toStrictEqual({ ok: true, value: envelope });
    const [one, two] = ['[[[0,4]],0,[0]]', '[[[0,4]],0,[[1],2]]'].map((host) => forgedText(`[[${host}],[[1,64]]]`));
    expect([sentence(one!), sentence(two!)]).toMatchInlineSnapshot(`
      [
        "this token: cloud.hosts[0].used.VCPU is missing; it must be a whole number from 1 to 2147483647",
        "this token: cloud.hosts[0].used has the key "a list"; a key must be a text of 1 to 255 characters out of A-Z, 0-9 and _",
      ]
    `);
  });

  test('leaves out what is at its default', () => {
    const reading = decodeToken(forgedText('[[[[[0,4]]]],[[1,64]],[[0,0,0],16]]'));
    expect(reading).toStrictEqual({ ok: true, value: { ...plain(), scenario: tiny() } });
  });

  test('stays short', () => {
    expect({
      plain: encodeToken(plain()).length,
      normal: encodeToken({ ...plain(), scenario: normalForm(someScenario()) }).length,
      rich: encodeToken(rich()).length,
    }).toMatchInlineSnapshot(`
      {
        "normal": 82,
        "plain": 150,
        "rich": 352,
      }
    `);
  });
});

test('the operator’s commands keep their codes', () => {
  const operations: Operation[] = [
    { operation: 'placement_audit' },
    { operation: 'placement_audit', delete: true },
    { operation: 'placement_audit', host: 'h1' },
    { operation: 'placement_audit', delete: true, host: 'h1' },
    { operation: 'heal_allocations' },
    { operation: 'heal_allocations', server: 's1' },
    { operation: 'heal_allocations', server: 's1', force: true },
    { operation: 'delete_allocations', server: 's1', of: 'instance' },
    { operation: 'delete_allocations', server: 's2', of: 'migration' },
    { operation: 'edit_row', server: 's1', host: 'h1' },
    { operation: 'edit_row', server: 's2', migration_status: 'failed' },
    { operation: 'edit_row', server: 's2', host: 'h9', migration_status: 'pre-migrating' },
  ];
  const token = encodeToken({ ...plain(), scenario: { ...tiny(), operations } });
  expect(token).toMatchInlineSnapshot(
    `"cc1.AxkIMjEWCMAmmAGZQHUWYAxSCqSgeoF8EMPQEsi2hAlaQgSBroOKABmGYI1GIMvAIkC-jq6hjiWMrZRhqQRyQCwAJe70"`,
  );
  const reading = decodeToken(token);
  expect(reading.ok && reading.value.scenario.operations).toEqual(operations);
});

describe('on its way', () => {
  const token = encodeToken(rich());

  test('white space may come in anywhere', () => {
    const wrapped = `\n  ${token.replace(/.{20}/g, '$&\r\n\t')} \u00a0\n`;
    expect(decodeToken(wrapped)).toStrictEqual({ ok: true, value: rich() });
  });

  test('no change of one character goes unseen', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const short = encodeToken(plain());
    for (let at = 'cc1.'.length; at < short.length; at++) {
      for (const character of alphabet) {
        if (character === short[at]) continue;
        expect(decodeToken(short.slice(0, at) + character + short.slice(at + 1))).toEqual({
          ok: false,
          error: DAMAGED,
        });
      }
    }
  });

  test('no cut goes unseen', () => {
    for (let length = 'cc1.'.length; length < token.length; length++) {
      expect(decodeToken(token.slice(0, length))).toEqual({ ok: false, error: DAMAGED });
    }
  });

  test('two characters changing places do not go unseen', () => {
    for (let at = 'cc1.'.length; at + 1 < token.length; at++) {
      if (token[at] === token[at + 1]) continue;
      const swapped = token.slice(0, at) + token[at + 1]! + token[at]! + token.slice(at + 2);
      expect(decodeToken(swapped)).toEqual({ ok: false, error: DAMAGED });
    }
  });

  test('two tokens in one do not pass for the first', () => {
    expect(sentence(token + token)).toBe('this token is damaged: it has the character ".", which no token has');
  });
});

describe('texts that are no tokens', () => {
  test.each([
    ['nothing', '', 'this is no token: a token begins with "cc1.", and this is ""'],
    ['another text', '{\n"version"', 'this is no token: a token begins with "cc1.", and this is "{"version""'],
    ['a terminal sequence', '\u001b[2J', 'this is no token: a token begins with "cc1.", and this is "\\u001B[2J"'],
    ['a later version', 'cc2.AAAA', 'this token is of version 2; this claimcheck reads version 1 only'],
    [
      'a much later version',
      `cc${'9'.repeat(99)}.A`,
      `this token is of version ${'9'.repeat(30)}…${'9'.repeat(29)}; this claimcheck reads version 1 only`,
    ],
    ['a stray character', 'cc1.AAé+', 'this token is damaged: it has the character "é", which no token has'],
    [
      'a stray control character',
      'cc1.AA\u0007',
      'this token is damaged: it has the character "\\u0007", which no token has',
    ],
    ['a prefix alone', 'cc1.', DAMAGED],
  ])('%s', (_what, text, expected) => {
    expect(sentence(text)).toBe(expected);
  });

  test('a text longer than any token', () => {
    expect(sentence(`cc1.${'A'.repeat(2_000_000)}`)).toBe('this token is refused: it is longer than any token can be');
  });
});

describe('forged tokens', () => {
  test.each([
    ['no deflated data', forged(Buffer.of(0xff, 0xff, 0xff)), FOREIGN],
    ['deflated data without an end', forged(deflateSync(Buffer.from('[[[[0,4]]],[[1,64]]]')).subarray(0, -3)), FOREIGN],
    ['no UTF-8', forged(deflateSync(Buffer.of(0x5b, 0x22, 0xff, 0x22, 0x5d))), FOREIGN],
    ['no JSON', forgedText('hello'), FOREIGN],
    ['a protocol that is not', forgedText('[[[[[0,4]]]],[[1,64]],[],[],[],[],0,7]'), FOREIGN],
    ['a contract named by a property of lists', forgedText('[[[[[0,4]]]],[[1,64]],[],[],[],[],0,0,"map"]'), FOREIGN],
    ['a signature that is no text', forgedText('[[[[[0,4]]]],[[1,64]],[],[],[],[],3]'), FOREIGN],
    ['defects that are no texts', forgedText('[[[[[0,4]]]],[[1,64]],[],[],[],[],0,0,0,[1]]'), FOREIGN],
    [
      'nothing in it',
      forgedText('[]'),
      'this token: cloud.hosts is a list of 0 entries; it must be a list of 1 to 32 entries',
    ],
    [
      'a later operation',
      forgedText('[[[[[0,4]]]],[[1,64]],[[99,0]]]'),
      'this token: operations[0].operation is "code 99"; it must be one of boot, resize, cold_migrate, confirm, revert, live_migrate, abort_live_migration, evacuate, shelve, shelve_offload, unshelve, rebuild, delete, stop, start, hard_reboot, detach_interface, reset_state, audit, poll_unconfirmed_resizes, cleanup_incomplete_migrations, set_inventory, crash, restart, force_down, delete_service, lose_host, recover, settle, placement_audit, heal_allocations, delete_allocations, edit_row',
    ],
    [
      'a later option',
      forgedText('[[[[[0,4]]]],[[1,64]],[],[],[],[9,1]]'),
      'this token: options has the unknown key "option 9"; the keys allowed are allow_resize_to_same_host, supports_migrate_to_same_host, max_attempts, client_replay, nova_release, placement_release',
    ],
    [
      'a host by a number that is none',
      forgedText('[[[[[0,4]]]],[[1,64]],[[10,77]]]'),
      'this token: operations[0].host is missing; it must be a text of 1 to 255 characters',
    ],
    [
      'a property that poisons',
      forgedText('[[[[[0,4]]]],[[1,64,0,0,0,0,["__proto__","x"]]]]'),
      'this token: cloud.flavors[0].properties has the key "__proto__", which no object may have',
    ],
    [
      'an option named by a property of lists',
      forgedText('[[[[[0,4]]]],[[1,64]],[],[],[],["map",1]]'),
      'this token: options has the unknown key "option map"; the keys allowed are allow_resize_to_same_host, supports_migrate_to_same_host, max_attempts, client_replay, nova_release, placement_release',
    ],
  ])('%s', (_what, token, expected) => {
    expect(sentence(token)).toBe(expected);
  });

  test('a bomb is refused before it has gone off', () => {
    const bomb = deflateSync(new Uint8Array(64 * 1024 * 1024), { level: 9 });
    // Whoever inflates it to its end finds that it has none, and says so.
    expect(sentence(forged(bomb.subarray(0, -1000)))).toBe(TOO_LARGE);
  });

  test('one megabyte unpacked is the most', () => {
    const filled = (size: number) => forgedText(`[${' '.repeat(size - 2)}]`);
    expect([sentence(filled(1024 * 1024)), sentence(filled(1024 * 1024 + 1))]).toEqual([
      'this token: cloud.hosts is a list of 0 entries; it must be a list of 1 to 32 entries',
      TOO_LARGE,
    ]);
  });

  test('hosts that multiply by reference are refused', () => {
    const inventories = Array.from({ length: 5000 }, (_, index) => `"C${index}",1`).join(',');
    expect(sentence(forgedText(`[[[[[${inventories}]]]${',0'.repeat(31)}],[[1,64]]]`))).toBe(TOO_LARGE);
  });

  test('nesting overflows nothing', () => {
    const deep = `${'['.repeat(400_000)}${']'.repeat(400_000)}`;
    const at = (cells: string) => decodeToken(forgedText(cells.replace('?', deep))).ok;
    expect(
      [
        '?',
        '[?]',
        '[[[[[?,4]]]],[[1,64]]]',
        '[[[[[0,4]]]],[[1,64,0,0,0,0,[?,"x"]]]]',
        '[[[[[0,4]]]],[[1,64]],[[?,0]]]',
        '[[[[[0,4]]]],[[1,64]],[[3,?]]]',
        '[[[[[0,4]]]],[[1,64]],[],[["a",0,?]]]',
        '[[[[[0,4]]]],[[1,64]],[],[],[],[?,1]]',
        '[[[[[0,4]]]],[[1,64]],[],[],[],[],?]',
      ].map(at),
    ).toEqual(Array(9).fill(false));
  });

  test('whatever was packed, nothing is thrown', () => {
    const cell = fc.letrec((tie) => ({
      cell: fc.oneof(
        { maxDepth: 6 },
        fc.integer({ min: -1, max: 17 }),
        fc.constantFrom('h1', 'VCPU', 'map', '__proto__', null, true, 1.5),
        fc.array(tie('cell'), { maxLength: 6 }),
      ),
    })).cell;
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 11 }), (cells) => {
        const reading = decodeToken(forgedText(JSON.stringify(cells)));
        if (!reading.ok) expect(reading.error).toMatch(/^this token[^\p{Cc}\p{Cs}]{1,500}$/u);
      }),
      { numRuns: 2000 },
    );
  });

  test('whatever was deflated, nothing is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
        expect(decodeToken(forged(bytes)).ok).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});
