/** Whatever happens to the files, readCloud gives a cloud that scenarios can hold, or one short line. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { flavorSchema, hostSchema } from '../scenario/scenario.ts';
import { folder, sample } from './folder.fixture.ts';
import { readCloud } from './read-cloud.ts';

const LINE = /^[^\p{Cc}\p{Zl}\p{Zp}]+$/u;

function expectSound(dir: string): void {
  const reading = readCloud(dir);
  if (!reading.ok) {
    expect(reading.error).toMatch(LINE);
    expect(reading.error.length).toBeLessThan(500);
    return;
  }
  const { hosts, flavors, notes } = reading.cloud;
  z.array(hostSchema).parse(hosts);
  z.array(flavorSchema).min(1).parse(flavors);
  expect(new Set(hosts.map((host) => host.name)).size).toBe(hosts.length);
  expect(new Set(flavors.map((flavor) => flavor.name)).size).toBe(flavors.length);
  for (const note of notes) expect(note).toMatch(LINE);
}

function filesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));
}

const CLOUDS = ['devstack', 'ironic', 'hostile', 'nested'];
const where = fc.record({
  cloud: fc.constantFrom(...CLOUDS),
  file: fc.nat(),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
});

function eachDamaged<T>(
  damage: fc.Arbitrary<T>,
  apply: (content: Buffer, at: number, damage: T) => Buffer | string,
): void {
  const dirs = new Map(CLOUDS.map((cloud) => [cloud, folder({}, cloud)]));
  fc.assert(
    fc.property(where, damage, ({ cloud, file, at }, change) => {
      const dir = dirs.get(cloud)!;
      const files = filesIn(dir);
      const path = join(dir, files[file % files.length]!);
      const whole = readFileSync(path);
      writeFileSync(path, apply(whole, at, change));
      try {
        expectSound(dir);
      } finally {
        writeFileSync(path, whole);
      }
    }),
    { numRuns: 500 },
  );
}

it('survives damaged bytes', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc.constantFrom(...'[]{}",:\\-0.eE\n'.split('')).map(Buffer.from),
  );
  eachDamaged(fc.record({ bytes, removed: fc.nat(20) }), (content, at, { bytes: added, removed }) => {
    const from = Math.floor(at * content.length);
    return Buffer.concat([content.subarray(0, from), added, content.subarray(from + removed)]);
  });
});

it('survives a file that breaks off', () => {
  eachDamaged(fc.constant(undefined), (content, at) => content.subarray(0, Math.floor(at * content.length)));
});

it('survives values of any kind in the place of others', () => {
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(
      -1,
      0,
      1.5,
      1e308,
      2 ** 31,
      '',
      '__proto__',
      'x'.repeat(6000),
      ' a',
      '\ud800',
      '1e3',
      '9'.repeat(255),
    ),
    fc.string({ unit: 'binary', maxLength: 300 }),
  );
  eachDamaged(odd, (content, at, value) => {
    const places: { holder: Record<string, unknown>; key: string }[] = [];
    const root = { list: JSON.parse(content.toString()) };
    const visit = (holder: Record<string, unknown>): void => {
      for (const [key, inner] of Object.entries(holder)) {
        places.push({ holder, key });
        if (typeof inner === 'object' && inner !== null) visit(inner as Record<string, unknown>);
      }
    };
    visit(root);
    const place = places[Math.min(Math.floor(at * places.length), places.length - 1)]!;
    place.holder[place.key] = value;
    return JSON.stringify(root.list) ?? '';
  });
});

it('survives each broken file in each place', () => {
  for (const cloud of CLOUDS) {
    const dir = folder({}, cloud);
    for (const file of filesIn(dir).slice(0, 6)) {
      const whole = readFileSync(join(dir, file));
      for (const broken of readdirSync(join(import.meta.dirname, 'samples', 'broken'))) {
        writeFileSync(join(dir, file), sample(`broken/${broken}`));
        expectSound(dir);
      }
      writeFileSync(join(dir, file), whole);
    }
  }
});
