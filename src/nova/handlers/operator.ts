/**
 * What an operator runs in a shell to mend the books: `nova-manage placement audit`, `nova-manage placement
 * heal_allocations` and `openstack resource provider allocation delete`. Each is a process of its own, which needs the
 * database and Placement, and ends with an exit code.
 *
 * Left out: the list of providers is not asked for (GET /resource_providers), every host's is gone through; heal reads an
 * instance when it comes to it, Nova fifty at a time; no port asks for resources.
 */
import type { Rows } from '../../state/holdings.ts';
import { NONE } from '../../state/table.ts';
import { migrationOf, readInstance } from '../database.ts';
import { getAllocations, retry } from '../report-client.ts';
import { isOrphan, moveUnderWay, noteWrite } from '../sabotage.ts';
import { inProgress, TASK } from '../states.ts';
import { database, type Handler, memory, neutron, OUTCOME, type Outcome, read, type Step, write } from '../step.ts';
import { amountsOf, bystanderConsumer, instanceConsumer, type Job, migrationConsumer, type World } from '../world.ts';
import { flavorRows, handler } from './common.ts';

const COMMANDS = 'nova/cmd/manage.py:PlacementCommands';

/** The command ends: by itself with DONE, giving up with REFUSE. */
function exit(world: World, job: Job, code: number, outcome: Outcome): Outcome {
  world.operations[job.operation]!.exit = code + 1;
  return outcome;
}

function processed(world: World, job: Job): void {
  world.operations[job.operation]!.processed++;
}

/** Where an orphan is found, before the write, which may be done without an answer, and behind it: a move may cut in. */
const noteAudited = (world: World, job: Job): void =>
  noteWrite(world, job, moveUnderWay(world, job.instance) || !isOrphan(world, job.destination, consumerOf(world, job)));

/** What the job is about: a migration as a consumer, or else the instance. */
const consumerOf = (world: World, job: Job): number =>
  job.migration === NONE ? instanceConsumer(job.instance) : migrationConsumer(world, job.migration);

/** Makes a consumer what the job is about. */
function turnTo(world: World, job: Job, consumer: number): void {
  const { instances } = world.shape;
  job.migration = consumer < instances ? NONE : consumer - instances;
  job.instance = job.migration === NONE ? consumer : migrationOf(world, job).instance;
}

// ---- nova-manage placement audit

/** What _check_orphaned_allocations_for_provider takes for Nova's, those of them that a consumer here can hold. */
const NOVA_CLASSES = [
  'VCPU',
  'MEMORY_MB',
  'DISK_GB',
  'VGPU',
  'NET_BW_EGR_KILOBIT_PER_SEC',
  'NET_BW_IGR_KILOBIT_PER_SEC',
  'PCPU',
  'MEM_ENCRYPTION_CONTEXT',
];

/**
 * `job.destination` is the provider that is looked at, `job.option` whether `--delete` was given.
 * @param instanceStays while a move of it is not over, the instance's own claim is the source's: Nova's is the destination's,
 *   and what the instance holds on a host where it does not live is an orphan
 */
