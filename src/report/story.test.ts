import { expect, test } from 'vitest';
import { CONTRACTS } from '../contract/contracts.ts';
import { compile } from '../engine/compile.ts';
import { findDefect } from '../nova/defects.ts';
import { PROTOCOLS } from '../nova/protocols.ts';
import { DEFAULT_OPTIONS, type Fault, type Operation, type Scenario } from '../scenario/scenario.ts';
import { tellStory } from './story.ts';

const inventory = (total: number) => ({
  total,
  reserved: 0,
  min_unit: 1,
  max_unit: total,
  step_size: 1,
  allocation_ratio: 1,
});
const host = (name: string) => ({
  name,
  inventories: { VCPU: inventory(8), MEMORY_MB: inventory(8192), DISK_GB: inventory(100) },
  traits: [],
});
const flavor = (name: string, size: number) => ({
  name,
  vcpus: size,
  ram: 512 * size,
  disk: size,
  ephemeral: 0,
  swap: 0,
  properties: {},
});

function scenario(operations: Operation[], faults: Partial<Fault>[] = [], large = 'm2'): Scenario {
  return {
    version: 1,
    cloud: { hosts: [host('h1'), host('h2')], flavors: [flavor('m1', 1), flavor(large, 2)] },
    options: DEFAULT_OPTIONS,
    operations: [{ operation: 'boot', server: 's1', flavor: 'm1' }, ...operations],
    faults: faults.map((fault) => ({ operation: 1, point: '', kind: 'error-before', nth: 1, times: 1, ...fault })),
    holds: [],
  };
}

const RESIZE: Operation = { operation: 'resize', server: 's1', flavor: 'm2' };
const story = (told: Scenario, code = compile(PROTOCOLS.nova), verbose = false): string =>
  `\n${tellStory({ scenario: told, code, contract: CONTRACTS.strict }, { color: false, verbose }).lines.join('\n')}\n`;

