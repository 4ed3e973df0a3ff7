/** Bugs of evacuation that Nova had, each as it was. */
import { here, MANAGER, ok, TRACKER } from '../handlers/common.ts';
import { destroyEvacuated, findEvacuations } from '../handlers/service.ts';
import { STATUS, TASK } from '../states.ts';
import { type Item, isGroup, OUTCOME, type Outcome, type Patch, tracker } from '../step.ts';
import { recount, residents } from '../tracker.ts';
import type { Job, World } from '../world.ts';
import type { Defect } from './defect.ts';
import { without } from './live-migration.ts';

const mapSteps =
  (change: (step: Exclude<Item, { readonly steps: unknown }>) => Item) =>
  (items: readonly Item[]): readonly Item[] =>
    items.map((item) => (isGroup(item) ? item : change(item)));

/** E-02: the tracker knows its nodes from its first audit on, which comes later. */
const nodesOfTheTracker = (world: World, job: Job): Outcome =>
  findEvacuations(world, job) === OUTCOME.OK ? OUTCOME.RAISE : OUTCOME.ELSE;

/** E-05: nothing else is gone over than what the hypervisor had. */
function onlyDestroyed(_world: World, job: Job): Outcome {
  job.hosts = job.option;
  return OUTCOME.OK;
}

/** E-07: a destination that has claimed is no reason to keep off. */
const WITHOUT_PRE_MIGRATING = destroyEvacuated([STATUS.ACCEPTED, STATUS.DONE]);

/** E-08: the instances of a host are read first and its migrations later, and what is read is not what is under the lock. */
const E_08: Patch['order'] = (() => {
  const read = tracker('audit.read-instances', `${TRACKER}._update_available_resource`, (world, job) => {
    job.hosts = residents(world, here(job));
    return OUTCOME.OK;
  });
  const audit = (items: readonly Item[]): readonly Item[] =>
    items.flatMap((item): readonly Item[] => {
      if (isGroup(item) || item.id !== 'audit.recount') return [item];
      return [read, { ...item, run: recountWhatWasRead }];
    });
  const finish = mapSteps((step) => {
    const { under, ...rest } = step;
    return step.id.startsWith('rebuild.finish.') && under === 'tracker' ? rest : step;
  });
  return { 'compute.update_available_resource': audit, 'compute.rebuild_instance': finish };
})();

function recountWhatWasRead(world: World, job: Job): Outcome {
  return recount(world, here(job), job.hosts);
}

/** E-09 */
function recountFirstPhase(world: World, job: Job): Outcome {
  return recount(world, here(job), undefined, TASK.REBUILDING);
}

