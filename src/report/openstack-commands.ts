/** Operations as what one types against a real cloud, or, where no command does it, as what is to happen. */
import { harmless } from '../scenario/printable.ts';
import type { Flavor, Operation } from '../scenario/scenario.ts';

/** `command`: can be pasted into a shell. `words`: has to be brought about otherwise. */
export type Instruction = { readonly command: string } | { readonly words: readonly Piece[] };
/** Words, and names that are data. */
export type Piece = string | { readonly name: string };

/** For a POSIX shell, one word that means itself. What cannot be seen is escaped: such a name has to be looked up. */
export function shellWord(name: string): string {
  const text = harmless(name);
  return /^[A-Za-z0-9_.:/@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A name in the place of an argument, where a leading hyphen would make it an option. */
const argument = (name: string): string => (name.startsWith('-') ? `-- ${shellWord(name)}` : shellWord(name));
const option = (flag: string, name: string): string =>
  name.startsWith('-') ? `${flag}=${shellWord(name)}` : `${flag} ${shellWord(name)}`;

export function flavorCommand({ name, vcpus, ram, disk, ephemeral, swap, properties }: Flavor): string {
  const parts = ['openstack flavor create', `--vcpus ${vcpus} --ram ${ram} --disk ${disk}`];
  if (ephemeral > 0) parts.push(`--ephemeral ${ephemeral}`);
  if (swap > 0) parts.push(`--swap ${swap}`);
  for (const [key, value] of Object.entries(properties)) parts.push(option('--property', `${key}=${value}`));
  return [...parts, argument(name)].join(' ');
}

const onServer = (command: string, server: string): Instruction => ({
  command: `openstack ${command} ${argument(server)}`,
});

/** What nova-compute does by itself from time to time. */
const periodic = (task: string, host: string, note = ''): Instruction => ({
  words: ['wait until nova-compute on ', { name: host }, ` has run ${task}${note}`],
});

const CONTROLLERS: Readonly<Record<string, string>> = {
  api: 'the Nova API',
  conductor: 'nova-conductor',
  scheduler: 'nova-scheduler',
  placement: 'Placement',
};

function service(verb: string, name: string): Instruction {
  const controller = Object.hasOwn(CONTROLLERS, name) ? CONTROLLERS[name] : undefined;
  if (controller !== undefined) return { words: [`${verb} ${controller}`] };
  return { words: [`${verb} nova-compute on `, { name }] };
}

const providerOf = (host: string): string =>
  `"$(openstack resource provider list ${option('--name', host)} -f value -c uuid)"`;
const serverId = (server: string): string => `"$(openstack server show ${argument(server)} -f value -c id)"`;

export function instructionFor(op: Operation): Instruction {
  switch (op.operation) {
    case 'boot': {
      const source = op.volume_backed === true ? '--image IMAGE --boot-from-volume GB' : '--image IMAGE';
      const where = op.host === undefined ? [] : [option('--availability-zone', `nova:${op.host}`)];
      // PORT has a QoS policy with a minimum-bandwidth rule of so many kbps
      const network = op.min_kbps === undefined ? '--network NETWORK' : '--port PORT';
      const parts = [option('--flavor', op.flavor), source, network, ...where, '--wait'];
      return onServer(`server create ${parts.join(' ')}`, op.server);
    }
    case 'resize':
      return onServer(`server resize ${option('--flavor', op.flavor)} --wait`, op.server);
    case 'cold_migrate':
      // a requested host: compute API 2.56
      return op.host === undefined
        ? onServer('server migrate --wait', op.server)
        : onServer(`--os-compute-api-version 2.56 server migrate ${option('--host', op.host)} --wait`, op.server);
    case 'live_migrate':
    case 'evacuate': {
      const verb = op.operation === 'evacuate' ? 'server evacuate' : 'server migrate --live-migration';
      if (op.host === undefined) return onServer(`${verb} --wait`, op.server);
      // `force` is what compute API 2.29 and 2.30 brought and 2.68 took away: between them a named host is asked of the scheduler
      const version = op.force === true ? '2.24' : '2.30';
      return onServer(`--os-compute-api-version ${version} ${verb} ${option('--host', op.host)} --wait`, op.server);
    }
    case 'abort_live_migration': {
      const server = argument(op.server);
      const latest = `"$(openstack server migration list --server ${server} --type live-migration -f value -c Id | head -n 1)"`;
      return { command: `openstack server migration abort ${server} ${latest}` };
    }
    case 'detach_interface':
      return { command: `openstack server remove port ${argument(op.server)} PORT` };
    case 'shelve':
      return onServer('server shelve --wait', op.server);
    case 'shelve_offload':
      return onServer('server shelve --offload --wait', op.server);
    case 'unshelve':
      // a requested host: compute API 2.91
      return op.host === undefined
        ? onServer('server unshelve --wait', op.server)
        : onServer(`--os-compute-api-version 2.91 server unshelve ${option('--host', op.host)} --wait`, op.server);
    case 'rebuild':
      return onServer('server rebuild --image ANOTHER_IMAGE --wait', op.server);
    case 'force_down':
      return {
        command: `openstack --os-compute-api-version 2.11 compute service set ${op.forced_down ? '--down' : '--up'} ${argument(op.host)} nova-compute`,
      };
    case 'delete_service':
      return {
        command: `openstack compute service delete "$(openstack compute service list ${option('--host', op.host)} --service nova-compute -f value -c ID)"`,
      };
    case 'confirm':
      return onServer('server resize confirm', op.server);
    case 'revert':
      return onServer('server resize revert', op.server);
    case 'delete':
      return onServer('server delete --wait', op.server);
    case 'stop':
      return onServer('server stop', op.server);
    case 'start':
      return onServer('server start', op.server);
    case 'hard_reboot':
      return onServer('server reboot --hard --wait', op.server);
    case 'reset_state':
      return onServer(`server set --state ${op.state}`, op.server);
    case 'set_inventory': {
      const { total, reserved, min_unit, max_unit, step_size, allocation_ratio } = op.inventory;
      const units = `--min_unit ${min_unit} --max_unit ${max_unit} --step_size ${step_size}`;
      const sizes = `--total ${total} --reserved ${reserved} ${units} --allocation_ratio ${allocation_ratio}`;
      return {
        command: `openstack resource provider inventory class set ${sizes} ${providerOf(op.host)} ${op.resource_class}`,
      };
    }
    case 'audit':
      return periodic('update_available_resource', op.host);
    case 'poll_unconfirmed_resizes':
      return periodic('_poll_unconfirmed_resizes', op.host, ', with resize_confirm_window set');
    case 'cleanup_incomplete_migrations':
      return periodic('_cleanup_incomplete_migrations', op.host);
    case 'crash':
      return service('kill', op.service);
    case 'restart':
      return op.reinstalled === true
        ? { words: ['reinstall the host ', { name: op.service }, ', its hypervisor empty, and start nova-compute'] }
        : service('restart', op.service);
    case 'placement_audit': {
      const provider = op.host === undefined ? '' : ` --resource_provider ${providerOf(op.host)}`;
      return { command: `nova-manage placement audit --verbose${op.delete === true ? ' --delete' : ''}${provider}` };
    }
    case 'heal_allocations': {
      const whose = op.server === undefined ? '' : ` --instance ${serverId(op.server)}`;
      const force = op.force === true ? ' --force' : '';
      return { command: `nova-manage placement heal_allocations --verbose${whose}${force}` };
    }
    case 'delete_allocations':
      return op.of === 'instance'
        ? { command: `openstack resource provider allocation delete ${serverId(op.server)}` }
        : { words: ['delete in Placement what the migrations of ', { name: op.server }, ' hold'] };
    case 'edit_row': {
      const host = op.host === undefined ? [] : [' host = ', { name: op.host }];
      const status = op.migration_status === undefined ? [] : [` migration status = ${op.migration_status}`];
      return { words: ['edit the database of ', { name: op.server }, ':', ...host, ...status] };
    }
    case 'lose_host':
      return { words: ['lose the host ', { name: op.host }, ' for good, with its guests and disks'] };
    case 'recover':
      return { words: ["let conductor's periodic recovery run, in a protocol that has one"] };
    case 'settle':
      return { words: ['restart every nova-compute and wait until all periodic tasks have run'] };
  }
}
