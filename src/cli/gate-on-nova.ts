/** What a gate asks of Nova itself. A real service may stumble: red is what it does three times, and what it does once is undecided. */
import type { Campaign } from '../campaign/campaign.ts';
import { campaignScenarios } from '../campaign/scenarios.ts';
import { isNews } from '../campaign/verdict.ts';
import type { Check } from '../report/reporter.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { encodeToken } from '../scenario/token.ts';
import { modelTarget } from '../targets/model.ts';
import { compare, type Difference } from '../targets/nova/conform.ts';
import { Conformance } from '../targets/nova/conformance.ts';
import { unreachablePoints } from '../targets/nova/known-differences.ts';
import type { NovaPool } from '../targets/nova/pool.ts';
import { printableSignature } from './context.ts';
import { type NovaFlags, openNova } from './nova-options.ts';

/** So often must Nova do it. */
const TIMES = 3;

/** Null: Nova is not there, which was said. */
export async function novaChecks(campaign: Campaign, runs: number, flags: NovaFlags): Promise<Check[] | null> {
  const { code, config } = campaign;
  const nova = await openNova(code, config.novaRelease, flags);
  if (nova === null) return null;
  const { pool, name } = nova;
  try {
    const conformance = new Conformance(modelTarget(code));
    await conformance.run(pool, campaignScenarios(config), { runs, more: () => true, told: () => {} });
    const { played, alike, failures, disagreements } = conformance;
    const checks: Check[] = [
      {
        part: 'nova',
        name: `${name} does what the model says`,
        result: failures.size > 0 ? 'undecided' : 'passed',
        said: [`${alike} of ${played} scenarios, or as listed`, ...failures.keys()].join('; '),
        token: null,
      },
    ];
    for (const { scenario } of disagreements) checks.push(await differing(pool, campaign, scenario));
    for (const finding of campaign.findings.values()) {
      if (isNews(finding) && unreachablePoints(finding.scenario).length === 0) {
        checks.push(await found(pool, campaign, finding));
      }
    }
    return checks;
  } finally {
    await pool.close();
  }
}

/** What differs each time the scenario is played, or null for a time that Nova could not play it. */
async function plays(
  pool: NovaPool,
  { code }: Campaign,
  scenario: Scenario,
): Promise<(readonly Difference[] | null)[]> {
  const expected = modelTarget(code).play(scenario);
  const seen: (readonly Difference[] | null)[] = [];
  for (let k = 0; k < TIMES; k++) {
    const play = await pool.play(scenario);
    seen.push('failed' in play ? null : compare(scenario, expected, play).differences);
  }
  return seen;
}

async function differing(pool: NovaPool, campaign: Campaign, scenario: Scenario): Promise<Check> {
  const { protocol, contract } = campaign.config;
  const seen = await plays(pool, campaign, scenario);
  const each = seen.filter((differences) => differences !== null && differences.length > 0);
  const what = [...new Set(each.flatMap((differences) => differences!.map((one) => one.what)))].join(', ');
  const token = encodeToken({ scenario, protocol, contract, defects: [], repairs: [], signature: null });
  return {
    part: 'nova',
    name: `ends otherwise than the model: ${token.slice(-12)}`,
    result: each.length === TIMES ? 'failed' : 'undecided',
    said: each.length === TIMES ? what : `${each.length} of ${TIMES} times${what === '' ? '' : `: ${what}`}`,
    token,
  };
}

async function found(
  pool: NovaPool,
  campaign: Campaign,
  { signature, scenario, token }: { signature: string; scenario: Scenario; token: string },
): Promise<Check> {
  const seen = await plays(pool, campaign, scenario);
  const shown = seen.filter((differences) => differences?.length === 0).length;
  return {
    part: 'nova',
    name: printableSignature(signature),
    result: shown === TIMES ? 'failed' : 'undecided',
    said: `not known, and shown by Nova ${shown} of ${TIMES} times`,
    token,
  };
}