export const EVACUATION_DEFECTS: readonly Defect[] = [
  {
    id: 'E-01',
    kind: 'defect',
    aliases: ['1709902', 'evac_cleanup_skips_claims'],
    title: 'Returning source never gives up evacuated claims',
    releases: 'Pike',
    fixed: '17.0.0 (+16.0.0rc2)',
    catches: ['source-zero', 'no-double-allocation'],
    length: 3,
    lengthNote: 'settling starts the host again',
    order: { 'compute.init_host': without('init.evacuated.remove-alloc') },
  },
  {
    id: 'E-02',
    kind: 'defect',
    aliases: ['1721652', 'startup_cleanup_uses_memory_node_table'],
    title: 'Evacuation clean-up runs before the tracker knows its nodes',
    releases: '16.0.0, 16.0.1',
    fixed: '17.0.0 (+16.0.2)',
    catches: ['source-zero', 'no-double-allocation'],
    length: 3,
    lengthNote: 'settling starts the host again',
    steps: { 'init.evacuations': { nova: `${MANAGER}._destroy_evacuated_instances`, run: nodesOfTheTracker } },
  },
  {
    id: 'E-03',
    kind: 'defect',
    aliases: ['1713783', 'evac_novalidhost_leaves_accepted'],
    title: 'Failed evacuation still looks like an order to destroy',
    releases: 'to Pike',
    fixed: '17.0.0 (+16.0.1, 15.1.1)',
    catches: ['guest-single-home', 'host-agreement'],
    length: 3,
    lengthNote: 'settling starts the host again',
    undo: { 'conductor.rebuild_instance': { state: 'leave-accepted' } },
  },
  {
    id: 'E-04',
    kind: 'defect',
    aliases: ['1713786', 'evac_forced_skips_claim', 'evac_claim_fail_keeps_dest'],
    title: 'Evacuation target: claim missing when forced, kept when refused',
    releases: 'Pike',
    fixed: '17.0.0 (+16.0.1)',
    catches: ['capacity-respected', 'host-agreement', 'destination-empty'],
    length: 2,
    order: {
      'conductor.rebuild_instance': without('rebuild.forced.get-allocs', 'rebuild.forced.claim-get'),
    },
    undo: { 'compute.rebuild_instance': { claim: 'keep-where-refused' } },
  },
  {
    id: 'E-05',
    kind: 'defect',
    aliases: ['1724172', 'evac_cleanup_iterates_local_guests'],
    title: 'Clean-up only looks at guests the hypervisor still lists',
    releases: 'to Stein',
    fixed: '20.0.0 (+19.0.1, 18.3.0)',
    catches: ['source-zero', 'no-double-allocation'],
    length: 3,
    steps: { 'init.evacuated.destroyed': { run: onlyDestroyed } },
  },
  {
    id: 'E-06',
    kind: 'defect',
    aliases: ['1829479', 'service_delete_ignores_evacuated_claims'],
    title: "Deleting a dead host's service strands evacuated claims",
    releases: 'to Xena',
    fixed: '25.0.0 (+24.1.0)',
    catches: ['provider-lifecycle', 'source-zero'],
    length: 3,
    order: {
      'api.service_delete': without(
        'service-delete.get-evacuations',
        'service-delete.next-evacuation',
        'service-delete.remove-alloc',
        'service-delete.again',
      ),
    },
  },
  {
    id: 'E-07',
    kind: 'defect',
    aliases: ['1764883', 'startup_ignores_premigrating_evac'],
    title: 'Source returns mid-evacuation and adopts the guest',
    releases: 'to Queens',
    fixed: '18.0.0 (+17.0.9, 16.1.7)',
    catches: ['guest-single-home'],
    length: 3,
    order: {
      'compute.init_host': mapSteps((step) => WITHOUT_PRE_MIGRATING.find(({ id }) => id === step.id) ?? step),
    },
  },
  {
    id: 'E-08',
    kind: 'defect',
    aliases: ['1896463', 'evac_finish_outside_tracker_lock'],
    title: 'Audit overlapping the end of an evacuation drops the claim',
    releases: 'to Victoria',
    fixed: '23.0.0 (+22.1.0, 21.2.0)',
    catches: ['tracker-matches'],
    length: 3,
    order: E_08,
  },
  {
    id: 'E-09',
    kind: 'defect',
    aliases: ['1791075', 'audit_counts_only_first_rebuild_phase'],
    title: 'Audit ignores the later phases of an evacuation',
    releases: 'to Rocky',
    fixed: '19.0.0 (+18.2.0, 17.0.10)',
    catches: ['tracker-matches'],
    length: 3,
    steps: { 'audit.recount': { run: recountFirstPhase } },
  },
  {
    id: 'E-10',
    kind: 'defect',
    aliases: ['1922053', 'force_up_with_open_evac_records'],
    title: 'Host forced up without a restart keeps a live destroy order',
    releases: 'to Wallaby',
    fixed: '24.0.0',
    catches: ['guest-single-home', 'host-agreement'],
    length: 5,
    lengthNote: 'settling starts the host again',
    steps: { 'force-down.check-evacuations': { run: ok } },
  },
];
