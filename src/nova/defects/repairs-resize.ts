/**
 * Repairs of resize and cold migration, of delete, and of the audit. W-26 has none: what the law calls a move that fits is one
 * whose new claim fits beside the old one, which is all that a Nova with two claims on one host can do.
 */
import type { Response } from '../../placement/api.ts';
import { NONE } from '../../state/table.ts';
import {
  instanceOf,
  loadInstance,
  migrationOf,
  oneOf,
  saveInstance,
  saveStatus,
  setFlavor,
  setTask,
} from '../database.ts';
import { API, I, M, MANAGER, wanted } from '../handlers/common.ts';
import { noteDecision } from '../handlers/confirm.ts';
import {
  claimResources,
  deleteAllocations,
  forceDeleteAllocations,
  getAllocations,
  ignore,
  legacy,
  moveAllocations,
  retry,
} from '../report-client.ts';
import { inProgress, MOVE_TYPE, SERVICE, STATUS, TASK, VM } from '../states.ts';
import {
  call,
  database,
  type Item,
  isGroup,
  memory,
  OUTCOME,
  type Outcome,
  type Patch,
  read,
  type Step,
  type UndoGroup,
} from '../step.ts';
import { NOVA_UNDO_GROUPS } from '../undo.ts';
import { instanceConsumer, type Job, migrationConsumer, type World } from '../world.ts';
import type { Defect } from './defect.ts';

const here = (job: Job): number => job.service - SERVICE.COMPUTE;

// ---- what failed once is tried again

type Passes = (response: Response, outcome: Outcome) => boolean;

/** The request is made again, as often as `retries` makes one, and then means what it always did. */
const trying = (passes: Passes, step: Step, first: string): Step => ({
  ...step,
  again: step.again ?? first,
  take: (world, job, response) => {
    const outcome = step.take!(world, job, response);
    if (outcome !== OUTCOME.AGAIN && passes(response, outcome) && retry(job) === OUTCOME.AGAIN) return OUTCOME.AGAIN;
    const over = outcome !== OUTCOME.AGAIN && (outcome !== OUTCOME.OK || step.touches === 'placement-write');
    if (over) job.attempt = 0;
    return outcome;
  },
});

/** Of conversations whose steps' ids begin so. */
const tryingAgain =
  (passes: Passes, ...ids: readonly string[]) =>
  (items: readonly Item[]): readonly Item[] => {
    const asks = ({ id, ask }: Step): boolean => ask !== undefined && ids.some((one) => id.startsWith(one));
    return items.map((item) => {
      if (!isGroup(item)) return asks(item) ? trying(passes, item, item.id) : item;
      const first = item.steps.find(asks)?.id ?? '';
      return { steps: item.steps.map((step) => (asks(step) ? trying(passes, step, first) : step)) };
    });
  };

const undoTryingAgain =
  (passes: Passes, name: string): UndoGroup =>
  (prefix) =>
    tryingAgain(passes, '')(NOVA_UNDO_GROUPS[name]!(prefix));

/** safe_connect's None. */
const nobodyAnswered: Passes = ({ code }, outcome) => code === 'refused' && outcome === OUTCOME.FALSY;
const failed: Passes = (_response, outcome) => outcome === OUTCOME.FALSY || outcome >= OUTCOME.RAISE;
/** A 404 says that there is nothing, anything else that nobody could look. */
const couldNotLook: Passes = ({ status }, outcome) => outcome === OUTCOME.FALSY && status !== 200 && status !== 404;
const conflicts: Passes = (_response, outcome) => outcome === OUTCOME.RAISE_CONFLICT;

// ---- tables in another order

const indexOf = (items: readonly Item[], id: string): number =>
  items.findIndex((item) => !isGroup(item) && item.id === id);

const firstStep = (item: Item): Step => (isGroup(item) ? item.steps[0]! : item);

/** Two repairs that want the same steps have them once. */
const before =
  (id: string, ...added: readonly Item[]) =>
  (items: readonly Item[]): readonly Item[] => {
    const there = items.some((item) => firstStep(item).id === firstStep(added[0]!).id);
    return there ? items : items.toSpliced(indexOf(items, id), 0, ...added);
  };

const dropping =
  (id: string) =>
  (items: readonly Item[]): readonly Item[] =>
    items.filter((item) => isGroup(item) || item.id !== id);

// ---- what a server that is gone leaves to its migrations

