/** The token of a Placement that claimcheck did not start: from the environment or a clouds.yaml, never from the command line. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { printable } from '../../scenario/printable.ts';

/** One sentence for the user. */
export class CredentialError extends Error {
  override readonly name = 'CredentialError';
}

type Environment = Readonly<Record<string, string | undefined>>;

export function tokenFrom(environment: Environment, folder = process.cwd()): string {
  const { OS_TOKEN: token, OS_CLOUD: cloud } = environment;
  if (token !== undefined && token !== '') return usable(token, 'OS_TOKEN');
  if (cloud === undefined || cloud === '') {
    throw new CredentialError(
      'no token for Placement: set OS_TOKEN (openstack token issue -f value -c id), or OS_CLOUD to a cloud of a clouds.yaml',
    );
  }
  const file = cloudsFile(environment, folder);
  const found = tokenOf(file, cloud);
  return usable(found, `the token of cloud ${printable(cloud)}`);
}

/** Where openstacksdk looks, in its order. */
function cloudsFile({ OS_CLIENT_CONFIG_FILE: named }: Environment, folder: string): string {
  const places = [
    ...(named === undefined || named === '' ? [] : [named]),
    join(folder, 'clouds.yaml'),
    join(homedir(), '.config', 'openstack', 'clouds.yaml'),
    '/etc/openstack/clouds.yaml',
  ];
  const found = places.find(existsSync);
  if (found !== undefined) return found;
  throw new CredentialError(
    `OS_CLOUD is set, and there is no clouds.yaml: looked for ${places.map(printable).join(', ')}`,
  );
}

/** What is in the file is not shown: it holds secrets. */
function tokenOf(file: string, cloud: string): string {
  let read: unknown;
  try {
    read = parse(readFileSync(file, 'utf8'));
  } catch {
    throw new CredentialError(`${printable(file)} cannot be read as YAML`);
  }
  const clouds = member(read, 'clouds');
  const one = member(clouds, cloud);
  if (one === undefined) {
    const names = typeof clouds === 'object' && clouds !== null ? Object.keys(clouds).map(printable) : [];
    throw new CredentialError(
      `${printable(file)} has no cloud ${printable(cloud)}, only ${names.length === 0 ? 'none' : names.join(', ')}`,
    );
  }
  const token = member(member(one, 'auth'), 'token');
  if (typeof token === 'string' && token !== '') return token;
  throw new CredentialError(
    `cloud ${printable(cloud)} of ${printable(file)} has no auth.token: set OS_TOKEN (openstack token issue -f value -c id)`,
  );
}

function member(of: unknown, name: string): unknown {
  if (typeof of !== 'object' || of === null || !Object.hasOwn(of, name)) return undefined;
  return (of as Record<string, unknown>)[name];
}

/** A header cannot carry everything. */
function usable(token: string, what: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new CredentialError(`${what} holds blanks or other characters that no token has`);
}
