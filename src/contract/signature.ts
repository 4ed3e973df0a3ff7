/**
 * What kind of finding a violation is: the invariants broken, the cause, and the class of the end state. Computed on the
 * minimal scenario it names the finding; computed before minimising it is a cheap key that is never coarser.
 */

import { SEEN } from '../engine/run.ts';
import { STATUS_NAMES, TASK_NAMES, VM, VM_NAMES } from '../nova/states.ts';
import { OUTCOME } from '../nova/step.ts';
import type { Observation, ObservedHoldings } from '../observation/observation.ts';
import { NONE } from '../state/table.ts';
import { holdsExactly, instanceHoldings, lastMoveOf, migrationHoldings } from './facts.ts';

/** A fault that struck: the handler, its guarded region, and what Nova saw there. */
export interface StruckFault {
  readonly handler: string;
  readonly guard: string;
  readonly seen: number;
}

export interface Cause {
  readonly faults: readonly StruckFault[];
  /** names of the operations about the server, and of what the operator did, boots left out */
  readonly operations: readonly string[];
  /** handler and region of each hold that struck */
  readonly holds: readonly string[];
  /** names of the operations that were sabotage of the server: it lies outside the contract */
  readonly sabotage: readonly string[];
}

export function seenWord(seen: number): string {
  switch (seen) {
    case SEEN.LOST:
      return 'lost';
    case SEEN.LATE:
      return 'late';
    case SEEN.CRASH:
      return 'crash';
    case SEEN.DOUBLED:
      return 'doubled';
    case SEEN.TIMEOUT:
      return 'timed out';
    case OUTCOME.FALSY:
      return 'falsy';
    case OUTCOME.RAISE_TASK_STATE:
      return 'CAS';
    default:
      return seen >= OUTCOME.RAISE ? 'raised' : 'unnoticed';
  }
}

export function describeCause({ faults, operations, holds, sabotage }: Cause): string {
  const parts =
    faults.length > 0
      ? faults.map(({ handler, guard, seen }) => `${handler}[${guard}] ${seenWord(seen)}`)
      : [operations.join(', ')];
  if (holds.length > 0) parts.push(`held ${holds.join(', ')}`);
  if (sabotage.length > 0) parts.unshift(`sabotage by ${[...new Set(sabotage)].join(', ')}`);
  return parts.join(' + ');
}

/** Where the server and its claims are, in terms of its last move: S its source, D its destination, X elsewhere. */
export function endStateClass(observation: Observation, i: number): string {
  const instance = observation.instances[i]!;
  const move = lastMoveOf(observation, i);
  const migration = move === undefined || move.migration === NONE ? undefined : observation.migrations[move.migration];
  const source = move?.source ?? instance.host;
  const destination = migration?.destination ?? NONE;
  const side = (h: number): string => {
    if (h === NONE) return 'none';
    if (h === source) return 'S';
    return h === destination || move !== undefined ? 'D' : 'X';
  };
  const holdings = (held: ObservedHoldings): string => {
    const parts: string[] = [];
    for (let row = 0; row < held.count; row++) {
      const provider = held.provider(row);
      if (row > 0 && held.provider(row - 1) === provider) continue;
      parts.push(`${side(provider)}:${sizeOn(observation, held, provider, i)}`);
    }
    return [...new Set(parts)].sort().join(' ');
  };
  const parked: string[] = [];
  const stale: string[] = [];
  for (let m = 0; m < observation.globals.migrations; m++) {
    if (observation.migrations[m]!.instance !== i) continue;
    const held = migrationHoldings(observation, m);
    if (held.count > 0) (m === move?.migration ? parked : stale).push(holdings(held));
  }
  const home = instance.host === NONE ? 0 : 1 << instance.host;
  const guest = ((instance.guests | instance.backups) & home) !== 0 ? 'home' : 'lost';
  const stray = (instance.running & ~home) !== 0 ? '+stray' : '';
  const state =
    instance.exists === 2
      ? 'deleted'
      : `${side(instance.host)} ${vmClass(instance.vm)}/${TASK_NAMES[instance.task]} ${sizeName(observation, i, instance.flavor)}`;
  const status = migration === undefined ? 'no migration' : STATUS_NAMES[migration.status];
  const old = stale.length > 0 ? ` M'{${[...new Set(stale)].sort().join(' ')}}` : '';
  const where = instance.exists === 2 ? '' : ` guest ${guest}${stray}`;
  return `${state} I{${holdings(instanceHoldings(observation, i))}} M{${parked.join(' ')}}${old} ${status}${where}`;
}

/** A stopped server goes through every move like a running one: what it goes back to makes no class of its own. */
function vmClass(vm: number): string {
  return vm === VM.ACTIVE || vm === VM.STOPPED ? 'active|stopped' : VM_NAMES[vm]!;
}

function sizeName(observation: Observation, i: number, flavor: number): string {
  const move = lastMoveOf(observation, i);
  if (move === undefined) return 'old';
  // of a cold migration both sizes are one: named by the side, here as in what is held
  if (move.oldFlavor === move.newFlavor && flavor === move.oldFlavor) {
    return observation.instances[i]!.host === move.source ? 'old' : 'new';
  }
  if (flavor === move.oldFlavor) return 'old';
  return flavor === move.newFlavor ? 'new' : 'other';
}

/** Whether what is held on one provider is the old flavor's amounts, the new one's, or neither's. */
function sizeOn(observation: Observation, held: ObservedHoldings, provider: number, i: number): string {
  const move = lastMoveOf(observation, i);
  const { volumeBacked, minKbps, flavor } = observation.instances[i]!;
  const one = only(held, provider);
  const is = (f: number): boolean => f !== NONE && holdsExactly(observation, one, provider, f, volumeBacked, minKbps);
  if (move === undefined) return is(flavor) ? 'old' : 'other';
  const old = is(move.oldFlavor);
  // of a cold migration, or between flavors of one size, both are one: named by the side
  if (old && is(move.newFlavor)) return provider === move.source ? 'old' : 'new';
  return old ? 'old' : is(move.newFlavor) ? 'new' : 'other';
}

function only(held: ObservedHoldings, provider: number): ObservedHoldings {
  const rows: number[] = [];
  for (let row = 0; row < held.count; row++) if (held.provider(row) === provider) rows.push(row);
  return {
    count: rows.length,
    provider: (row) => held.provider(rows[row]!),
    resourceClass: (row) => held.resourceClass(rows[row]!),
    amount: (row) => held.amount(rows[row]!),
  };
}

export function signatureOf(invariants: readonly string[], cause: Cause, endState: string): string {
  return `${[...invariants].sort().join('+')} | ${describeCause(cause)} | ${endState}`;
}