test('bug 1825537: a failed finish gives the claim back to the wrong host', () => {
  const code = compile(PROTOCOLS.nova, [findDefect('1825537')!]);
  expect(story(scenario([RESIZE], [{ point: 'finish.driver' }]), code)).toMatchInlineSnapshot(`
    "
    host h1: VCPU 8, MEMORY_MB 8192, DISK_GB 100
    host h2: VCPU 8, MEMORY_MB 8192, DISK_GB 100
    flavor m1: 1 VCPU, 512 MB, 1 GB
    flavor m2: 2 VCPU, 1024 MB, 2 GB
    protocol nova, with R-05 (Failed finish gives the claim back to the wrong host); contract strict
    1  boot s1 m1
      nova-api: api.create
        boot: create
        boot.cast-conductor  cast conductor.build_instances to conductor
      scheduler: scheduler.select_destinations
        scheduler.candidates  GET /allocation_candidates -> 200 h1, h2
        scheduler: filter, next-host
        scheduler.claim-get  GET /allocations/s1 -> 200 {}
        scheduler.claim-put  PUT /allocations s1 {h1:m1} gen null -> 204
        scheduler: reply
      conductor: conductor.build_instances
        boot.schedule  called scheduler.select_destinations on scheduler
        boot.cast-build  cast compute.build_and_run_instance to nova-compute h1
      nova-compute h1: compute.build_and_run_instance
        boot: rt-claim, driver, set-active
      accepted (HTTP 202)
      s1 is  h1 active/none m1 | I{h1:m1}
    2  resize s1 to m2
      nova-api: api.resize
        api: validate, set-task-state, action-record
        api.cast-conductor  cast conductor.migrate_server to conductor
      conductor: conductor.migrate_server
        conductor: prepare, create-migration, read-source-node
        conductor.get-allocs  GET /allocations/s1 -> 200 {h1:m1} gen 1
        conductor.swap.get-source  GET /allocations/s1 -> 200 {h1:m1} gen 1
        conductor.swap.get-target  GET /allocations/s1/migration-1 -> 200 {}
        conductor.swap  POST /allocations s1 {} gen 1, s1/migration-1 {h1:m1} gen null -> 204
      scheduler: scheduler.select_destinations
        scheduler.candidates  GET /allocation_candidates -> 200 h1, h2
        scheduler: filter, next-host
        scheduler.claim-get  GET /allocations/s1 -> 200 {}
        scheduler.claim-put  PUT /allocations s1 {h2:m2} gen null -> 204
        scheduler: reply
      conductor: conductor.migrate_server
        conductor.schedule  called scheduler.select_destinations on scheduler
        conductor: reschedule, fill
        conductor.cast-prep  cast compute.prep_resize to nova-compute h2
        conductor: save-reqspec
      nova-compute h2: compute.prep_resize
        prep: start-notify, group-policy, stash, pci-map
        prep.get-allocs  GET /allocations/s1 -> 200 {h2:m2} gen 1
        prep: rt-claim.save-migration, rt-claim
        prep.rt-claim.placement  GET /resource_providers/h2/allocations -> 200 s1
        prep.cast-resize  cast compute.resize_instance to nova-compute h1
        prep: end-notify
      nova-compute h1: compute.resize_instance
        src: network-info, set-migrating, set-task, driver, volumes, network-start, set-post-migrating, flip-host
        src.cast-finish  cast compute.finish_resize to nova-compute h2
        src: end-notify
      nova-compute h2: compute.finish_resize
        finish: swap-bdm, set-flavor, network, set-task, volumes-update
        finish.get-allocs  GET /allocations/s1 -> 200 {h2:m2} gen 1
        ! error-before at finish.driver
        finish.driver: raised
        finish: undo.vm
        undo finish.undo.claim.get-allocs  GET /allocations/s1/migration-1 -> 200 {h1:m1} gen 1
        undo finish.undo.claim.get-source  GET /allocations/s1/migration-1 -> 200 {h1:m1} gen 1
        undo finish.undo.claim.get-target  GET /allocations/s1 -> 200 {h2:m2} gen 1
        undo finish.undo.claim  POST /allocations s1/migration-1 {} gen 1, s1 {h1:m1} gen 1 -> 204
        finish: undo.migration, undo.task
        compute.finish_resize ends: raised
      accepted (HTTP 202)
      s1 was h1 active/none m1 | I{h1:m1}
      s1 is  h2 error/none m1 | I{h1:m1} | M1{} error
      VIOLATED host-agreement s1: the claim is not exactly the flavor on the host
        An instance holds exactly its flavor on its host and its migrations hold nothing; while a move is open they hold together exactly old on the source and new on the destination.
    settle every fault disarmed, every service up, every message delivered, audits run
    signature: host-agreement | compute.finish_resize[vm] raised | D error/none old I{S:old} M{} error guest home
    "
  `);
});

