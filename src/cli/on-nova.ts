/** What fuzz, replay and compare do where Nova itself runs the scenarios. */
import { Campaign } from '../campaign/campaign.ts';
import type { CampaignConfig } from '../campaign/config.ts';
import { campaignScenarios, PLAYED_OF_BLOCK } from '../campaign/scenarios.ts';
import { verdictOf } from '../campaign/verdict.ts';
import { CONTRACTS } from '../contract/contracts.ts';
import type { Known } from '../contract/known/known.ts';
import type { Code } from '../engine/compile.ts';
import { campaignJson, campaignReport } from '../report/campaign-report.ts';
import { conformanceJson, conformanceLines, disagreementLines } from '../report/conformance.ts';
import { tellNovaStory } from '../report/nova-story.ts';
import { tellStory } from '../report/story.ts';
import { printable } from '../scenario/printable.ts';
import { NOVA_RELEASES, type Scenario } from '../scenario/scenario.ts';
import type { Envelope } from '../scenario/token.ts';
import { modelTarget } from '../targets/model.ts';
import { compare, type Difference } from '../targets/nova/conform.ts';
import { Conformance, type Disagreement } from '../targets/nova/conformance.ts';
import { minimiseDisagreement } from '../targets/nova/minimise.ts';
import type { NovaPool } from '../targets/nova/pool.ts';
import { EXIT, Interruption, note, PROGRESS_MS, print, printableSignature, replayLine, useColor } from './context.ts';
import { type NovaFlags, openNova, refuseUnreachable, undecided } from './nova-options.ts';

/** Scenarios played to minimise what Nova and the model differ in. */
const MINIMISE_BUDGET = 60;

