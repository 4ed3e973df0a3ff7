import { Command } from 'commander';
import { compileFor } from '../campaign/config.ts';
import { judgeScenario } from '../campaign/judge.ts';
import { type Mending, mend } from '../campaign/mend.ts';
import { takenAwayBy } from '../campaign/taken-away.ts';
import type { Violation } from '../campaign/trial.ts';
import { CONTRACTS } from '../contract/contracts.ts';
import { knownOf } from '../contract/known/known.ts';
import type { Code } from '../engine/compile.ts';
import { ScenarioError } from '../engine/load.ts';
import type { PlacementService } from '../engine/run.ts';
import { mendingJson, mendingLines } from '../report/mending.ts';
import { tellStory } from '../report/story.ts';
import { anonymise } from '../scenario/anonymise.ts';
import type { Envelope } from '../scenario/token.ts';
import { NONE } from '../state/table.ts';
import { withRemote } from '../targets/placement/connect.ts';
import { EXIT, print, printableSignature, UsageError, useColor } from './context.ts';
import { type NovaFlags, novaFromOption, refuseWithoutNova } from './nova-options.ts';
import { replayOnNova } from './on-nova.ts';
import { replayPatched } from './patched-nova.ts';
import {
  connect,
  placementElsewhereOption,
  placementTimeoutOption,
  placementUrlOption,
  refuseDefectsOfPlacement,
  refuseWithoutTarget,
  type TargetFlags,
  targetOption,
  tellEnd,
} from './placement-options.ts';
import {
  contractOption,
  defectOption,
  named,
  noteRelease,
  novaReleaseOption,
  placementReleaseOption,
  protocolOption,
  repairOption,
} from './protocol-options.ts';
import { codeOf, readSource } from './source.ts';

interface ReplayFlags extends TargetFlags, NovaFlags {
  readonly protocol?: Envelope['protocol'];
  readonly contract?: Envelope['contract'];
  readonly defect: readonly string[];
  readonly repair: readonly string[];
  readonly novaRelease?: number;
  readonly placementRelease?: number;
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly anonymise?: boolean;
}

export type ReplayVerdict = 'REPRODUCED' | 'FIXED' | 'CHANGED';

export function replayCommand(): Command {
  return new Command('replay')
    .description('runs one scenario again and tells its story step by step')
    .argument('<token or file>', 'a token that fuzz printed, or a file with a scenario as JSON')
    .addOption(protocolOption())
    .addOption(contractOption())
    .addOption(defectOption())
    .addOption(repairOption())
    .addOption(novaReleaseOption())
    .addOption(placementReleaseOption())
    .addOption(targetOption())
    .addOption(placementUrlOption())
    .addOption(placementElsewhereOption())
    .addOption(placementTimeoutOption())
    .addOption(novaFromOption())
    .option('--verbose', 'every step, and requests as Nova sends them')
    .option('--anonymise', 'print no name of the cloud it came from')
    .option('--json', 'one object on stdout and nothing else')
    .addHelpText(
      'after',
      '\nExit code: 1 reproduced, 0 fixed, 4 another violation than the token says, 3 could not run, 2 unreadable.\nWith --nova-from, of what the patch in the checkout changed: 0 fixed, 1 still there, 4 new, 3 undecided.\nWithout flags the token decides; a flag overrides it.',
    )
    .action(replay);
}

async function replay(source: string, flags: ReplayFlags): Promise<void> {
  refuseWithoutTarget(flags);
  refuseWithoutNova(flags);
  const envelope = override(readSource(source), flags);
  noteRelease(envelope.protocol, envelope.scenario.options.nova_release);
  const contract = CONTRACTS[envelope.contract];
  const code = codeOf(envelope);
  const tell = (placement: PlacementService | null): Told =>
    tellStory(
      { scenario: envelope.scenario, code, contract, placement },
      { color: useColor(process.stdout), verbose: flags.verbose === true },
    );
  if (flags.target === 'nova') {
    await onNova(envelope, code, flags);
    return;
  }
  let told: Told | null;
  let mendings: readonly Mending[] = [];
  try {
    told = flags.target === 'model' ? tell(null) : await onPlacement(flags, envelope, code, tell);
    if (told !== null) {
      const servers = told.violations.map(({ instance }) => instance).filter((instance) => instance !== NONE);
      mendings = mend(code, envelope.scenario, new Set(servers));
    }
  } catch (error) {
    if (error instanceof ScenarioError) throw new UsageError(error.message);
    throw error;
  }
  if (told === null) return;
  const verdict = verdictOf(envelope.signature, told.violations);
  if (flags.json === true) print(JSON.stringify(replayJson(envelope, verdict, told.violations, mendings)));
  else {
    const advice = mendingLines(mendings, useColor(process.stdout));
    const behind = [...advice, ...(advice.length > 0 ? [''] : []), sentence(envelope, verdict, told.violations)];
    print([...told.lines, '', ...behind].join('\n'));
  }
  process.exitCode = { REPRODUCED: EXIT.VIOLATION, FIXED: EXIT.OK, CHANGED: EXIT.CHANGED }[verdict];
}

