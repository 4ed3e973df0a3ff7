/** Bugs of services, nodes and healing tools that Nova had, each as it was. */
import type { Defect } from './defect.ts';

export const SERVICE_DEFECTS: readonly Defect[] = [];
