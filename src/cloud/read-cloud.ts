/**
 * `--cloud DIR`: what the OpenStack client prints about a cloud, as the hosts and flavors that scenarios are drawn from.
 *
 * A folder is taken whole or refused with one sentence. What Nova and Placement accept is accepted, odd as it may be;
 * what they accept and the model does not carry is left out and named in a note.
 */
import { statSync } from 'node:fs';
import { printable } from '../scenario/printable.ts';
import type { Flavor, Host } from '../scenario/scenario.ts';
import { readFlavors, settleFlavors } from './flavors.ts';
import { readHosts } from './hosts.ts';
import { notesOf, type Telling } from './note.ts';
import { Refusal } from './refusal.ts';
import { FILE_REASONS, type Files, systemCode } from './rows.ts';

export interface ImportedCloud {
  /** in the order of providers.json; none means that hosts are made up */
  readonly hosts: Host[];
  /** in the order of flavors.json; at least one */
  readonly flavors: Flavor[];
  /** one line each: what was left out, and what was assumed */
  readonly notes: string[];
}

export type CloudReading =
  | { readonly ok: true; readonly cloud: ImportedCloud }
  | { readonly ok: false; readonly error: string };

/** What is wrong with a row can seldom be said without what stands in it. */
const NAMELESS =
  'the cloud folder cannot be taken; without --anonymise the sentence says what is wrong with which file and row';

/**
 * @param telling with `counts`, no name of the cloud's is in any sentence: notes speak of how many, and a refusal only of
 *   where to see more
 */
export function readCloud(dir: string, telling: Telling = 'names'): CloudReading {
  try {
    refuseUnlessFolder(dir);
    const files: Files = { folder: dir, tally: new Map(), telling, read: 0 };
    const reading = readFlavors(files);
    const { hosts, notes } = readHosts(files);
    const settled = settleFlavors(reading, hosts, telling);
    const fileNotes = notesOf(files.tally, FILE_REASONS, 'files', files.read, telling);
    return { ok: true, cloud: { hosts, flavors: settled.flavors, notes: [...fileNotes, ...notes, ...settled.notes] } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ok: false, error: telling === 'names' ? error.message : NAMELESS };
  }
}

function refuseUnlessFolder(dir: string): void {
  const shown = `"${printable(dir)}"`;
  try {
    if (statSync(dir).isDirectory()) return;
  } catch (error) {
    const code = systemCode(error);
    throw new Refusal(
      code === 'ENOENT'
        ? `the cloud folder ${shown} does not exist`
        : `the cloud folder ${shown} cannot be read (${code})`,
    );
  }
  throw new Refusal(`${shown} is not a folder; name the folder that holds flavors.json`);
}
