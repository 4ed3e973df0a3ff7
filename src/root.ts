import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of package.json: bundled or not, what is not TypeScript stands at the same place. */
export const ROOT = rootAbove(import.meta.dirname);

function rootAbove(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : rootAbove(dirname(folder));
}