interface Told {
  readonly lines: readonly string[];
  readonly violations: readonly Violation[];
}

/** What the model says of the scenario is Nova's where every step of both ends alike; anything else is another violation. */
async function onNova(envelope: Envelope, code: Code, flags: ReplayFlags): Promise<void> {
  if (envelope.protocol !== 'nova')
    throw new UsageError('--target nova plays protocol nova: rollback is not what Nova does');
  if (flags.novaFrom === true) {
    await replayPatched(code, envelope, flags);
    return;
  }
  const differences = await replayOnNova(code, envelope, flags);
  if (differences === null) return;
  const violations = judgeScenario(code, CONTRACTS[envelope.contract], envelope.scenario);
  const alike = differences.length === 0;
  const verdict = alike ? verdictOf(envelope.signature, violations) : 'CHANGED';
  if (flags.json === true)
    print(JSON.stringify({ ...replayJson(envelope, verdict, alike ? violations : [], []), differences }));
  else print(alike ? sentence(envelope, verdict, violations) : 'CHANGED: Nova does something else than the model.');
  process.exitCode = { REPRODUCED: EXIT.VIOLATION, FIXED: EXIT.OK, CHANGED: EXIT.CHANGED }[verdict];
}

/** Null: it did not come to its end, which was told. */
async function onPlacement(
  flags: ReplayFlags,
  { scenario }: Envelope,
  code: Code,
  tell: (placement: PlacementService) => Told,
): Promise<Told | null> {
  refuseDefectsOfPlacement(code);
  const release = scenario.options.placement_release;
  const connection = await connect(flags, release);
  return withRemote(connection, (remote) => {
    try {
      return tell(remote);
    } catch (error) {
      const exit = tellEnd(error, connection, release);
      if (exit === null) throw error;
      process.exitCode = exit;
      return null;
    }
  });
}

/** A scenario without a signature is one that may show anything. */
function verdictOf(signature: string | null, violations: readonly Violation[]): ReplayVerdict {
  if (violations.length === 0) return 'FIXED';
  if (signature === null || violations.some((one) => one.signature === signature)) return 'REPRODUCED';
  return 'CHANGED';
}

function override(envelope: Envelope, flags: ReplayFlags): Envelope {
  const { novaRelease, placementRelease } = flags;
  const options = { ...envelope.scenario.options };
  if (novaRelease !== undefined) options.nova_release = novaRelease;
  if (placementRelease !== undefined) options.placement_release = placementRelease;
  const scenario = { ...envelope.scenario, options };
  return {
    ...envelope,
    scenario: flags.anonymise === true ? anonymise(scenario) : scenario,
    protocol: flags.protocol ?? envelope.protocol,
    contract: flags.contract ?? envelope.contract,
    defects: flags.defect.length > 0 ? named(flags.defect) : envelope.defects,
    repairs: flags.repair.length > 0 ? named(flags.repair) : envelope.repairs,
  };
}

function sentence(envelope: Envelope, verdict: ReplayVerdict, violations: readonly Violation[]): string {
  const known = knownOf(envelope.protocol);
  const { contract, scenario } = envelope;
  switch (verdict) {
    case 'FIXED':
      return envelope.signature === null ? 'HELD: every law held.' : 'FIXED: every law held.';
    case 'REPRODUCED': {
      const entry = violations.map((one) => known.get(one.signature)).find((one) => one !== undefined);
      if (entry !== undefined) return `REPRODUCED, known as ${entry.weakness}: ${entry.reason}`;
      if (violations.every(isSabotage)) return `REPRODUCED, ${SABOTAGE}`;
      const compiled = (novaRelease: number): Code => compileFor({ ...envelope, novaRelease });
      const change = violations
        .map((one) => takenAwayBy(compiled, CONTRACTS[contract], scenario, one.signature))
        .find((one) => one !== null);
      return change === undefined ? 'REPRODUCED' : `REPRODUCED, as Nova did before ${change.since}.0: ${change.title}`;
    }
    case 'CHANGED':
      return `CHANGED: the token says\n  ${printableSignature(envelope.signature ?? '')}\nbut this broke\n  ${violations.map((one) => one.signature).join('\n  ')}`;
  }
}

const isSabotage = ({ cause }: Violation): boolean => cause.sabotage.length > 0;

const SABOTAGE =
  'by sabotage: an operator acted on a server behind the back of whoever moved it, which lies outside the contract.';

function replayJson(
  envelope: Envelope,
  verdict: ReplayVerdict,
  violations: readonly Violation[],
  mendings: readonly Mending[],
): object {
  return {
    verdict,
    protocol: envelope.protocol,
    contract: envelope.contract,
    signature: envelope.signature,
    violations: violations.map((violation) => {
      const { signature, invariants, details, operation, endState } = violation;
      return { signature, invariants, details, operation, endState, sabotage: isSabotage(violation) };
    }),
    mending: mendingJson(mendings),
    scenario: envelope.scenario,
  };
}
