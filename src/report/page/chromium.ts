/** Where a Chromium is that the page of a report is tried out in, and what is missing if there is none. */
import { accessSync, constants } from 'node:fs';

export const PACKAGES = ['chromium'] as const;

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
];

/** One that the user names in CHROMIUM, or a system's own, or null. */
export function chromium(): string | null {
  const { CHROMIUM } = process.env;
  const candidates = CHROMIUM === undefined || CHROMIUM === '' ? PLACES : [CHROMIUM];
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** One sentence of what is missing and how to get it, or null. */
export const missing = (): string | null =>
  chromium() === null ? 'there is no Chromium here; get it with: npm run setup:browser' : null;
