/** Bugs of shelve and unshelve that Nova had, each as it was. */
import type { Defect } from './defect.ts';

export const SHELVE_DEFECTS: readonly Defect[] = [];
