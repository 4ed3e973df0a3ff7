/** What `replay` and `fuzz` do with `--nova-from`: the release and a checkout of it play the same, and what differs is told. */
import { Campaign } from '../campaign/campaign.ts';
import type { CampaignConfig } from '../campaign/config.ts';
import { effectOfPair, type PlayBoth, playPair, type SignatureEffect, signatureEffects } from '../campaign/patched.ts';
import { campaignScenarios, PLAYED_OF_BLOCK } from '../campaign/scenarios.ts';
import { CONTRACTS } from '../contract/contracts.ts';
import type { Known } from '../contract/known/known.ts';
import type { Code } from '../engine/compile.ts';
import { tellNovaStory } from '../report/nova-story.ts';
import {
  findingLines,
  Kinds,
  lawLines,
  type Names,
  pairJson,
  pairLines,
  signatureJson,
  signatureLines,
} from '../report/patched.ts';
import { printable } from '../scenario/printable.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { type Envelope, encodeToken } from '../scenario/token.ts';
import { unreachablePoints } from '../targets/nova/known-differences.ts';
import {
  EXIT,
  Interruption,
  note,
  PROGRESS_MS,
  print,
  printableSignature,
  replayLine,
  UsageError,
  useColor,
} from './context.ts';
import { type NovaFlags, type OpenNova, openNova, refuseUnreachable, undecided } from './nova-options.ts';

/** One of each; null: one is not there, which was told. */
async function openBoth(
  code: Code,
  novaRelease: number,
  { processes }: NovaFlags,
): Promise<readonly [OpenNova, OpenNova] | null> {
  if (processes !== undefined) {
    throw new UsageError('--nova-from plays on one Nova of the release and one of the checkout: leave out --processes');
  }
  const checkout = await openNova(code, novaRelease, { novaFrom: true, processes: 1 });
  if (checkout === null) return null;
  const release = await openNova(code, novaRelease, { processes: 1 });
  if (release !== null) return [release, checkout];
  await checkout.pool.close();
  return null;
}

const both =
  ([release, checkout]: readonly [OpenNova, OpenNova], trace = false): PlayBoth =>
  (scenario) =>
    Promise.all([release.pool.play(scenario), checkout.pool.play(scenario, trace)]);

const namesOf = ([release, checkout]: readonly [OpenNova, OpenNova]): Names => ({
  release: release.name,
  checkout: checkout.name,
});

interface Asked extends NovaFlags {
  readonly verbose?: boolean;
  readonly json?: boolean;
}

/** `replay --target nova --nova-from` */
export async function replayPatched(code: Code, envelope: Envelope, flags: Asked): Promise<void> {
  const { scenario } = envelope;
  refuseUnreachable(scenario);
  const novas = await openBoth(code, scenario.options.nova_release, flags);
  if (novas === null) return;
  try {
    const contract = CONTRACTS[envelope.contract];
    const pair = await playPair(both(novas, true), contract, scenario);
    if ('failed' in pair) {
      undecided(pair.failed);
      return;
    }
    const effects = await signatureEffects(both(novas), code, contract, scenario, () => true, pair);
    if ('failed' in effects) {
      undecided(effects.failed);
      return;
    }
    const whole = effectOfPair(pair);
    const verdict = verdictOf(effects, whole === 'new');
    const { json, verbose } = flags;
    if (json === true) {
      const { release, checkout } = namesOf(novas);
      print(
        JSON.stringify({
          verdict,
          release,
          checkout,
          signatures: effects.map(signatureJson),
          ...pairJson(pair),
          scenario,
        }),
      );
    } else {
      const color = useColor(process.stdout);
      const names = namesOf(novas);
      print(
        [
          `${names.checkout}:`,
          '',
          ...tellNovaStory(scenario, pair.checkout, { color, verbose: verbose === true }),
          '',
          ...pairLines(pair, names, color),
          '',
          ...spaced(lawLines(pair, names, color)),
          ...spaced(signatureLines(effects, printableSignature)),
          SENTENCES[verdict],
        ].join('\n'),
      );
    }
    process.exitCode = EXIT_OF[verdict];
  } finally {
    await Promise.all(novas.map(({ pool }) => pool.close()));
  }
}

const spaced = (lines: readonly string[]): readonly string[] => (lines.length === 0 ? [] : [...lines, '']);

type Verdict = 'NEW' | 'STILL THERE' | 'FIXED' | 'UNDECIDED' | 'UNCHANGED';

function verdictOf(effects: readonly SignatureEffect[], news: boolean): Verdict {
  const found = (effect: string): boolean => effects.some((one) => one.effect === effect);
  if (news || found('new')) return 'NEW';
  if (found('still there')) return 'STILL THERE';
  if (found('not struck') || found('undecided')) return 'UNDECIDED';
  return effects.length > 0 ? 'FIXED' : 'UNCHANGED';
}

