/** Bugs that Placement had, each as it was. */
import type { Defect } from './defect.ts';

export const PLACEMENT_DEFECTS: readonly Defect[] = [
  {
    id: 'P-01',
    kind: 'defect',
    aliases: ['1778743', 'capacity_check_per_allocation'],
    title: 'Multi-consumer write checked piecemeal',
    releases: 'to Queens',
    fixed: 'Rocky',
    // moves carry one growing consumer only: the suite of Placement's own laws sees it
    catches: [],
    length: 1,
    placement: { sumWithinRequest: false },
  },
  {
    id: 'P-03',
    kind: 'defect',
    aliases: ['1780799', 'keep_empty_consumers'],
    title: 'Consumer row outlives its last claim',
    releases: 'to Queens',
    fixed: 'Rocky',
    catches: ['generation-honesty'],
    length: 3,
    lengthNote: 'the catalogue counts writes, and one move makes enough of them',
    placement: { dropEmptyConsumers: false },
  },
];
