/**
 * The model's Placement is the real one in everything Nova can see. Needs `npm run setup:placement`, and for the older
 * release `-- --release 8`; without them a line says what is missing. PLACEMENT_SHARE=N does N times as much and all kinds of
 * it, and then nothing may be missing.
 */

import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type CampaignConfig, compileFor } from 'claimcheck';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { plainCampaign } from '../src/campaign/plain.ts';
import { PLACEMENT_RULES, type PlacementRules } from '../src/placement/server.ts';
import { modelTarget } from '../src/targets/model.ts';
import { type Connection, releaseLike, startedPlacement } from '../src/targets/placement/connect.ts';
import { type Difference, Differential } from '../src/targets/placement/differential.ts';
import { missing, OPENSTACK, RELEASES } from '../src/targets/placement/install.ts';
import { KNOWN_DIFFERENCES } from '../src/targets/placement/known-differences.ts';
import { listen } from '../src/targets/placement/listen.ts';
import { RemotePlacement } from '../src/targets/placement/remote.ts';
import { showDifference } from '../src/targets/placement/show-difference.ts';
import { placementTarget } from '../src/targets/placement/target.ts';
import { walks } from '../src/targets/placement/walk.ts';
import { besideBystanders, generatedScenarios, sampleCloud } from './generated-scenarios.ts';
import type { Law } from './placement-laws.ts';
import * as suite from './placement-laws.ts';
import { behind } from './placement-remote.ts';

const ROOT = join(import.meta.dirname, '..');
const share = process.env.PLACEMENT_SHARE;
const SHARE = share === undefined ? 1 : Number(share);
/** for several servers on a busy machine */
const START_MS = 120_000;
const lacking = Object.fromEntries(RELEASES.map((release) => [release, missing(release)]));

if (share === undefined) {
  for (const lacks of Object.values(lacking)) if (lacks !== null) process.stderr.write(`not run: ${lacks}\n`);
} else {
  test('every release is set up', () => expect(Object.values(lacking)).toEqual(RELEASES.map(() => null)));
}

const fresh = `fresh ${Date.now()}`;

describe.each(RELEASES)('Placement %i', (release) => {
  describe.skipIf(lacking[release] !== null)('is the model', () => {
    let real: Connection;
    beforeAll(async () => {
      real = await startedPlacement(release);
    }, START_MS);
    afterAll(() => real?.close());

    function firstDifference(seed: string, requests: number, rules = PLACEMENT_RULES): Difference | null {
      const both = new Differential(real.wire, release, rules);
      for (const walk of walks(seed, both, requests)) {
        const difference = walk.run();
        if (difference !== null) return both.minimise(difference);
      }
      return null;
    }
    const told = (difference: Difference | null): string =>
      difference === null ? 'no difference' : showDifference(difference, real.again).join('\n');

    test.each(['claimcheck', fresh])('in its answers to random requests, seed %s', (seed) => {
      expect(told(firstDifference(seed, 150 * SHARE))).toBe('no difference');
    });

    test('in what a scenario ends with', () => {
      const config: CampaignConfig = { ...plainCampaign(fresh), placementRelease: release, faults: 2 };
      const remote = new RemotePlacement(real.wire, { ours: true });
      const KINDS = [{}, { sabotage: true }, { protocol: 'rollback' }, { cloud: sampleCloud('scs') }] as const;
      for (const kind of KINDS) {
        const campaign = { ...config, ...kind };
        const code = compileFor(campaign);
        const target = placementTarget(code, remote);
        for (const scenario of [besideBystanders(), ...generatedScenarios(campaign, 2 * SHARE)]) {
          expect(target.play(scenario), JSON.stringify(scenario)).toEqual(modelTarget(code).play(scenario));
        }
      }
    });

    const WRONG: Readonly<Record<string, Partial<PlacementRules>>> = {
      'consumers without allocations stay': { dropEmptyConsumers: false },
      'amounts of one request are not added up': { sumWithinRequest: false },
      'what does not fit is written': { checkCapacity: false },
      'no consumer generation is asked for': { checkConsumerGeneration: false },
      'a refused write leaves its consumers': { atomicWrites: false },
    };
    test.runIf(share !== undefined && release === 16).each(Object.entries(WRONG))('and is not if %s', (_, rules) => {
      const found = firstDifference('wrong', 6000, { ...PLACEMENT_RULES, ...rules });
      expect(found).not.toBeNull();
      // few enough to read
      expect(found!.requests.length).toBeLessThan(12);
    });

    test.runIf(share !== undefined)('at the rate of a bare client', async () => {
      const path = '/resource_providers/00000000-0000-4000-8000-000000000000/usages';
      const headers = { 'openstack-api-version': 'placement 1.39', 'x-auth-token': 'admin' };
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const bare = (): Promise<void> =>
        new Promise((resolve, reject) => {
          request(`${real.url}${path}`, { agent, headers }, (incoming) => incoming.resume().on('end', resolve))
            .on('error', reject)
            .end();
        });
      // side by side, so that both meet the same load
      let ours = Number.POSITIVE_INFINITY;
      let theirs = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 20; round++) {
        const began = performance.now();
        for (let k = 0; k < 10; k++) real.wire.exchange({ method: 'GET', path, headers, body: null });
        const between = performance.now();
        for (let k = 0; k < 10; k++) await bare();
        // the round that was disturbed least
        ours = Math.min(ours, between - began);
        theirs = Math.min(theirs, performance.now() - between);
      }
      agent.destroy();
      expect(theirs / ours).toBeGreaterThan(0.8);
    });
  });
});

