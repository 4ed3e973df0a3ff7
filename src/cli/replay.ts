import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { compileFor } from '../campaign/campaign.ts';
import { takenAwayBy } from '../campaign/taken-away.ts';
import type { Violation } from '../campaign/trial.ts';
import { CONTRACTS } from '../contract/contracts.ts';
import { knownOf } from '../contract/known/known.ts';
import type { Code } from '../engine/compile.ts';
import { ScenarioError } from '../engine/load.ts';
import { tellStory } from '../report/story.ts';
import { printable } from '../scenario/printable.ts';
import { readScenario } from '../scenario/read.ts';
import { decodeToken, type Envelope } from '../scenario/token.ts';
import { EXIT, print, UsageError, useColor } from './context.ts';
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

interface ReplayFlags {
  readonly protocol?: Envelope['protocol'];
  readonly contract?: Envelope['contract'];
  readonly defect: readonly string[];
  readonly repair: readonly string[];
  readonly novaRelease?: number;
  readonly placementRelease?: number;
  readonly json?: boolean;
  readonly verbose?: boolean;
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
    .option('--verbose', 'every step, and requests as Nova sends them')
    .option('--json', 'one object on stdout and nothing else')
    .addHelpText(
      'after',
      '\nExit code: 1 reproduced, 0 fixed, 4 another violation than the token says, 3 could not run, 2 unreadable.\nWithout flags the token decides; a flag overrides it.',
    )
    .action(replay);
}

function replay(source: string, flags: ReplayFlags): void {
  const envelope = override(read(source), flags);
  noteRelease(envelope.protocol, envelope.scenario.options.nova_release);
  const contract = CONTRACTS[envelope.contract];
  let told: { lines: readonly string[]; violations: readonly Violation[] };
  try {
    const code = compileFor({ ...envelope, novaRelease: envelope.scenario.options.nova_release });
    told = tellStory(
      { scenario: envelope.scenario, code, contract },
      { color: useColor(process.stdout), verbose: flags.verbose === true },
    );
  } catch (error) {
    if (error instanceof ScenarioError) throw new UsageError(error.message);
    throw error;
  }
  const verdict = verdictOf(envelope.signature, told.violations);
  if (flags.json === true) print(JSON.stringify(replayJson(envelope, verdict, told.violations)));
  else print([...told.lines, '', sentence(envelope, verdict, told.violations)].join('\n'));
  process.exitCode = { REPRODUCED: EXIT.VIOLATION, FIXED: EXIT.OK, CHANGED: EXIT.CHANGED }[verdict];
}

/** A scenario without a signature is one that may show anything. */
function verdictOf(signature: string | null, violations: readonly Violation[]): ReplayVerdict {
  if (violations.length === 0) return 'FIXED';
  if (signature === null || violations.some((one) => one.signature === signature)) return 'REPRODUCED';
  return 'CHANGED';
}

function read(source: string): Envelope {
  if (isToken(source)) return readToken(source);
  let text: string;
  try {
    text = readFileSync(source, 'utf8');
  } catch {
    throw new UsageError(`${printable(source)} is neither a token (cc1....) nor a file that can be read`);
  }
  if (isToken(text)) return readToken(text);
  const reading = readScenario(text, source);
  if (!reading.ok) throw new UsageError(reading.error);
  return { scenario: reading.value, protocol: 'nova', contract: 'strict', defects: [], repairs: [], signature: null };
}

const isToken = (text: string): boolean => /^\s*cc\d+\./.test(text);

function readToken(token: string): Envelope {
  const reading = decodeToken(token);
  if (!reading.ok) throw new UsageError(reading.error);
  return reading.value;
}

function override(envelope: Envelope, flags: ReplayFlags): Envelope {
  const { novaRelease, placementRelease } = flags;
  const options = { ...envelope.scenario.options };
  if (novaRelease !== undefined) options.nova_release = novaRelease;
  if (placementRelease !== undefined) options.placement_release = placementRelease;
  return {
    ...envelope,
    scenario: { ...envelope.scenario, options },
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
      return 'FIXED: every law held.';
    case 'REPRODUCED': {
      const entry = violations.map((one) => known.get(one.signature)).find((one) => one !== undefined);
      if (entry !== undefined) return `REPRODUCED, known as ${entry.weakness}: ${entry.reason}`;
      const compiled = (novaRelease: number): Code => compileFor({ ...envelope, novaRelease });
      const change = violations
        .map((one) => takenAwayBy(compiled, CONTRACTS[contract], scenario, one.signature))
        .find((one) => one !== null);
      return change === undefined ? 'REPRODUCED' : `REPRODUCED, as Nova did before ${change.since}.0: ${change.title}`;
    }
    case 'CHANGED':
      return `CHANGED: the token says\n  ${printableLong(envelope.signature ?? '')}\nbut this broke\n  ${violations.map((one) => one.signature).join('\n  ')}`;
  }
}

const printableLong = (text: string): string =>
  text
    .split(' | ')
    .map((part) => part.split(' ').map(printable).join(' '))
    .join(' | ');

function replayJson(envelope: Envelope, verdict: ReplayVerdict, violations: readonly Violation[]): object {
  return {
    verdict,
    protocol: envelope.protocol,
    contract: envelope.contract,
    signature: envelope.signature,
    violations: violations.map(({ signature, invariants, details, operation, endState }) => ({
      signature,
      invariants,
      details,
      operation,
      endState,
    })),
    scenario: envelope.scenario,
  };
}