const SENTENCES: Readonly<Record<Verdict, string>> = {
  NEW: 'NEW: the checkout breaks a law that the release keeps, or ends otherwise where the release keeps every law.',
  'STILL THERE': 'STILL THERE: the checkout breaks what the release breaks.',
  FIXED: 'FIXED: the release breaks laws and the checkout keeps every one that is judged on Nova.',
  UNDECIDED:
    'UNDECIDED: the fault did not strike the checkout, or the law in question is not judged on what a Nova shows.',
  UNCHANGED: 'UNCHANGED: both keep every law, and the two do the same.',
};

const EXIT_OF: Readonly<Record<Verdict, number>> = {
  NEW: EXIT.CHANGED,
  'STILL THERE': EXIT.VIOLATION,
  FIXED: EXIT.OK,
  UNDECIDED: EXIT.UNDECIDED,
  UNCHANGED: EXIT.OK,
};

/** `fuzz --target nova --nova-from`: each finding of the campaign, and the campaign's first scenarios, on both. */
export async function fuzzPatched(
  code: Code,
  config: CampaignConfig,
  known: Known,
  asked: Asked & { readonly runs: number },
  keep: (campaign: Campaign) => void,
): Promise<void> {
  const { runs } = asked;
  const novas = await openBoth(code, config.novaRelease, asked);
  if (novas === null) return;
  const interruption = new Interruption();
  try {
    const contract = CONTRACTS[config.contract];
    const campaign = new Campaign(config, known);
    for (let done = 0; done < runs; done += PLAYED_OF_BLOCK) {
      campaign.runBlock(done / PLAYED_OF_BLOCK, Math.min(PLAYED_OF_BLOCK, runs - done));
    }
    keep(campaign);
    const play = both(novas);
    const failures: string[] = [];
    let unreachable = 0;
    let told = Date.now();
    const progress = (what: () => string): void => {
      if (Date.now() - told < PROGRESS_MS) return;
      told = Date.now();
      note(what());
    };
    const effects: SignatureEffect[] = [];
    const findings = [...campaign.findings.values()];
    for (const { signature, scenario } of findings) {
      if (interruption.asked) break;
      if (unreachablePoints(scenario).length > 0) {
        unreachable++;
        continue;
      }
      const found = await signatureEffects(play, code, contract, scenario, (one) => one.signature === signature);
      if ('failed' in found) failures.push(found.failed);
      else effects.push(...found);
      progress(() => `${effects.length} of ${findings.length} findings`);
    }
    const kinds = new Kinds();
    for (const scenario of campaignScenarios(config)) {
      if (interruption.asked || kinds.played + failures.length >= runs) break;
      if (unreachablePoints(scenario).length > 0) {
        unreachable++;
        continue;
      }
      const pair = await playPair(play, contract, scenario);
      if ('failed' in pair) failures.push(pair.failed);
      else kinds.add(pair);
      progress(() => `${kinds.played} of ${runs} scenarios`);
    }
    const interrupted = interruption.end();
    const news =
      effects.some(({ effect }) => effect === 'new') || kinds.ordered().some(({ effect }) => effect === 'new');
    const names = namesOf(novas);
    if (asked.json === true) {
      print(
        JSON.stringify({
          seed: config.seed,
          ...names,
          findings: effects.map(signatureJson),
          scenarios: {
            played: kinds.played,
            unchanged: kinds.unchanged,
            kinds: kinds.ordered().map(({ example, ...kind }) => ({ ...kind, scenario: example.scenario })),
          },
          unreachable,
          failures,
        }),
      );
    } else {
      const color = useColor(process.stdout);
      print(
        [
          ...findingLines(effects, color, printableSignature),
          '',
          ...kinds.lines(names, color, ({ scenario }) => replayLine(`${tokenOf(config, scenario)} ${ON_BOTH}`)),
          ...(unreachable > 0
            ? ['', `${unreachable} left out: a fault or a hold of theirs lies where Nova makes no call.`]
            : []),
          ...(failures.length > 0 ? ['', ...failures.map((said) => `not played: ${printable(said)}`)] : []),
        ].join('\n'),
      );
    }
    if (news) process.exitCode = EXIT.VIOLATION;
    else if (interrupted) process.exitCode = EXIT.INTERRUPTED;
    else process.exitCode = failures.length > 0 || kinds.played === 0 ? EXIT.UNDECIDED : EXIT.OK;
  } finally {
    await Promise.all(novas.map(({ pool }) => pool.close()));
  }
}

const ON_BOTH = '--target nova --nova-from';

/** Of a scenario that may show anything. */
const tokenOf = ({ protocol, contract }: CampaignConfig, scenario: Scenario): string =>
  encodeToken({ scenario, protocol, contract, defects: [], repairs: [], signature: null });