interface Asked extends NovaFlags {
  readonly runs: number;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

interface Compared {
  readonly conformance: Conformance;
  /** the first of the disagreements, minimised */
  readonly least: Disagreement | null;
  readonly interrupted: boolean;
}

async function conform(pool: NovaPool, code: Code, config: CampaignConfig, runs: number): Promise<Compared> {
  const model = modelTarget(code);
  const conformance = new Conformance(model);
  const interruption = new Interruption();
  let told = Date.now();
  await conformance.run(pool, campaignScenarios(config), {
    runs,
    more: () => !interruption.asked,
    told: (done) => {
      if (Date.now() - told < PROGRESS_MS) return;
      told = Date.now();
      note(`${done} of ${runs} scenarios, ${conformance.alike} alike`);
    },
  });
  const interrupted = interruption.end();
  const [first] = conformance.disagreements;
  const least =
    first === undefined || interrupted ? null : await minimiseDisagreement(first, pool, model, MINIMISE_BUDGET);
  return { conformance, least, interrupted };
}

/** Both stories, one behind the other: what the model did, and what Nova did. */
async function bothStories(pool: NovaPool, code: Code, scenario: Scenario, name: string): Promise<string[]> {
  const look = { color: useColor(process.stdout), verbose: false };
  const play = await pool.play(scenario, true);
  if ('failed' in play) return [];
  const model = tellStory({ scenario, code, contract: CONTRACTS.strict }, look).lines;
  return ['', 'The model:', '', ...model, '', `${name}:`, '', ...tellNovaStory(scenario, play, look)];
}

const exitOf = ({ conformance, interrupted }: Compared): number => {
  if (conformance.disagreements.length > 0) return EXIT.VIOLATION;
  if (interrupted) return EXIT.INTERRUPTED;
  return conformance.failures.size > 0 || conformance.played === 0 ? EXIT.UNDECIDED : EXIT.OK;
};

/** `compare nova` */
export async function compareOnNova(code: Code, config: CampaignConfig, asked: Asked): Promise<void> {
  const nova = await openNova(code, config.novaRelease, asked);
  if (nova === null) return;
  const { pool, name } = nova;
  try {
    const compared = await conform(pool, code, config, asked.runs);
    const { conformance, least } = compared;
    if (asked.json === true)
      print(JSON.stringify({ seed: config.seed, nova: name, ...conformanceJson(conformance), least }));
    else {
      const color = useColor(process.stdout);
      print(conformanceLines(conformance, name, color).join('\n'));
      if (least !== null) {
        print(['', ...disagreementLines(least, name, color)].join('\n'));
        print((await bothStories(pool, code, least.scenario, name)).join('\n'));
      }
    }
    process.exitCode = exitOf(compared);
  } finally {
    await pool.close();
  }
}

/**
 * `fuzz --target nova`: the campaign's first scenarios on both, then what the campaign found on the model, each minimal scenario
 * on Nova. Where both end alike a law that the model's observation breaks is broken by Nova's, which is the same.
 */
export async function fuzzOnNova(
  code: Code,
  config: CampaignConfig,
  known: Known,
  asked: Asked,
  keep: (campaign: Campaign) => void,
): Promise<void> {
  const nova = await openNova(code, config.novaRelease, asked);
  if (nova === null) return;
  const { pool, name } = nova;
  try {
    const compared = await conform(pool, code, config, asked.runs);
    const { conformance, least, interrupted } = compared;
    const campaign = new Campaign(config, known);
    for (let done = 0; done < asked.runs; done += PLAYED_OF_BLOCK) {
      campaign.runBlock(done / PLAYED_OF_BLOCK, Math.min(PLAYED_OF_BLOCK, asked.runs - done));
    }
    keep(campaign);
    const verdict = verdictOf(campaign, interrupted);
    const model = modelTarget(code);
    const onNova = new Map<string, string>();
    for (const { signature, scenario } of interrupted ? [] : campaign.findings.values()) {
      const play = await pool.play(scenario);
      onNova.set(
        signature,
        'failed' in play ? 'could not be played' : wordFor(compare(scenario, model.play(scenario), play).differences),
      );
    }
    const shown = [...onNova.values()].filter((word) => word === SHOWN).length;
    const color = useColor(process.stdout);
    if (asked.json === true) {
      const findings = Object.fromEntries(onNova);
      print(
        JSON.stringify({
          ...campaignJson(campaign, verdict),
          nova: { name, ...conformanceJson(conformance), findings },
        }),
      );
    } else {
      print(
        campaignReport(campaign, verdict, {
          color,
          verbose: asked.verbose === true,
          replayLine,
          madeFor: NOVA_RELEASES.newest,
        }),
      );
      print(['', ...conformanceLines(conformance, name, color)].join('\n'));
      print(`\n${shown} of ${onNova.size} findings are shown by ${name} itself, step by step as the model says.`);
      for (const [signature, word] of onNova) if (word !== SHOWN) print(`  ${word}: ${printableSignature(signature)}`);
      if (least !== null) print(['', ...disagreementLines(least, name, color)].join('\n'));
    }
    const unknown = [...campaign.findings.values()].some((one) => one.known === null && !one.sabotage);
    process.exitCode = unknown ? EXIT.VIOLATION : exitOf(compared);
  } finally {
    await pool.close();
  }
}

const SHOWN = 'shown';
const wordFor = (differences: readonly Difference[]): string =>
  differences.length === 0 ? SHOWN : `ends otherwise (${differences.map(({ what }) => printable(what)).join(', ')})`;

/** `replay --target nova`: Nova's story, and where it is not the model's. Returns what differs, or null: it could not be played. */
export async function replayOnNova(
  code: Code,
  { scenario }: Envelope,
  flags: NovaFlags & { readonly verbose?: boolean; readonly json?: boolean },
): Promise<readonly Difference[] | null> {
  refuseUnreachable(scenario);
  const nova = await openNova(code, scenario.options.nova_release, { ...flags, processes: 1 });
  if (nova === null) return null;
  const { pool, name } = nova;
  try {
    const play = await pool.play(scenario, true);
    if ('failed' in play) return undecided(play.failed);
    const { differences } = compare(scenario, modelTarget(code).play(scenario), play);
    if (flags.json !== true) {
      const color = useColor(process.stdout);
      print(
        [`${name}:`, '', ...tellNovaStory(scenario, play, { color, verbose: flags.verbose === true }), ''].join('\n'),
      );
      if (differences.length > 0) print(`${disagreementLines({ scenario, differences }, name, color).join('\n')}\n`);
      else print(`The model says the same of every step.\n`);
    }
    return differences;
  } finally {
    await pool.close();
  }
}
