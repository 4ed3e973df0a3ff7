import { describe, expect, test } from 'vitest';
import { judgeScenario } from '../campaign/judge.ts';
import { CONTRACTS } from '../contract/contracts.ts';
import { compile } from '../engine/compile.ts';
import { findDefect } from '../nova/defects/defects.ts';
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
      defect    R-05, 1825537, finish_fail_gives_back_to_source: Failed finish gives the claim back to the wrong
                host

      1  boot s1 m1: accepted 202
          s1: h1 active/none m1 | I{h1:m1}

      2  resize s1 to m2: accepted 202
          api  api.resize
            … api.validate
            api.set-task-state: s1 task_state none -> resize_prep
            … api.action-record
            cast migrate_server to conductor
          conductor  conductor.migrate_server
            … conductor.prepare
            conductor.create-migration: s1/migration-1 pre-migrating
            … conductor.read-source-node
            GET /allocations/s1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            GET /allocations/s1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            GET /allocations/s1/migration-1 -> 200 nothing
            POST /allocations s1 {} gen 1, s1/migration-1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen null -> 204
          scheduler  scheduler.select_destinations
            GET /allocation_candidates VCPU=2 MEMORY_MB=1024 DISK_GB=2 -> 200 h1, h2
            … 2 steps: scheduler.filter, scheduler.next-host
            GET /allocations/s1 -> 200 nothing
            PUT /allocations/s1 {h2: VCPU=2 MEMORY_MB=1024 DISK_GB=2} gen null -> 204
            … scheduler.reply
          conductor  conductor.migrate_server (continued)
            call select_destinations to scheduler -> ok
            … conductor.fill
            cast prep_resize to nova-compute h2
            … conductor.save-reqspec
          nova-compute h2  compute.prep_resize
            … 4 steps: prep.start-notify, prep.group-policy, prep.stash, prep.pci-map
            GET /allocations/s1 -> 200 h2 VCPU=2 MEMORY_MB=1024 DISK_GB=2 (generation 1)
            … 2 steps: prep.rt-claim.save-migration, prep.rt-claim
            GET /resource_providers/h2/allocations -> 200 s1
            cast resize_instance to nova-compute h1
            … prep.end-notify
          nova-compute h1  compute.resize_instance
            … src.network-info
            src.set-migrating: s1/migration-1 pre-migrating -> migrating
            src.set-task: s1 task_state resize_prep -> resize_migrating
            src.driver: s1 disks on h1 -> h2, runs on h1 -> -
            … 2 steps: src.volumes, src.network-start
            src.set-post-migrating: s1/migration-1 migrating -> post-migrating
            src.flip-host: s1 host h1 -> h2, task_state resize_migrating -> resize_migrated
            cast finish_resize to nova-compute h2
            … src.end-notify
          nova-compute h2  compute.finish_resize
            … 3 steps: finish.swap-bdm, finish.set-flavor, finish.network
            finish.set-task: s1 task_state resize_migrated -> resize_finish, flavor m1 -> m2
            … finish.volumes-update
            GET /allocations/s1 -> 200 h2 VCPU=2 MEMORY_MB=1024 DISK_GB=2 (generation 1)
            ! error-before at finish.driver, Nova saw: raised
            undo finish.undo.vm: s1 vm_state active -> error, flavor m2 -> m1
            undo GET /allocations/s1/migration-1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            undo GET /allocations/s1/migration-1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            undo GET /allocations/s1 -> 200 h2 VCPU=2 MEMORY_MB=1024 DISK_GB=2 (generation 1)
            undo POST /allocations s1/migration-1 {} gen 1, s1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen 1 -> 204
            undo finish.undo.migration: s1/migration-1 post-migrating -> error
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
          s1: h1 active/none m1 | I{h1:m1}

      2  resize s1 to m2: accepted 202
          api  api.resize
            … api.validate
            api.set-task-state: s1 task_state none -> resize_prep
            … api.action-record
            cast migrate_server to conductor
          conductor  conductor.migrate_server
            … conductor.prepare
            conductor.create-migration: s1/migration-1 pre-migrating
            … conductor.read-source-node
            GET /allocations/s1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            GET /allocations/s1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            GET /allocations/s1/migration-1 -> 200 nothing
            POST /allocations s1 {} gen 1, s1/migration-1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen null -> 204
          scheduler  scheduler.select_destinations
            GET /allocation_candidates VCPU=2 MEMORY_MB=1024 DISK_GB=2 -> 200 h1, h2
            … 2 steps: scheduler.filter, scheduler.next-host
            GET /allocations/s1 -> 200 nothing
            PUT /allocations/s1 {h2: VCPU=2 MEMORY_MB=1024 DISK_GB=2} gen null -> 204
            … scheduler.reply
          conductor  conductor.migrate_server (continued)
            call select_destinations to scheduler -> ok
            … conductor.fill
            cast prep_resize to nova-compute h2
            … conductor.save-reqspec
          nova-compute h2  compute.prep_resize
            … 4 steps: prep.start-notify, prep.group-policy, prep.stash, prep.pci-map
            GET /allocations/s1 -> 200 h2 VCPU=2 MEMORY_MB=1024 DISK_GB=2 (generation 1)
            … 2 steps: prep.rt-claim.save-migration, prep.rt-claim
            GET /resource_providers/h2/allocations -> 200 s1
            cast resize_instance to nova-compute h1
            … prep.end-notify
          nova-compute h1  compute.resize_instance
            … src.network-info
            src.set-migrating: s1/migration-1 pre-migrating -> migrating
            src.set-task: s1 task_state resize_prep -> resize_migrating
            src.driver: s1 disks on h1 -> h2, runs on h1 -> -
            … 2 steps: src.volumes, src.network-start
            src.set-post-migrating: s1/migration-1 migrating -> post-migrating
            src.flip-host: s1 host h1 -> h2, task_state resize_migrating -> resize_migrated
            cast finish_resize to nova-compute h2
            … src.end-notify
          nova-compute h2  compute.finish_resize
            … 3 steps: finish.swap-bdm, finish.set-flavor, finish.network
            finish.set-task: s1 task_state resize_migrated -> resize_finish, flavor m1 -> m2
            … finish.volumes-update
            GET /allocations/s1 -> 200 h2 VCPU=2 MEMORY_MB=1024 DISK_GB=2 (generation 1)
            finish.driver: s1 runs on - -> h2
            … finish.volumes-complete
            finish.set-finished: s1/migration-1 post-migrating -> finished
            finish.set-resized: s1 vm_state active -> resized, task_state resize_finish -> none
            … finish.post
          s1: h1 active/none m1 | I{h1:m1} -> h2 resized/none m2 | I{h2:m2} | M1{h1:m1} finished

      3  confirm s1: accepted 202
          api  api.confirm_resize
            … confirm.api
            confirm.set-confirming: s1/migration-1 finished -> confirming
            cast confirm_resize to nova-compute h1
          nova-compute h1  compute.confirm_resize
            … 3 steps: confirm.check, confirm.network, confirm.driver
            confirm.drop-claim: s1/migration-1 confirming -> confirmed
            GET /resource_providers/h1/allocations -> 200 s1/migration-1
            … confirm.drop-context
            confirm.set-state: s1 vm_state resized -> active
            … confirm.end-notify
            GET /allocations/s1/migration-1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            PUT /allocations/s1/migration-1 {} gen 1 -> 204
            … confirm.unstash
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
          s1: h1 active/none m1 | I{h1:m1}

      2  resize s1 to m2: accepted 202
          api  api.resize
            … api.validate
            api.set-task-state: s1 task_state none -> resize_prep, s1/migration-1 pre-migrating
            … api.action-record
            cast migrate_server to conductor
          conductor  conductor.migrate_server
            … 2 steps: conductor.prepare, conductor.read-source-node
          scheduler  scheduler.select_destinations
            GET /allocation_candidates VCPU=2 MEMORY_MB=1024 DISK_GB=2 -> 200 h1, h2
            … 2 steps: scheduler.filter, scheduler.next-host
            GET /allocations/s1/migration-1 -> 200 nothing
            PUT /allocations/s1/migration-1 {h2: VCPU=2 MEMORY_MB=1024 DISK_GB=2} gen null -> 204
            … scheduler.reply
          conductor  conductor.migrate_server (continued)
            call select_destinations to scheduler -> ok
            … conductor.fill
            cast prep_resize to nova-compute h2
          nova-compute h2  compute.prep_resize
            … 4 steps: prep.start-notify, prep.group-policy, prep.stash, prep.pci-map
            GET /allocations/s1/migration-1 -> 200 h2 VCPU=2 MEMORY_MB=1024 DISK_GB=2 (generation 1)
            … 2 steps: prep.rt-claim.save-migration, prep.rt-claim
            GET /resource_providers/h2/allocations -> 200 s1/migration-1
            cast resize_instance to nova-compute h1
            … prep.end-notify
          nova-compute h1  compute.resize_instance
            … src.network-info
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

  test('a server is deleted while its resize is held', () => {
    const held = scenario(
      [BOOT, RESIZE, { operation: 'delete', server: 's1' }],
      [fault(2, 'nowhere', 'lost')],
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
          s1: h1 active/none m1 | I{h1:m1}

      2  resize s1 to m2: accepted 202
          api  api.resize
            … api.validate
            api.set-task-state: s1 task_state none -> resize_prep
            … api.action-record
            cast migrate_server to conductor
          conductor  conductor.migrate_server
            … conductor.prepare
            conductor.create-migration: s1/migration-1 pre-migrating
            … conductor.read-source-node
            GET /allocations/s1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            GET /allocations/s1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            GET /allocations/s1/migration-1 -> 200 nothing
            POST /allocations s1 {} gen 1, s1/migration-1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen null -> 204
          scheduler  scheduler.select_destinations
            GET /allocation_candidates VCPU=2 MEMORY_MB=1024 DISK_GB=2 -> 200 h1, h2
            … 2 steps: scheduler.filter, scheduler.next-host
            GET /allocations/s1 -> 200 nothing
            PUT /allocations/s1 {h2: VCPU=2 MEMORY_MB=1024 DISK_GB=2} gen null -> 204
            … scheduler.reply
          conductor  conductor.migrate_server (continued)
            call select_destinations to scheduler -> ok
            … conductor.fill
            cast prep_resize to nova-compute h2
            … conductor.save-reqspec
          nova-compute h2  compute.prep_resize
            … 4 steps: prep.start-notify, prep.group-policy, prep.stash, prep.pci-map
            GET /allocations/s1 -> 200 h2 VCPU=2 MEMORY_MB=1024 DISK_GB=2 (generation 1)
            … 2 steps: prep.rt-claim.save-migration, prep.rt-claim
            GET /resource_providers/h2/allocations -> 200 s1
            ~ held before prep.cast-resize
          s1: h1 active/none m1 | I{h1:m1} -> h1 active/resize_prep m1 | I{h2:m2} | M1{h1:m1} pre-migrating

      3  delete s1: accepted 202
          api  api.delete
            … delete.api
            delete.set-task: s1 task_state resize_prep -> deleting
            … 2 steps: delete.confirm, delete.check-host
            cast terminate_instance to nova-compute h1
            … delete.done
          nova-compute h1  compute.terminate_instance
            terminate.driver: s1 disks on h1 -> -, runs on h1 -> -
            … terminate.volumes
            terminate.set-deleted: s1 vm_state active -> deleted, task_state deleting -> none
            … terminate.rt-update
            GET /resource_providers/h1/allocations -> 200 s1/migration-1
            DELETE /allocations/s1 -> 204
            terminate.destroy: s1 deleted no -> yes, s1/migration-1 pre-migrating -> deleted
          nova-compute h2  compute.prep_resize (of operation 2, continued)
            ~ released before prep.cast-resize
            cast resize_instance to nova-compute h1
            … prep.end-notify
          nova-compute h1  compute.resize_instance (of operation 2)
            … 2 steps: src.network-info, src.set-migrating
            src.set-task raised InstanceNotFound
            undo … 2 steps: src.undo.migration, src.undo.vm
            undo GET /allocations/s1/migration-1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            undo GET /allocations/s1/migration-1 -> 200 h1 VCPU=1 MEMORY_MB=512 DISK_GB=1 (generation 1)
            undo GET /allocations/s1 -> 200 nothing
            undo POST /allocations s1/migration-1 {} gen 1, s1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen null -> 204
            undo src.undo.task raised InstanceNotFound, logged and no more
            ends: raised InstanceNotFound
          s1: h1 active/resize_prep m1 | I{h2:m2} | M1{h1:m1} pre-migrating -> deleted | I{h1:m1} | M1{} deleted

      settle: all messages delivered, every nova-compute restarted, periodic work run
          s1: deleted | I{h1:m1} | M1{} deleted -> deleted | I{} | M1{} deleted

      the fault nowhere lost in delete s1 never struck
      every law of the strict contract held
      "
    `);
  });
});

/** The lines of a story that say it. */
const saying = (text: string, ...words: string[]): string[] =>
  text.split('\n').filter((line) => words.some((word) => line.includes(word)));

describe('a story', () => {
  test('says what became of messages', () => {
    const fate = (point: string, kind: Fault['kind']): string[] =>
      saying(
        told(scenario([BOOT, RESIZE], [fault(1, point, kind)])).text,
        `at ${point}`,
        'resize_instance to',
        'destinations to',
      );
    expect({
      lost: fate('prep.cast-resize', 'lost'),
      late: fate('prep.cast-resize', 'late'),
      refused: fate('prep.cast-resize', 'refused'),
      timeout: fate('conductor.schedule', 'timeout-after'),
    }).toMatchInlineSnapshot(`
      {
        "late": [
          "      call select_destinations to scheduler -> ok",
          "      ! late at prep.cast-resize, Nova saw: ok",
          "      cast resize_instance to nova-compute h1, late",
        ],
        "lost": [
          "      call select_destinations to scheduler -> ok",
          "      ! lost at prep.cast-resize, Nova saw: ok",
          "      cast resize_instance to nova-compute h1, lost",
        ],
        "refused": [
          "      call select_destinations to scheduler -> ok",
          "      ! refused at prep.cast-resize, Nova saw: raised MessagingTimeout",
          "      cast resize_instance to nova-compute h1, not sent",
        ],
        "timeout": [
          "      ! timeout-after at conductor.schedule: the reply will be lost",
          "      call select_destinations to scheduler -> raised MessagingTimeout",
        ],
      }
    `);
  });

  test('says what became of requests', () => {
    const fate = (kind: Fault['kind']): string[] =>
      saying(told(scenario([BOOT, RESIZE], [fault(1, 'conductor.swap', kind)])).text, '!', 'POST', 'crashes', 'ends');
    expect({
      conflict: fate('conflict'),
      'reply-lost': fate('reply-lost'),
      'html-before': fate('html-before'),
      'crash-before': fate('crash-before'),
      'crash-after': fate('crash-after'),
    }).toMatchInlineSnapshot(`
      {
        "conflict": [
          "      ! conflict at conductor.swap, Nova saw: raised on a consumer generation conflict",
          "      POST /allocations s1 {} gen 1, s1/migration-1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen null -> 409",
          "      ends: raised on a consumer generation conflict",
        ],
        "crash-after": [
          "      ! crash-after at conductor.swap",
          "      POST /allocations s1 {} gen 1, s1/migration-1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen null -> 204",
          "    conductor crashes, with conductor.migrate_server",
        ],
        "crash-before": [
          "      ! crash-before at conductor.swap",
          "    conductor crashes, with conductor.migrate_server",
        ],
        "html-before": [
          "      ! html-before at conductor.swap, Nova saw: raised on the answer of Placement",
          "      POST /allocations s1 {} gen 1, s1/migration-1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen null -> 503 a 503",
          "      ends: raised on the answer of Placement",
        ],
        "reply-lost": [
          "      ! reply-lost at conductor.swap, Nova saw: returned falsy",
          "      POST /allocations s1 {} gen 1, s1/migration-1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen null -> no",
          "      ends: raised NoValidHost",
        ],
      }
    `);
  });

  test('says when the client sent a request again', () => {
    const resized = scenario([BOOT, RESIZE], [fault(1, 'conductor.swap', 'reply-lost')]);
    const replayed: Scenario = { ...resized, options: { ...resized.options, client_replay: 1 } };
    expect(saying(told(replayed).text, '!', 'POST')).toMatchInlineSnapshot(`
      [
        "      ! reply-lost at conductor.swap, the client sends it again, Nova saw: raised on a consumer generation",
        "      POST /allocations s1 {} gen 1, s1/migration-1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen null -> 409",
      ]
    `);
    const twice: Scenario = { ...replayed, faults: [{ ...resized.faults[0]!, times: 2 }] };
    expect(saying(told(twice).text, '!', 'POST')).toMatchInlineSnapshot(`
      [
        "      ! reply-lost at conductor.swap, the client sends it again",
        "      ! reply-lost at conductor.swap, Nova saw: returned falsy",
        "      POST /allocations s1 {} gen 1, s1/migration-1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen null -> no",
      ]
    `);
  });

  test('verbose: requests as Nova sends them, and every step', () => {
    const { text } = told(BUG_1825537, { defects: ['R-05'], verbose: true });
    expect(saying(text, 'scheduler.', '/allocations', '/allocation_candidates').slice(0, 10)).toMatchInlineSnapshot(`
      [
        "    scheduler  scheduler.select_destinations",
        "      GET /allocation_candidates VCPU=1 MEMORY_MB=512 DISK_GB=1 -> 200 h1, h2",
        "        scheduler.candidates: GET /allocation_candidates?limit=1000&resources=DISK_GB%3A1%2CMEMORY_MB%3A512%2CVCPU%3A1&root_required=%21COMPUTE_STATUS_DISABLED (microversion 1.36)",
        "      scheduler.filter",
        "      scheduler.next-host",
        "      GET /allocations/s1 -> 200 nothing",
        "        scheduler.claim-get: GET /allocations/0641a8cc-7892-46f2-8890-fe05f09d4379 (microversion 1.28)",
        "      PUT /allocations/s1 {h1: VCPU=1 MEMORY_MB=512 DISK_GB=1} gen null -> 204",
        "        scheduler.claim-put: PUT /allocations/0641a8cc-7892-46f2-8890-fe05f09d4379 (microversion 1.36) {"allocations":{"84a97781-02a0-4964-9a78-f2d7f8703424":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}}},"mappings":{"":["84a97781-02a0-4964-9a78-f2d7f8703424"]},"consumer_generation":null,"project_id":"c2c97e4ccf3a4b9e86b27ce7b3afe198","user_id":"7ac80cacd38d4a02b8ab37b70e6b5db6"}",
        "      scheduler.reply",
      ]
    `);
    expect(text).not.toContain('…');
    expect(saying(text, 'compute.init_host').length).toBeGreaterThan(0);
  });

  test('lets no name through that is more than text', () => {
    const evil = 'm\u001b[2J\u202e\u0007';
    const played = scenario([
      { ...BOOT, server: evil, flavor: evil },
      { ...RESIZE, server: evil, flavor: 'm2' },
      { operation: 'crash', service: evil },
    ]);
    const { hosts, flavors } = played.cloud;
    const hostile: Scenario = {
      ...played,
      cloud: {
        hosts: [{ ...hosts[0]!, name: evil }, hosts[1]!],
        flavors: [
          { ...flavors[0]!, name: evil, properties: { [evil]: evil, [`trait:${evil}`]: 'forbidden' } },
          flavors[1]!,
        ],
      },
      faults: [fault(1, 'finish.driver', 'error-before'), fault(1, evil, 'lost')],
    };
    for (const verbose of [false, true]) {
      const { text } = told(hostile, { defects: ['R-05'], verbose });
      expect(text).toContain('m\\u001B[2J');
      expect(text.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
    }
  });

  test('has the verdict of a campaign, which judges less often', () => {
    // a story looks at the failed revert at rest, a campaign only when the poll has been there too
    const played = scenario(
      [BOOT, RESIZE, { operation: 'revert', server: 's1' }, { operation: 'poll_unconfirmed_resizes', host: 'h2' }],
      [fault(2, 'revert.set-task', 'error-after')],
    );
    const code = compile(PROTOCOLS.nova);
    const judged = judgeScenario(code, CONTRACTS.strict, played).map(({ signature }) => signature);
    const { text, signatures } = told(played);
    expect(signatures).toEqual(judged);
    expect(text).toContain('where a campaign does not look');
    expect(saying(text, ' | api.revert_resize', 'seen above', 'violation:')).toMatchInlineSnapshot(`
      [
        "seen above, where a campaign does not look:",
        "  atomic-decision+host-agreement+no-orphan-consumer+no-stuck-migration | api.revert_resize[unguarded] raised | D resized/resize_reverting new I{D:new} M{S:old} finished guest home",
        "1 violation:",
        "  atomic-decision+host-agreement+no-orphan-consumer+no-stuck-migration | api.revert_resize[unguarded] raised | D resized/resize_reverting new I{D:new} M{S:old} error guest home",
      ]
    `);
  });

  test('is coloured where it is asked for, violated laws red', () => {
    const { text } = told(BUG_1825537, { defects: ['R-05'], color: true });
    expect(text).toContain('\u001b[31m✗ host-agreement');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
    expect(text.replace(/\u001b\[\d+m/g, '')).toBe(told(BUG_1825537, { defects: ['R-05'] }).text);
  });
});
