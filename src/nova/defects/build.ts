/** Bugs of build, delete and rebuild that Nova had, each as it was. */
import type { Defect } from './defect.ts';

export const BUILD_DEFECTS: readonly Defect[] = [
  {
    id: 'B-02',
    kind: 'defect',
    aliases: ['1712684', 'delete_leaves_release_to_audit'],
    title: 'Delete relies on a later audit to release',
    releases: 'Pike',
    fixed: '17.0.0 (+16.0.0rc2)',
    catches: ['delete-releases-all'],
    length: 1,
    steps: { 'terminate.delete-alloc': { ask: () => null } },
  },
];
