import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { CONTRACTS } from '../contract/contracts.ts';
import { knownOf, NOTHING_KNOWN } from '../contract/known/known.ts';
import { compile } from '../engine/compile.ts';
import { findDefect } from '../nova/defects/defects.ts';
import { PROTOCOLS } from '../nova/protocols.ts';
import { anonymise } from '../scenario/anonymise.ts';
import { harmless } from '../scenario/printable.ts';
import { DEFAULT_OPTIONS, type Operation, operationSchema, type Scenario } from '../scenario/scenario.ts';
import { bugReport } from './bug-report.ts';
import { flavorCommand, instructionFor, shellWord } from './openstack-commands.ts';

const inventory = { total: 64, reserved: 0, min_unit: 1, max_unit: 64, step_size: 1, allocation_ratio: 1 };

interface Names {
  readonly hosts: readonly [string, string];
  readonly flavors: readonly [string, string];
  readonly server: string;
}
const PLAIN: Names = { hosts: ['compute-1', 'compute-2'], flavors: ['small', 'large'], server: 'web' };

/** A resize whose confirm meets a refused connection, on hosts in part in use. */
function leak({ hosts, flavors, server }: Names): Scenario {
  const flavor = (name: string, size: number) => ({
    name,
    vcpus: size,
    ram: 512 * size,
    disk: size,
    ephemeral: 0,
    swap: 0,
    properties: {},
  });
  const memory = { ...inventory, total: 65536, max_unit: 65536, reserved: 512, allocation_ratio: 1.5 };
  return {
    version: 1,
    cloud: {
      hosts: hosts.map((name, h) => ({
        name,
        inventories: { VCPU: inventory, MEMORY_MB: memory, DISK_GB: inventory },
        traits: h === 0 ? ['CUSTOM_GOLD', 'HW_CPU_X86_AVX2'] : [],
        ...(h === 0 ? { used: { VCPU: 3, MEMORY_MB: 4096 } } : {}),
      })),
      flavors: [flavor(flavors[0], 1), { ...flavor(flavors[1], 2), properties: { 'trait:CUSTOM_LEAD': 'forbidden' } }],
    },
    options: { ...DEFAULT_OPTIONS, client_replay: 1 },
    operations: [
      { operation: 'boot', server, flavor: flavors[0], host: hosts[0], volume_backed: true },
      { operation: 'resize', server, flavor: flavors[1] },
      { operation: 'set_inventory', host: hosts[1], resource_class: 'VCPU', inventory: { ...inventory, total: 32 } },
      { operation: 'crash', service: 'scheduler' },
      { operation: 'confirm', server },
      { operation: 'audit', host: hosts[0] },
    ],
    faults: [
      { operation: 4, point: 'confirm.delete-alloc.get', kind: 'refused', nth: 1, times: 2 },
      { operation: 1, point: 'prep.cast-resize', kind: 'lost', nth: 7, times: 1 },
    ],
    holds: [{ operation: 4, point: 'confirm.end-notify', nth: 1, until: 5 }],
  };
}

function report(scenario: Scenario, defects: readonly string[] = [], known = NOTHING_KNOWN): string {
  const code = compile(
    PROTOCOLS.nova,
    defects.map((id) => findDefect(id)!),
  );
  const again = 'npm run -s claimcheck -- replay cc1.TOKEN';
  const text = bugReport({ scenario, code, contract: CONTRACTS.strict, known, signature: null, again });
  if (text === null) throw new Error('every law holds');
  return `\n${text}\n`;
}

