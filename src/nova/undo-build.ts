/** What Nova does when a build or an unshelve fails: cells of the table in undo.ts. */
import { NONE } from '../state/table.ts';
import { instanceOf, saveInstance, setHost, setPinned, setTask, setVm } from './database.ts';
import { aborted, rescheduled } from './handlers/boot.ts';
import { here, I, MANAGER } from './handlers/common.ts';
import { trackerUpdate } from './handlers/prep-resize.ts';
import { destroyGuest } from './handlers/revert.ts';
import { forceDeleteAllocations } from './report-client.ts';
import { SERVICE, TASK, VM } from './states.ts';
import {
  cast,
  cinder,
  database,
  driver,
  type Item,
  isGroup,
  memory,
  neutron,
  notification,
  OUTCOME,
  type Outcome,
  type Region,
  type Step,
  saving,
  type UndoGroup,
} from './step.ts';
import { untrackDeleted } from './tracker.ts';
import type { Job, World } from './world.ts';

const CONDUCTOR = 'nova/conductor/manager.py:ComputeTaskManager';

/** The exception goes no further, where this says so. */
const done = (id: string, nova: string, when: (job: Job) => boolean = () => true): Step =>
  memory(id, nova, (_world, job) => (when(job) ? OUTCOME.ELSE : OUTCOME.OK), { else: '$done' });

/** Leaves vm_state error behind, of an instance that is not in the cell under that object. */
const errorOut = (world: World, job: Job): Outcome => {
  const row = instanceOf(world, job);
  if (row.exists !== 1) return OUTCOME.RAISE_NOT_FOUND;
  row.vm = VM.ERROR;
  row.task = TASK.NONE;
  return OUTCOME.OK;
};

/** One that was deleted before is no error; whoever deleted it took the instance with it. */
const destroyBuildRequest = (id: string, nova: string): Step =>
  database(id, nova, (world, job) => {
    instanceOf(world, job).buildRequest = 0;
    return OUTCOME.OK;
  });

const bury: UndoGroup = (prefix) => [
  database(`${prefix}.undo.state`, `${CONDUCTOR}._bury_in_cell0`, (world, job) => {
    const row = instanceOf(world, job);
    if (row.exists === 1) {
      row.unmapped = 0;
      row.vm = VM.ERROR;
      row.task = TASK.NONE;
    }
    return OUTCOME.OK;
  }),
  destroyBuildRequest(`${prefix}.undo.build-request`, `${CONDUCTOR}._bury_in_cell0`),
];

const cleanUpArtifacts: UndoGroup = (prefix) => [
  database(`${prefix}.undo.artifacts.state`, `${CONDUCTOR}._cleanup_build_artifacts`, errorOut),
  database(`${prefix}.undo.artifacts.mapping`, `${CONDUCTOR}._cleanup_build_artifacts`, (world, job) => {
    instanceOf(world, job).unmapped = 0;
    return OUTCOME.OK;
  }),
  destroyBuildRequest(`${prefix}.undo.artifacts.build-request`, `${CONDUCTOR}._cleanup_build_artifacts`),
];

/** Sets the error state, and is done with it: the claim of the alternate stays. */
const giveUp: UndoGroup = (prefix) => [
  database(`${prefix}.undo.state`, `${CONDUCTOR}._cleanup_when_reschedule_fails`, errorOut),
  neutron(`${prefix}.undo.networks`, `${CONDUCTOR}._cleanup_allocated_networks`, undefined, { swallows: true }),
  done(`${prefix}.undo.over`, `${CONDUCTOR}.build_instances`),
];

/** The group, with other cells of what it asks Placement to delete. */
const releasing =
  (cells: Partial<Step>, group: UndoGroup): UndoGroup =>
  (prefix) => {
    const changed = (step: Step): Step => (step.touches === 'placement-write' ? { ...step, ...cells } : step);
    return group(prefix).map((item) => (isGroup(item) ? { steps: item.steps.map(changed) } : changed(item)));
  };
const NOT_RELEASED: Partial<Step> = { ask: () => null };

/** What W-20's repair does: whoever gives a build up gives its claim up first. */
export const releasingFirst =
  (group: UndoGroup): UndoGroup =>
  (prefix) => [{ ...forceDeleteAllocations(`${prefix}.undo.claim`, I), swallows: true }, ...group(prefix)];

/** _shutdown_instance: what cannot be shut down is not rescheduled. */
const shutDown: UndoGroup = (prefix) => [
  driver(`${prefix}.undo.guest`, `${MANAGER}._shutdown_instance`, destroyGuest, { onError: aborted }),
];

/** The `with self.rt.instance_claim(...)`. An exception in here takes the place of the one under way. */
const abortInstanceClaim =
  (cells: Partial<Step>): UndoGroup =>
  (prefix) => [
    {
      ...database(`${prefix}.undo.abort`, 'nova/compute/claims.py:Claim.abort', (world, job) => {
        const untracked = untrackDeleted(world, here(job), job.instance, job.instanceFlavor);
        if (untracked !== OUTCOME.OK) return untracked;
        if (job.pinned !== 0) setPinned(job, 0);
        setHost(job, NONE);
        return saveInstance(world, job);
      }),
      dirties: (_world, job) => setHost(job, NONE),
      under: 'tracker',
      ...cells,
    },
    { ...trackerUpdate(`${prefix}.undo.abort.placement`), ...cells },
  ];

const DO_BUILD = `${MANAGER}._do_build_and_run_instance`;

const createError: UndoGroup = (prefix) => [
  notification(`${prefix}.undo.error-notify`, `${MANAGER}._build_and_run_instance`),
];

