import { h } from 'preact';
import { renderToStaticMarkup } from 'preact-render-to-string';
import { expect, test } from 'vitest';
import { compileFor } from '../../campaign/config.ts';
import { failedResize, roomyHost } from '../../campaign/plain.ts';
import { CONTRACTS } from '../../contract/contracts.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { recordScenario } from '../recording.ts';
import { AllocationsChart } from './allocations-chart.tsx';
import { classesOf } from './moments.ts';

const code = compileFor({ protocol: 'nova', defects: [], repairs: [], novaRelease: 34 });

const scenarioOn = (host: string): Scenario => failedResize({ point: 'prep.cast-resize', kind: 'lost' }, host);

const drawn = (host: string): string => {
  const recording = recordScenario(code, CONTRACTS.strict, scenarioOn(host));
  return renderToStaticMarkup(h(AllocationsChart, { recording, resourceClass: 'VCPU', alone: true }));
};

test('the picture of a resize whose message is lost', async () => {
  await expect(`${drawn('h1')}\n`).toMatchFileSnapshot('__snapshots__/lost-message.svg');
});

test('a hostile name is text', () => {
  const svg = drawn('<script>alert(1)</script>&"');
  expect(svg).not.toContain('<script>');
  expect(svg).toContain('&lt;script');
});

test('the class shown first is the one that most is claimed of', () => {
  const scenario = scenarioOn('h1');
  const tight = { ...roomyHost('h1') };
  const inventories = { ...tight.inventories, DISK_GB: { ...tight.inventories.DISK_GB!, total: 4, max_unit: 4 } };
  const recording = recordScenario(code, CONTRACTS.strict, {
    ...scenario,
    cloud: { ...scenario.cloud, hosts: [{ ...tight, inventories }, roomyHost('h2')] },
  });
  expect(classesOf(recording)).toEqual(['DISK_GB', 'VCPU', 'MEMORY_MB']);
  expect(classesOf(recordScenario(code, CONTRACTS.strict, scenario))[0]).toBe('VCPU');
});
