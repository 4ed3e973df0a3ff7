/** Bugs of evacuation that Nova had, each as it was. */
import type { Defect } from './defect.ts';

export const EVACUATION_DEFECTS: readonly Defect[] = [];
