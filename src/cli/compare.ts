/** `claimcheck compare`: the same to the model and to the real thing, random requests to Placement and scenarios to Nova. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Command } from 'commander';
import { type CampaignConfig, compileFor } from '../campaign/config.ts';
import type { MoveFamily } from '../generate/move-families.ts';
import { printable } from '../scenario/printable.ts';
import { type NovaRelease, PLACEMENT_OF } from '../targets/nova/install.ts';
import { releaseLike, startedPlacement } from '../targets/placement/connect.ts';
import { type Difference, Differential } from '../targets/placement/differential.ts';
import { showDifference } from '../targets/placement/show-difference.ts';
import { PlacementTrouble } from '../targets/placement/trouble.ts';
import { walks } from '../targets/placement/walk.ts';
import { readUserCloud } from './cloud-folder.ts';
import { EXIT, Interruption, note, PROGRESS_MS, print, UsageError, wholeNumber } from './context.ts';
import { type NovaFlags, novaFromOption, processesOption } from './nova-options.ts';
import { compareOnNova } from './on-nova.ts';
import { movesOf, movesOption, novaReleaseOption, placementReleaseOption } from './protocol-options.ts';

interface CompareFlags {
  readonly requests: number;
  readonly seed: string;
  readonly placementRelease: number;
  readonly json?: boolean;
}

export function compareCommand(): Command {
  return new Command('compare')
    .description('does the same to the model and to the real thing, and prints the first that differs')
    .usage('<placement|nova> ...')
    .argument('[what]')
    .action((what: string | undefined) => {
      throw new UsageError(
        `compare takes placement or nova, ${what === undefined ? 'and neither was given' : `not "${printable(what)}"`}`,
      );
    })
    .addCommand(placementCommand())
    .addCommand(novaCommand());
}

function placementCommand(): Command {
  return new Command('placement')
    .description('random requests to the model and to a real Placement')
    .option('--requests <n>', 'how many', wholeNumber('--requests', 1, 100_000_000), 10_000)
    .option('--seed <text>', 'any text: a date, a commit hash', 'claimcheck')
    .addOption(placementReleaseOption().default(16))
    .option('--json', 'one object on stdout and nothing else')
    .addHelpText(
      'after',
      '\nExit code: 0 no difference, 1 a difference, 3 the server is not there or cannot be worked with.',
    )
    .action(comparePlacement);
}

interface CompareNovaFlags extends NovaFlags {
  readonly runs: number;
  readonly seed: string;
  readonly faults: number;
  readonly novaRelease: number;
  readonly cloud?: string;
  readonly anonymise?: boolean;
  readonly sabotage?: boolean;
  readonly moves?: readonly MoveFamily[];
  readonly json?: boolean;
}

function novaCommand(): Command {
  return new Command('nova')
    .description('generated scenarios on the model and on Nova itself, compared after every operation')
    .option('--runs <n>', 'how many', wholeNumber('--runs', 1, 1_000_000), 100)
    .option('--seed <text>', 'any text: a date, a commit hash', 'claimcheck')
    .option('--faults <n>', 'most faults and holds of a scenario', wholeNumber('--faults', 0, 3), 2)
    .addOption(movesOption())
    .addOption(novaReleaseOption().default(34))
    .addOption(novaFromOption())
    .addOption(processesOption())
    .option('--cloud <dir>', 'draw hosts and flavors from what the OpenStack client printed of your cloud')
    .option(
      '--anonymise',
      "print no name of your cloud's: hosts, flavors, custom classes and traits become h1, m1, ...",
    )
    .option('--sabotage', 'operators act on servers that are being moved')
    .option('--json', 'one object on stdout and nothing else')
    .addHelpText(
      'after',
      '\nExit code: 0 no difference that is not listed, 1 a difference, 3 Nova is not there or could not play one.',
    )
    .action(compareNova);
}

async function compareNova(flags: CompareNovaFlags): Promise<void> {
  const { seed, faults, novaRelease, cloud, anonymise, sabotage, moves } = flags;
  const config: CampaignConfig = {
    seed,
    protocol: 'nova',
    contract: 'strict',
    defects: [],
    repairs: [],
    novaRelease,
    placementRelease: PLACEMENT_OF[novaRelease as NovaRelease] ?? 16,
    faults,
    cloud: cloud === undefined ? null : readUserCloud(cloud, anonymise === true),
    sabotage: sabotage === true,
    ...(moves === undefined ? {} : { moves: movesOf('nova', moves)! }),
  };
  await compareOnNova(compileFor(config), config, flags);
}

async function comparePlacement(flags: CompareFlags): Promise<void> {
  const connection = await startedPlacement(releaseLike(flags.placementRelease));
  const { wire, name, url } = connection;
  note(`note: requests go to the model and to ${name} at ${url}`);
  let asked = 0;
  let difference: Difference | null = null;
  let trouble: string | null = null;
  const interruption = new Interruption();
  const both = new Differential(wire, flags.placementRelease);
  let told = Date.now();
  try {
    for (const walk of walks(flags.seed, both, flags.requests)) {
      const found = walk.run();
      asked += walk.asked;
      if (found !== null) {
        difference = both.minimise(found);
        break;
      }
      if (Date.now() - told >= PROGRESS_MS) {
        told = Date.now();
        note(`${asked} of ${flags.requests} requests, no difference`);
      }
      await nextTurn();
      if (interruption.asked) break;
    }
  } catch (error) {
    if (!(error instanceof PlacementTrouble)) throw error;
    trouble = error.message;
  } finally {
    await connection.close();
  }
  const known = Object.fromEntries(both.known);
  if (flags.json === true) print(JSON.stringify({ seed: flags.seed, server: name, asked, known, difference, trouble }));
  else {
    if (difference !== null) print(showDifference(difference, connection.again).join('\n'));
    const listed = [...both.known].map(([id, times]) => `${id} ${times} times`).join(', ');
    const counted = `${asked} requests to the model and to ${name}, seed ${flags.seed}`;
    if (difference === null)
      print(`${counted}: no difference${listed === '' ? '' : ` but those that are listed: ${listed}`}.`);
  }
  if (trouble !== null) note(`claimcheck: ${trouble}`);
  process.exitCode =
    difference !== null
      ? EXIT.VIOLATION
      : trouble !== null
        ? EXIT.UNDECIDED
        : interruption.asked
          ? EXIT.INTERRUPTED
          : EXIT.OK;
}
