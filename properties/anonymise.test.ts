/** Names decide nothing: a scenario without them runs to the same end, and shows the same violations. */
import { join } from 'node:path';
import {
  anonymise,
  CONTRACTS,
  compile,
  deriveSeed,
  drawnFrom,
  GROUP,
  HEADER,
  judgeScenario,
  MOST_OPERATIONS,
  modelTarget,
  Player,
  PROTOCOLS,
  readCloud,
  type Scenario,
  sample,
  wordStream,
} from 'claimcheck';
import { describe, expect, test } from 'vitest';

const SAMPLES = join(import.meta.dirname, '../src/cloud/samples');

/** Scenarios as a campaign draws them from a user's cloud, under all of its names. */
function drawn(cloud: string, protocol: keyof typeof PROTOCOLS, runs: number): Scenario[] {
  const reading = readCloud(join(SAMPLES, cloud));
  if (!reading.ok) throw new Error(reading.error);
  const situations = sample(drawnFrom(reading.cloud, 16), deriveSeed('anonymise', cloud), 8);
  const player = new Player(compile(PROTOCOLS[protocol]), CONTRACTS.strict, 2, situations);
  const scenarios: Scenario[] = [];
  wordStream(HEADER, GROUP, MOST_OPERATIONS).forEach(deriveSeed('anonymise', cloud, protocol), runs, (words) => {
    player.play(words);
    scenarios.push(player.scenario());
  });
  return scenarios;
}

/** Clouds that have room for a server: on the others nothing is claimed that could be lost. */
const BOOTS: ReadonlySet<string> = new Set(['devstack', 'nested', 'einfra-cz']);

describe('an anonymous scenario', () => {
  for (const protocol of ['nova', 'rollback'] as const) {
    for (const cloud of ['devstack', 'ironic', 'hostile', 'nested', 'einfra-cz']) {
      test(`shows what the one with names shows: ${cloud}, ${protocol}`, () => {
        const code = compile(PROTOCOLS[protocol]);
        const target = modelTarget(code);
        const signatures = (one: Scenario) =>
          judgeScenario(code, CONTRACTS.strict, one).map(({ signature, operation }) => [operation, signature]);
        let violations = 0;
        for (const scenario of drawn(cloud, protocol, 150)) {
          const anonymous = anonymise(scenario);
          expect(signatures(anonymous)).toEqual(signatures(scenario));
          violations += signatures(scenario).length;
          const [named, unnamed] = [target.play(scenario), target.play(anonymous)];
          expect(unnamed.steps.map(({ operation }) => operation)).toEqual(
            named.steps.map(({ operation }) => operation),
          );
          expect([unnamed.fired, unnamed.held]).toEqual([named.fired, named.held]);
          const text = JSON.stringify(anonymous);
          for (const { name } of [...scenario.cloud.hosts, ...scenario.cloud.flavors]) {
            if (name.length > 8) expect(text).not.toContain(JSON.stringify(name).slice(1, -1));
          }
        }
        if (protocol === 'nova' && BOOTS.has(cloud)) expect(violations).toBeGreaterThan(0);
      });
    }
  }
});
