/** Bugs of live migration that Nova had, each as it was. */
import type { Defect } from './defect.ts';

export const LIVE_MIGRATION_DEFECTS: readonly Defect[] = [];
