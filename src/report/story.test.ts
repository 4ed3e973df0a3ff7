import { describe, expect, test } from 'vitest';
import { CONTRACTS } from '../contract/contracts.ts';
import { compile } from '../engine/compile.ts';
import { findDefect } from '../nova/defects.ts';
import { PROTOCOLS } from '../nova/protocols.ts';
import {
  DEFAULT_OPTIONS,
  type Fault,
  type Flavor,
  type Hold,
  type Operation,
  type Scenario,
} from '../scenario/scenario.ts';
import { tellStory } from './story.ts';

const BOOT: Operation = { operation: 'boot', server: 's1', flavor: 'm1' };
const RESIZE: Operation = { operation: 'resize', server: 's1', flavor: 'm2' };

const flavor = (name: string, size: number): Flavor => ({
  name,
  vcpus: size,
  ram: 512 * size,
  disk: size,
  ephemeral: 0,
  swap: 0,
  properties: {},
});

const fault = (operation: number, point: string, kind: Fault['kind']): Fault => ({
  operation,
  point,
  kind,
  nth: 1,
  times: 1,
});

/** Two roomy hosts, and a flavor of twice the other's size. */
function scenario(operations: Operation[], faults: Fault[] = [], holds: Hold[] = []): Scenario {
  const inventory = { total: 64, reserved: 0, min_unit: 1, max_unit: 64, step_size: 1, allocation_ratio: 1 };
  const memory = { ...inventory, total: 65536, max_unit: 65536 };
  const host = (name: string) => ({
    name,
    inventories: { VCPU: inventory, MEMORY_MB: memory, DISK_GB: inventory },
    traits: [],
  });
  return {
    version: 1,
    cloud: { hosts: [host('h1'), host('h2')], flavors: [flavor('m1', 1), flavor('m2', 2)] },
    options: DEFAULT_OPTIONS,
    operations,
    faults,
    holds,
  };
}

interface Telling {
  protocol?: 'nova' | 'rollback';
  defects?: string[];
  verbose?: boolean;
  color?: boolean;
}

function told(
  played: Scenario,
  { protocol = 'nova', defects = [], verbose = false, color = false }: Telling = {},
): { text: string; signatures: string[] } {
  const code = compile(
    PROTOCOLS[protocol],
    defects.map((id) => findDefect(id)!),
  );
  const { lines, violations } = tellStory({ scenario: played, code, contract: CONTRACTS.strict }, { color, verbose });
  return { text: `\n${lines.join('\n')}\n`, signatures: violations.map(({ signature }) => signature) };
}

const BUG_1825537 = scenario([BOOT, RESIZE], [fault(1, 'finish.driver', 'error-before')]);

