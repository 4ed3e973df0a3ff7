/**
 * Placement's HTTP side, from request to answer and back, is the Placement that Nova's handlers meet: the same laws hold of
 * it, and no scenario ends otherwise. No server is needed: placement-real.test.ts holds both against real ones.
 */

import { type CampaignConfig, compileFor } from 'claimcheck';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { modelTarget } from '../src/targets/model.ts';
import { placementTarget } from '../src/targets/placement/target.ts';
import { generatedScenarios } from './generated-scenarios.ts';
import type { Law } from './placement-laws.ts';
import * as suite from './placement-laws.ts';
import { behind, remoteModel } from './placement-remote.ts';

const LAWS = Object.entries(suite).filter((named): named is [string, Law] => typeof named[1] === 'function');

describe("Placement's HTTP side", () => {
  const make = behind(({ release }) => remoteModel(release));
  test.each(LAWS)('%s', (_, law) => {
    fc.assert(law(make), { numRuns: 12 });
  });
});

describe('a scenario ends the same on the model and over HTTP', () => {
  const CONFIG: CampaignConfig = {
    seed: 'http',
    protocol: 'nova',
    contract: 'strict',
    defects: [],
    repairs: [],
    novaRelease: 34,
    placementRelease: 16,
    faults: 2,
    cloud: null,
  };
  test.each([
    { protocol: 'nova', placementRelease: 16 },
    { protocol: 'nova', placementRelease: 8 },
    { protocol: 'rollback', placementRelease: 16 },
  ] as const)('$protocol, Placement $placementRelease', (different) => {
    const config = { ...CONFIG, ...different };
    const code = compileFor(config);
    const over = placementTarget(code, remoteModel(config.placementRelease));
    let played = 0;
    for (const scenario of generatedScenarios(config, 60)) {
      expect(over.play(scenario)).toEqual(modelTarget(code).play(scenario));
      played++;
    }
    expect(played).toBe(60);
  });
});