const auditSteps = (instanceStays: boolean): readonly Step[] => [
  memory(
    'placement-audit.next-provider',
    `${COMMANDS}.audit`,
    (world, job) => {
      const all = job.requested === NONE;
      if (job.cursor >= (all ? world.setting.hosts.length : 1)) return OUTCOME.ELSE;
      job.destination = all ? job.cursor : job.requested;
      job.cursor++;
      job.consumers.clear();
      return OUTCOME.OK;
    },
    { else: 'placement-audit.exit' },
  ),
  database('placement-audit.get-instances', `${COMMANDS}._get_instances_and_current_migrations`, (world, job) => {
    for (let i = 0; i < world.globals.instances; i++) {
      const { exists, host } = world.instances[i]!;
      if (exists === 1 && host === job.destination) job.consumers.add(instanceConsumer(i));
    }
    // the cell's database has the servers outside the scenario as well
    if (world.shape.bystanders > 0) job.consumers.add(bystanderConsumer(world, job.destination));
    return OUTCOME.OK;
  }),
  database('placement-audit.get-migrations', `${COMMANDS}._get_instances_and_current_migrations`, (world, job) => {
    for (let m = 0; m < world.globals.migrations; m++) {
      const { exists, status, source, destination, instance } = world.migrations[m]!;
      if (exists !== 1 || !inProgress(status)) continue;
      if (source === job.destination || destination === job.destination) job.consumers.add(migrationConsumer(world, m));
      if (instanceStays && source === job.destination) job.consumers.add(instanceConsumer(instance));
    }
    return OUTCOME.OK;
  }),
  read(
    'placement-audit.get-provider-allocations',
    `${COMMANDS}._check_orphaned_allocations_for_provider`,
    (_world, job) => ({ op: 'get-provider-allocations', provider: job.destination }),
    (world, job, { status, ids, rows }) => {
      if (status !== 200) return OUTCOME.RAISE_PLACEMENT;
      const orphans = ids.filter((id) => !job.consumers.has(id) && holdsNovas(world, rows, id));
      job.consumers.clear();
      for (const id of orphans) {
        job.consumers.add(id);
        turnTo(world, job, id);
        // of a move that may be over when the orphan is deleted
        if (job.option === 1) noteAudited(world, job);
      }
      return OUTCOME.OK;
    },
  ),
  memory(
    'placement-audit.next-orphan',
    `${COMMANDS}._check_orphaned_allocations_for_provider`,
    (world, job) => {
      for (;;) {
        const orphan = job.consumers.take();
        if (orphan === NONE) return OUTCOME.ELSE;
        turnTo(world, job, orphan);
        if (job.option === 1) return OUTCOME.OK;
        processed(world, job);
      }
    },
    { else: 'placement-audit.provider-done' },
  ),
  read(
    'placement-audit.get-allocs',
    `${COMMANDS}._delete_allocations_from_consumer`,
    getAllocations(consumerOf),
    (world, job, { status, rows, generation }) => {
      if (status !== 200) return OUTCOME.RAISE_PLACEMENT;
      noteAudited(world, job);
      const others = rowsBeside(rows, job.destination);
      // on this provider alone, or on none any more
      if (others.length === 0 || new Set(rows.filter((_, k) => k % 3 === 0)).size === 1) return OUTCOME.ELSE;
      // `del allocations['allocations'][provider]`
      if (others.length === rows.length) return OUTCOME.RAISE;
      job.read.assign(others);
      job.generation = generation;
      return OUTCOME.OK;
    },
    { else: 'placement-audit.delete-alloc' },
  ),
  write(
    'placement-audit.put-allocs',
    `${COMMANDS}._delete_allocations_from_consumer`,
    (world, job) => ({
      op: 'put-allocations',
      entries: [{ consumer: consumerOf(world, job), generation: job.generation, allocations: job.read.rows() }],
    }),
    (world, job, { status, code, consumerConflict }) => {
      if (status === 0 || code === 'html') return OUTCOME.RAISE_PLACEMENT;
      if (consumerConflict) {
        job.faults++;
        return OUTCOME.ELSE;
      }
      if (code === 'concurrent-update' && retry(job) === OUTCOME.AGAIN) return OUTCOME.AGAIN;
      job.attempt = 0;
      // put_allocations may have returned False: nobody looks, and the orphan counts as deleted
      if (status === 204) noteAudited(world, job);
      processed(world, job);
      return OUTCOME.ELSE;
    },
    { else: 'placement-audit.next-orphan', again: 'placement-audit.put-allocs' },
  ),
  write(
    'placement-audit.delete-alloc',
    `${COMMANDS}._delete_allocations_from_consumer`,
    (world, job) => ({ op: 'delete-allocations', consumer: consumerOf(world, job) }),
    (world, job, { status, code }) => {
      if (code === 'timeout') return OUTCOME.RAISE_PLACEMENT;
      if (status === 204) noteAudited(world, job);
      // a 404 is fine, and @safe_connect's None for a refused connection is not looked at
      if (status === 204 || status === 404 || code === 'refused') processed(world, job);
      else job.faults++;
      return OUTCOME.ELSE;
    },
    { else: 'placement-audit.next-orphan' },
  ),
  memory(
    'placement-audit.provider-done',
    `${COMMANDS}.audit`,
    (world, job) => (job.faults > 0 ? exit(world, job, 1, OUTCOME.REFUSE) : OUTCOME.ELSE),
    { else: 'placement-audit.next-provider' },
  ),
  memory('placement-audit.exit', `${COMMANDS}.audit`, (world, job) => {
    const found = world.operations[job.operation]!.processed > 0;
    return exit(world, job, found ? (job.option === 1 ? 4 : 3) : 0, OUTCOME.DONE);
  }),
];