describe.skipIf(share === undefined || Object.values(lacking).some((lacks) => lacks !== null))(
  'each law of Placement holds of real servers',
  () => {
    const connections: Connection[] = [];
    // some laws hold two Placements against each other: two servers of each release, in turn
    const remotes = new Map<number, RemotePlacement[]>(RELEASES.map((release) => [release, []]));
    beforeAll(async () => {
      for (const release of [...RELEASES, ...RELEASES]) {
        const connection = await startedPlacement(release);
        connections.push(connection);
        remotes.get(release)!.push(new RemotePlacement(connection.wire, { ours: true }));
      }
    }, START_MS);
    afterAll(async () => {
      for (const connection of connections) await connection.close();
    });
    const LAWS = Object.entries(suite).filter((named): named is [string, Law] => typeof named[1] === 'function');
    let made = 0;
    const make = behind(({ release }) => remotes.get(releaseLike(release))![made++ % 2]!);
    test.each(LAWS)('%s', (_, law) => {
      fc.assert(law(make), { numRuns: Math.ceil(SHARE / 4), endOnFailure: true });
    });
  },
);

test('every difference that is allowed says why', () => {
  for (const { id, reason } of KNOWN_DIFFERENCES) expect(reason, id).toMatch(/^.{40,}\.$/);
});

describe.skipIf(lacking[16] !== null)('a server that claimcheck started', () => {
  test('ends with it, also when it is killed', async () => {
    const child = spawn(process.execPath, [
      join(ROOT, 'dist/claimcheck.mjs'),
      'compare',
      'placement',
      '--requests',
      '99999',
    ]);
    await new Promise<void>((resolve) => child.stderr.once('data', () => resolve()));
    const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
    expect(children).toHaveLength(1);
    const alive = (): boolean => existsSync(`/proc/${children[0]}`);
    expect(alive()).toBe(true);
    child.kill('SIGKILL');
    for (let waited = 0; alive() && waited < 50; waited++) await after(100);
    expect(alive()).toBe(false);
  });
});

