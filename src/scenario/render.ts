/** Scenarios in Nova's words, a line an operation. Every name passes through `printable`. */
import { printable } from './printable.ts';
import type { Fault, Hold, Inventory, Operation, Scenario } from './scenario.ts';

/** People count operations from 1, as the lines of `renderScenario` do. */
const operationNumber = (index: number): number => index + 1;

function renderInventory(inventory: Inventory): string {
  const { total, reserved, min_unit, max_unit, step_size, allocation_ratio } = inventory;
  const units = `min_unit=${min_unit} max_unit=${max_unit} step_size=${step_size}`;
  return `total=${total} reserved=${reserved} ${units} allocation_ratio=${allocation_ratio}`;
}

export function renderOperation(op: Operation): string {
  switch (op.operation) {
    case 'boot': {
      const where = op.host === undefined ? '' : ` on ${printable(op.host)}`;
      const volume = op.volume_backed === true ? ' (volume-backed)' : '';
      const port = op.min_kbps === undefined ? '' : ` with a port of ${op.min_kbps} kbps`;
      return `boot ${printable(op.server)} ${printable(op.flavor)}${where}${volume}${port}`;
    }
    case 'resize':
      return `resize ${printable(op.server)} to ${printable(op.flavor)}`;
    case 'cold_migrate':
    case 'unshelve':
      return `${op.operation} ${printable(op.server)}${op.host === undefined ? '' : ` to ${printable(op.host)}`}`;
    case 'live_migrate':
    case 'evacuate': {
      const where = op.host === undefined ? '' : ` to ${printable(op.host)}`;
      return `${op.operation} ${printable(op.server)}${where}${op.force === true ? ' by force' : ''}`;
    }
    case 'reset_state':
      return `reset_state ${printable(op.server)} to ${op.state}`;
    case 'confirm':
    case 'revert':
    case 'abort_live_migration':
    case 'shelve':
    case 'shelve_offload':
    case 'rebuild':
    case 'delete':
    case 'stop':
    case 'start':
    case 'hard_reboot':
    case 'detach_interface':
      return `${op.operation} ${printable(op.server)}`;
    case 'set_inventory':
      return `set_inventory ${printable(op.host)} ${printable(op.resource_class)} ${renderInventory(op.inventory)}`;
    case 'audit':
    case 'poll_unconfirmed_resizes':
    case 'cleanup_incomplete_migrations':
    case 'lose_host':
    case 'delete_service':
      return `${op.operation} ${printable(op.host)}`;
    case 'force_down':
      return `force_down ${printable(op.host)} ${op.forced_down ? 'true' : 'false'}`;
    case 'crash':
      return `crash ${printable(op.service)}`;
    case 'restart':
      return `restart ${printable(op.service)}${op.reinstalled === true ? ' reinstalled' : ''}`;
    case 'settle':
    case 'recover':
      return op.operation;
    case 'placement_audit': {
      const where = op.host === undefined ? '' : ` ${printable(op.host)}`;
      return `placement_audit${op.delete === true ? ' --delete' : ''}${where}`;
    }
    case 'heal_allocations': {
      const whose = op.server === undefined ? '' : ` ${printable(op.server)}`;
      return `heal_allocations${op.force === true ? ' --force' : ''}${whose}`;
    }
    case 'delete_allocations':
      return `delete_allocations of ${op.of} ${printable(op.server)}`;
    case 'edit_row': {
      const host = op.host === undefined ? [] : [`host=${printable(op.host)}`];
      const status = op.migration_status === undefined ? [] : [`migration.status=${op.migration_status}`];
      return ['edit_row', printable(op.server), ...host, ...status].join(' ');
    }
  }
}

function ordinal(n: number): string {
  const teens = n % 100 >= 11 && n % 100 <= 13;
  const ending = teens ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${ending}`;
}

const visit = (nth: number): string => (nth > 1 ? ` (${ordinal(nth)} time)` : '');

/** The words of an operation, or nothing where the caller shows them anyway. */
function during(word: string, index: number, operations: readonly Operation[] | undefined): string {
  const operation = operations?.[index];
  return operation === undefined ? '' : `${word}${renderOperation(operation)}`;
}

/** Given the operations, the fault also says in which of them it strikes: for places where it stands alone. */
export function renderFault(fault: Fault, operations?: readonly Operation[]): string {
  const times = fault.times > 1 ? ` x${fault.times}` : '';
  const where = during(' in ', fault.operation, operations);
  return `${printable(fault.point)} ${fault.kind}${visit(fault.nth)}${times}${where}`;
}

/** Given the operations, the hold also says which it holds and which it waits for: for places where it stands alone. */
export function renderHold(hold: Hold, operations?: readonly Operation[]): string {
  const where = during(' in ', hold.operation, operations);
  const release = `operation ${operationNumber(hold.until)}${during(': ', hold.until, operations)}`;
  const until = hold.handler === undefined ? `until ${release}` : `until ${printable(hold.handler)} of ${release}`;
  return `hold at ${printable(hold.point)}${visit(hold.nth)}${where} ${until}`;
}

/** One line an operation, numbered from 1, with its faults (`!`) and holds (`~`) beneath it. */
export function renderScenario(scenario: Scenario): string[] {
  const { operations, faults, holds } = scenario;
  const width = String(operations.length).length;
  const indent = ' '.repeat(width + 4);
  return operations.flatMap((operation, index) => [
    `${String(operationNumber(index)).padStart(width)}  ${renderOperation(operation)}`,
    ...faults.filter((fault) => fault.operation === index).map((fault) => `${indent}! ${renderFault(fault)}`),
    ...holds.filter((hold) => hold.operation === index).map((hold) => `${indent}~ ${renderHold(hold)}`),
  ]);
}
