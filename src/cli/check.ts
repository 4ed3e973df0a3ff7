import { Command, Option } from 'commander';
import { type CampaignConfig, compileFor } from '../campaign/config.ts';
import { carryOut } from '../check/carry-out.ts';
import { findingsOf } from '../check/findings.ts';
import { type CheckResult, verdictOfCheck } from '../check/result.ts';
import { MOST, type Scope } from '../check/scope.ts';
import { Search } from '../check/search.ts';
import { CONTRACTS } from '../contract/contracts.ts';
import { DEFAULT_MOVES, type MoveFamily } from '../generate/move-families.ts';
import { checkJson, checkProgress, checkReport } from '../report/check-report.ts';
import { printable } from '../scenario/printable.ts';
import { DEFAULT_OPTIONS } from '../scenario/scenario.ts';
import { duration } from './campaign-options.ts';
import { Interruption, note, PROGRESS_MS, print, replayLine, UsageError, useColor, wholeNumber } from './context.ts';
import { EXIT_OF } from './course.ts';
import { readKnown } from './known-source.ts';
import {
  contractOption,
  defectOption,
  movesOf,
  movesOption,
  named,
  noteRelease,
  novaReleaseOption,
  placementReleaseOption,
  protocolOption,
  repairOption,
} from './protocol-options.ts';

/** What `fuzz` draws of protocol nova, and its known list was made for. */
const TOGETHER_OF_NOVA = 1;

