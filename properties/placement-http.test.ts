/**
 * Placement's HTTP side, from request to answer and back, is the Placement that Nova's handlers meet: the same laws hold of
 * it, and no scenario ends otherwise. No server is needed: placement-real.test.ts holds both against real ones.
 */

import { Campaign, type CampaignConfig, campaignJson, compileFor, NOTHING_KNOWN } from 'claimcheck';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainCampaign } from '../src/campaign/plain.ts';
import { modelTarget } from '../src/targets/model.ts';
import { RemotePlacement } from '../src/targets/placement/remote.ts';
import { placementTarget } from '../src/targets/placement/target.ts';
import { besideBystanders, generatedScenarios, sampleCloud } from './generated-scenarios.ts';
import type { Law } from './placement-laws.ts';
import * as suite from './placement-laws.ts';
import { behind, httpModel, inProcess, remoteModel } from './placement-remote.ts';

const LAWS = Object.entries(suite).filter((named): named is [string, Law] => typeof named[1] === 'function');

describe("Placement's HTTP side", () => {
  const make = behind(({ release }) => remoteModel(release));
  test.each(LAWS)('%s', (_, law) => {
    fc.assert(law(make), { numRuns: 12 });
  });
});

test.each([-1, -2, -3])("a consumer generation of %i is nobody's, and no null", (consumer_generation) => {
  const body = JSON.stringify({ allocations: {}, project_id: 'p', user_id: 'u', consumer_generation });
  const headers = { 'openstack-api-version': 'placement 1.28', 'content-type': 'application/json' };
  const path = '/allocations/11111111-1111-4111-8111-111111111111';
  const { exchange } = inProcess(httpModel(16));
  expect(exchange({ method: 'PUT', path, headers, body }).status).toBe(409);
});

test('a refusal says what Placement says, which Nova puts into what it raises', () => {
  const RP = '11111111-1111-4111-8111-111111111111';
  const VM = '22222222-2222-4222-8222-222222222222';
  const NONE = '33333333-3333-4333-8333-333333333333';
  const { exchange } = inProcess(httpModel(16));
  const send = (method: string, path: string, sent: unknown = null): string => {
    const headers = { 'openstack-api-version': 'placement 1.28', 'content-type': 'application/json' };
    const { status, body } = exchange({ method, path, headers, body: sent === null ? null : JSON.stringify(sent) });
    if (status < 400) return `${status}`;
    const { errors } = JSON.parse(body) as { errors: readonly { detail: string }[] };
    return `${status} ${errors[0]!.detail.split('\n\n')[1]!.trim()}`;
  };
  const held = (provider: string, resources: Readonly<Record<string, number>>, consumer_generation: number | null) => ({
    allocations: { [provider]: { resources } },
    project_id: 'p',
    user_id: 'u',
    consumer_generation,
  });
  const inventories = (name: string) => ({
    resource_provider_generation: 0,
    inventories: { [name]: { total: 8, max_unit: 4 } },
  });
  expect([
    send('POST', '/resource_providers', { name: 'cn1', uuid: RP }),
    send('PUT', `/resource_providers/${RP}/inventories`, inventories('CPU')),
    send('PUT', `/resource_providers/${RP}/inventories`, inventories('VCPU')),
    send('GET', `/resource_providers/${NONE}/allocations`),
    send('PUT', `/allocations/${VM}`, held(RP, { VCPU: 5 }, null)),
    send('PUT', `/allocations/${VM}`, held(RP, { MEMORY_MB: 1, DISK_GB: 1 }, null)),
    send('PUT', `/allocations/${VM}`, held(RP, { VCPU: 4 }, null)),
    send('POST', '/allocations', { [VM]: held(RP, { VCPU: 1 }, 2), [NONE]: held(RP, { VCPU: 1 }, null) }),
    send('POST', '/allocations', { [VM]: held(RP, { VCPU: 4 }, 1), [NONE]: held(RP, { VCPU: 4 }, null) }),
    send('POST', '/allocations', { [VM]: held(RP, { VCPU: 4 }, 2), [RP]: held(RP, { VCPU: 1 }, null) }),
    send('PUT', `/allocations/${VM}`, held(NONE, { VCPU: 1 }, 2)),
  ]).toMatchInlineSnapshot(`
    [
      "200",
      "400 Unknown resource class in inventory for resource provider 11111111-1111-4111-8111-111111111111: No such resource class CPU.",
      "200",
      "404 Resource provider '33333333-3333-4333-8333-333333333333' not found: No resource provider with uuid 33333333-3333-4333-8333-333333333333 found",
      "409 Unable to allocate inventory: Unable to create allocation for 'VCPU' on resource provider '11111111-1111-4111-8111-111111111111'. The requested amount would violate inventory constraints.",
      "409 Unable to allocate inventory: Inventory for 'MEMORY_MB, DISK_GB' on resource provider '11111111-1111-4111-8111-111111111111' invalid.",
      "204",
      "409 consumer generation conflict - expected 1 but got 2",
      "204",
      "409 Unable to allocate inventory: Unable to create allocation for 'VCPU' on resource provider '11111111-1111-4111-8111-111111111111'. The requested amount would exceed the capacity.",
      "400 Allocation for resource provider '33333333-3333-4333-8333-333333333333' that does not exist.",
    ]
  `);
});