test('a resize and its confirm, with nothing in the way', () => {
  expect(story(scenario([RESIZE, { operation: 'confirm', server: 's1' }]))).toMatchInlineSnapshot(`
    "
    host h1: VCPU 8, MEMORY_MB 8192, DISK_GB 100
    host h2: VCPU 8, MEMORY_MB 8192, DISK_GB 100
    flavor m1: 1 VCPU, 512 MB, 1 GB
    flavor m2: 2 VCPU, 1024 MB, 2 GB
    protocol nova; contract strict
    1  boot s1 m1
      nova-api: api.create
        boot: create
        boot.cast-conductor  cast conductor.build_instances to conductor
      scheduler: scheduler.select_destinations
        scheduler.candidates  GET /allocation_candidates -> 200 h1, h2
        scheduler: filter, next-host
        scheduler.claim-get  GET /allocations/s1 -> 200 {}
        scheduler.claim-put  PUT /allocations s1 {h1:m1} gen null -> 204
        scheduler: reply
      conductor: conductor.build_instances
        boot.schedule  called scheduler.select_destinations on scheduler
        boot.cast-build  cast compute.build_and_run_instance to nova-compute h1
      nova-compute h1: compute.build_and_run_instance
        boot: rt-claim, driver, set-active
      accepted (HTTP 202)
      s1 is  h1 active/none m1 | I{h1:m1}
    2  resize s1 to m2
      nova-api: api.resize
        api: validate, set-task-state, action-record
        api.cast-conductor  cast conductor.migrate_server to conductor
      conductor: conductor.migrate_server
        conductor: prepare, create-migration, read-source-node
        conductor.get-allocs  GET /allocations/s1 -> 200 {h1:m1} gen 1
        conductor.swap.get-source  GET /allocations/s1 -> 200 {h1:m1} gen 1
        conductor.swap.get-target  GET /allocations/s1/migration-1 -> 200 {}
        conductor.swap  POST /allocations s1 {} gen 1, s1/migration-1 {h1:m1} gen null -> 204
      scheduler: scheduler.select_destinations
        scheduler.candidates  GET /allocation_candidates -> 200 h1, h2
        scheduler: filter, next-host
        scheduler.claim-get  GET /allocations/s1 -> 200 {}
        scheduler.claim-put  PUT /allocations s1 {h2:m2} gen null -> 204
        scheduler: reply
      conductor: conductor.migrate_server
        conductor.schedule  called scheduler.select_destinations on scheduler
        conductor: reschedule, fill
        conductor.cast-prep  cast compute.prep_resize to nova-compute h2
        conductor: save-reqspec
      nova-compute h2: compute.prep_resize
        prep: start-notify, group-policy, stash, pci-map
        prep.get-allocs  GET /allocations/s1 -> 200 {h2:m2} gen 1
        prep: rt-claim.save-migration, rt-claim
        prep.rt-claim.placement  GET /resource_providers/h2/allocations -> 200 s1
        prep.cast-resize  cast compute.resize_instance to nova-compute h1
        prep: end-notify
      nova-compute h1: compute.resize_instance
        src: network-info, set-migrating, set-task, driver, volumes, network-start, set-post-migrating, flip-host
        src.cast-finish  cast compute.finish_resize to nova-compute h2
        src: end-notify
      nova-compute h2: compute.finish_resize
        finish: swap-bdm, set-flavor, network, set-task, volumes-update
        finish.get-allocs  GET /allocations/s1 -> 200 {h2:m2} gen 1
        finish: driver, volumes-complete, set-finished, set-resized, post
      accepted (HTTP 202)
      s1 was h1 active/none m1 | I{h1:m1}
      s1 is  h2 resized/none m2 | I{h2:m2} | M1{h1:m1} finished
    3  confirm s1
      nova-api: api.confirm_resize
        confirm: api, set-confirming
        confirm.cast  cast compute.confirm_resize to nova-compute h1
      nova-compute h1: compute.confirm_resize
        confirm: check, network, driver, drop-claim
        confirm.drop-claim.placement  GET /resource_providers/h1/allocations -> 200 s1/migration-1
        confirm: drop-context, set-state, end-notify
        confirm.delete-alloc.get  GET /allocations/s1/migration-1 -> 200 {h1:m1} gen 1
        confirm.delete-alloc  PUT /allocations s1/migration-1 {} gen 1 -> 204
        confirm: unstash
      accepted (HTTP 202)
      s1 was h2 resized/none m2 | I{h2:m2} | M1{h1:m1} finished
      s1 is  h2 active/none m2 | I{h2:m2} | M1{} confirmed
    settle every fault disarmed, every service up, every message delivered, audits run
    Every law held.
    "
  `);
});

