import { NovaHarness } from '/work/main/src/targets/nova/harness.ts';
import { firstDifferences } from '/work/main/src/targets/nova/conform.ts';
import { generatedScenarios } from '/work/main/properties/generated-scenarios.ts';
import { compileFor } from 'claimcheck';
import { modelTarget } from '/work/main/src/targets/model.ts';
import { callOf } from '/work/main/src/nova/calls.ts';
import { writeFileSync } from 'node:fs';
import { test } from 'vitest';
import { CASES } from '/work/main/properties/conformance/rows.ts';
import { scenarioOf } from '/work/main/properties/conformance/scenario.ts';
const N = Number(process.env.N ?? 20), SEED = process.env.SEED ?? 'a', F = Number(process.env.F ?? 2);
test('x', async () => {
const config = { seed: SEED, protocol: 'nova', contract: 'strict', defects: [], repairs: [], novaRelease: 34, placementRelease: 16, faults: F, cloud: null } as const;
const code = compileFor(config as never);
const h = [new NovaHarness(code, { release: 34 }), new NovaHarness(code, { release: 34 })];
const target = modelTarget(code);
const counts = new Map<string, number>();
let n = 0, same = 0, failed = 0; const began = Date.now();

const reachable = (s: {faults: readonly {point: string}[], holds: readonly {point: string}[]}): boolean => [...s.faults, ...s.holds].every(({point}) => typeof callOf(point) === 'string');
const queue = CASES.map((c) => ({ ...scenarioOf(c) })).filter((s) => s.options.nova_release === 34 && s.options.placement_release === 16 && reachable(s as never)) as never[];
const expected = new Map(CASES.map((c) => [JSON.stringify(scenarioOf(c)), `${c.row}: ${c.name}`]));
const out: unknown[] = []; const visited: Record<string, number> = {};
await Promise.all(h.map(async (one) => {
  for (;;) {
    const scenario = queue.shift(); if (scenario === undefined) return;
    const model = target.play(scenario);
    const nova = await one.play(scenario);
    n++;
    if ('failed' in nova) { failed++; out.push({ failed: nova.failed, scenario }); continue; }
    for (const [k, v] of Object.entries(nova.visited)) visited[k] = (visited[k] ?? 0) + v;
    const d = firstDifferences(model, nova).filter((x) => !x.what.endsWith('local_gb_used'));
    if (d.length === 0) { same++; continue; }
    const key = d.slice(0, 3).map((x) => x.what.replace(/s\d+/g, 's').replace(/\bh\d+/g, 'h')).join(' ');
    counts.set(key, (counts.get(key) ?? 0) + 1);
    out.push({ row: expected.get(JSON.stringify(scenario)), key, d, said: d[0]?.operation === null ? null : (nova.steps[d[0]!.operation!]!.operation as never as {said?: string}).said, scenario });
  }
}));
await Promise.all(h.map((one) => one.close()));
writeFileSync('/tmp/conf.json', JSON.stringify({ out, visited }, null, 1));
console.log(`${n} played, ${same} same, ${failed} failed, ${((Date.now() - began) / 1000).toFixed(1)} s`);
for (const [k, v] of [...counts].sort((a, b) => b[1] - a[1]).slice(0, 40)) console.log(v, k);
}, 3_600_000);