/** Whatever the migrations of the instance hold goes, one after the other. */
const releaseMigrations = (id: string, behind: string): readonly Step[] => [
  memory(`${id}.migrations`, `${API}._delete`, (_world, job) => {
    job.cursor = 0;
    return OUTCOME.OK;
  }),
  database(
    `${id}.next-migration`,
    `${API}._delete`,
    (world, job) => {
      for (let m = job.cursor; m < world.globals.migrations; m++) {
        if (world.migrations[m]!.exists === 0 || world.migrations[m]!.instance !== job.instance) continue;
        job.cursor = m + 1;
        job.migration = m;
        return OUTCOME.OK;
      }
      return OUTCOME.ELSE;
    },
    { else: behind },
  ),
  forceDeleteAllocations(`${id}.migration-alloc`, M),
  memory(`${id}.migration-again`, `${API}._delete`, () => OUTCOME.ELSE, { else: `${id}.next-migration` }),
];

const terminateReleases = before('terminate.set-deleted', ...releaseMigrations('terminate', 'terminate.set-deleted'));
const deleteReleases: Patch['order'] = {
  'api.delete': before('delete.local.delete-alloc', ...releaseMigrations('delete.local', 'delete.local.delete-alloc')),
  'compute.terminate_instance': terminateReleases,
  'compute._delete_instance': terminateReleases,
};

/** Of a server that was deleted meanwhile both its own claim and its migration's go. */
const dropIfDeleted: UndoGroup = (prefix) => [
  {
    steps: [
      database(
        `${prefix}.undo.deleted`,
        MANAGER,
        (world, job) => (instanceOf(world, job).exists === 2 && job.migration !== NONE ? OUTCOME.OK : OUTCOME.ELSE),
        { else: '$end' },
      ),
      ...deleteAllocations(`${prefix}.undo.deleted.migration`, M, `${prefix}.undo.deleted.instance.get`).steps.map(
        (step) => (step.else === undefined ? step : { ...step, else: `${prefix}.undo.deleted.instance.get` }),
      ),
      ...deleteAllocations(`${prefix}.undo.deleted.instance`, I).steps,
    ],
  },
];

const givingBack =
  (name: string): UndoGroup =>
  (prefix) => [...NOVA_UNDO_GROUPS[name]!(prefix), ...dropIfDeleted(prefix)];

// ---- what a nova-compute that starts does about a move that was interrupted

/** The last move of the server that began on this host or comes to it. */
function lastMigration({ globals, migrations }: Pick<World, 'globals' | 'migrations'>, instance: number): number {
  for (let m = globals.migrations - 1; m >= 0; m--) {
    const { exists, instance: of, type } = migrations[m]!;
    if (exists !== 1 || of !== instance) continue;
    return type === MOVE_TYPE.RESIZE || type === MOVE_TYPE.MIGRATION ? m : NONE;
  }
  return NONE;
}

const isInterruptedBeforeFlip = (_world: World, { task, vm }: Job): boolean =>
  task === TASK.RESIZE_MIGRATING || (task === TASK.RESIZE_PREP && vm !== VM.ERROR);

/** Where _init_instance clears task_state the claim is given back, and the record says that nothing became of the move. */
const giveBackInterrupted: Item = {
  steps: [
    database(
      'init.interrupted-move',
      `${MANAGER}._init_instance`,
      (world, job) => {
        if (!isInterruptedBeforeFlip(world, job)) return OUTCOME.ELSE;
        job.migration = lastMigration(world, job.instance);
        if (job.migration === NONE) return OUTCOME.ELSE;
        if (inProgress(migrationOf(world, job).status)) saveStatus(world, job, STATUS.ERROR);
        return OUTCOME.OK;
      },
      { when: isInterruptedBeforeFlip, else: '$end' },
    ),
    read('init.interrupted-claim.get-allocs', `${MANAGER}._revert_allocation`, getAllocations(M), legacy(ignore), {
      falsy: '$end',
    }),
    ...moveAllocations('init.interrupted-claim', M, I, 'go-on').steps,
  ],
};

const givesBackInterrupted = before('init.instance', giveBackInterrupted);

const isInterruptedBehindFlip = (_world: World, { task, vm, migrationContext }: Job): boolean =>
  (task === TASK.RESIZE_MIGRATED || task === TASK.RESIZE_FINISH) && vm !== VM.ERROR && migrationContext !== NONE;