test('a compute that dies under the rollback protocol', () => {
  const code = compile(PROTOCOLS.rollback);
  expect(story(scenario([RESIZE], [{ point: 'src.driver', kind: 'crash-after' }]), code)).toMatchInlineSnapshot(`
    "
    host h1: VCPU 8, MEMORY_MB 8192, DISK_GB 100
    host h2: VCPU 8, MEMORY_MB 8192, DISK_GB 100
    flavor m1: 1 VCPU, 512 MB, 1 GB
    flavor m2: 2 VCPU, 1024 MB, 2 GB
    protocol rollback; contract strict
    1  boot s1 m1
      nova-api: api.create
        boot: create
        boot.cast-conductor  cast conductor.build_instances to conductor
      scheduler: scheduler.select_destinations
        scheduler.candidates  GET /allocation_candidates -> 200 h1, h2
        scheduler: filter, next-host
        scheduler.claim-get  GET /allocations/s1 -> 200 {}
        scheduler.claim-put  PUT /allocations s1 {h1:m1} gen null -> 204
        scheduler: reply
      conductor: conductor.build_instances
        boot.schedule  called scheduler.select_destinations on scheduler
        boot.cast-build  cast compute.build_and_run_instance to nova-compute h1
      nova-compute h1: compute.build_and_run_instance
        boot: rt-claim, driver, set-active
      accepted (HTTP 202)
      s1 is  h1 active/none m1 | I{h1:m1}
    2  resize s1 to m2
      nova-api: api.resize
        api: validate, set-task-state, action-record
        api.cast-conductor  cast conductor.migrate_server to conductor
      conductor: conductor.migrate_server
        conductor: prepare, read-source-node
      scheduler: scheduler.select_destinations
        scheduler.candidates  GET /allocation_candidates -> 200 h1, h2
        scheduler: filter, next-host
        scheduler.claim-get  GET /allocations/s1/migration-1 -> 200 {}
        scheduler.claim-put  PUT /allocations s1/migration-1 {h2:m2} gen null -> 204
        scheduler: reply
      conductor: conductor.migrate_server
        conductor.schedule  called scheduler.select_destinations on scheduler
        conductor: reschedule, fill
        conductor.cast-prep  cast compute.prep_resize to nova-compute h2
        conductor: save-reqspec
      nova-compute h2: compute.prep_resize
        prep: start-notify, group-policy, stash, pci-map
        prep.get-allocs  GET /allocations/s1/migration-1 -> 200 {h2:m2} gen 1
        prep: rt-claim.save-migration, rt-claim
        prep.rt-claim.placement  GET /resource_providers/h2/allocations -> 200 s1/migration-1
        prep.cast-resize  cast compute.resize_instance to nova-compute h1
        prep: end-notify
      nova-compute h1: compute.resize_instance
        src: network-info, set-migrating
        ! crash-after at src.driver
        src.driver
      nova-compute h1 dies
      accepted (HTTP 202)
      s1 was h1 active/none m1 | I{h1:m1}
      s1 is  h1 active/resize_migrating m1 | I{h1:m1} | M1{h2:m2} migrating
    settle every fault disarmed, every service up, every message delivered, audits run
      s1 was h1 active/resize_migrating m1 | I{h1:m1} | M1{h2:m2} migrating
      s1 is  h1 active/none m1 | I{h1:m1} | M1{} error
    Every law held.
    "
  `);
});

