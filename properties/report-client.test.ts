/**
 * Nova's own report client cannot tell the model's server from Placement. Needs `npm run setup:nova`, and to hold it against
 * the real one `npm run setup:placement`; without them a line says what is missing.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { missing, NOVA_VERSION, PLACEMENT_OF, pythonOf } from '../src/targets/nova/install.ts';
import { startedPlacement } from '../src/targets/placement/connect.ts';
import { missing as missingPlacement } from '../src/targets/placement/install.ts';
import { listen } from '../src/targets/placement/listen.ts';

const SCRIPT = join(import.meta.dirname, 'report_client.py');
const noNova = missing(34);
const noPlacement = missingPlacement(16);
const lacks = noNova ?? noPlacement;
if (lacks !== null) process.stderr.write(`not run: ${lacks}\n`);

type Told = { readonly returned: unknown } | { readonly raised: string };

/** A line a call: what was called, and what the client returned or raised. */
async function told(url: string): Promise<readonly string[]> {
  const env = {
    ...process.env,
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
    // of some requests of the client the order follows Python's hashes
    PYTHONHASHSEED: '0',
    PYTHONWARNINGS: 'ignore',
  };
  const { stdout } = await promisify(execFile)(pythonOf(34), [SCRIPT, url], { env });
  const calls = Object.entries(JSON.parse(stdout) as Readonly<Record<string, Told>>);
  return calls.map(([what, came]) =>
    'raised' in came ? `${what}: raised ${came.raised}` : `${what}: ${JSON.stringify(came.returned)}`,
  );
}

async function toldOf(server: { readonly url: string; close(): Promise<void> }): Promise<readonly string[]> {
  try {
    return await told(server.url);
  } finally {
    await server.close();
  }
}

describe.skipIf(noNova !== null)(`the report client of Nova ${NOVA_VERSION[34]}`, () => {
  let ofModel: Promise<readonly string[]> | null = null;
  /** both tests look at one run */
  const model = (): Promise<readonly string[]> => {
    ofModel ??= listen(0, PLACEMENT_OF[34]).then(toldOf);
    return ofModel;
  };

  test('does with the model what it should', async () => {
    expect((await model()).join('\n')).toMatchSnapshot();
  });

  test.skipIf(noPlacement !== null)('is answered the same by the model as by Placement', async () => {
    const [ours, theirs] = await Promise.all([model(), startedPlacement(16).then(toldOf)]);
    expect(ours).toEqual(theirs);
  });
});
