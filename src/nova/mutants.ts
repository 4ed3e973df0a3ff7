/**
 * Mutants: one broken cell each, kept to prove that a law sees it. No release of Nova was ever like this. Those of the
 * rollback protocol leave out, one by one, what it does for durability and recovery.
 */

import { PLACEMENT_RULES, serve } from '../placement/server.ts';
import { NO_ROWS } from '../state/holdings.ts';
import { NONE } from '../state/table.ts';
import { createMigration, instanceOf, loadInstance, migrationOf, noteMigration, oneOf } from './database.ts';
import type { Defect } from './defects/defect.ts';
import { here, I, M, refuse, toDestination, toSource, wanted } from './handlers/common.ts';
import { PROTOCOLS } from './protocols.ts';
import { transact } from './rollback/transaction.ts';
import { STATUS, TASK, VM } from './states.ts';
import { database, type Item, isGroup, OUTCOME, type Outcome } from './step.ts';
import { recount } from './tracker.ts';
import { amountsOf, type Instance, type Job, type Migration, seemsUp, type World } from './world.ts';

type Mutant = Omit<Defect, 'kind' | 'aliases' | 'length'>;
type Run = (world: World, job: Job) => Outcome;

/** What a step of a protocol does as it is. */
function runOf(id: string, protocol: keyof typeof PROTOCOLS = 'rollback'): Run {
  for (const { steps } of PROTOCOLS[protocol].handlers) {
    for (const item of steps) if (!isGroup(item) && item.id === id && item.run !== undefined) return item.run;
  }
  throw new Error(`the protocol ${protocol} has no step ${id} that runs`);
}

/** Not a compare-and-swap any more but a plain save: whatever stands there, it is as if it were what is expected. */
function overwriting(id: string, task: number, status: number): Pick<Mutant, 'steps'> {
  const run = runOf(id);
  return {
    steps: {
      [id]: {
        run: (world, job) => {
          const instance = instanceOf(world, job);
          const migration = migrationOf(world, job);
          if (instance.exists === 1 && migration.exists === 1) {
            instance.task = task;
            migration.status = status;
          }
          return run(world, job);
        },
      },
    },
  };
}

/** The step is done, but for the host that it sets. */
function withoutHost(id: string): Pick<Mutant, 'steps'> {
  const run = runOf(id);
  return {
    steps: {
      [id]: {
        run: (world, job) => {
          const { host } = instanceOf(world, job);
          const outcome = run(world, job);
          if (outcome === OUTCOME.OK) instanceOf(world, job).host = host;
          return outcome;
        },
      },
    },
  };
}

/** task_state alone is written, as Nova's API does. */
const acceptWithoutMigration: Run = (world, job) => {
  const instance = instanceOf(world, job);
  if (instance.exists !== 1 || instance.task !== TASK.NONE || instance.vm !== job.vm) return refuse(world, job, 409);
  instance.task = TASK.RESIZE_PREP;
  instance.oldVm = instance.vm;
  return loadInstance(world, job);
};

const makeMigration: Run = (world, job) => {
  job.retry = job.requested === NONE && world.setting.options.max_attempts > 1 ? 1 : 0;
  if (job.migration !== NONE) return OUTCOME.OK;
  job.migration = createMigration(world, job);
  noteMigration(world, job);
  return OUTCOME.OK;
};

const whileFinishing =
  (write: (instance: Instance, migration: Migration) => void): Run =>
  (world, job) =>
    transact(world, job, { task: oneOf(TASK.RESIZE_FINISH), status: oneOf(STATUS.POST_MIGRATING), write });

const saveHost = whileFinishing((instance, migration) => {
  instance.host = migration.destination;
  instance.oldFlavor = migration.oldFlavor;
  instance.flavor = migration.newFlavor;
  instance.instanceType = migration.newFlavor;
});

const saveState = whileFinishing((instance, migration) => {
  instance.vm = VM.RESIZED;
  instance.task = TASK.NONE;
  migration.status = STATUS.FINISHED;
});

const hostBeforeState = (items: readonly Item[]): readonly Item[] =>
  items.flatMap((item) =>
    isGroup(item) || item.id !== 'finish.set-resized'
      ? [item]
      : [database('finish.set-host', item.nova, saveHost), item],
  );

