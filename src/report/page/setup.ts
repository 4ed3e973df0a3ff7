/** `npm run setup:browser`: installs what the tests of a report's page need. A second run finds it there. */
import { installWithApt, SetUpError, setUp } from '../../targets/python.ts';
import { chromium, missing, PACKAGES } from './chromium.ts';

setUp('setup:browser', () => {
  if (process.argv.length > 2) throw new SetUpError('give nothing');
  const { CHROMIUM } = process.env;
  const there = missing() === null;
  if (!there && CHROMIUM !== undefined)
    throw new SetUpError('the environment variable CHROMIUM names nothing that runs');
  if (!there) {
    const instead = 'any Chromium or Chrome, named in the environment variable CHROMIUM';
    installWithApt('Chromium', instead, PACKAGES, () => missing() !== null);
  }
  return `Chromium ${there ? 'is there' : 'installed'}: ${chromium()}`;
});