/** The work goes on under the request that it belongs to. */
function continueMove(world: World, job: Job, message: Job): void {
  message.migration = job.migrationContext;
  for (let k = 0; k < world.globals.moves; k++) {
    const { exists, migration, operation } = world.moves[k]!;
    if (exists === 1 && migration === message.migration) message.operation = operation;
  }
}

/** Branches of _init_instance for resize_migrated and resize_finish: finish_resize is done, from its beginning. */
const finishInterrupted: readonly Step[] = [
  database(
    'init.resize-migrated',
    `${MANAGER}._init_instance`,
    (world, job) => {
      if (!isInterruptedBehindFlip(world, job) || job.task !== TASK.RESIZE_FINISH) return OUTCOME.OK;
      setFlavor(job, world.migrations[job.migrationContext]!.oldFlavor);
      setTask(job, TASK.RESIZE_MIGRATED);
      return saveInstance(world, job, oneOf(TASK.RESIZE_FINISH));
    },
    { when: isInterruptedBehindFlip, swallows: true },
  ),
  call(
    'init.finish-resize',
    `${MANAGER}._init_instance`,
    'compute.finish_resize',
    (world, job) => (isInterruptedBehindFlip(world, job) ? job.service : NONE),
    loadInstance,
    { swallows: true, fill: continueMove },
  ),
];

const isReverting = ({ globals, migrations }: World, { task, vm, instance, service }: Job): number => {
  if (task !== TASK.RESIZE_REVERTING || vm === VM.ERROR) return NONE;
  const m = lastMigration({ globals, migrations }, instance);
  return m === NONE || service === NONE ? NONE : m;
};

/** The side of an interrupted revert that this host is: the server is here until its own host has it back. */
const revertOn =
  (home: boolean) =>
  (world: World, job: Job): number => {
    const m = isReverting(world, job);
    if (m === NONE) return NONE;
    const { source, destination } = world.migrations[m]!;
    return (source === here(job) && destination !== here(job)) === home ? job.service : NONE;
  };

function takeLastMigration(world: World, job: Job, message: Job): void {
  message.migration = lastMigration(world, job.instance);
}

/** Branches of _init_instance for resize_reverting: the leg is done again, from its beginning. */
const revertInterrupted: readonly Step[] = [
  call(
    'init.finish-revert-resize',
    `${MANAGER}._init_instance`,
    'compute.finish_revert_resize',
    revertOn(true),
    loadInstance,
    {
      swallows: true,
      fill: takeLastMigration,
    },
  ),
  call('init.revert-resize', `${MANAGER}._init_instance`, 'compute.revert_resize', revertOn(false), loadInstance, {
    swallows: true,
    fill: takeLastMigration,
  }),
];

/** Confirms of moves from this host that were interrupted, which init_host looks for by the records. */
const confirmInterrupted: readonly Step[] = [
  database(
    'init.next-confirming',
    `${MANAGER}.init_host`,
    (world, job) => {
      for (let m = job.cursor; m < world.globals.migrations; m++) {
        const { exists, status, source, instance } = world.migrations[m]!;
        if (exists !== 1 || status !== STATUS.CONFIRMING || source !== here(job)) continue;
        job.cursor = m + 1;
        job.migration = m;
        job.instance = instance;
        job.payloadStatus = STATUS.CONFIRMING;
        return OUTCOME.OK;
      }
      job.cursor = 0;
      job.migration = NONE;
      job.instance = NONE;
      return OUTCOME.ELSE;
    },
    { else: 'init.evacuations' },
  ),
  call(
    'init.confirm-resize',
    `${MANAGER}.init_host`,
    'compute.confirm_resize',
    (_world, job) => job.service,
    () => OUTCOME.OK,
    { swallows: true },
  ),
  memory('init.confirming-again', `${MANAGER}.init_host`, () => OUTCOME.ELSE, { else: 'init.next-confirming' }),
];

const confirmsInterrupted = before('init.evacuations', ...confirmInterrupted);

// ---- what the audit does about moves that are over

const WAITS = oneOf(STATUS.FINISHED, STATUS.CONFIRMING);

/** What a migration holds that nobody will ask for any more: its server is gone, or is in no move. */
function isLeft(world: World, m: number): boolean {
  const { type, status, instance } = world.migrations[m]!;
  const { exists, task, vm } = world.instances[instance]!;
  if (type === MOVE_TYPE.EVACUATION) return false;
  if (exists === 2 || status === STATUS.CONFIRMED) return true;
  return task === TASK.NONE && vm !== VM.RESIZED && ((1 << status) & WAITS) === 0;
}

