/** What laws say again and again about an observation, in Nova's words. */

import { MOVE, MOVE_TYPE, STATUS, TASK, VM } from '../nova/states.ts';
import { amounts } from '../observation/amounts.ts';
import type { Observation, ObservedHoldings, ObservedHost, ObservedMove } from '../observation/observation.ts';
import { NONE } from '../state/table.ts';
import type { Case } from './invariant.ts';

/** The holdings are exactly what the flavor asks for, all on that provider. */
export function holdsExactly(
  observation: Observation,
  holdings: ObservedHoldings,
  provider: number,
  flavor: number,
  volumeBacked: number,
  minKbps: number,
): boolean {
  if (provider === NONE || flavor === NONE) return holdings.count === 0;
  const { resources } = amounts(observation.setting, flavor, volumeBacked, minKbps);
  if (holdings.count * 2 !== resources.length) return false;
  for (let row = 0; row < holdings.count; row++) {
    if (holdings.provider(row) !== provider) return false;
    if (holdings.amount(row) !== asked(resources, holdings.resourceClass(row))) return false;
  }
  return true;
}

function asked(resources: readonly number[], resourceClass: number): number {
  for (let k = 0; k < resources.length; k += 2) if (resources[k] === resourceClass) return resources[k + 1]!;
  return 0;
}

export function sameHoldings(a: ObservedHoldings, b: ObservedHoldings): boolean {
  if (a.count !== b.count) return false;
  for (let row = 0; row < a.count; row++) {
    if (a.provider(row) !== b.provider(row) || a.resourceClass(row) !== b.resourceClass(row)) return false;
    if (a.amount(row) !== b.amount(row)) return false;
  }
  return true;
}

/** Everything in `part` is in `whole`, in at least that amount. */
export function within(part: ObservedHoldings, whole: ObservedHoldings): boolean {
  next: for (let row = 0; row < part.count; row++) {
    for (let other = 0; other < whole.count; other++) {
      if (whole.provider(other) !== part.provider(row)) continue;
      if (whole.resourceClass(other) !== part.resourceClass(row)) continue;
      if (whole.amount(other) >= part.amount(row)) continue next;
    }
    return false;
  }
  return true;
}

/** The host is gone, or its service was deleted because it is to go. */
export const isTakenAway = ({ gone, serviceDeleted }: ObservedHost): boolean => gone === 1 || serviceDeleted === 1;

/** Hosts that are taken away, as bits: what was on them of guests and disks is judged no more. */
export function goneHosts(observation: Observation): number {
  let gone = 0;
  for (let h = 0; h < observation.setting.hosts.length; h++) if (isTakenAway(observation.hosts[h]!)) gone |= 1 << h;
  return gone;
}

export function holdsOn(holdings: ObservedHoldings, provider: number): boolean {
  for (let row = 0; row < holdings.count; row++) if (holdings.provider(row) === provider) return true;
  return false;
}

export function instanceHoldings(observation: Observation, i: number): ObservedHoldings {
  return observation.placement.consumers[i]!.allocations;
}

export function migrationHoldings(observation: Observation, m: number): ObservedHoldings {
  return observation.placement.consumers[observation.shape.instances + m]!.allocations;
}

/** The first migration of the instance that holds anything, other than `except`; NONE where none does. */
export function holdingMigration(observation: Observation, i: number, except: number = NONE): number {
  for (let m = 0; m < observation.globals.migrations; m++) {
    if (m === except || observation.migrations[m]!.instance !== i) continue;
    if (migrationHoldings(observation, m).count > 0) return m;
  }
  return NONE;
}

/** The move of the instance that the API took last, or, where it took none, that was asked for last. */
export function lastMoveOf(observation: Observation, i: number): ObservedMove | undefined {
  let last: ObservedMove | undefined;
  for (let k = 0; k < observation.globals.moves; k++) {
    const move = observation.moves[k]!;
    if (move.exists === 1 && move.instance === i && (last === undefined || move.accepted >= last.accepted)) last = move;
  }
  return last;
}

/** A resize that waits, committed, for a decision that the API would take; never by its status alone. */
export function isOpen(observation: Observation, i: number): boolean {
  const move = lastMoveOf(observation, i);
  if (move === undefined || move.kind !== MOVE.RESIZE || move.committed === 0 || move.migration === NONE) return false;
  const instance = observation.instances[i]!;
  const migration = observation.migrations[move.migration]!;
  return (
    instance.exists === 1 &&
    instance.vm === VM.RESIZED &&
    instance.task === TASK.NONE &&
    migration.exists === 1 &&
    migration.status === STATUS.FINISHED
  );
}

/** A move that came to nothing. */
export interface UndoneMove {
  readonly move: ObservedMove;
  /** it failed behind the flip of instance.host, under a contract that leaves the server there */
  readonly stayed: boolean;
}

