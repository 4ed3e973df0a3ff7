/** Options that say which Placement answers. */
import { Option } from 'commander';
import type { Code } from '../engine/compile.ts';
import { type Connection, givenPlacement, releaseLike, startedPlacement } from '../targets/placement/connect.ts';
import { CredentialError } from '../targets/placement/credentials.ts';
import { Differential } from '../targets/placement/differential.ts';
import { DifferenceFound } from '../targets/placement/remote.ts';
import { showDifference } from '../targets/placement/show-difference.ts';
import { PlacementTrouble } from '../targets/placement/trouble.ts';
import { HANGS_MS } from '../targets/placement/wire.ts';
import { EXIT, note, oneOf, print, UsageError, wholeNumber } from './context.ts';

export const TARGET_NAMES = ['model', 'placement', 'nova'] as const;

export interface TargetFlags {
  readonly target: (typeof TARGET_NAMES)[number];
  readonly placementUrl?: string;
  readonly placementElsewhere?: boolean;
  readonly placementTimeout?: number;
}

export const targetOption = (): Option =>
  new Option(
    '--target <name>',
    "what runs scenarios: the model, the model's handlers on a real Placement, or Nova itself",
  )
    .argParser(oneOf('--target', TARGET_NAMES))
    .default('model');

export const placementUrlOption = (): Option =>
  new Option(
    '--placement-url <url>',
    'a Placement that you run, with OS_TOKEN or OS_CLOUD set; default: one is started',
  );

export const placementElsewhereOption = (): Option =>
  new Option('--placement-elsewhere', 'the url may be another machine; providers are made there, and removed');

export const placementTimeoutOption = (): Option =>
  new Option(
    '--placement-timeout <seconds>',
    `how long an answer may take before the server counts as hanging (default: ${HANGS_MS / 1000})`,
  ).argParser(wholeNumber('--placement-timeout', 1, 600));

/** Starts or finds it. */
export async function connect(flags: TargetFlags, placementRelease: number): Promise<Connection> {
  const { placementUrl: url, placementTimeout } = flags;
  const hangsMs = placementTimeout === undefined ? HANGS_MS : 1000 * placementTimeout;
  try {
    const connection =
      url === undefined
        ? await startedPlacement(releaseLike(placementRelease), hangsMs)
        : givenPlacement({ url, mayBeRemote: flags.placementElsewhere === true, hangsMs });
    note(`note: requests go to ${connection.name} at ${connection.url}`);
    return connection;
  } catch (error) {
    if (error instanceof CredentialError) throw new UsageError(error.message);
    throw error;
  }
}

export function refuseWithoutTarget({ target, placementUrl, placementElsewhere, placementTimeout }: TargetFlags): void {
  if (target === 'placement') return;
  if (placementUrl !== undefined || placementElsewhere === true) {
    throw new UsageError('--placement-url is for --target placement');
  }
  if (placementTimeout !== undefined) throw new UsageError('--placement-timeout is for --target placement');
}

/** A real server is as it is. */
export function refuseDefectsOfPlacement(code: Code): void {
  const changed = code.defects.filter(({ placement }) => placement !== undefined).map(({ id }) => id);
  if (changed.length > 0) {
    throw new UsageError(
      `--target placement runs Placement as it is: leave out ${changed.join(', ')}, a defect of Placement`,
    );
  }
}

/** What ends a run on a real Placement. Returns the exit code, or null for what is somebody else's to tell. */
export function tellEnd(error: unknown, connection: Connection, placementRelease: number): number | null {
  if (error instanceof PlacementTrouble) {
    note(`claimcheck: ${error.message}`);
    return EXIT.UNDECIDED;
  }
  if (!(error instanceof DifferenceFound)) return null;
  let { difference } = error;
  if (connection.ours) {
    const both = new Differential(connection.wire, placementRelease);
    const again = both.replay(difference.requests);
    if (again !== null) difference = both.minimise(again);
  }
  print(showDifference(difference, connection.again).join('\n'));
  return EXIT.VIOLATION;
}