/** Everything of the fence but the status that it writes. */
const lookAtFence: Run = (world, job) => {
  const migration = migrationOf(world, job);
  const { status } = migration;
  const outcome = fence(world, job);
  migration.status = status;
  return outcome;
};
const fence = runOf('undo.fence');

const UNFENCED = oneOf(STATUS.PRE_MIGRATING, STATUS.MIGRATING, STATUS.POST_MIGRATING);
const saveUnfenced: Run = (world, job) => {
  const migration = migrationOf(world, job);
  if (migration.exists === 1 && ((1 << migration.status) & UNFENCED) !== 0) migration.status = STATUS.UNDOING;
  return saveUndo(world, job);
};
const saveUndo = runOf('undo.save');

/** The step, told that its move is being undone. */
function asIfUndoing(id: string): Run {
  const run = runOf(id);
  return (world, job) => {
    const migration = migrationOf(world, job);
    const { status } = migration;
    migration.status = STATUS.UNDOING;
    const outcome = run(world, job);
    migration.status = status;
    return outcome;
  };
}

const nextDelete = runOf('recover-delete.next');

const mutants: readonly Mutant[] = [
  {
    id: 'mutant-delete-takes-another-claim',
    title: "Deleting a server deletes another server's allocations",
    catches: ['bystanders-unchanged'],
    steps: {
      'terminate.delete-alloc': {
        ask: (_world, job) => ({ op: 'delete-allocations', consumer: job.instance === 0 ? 1 : 0 }),
      },
    },
  },
  {
    id: 'mutant-no-capacity-check',
    title: 'Placement offers every host and accepts every amount',
    catches: ['capacity-respected'],
    placement: { checkCapacity: false },
    steps: {
      'scheduler.candidates': {
        take: (world, job) => {
          job.hosts = (1 << world.setting.hosts.length) - 1;
          return OUTCOME.OK;
        },
      },
    },
  },
  {
    id: 'mutant-confirm-destroys-the-guest',
    title: 'Confirm destroys the guest where the server lives',
    catches: ['guest-single-home'],
    steps: {
      'confirm.driver': {
        run: (world, job) => {
          const instance = instanceOf(world, job);
          instance.guests = 0;
          instance.running = 0;
          return OUTCOME.OK;
        },
      },
    },
  },
  {
    id: 'mutant-move-refused-for-nothing',
    title: 'Conductor finds no valid host behind a claim that succeeded',
    catches: ['no-spurious-refusal'],
    steps: { 'conductor.fill': { run: () => OUTCOME.RAISE_NO_VALID_HOST } },
  },
  {
    id: 'mutant-delete-does-not-confirm',
    title: 'Deleting a server that waits for its decision leaves the move as it is',
    catches: ['delete-releases-all', 'no-orphan-consumer'],
    steps: { 'delete.confirm': { where: () => NONE } },
  },
  {
    id: 'mutant-restless-audit',
    title: 'Every audit comes to another number than the one before',
    catches: ['idempotent-recovery'],
    steps: {
      'audit.recount': {
        run: (world, job) => {
          recount(world, here(job));
          world.hosts[here(job)]!.vcpusUsed += ++world.globals.updates & 1;
          return OUTCOME.OK;
        },
      },
    },
  },
  {
    id: 'mutant-revert-forgets-its-decision',
    title: 'A revert ends without its status',
    catches: ['atomic-decision', 'no-stuck-migration'],
    steps: { 'revert.drop-claim': { run: () => OUTCOME.OK } },
  },
  {
    id: 'mutant-scheduler-asks-twice',
    title: 'The scheduler looks for room for twice the flavor',
    catches: ['no-spurious-refusal'],
    steps: {
      'scheduler.candidates': {
        ask: (world, job) => {
          const { required, forbidden } = world.setting.flavors[job.flavor]!;
          const { resources } = amountsOf(world, job.flavor, instanceOf(world, job));
          return {
            op: 'get-candidates',
            resources: resources.map((cell, k) => (k % 2 === 0 ? cell : 2 * cell)),
            required,
            forbidden,
            inTree: job.requested,
          };
        },
      },
    },
  },
  {
    id: 'mutant-scheduler-claims-twice',
    title: 'The scheduler claims twice the flavor',
    catches: ['no-double-allocation', 'host-agreement'],
    steps: {
      'scheduler.claim-put': {
        ask: (world, job) => ({
          op: 'put-allocations',
          entries: [
            {
              consumer: I(world, job),
              generation: job.generation,
              allocations: [...job.read.rows(), ...wanted(world, job).map((cell, k) => (k % 3 < 2 ? cell : 2 * cell))],
            },
          ],
        }),
      },
    },
  },
  {
    id: 'mutant-conductor-parks-nothing',
    title: "The instance keeps the source's claim beside the destination's",
    catches: ['no-double-allocation', 'source-zero', 'destination-empty'],
    steps: { 'conductor.get-allocs': { take: () => OUTCOME.ELSE } },
  },
  {
    id: 'mutant-audit-releases-the-living',
    title: 'The audit takes every server for a deleted one',
    catches: ['capacity-respected', 'host-agreement'],
    steps: {
      'audit.get-provider-allocations': {
        take: (world, job, response) => {
          job.hosts = 0;
          for (const id of response.ids) if (id < world.shape.instances) job.hosts |= 1 << id;
          return OUTCOME.OK;
        },
      },
    },
  },
  {
    id: 'mutant-audit-releases-strangers',
    title: 'The audit releases what consumers hold that Nova does not know',
    catches: ['bystanders-unchanged'],
    steps: {
      'audit.get-provider-allocations': {
        take: (world, _job, response) => {
          const { instances, migrations } = world.shape;
          for (const consumer of response.ids) {
            if (consumer < instances + migrations) continue;
            serve(world.placement, PLACEMENT_RULES, { op: 'delete-allocations', consumer });
          }
          return OUTCOME.ELSE;
        },
      },
    },
  },
  {
    id: 'mutant-revert-leaves-the-guest',
    title: 'A revert leaves the guest running on the destination',
    catches: ['guest-single-home', 'capacity-respected'],
    steps: { 'revert.dest-destroy': { run: () => OUTCOME.OK } },
  },
  {
    id: 'mutant-revert-gives-nothing-back',
    title: 'A revert leaves the claims where they are',
    catches: ['source-unchanged', 'destination-empty', 'atomic-decision'],
    steps: { 'frevert.swap-back': { ask: () => null } },
  },
  {
    id: 'mutant-confirm-keeps-the-claim',
    title: "A confirm never releases the source's claim",
    catches: ['source-zero', 'no-orphan-consumer', 'atomic-decision'],
    undo: { 'compute.confirm_resize': { claim: 'keep' } },
  },
  {
    id: 'rollback-undo-without-fence',
    protocol: 'rollback',
    title: 'The undo of a move does not write down that it is being undone',
    catches: ['host-agreement', 'atomic-decision'],
    steps: { 'undo.fence': { run: lookAtFence }, 'undo.save': { run: saveUnfenced } },
  },
  {
    id: 'rollback-undo-leaves-the-guest',
    protocol: 'rollback',
    title: 'The undo of a move leaves the guest on the destination',
    catches: ['guest-single-home'],
    steps: { 'undo.destination': { where: () => NONE } },
  },
  {
    id: 'rollback-undo-keeps-the-claim',
    protocol: 'rollback',
    title: 'The undo of a move keeps the claim on the destination',
    catches: ['destination-empty', 'no-orphan-consumer'],
    steps: { 'undo.drop-claim': { ask: () => null }, 'recover.drop-stale-claim': { ask: () => null } },
  },
  {
    id: 'rollback-undo-is-not-saved',
    protocol: 'rollback',
    title: 'The undo of a move never ends in the database',
    catches: ['no-stuck-migration'],
    steps: { 'undo.save': { run: () => OUTCOME.OK } },
  },
  {
    id: 'rollback-no-recovery-of-undo',
    protocol: 'rollback',
    title: 'Nobody undoes a move whose undo was not asked for',
    catches: ['no-stuck-migration', 'destination-empty'],
    steps: { 'recover.undo': { where: () => NONE } },
  },
  {
    id: 'rollback-no-recovery-of-confirm',
    protocol: 'rollback',
    title: 'Nobody drives an interrupted confirm again',
    catches: ['atomic-decision', 'no-stuck-migration'],
    steps: { 'recover.confirm': { where: () => NONE } },
  },
  {
    id: 'rollback-no-recovery-of-revert',
    protocol: 'rollback',
    title: 'Nobody drives an interrupted revert again',
    catches: ['atomic-decision', 'no-stuck-migration'],
    steps: { 'recover.revert': { where: () => NONE } },
  },
  {
    id: 'rollback-confirm-does-not-swap',
    protocol: 'rollback',
    title: 'Confirm cleans up the source without exchanging the claims',
    catches: ['host-agreement', 'source-zero'],
    steps: { 'confirm.swap': { ask: () => null } },
  },
  {
    id: 'rollback-revert-keeps-the-claim',
    protocol: 'rollback',
    title: 'Revert brings the server back and keeps the claim on the destination',
    catches: ['no-orphan-consumer', 'destination-empty'],
    steps: { 'frevert.release': { ask: () => null } },
  },
  {
    id: 'rollback-intent-comes-late',
    protocol: 'rollback',
    title: 'The API writes no migration: conductor makes it',
    catches: ['no-stuck-migration'],
    steps: { 'api.set-task-state': { run: acceptWithoutMigration }, 'conductor.prepare': { run: makeMigration } },
  },
  {
    id: 'rollback-conductor-asks-for-no-undo',
    protocol: 'rollback',
    title: 'A move that conductor gives up is undone by nobody but recovery',
    catches: ['no-stuck-migration'],
    undo: { 'conductor.migrate_server': { claim: 'keep' } },
  },
  {
    id: 'rollback-reschedule-adds',
    protocol: 'rollback',
    title: "A reschedule adds the alternate's claim to that of the host that failed",
    catches: ['host-agreement', 'atomic-decision'],
    steps: {
      'conductor.reschedule.claim-put': {
        ask: (world, job) => ({
          op: 'put-allocations',
          entries: [
            {
              consumer: M(world, job),
              generation: job.generation,
              allocations: [...job.read.rows(), ...wanted(world, job)],
            },
          ],
        }),
      },
    },
  },
  {
    id: 'rollback-prep-overwrites',
    protocol: 'rollback',
    title: 'prep saves over whatever stands there',
    catches: ['host-agreement', 'atomic-decision'],
    ...overwriting('prep.rt-claim.save-migration', TASK.RESIZE_PREP, STATUS.PRE_MIGRATING),
  },
  {
    id: 'rollback-source-begins-anyway',
    protocol: 'rollback',
    title: "The source's leg begins over whatever stands there",
    catches: ['host-agreement', 'atomic-decision'],
    ...overwriting('src.set-migrating', TASK.RESIZE_PREP, STATUS.PRE_MIGRATING),
  },
  {
    id: 'rollback-source-ends-anyway',
    protocol: 'rollback',
    title: "The source's leg ends over whatever stands there",
    catches: ['host-agreement', 'atomic-decision'],
    ...overwriting('src.set-post-migrating', TASK.RESIZE_MIGRATING, STATUS.MIGRATING),
  },
  {
    id: 'rollback-commit-overwrites',
    protocol: 'rollback',
    title: 'A move is committed over whatever stands there',
    catches: ['host-agreement', 'atomic-decision'],
    ...overwriting('finish.set-resized', TASK.RESIZE_FINISH, STATUS.POST_MIGRATING),
  },
  {
    id: 'rollback-commit-in-two-saves',
    protocol: 'rollback',
    title: 'The host is saved before the rest of the commit',
    catches: ['host-agreement', 'guest-single-home'],
    steps: { 'finish.set-resized': { run: saveState } },
    order: { 'compute.finish_resize': hostBeforeState },
  },
  {
    id: 'rollback-commit-forgets-the-host',
    protocol: 'rollback',
    title: 'A move is committed and the host stays',
    catches: ['host-agreement', 'guest-single-home', 'tracker-matches'],
    ...withoutHost('finish.set-resized'),
  },
  {
    id: 'rollback-discard-keeps-usage',
    protocol: 'rollback',
    title: 'What is discarded stays tracked',
    catches: ['tracker-matches'],
    steps: { 'discard.drop-claim': { run: () => OUTCOME.OK } },
  },
  {
    id: 'rollback-no-recovery-of-deletes',
    protocol: 'rollback',
    title: 'Nobody finishes an interrupted delete',
    catches: ['no-stuck-migration'],
    steps: { 'recover-delete.next': { run: () => OUTCOME.DONE } },
  },
  {
    id: 'rollback-no-recovery-of-stale-claims',
    protocol: 'rollback',
    title: 'What is claimed after a move was undone or its server deleted stays',
    catches: ['no-orphan-consumer', 'delete-releases-all'],
    steps: { 'recover.drop-stale-claim': { ask: () => null } },
  },
  {
    id: 'rollback-confirm-overwrites',
    protocol: 'rollback',
    title: 'A confirm is taken over whatever stands there',
    catches: ['guest-single-home'],
    ...overwriting('confirm.set-confirming', TASK.NONE, STATUS.FINISHED),
  },
  {
    id: 'rollback-poll-overwrites',
    protocol: 'rollback',
    title: 'The poll of unconfirmed resizes fails a migration that was decided since it was listed',
    catches: ['atomic-decision'],
    steps: { 'poll.check': { run: runOf('poll.check', 'nova') } },
  },
  {
    id: 'rollback-confirm-swaps-half',
    protocol: 'rollback',
    title: "Confirm drops the source's claim and leaves the destination's parked",
    catches: ['host-agreement', 'source-zero', 'atomic-decision'],
    steps: {
      'confirm.swap': {
        ask: (world, job) => ({
          op: 'post-allocations',
          entries: [{ consumer: I(world, job), generation: job.generation2, allocations: NO_ROWS }],
        }),
      },
    },
  },
  {
    id: 'rollback-confirm-never-reopens',
    protocol: 'rollback',
    title: 'A confirm whose claim no longer fits stays what it is',
    catches: ['no-stuck-migration', 'atomic-decision'],
    steps: { 'confirm.reopen': { run: () => OUTCOME.OK } },
  },
  {
    id: 'rollback-revert-overwrites',
    protocol: 'rollback',
    title: 'A revert is taken over whatever stands there',
    catches: ['source-unchanged', 'host-agreement', 'atomic-decision'],
    ...overwriting('revert.set-task', TASK.NONE, STATUS.FINISHED),
  },
  {
    id: 'rollback-revert-leaves-the-guest',
    protocol: 'rollback',
    title: 'Revert leaves the guest running on the destination',
    catches: ['guest-single-home', 'capacity-respected'],
    steps: { 'revert.dest-destroy': { run: () => OUTCOME.OK } },
  },
  {
    id: 'rollback-revert-keeps-usage',
    protocol: 'rollback',
    title: 'Revert leaves the move tracked on the destination',
    catches: ['tracker-matches'],
    steps: { 'revert.drop-claim': { run: () => OUTCOME.OK } },
  },
  {
    id: 'rollback-revert-forgets-the-host',
    protocol: 'rollback',
    title: 'Revert ends and the host stays',
    catches: ['host-agreement', 'atomic-decision', 'guest-single-home'],
    ...withoutHost('frevert.set-state'),
  },
  {
    id: 'rollback-delete-keeps-migrations',
    protocol: 'rollback',
    title: 'Delete releases none of the claims that moves parked',
    catches: ['no-orphan-consumer', 'delete-releases-all'],
    steps: { 'terminate.release-migration': { ask: () => null } },
  },
  {
    id: 'rollback-delete-keeps-the-claim',
    protocol: 'rollback',
    title: "Delete releases nothing of the server's own",
    catches: ['no-orphan-consumer', 'delete-releases-all'],
    steps: { 'terminate.delete-alloc': { ask: () => null } },
  },
  {
    id: 'rollback-delete-discards-nothing',
    protocol: 'rollback',
    title: 'Delete leaves what a move left on another host',
    catches: ['tracker-matches'],
    steps: { 'terminate.cast-discard': { where: () => NONE } },
  },
  {
    id: 'rollback-delete-keeps-usage',
    protocol: 'rollback',
    title: 'Delete leaves the server tracked',
    catches: ['tracker-matches'],
    steps: { 'terminate.rt-update': { run: () => OUTCOME.OK } },
  },
  {
    id: 'rollback-undo-acts-when-overtaken',
    protocol: 'rollback',
    title: 'An undo that was held up touches what a later move of the server has',
    catches: ['guest-single-home', 'atomic-decision'],
    steps: {
      'restore.driver': { run: asIfUndoing('restore.driver') },
      'discard.driver': { run: asIfUndoing('discard.driver') },
    },
  },
  {
    id: 'rollback-undo-waits-for-hosts',
    protocol: 'rollback',
    title: 'The undo of a move needs both its hosts',
    catches: ['no-stuck-migration', 'destination-empty'],
    steps: {
      'undo.destination': {
        where: (world, job) => (migrationOf(world, job).destination === NONE ? NONE : toDestination(world, job)),
      },
      'undo.source': { where: toSource },
    },
  },
  {
    id: 'rollback-undo-leaves-the-disks-aside',
    protocol: 'rollback',
    title: 'The undo of a move leaves the disks on the source put aside',
    catches: ['guest-single-home'],
    steps: { 'undo.source': { where: () => NONE } },
  },
  {
    id: 'rollback-leftovers-stay',
    protocol: 'rollback',
    title: 'A host that comes back keeps what moves left there',
    catches: ['guest-single-home', 'capacity-respected'],
    steps: { 'init.clear-leftovers': { run: () => OUTCOME.OK } },
  },
  {
    id: 'rollback-confirm-needs-its-source',
    protocol: 'rollback',
    title: 'An interrupted confirm waits for a source that is gone',
    catches: ['no-stuck-migration', 'atomic-decision'],
    steps: { 'recover.confirm-without-source': { run: () => OUTCOME.ELSE } },
  },
  {
    id: 'rollback-confirm-without-source-never-reopens',
    protocol: 'rollback',
    title: 'A confirm whose source is gone and whose claim no longer fits stays what it is',
    catches: ['no-stuck-migration', 'atomic-decision'],
    steps: { 'recover.confirm-without-source.reopen': { run: () => OUTCOME.OK } },
  },
  {
    id: 'rollback-revert-needs-its-destination',
    protocol: 'rollback',
    title: 'An interrupted revert waits for a destination that is gone',
    catches: ['no-stuck-migration', 'atomic-decision'],
    steps: { 'recover.revert-without-destination': { where: () => NONE } },
  },
  {
    id: 'rollback-revert-needs-its-source',
    protocol: 'rollback',
    title: 'An interrupted revert waits for a source that is gone',
    catches: ['no-stuck-migration', 'atomic-decision'],
    steps: { 'recover.revert-without-source': { run: () => OUTCOME.ELSE } },
  },
  {
    id: 'rollback-no-recovery-of-deletes-on-hosts',
    protocol: 'rollback',
    title: 'A delete that stopped on a host that is up is finished by nobody',
    catches: ['no-stuck-migration'],
    steps: {
      'recover-delete.next': {
        run: (world, job) => {
          const outcome = nextDelete(world, job);
          const up = outcome === OUTCOME.OK && job.host !== NONE && seemsUp(world, job.host);
          return up ? OUTCOME.DONE : outcome;
        },
      },
    },
  },
  {
    id: 'rollback-no-alternate',
    protocol: 'rollback',
    title: 'A host that refuses the move ends it, whatever others there are',
    catches: ['no-spurious-refusal'],
    undo: { 'compute.prep_resize': { retry: 'keep' } },
  },
  {
    id: 'rollback-failed-reboot-overwrites',
    protocol: 'rollback',
    title: 'A failed reboot saves over whatever stands there',
    catches: ['guest-single-home'],
    undo: { 'compute.reboot_instance': { vm: 'error', task: 'clear' } },
  },
];

export const INVARIANT_MUTANTS: readonly Defect[] = mutants.map((mutant) => ({
  ...mutant,
  kind: 'mutant',
  aliases: [],
  length: 0,
}));
