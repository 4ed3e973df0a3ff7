/** A real Placement to play against: one that claimcheck starts, or one that the user runs. */
import { printable } from '../../scenario/printable.ts';
import { CredentialError, tokenFrom } from './credentials.ts';
import { LAUNCHER, pythonOf, type Release, VERSION } from './install.ts';
import { RemotePlacement } from './remote.ts';
import { startPlacement } from './server.ts';
import type { Where } from './show-difference.ts';
import { PlacementTrouble } from './trouble.ts';
import { HANGS_MS, openWire, type Wire } from './wire.ts';

export interface Connection {
  /** what answers, for people */
  readonly name: string;
  readonly url: string;
  readonly wire: Wire;
  /** where to send again what it was asked, when it is gone */
  readonly again: Where;
  /** started by claimcheck: its database can be emptied */
  readonly ours: boolean;
  close(): Promise<void>;
}

/** Of the releases that can be started, the one that behaves as this one: the rule for over-committed providers came with 14.0.0. */
export const releaseLike = (placementRelease: number): Release => (placementRelease >= 14 ? 16 : 8);

/** Placement's own port, for a server that a reader starts. */
const PORT_AGAIN = 8778;

export async function startedPlacement(release: Release, hangsMs = HANGS_MS): Promise<Connection> {
  const server = await startPlacement(release);
  const wire = openWire(server.url, 'admin', hangsMs);
  return {
    name: `Placement ${VERSION[release]}`,
    url: server.url,
    wire,
    again: {
      name: `Placement ${VERSION[release]}`,
      url: `http://127.0.0.1:${PORT_AGAIN}`,
      start: `tail -f /dev/null | ${pythonOf(release)} ${LAUNCHER} ${PORT_AGAIN} &`,
    },
    ours: true,
    async close() {
      wire.close();
      await server.end();
    },
  };
}

export interface Given {
  readonly url: string;
  /** the user says that it may be somewhere else than here */
  readonly mayBeRemote: boolean;
  /** how long an answer may take */
  readonly hangsMs?: number;
}

export function givenPlacement({ url, mayBeRemote, hangsMs = HANGS_MS }: Given, environment = process.env): Connection {
  const base = checked(url, mayBeRemote);
  const wire = openWire(base, tokenFrom(environment), hangsMs);
  const again = { name: `Placement at ${base}`, url: base, start: null };
  return { name: 'Placement', url: base, wire, again, ours: false, close: async () => wire.close() };
}

function checked(text: string, mayBeRemote: boolean): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new CredentialError(
      `--placement-url takes the address of a Placement, as in http://127.0.0.1:8778, not "${printable(text)}"`,
    );
  }
  const { protocol, hostname, username, password, search, hash } = url;
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new CredentialError(`--placement-url takes http:// or https://, not ${printable(protocol)}`);
  }
  if (username !== '' || password !== '') {
    throw new CredentialError(
      '--placement-url takes no user and no password: the token comes from OS_TOKEN or a clouds.yaml',
    );
  }
  if (search !== '' || hash !== '') throw new CredentialError('--placement-url takes an address without ? and #');
  if (!mayBeRemote && !isLoopback(hostname)) {
    throw new CredentialError(
      `${printable(hostname)} is not this machine: providers and allocations would be made there; say --placement-elsewhere if that is meant`,
    );
  }
  return url.href.replace(/\/+$/, '');
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);

/** Runs something on a connection, and takes what it left there away, also when it failed. */
export async function withRemote<T>(
  connection: Connection,
  run: (remote: RemotePlacement) => T | Promise<T>,
): Promise<T> {
  try {
    const remote = new RemotePlacement(connection.wire, { ours: connection.ours });
    try {
      return await run(remote);
    } finally {
      if (!connection.ours) cleared(remote);
    }
  } finally {
    await connection.close();
  }
}

/** What failed before is told; that the rest cannot be removed either says nothing new. */
function cleared(remote: RemotePlacement): void {
  try {
    remote.clear();
  } catch (error) {
    if (!(error instanceof PlacementTrouble)) throw error;
  }
}
