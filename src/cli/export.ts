import { Argument, Command } from 'commander';
import { CONTRACTS } from '../contract/contracts.ts';
import { knownOf } from '../contract/known/known.ts';
import { ScenarioError } from '../engine/load.ts';
import { bugReport } from '../report/bug-report.ts';
import { anonymise } from '../scenario/anonymise.ts';
import { type Envelope, encodeToken } from '../scenario/token.ts';
import { oneOf, print, replayLine, UsageError } from './context.ts';
import { codeOf, readSource } from './source.ts';

const FORMS: Readonly<Record<'scenario' | 'token' | 'bug-report', (envelope: Envelope) => string>> = {
  scenario: ({ scenario }) => JSON.stringify(scenario, null, 2),
  token: encodeToken,
  'bug-report': reported,
};
type Form = keyof typeof FORMS;

export function exportCommand(): Command {
  return new Command('export')
    .description('prints a finding for others: as a scenario file, a token, or a bug report in Markdown, without names')
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
  const { scenario, contract, signature, protocol } = envelope;
  try {
    const report = bugReport({
      scenario,
      code: codeOf(envelope),
      contract: CONTRACTS[contract],
      known: knownOf(protocol),
      signature,
      again: replayLine(encodeToken(envelope)),
    });
    if (report !== null) return report;
  } catch (error) {
    if (error instanceof ScenarioError) throw new UsageError(error.message);
    throw error;
  }
  throw new UsageError(`this scenario breaks no law of the contract ${contract}, so there is nothing to report`);
}