/** The last move of the instance, if it was taken and did not commit, or was reverted; else undefined. */
export function undoneMove({ observation, instance, pointOfNoReturn }: Case): UndoneMove | undefined {
  const move = lastMoveOf(observation, instance);
  const row = observation.instances[instance]!;
  if (move === undefined || row.exists !== 1) return undefined;
  const failed = move.accepted > 0 && move.committed === 0;
  const reverted = move.committed === 1 && move.decision === 2 && row.host === move.source;
  return failed || reverted ? { move, stayed: failed && pointOfNoReturn && move.flipped === 1 } : undefined;
}

/**
 * Open moves: the instance and its migration together hold exactly the old flavor on the source and the new on the
 * destination. Which of them holds which is the protocol's choice.
 */
export function holdsBothSides(observation: Observation, i: number, move: ObservedMove): boolean {
  const instance = observation.instances[i]!;
  const migration = observation.migrations[move.migration]!;
  if (holdingMigration(observation, i, move.migration) !== NONE) return false;
  const mine = instanceHoldings(observation, i);
  const parked = migrationHoldings(observation, move.migration);
  const { volumeBacked, minKbps } = instance;
  const is = (holdings: ObservedHoldings, provider: number, flavor: number): boolean =>
    holdsExactly(observation, holdings, provider, flavor, volumeBacked, minKbps);
  const { source, destination } = migration;
  return (
    (is(mine, destination, move.newFlavor) && is(parked, source, move.oldFlavor)) ||
    (is(mine, source, move.oldFlavor) && is(parked, destination, move.newFlavor))
  );
}

/** What is wrong with a server that stayed where its failed move had brought it, or null. */
export function notAtHome(observation: Observation, i: number): string | null {
  return restsOnItsHost(observation, i) ? null : 'the server does not hold exactly its flavor where it is';
}

/** The instance holds exactly its flavor on its host, and no migration of it holds anything. */
export function restsOnItsHost(observation: Observation, i: number): boolean {
  const instance = observation.instances[i]!;
  return (
    holdingMigration(observation, i) === NONE &&
    holdsExactly(
      observation,
      settledHoldings(observation, i),
      instance.host,
      instance.flavor,
      instance.volumeBacked,
      instance.minKbps,
    )
  );
}

/**
 * What the instance holds, but for what it holds by design on a host that it was evacuated from and that is gone for good:
 * of an evacuation the instance holds both sides, and the source's nova-compute gives its own up when it starts
 * (nova/compute/manager.py:ComputeManager._destroy_evacuated_instances).
 */
export function settledHoldings(observation: Observation, i: number): ObservedHoldings {
  const holdings = instanceHoldings(observation, i);
  const left = leftBehind(observation, i);
  return left === 0 ? holdings : withoutProviders(holdings, left);
}

/** Shelved since the move, and offloaded: it holds nothing, and has left behind what the move was about. */
export function isOffloaded(observation: Observation, i: number): boolean {
  const { vm, host } = observation.instances[i]!;
  return vm === VM.SHELVED_OFFLOADED && host === NONE;
}

/**
 * What the instance held when the move was asked for, without what an evacuation had left on a host that has given it up
 * since, or that was cleared up.
 */
export function heldBefore(observation: Observation, { instance, source, before }: ObservedMove): ObservedHoldings {
  if (isOffloaded(observation, instance)) return withoutProviders(before, -1);
  let given = 0;
  for (let m = 0; m < observation.globals.migrations; m++) {
    const { instance: of, type, status, source: host } = observation.migrations[m]!;
    if (of !== instance || type !== MOVE_TYPE.EVACUATION || host === source) continue;
    // with a service that is deleted goes what was evacuated from there, and the record stays
    const cleared = status === STATUS.DONE && observation.hosts[host]!.serviceDeleted === 1;
    if (status === STATUS.COMPLETED || cleared) given |= 1 << host;
  }
  return given === 0 ? before : withoutProviders(before, given);
}

function withoutProviders(holdings: ObservedHoldings, providers: number): ObservedHoldings {
  const rows: number[] = [];
  for (let row = 0; row < holdings.count; row++) {
    if ((providers & (1 << holdings.provider(row))) === 0) rows.push(row);
  }
  return {
    count: rows.length,
    provider: (row) => holdings.provider(rows[row]!),
    resourceClass: (row) => holdings.resourceClass(rows[row]!),
    amount: (row) => holdings.amount(rows[row]!),
  };
}

/** Hosts that the instance was evacuated from and that will not come back, unless somebody cleared up behind them, as bits. */
function leftBehind(observation: Observation, i: number): number {
  let left = 0;
  for (let m = 0; m < observation.globals.migrations; m++) {
    const { exists, instance, type, status, source } = observation.migrations[m]!;
    if (exists !== 1 || instance !== i || type !== MOVE_TYPE.EVACUATION || status !== STATUS.DONE) continue;
    // a row that names no host
    if (source === NONE) continue;
    const { gone, serviceDeleted } = observation.hosts[source]!;
    if (gone === 1 && serviceDeleted === 0 && source !== observation.instances[i]!.host) left |= 1 << source;
  }
  return left;
}
