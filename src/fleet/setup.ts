/** `npm run setup:redis`: installs what the tests of a fleet and its benchmark need. A second run finds it there. */
import { installWithApt, SetUpError, setUp } from '../targets/python.ts';
import { missing, PACKAGES, server } from './redis.ts';

setUp('setup:redis', () => {
  if (process.argv.length > 2) throw new SetUpError('give nothing');
  const there = missing() === null;
  if (!there) installWithApt('redis-server', 'any Redis or Valkey on the PATH', PACKAGES, () => missing() !== null);
  return `Redis ${there ? 'is there' : 'installed'}: ${server()}`;
});
