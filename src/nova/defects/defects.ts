/**
 * Switches: historical bugs brought back, open weaknesses taken away, and mutants that prove a law bites. Each changes a
 * cell of a table. Ids of bugs and weaknesses are those of the bug catalogue.
 */
import { INVARIANT_MUTANTS } from '../mutants.ts';
import { BUILD_DEFECTS } from './build.ts';
import type { Defect } from './defect.ts';
import { EVACUATION_DEFECTS } from './evacuation.ts';
import { LIVE_MIGRATION_DEFECTS } from './live-migration.ts';
import { PLACEMENT_DEFECTS } from './placement.ts';
import { REPAIRS } from './repairs.ts';
import { RESIZE_DEFECTS } from './resize.ts';
import { SERVICE_DEFECTS } from './service.ts';
import { SHELVE_DEFECTS } from './shelve.ts';

export const DEFECTS: readonly Defect[] = [
  ...RESIZE_DEFECTS,
  ...LIVE_MIGRATION_DEFECTS,
  ...EVACUATION_DEFECTS,
  ...SHELVE_DEFECTS,
  ...BUILD_DEFECTS,
  ...SERVICE_DEFECTS,
  ...PLACEMENT_DEFECTS,
  ...REPAIRS,
  ...INVARIANT_MUTANTS,
];

export function findDefect(name: string): Defect | undefined {
  return DEFECTS.find((defect) => defect.id === name || defect.aliases.includes(name));
}
