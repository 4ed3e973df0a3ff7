/** Mutants: one broken cell each, kept to prove that a law sees it. No release of Nova was ever like this. */
import type { Defect } from './defects.ts';

export const INVARIANT_MUTANTS: readonly Defect[] = [];
