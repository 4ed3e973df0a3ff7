/** `--cloud DIR`: the folder, or one sentence; what is left out of it is told. */
import type { CampaignConfig } from '../campaign/config.ts';
import { readCloud } from '../cloud/read-cloud.ts';
import { anonymiseCloud } from '../scenario/anonymise.ts';
import { note, UsageError } from './context.ts';

/** Without names from the start: then nothing that comes of the campaign can have any. */
export function readUserCloud(dir: string, anonymous: boolean): CampaignConfig['cloud'] {
  const reading = readCloud(dir, anonymous ? 'counts' : 'names');
  if (!reading.ok) throw new UsageError(reading.error);
  for (const line of reading.cloud.notes) note(`note: ${line}`);
  return anonymous ? anonymiseCloud(reading.cloud) : reading.cloud;
}
