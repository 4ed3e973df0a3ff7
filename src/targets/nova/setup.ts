/**
 * `npm run setup:nova`: installs what the target `nova` and its tests need. A second run finds everything there. With
 * `--release 26` the release that Debian 12 packages. `--from DIR` names a checkout of Nova whose code then runs in the place
 * of 34.0.0's where `--nova-from` asks for it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { installWithApt, makeEnvironment, SetUpError, setUp } from '../python.ts';
import {
  CHECKOUT,
  ENVIRONMENT,
  missing,
  NOVA_VERSION,
  type NovaRelease,
  PACKAGES_OF_26,
  pythonOf,
  REQUIREMENTS,
  STAMP,
  saidBy,
} from './install.ts';

const USAGE = 'give nothing, or --release 26, or --release 34, or --from DIR with a checkout of Nova';

/** What a checkout must have is what the harness imports of it. */
function noteCheckout(named: string): string {
  const folder = resolve(named);
  for (const path of ['nova/compute/manager.py', 'nova/tests/functional', 'etc/nova/api-paste.ini']) {
    if (!existsSync(join(folder, path))) throw new SetUpError(`${named} is no checkout of Nova: it has no ${path}`);
  }
  try {
    execFileSync(pythonOf(34), ['-c', 'import nova.monkey_patch as m; m.patch(); import nova.compute.manager'], {
      env: { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
  } catch (error) {
    const said = saidBy(String((error as { stderr?: string }).stderr ?? ''), folder);
    throw new SetUpError(`the Nova of ${named} cannot be imported beside what 34.0.0 needs: ${said}`);
  }
  writeFileSync(CHECKOUT, `${folder}\n`);
  return `the Nova of ${folder} stands in for 34.0.0 where --nova-from is given`;
}

function flags(): { release: NovaRelease; from: string | undefined } {
  try {
    const { values } = parseArgs({ options: { release: { type: 'string' }, from: { type: 'string' } } });
    const { release = '34', from } = values;
    if ((release !== '26' && release !== '34') || (from !== undefined && release === '26')) throw new SetUpError(USAGE);
    return { release: release === '26' ? 26 : 34, from };
  } catch {
    throw new SetUpError(USAGE);
  }
}

setUp('setup:nova', () => {
  const { release, from } = flags();
  const there = missing(release) === null;
  if (!there && release === 26) installWithApt('Nova 26.2.2', '34.0.0', PACKAGES_OF_26, () => missing(26) !== null);
  if (!there && release === 34) makeEnvironment(ENVIRONMENT, REQUIREMENTS, STAMP);
  if (from !== undefined) return noteCheckout(from);
  return `Nova ${NOVA_VERSION[release]} ${there ? 'is there' : 'installed'}: ${pythonOf(release)}`;
});