/** The consumer holds any of Nova's classes: rows are consumer, class, amount. */
function holdsNovas({ setting }: World, rows: readonly number[], consumer: number): boolean {
  for (let k = 0; k < rows.length; k += 3) {
    if (rows[k] === consumer && NOVA_CLASSES.includes(setting.classes[rows[k + 1]!]!)) return true;
  }
  return false;
}

function rowsBeside(rows: readonly number[], provider: number): number[] {
  return rows.filter((_, k) => rows[k - (k % 3)] !== provider);
}

/**
 * An orphan is an allocation on a provider whose consumer is neither an instance on that host nor a migration in progress
 * that touches it. So what a running move has claimed before instance.host flips is one, a migration that died in progress
 * is none, and neither wrong amounts nor missing allocations are seen.
 */
const placementAudit = (instanceStays: boolean): Handler =>
  handler({
    id: 'nova-manage.audit',
    nova: `${COMMANDS}.audit`,
    prefix: 'placement-audit',
    steps: auditSteps(instanceStays),
  });

// ---- nova-manage placement heal_allocations

/** What the flavor asks for, all of it on the root provider of the instance's host. */
const fromFlavor = (world: World, job: Job): Rows => flavorRows(world, job, job.instanceFlavor, job.host);

/**
 * What the instance has from its flavor is right wherever nothing was before; only `--force` takes something away. Wrong is
 * what comes of a row that changed since it was read.
 */
function noteHealed(world: World, job: Job): void {
  const { host, flavor } = world.instances[job.instance]!;
  const stale = host !== job.host || flavor !== job.instanceFlavor;
  noteWrite(world, job, stale || (job.option === 1 && moveUnderWay(world, job.instance)));
}

/** Goes over the instances that the command reads from the database. */
export const healInstances =
  (reads: (exists: number) => boolean) =>
  (world: World, job: Job): Outcome => {
    for (let i = job.cursor; i < world.globals.instances; i++) {
      if (!reads(world.instances[i]!.exists) || (job.requested !== NONE && job.requested !== i)) continue;
      job.cursor = i + 1;
      job.instance = i;
      readInstance(world, job);
      return OUTCOME.OK;
    }
    job.instance = NONE;
    return OUTCOME.ELSE;
  };

/** `job.requested` is the instance of `--instance`, `job.option` whether `--force` was given. */
const healSteps: readonly Step[] = [
  memory('heal.arguments', `${COMMANDS}.heal_allocations`, (world, job) =>
    job.option === 1 && job.requested === NONE ? exit(world, job, 127, OUTCOME.REFUSE) : OUTCOME.OK,
  ),
  database(
    'heal.next-instance',
    `${COMMANDS}._heal_instances_in_cell`,
    healInstances((exists) => exists === 1),
    { else: 'heal.exit' },
  ),
  memory(
    'heal.check',
    `${COMMANDS}._heal_allocations_for_instance`,
    (world, job) => {
      // "is undergoing a task state transition", "is not on a host"
      if (job.task !== TASK.NONE || job.host === NONE) return OUTCOME.ELSE;
      const { resources } = amountsOf(world, job.instanceFlavor, world.instances[job.instance]!);
      const vgpu = resources.some((c, k) => k % 2 === 0 && world.setting.classes[c] === 'VGPU');
      return vgpu ? exit(world, job, 8, OUTCOME.REFUSE) : OUTCOME.OK;
    },
    { else: 'heal.next-instance' },
  ),
  read(
    'heal.get-allocs',
    `${COMMANDS}._heal_allocations_for_instance`,
    getAllocations(consumerOf),
    (world, job, { status, rows, generation }) => {
      if (status !== 200) return exit(world, job, 3, OUTCOME.REFUSE);
      noteHealed(world, job);
      job.held = rows.length > 0 ? 1 : 0;
      job.generation = rows.length > 0 ? generation : NONE;
      return OUTCOME.OK;
    },
  ),
  neutron('heal.get-ports', `${COMMANDS}._get_port_allocations_to_heal`, undefined, {
    onError: (world, job) => {
      exit(world, job, 5, OUTCOME.OK);
    },
  }),
  memory(
    'heal.needed',
    `${COMMANDS}._heal_allocations_for_instance`,
    // whoever holds something "is up-to-date": where, and how much, is not looked at
    (_world, job) => (job.held === 1 && job.option === 0 ? OUTCOME.ELSE : OUTCOME.OK),
    { else: 'heal.next-instance' },
  ),
  write(
    'heal.put-allocs',
    `${COMMANDS}._heal_allocations_for_instance`,
    (world, job) => ({
      op: 'put-allocations',
      entries: [{ consumer: consumerOf(world, job), generation: job.generation, allocations: fromFlavor(world, job) }],
    }),
    (world, job, { status, code, consumerConflict }) => {
      if (status === 204) {
        job.attempt = 0;
        noteHealed(world, job);
        processed(world, job);
        return OUTCOME.ELSE;
      }
      if (code === 'html') return OUTCOME.RAISE_PLACEMENT;
      if (code === 'concurrent-update' && !consumerConflict && retry(job) === OUTCOME.AGAIN) return OUTCOME.AGAIN;
      return exit(world, job, 3, OUTCOME.REFUSE);
    },
    { else: 'heal.next-instance', again: 'heal.put-allocs' },
  ),
  memory('heal.exit', `${COMMANDS}.heal_allocations`, (world, job) =>
    exit(world, job, world.operations[job.operation]!.processed > 0 ? 0 : 4, OUTCOME.DONE),
  ),
];