interface CheckFlags {
  readonly hosts: number;
  readonly flavors: number;
  readonly servers: number;
  readonly operations: number;
  readonly faults: number;
  readonly holds: number;
  readonly together?: number;
  readonly crashes?: number;
  readonly room?: number;
  readonly anyRequest?: boolean;
  readonly protocol: CampaignConfig['protocol'];
  readonly contract: CampaignConfig['contract'];
  readonly defect: readonly string[];
  readonly repair: readonly string[];
  readonly moves?: readonly MoveFamily[];
  readonly novaRelease: number;
  readonly placementRelease?: number;
  readonly known?: string;
  readonly causes?: boolean;
  readonly symmetry: boolean;
  readonly time?: number;
  readonly memory?: number;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

export function checkCommand(): Command {
  const bounded = (name: keyof typeof MOST, least: number) => wholeNumber(`--${name}`, least, MOST[name]);
  return new Command('check')
    .description('every scenario of a small scope: all operations, faults and overtakings, breadth first')
    .option('--hosts <n>', 'hosts, all alike', bounded('hosts', 2), 2)
    .option('--flavors <n>', 'flavors, each with one more of everything but disk', bounded('flavors', 1), 2)
    .option(
      '--servers <n>',
      'servers, booted before it begins, on every host and with every flavor',
      bounded('servers', 1),
      1,
    )
    .option('--operations <n>', 'operations behind the boots', bounded('operations', 1), 2)
    .option('--faults <n>', 'most faults of a scenario', bounded('faults', 0), 1)
    .option('--holds <n>', 'most jobs of a scenario that are held while others overtake them', bounded('holds', 0), 1)
    .option(
      '--crashes <n>',
      'most crashes, as faults or operations (default: as many as faults)',
      bounded('crashes', 0),
    )
    .option('--room <n>', 'servers of the largest flavor that a host has room for (default: all)', bounded('room', 1))
    .option(
      '--any-request',
      'requests too that Nova refuses as the world stands: held at the API, one may be taken later',
    )
    .addOption(protocolOption().default('nova'))
    .addOption(contractOption().default('strict'))
    .addOption(defectOption())
    .addOption(repairOption())
    .addOption(movesOption())
    .addOption(novaReleaseOption().default(DEFAULT_OPTIONS.nova_release))
    .addOption(placementReleaseOption())
    .option('--known <file>', 'signatures that are no news: a file, or "none" (default: the list of the protocol)')
    .addOption(
      new Option(
        '--causes',
        'tell states apart that differ only in what struck, so that every signature is seen (default under protocol nova)',
      ),
    )
    .addOption(new Option('--no-causes', 'go through each state once: whether a law breaks, not in how many ways'))
    .option('--no-symmetry', 'placings too that differ only in which host or server is called what')
    .option('--time <duration>', 'stop then: 90s, 30m, 8h', duration('--time'))
    .option('--memory <size>', 'stop when the process has grown to that: 800M, 6G', size)
    .option('--verbose', 'every signature, not one line a weakness')
    .option('--json', 'one object on stdout and nothing else')
    .addHelpText(
      'after',
      '\nExit code: 0 everything held or is known, 1 an unknown violation, 3 it was stopped before its end, 2 a mistake in the command, 130 interrupted.',
    )
    .action(check);
}

async function check(flags: CheckFlags): Promise<void> {
  const { protocol, contract, novaRelease, servers, faults } = flags;
  noteRelease(protocol, novaRelease);
  const { known } = readKnown(flags.known, protocol);
  const config = { protocol, contract, novaRelease, defects: named(flags.defect), repairs: named(flags.repair) };
  const scope: Scope = {
    hosts: flags.hosts,
    flavors: flags.flavors,
    servers,
    operations: flags.operations,
    faults,
    holds: flags.holds,
    together: flags.together ?? (protocol === 'nova' ? TOGETHER_OF_NOVA : faults + flags.holds),
    crashes: flags.crashes ?? faults,
    room: flags.room ?? servers,
    anyRequest: flags.anyRequest === true,
    moves: movesOf(protocol, flags.moves) ?? DEFAULT_MOVES,
    options: {
      ...DEFAULT_OPTIONS,
      nova_release: novaRelease,
      placement_release: flags.placementRelease ?? DEFAULT_OPTIONS.placement_release,
    },
  };
  const code = compileFor(config);
  const causes = flags.causes ?? protocol === 'nova';
  const search = new Search(code, CONTRACTS[contract], scope, { causes, symmetric: flags.symmetry });
  if (search.placings.length === 0) {
    throw new UsageError(
      `the servers do not fit: ${servers} of them on ${flags.hosts} hosts with --room ${scope.room}`,
    );
  }
  const interruption = new Interruption();
  let told = performance.now();
  let reached = { complete: 0, at: 0 };
  const { stopped, seconds } = await carryOut(
    search,
    { seconds: flags.time ?? null, memory: flags.memory ?? null },
    () => interruption.asked,
    (figures, elapsed) => {
      if (figures.complete !== reached.complete) reached = { complete: figures.complete, at: elapsed };
      if (performance.now() - told < PROGRESS_MS) return;
      told = performance.now();
      const memory = process.memoryUsage.rss();
      const progress = { elapsed, depth: elapsed - reached.at, memory, signatures: search.sightings.size };
      note(checkProgress(scope, figures, progress));
    },
  );
  const findings = findingsOf(search, code, config, known);
  interruption.end();
  const result: CheckResult = {
    protocol,
    contract,
    scope,
    causes,
    stopped,
    figures: search.figures(),
    findings,
    seconds,
  };
  if (flags.json === true) print(JSON.stringify(checkJson(result), null, 2));
  else {
    const madeFor = flags.known === undefined ? DEFAULT_OPTIONS.nova_release : null;
    print(
      checkReport(result, { color: useColor(process.stdout), verbose: flags.verbose === true, replayLine, madeFor }),
    );
  }
  process.exitCode = EXIT_OF[verdictOfCheck(result)];
}

/** 800M, 6G: bytes. */
function size(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([MG])$/.exec(text) ?? [];
  const bytes = Number(number) * ({ M: 2 ** 20, G: 2 ** 30 }[unit ?? ''] ?? Number.NaN);
  if (bytes > 0 && bytes <= 2 ** 40) return bytes;
  throw new UsageError(`--memory takes a size such as 800M or 6G, not "${printable(text)}"`);
}