describe('a scenario ends the same on the model and over HTTP', () => {
  const CONFIG: CampaignConfig = { ...plainCampaign('http'), faults: 2 };
  test.each([
    { protocol: 'nova', placementRelease: 16 },
    { protocol: 'nova', placementRelease: 8 },
    { protocol: 'rollback', placementRelease: 16 },
    { protocol: 'nova', placementRelease: 16, sabotage: true },
    { protocol: 'nova', placementRelease: 16, cloud: 'scs' },
  ] as const)('%o', (different) => {
    const cloud = 'cloud' in different ? sampleCloud(different.cloud) : null;
    const config = { ...CONFIG, ...different, cloud };
    const code = compileFor(config);
    const over = placementTarget(code, remoteModel(config.placementRelease));
    let played = 0;
    let beside = 0;
    for (const scenario of generatedScenarios(config, 60)) {
      expect(over.play(scenario)).toEqual(modelTarget(code).play(scenario));
      played++;
      if (scenario.cloud.hosts.some(({ used = {} }) => Object.keys(used).length > 0)) beside++;
    }
    expect(played).toBe(60);
    if (cloud !== null) expect(beside).toBeGreaterThan(20);
  });

  test('with bystanders that no write would leave', () => {
    const code = compileFor(CONFIG);
    const placement = httpModel(16);
    const over = placementTarget(code, new RemotePlacement(inProcess(placement), { ours: false }));
    const made = besideBystanders();
    const play = over.play(made);
    expect(play).toEqual(modelTarget(code).play(made));
    expect(play.settled).toMatchInlineSnapshot(`
      {
        "s1": "h3 active/none m2 | I{h3:m2} | M1{} confirmed",
      }
    `);
    // what they hold is there as other clients see it
    const held = placement.database.store.consumers.flatMap(({ allocations }) => [...allocations.rows()]);
    expect(held).toEqual(expect.arrayContaining([2_147_483_647, 100, 1_000]));
  });
});

test('a campaign on another Placement is that of the model, in slices or at once', () => {
  const config = plainCampaign('slices');
  const whole = new Campaign(config, NOTHING_KNOWN);
  whole.runBlock(0, 60);
  const sliced = new Campaign(config, NOTHING_KNOWN, remoteModel(16));
  for (let from = 0; from < 60; from += 25) sliced.runBlock(0, Math.min(60, from + 25), from);
  expect(whole.findings.size).toBeGreaterThan(0);
  expect(campaignJson(sliced, 'held')).toEqual(campaignJson(whole, 'held'));
});