/** Creates what an instance without any allocations should hold. With `--force` replaces what one instance holds. */
export const healAllocations = handler({
  id: 'nova-manage.heal_allocations',
  nova: `${COMMANDS}.heal_allocations`,
  prefix: 'heal',
  steps: healSteps,
});

// ---- openstack resource provider allocation delete

const PLUGIN = 'osc_placement/resources/allocation.py';

/** `job.option` 0 the instance, 1 its migrations, those that went with a deleted server included. */
const deleteSteps: readonly Step[] = [
  memory(
    'allocation-delete.next',
    `${PLUGIN}:DeleteAllocation`,
    (world, job) => {
      if (job.option === 0) {
        job.migration = NONE;
        return job.cursor++ === 0 ? OUTCOME.OK : OUTCOME.ELSE;
      }
      for (let m = job.cursor; m < world.globals.migrations; m++) {
        if (world.migrations[m]!.exists === 0 || world.migrations[m]!.instance !== job.instance) continue;
        job.cursor = m + 1;
        job.migration = m;
        return OUTCOME.OK;
      }
      return OUTCOME.ELSE;
    },
    { else: 'allocation-delete.exit' },
  ),
  read(
    'allocation-delete.show',
    `${PLUGIN}:ShowAllocation`,
    getAllocations(consumerOf),
    (world, job, { status, rows }) => {
      if (status !== 200) return exit(world, job, 1, OUTCOME.REFUSE);
      noteWrite(world, job, true);
      return rows.length > 0 ? OUTCOME.OK : OUTCOME.ELSE;
    },
    { else: 'allocation-delete.next' },
  ),
  write(
    'allocation-delete.delete',
    `${PLUGIN}:DeleteAllocation`,
    (world, job) => ({ op: 'delete-allocations', consumer: consumerOf(world, job) }),
    (world, job, { status }) => {
      if (status !== 204) return exit(world, job, 1, OUTCOME.REFUSE);
      processed(world, job);
      return OUTCOME.ELSE;
    },
    { else: 'allocation-delete.next' },
  ),
  memory('allocation-delete.exit', `${PLUGIN}:DeleteAllocation`, (world, job) =>
    exit(world, job, world.operations[job.operation]!.processed > 0 ? 0 : 1, OUTCOME.DONE),
  ),
];

export const allocationDelete = handler({
  id: 'openstack.allocation_delete',
  nova: `${PLUGIN}:DeleteAllocation.take_action`,
  prefix: 'allocation-delete',
  steps: deleteSteps,
});

/** An operator has the same commands whatever Nova does; audit knows where its moves claim. */
export const operatorCommands = (instanceStays: boolean): readonly Handler[] => [
  placementAudit(instanceStays),
  healAllocations,
  allocationDelete,
];
