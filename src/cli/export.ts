import { Argument, Command } from 'commander';
import { CONTRACTS } from '../contract/contracts.ts';
import { knownOf } from '../contract/known/known.ts';
import { ScenarioError } from '../engine/load.ts';
import { bugReport } from '../report/bug-report.ts';
import { Inexpressible } from '../report/nova-stub.ts';
import { type NovaTestInput, novaTest } from '../report/nova-test.ts';
import { anonymise } from '../scenario/anonymise.ts';
import { type Envelope, encodeToken } from '../scenario/token.ts';
import { oneOf, print, replayLine, UsageError } from './context.ts';
import { codeOf, readSource } from './source.ts';

const FORMS: Readonly<Record<'scenario' | 'token' | 'bug-report' | 'nova-test', (envelope: Envelope) => string>> = {
  scenario: ({ scenario }) => JSON.stringify(scenario, null, 2),
  token: encodeToken,
  'bug-report': reported,
  'nova-test': tested,
};
type Form = keyof typeof FORMS;

export function exportCommand(): Command {
  return new Command('export')
    .description(
      'prints a finding for others, without names: as a scenario file, a token, a bug report in Markdown, or a test for Nova',
    )
    .addArgument(new Argument('<token or file>', 'a token that fuzz printed, or a file with a scenario as JSON'))
    .option('--as <form>', Object.keys(FORMS).join(', '), oneOf('--as', Object.keys(FORMS) as Form[]), 'scenario')
    .option('--keep-names', 'leave hosts, flavors, servers, custom classes and traits as they are called')
    .action((source: string, flags: { readonly as: Form; readonly keepNames?: boolean }) => {
      const envelope = readSource(source);
      const { scenario } = envelope;
      print(FORMS[flags.as](flags.keepNames === true ? envelope : { ...envelope, scenario: anonymise(scenario) }));
    });
}

function reported(envelope: Envelope): string {
  const again = replayLine(encodeToken(envelope));
  return shown(envelope, 'report', (known) => bugReport({ ...known, again }));
}

function tested(envelope: Envelope): string {
  // print ends the last line
  return shown(envelope, 'show in a test', (known) => novaTest(known)?.trimEnd() ?? null);
}

/** @param what what cannot be done where every law holds */
function shown(envelope: Envelope, what: string, write: (input: NovaTestInput) => string | null): string {
  const { scenario, contract, signature, protocol } = envelope;
  try {
    const code = codeOf(envelope);
    const text = write({ scenario, code, contract: CONTRACTS[contract], known: knownOf(protocol), signature });
    if (text !== null) return text;
  } catch (error) {
    if (error instanceof ScenarioError) throw new UsageError(error.message);
    if (error instanceof Inexpressible) throw new UsageError(`this scenario makes no test for Nova: ${error.message}`);
    throw error;
  }
  throw new UsageError(`this scenario breaks no law of the contract ${contract}, so there is nothing to ${what}`);
}