describe.skipIf(lacking[16] !== null)('the openstack client', () => {
  const CN = '11111111-1111-4111-8111-111111111111';
  const PF = '22222222-2222-4222-8222-222222222222';
  const VM = '33333333-3333-4333-8333-333333333333';
  const AGG = '44444444-4444-4444-8444-444444444444';
  /** what the client of Nova's and Placement's documentation does with a provider, from one end to the other */
  const COMMANDS: readonly (readonly [version: string, command: string])[] = [
    ['1.39', `resource provider create --uuid ${CN} cn1`],
    ['1.14', `resource provider create --uuid ${PF} --parent-provider ${CN} cn1_pf0`],
    [
      '1.29',
      `resource provider inventory set ${CN} --resource VCPU=8 --resource VCPU:allocation_ratio=2.0 --resource MEMORY_MB=4096`,
    ],
    ['1.0', `resource provider inventory class set ${PF} SRIOV_NET_VF --total 4`],
    ['1.29', `resource provider inventory set ${PF} --resource SRIOV_NET_VF=4`],
    ['1.6', 'trait create CUSTOM_FAST'],
    ['1.39', `resource provider trait set ${CN} --trait CUSTOM_FAST`],
    ['1.19', `resource provider aggregate set ${CN} --aggregate ${AGG} --generation 2`],
    [
      '1.39',
      `resource provider allocation set ${VM} --allocation rp=${CN},VCPU=2,MEMORY_MB=512 --allocation rp=${PF},SRIOV_NET_VF=1 --project-id p --user-id u --consumer-type INSTANCE`,
    ],
    ['1.39', `resource provider allocation show ${VM}`],
    ['1.29', 'allocation candidate list --resource VCPU=4 --resource SRIOV_NET_VF=1 --required CUSTOM_FAST'],
    ['1.39', `resource provider usage show ${CN}`],
    ['1.38', 'resource usage show p'],
    ['1.29', `resource provider inventory list ${CN}`],
    ['1.28', `resource provider show --allocations ${CN}`],
    ['1.29', `resource provider list --resource VCPU=1 --member-of ${AGG}`],
    ['1.39', `resource provider delete ${CN}`],
    ['1.0', `resource provider allocation delete ${VM}`],
    ['1.39', `resource provider delete ${PF}`],
    ['1.5', `resource provider inventory delete ${CN}`],
    ['1.2', 'resource class create CUSTOM_GOLD'],
    ['1.2', 'resource class show CUSTOM_SILVER'],
  ];
  /** all of them, or as many as there is time for */
  const some = COMMANDS.slice(0, 3 * SHARE);

  async function printed(url: string): Promise<string[]> {
    const lines: string[] = [];
    for (const [version, command] of some) {
      const args = [
        ...['--os-auth-type', 'admin_token', '--os-token', 'admin', '--os-endpoint', url],
        ...['--os-placement-api-version', version, ...command.split(' ')],
      ];
      const env = { ...process.env, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1', COLUMNS: '200' };
      const { stdout, stderr } = await promisify(execFile)(OPENSTACK, args, { env }).catch((error) => error);
      lines.push(`${command}\n${stdout}${stderr}`.replaceAll(/req-[0-9a-f-]+/g, 'req'));
    }
    return lines;
  }

  test('prints the same of the model as of Placement', async () => {
    const real = await startedPlacement(16);
    const model = await listen(0, 16);
    const [ofModel, ofReal] = await Promise.all([printed(model.url), printed(real.url)]);
    await Promise.all([model.close(), real.close()]);
    expect(ofModel).toEqual(ofReal);
    // commands that work, not errors that agree
    expect(ofModel.filter((text) => /error|invalid|usage:/i.test(text)).length).toBeLessThan(some.length / 3);
  });
});

test('npm run setup:placement is instant the second time and says what is wrong with a mistake', () => {
  const setUp = (...args: string[]) =>
    spawnSync(process.execPath, [join(ROOT, 'dist/setup-placement.mjs'), ...args], { encoding: 'utf8' });
  const wrong = setUp('--release', '9');
  expect([wrong.status, wrong.stderr]).toEqual([2, 'setup:placement: give nothing, or --release 8, or --release 16\n']);
  if (lacking[16] !== null) return;
  const began = performance.now();
  expect(setUp()).toMatchObject({ status: 0, stderr: '' });
  expect(performance.now() - began).toBeLessThan(5_000);
});
