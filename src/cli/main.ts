/** `claimcheck VERB ...`: one file a verb. */
import { Command, CommanderError } from 'commander';
import { withoutCredentials } from '../fleet/address.ts';
import { QueueTrouble } from '../fleet/trouble.ts';
import { JournalError } from '../journal/records.ts';
import { printable } from '../scenario/printable.ts';
import { PlacementTrouble } from '../targets/placement/trouble.ts';
import { benchCommand } from './bench.ts';
import { bisectCommand } from './bisect.ts';
import { checkCommand } from './check.ts';
import { compareCommand } from './compare.ts';
import { EXIT, note, UsageError } from './context.ts';
import { exportCommand } from './export.ts';
import { fleetCommand } from './fleet.ts';
import { fuzzCommand } from './fuzz.ts';
import { gateCommand } from './gate.ts';
import { knownCommand } from './known.ts';
import { listCommand } from './list.ts';
import { mergeCommand } from './merge.ts';
import { replayCommand } from './replay.ts';
import { serveCommand } from './serve.ts';

const program = new Command('claimcheck')
  .description('Finds leaked, lost and doubled resource claims when OpenStack Nova moves servers between hosts.')
  .version('0.1.0')
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(text), outputError: () => {} })
  .showHelpAfterError(false);
const commands = [
  fuzzCommand(),
  checkCommand(),
  gateCommand(),
  mergeCommand(),
  fleetCommand(),
  replayCommand(),
  bisectCommand(),
  exportCommand(),
  knownCommand(),
  listCommand(),
  benchCommand(),
  compareCommand(),
  serveCommand(),
];
for (const command of commands) {
  for (const one of [command, ...command.commands]) one.exitOverride().configureOutput({ outputError: () => {} });
  program.addCommand(command);
}

// a reader that closed the pipe has seen enough
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : EXIT.UNDECIDED));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    const said = withoutCredentials(error.message.replace(/^error: /, '').replaceAll('\n', ' '));
    if (error.exitCode !== 0) note(`claimcheck: ${said.split(' ').map(printable).join(' ')}`);
    process.exitCode = error.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
  } else if (error instanceof UsageError || error instanceof JournalError) {
    note(`claimcheck: ${error.message}`);
    process.exitCode = EXIT.USAGE;
  } else if (error instanceof PlacementTrouble || error instanceof QueueTrouble) {
    note(`claimcheck: ${error.message}`);
    process.exitCode = EXIT.UNDECIDED;
  } else {
    // a fault of ours: what it says may hold names
    const { cause = error } = error instanceof Error ? error : {};
    const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    note(`claimcheck: internal error, please report it: ${text.split('\n').map(printable).join('\n')}`);
    process.exitCode = EXIT.UNDECIDED;
  }
}
