/**
 * `npm run setup:placement`: installs what the target `placement` and its tests need. A second run finds everything there.
 * With `--release 8` the release that Debian 12 packages, which behaves differently on over-committed providers.
 */
import { installWithApt, makeEnvironment, SetUpError, setUp } from '../python.ts';
import { ENVIRONMENT, missing, PACKAGES_OF_8, pythonOf, REQUIREMENTS, STAMP } from './install.ts';

setUp('setup:placement', () => {
  const args = process.argv.slice(2);
  const release = args.length === 0 ? '16' : args.length === 2 && args[0] === '--release' ? args[1] : undefined;
  if (release !== '8' && release !== '16') throw new SetUpError('give nothing, or --release 8, or --release 16');
  const wanted = release === '8' ? 8 : 16;
  const there = missing(wanted) === null;
  if (!there && wanted === 8) installWithApt('Placement 8.0.0', '16.0.0', PACKAGES_OF_8, () => missing(8) !== null);
  if (!there && wanted === 16) makeEnvironment(ENVIRONMENT, REQUIREMENTS, STAMP);
  return `Placement ${wanted}.0.0 ${there ? 'is there' : 'installed'}: ${pythonOf(wanted)}`;
});
