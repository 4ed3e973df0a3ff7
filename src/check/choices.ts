/** What can be asked for in a world at rest: all that the fuzzer draws, but boots and inventories, each with every argument. */
import type { Code } from '../engine/compile.ts';
import { type Resolved, recoversMoves, serves } from '../engine/operations.ts';
import { operationsOf } from '../generate/move-families.ts';
import { CANDIDATES } from '../nova/candidates.ts';
import { CONTROLLER_NAMES, SERVICE } from '../nova/states.ts';
import type { World } from '../nova/world.ts';
import type { Operation, OperationName } from '../scenario/scenario.ts';
import { NONE } from '../state/table.ts';
import type { Scope } from './scope.ts';

/** What an operator spoils or mends by hand, what begins before, and what has as many arguments as there are numbers. */
const LEFT_OUT: ReadonlySet<OperationName> = new Set<OperationName>([
  'boot',
  'set_inventory',
  'placement_audit',
  'heal_allocations',
  'delete_allocations',
  'edit_row',
]);

/** What a user or an administrator asks of the API about a server, which may refuse it. */
const REQUESTS: ReadonlySet<OperationName> = new Set<OperationName>([
  'resize',
  'cold_migrate',
  'confirm',
  'revert',
  'live_migrate',
  'abort_live_migration',
  'shelve',
  'shelve_offload',
  'unshelve',
  'rebuild',
  'delete',
  'stop',
  'start',
  'hard_reboot',
]);

/** Each takes one of the crashes that the scope allows. */
export const CRASHES: ReadonlySet<OperationName> = new Set<OperationName>(['crash', 'lose_host']);

export class Choices {
  private readonly names: readonly OperationName[];
  private readonly servers: readonly string[];
  private readonly reinstalls: boolean;
  private readonly anyRequest: boolean;
  private readonly list: number[] = [];

  constructor(code: Code, { moves, crashes, anyRequest }: Scope, servers: readonly string[]) {
    const recovers = recoversMoves(code);
    this.servers = servers;
    this.anyRequest = anyRequest;
    this.reinstalls = moves.includes('evacuation');
    const drawn = new Set<OperationName>([...operationsOf(moves), ...(recovers ? (['lose_host'] as const) : [])]);
    this.names = [...drawn].filter(
      (name) =>
        !LEFT_OUT.has(name) &&
        serves(code, name) &&
        (recovers || name !== 'recover') &&
        (crashes > 0 || !CRASHES.has(name)),
    );
  }

  /** In an order that depends on the world alone. */
  of(world: World, crashesLeft: number): Resolved[] {
    return this.names.flatMap((name) => {
      if (crashesLeft === 0 && CRASHES.has(name)) return [];
      this.list.length = 0;
      if (this.anyRequest && REQUESTS.has(name)) {
        for (let i = 0; i < world.globals.instances; i++) if (world.instances[i]!.exists === 1) this.list.push(i);
      } else CANDIDATES[name](world, this.list);
      return this.list.flatMap((about) => this.about(world, name, about));
    });
  }

  private about(world: World, name: OperationName, about: number): Resolved[] {
    const { hosts, flavors } = world.setting;
    const server = this.servers[about] ?? '';
    const host = hosts[about]?.name ?? '';
    const numbered = hosts.map(({ name: named }, h) => ({ named, h }));
    const elsewhere = numbered.filter(({ h }) => h !== world.instances[about]?.host);
    switch (name) {
      case 'resize':
        return flavors.flatMap(({ name: flavor }, f) =>
          f === world.instances[about]!.flavor ? [] : [resolved({ operation: name, server, flavor }, about, f)],
        );
      case 'cold_migrate':
        return [
          resolved({ operation: name, server }, about),
          ...elsewhere.map(({ named, h }) => resolved({ operation: name, server, host: named }, about, NONE, h)),
        ];
      case 'live_migrate':
      case 'evacuate':
        return [
          resolved({ operation: name, server }, about),
          ...elsewhere.flatMap(({ named, h }) => [
            resolved({ operation: name, server, host: named }, about, NONE, h),
            resolved({ operation: name, server, host: named, force: true }, about, NONE, h),
          ]),
        ];
      case 'unshelve':
        return [
          resolved({ operation: name, server }, about),
          ...(world.instances[about]!.host === NONE ? numbered : []).map(({ named, h }) =>
            resolved({ operation: name, server, host: named }, about, NONE, h),
          ),
        ];
      case 'reset_state':
        return (['active', 'error'] as const).map((state) => resolved({ operation: name, server, state }, about));
      case 'confirm':
      case 'revert':
      case 'delete':
      case 'stop':
      case 'start':
      case 'hard_reboot':
      case 'abort_live_migration':
      case 'shelve':
      case 'shelve_offload':
      case 'rebuild':
        return [resolved({ operation: name, server }, about)];
      case 'audit':
      case 'poll_unconfirmed_resizes':
      case 'cleanup_incomplete_migrations':
      case 'lose_host':
      case 'delete_service':
        return [resolved({ operation: name, host }, NONE, NONE, about)];
      case 'force_down': {
        const forced_down = world.hosts[about]!.forcedDown === 0;
        return [resolved({ operation: name, host, forced_down }, NONE, NONE, about)];
      }
      case 'crash':
        return [resolved({ operation: name, service: this.service(world, about) }, NONE, NONE, NONE, about)];
      case 'restart': {
        const service = this.service(world, about);
        const plain = resolved({ operation: name, service }, NONE, NONE, NONE, about);
        if (!this.reinstalls || about < SERVICE.COMPUTE) return [plain];
        return [plain, resolved({ operation: name, service, reinstalled: true }, NONE, NONE, NONE, about)];
      }
      case 'settle':
      case 'recover':
        return [resolved({ operation: name })];
      default:
        return [];
    }
  }

  private service({ setting }: World, service: number): string {
    return service < SERVICE.COMPUTE ? CONTROLLER_NAMES[service]! : setting.hosts[service - SERVICE.COMPUTE]!.name;
  }
}

export function resolved(
  operation: Operation,
  instance: number = NONE,
  flavor: number = NONE,
  host: number = NONE,
  service: number = NONE,
): Resolved {
  return { operation, instance, flavor, host, service, unknown: false };
}
