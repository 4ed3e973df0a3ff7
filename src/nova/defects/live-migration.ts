/** Bugs of live migration that Nova had, each as it was. L-07 is about guests that share the CPUs of a NUMA cell. */
import { cleanUpPre } from '../handlers/live-migration.ts';
import { type Item, isGroup } from '../step.ts';
import type { Defect } from './defect.ts';

/** The steps of a handler without those whose ids are these or begin with them. */
export const without =
  (...starts: readonly string[]) =>
  (items: readonly Item[]): readonly Item[] =>
    items.filter((item) => {
      const { id } = isGroup(item) ? item.steps[0]! : item;
      return !starts.some((start) => id === start || id.startsWith(`${start}.`));
    });

export const LIVE_MIGRATION_DEFECTS: readonly Defect[] = [
  {
    id: 'L-01',
    kind: 'defect',
    aliases: ['1712045', 'live_success_keeps_source'],
    title: "Finished live migration keeps the source's claim",
    releases: 'Pike',
    fixed: '17.0.0 (+16.0.0rc2)',
    catches: ['source-zero', 'host-agreement', 'no-orphan-consumer'],
    length: 1,
    order: { 'compute._do_live_migration': without('live.post.delete-alloc') },
  },
  {
    id: 'L-02',
    kind: 'defect',
    aliases: ['1712008', 'forced_target_skips_claim'],
    title: 'Forced live migration claims nothing on its destination',
    releases: 'Pike',
    fixed: '17.0.0 (+16.0.0rc2)',
    catches: ['capacity-respected', 'host-agreement'],
    length: 1,
    order: {
      'conductor.live_migrate_instance': without(
        'live.conductor.forced.get-allocs',
        'live.conductor.forced.complex',
        'live.conductor.forced.claim-get',
      ),
    },
  },
  {
    id: 'L-03',
    kind: 'defect',
    aliases: ['1712411', 'precheck_reject_keeps_claim'],
    title: 'Rejected candidate of a live migration keeps its claim',
    releases: 'Pike',
    fixed: '17.0.0 (+16.0.1)',
    catches: ['no-double-allocation', 'host-agreement'],
    length: 2,
    order: { 'conductor.live_migrate_instance': without('live.conductor.remove-alloc') },
  },
  {
    id: 'L-04',
    kind: 'defect',
    aliases: ['1715182', '1714237', 'live_rollback_no_claim_undo'],
    title: "Rollback of a live migration keeps the destination's claim",
    releases: 'Pike',
    fixed: '17.0.0 (+16.0.3)',
    catches: ['destination-empty', 'source-unchanged'],
    length: 2,
    order: { 'compute._do_live_migration': without('live.rollback.claim', 'live.abandon.claim') },
    undoGroups: {
      'cleanup-pre-live-migration': (prefix) => without(`${prefix}.undo.rollback.claim`)(cleanUpPre(prefix)),
    },
  },
  {
    id: 'L-05',
    kind: 'defect',
    aliases: ['1960412', '1949808', 'abort_queued_sets_status_only'],
    title: 'Aborting a queued live migration only changes its status',
    releases: 'Rocky to Xena',
    fixed: '25.0.0 (+24.1.1)',
    catches: ['source-unchanged', 'destination-empty'],
    length: 3,
    order: {
      'compute.live_migration_abort': without('abort-live.claim', 'abort-live.network', 'abort-live.set-task'),
    },
  },
  {
    id: 'L-06',
    kind: 'defect',
    aliases: ['1628606', '1879787', 'post_live_error_leaves_host'],
    title: 'The guest has moved, and its record says that it has not',
    releases: 'to Zed',
    fixed: '27.0.0 (+26.1.0, 25.1.0, 24.2.0)',
    catches: ['guest-single-home'],
    length: 2,
    undo: { 'compute._do_live_migration': { host: 'keep' } },
  },
];