describe('whole reports', () => {
  test('of a confirm that leaks', () => {
    const scenario = leak(PLAIN);
    const known = { ...scenario, holds: [], operations: scenario.operations.slice(0, 5) };
    expect(report(known, [], knownOf('nova'))).toMatchInlineSnapshot(`
      "
      # A confirm that fails at confirm.delete-alloc.get: a migration still holds the source

      Played on a model of Nova 34.0.0 and Placement 16.0.0, protocol nova, contract strict.

      ## What is wrong

      - **source-zero**: After a completed move nothing of the instance or its migrations is left on the source. Here: a migration still holds the source.
      - **host-agreement**: An instance holds exactly its flavor on its host and its migrations hold nothing; while a move is open they hold together exactly old on the source and new on the destination. Here: the claim is not exactly the flavor on the host.
      - **no-orphan-consumer**: Whoever holds a claim is an instance that exists, or the migration of an open move of one. Here: a migration whose move is over holds a claim.
      - **atomic-decision**: A confirm or revert is complete or can be asked for again with both claims and the guest in place; until it is decided a committed move keeps both claims and takes both requests. Here: the confirm is half done.

      Known as W-03: A refused connection is not an error to the report client: safe_connect returns None, the caller goes on, and what should have been released or given back stays.

      ## The cloud

      - \`compute-1\`: VCPU=64 MEMORY_MB=65536 (reserved 512, allocation_ratio 1.5) DISK_GB=64; other servers hold VCPU=3 MEMORY_MB=4096; traits CUSTOM_GOLD
      - \`compute-2\`: VCPU=64 MEMORY_MB=65536 (reserved 512, allocation_ratio 1.5) DISK_GB=64
      - client_replay = 1

      ## Steps

      \`\`\`sh
      openstack flavor create --vcpus 1 --ram 512 --disk 1 small
      openstack flavor create --vcpus 2 --ram 1024 --disk 2 --property trait:CUSTOM_LEAD=forbidden large
      \`\`\`

      1. \`openstack server create --flavor small --image IMAGE --boot-from-volume GB --network NETWORK --availability-zone nova:compute-1 --wait web\`: accepted, 202
      2. \`openstack server resize --flavor large --wait web\`: accepted, 202
         - meanwhile, at \`prep.cast-resize\`: the message is lost, at visit 7 (never reached)
      3. \`openstack resource provider inventory class set --total 32 --reserved 0 --min_unit 1 --max_unit 64 --step_size 1 --allocation_ratio 1 "$(openstack resource provider list --name compute-2 -f value -c uuid)" VCPU\`: accepted, 200
      4. kill nova-scheduler
      5. \`openstack server resize confirm web\`: accepted, 202
         - meanwhile, at \`confirm.delete-alloc.get\`: the connection is refused, 2 times in a row

      ## Where it fails

      - \`confirm.delete-alloc.get\` in \`compute.confirm_resize\`, during step 5 (confirm web): the connection is refused, 2 times in a row. Nova: \`nova/scheduler/client/report.py:SchedulerReportClient.delete_allocation_for_instance\`, called by \`nova/compute/manager.py:ComputeManager.confirm_resize\`. As Nova saw it: unnoticed.

      ## The books afterwards

      When all messages are delivered, every nova-compute was restarted and all periodic work has run:

      - server \`web\`: on \`compute-2\`, vm_state active, task_state None, flavor \`large\`, disks on \`compute-2\`; it holds VCPU=2 MEMORY_MB=1024 on \`compute-2\`
      - migration \`web/migration-1\` (resize, confirmed, from \`compute-1\` to \`compute-2\`): it holds VCPU=1 MEMORY_MB=512 on \`compute-1\`

      ## See it again

      \`\`\`sh
      npm run -s claimcheck -- replay cc1.TOKEN
      \`\`\`

      Signature: \`atomic-decision+host-agreement+no-orphan-consumer+source-zero | compute.confirm_resize[vm] unnoticed | D active|stopped/none new I{D:new} M{S:old} confirmed guest home\`
      "
    `);
  });
  test('without names, with a hold', () => {
    expect(report(anonymise(leak(PLAIN)))).toMatchInlineSnapshot(`
      "
      # A confirm that fails at confirm.delete-alloc.get: a migration still holds the source

      Played on a model of Nova 34.0.0 and Placement 16.0.0, protocol nova, contract strict.

      ## What is wrong

      - **source-zero**: After a completed move nothing of the instance or its migrations is left on the source. Here: a migration still holds the source.
      - **host-agreement**: An instance holds exactly its flavor on its host and its migrations hold nothing; while a move is open they hold together exactly old on the source and new on the destination. Here: the claim is not exactly the flavor on the host.
      - **no-orphan-consumer**: Whoever holds a claim is an instance that exists, or the migration of an open move of one. Here: a migration whose move is over holds a claim.
      - **atomic-decision**: A confirm or revert is complete or can be asked for again with both claims and the guest in place; until it is decided a committed move keeps both claims and takes both requests. Here: the confirm is half done.

      ## The cloud

      - \`h1\`: VCPU=64 MEMORY_MB=65536 (reserved 512, allocation_ratio 1.5) DISK_GB=64; other servers hold VCPU=3 MEMORY_MB=4096; traits CUSTOM_TRAIT_1
      - \`h2\`: VCPU=64 MEMORY_MB=65536 (reserved 512, allocation_ratio 1.5) DISK_GB=64
      - client_replay = 1

      ## Steps

      \`\`\`sh
      openstack flavor create --vcpus 1 --ram 512 --disk 1 m1
      openstack flavor create --vcpus 2 --ram 1024 --disk 2 --property trait:CUSTOM_TRAIT_2=forbidden m2
      \`\`\`

      1. \`openstack server create --flavor m1 --image IMAGE --boot-from-volume GB --network NETWORK --availability-zone nova:h1 --wait s1\`: accepted, 202
      2. \`openstack server resize --flavor m2 --wait s1\`: accepted, 202
         - meanwhile, at \`prep.cast-resize\`: the message is lost, at visit 7 (never reached)
      3. \`openstack resource provider inventory class set --total 32 --reserved 0 --min_unit 1 --max_unit 64 --step_size 1 --allocation_ratio 1 "$(openstack resource provider list --name h2 -f value -c uuid)" VCPU\`: accepted, 200
      4. kill nova-scheduler
      5. \`openstack server resize confirm s1\`: accepted, 202
         - meanwhile, at \`confirm.delete-alloc.get\`: the connection is refused, 2 times in a row
         - held before \`confirm.end-notify\` until step 6 is done
      6. wait until nova-compute on \`h1\` has run update_available_resource

      ## Where it fails

      - \`confirm.delete-alloc.get\` in \`compute.confirm_resize\`, during step 5 (confirm s1): the connection is refused, 2 times in a row. Nova: \`nova/scheduler/client/report.py:SchedulerReportClient.delete_allocation_for_instance\`, called by \`nova/compute/manager.py:ComputeManager.confirm_resize\`. As Nova saw it: unnoticed.

      ## The books afterwards

      When all messages are delivered, every nova-compute was restarted and all periodic work has run:

      - server \`s1\`: on \`h2\`, vm_state active, task_state None, flavor \`m2\`, disks on \`h2\`; it holds VCPU=2 MEMORY_MB=1024 on \`h2\`
      - migration \`s1/migration-1\` (resize, confirmed, from \`h1\` to \`h2\`): it holds VCPU=1 MEMORY_MB=512 on \`h1\`

      ## See it again

      \`\`\`sh
      npm run -s claimcheck -- replay cc1.TOKEN
      \`\`\`

      Signature: \`atomic-decision+host-agreement+no-orphan-consumer+source-zero | compute.confirm_resize[vm] unnoticed + held compute.confirm_resize[claim] | D active|stopped/none new I{D:new} M{S:old} confirmed guest home\`
      "
    `);
  });
  test('of a defect, with a crash', () => {
    const scenario = leak(PLAIN);
    expect(
      report(
        {
          ...scenario,
          operations: scenario.operations.slice(0, 2),
          faults: [{ operation: 1, point: 'finish.driver', kind: 'error-before', nth: 1, times: 1 }],
          holds: [],
          options: { ...DEFAULT_OPTIONS, placement_release: 9 },
        },
        ['R-05'],
      ),
    ).toMatchInlineSnapshot(`
      "
      # A resize that fails at finish.driver: the claim is not exactly the flavor on the host

      Played on a model of Nova 34.0.0 and Placement 9.0.0, protocol nova, contract strict. With the defect R-05: Failed finish gives the claim back to the wrong host.

      ## What is wrong

      - **host-agreement**: An instance holds exactly its flavor on its host and its migrations hold nothing; while a move is open they hold together exactly old on the source and new on the destination. Here: the claim is not exactly the flavor on the host.

      ## The cloud

      - \`compute-1\`: VCPU=64 MEMORY_MB=65536 (reserved 512, allocation_ratio 1.5) DISK_GB=64; other servers hold VCPU=3 MEMORY_MB=4096; traits CUSTOM_GOLD
      - \`compute-2\`: VCPU=64 MEMORY_MB=65536 (reserved 512, allocation_ratio 1.5) DISK_GB=64
      - placement_release = 9

      ## Steps

      \`\`\`sh
      openstack flavor create --vcpus 1 --ram 512 --disk 1 small
      openstack flavor create --vcpus 2 --ram 1024 --disk 2 --property trait:CUSTOM_LEAD=forbidden large
      \`\`\`

      1. \`openstack server create --flavor small --image IMAGE --boot-from-volume GB --network NETWORK --availability-zone nova:compute-1 --wait web\`: accepted, 202
      2. \`openstack server resize --flavor large --wait web\`: accepted, 202
         - meanwhile, at \`finish.driver\`: it raises before it has done anything

      ## Where it fails

      - \`finish.driver\` in \`compute.finish_resize\`, during step 2 (resize web to large): it raises before it has done anything. Nova: \`nova/virt/driver.py:ComputeDriver.finish_migration\`, called by \`nova/compute/manager.py:ComputeManager._finish_resize_helper\`. As Nova saw it: raised.

      ## The books afterwards

      When all messages are delivered, every nova-compute was restarted and all periodic work has run:

      - server \`web\`: on \`compute-2\`, vm_state error, task_state None, flavor \`small\`, disks on \`compute-2\`; it holds VCPU=1 MEMORY_MB=512 on \`compute-1\`
      - migration \`web/migration-1\` (resize, error, from \`compute-1\` to \`compute-2\`): it holds nothing

      ## See it again

      \`\`\`sh
      npm run -s claimcheck -- replay cc1.TOKEN
      \`\`\`

      Signature: \`host-agreement | compute.finish_resize[vm] raised | D error/none old I{S:old} M{} error guest home\`
      "
    `);
  });
});

