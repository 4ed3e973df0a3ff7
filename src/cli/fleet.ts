/** `claimcheck fleet`: a campaign whose blocks are run by workers on any machines, which meet at a Redis or Valkey of the user's. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { type QueueAddress, readAddress } from '../fleet/address.ts';
import { reasonOf } from '../journal/records.ts';
import { printable } from '../scenario/printable.ts';
import { type CampaignFlags, duration, keptOptions, playedOptions, RUNS } from './campaign-options.ts';
import { UsageError, wholeNumber } from './context.ts';

export interface QueueFlags {
  readonly queue?: string;
  readonly queueCa?: string;
  readonly name: string;
  readonly patience: number;
}

export interface StartFlags extends CampaignFlags, QueueFlags {
  readonly ahead?: number;
}

export interface WorkerFlags extends QueueFlags {
  readonly jobs: number;
  readonly lock: number;
}

export interface StatusFlags extends QueueFlags {
  readonly json?: boolean;
}

const CORES = availableParallelism();
/** Long enough for a machine that is busy, short enough that nobody waits long for a machine that is gone. */
const LOCK_S = 10;
/** A queue that is started anew is back by then. */
const PATIENCE_S = 60;

/** Nobody else waits for BullMQ to be loaded. */
const verbs = () => import('./fleet-verbs.ts');

export function fleetCommand(): Command {
  return new Command('fleet')
    .description('campaigns on many machines, which meet at a Redis or Valkey of yours')
    .usage('<start|worker|status> ...')
    .argument('[verb]')
    .action((verb: string | undefined) => {
      const given = verb === undefined ? 'and none was given' : `not "${printable(verb)}"`;
      throw new UsageError(`fleet takes start, worker or status, ${given}`);
    })
    .addCommand(startCommand())
    .addCommand(workerCommand())
    .addCommand(statusCommand());
}

const queueOptions = (command: Command): Command =>
  command
    .option(
      '--queue <address>',
      'redis://HOST[:PORT][/DATABASE], or rediss:// for TLS (default: $CLAIMCHECK_QUEUE; the password may be in it or in $CLAIMCHECK_QUEUE_PASSWORD)',
    )
    .option('--queue-ca <file>', 'certificates, in PEM, to trust beside those of the system')
    .addOption(
      new Option('--name <name>', 'of the fleet: several may share a queue').argParser(fleetName).default('fleet'),
    )
    .addOption(
      new Option('--patience <duration>', 'how long a queue that went away is waited for')
        .argParser(duration('--patience'))
        .default(PATIENCE_S, `${PATIENCE_S}s`),
    );

function startCommand(): Command {
  const command = playedOptions(
    new Command('start').description('a campaign as "fuzz" runs it, its blocks run by the workers of a fleet'),
    `scenarios (default: ${RUNS})`,
  );
  queueOptions(command).addOption(
    new Option('--ahead <n>', 'blocks under way at once (default: as many as the workers want)').argParser(
      wholeNumber('--ahead', 1, 100_000),
    ),
  );
  return keptOptions(command)
    .addHelpText('after', '\nThe result is that of "fuzz" with the same options, byte for byte. Exit code: as fuzz.')
    .action(async (flags: StartFlags, command: Command) => (await verbs()).start(flags, command));
}

function workerCommand(): Command {
  return queueOptions(
    new Command('worker').description('runs blocks of the campaigns of a fleet until it is told to stop'),
  )
    .addOption(
      new Option('--jobs <n>', 'jobs at once, each in a process of its own')
        .argParser(wholeNumber('--jobs', 1, 256))
        .default(CORES, `${CORES} here, one a core`),
    )
    .addOption(
      new Option('--lock <duration>', 'a job of a worker that was not heard of for so long is done by another')
        .argParser(duration('--lock'))
        .default(LOCK_S, `${LOCK_S}s`),
    )
    .addHelpText('after', '\nCtrl-C ends it when the jobs that it is at are done; a second one at once.')
    .action(async (flags: WorkerFlags) => (await verbs()).work(flags));
}

function statusCommand(): Command {
  return queueOptions(new Command('status').description('the campaigns and the workers of a fleet, as they are now'))
    .option('--json', 'one object on stdout and nothing else')
    .action(async (flags: StatusFlags) => (await verbs()).status(flags));
}

function fleetName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$/.test(text)) return text;
  throw new UsageError(`--name takes up to 60 letters, digits, ".", "_" and "-", not "${printable(text)}"`);
}

/** The address is never repeated: what is wrong with it may be its password. */
export function addressOf({ queue, queueCa }: QueueFlags): QueueAddress {
  const { CLAIMCHECK_QUEUE: fromEnvironment, CLAIMCHECK_QUEUE_PASSWORD: secret } = process.env;
  const text = queue ?? fromEnvironment;
  if (text === undefined || text === '') {
    throw new UsageError('a fleet meets at a queue: name a Redis or Valkey with --queue or in CLAIMCHECK_QUEUE');
  }
  const address = readAddress(text);
  if (address === null) {
    const where = queue === undefined ? 'CLAIMCHECK_QUEUE' : '--queue';
    throw new UsageError(
      `${where} takes an address such as redis://host:6379 or rediss://user@host:6379/1; what is in it that an address cannot hold, such as "#" or "/", is written as %23 or %2F`,
    );
  }
  if (queueCa !== undefined && !address.tls) throw new UsageError('--queue-ca is for TLS: give a rediss:// address');
  return {
    ...address,
    password: address.password ?? (secret === undefined || secret === '' ? null : secret),
    ca: queueCa === undefined ? null : authority(queueCa),
  };
}

function authority(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--queue-ca ${printable(path)} cannot be read: ${reasonOf(error)}`);
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new UsageError(`--queue-ca ${printable(path)} holds no certificate in PEM`);
}