test('requests as Nova sends them', () => {
  const lines = story(scenario([]), undefined, true).split('\n');
  expect(lines.filter((line) => line.includes(' -> '))).toMatchInlineSnapshot(`
    [
      "    scheduler.candidates  GET /allocation_candidates?limit=1000&resources=DISK_GB%3A1%2CMEMORY_MB%3A512%2CVCPU%3A1&root_required=%21COMPUTE_STATUS_DISABLED (1.36) -> 200 {"allocation_requests":[{"allocations":{"84a97781-02a0-4964-9a78-f2d7f8703424":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}}},"mappings":{"":["84a97781-02a0-4964-9a78-f2d7f8703424"]}},{"allocations":{"1207e226-dce7-489e-ac47-e9bba6c2fcbb":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}}},"mappings":{"":["1207e226-dce7-489e-ac47-e9bba6c2fcbb"]}}],"provider_summaries":{"84a97781-02a0-4964-9a78-f2d7f8703424":{"resources":{"VCPU":{"capacity":8,"used":0},"MEMORY_MB":{"capacity":8192,"used":0},"DISK_GB":{"capacity":100,"used":0}},"traits":[],"parent_provider_uuid":null,"root_provider_uuid":"84a97781-02a0-4964-9a78-f2d7f8703424"},"1207e226-dce7-489e-ac47-e9bba6c2fcbb":{"resources":{"VCPU":{"capacity":8,"used":0},"MEMORY_MB":{"capacity":8192,"used":0},"DISK_GB":{"capacity":100,"used":0}},"traits":[],"parent_provider_uuid":null,"root_provider_uuid":"1207e226-dce7-489e-ac47-e9bba6c2fcbb"}}}",
      "    scheduler.claim-get  GET /allocations/0641a8cc-7892-46f2-8890-fe05f09d4379 (1.28) -> 200 {"allocations":{}}",
      "    scheduler.claim-put  PUT /allocations/0641a8cc-7892-46f2-8890-fe05f09d4379 (1.36) {"allocations":{"84a97781-02a0-4964-9a78-f2d7f8703424":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}}},"mappings":{"":["84a97781-02a0-4964-9a78-f2d7f8703424"]},"consumer_generation":null,"project_id":"c2c97e4ccf3a4b9e86b27ce7b3afe198","user_id":"7ac80cacd38d4a02b8ab37b70e6b5db6"} -> 204",
      "    audit.get-provider-allocations  GET /resource_providers/84a97781-02a0-4964-9a78-f2d7f8703424/allocations (1.0) -> 200 {"allocations":{"0641a8cc-7892-46f2-8890-fe05f09d4379":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}}},"resource_provider_generation":1}",
      "    audit.update  GET /resource_providers/84a97781-02a0-4964-9a78-f2d7f8703424/allocations (1.0) -> 200 {"allocations":{"0641a8cc-7892-46f2-8890-fe05f09d4379":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}}},"resource_provider_generation":1}",
      "    audit.get-provider-allocations  GET /resource_providers/1207e226-dce7-489e-ac47-e9bba6c2fcbb/allocations (1.0) -> 200 {"allocations":{},"resource_provider_generation":0}",
      "    audit.update  GET /resource_providers/1207e226-dce7-489e-ac47-e9bba6c2fcbb/allocations (1.0) -> 200 {"allocations":{},"resource_provider_generation":0}",
      "    audit.get-provider-allocations  GET /resource_providers/84a97781-02a0-4964-9a78-f2d7f8703424/allocations (1.0) -> 200 {"allocations":{"0641a8cc-7892-46f2-8890-fe05f09d4379":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}}},"resource_provider_generation":1}",
      "    audit.update  GET /resource_providers/84a97781-02a0-4964-9a78-f2d7f8703424/allocations (1.0) -> 200 {"allocations":{"0641a8cc-7892-46f2-8890-fe05f09d4379":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}}},"resource_provider_generation":1}",
      "    audit.get-provider-allocations  GET /resource_providers/1207e226-dce7-489e-ac47-e9bba6c2fcbb/allocations (1.0) -> 200 {"allocations":{},"resource_provider_generation":0}",
      "    audit.update  GET /resource_providers/1207e226-dce7-489e-ac47-e9bba6c2fcbb/allocations (1.0) -> 200 {"allocations":{},"resource_provider_generation":0}",
      "    audit.get-provider-allocations  GET /resource_providers/84a97781-02a0-4964-9a78-f2d7f8703424/allocations (1.0) -> 200 {"allocations":{"0641a8cc-7892-46f2-8890-fe05f09d4379":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}}},"resource_provider_generation":1}",
      "    audit.update  GET /resource_providers/84a97781-02a0-4964-9a78-f2d7f8703424/allocations (1.0) -> 200 {"allocations":{"0641a8cc-7892-46f2-8890-fe05f09d4379":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}}},"resource_provider_generation":1}",
      "    audit.get-provider-allocations  GET /resource_providers/1207e226-dce7-489e-ac47-e9bba6c2fcbb/allocations (1.0) -> 200 {"allocations":{},"resource_provider_generation":0}",
      "    audit.update  GET /resource_providers/1207e226-dce7-489e-ac47-e9bba6c2fcbb/allocations (1.0) -> 200 {"allocations":{},"resource_provider_generation":0}",
    ]
  `);
});

test('names are shown as text, whatever is in them', () => {
  const hostile = '\u001b[2J\u202eevil\n::error::';
  const told = story(scenario([{ operation: 'resize', server: 's1', flavor: hostile }], [], hostile));
  expect([...told].filter((char) => char !== '\n' && /[\p{Cc}\p{Cf}]/u.test(char))).toEqual([]);
  expect(told.split('\n').some((line) => line.startsWith('::error'))).toBe(false);
});