/** The server is at home, and has not what it had there; `job.hosts` are the instances that hold anything here. */
function belongsToInstance(world: World, job: Job): boolean {
  const { source, oldFlavor, newFlavor, status } = migrationOf(world, job);
  const { exists, host, flavor } = instanceOf(world, job);
  if (exists !== 1 || status === STATUS.CONFIRMED || host !== source || flavor !== oldFlavor) return false;
  return (job.hosts & (1 << job.instance)) === 0 || flavor !== newFlavor;
}

const AUDIT = 'nova/compute/resource_tracker.py:ResourceTracker._remove_deleted_instances_allocations';

/** Beside deleted instances the audit knows migrations that are over. */
const putMigrationsRight: readonly Item[] = [
  read(
    'audit.get-migration-allocations',
    AUDIT,
    (_world, job) => ({ op: 'get-provider-allocations', provider: here(job) }),
    (world, job, { status, ids }) => {
      job.consumers.clear();
      job.hosts = 0;
      if (status !== 200) return OUTCOME.ELSE;
      for (const id of ids) {
        if (id < world.shape.instances) job.hosts |= 1 << id;
        const m = id - world.shape.instances;
        if (m >= 0 && m < world.globals.migrations && isLeft(world, m)) job.consumers.add(id);
      }
      return OUTCOME.OK;
    },
    { else: 'audit.get-provider-allocations' },
  ),
  memory(
    'audit.next-migration',
    AUDIT,
    (world, job) => {
      const consumer = job.consumers.take();
      job.migration = consumer === NONE ? NONE : consumer - world.shape.instances;
      job.instance = consumer === NONE ? NONE : migrationOf(world, job).instance;
      return consumer === NONE ? OUTCOME.ELSE : OUTCOME.OK;
    },
    { else: 'audit.get-provider-allocations' },
  ),
  {
    steps: [
      database(
        'audit.belongs',
        AUDIT,
        (world, job) => {
          if (inProgress(migrationOf(world, job).status)) saveStatus(world, job, STATUS.ERROR);
          return belongsToInstance(world, job) ? OUTCOME.OK : OUTCOME.ELSE;
        },
        { else: 'audit.release-migration.get' },
      ),
      ...moveAllocations('audit.give-back', M, I, 'go-on').steps,
    ],
  },
  // what could not be given back stays parked until the next audit
  memory('audit.given-back', AUDIT, (world, job) => (belongsToInstance(world, job) ? OUTCOME.ELSE : OUTCOME.OK), {
    else: 'audit.migration-again',
  }),
  deleteAllocations('audit.release-migration', M),
  memory('audit.migration-again', AUDIT, () => OUTCOME.ELSE, { else: 'audit.next-migration' }),
].map((item) => {
  const locked = (step: Step): Step => ({ ...step, under: 'tracker' });
  return isGroup(item) ? { steps: item.steps.map(locked) } : locked(item);
});
const auditsMigrations = before('audit.get-provider-allocations', ...putMigrationsRight);

// ---- single cells

const [, claimAfresh] = claimResources('', '', I, wanted, '', true).steps;
const [, claimAdded] = claimResources('', '', I, wanted, '').steps;

/** An evacuated server keeps what it holds of its host; of any other move the migration holds that. */
const claimsAfresh: Partial<Step> = {
  ask: (world, job) => {
    const evacuates = job.migration !== NONE && world.migrations[job.migration]!.type === MOVE_TYPE.EVACUATION;
    return (evacuates ? claimAdded : claimAfresh)!.ask!(world, job);
  },
};

/** MigrationTask.rollback, which asks Placement rather than its own memory. */
const swapBackIfParked: UndoGroup = (prefix) =>
  NOVA_UNDO_GROUPS['swap-back-if-held']!(prefix).map((item) => {
    if (!isGroup(item)) return item;
    return {
      steps: item.steps.flatMap((step): Step[] => {
        if (step.id !== `${prefix}.undo.held`) return [step];
        return [
          memory(step.id, step.nova, (_world, job) => (job.migration === NONE ? OUTCOME.ELSE : OUTCOME.OK), {
            else: '$end',
          }),
          read(`${prefix}.undo.parked`, step.nova, getAllocations(M), legacy(ignore), { falsy: '$end' }),
        ];
      }),
    };
  });

