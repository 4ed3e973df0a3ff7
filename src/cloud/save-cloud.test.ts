/** The script, run with an `openstack` that answers from a sample folder and writes down how it was called. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEVSTACK_1, folder, SAMPLES } from './folder.fixture.ts';
import { readCloud } from './read-cloud.ts';

const SCRIPT = join(import.meta.dirname, 'save-cloud.sh');

/** As the client: what it has no answer for is an error on stderr, an exit code of 1 and nothing on stdout. */
const CLIENT = `#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in
'flavor list --all --long -f json') exec cat "$CLOUD/flavors.json" ;;
'resource provider list -f json') exec cat "$CLOUD/providers.json" ;;
'resource provider list -f value -c uuid')
  sed -n 's/^ *"uuid": "\\(.*\\)",$/\\1/p' "$CLOUD/providers.json"; exit ;;
'resource provider inventory list '*' -f json') exec cat "$CLOUD/inventories/$5.json" ;;
'resource provider trait list '*' -f json') exec cat "$CLOUD/traits/$5.json" ;;
'resource provider usage show '*' -f json') exec cat "$CLOUD/usages/$5.json" ;;
esac
echo "openstack: '$*' is not an openstack command" >&2; exit 2
`;

function save(cloud: string, shell = 'sh') {
  const dir = folder({ 'bin/openstack': CLIENT, calls: '' });
  chmodSync(join(dir, 'bin/openstack'), 0o755);
  const out = join(dir, "a user's cloud");
  const env = {
    PATH: [join(dir, 'bin'), process.env.PATH].join(delimiter),
    CLOUD: cloud,
    CALLS: join(dir, 'calls'),
  };
  const { status, stdout, stderr } = spawnSync(shell, [SCRIPT, out], { encoding: 'utf8', env });
  const calls = readFileSync(join(dir, 'calls'), 'utf8').trimEnd().split('\n');
  return { status, stdout: stdout.replaceAll(out, 'FOLDER'), stderr: stderr.replaceAll(out, 'FOLDER'), calls, out };
}

describe('save-cloud.sh', () => {
  for (const shell of ['sh', 'bash']) {
    it(`writes what is read back as the cloud it came from (${shell})`, () => {
      for (const cloud of ['devstack', 'einfra-cz', 'scs', 'ironic'].map((name) => join(SAMPLES, name))) {
        const { status, stderr, out } = save(cloud, shell);
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
        expect(readCloud(out)).toEqual(readCloud(cloud));
      }
    });
  }

  it('prints each command before it runs it, and runs nothing else', () => {
    const { stdout, calls } = save(join(SAMPLES, 'devstack'));
    const printed = stdout.trimEnd().split('\n');
    expect(printed.map((line) => line.replace(/^openstack (.*?)( > .*)?$/, '$1'))).toEqual(calls);
    expect(stdout).toMatchInlineSnapshot(`
      "openstack flavor list --all --long -f json > FOLDER/flavors.json
      openstack resource provider list -f json > FOLDER/providers.json
      openstack resource provider list -f value -c uuid
      openstack resource provider inventory list bde27f9d-1249-446f-ae14-45f6ff3e63d5 -f json > FOLDER/inventories/bde27f9d-1249-446f-ae14-45f6ff3e63d5.json
      openstack resource provider trait list bde27f9d-1249-446f-ae14-45f6ff3e63d5 -f json > FOLDER/traits/bde27f9d-1249-446f-ae14-45f6ff3e63d5.json
      openstack resource provider usage show bde27f9d-1249-446f-ae14-45f6ff3e63d5 -f json > FOLDER/usages/bde27f9d-1249-446f-ae14-45f6ff3e63d5.json
      openstack resource provider inventory list ed342d52-19e0-5618-a9c5-beac1371fa18 -f json > FOLDER/inventories/ed342d52-19e0-5618-a9c5-beac1371fa18.json
      openstack resource provider trait list ed342d52-19e0-5618-a9c5-beac1371fa18 -f json > FOLDER/traits/ed342d52-19e0-5618-a9c5-beac1371fa18.json
      openstack resource provider usage show ed342d52-19e0-5618-a9c5-beac1371fa18 -f json > FOLDER/usages/ed342d52-19e0-5618-a9c5-beac1371fa18.json
      "
    `);
  });

  it('runs only what lists or shows', () => {
    for (const call of save(join(SAMPLES, 'nested')).calls) {
      expect(call).toMatch(/^(flavor|resource provider( inventory| trait)?) list |^resource provider usage show /);
    }
  });

  it('goes on without what a provider does not give', () => {
    const cloud = folder({}, 'devstack');
    rmSync(join(cloud, 'usages', `${DEVSTACK_1}.json`));
    const { status, stderr, out } = save(cloud);
    expect({ status, usages: readdirSync(join(out, 'usages')).length }).toEqual({ status: 0, usages: 1 });
    expect(stderr).toContain(`failed, and left out: FOLDER/usages/${DEVSTACK_1}.json`);
    expect(readCloud(out)).toEqual(readCloud(cloud));
  });

  it('goes on without a provider that is gone since it was listed', () => {
    const cloud = join(SAMPLES, 'devstack');
    const gone = folder({
      'flavors.json': readFileSync(join(cloud, 'flavors.json')),
      'providers.json': readFileSync(join(cloud, 'providers.json')),
    });
    const saved = save(gone);
    expect(saved.status).toBe(0);
    expect(readdirSync(join(saved.out, 'inventories'))).toEqual([]);
    expect(saved.stderr).toContain(`failed, and left out: FOLDER/inventories/${DEVSTACK_1}.json`);
    const reading = readCloud(saved.out);
    expect(reading.ok && reading.cloud.notes[0]).toContain('2 of 2 providers have no file in inventories/');
  });

  it('stops where a list cannot be had, and without a folder', () => {
    const { status, calls, out } = save(folder({}));
    expect({ status, calls }).toEqual({ status: 1, calls: ['flavor list --all --long -f json'] });
    expect(existsSync(join(out, 'flavors.json'))).toBe(false);
    const { status: usage, stderr } = spawnSync('sh', [SCRIPT], { encoding: 'utf8' });
    expect({ failed: usage !== 0, said: stderr.includes('usage: sh save-cloud.sh FOLDER') }).toEqual({
      failed: true,
      said: true,
    });
  });
});