describe('whole stories', () => {
  test('bug 1825537: a failed finish gives the claim back to the wrong host', () => {
    expect(told(BUG_1825537, { defects: ['R-05'] }).text).toMatchInlineSnapshot(`
      "
      hosts     h1, h2: VCPU=64 MEMORY_MB=65536 DISK_GB=64
      flavors   m1 vcpus=1 ram=512 disk=1; m2 vcpus=2 ram=1024 disk=2
      protocol  nova
      contract  strict: After any failed move the destination holds nothing and the source what it held, and the
                books are right everywhere else.
      defect    R-05: Failed finish gives the claim back to the wrong host

      1  boot s1 m1: accepted 202
          api  api.create
            … 1 step: boot.create
            cast build_instances to conductor
          scheduler  scheduler.select_destinations
            GET /allocation_candidates VCPU=1 MEMORY_MB=512 DISK_GB=1 -> 200 h1, h2
            … 2 steps: scheduler.filter, scheduler.next-host
            GET /allocations/s1 -> 200 nothing
            PUT /allocations/s1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen null -> 204
            … 1 step: scheduler.reply
          conductor  conductor.build_instances
            call select_destinations to scheduler -> ok
            cast build_and_run_instance to nova-compute h1
          nova-compute h1  compute.build_and_run_instance
            boot.rt-claim: s1 host - -> h1, task_state none -> spawning
            boot.driver: s1 disks on - -> h1, runs on - -> h1
            boot.set-active: s1 vm_state building -> active, task_state spawning -> none
          s1: h1 active/none m1 | I{h1:m1}

      2  resize s1 to m2: accepted 202
          api  api.resize
            … 1 step: api.validate
            api.set-task-state: s1 task_state none -> resize_prep
            … 1 step: api.action-record
            cast migrate_server to conductor
          conductor  conductor.migrate_server
            … 1 step: conductor.prepare
            conductor.create-migration: s1 s1/migration-1 pre-migrating
            … 1 step: conductor.read-source-node
            GET /allocations/s1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            GET /allocations/s1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            GET /allocations/s1/migration-1 -> 200 nothing
            POST /allocations s1 {} gen 1, s1/migration-1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen null -> 204
          scheduler  scheduler.select_destinations
            GET /allocation_candidates VCPU=2 MEMORY_MB=1024 DISK_GB=2 -> 200 h1, h2
            … 2 steps: scheduler.filter, scheduler.next-host
            GET /allocations/s1 -> 200 nothing
            PUT /allocations/s1 {h2: VCPU=2 MEMORY_MB=1024 DISK_GB=2} gen null -> 204
            … 1 step: scheduler.reply
          conductor  conductor.migrate_server (continued)
            call select_destinations to scheduler -> ok
            … 2 steps: conductor.reschedule, conductor.fill
            cast prep_resize to nova-compute h2
            … 1 step: conductor.save-reqspec
          nova-compute h2  compute.prep_resize
            … 4 steps: prep.start-notify, prep.group-policy, prep.stash, prep.pci-map
            GET /allocations/s1 -> 200 h2 VCPU=2 MEMORY_MB=1024 DISK_GB=2 (generation 1)
            … 2 steps: prep.rt-claim.save-migration, prep.rt-claim
            GET /resource_providers/h2/allocations -> 200 s1
            cast resize_instance to nova-compute h1
            … 1 step: prep.end-notify
          nova-compute h1  compute.resize_instance
            … 1 step: src.network-info
            src.set-migrating: s1 s1/migration-1 pre-migrating -> migrating
            src.set-task: s1 task_state resize_prep -> resize_migrating
            src.driver: s1 disks on h1 -> h2, runs on h1 -> -
            … 2 steps: src.volumes, src.network-start
            src.set-post-migrating: s1 s1/migration-1 migrating -> post-migrating
            src.flip-host: s1 host h1 -> h2, task_state resize_migrating -> resize_migrated
            cast finish_resize to nova-compute h2
            … 1 step: src.end-notify
          nova-compute h2  compute.finish_resize
            … 3 steps: finish.swap-bdm, finish.set-flavor, finish.network
            finish.set-task: s1 task_state resize_migrated -> resize_finish, flavor m1 -> m2
            … 1 step: finish.volumes-update
            GET /allocations/s1 -> 200 h2 VCPU=2 MEMORY_MB=1024 DISK_GB=2 (generation 1)
            ! error-before at finish.driver: raised
            undo finish.undo.vm: s1 vm_state active -> error, flavor m2 -> m1
            undo GET /allocations/s1/migration-1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            undo GET /allocations/s1/migration-1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            undo GET /allocations/s1 -> 200 h2 VCPU=2 MEMORY_MB=1024 DISK_GB=2 (generation 1)
            undo POST /allocations s1/migration-1 {} gen 1, s1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen 1 -> 204
            undo finish.undo.migration: s1 s1/migration-1 post-migrating -> error
            undo finish.undo.task: s1 task_state resize_finish -> none
            ends: raised
          s1: h1 active/none m1 | I{h1:m1} -> h2 error/none m1 | I{h1:m1} | M1{} error
          ✗ host-agreement: An instance holds exactly its flavor on its host and its migrations hold nothing; while
            a move is open they hold together exactly old on the source and new on the destination.
            the claim is not exactly the flavor on the host

      settle: all messages delivered, every nova-compute restarted, periodic work run
          no server changed

      1 violation:
        host-agreement | compute.finish_resize[vm] raised | D error/none old I{S:old} M{} error guest home
      "
    `);
  });

  test('a resize that is confirmed', () => {
    const confirmed = scenario([BOOT, RESIZE, { operation: 'confirm', server: 's1' }]);
    expect(told(confirmed).text).toMatchInlineSnapshot(`
      "
      hosts     h1, h2: VCPU=64 MEMORY_MB=65536 DISK_GB=64
      flavors   m1 vcpus=1 ram=512 disk=1; m2 vcpus=2 ram=1024 disk=2
      protocol  nova
      contract  strict: After any failed move the destination holds nothing and the source what it held, and the
                books are right everywhere else.

      1  boot s1 m1: accepted 202
          api  api.create
            … 1 step: boot.create
            cast build_instances to conductor
          scheduler  scheduler.select_destinations
            GET /allocation_candidates VCPU=1 MEMORY_MB=512 DISK_GB=1 -> 200 h1, h2
            … 2 steps: scheduler.filter, scheduler.next-host
            GET /allocations/s1 -> 200 nothing
            PUT /allocations/s1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen null -> 204
            … 1 step: scheduler.reply
          conductor  conductor.build_instances
            call select_destinations to scheduler -> ok
            cast build_and_run_instance to nova-compute h1
          nova-compute h1  compute.build_and_run_instance
            boot.rt-claim: s1 host - -> h1, task_state none -> spawning
            boot.driver: s1 disks on - -> h1, runs on - -> h1
            boot.set-active: s1 vm_state building -> active, task_state spawning -> none
          s1: h1 active/none m1 | I{h1:m1}

      2  resize s1 to m2: accepted 202
          api  api.resize
            … 1 step: api.validate
            api.set-task-state: s1 task_state none -> resize_prep
            … 1 step: api.action-record
            cast migrate_server to conductor
          conductor  conductor.migrate_server
            … 1 step: conductor.prepare
            conductor.create-migration: s1 s1/migration-1 pre-migrating
            … 1 step: conductor.read-source-node
            GET /allocations/s1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            GET /allocations/s1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            GET /allocations/s1/migration-1 -> 200 nothing
            POST /allocations s1 {} gen 1, s1/migration-1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen null -> 204
          scheduler  scheduler.select_destinations
            GET /allocation_candidates VCPU=2 MEMORY_MB=1024 DISK_GB=2 -> 200 h1, h2
            … 2 steps: scheduler.filter, scheduler.next-host
            GET /allocations/s1 -> 200 nothing
            PUT /allocations/s1 {h2: VCPU=2 MEMORY_MB=1024 DISK_GB=2} gen null -> 204
            … 1 step: scheduler.reply
          conductor  conductor.migrate_server (continued)
            call select_destinations to scheduler -> ok
            … 2 steps: conductor.reschedule, conductor.fill
            cast prep_resize to nova-compute h2
            … 1 step: conductor.save-reqspec
          nova-compute h2  compute.prep_resize
            … 4 steps: prep.start-notify, prep.group-policy, prep.stash, prep.pci-map
            GET /allocations/s1 -> 200 h2 VCPU=2 MEMORY_MB=1024 DISK_GB=2 (generation 1)
            … 2 steps: prep.rt-claim.save-migration, prep.rt-claim
            GET /resource_providers/h2/allocations -> 200 s1
            cast resize_instance to nova-compute h1
            … 1 step: prep.end-notify
          nova-compute h1  compute.resize_instance
            … 1 step: src.network-info
            src.set-migrating: s1 s1/migration-1 pre-migrating -> migrating
            src.set-task: s1 task_state resize_prep -> resize_migrating
            src.driver: s1 disks on h1 -> h2, runs on h1 -> -
            … 2 steps: src.volumes, src.network-start
            src.set-post-migrating: s1 s1/migration-1 migrating -> post-migrating
            src.flip-host: s1 host h1 -> h2, task_state resize_migrating -> resize_migrated
            cast finish_resize to nova-compute h2
            … 1 step: src.end-notify
          nova-compute h2  compute.finish_resize
            … 3 steps: finish.swap-bdm, finish.set-flavor, finish.network
            finish.set-task: s1 task_state resize_migrated -> resize_finish, flavor m1 -> m2
            … 1 step: finish.volumes-update
            GET /allocations/s1 -> 200 h2 VCPU=2 MEMORY_MB=1024 DISK_GB=2 (generation 1)
            finish.driver: s1 runs on - -> h2
            … 1 step: finish.volumes-complete
            finish.set-finished: s1 s1/migration-1 post-migrating -> finished
            finish.set-resized: s1 vm_state active -> resized, task_state resize_finish -> none
            … 1 step: finish.post
          s1: h1 active/none m1 | I{h1:m1} -> h2 resized/none m2 | I{h2:m2} | M1{h1:m1} finished

      3  confirm s1: accepted 202
          api  api.confirm_resize
            … 1 step: confirm.api
            confirm.set-confirming: s1 s1/migration-1 finished -> confirming
            cast confirm_resize to nova-compute h1
          nova-compute h1  compute.confirm_resize
            … 3 steps: confirm.check, confirm.network, confirm.driver
            confirm.drop-claim: s1 s1/migration-1 confirming -> confirmed
            GET /resource_providers/h1/allocations -> 200 s1/migration-1
            … 1 step: confirm.drop-context
            confirm.set-state: s1 vm_state resized -> active
            … 1 step: confirm.end-notify
            GET /allocations/s1/migration-1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            PUT /allocations/s1/migration-1 {} gen 1 -> 204
            … 1 step: confirm.unstash
          s1: h2 resized/none m2 | I{h2:m2} | M1{h1:m1} finished -> h2 active/none m2 | I{h2:m2} | M1{} confirmed

      settle: all messages delivered, every nova-compute restarted, periodic work run
          no server changed

      every law of the strict contract held
      "
    `);
  });

  test('the source dies in the middle of a resize that undoes itself', () => {
    const crash = scenario([BOOT, RESIZE], [fault(1, 'src.driver', 'crash-after')]);
    expect(told(crash, { protocol: 'rollback' }).text).toMatchInlineSnapshot(`
      "
      hosts     h1, h2: VCPU=64 MEMORY_MB=65536 DISK_GB=64
      flavors   m1 vcpus=1 ram=512 disk=1; m2 vcpus=2 ram=1024 disk=2
      protocol  rollback
      contract  strict: After any failed move the destination holds nothing and the source what it held, and the
                books are right everywhere else.

      1  boot s1 m1: accepted 202
          api  api.create
            … 1 step: boot.create
            cast build_instances to conductor
          scheduler  scheduler.select_destinations
            GET /allocation_candidates VCPU=1 MEMORY_MB=512 DISK_GB=1 -> 200 h1, h2
            … 2 steps: scheduler.filter, scheduler.next-host
            GET /allocations/s1 -> 200 nothing
            PUT /allocations/s1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen null -> 204
            … 1 step: scheduler.reply
          conductor  conductor.build_instances
            call select_destinations to scheduler -> ok
            cast build_and_run_instance to nova-compute h1
          nova-compute h1  compute.build_and_run_instance
            boot.rt-claim: s1 host - -> h1, task_state none -> spawning
            boot.driver: s1 disks on - -> h1, runs on - -> h1
            boot.set-active: s1 vm_state building -> active, task_state spawning -> none
          s1: h1 active/none m1 | I{h1:m1}

      2  resize s1 to m2: accepted 202
          api  api.resize
            … 1 step: api.validate
            api.set-task-state: s1 task_state none -> resize_prep, s1/migration-1 pre-migrating
            … 1 step: api.action-record
            cast migrate_server to conductor
          conductor  conductor.migrate_server
            … 2 steps: conductor.prepare, conductor.read-source-node
          scheduler  scheduler.select_destinations
            GET /allocation_candidates VCPU=2 MEMORY_MB=1024 DISK_GB=2 -> 200 h1, h2
            … 2 steps: scheduler.filter, scheduler.next-host
            GET /allocations/s1/migration-1 -> 200 nothing
            PUT /allocations/s1/migration-1 {h2: VCPU=2 MEMORY_MB=1024 DISK_GB=2} gen null -> 204
            … 1 step: scheduler.reply
          conductor  conductor.migrate_server (continued)
            call select_destinations to scheduler -> ok
            … 2 steps: conductor.reschedule, conductor.fill
            cast prep_resize to nova-compute h2
            … 1 step: conductor.save-reqspec
          nova-compute h2  compute.prep_resize
            … 4 steps: prep.start-notify, prep.group-policy, prep.stash, prep.pci-map
            GET /allocations/s1/migration-1 -> 200 h2 VCPU=2 MEMORY_MB=1024 DISK_GB=2 (generation 1)
            … 2 steps: prep.rt-claim.save-migration, prep.rt-claim
            GET /resource_providers/h2/allocations -> 200 s1/migration-1
            cast resize_instance to nova-compute h1
            … 1 step: prep.end-notify
          nova-compute h1  compute.resize_instance
            … 1 step: src.network-info
            src.set-migrating: s1 task_state resize_prep -> resize_migrating, s1/migration-1 pre-migrating ->
                migrating
            ! crash-after at src.driver
            src.driver: s1 disks on h1 -> h2, runs on h1 -> -
          nova-compute h1 crashes, with compute.resize_instance
          s1: h1 active/none m1 | I{h1:m1} -> h1 active/resize_migrating m1 | I{h1:m1} | M1{h2:m2} migrating

      settle: all messages delivered, every nova-compute restarted, periodic work run
          s1: h1 active/resize_migrating m1 | I{h1:m1} | M1{h2:m2} migrating
          -> h1 active/none m1 | I{h1:m1} | M1{} error

      every law of the strict contract held
      "
    `);
  });

  test('a server is deleted while its resize is held, and a message is lost', () => {
    const held = scenario(
      [BOOT, RESIZE, { operation: 'delete', server: 's1' }],
      [fault(2, 'nowhere', 'lost'), fault(0, 'scheduler.claim-put', 'conflict')],
      [{ operation: 1, point: 'prep.cast-resize', nth: 1, until: 2 }],
    );
    expect(told(held).text).toMatchInlineSnapshot(`
      "
      hosts     h1, h2: VCPU=64 MEMORY_MB=65536 DISK_GB=64
      flavors   m1 vcpus=1 ram=512 disk=1; m2 vcpus=2 ram=1024 disk=2
      protocol  nova
      contract  strict: After any failed move the destination holds nothing and the source what it held, and the
                books are right everywhere else.

      1  boot s1 m1: accepted 202
          api  api.create
            … 1 step: boot.create
            cast build_instances to conductor
          scheduler  scheduler.select_destinations
            GET /allocation_candidates VCPU=1 MEMORY_MB=512 DISK_GB=1 -> 200 h1, h2
            … 2 steps: scheduler.filter, scheduler.next-host
            GET /allocations/s1 -> 200 nothing
            ! conflict at scheduler.claim-put: raised on a consumer generation conflict
            PUT /allocations/s1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen null -> 409 consumer generation conflict
            ends: raised on a consumer generation conflict
          conductor  conductor.build_instances
            call select_destinations to scheduler -> raised on a consumer generation conflict
            undo boot.conductor.undo.state: s1 vm_state building -> error
            ends: raised on a consumer generation conflict
          s1: - error/none m1 | I{}

      2  resize s1 to m2: refused 409
          api  api.resize
            api.validate refused

      3  delete s1: accepted 202
          api  api.delete
            … 1 step: delete.api
            delete.set-task: s1 task_state none -> deleting
            … 4 steps: delete.confirm, delete.check-host, delete.local.network, delete.local.volumes
            DELETE /allocations/s1 -> 404 no allocations for the consumer
            delete.local.destroy: s1 vm_state error -> deleted, task_state deleting -> none, deleted no -> yes
          s1: - error/none m1 | I{} -> deleted | I{}

      settle: all messages delivered, every nova-compute restarted, periodic work run
          no server changed

      the fault nowhere lost in delete s1 never struck
      the hold at prep.cast-resize in resize s1 to m2 until operation 3: delete s1 never struck
      every law of the strict contract held
      "
    `);
  });
});