/** A move that waits is confirmed, also where an operator has put its server into another state. */
function pollWhateverState(world: World, job: Job): Outcome {
  const gone = loadInstance(world, job) !== OUTCOME.OK;
  if (gone) saveStatus(world, job, STATUS.ERROR);
  return gone || job.task !== TASK.NONE ? OUTCOME.ELSE : OUTCOME.OK;
}

/** The record says `confirming` when the source begins, unless somebody decided otherwise before. */
const confirmBegins: Step = database(
  'confirm.set-confirming',
  `${MANAGER}.confirm_resize`,
  (world, job) => {
    const { status } = migrationOf(world, job);
    if (status !== STATUS.FINISHED && status !== STATUS.CONFIRMING) return OUTCOME.DONE;
    if (job.task !== TASK.NONE && job.task !== TASK.DELETING) return OUTCOME.DONE;
    noteDecision(world, job.instance, 1);
    return saveStatus(world, job, STATUS.CONFIRMING);
  },
  { outside: ['claim', 'unstash', 'vm'] },
);

/** _get_instances_and_current_migrations: whoever is being built or moved may hold a claim anywhere. */
function currentMigrationsAndTasks(world: World, job: Job): Outcome {
  for (let i = 0; i < world.globals.instances; i++) {
    const { exists, task, vm } = world.instances[i]!;
    if (exists === 1 && (task !== TASK.NONE || vm === VM.BUILDING)) job.consumers.add(instanceConsumer(i));
  }
  for (let m = 0; m < world.globals.migrations; m++) {
    const { exists, status, instance } = world.migrations[m]!;
    if (exists !== 1 || !inProgress(status)) continue;
    job.consumers.add(migrationConsumer(world, m));
    job.consumers.add(instanceConsumer(instance));
  }
  return OUTCOME.OK;
}

const repair = (id: string, alias: string, title: string, patch: Patch): Defect => ({
  id,
  kind: 'repair',
  aliases: [alias],
  title,
  catches: [],
  length: 0,
  ...patch,
});

