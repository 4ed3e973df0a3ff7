import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { givenPlacement } from './connect.ts';
import { CredentialError, tokenFrom } from './credentials.ts';

const here = mkdtempSync(join(tmpdir(), 'claimcheck-clouds-'));
const folder = (content: string): string => {
  const made = join(here, `${Math.abs(content.length)}-${content.charCodeAt(0)}`);
  mkdirSync(made, { recursive: true });
  writeFileSync(join(made, 'clouds.yaml'), content);
  return made;
};
const CLOUDS = folder(`
clouds:
  devstack-admin:
    auth_type: token
    auth: {auth_url: 'http://controller/identity', token: gAAAA-secret}
  by-password:
    auth: {username: admin, password: hunter2}
`);

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof CredentialError) return error.message.replaceAll(here, 'DIR');
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the token', () => {
  test('comes from OS_TOKEN, before a clouds.yaml', () => {
    expect(tokenFrom({ OS_TOKEN: 'abc', OS_CLOUD: 'devstack-admin' }, CLOUDS)).toBe('abc');
  });
  test('or from the cloud of a clouds.yaml that OS_CLOUD names', () => {
    expect(tokenFrom({ OS_CLOUD: 'devstack-admin' }, CLOUDS)).toBe('gAAAA-secret');
    const file = join(CLOUDS, 'clouds.yaml');
    expect(tokenFrom({ OS_CLOUD: 'devstack-admin', OS_CLIENT_CONFIG_FILE: file }, '/nowhere')).toBe('gAAAA-secret');
  });
  test('and what is wrong is one sentence that shows no secret', () => {
    const cases = {
      nothing: () => tokenFrom({}, CLOUDS),
      'a blank in it': () => tokenFrom({ OS_TOKEN: 'se cret' }, CLOUDS),
      'no such cloud': () => tokenFrom({ OS_CLOUD: '__proto__' }, CLOUDS),
      'a password only': () => tokenFrom({ OS_CLOUD: 'by-password' }, CLOUDS),
      'no YAML': () => tokenFrom({ OS_CLOUD: 'x' }, folder('\tclouds: [')),
      'a list': () => tokenFrom({ OS_CLOUD: 'x' }, folder('- clouds')),
    };
    const said = Object.fromEntries(Object.entries(cases).map(([what, run]) => [what, refusal(run)]));
    expect(said).toMatchSnapshot();
    expect(JSON.stringify(said)).not.toMatch(/hunter2|secret|se cret/);
  });
});

test('an address is checked before anything is sent', () => {
  const open = (url: string) => () => givenPlacement({ url, mayBeRemote: false }, { OS_TOKEN: 'secret' });
  const said = [
    'controller',
    'ftp://127.0.0.1/',
    'http://placement.example.org:8778',
    'http://10.0.0.5',
    'http://127.0.0.1.example.org',
    'http://admin:hunter2@127.0.0.1:8778',
    'http://127.0.0.1:8778/?token=hunter2',
  ].map((url) => refusal(open(url)));
  expect(said).toMatchSnapshot();
  expect(said.join()).not.toContain('hunter2');
  const connection = givenPlacement(
    { url: 'http://placement.example.org/placement/', mayBeRemote: true },
    { OS_TOKEN: 'x' },
  );
  expect(connection.url).toBe('http://placement.example.org/placement');
  return connection.close();
});