/** Networks are given up first; only a save of the instance raises there. */
const cleanUpNetworks = (id: string, outside: readonly Region[]): Step[] => [
  neutron(id, `${MANAGER}._cleanup_allocated_networks`, undefined, { swallows: true, outside }),
  database(
    `${id}.save`,
    `${MANAGER}._cleanup_allocated_networks`,
    (world, job) => {
      const saved = saveInstance(world, job);
      return saved === OUTCOME.RAISE_NOT_FOUND ? OUTCOME.OK : saved;
    },
    { outside },
  ),
];

function scheduling(_world: World, job: Job): void {
  setHost(job, NONE);
  setTask(job, TASK.SCHEDULING);
}

const isRescheduled = ({ error }: Job): boolean =>
  error === OUTCOME.RAISE_RESCHEDULED || error === OUTCOME.RAISE_POLICY;

/** Stands beside the handlers that set the error state: what fails in here goes past them. */
const rescheduleBuild: UndoGroup = (prefix) => {
  const outside: Region[] = ['vm'];
  return [
    {
      steps: [
        memory(
          `${prefix}.undo.reschedule`,
          DO_BUILD,
          (_world, job) => (isRescheduled(job) && job.retry === 1 ? OUTCOME.OK : OUTCOME.ELSE),
          { else: '$end', outside },
        ),
        ...cleanUpNetworks(`${prefix}.undo.networks`, outside),
        saving(`${prefix}.undo.reschedule.set-task`, DO_BUILD, scheduling, undefined, { outside }),
        { ...forceDeleteAllocations(`${prefix}.undo.reschedule.delete-alloc`, I), outside },
        cast(
          `${prefix}.undo.reschedule.cast-conductor`,
          'nova/conductor/rpcapi.py:ComputeTaskAPI.build_instances',
          'conductor.build_instances',
          () => SERVICE.CONDUCTOR,
          undefined,
          { outside },
        ),
        { ...done(`${prefix}.undo.reschedule.over`, DO_BUILD), outside },
      ],
    },
  ];
};

function failed(_world: World, job: Job): void {
  setHost(job, NONE);
  setVm(job, VM.ERROR);
  setTask(job, TASK.NONE);
}

const buildFailed: UndoGroup = (prefix) => {
  const id = `${prefix}.undo.failed`;
  const wasDeleted = (_world: World, { error }: Job): Outcome =>
    error === OUTCOME.RAISE_NOT_FOUND ? OUTCOME.ELSE : OUTCOME.OK;
  const items: Item[] = [
    ...cleanUpNetworks(`${prefix}.undo.networks`, []),
    memory(`${id}.disappeared`, DO_BUILD, wasDeleted, { else: 'boot.failed.delete-alloc' }),
    cinder(`${id}.volumes`, `${MANAGER}._cleanup_volumes`, undefined, { swallows: true }),
    database(`${id}.fault`, 'nova/compute/utils.py:add_instance_fault_from_exc'),
    {
      ...database(`${id}.set-error`, `${MANAGER}._set_instance_obj_error_state`, (world, job) => {
        failed(world, job);
        const saved = saveInstance(world, job);
        return saved === OUTCOME.RAISE_NOT_FOUND ? OUTCOME.OK : saved;
      }),
      dirties: failed,
    },
    // FAILED_BY_POLICY is not FAILED: its claim stays
    done(`${id}.by-policy`, DO_BUILD, ({ error }) => error === OUTCOME.RAISE_POLICY),
    { ...forceDeleteAllocations('boot.failed.delete-alloc', I), outside: ['task', 'claim'] },
    { ...done(`${id}.over`, DO_BUILD), outside: ['task', 'claim'] },
  ];
  return items;
};

/** "Cleanup allocations created by the scheduler on this host since we failed to spawn the instance" */
const releaseUnshelve: UndoGroup = (prefix) => [
  forceDeleteAllocations(`${prefix}.undo.delete-alloc`, I),
  cinder(`${prefix}.undo.volumes`, `${MANAGER}._terminate_volume_connections`),
  // saved by reverts_task_state
  memory(`${prefix}.undo.unset-host`, `${MANAGER}._nil_out_instance_obj_host_and_node`, (_world, job) => {
    setHost(job, NONE);
    return OUTCOME.OK;
  }),
];

/** Of conductor's unshelve, whatever the exception is. */
const unshelveFailed: UndoGroup = (prefix) => [
  saving(`${prefix}.undo.state`, `${CONDUCTOR}.unshelve_instance`, (_world, job) => setTask(job, TASK.NONE)),
];

export const BUILD_UNDO_GROUPS: Readonly<Record<string, UndoGroup>> = {
  bury,
  'bury-and-release': releasingFirst(bury),
  'clean-up-artifacts': cleanUpArtifacts,
  'clean-up-artifacts-and-release': releasingFirst(cleanUpArtifacts),
  'give-up': giveUp,
  'give-up-and-release': releasingFirst(giveUp),
  'shut-down': shutDown,
  'abort-build': abortInstanceClaim({ onError: rescheduled }),
  'abort-unshelve': abortInstanceClaim({}),
  'create-error': createError,
  'reschedule-build': rescheduleBuild,
  // B-01
  'reschedule-build-claimed': releasing(NOT_RELEASED, rescheduleBuild),
  'build-failed-claimed': releasing(NOT_RELEASED, buildFailed),
  // what W-03's repair does
  'reschedule-build-if-released': releasing({ falsy: 'raise' }, rescheduleBuild),
  'build-failed': buildFailed,
  release: () => [forceDeleteAllocations('boot.failed.delete-alloc', I)],
  'release-unshelve': releaseUnshelve,
  'unshelve-failed': unshelveFailed,
  'unshelve-failed-and-release': releasingFirst(unshelveFailed),
};