export const RESIZE_REPAIRS: readonly Defect[] = [
  repair(
    'W-03',
    'safe_connect-tries-again',
    'What is moved or released of a claim is tried again where Placement could not be reached',
    {
      order: {
        'conductor.migrate_server': tryingAgain(nobodyAnswered, 'conductor.'),
        'compute.finish_revert_resize': tryingAgain(nobodyAnswered, 'frevert.swap-back'),
        'compute._do_live_migration': tryingAgain(nobodyAnswered, 'live.'),
        'compute.update_available_resource': auditsMigrations,
        'compute.init_host': auditsMigrations,
      },
      undoGroups: {
        'give-back': undoTryingAgain(nobodyAnswered, 'give-back'),
        'drop-source': undoTryingAgain(nobodyAnswered, 'drop-source'),
        'delete-alloc': undoTryingAgain(nobodyAnswered, 'delete-alloc'),
        'swap-back-if-held': undoTryingAgain(nobodyAnswered, 'swap-back-if-held'),
      },
    },
  ),
  repair(
    'W-04',
    'what-was-held-may-be-given-back',
    'Placement judges a write by what it takes more than was taken before',
    { placement: { judgesWhatStays: false } },
  ),
  repair(
    'W-05',
    'next-host-is-claimed-afresh',
    'The claim of another host takes the place of what the instance holds, and what could not be read is read again',
    {
      steps: { 'scheduler.claim-put': claimsAfresh, 'conductor.reschedule.claim-put': claimsAfresh },
      undoGroups: { 'give-back': undoTryingAgain(couldNotLook, 'give-back') },
    },
  ),
  repair(
    'W-12',
    'reverts-are-done-again',
    'A revert that failed is done again when nova-compute starts, and a delete releases what the migrations of the server hold',
    {
      order: {
        ...deleteReleases,
        'compute.update_available_resource': auditsMigrations,
        'compute.init_host': (items) => auditsMigrations(before('init.stop', ...revertInterrupted)(items)),
      },
      undo: {
        'compute.revert_resize': { vm: 'keep', migration: 'keep', task: 'keep' },
        'compute.finish_revert_resize': { vm: 'keep', unstash: 'success:unstash', migration: 'keep', task: 'keep' },
      },
    },
  ),
  repair(
    'W-13',
    'revert-of-a-deleted-server-releases',
    'A revert that fails on a server deleted meanwhile releases what it and its migration hold',
    {
      undoGroups: { 'drop-if-deleted': dropIfDeleted },
      undo: {
        'compute.revert_resize': { claim: 'drop-if-deleted' },
        'compute.finish_revert_resize': { claim: 'drop-if-deleted' },
      },
    },
  ),
  repair(
    'W-15',
    'init_host-finishes-resizes',
    'A nova-compute that starts finishes a resize that was interrupted behind the host flip',
    { order: { 'compute.init_host': before('init.stop', ...finishInterrupted) } },
  ),
  repair(
    'W-16',
    'init_host-gives-back',
    'A nova-compute that starts gives the claim of a move back that was interrupted before the host flip',
    { order: { 'compute.init_host': givesBackInterrupted } },
  ),
  repair(
    'W-17',
    'rollback-asks-what-is-parked',
    "The rollback of conductor's MigrationTask asks Placement what the migration holds",
    {
      undoGroups: { 'swap-back-if-parked': swapBackIfParked },
      undo: { 'conductor.migrate_server': { claim: 'swap-back-if-parked' } },
      order: { 'compute.init_host': givesBackInterrupted },
    },
  ),
  repair('W-18', 'give-back-tries-again', 'A give-back that lost a race is tried again', {
    undoGroups: { 'give-back': undoTryingAgain(conflicts, 'give-back') },
  }),
  repair(
    'W-21',
    'poll-confirms-whatever-the-state',
    'The poll of unconfirmed resizes confirms a move whose server had its state reset',
    { steps: { 'poll.check': { run: pollWhateverState } } },
  ),
  repair(
    'W-22',
    'confirming-is-set-by-the-source',
    'A confirm is marked by the source when it begins, and done again when it was interrupted',
    {
      steps: {
        'confirm.cast': {
          fill: (_world, _job, message) => {
            message.payloadStatus = STATUS.FINISHED;
          },
        },
      },
      order: {
        'api.confirm_resize': dropping('confirm.set-confirming'),
        'compute.poll_unconfirmed_resizes': dropping('confirm.set-confirming'),
        'compute.confirm_resize': before('confirm.network', confirmBegins),
        'compute.init_host': confirmsInterrupted,
      },
      undo: { 'compute.confirm_resize': { migration: 'keep' } },
    },
  ),
  repair(
    'W-23',
    'audit-leaves-who-is-at-work',
    'nova-manage placement audit takes nothing for an orphan of a server that is built or moved',
    { steps: { 'placement-audit.get-migrations': { run: currentMigrationsAndTasks } } },
  ),
  repair(
    'W-25',
    'nothing-is-given-back-to-a-deleted-server',
    'A delete releases what the migrations of the server hold, and what fails on it behind that releases its claim',
    {
      order: deleteReleases,
      undoGroups: {
        'drop-if-deleted': dropIfDeleted,
        'give-back-or-drop': givingBack('give-back'),
        'swap-back-or-drop': givingBack('swap-back-if-held'),
      },
      undo: {
        'conductor.migrate_server': { claim: 'swap-back-or-drop' },
        'compute.prep_resize': { claim: 'give-back-or-drop' },
        'compute.resize_instance': { claim: 'give-back-or-drop' },
        'compute.revert_resize': { claim: 'drop-if-deleted' },
        'compute.finish_revert_resize': { claim: 'drop-if-deleted' },
      },
    },
  ),
  repair(
    'W-32',
    'what-is-parked-is-released-again',
    'The last release or give-back of a move is tried again, whatever failed',
    {
      order: {
        'compute.finish_revert_resize': tryingAgain(failed, 'frevert.swap-back'),
        'compute._do_live_migration': tryingAgain(failed, 'live.post.delete-alloc'),
        'compute.update_available_resource': auditsMigrations,
        'compute.init_host': (items) => auditsMigrations(givesBackInterrupted(confirmsInterrupted(items))),
      },
      undoGroups: {
        'delete-alloc': undoTryingAgain(failed, 'delete-alloc'),
        'swap-back-if-held': undoTryingAgain(failed, 'swap-back-if-held'),
      },
      undo: { 'compute.confirm_resize': { vm: 'keep', migration: 'keep' } },
    },
  ),
];