test('of a scenario in which every law holds there is none', () => {
  const scenario = { ...leak(PLAIN), faults: [], holds: [] };
  const code = compile(PROTOCOLS.rollback);
  const again = '';
  expect(bugReport({ scenario, code, contract: CONTRACTS.strict, known: NOTHING_KNOWN, signature: null, again })).toBe(
    null,
  );
});

const HOSTILE: Names = {
  hosts: ['<img src=x onerror=alert(1)>', '``` # heading `` [x](javascript:alert(1)) @all'],
  flavors: ['$(touch /tmp/pwned); `id` \u001b[2J\u202e', 'it\'s | a & "flavor" \\'],
  server: '-rf *\n## forged',
};

describe('names are text', () => {
  /** What Markdown would take as markup: the text without its code. */
  const markup = (text: string): string =>
    text
      .replace(/^```sh\n[\s\S]*?\n```$/gm, '')
      // a span ends with a run of as many backticks as began it
      .replace(/(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, '');

  test('in Markdown', () => {
    const text = report(leak(HOSTILE));
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
    expect(markup(text)).not.toMatch(/<|img|javascript|alert|forged|heading|@all|pwned|rf \*/);
    expect(markup(text).match(/^#.*$/gm)).toEqual(markup(report(leak(PLAIN))).match(/^#.*$/gm));
    expect(text).toMatchInlineSnapshot(`
      "
      # A confirm that fails at confirm.delete-alloc.get: a migration still holds the source

      Played on a model of Nova 34.0.0 and Placement 16.0.0, protocol nova, contract strict.

      ## What is wrong

      - **source-zero**: After a completed move nothing of the instance or its migrations is left on the source. Here: a migration still holds the source.
      - **host-agreement**: An instance holds exactly its flavor on its host and its migrations hold nothing; while a move is open they hold together exactly old on the source and new on the destination. Here: the claim is not exactly the flavor on the host.
      - **no-orphan-consumer**: Whoever holds a claim is an instance that exists, or the migration of an open move of one. Here: a migration whose move is over holds a claim.
      - **atomic-decision**: A confirm or revert is complete or can be asked for again with both claims and the guest in place; until it is decided a committed move keeps both claims and takes both requests. Here: the confirm is half done.

      ## The cloud

      - \`<img src=x onerror=alert(1)>\`: VCPU=64 MEMORY_MB=65536 (reserved 512, allocation_ratio 1.5) DISK_GB=64; other servers hold VCPU=3 MEMORY_MB=4096; traits CUSTOM_GOLD
      - \`\`\`\` \`\`\` # heading \`\` [x](javascript:alert(1)) @all \`\`\`\`: VCPU=64 MEMORY_MB=65536 (reserved 512, allocation_ratio 1.5) DISK_GB=64
      - client_replay = 1

      ## Steps

      \`\`\`sh
      openstack flavor create --vcpus 1 --ram 512 --disk 1 '$(touch /tmp/pwned); \`id\` \\u001B[2J\\u202E'
      openstack flavor create --vcpus 2 --ram 1024 --disk 2 --property trait:CUSTOM_LEAD=forbidden 'it'\\''s | a & "flavor" \\'
      \`\`\`

      1. \`\`openstack server create --flavor '$(touch /tmp/pwned); \`id\` \\u001B[2J\\u202E' --image IMAGE --boot-from-volume GB --network NETWORK --availability-zone 'nova:<img src=x onerror=alert(1)>' --wait -- '-rf *\\n## forged'\`\`: accepted, 202
      2. \`openstack server resize --flavor 'it'\\''s | a & "flavor" \\' --wait -- '-rf *\\n## forged'\`: accepted, 202
         - meanwhile, at \`prep.cast-resize\`: the message is lost, at visit 7 (never reached)
      3. \`\`\`\`openstack resource provider inventory class set --total 32 --reserved 0 --min_unit 1 --max_unit 64 --step_size 1 --allocation_ratio 1 "$(openstack resource provider list --name '\`\`\` # heading \`\` [x](javascript:alert(1)) @all' -f value -c uuid)" VCPU\`\`\`\`: accepted, 200
      4. kill nova-scheduler
      5. \`openstack server resize confirm -- '-rf *\\n## forged'\`: accepted, 202
         - meanwhile, at \`confirm.delete-alloc.get\`: the connection is refused, 2 times in a row
         - held before \`confirm.end-notify\` until step 6 is done
      6. wait until nova-compute on \`<img src=x onerror=alert(1)>\` has run update_available_resource

      ## Where it fails

      - \`confirm.delete-alloc.get\` in \`compute.confirm_resize\`, during step 5 (\`confirm -rf *\\n## forged\`): the connection is refused, 2 times in a row. Nova: \`nova/scheduler/client/report.py:SchedulerReportClient.delete_allocation_for_instance\`, called by \`nova/compute/manager.py:ComputeManager.confirm_resize\`. As Nova saw it: unnoticed.

      ## The books afterwards

      When all messages are delivered, every nova-compute was restarted and all periodic work has run:

      - server \`-rf *\\n## forged\`: on \`\`\`\` \`\`\` # heading \`\` [x](javascript:alert(1)) @all \`\`\`\`, vm_state active, task_state None, flavor \`it's | a & "flavor" \\\`, disks on \`\`\`\` \`\`\` # heading \`\` [x](javascript:alert(1)) @all \`\`\`\`; it holds VCPU=2 MEMORY_MB=1024 on \`\`\`\` \`\`\` # heading \`\` [x](javascript:alert(1)) @all \`\`\`\`
      - migration \`-rf *\\n## forged/migration-1\` (resize, confirmed, from \`<img src=x onerror=alert(1)>\` to \`\`\`\` \`\`\` # heading \`\` [x](javascript:alert(1)) @all \`\`\`\`): it holds VCPU=1 MEMORY_MB=512 on \`<img src=x onerror=alert(1)>\`

      ## See it again

      \`\`\`sh
      npm run -s claimcheck -- replay cc1.TOKEN
      \`\`\`

      Signature: \`atomic-decision+host-agreement+no-orphan-consumer+source-zero | compute.confirm_resize[vm] unnoticed + held compute.confirm_resize[claim] | D active|stopped/none new I{D:new} M{S:old} confirmed guest home\`
      "
    `);
  });

  test('in a shell', () => {
    const names = [
      ...HOSTILE.hosts,
      ...HOSTILE.flavors,
      HOSTILE.server,
      "'",
      "''",
      '\\',
      '!!',
      '~',
      '#',
      '*',
      'ö 🚀',
      '$HOME',
    ];
    const { stdout } = spawnSync('sh', ['-c', `printf '%s\\n' ${names.map(shellWord).join(' ')}`], {
      encoding: 'utf8',
    });
    expect(stdout.trimEnd().split('\n')).toEqual(names.map(harmless));
  });
});

test('every operation has a command or says what to do', () => {
  const common = {
    server: 's1',
    host: 'h1',
    flavor: 'm1',
    service: 'h1',
    state: 'error',
    resource_class: 'VCPU',
    inventory,
    of: 'instance',
    delete: true,
    force: true,
    migration_status: 'error',
    forced_down: true,
  };
  const lines = operationSchema.options.flatMap((option) => {
    const operation = [...option.shape.operation.values][0]!;
    const fields = Object.keys(option.shape).flatMap((key) =>
      key in common ? [[key, common[key as keyof typeof common]]] : [],
    );
    const whole = operationSchema.parse({ ...Object.fromEntries(fields), operation }) as Operation;
    const variants = [whole];
    if (whole.operation === 'cold_migrate') variants.push({ operation: 'cold_migrate', server: 's1' });
    if (whole.operation === 'live_migrate' || whole.operation === 'evacuate') {
      variants.push({ operation: whole.operation, server: 's1' });
    }
    if (whole.operation === 'restart') variants.push({ ...whole, reinstalled: true });
    if (whole.operation === 'crash') variants.push({ operation: 'crash', service: 'placement' });
    return variants.map((op) => {
      const said = instructionFor(op);
      if ('command' in said) return said.command;
      return said.words.map((part) => (typeof part === 'string' ? part : part.name)).join('');
    });
  });
  const flavor = { name: '-m', vcpus: 1, ram: 2, disk: 3, ephemeral: 4, swap: 5, properties: { 'a b': "c'd" } };
  expect([flavorCommand(flavor), ...lines].join('\n')).toMatchInlineSnapshot(`
    "openstack flavor create --vcpus 1 --ram 2 --disk 3 --ephemeral 4 --swap 5 --property 'a b=c'\\''d' -- -m
    openstack server create --flavor m1 --image IMAGE --network NETWORK --availability-zone nova:h1 --wait s1
    openstack server resize --flavor m1 --wait s1
    openstack --os-compute-api-version 2.56 server migrate --host h1 --wait s1
    openstack server migrate --wait s1
    openstack server resize confirm s1
    openstack server resize revert s1
    openstack --os-compute-api-version 2.24 server migrate --live-migration --host h1 --wait s1
    openstack server migrate --live-migration --wait s1
    openstack server migration abort s1 "$(openstack server migration list --server s1 --type live-migration -f value -c Id | head -n 1)"
    openstack --os-compute-api-version 2.24 server evacuate --host h1 --wait s1
    openstack server evacuate --wait s1
    openstack server shelve --wait s1
    openstack server shelve --offload --wait s1
    openstack --os-compute-api-version 2.91 server unshelve --host h1 --wait s1
    openstack server rebuild --image ANOTHER_IMAGE --wait s1
    openstack server delete --wait s1
    openstack server stop s1
    openstack server start s1
    openstack server reboot --hard --wait s1
    openstack server remove port s1 PORT
    openstack server set --state error s1
    wait until nova-compute on h1 has run update_available_resource
    wait until nova-compute on h1 has run _poll_unconfirmed_resizes, with resize_confirm_window set
    wait until nova-compute on h1 has run _cleanup_incomplete_migrations
    openstack resource provider inventory class set --total 64 --reserved 0 --min_unit 1 --max_unit 64 --step_size 1 --allocation_ratio 1 "$(openstack resource provider list --name h1 -f value -c uuid)" VCPU
    kill nova-compute on h1
    kill Placement
    restart nova-compute on h1
    reinstall the host h1, its hypervisor empty, and start nova-compute
    openstack --os-compute-api-version 2.11 compute service set --down h1 nova-compute
    openstack compute service delete "$(openstack compute service list --host h1 --service nova-compute -f value -c ID)"
    lose the host h1 for good, with its guests and disks
    let conductor's periodic recovery run, in a protocol that has one
    restart every nova-compute and wait until all periodic tasks have run
    nova-manage placement audit --verbose --delete --resource_provider "$(openstack resource provider list --name h1 -f value -c uuid)"
    nova-manage placement heal_allocations --verbose --instance "$(openstack server show s1 -f value -c id)" --force
    openstack resource provider allocation delete "$(openstack server show s1 -f value -c id)"
    edit the database of s1: host = h1 migration status = error"
  `);
});
