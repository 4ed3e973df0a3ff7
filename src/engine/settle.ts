/** Bringing a world to rest, as the contract defines it. */
import { SERVICE } from '../nova/states.ts';
import { isGone, serviceUp, setService, type World } from '../nova/world.ts';
import { perform, RECOVERY_HANDLERS, type Resolved, recoversMoves, restartService } from './operations.ts';
import type { Run } from './run.ts';

export interface Settled {
  /** recovery and periodic work came to an end within the bound */
  readonly bounded: boolean;
  /** running recovery once more changed nothing */
  readonly stable: boolean;
}

/** Rounds of recovery after which a protocol is taken never to come to rest. */
const MOST_ROUNDS = 8;

/**
 * In this order: faults and holds are disarmed and every service answers; every message is delivered, late ones too; each
 * compute that is not gone restarts, unless its service was deleted, which is done to take its host away; periodic work runs until it changes nothing; it runs once more, and nothing may change.
 */
export function settle(run: Run): Settled {
  const { world } = run;
  const operation = Math.max(world.globals.operation, 0);
  run.armed = false;
  for (const service of [SERVICE.PLACEMENT, SERVICE.API, SERVICE.CONDUCTOR, SERVICE.SCHEDULER]) {
    if (serviceUp(world, service)) continue;
    setService(world, service, 1);
    run.listener?.service(service, true);
  }
  const hosts = world.setting.hosts.length;
  const stays = (h: number): boolean => !isGone(world, SERVICE.COMPUTE + h) && world.hosts[h]!.serviceDeleted === 0;
  for (let h = 0; h < hosts; h++) {
    if (!stays(h) && serviceUp(world, SERVICE.COMPUTE + h)) run.crash(SERVICE.COMPUTE + h);
    if (stays(h) && !serviceUp(world, SERVICE.COMPUTE + h)) restartService(run, SERVICE.COMPUTE + h, operation);
  }
  run.releaseAll();
  for (let h = 0; h < hosts; h++) if (!stays(h)) run.forget(SERVICE.COMPUTE + h);
  for (let h = 0; h < hosts; h++) {
    if (!stays(h)) continue;
    restartService(run, SERVICE.COMPUTE + h, operation);
    run.quiesce();
  }
  let before = fingerprint(world);
  let bounded = false;
  for (let round = 0; round < MOST_ROUNDS && !bounded; round++) {
    periodic(run, operation);
    const after = fingerprint(world);
    bounded = after === before;
    before = after;
  }
  periodic(run, operation);
  return { bounded, stable: fingerprint(world) === before };
}

/** Operation k of a scenario. One that asks for rest has it, and behind it faults and holds are armed again. */
export function play(run: Run, k: number, resolved: Resolved): void {
  perform(run, k, resolved);
  if (resolved.operation.operation !== 'settle') return;
  settle(run);
  run.armed = true;
}

/** What the services do from time to time. The poll of unconfirmed resizes runs only as an operation. */
function periodic(run: Run, operation: number): void {
  for (const recovery of recoversMoves(run.code) ? RECOVERY_HANDLERS : []) {
    run.begin(recovery, SERVICE.CONDUCTOR, operation);
    run.quiesce();
  }
  for (let h = 0; h < run.world.setting.hosts.length; h++) {
    // one that does not come up does no periodic work
    if (isGone(run.world, SERVICE.COMPUTE + h) || !serviceUp(run.world, SERVICE.COMPUTE + h)) continue;
    run.begin('compute.update_available_resource', SERVICE.COMPUTE + h, operation);
    run.begin('compute.cleanup_incomplete_migrations', SERVICE.COMPUTE + h, operation);
    run.quiesce();
  }
}

/**
 * A number for everything that lasts: rows, trackers, allocations, guests; not counters that only grow (generations,
 * orders of arrival). Two worlds that differ in what lasts differ in it, but for one chance in 2^32.
 */
export function fingerprint(world: World): number {
  let hash = 0x811c9dc5;
  const mix = (value: number): void => {
    hash = Math.imul(hash ^ value, 0x01000193);
    hash ^= hash >>> 15;
  };
  for (let i = 0; i < world.globals.instances; i++) {
    const row = world.instances[i]!;
    mix(row.exists);
    mix(row.host);
    mix(row.vm * 64 + row.task);
    mix(row.flavor * 64 + row.oldFlavor);
    mix(row.instanceType);
    mix(row.newFlavor * 64 + row.oldVm);
    mix(row.migrationContext);
    mix(row.pinned);
    mix(row.buildRequest * 64 + row.unmapped);
    mix(row.minKbps);
    mix(row.guests);
    mix(row.running);
    mix(row.backups);
  }
  for (let m = 0; m < world.globals.migrations; m++) {
    const row = world.migrations[m]!;
    mix(row.exists * 64 + row.status);
    mix(row.destination);
  }
  for (let h = 0; h < world.setting.hosts.length; h++) {
    const host = world.hosts[h]!;
    mix(host.vcpusUsed);
    mix(host.memoryMbUsed);
    mix(host.localGbUsed);
    mix(host.pinned);
    mix(host.serviceDeleted * 4 + host.nodeDeleted * 2 + world.placement.providers[h]!.exists);
  }
  for (const consumer of world.placement.consumers) {
    mix(consumer.exists);
    const { allocations } = consumer;
    const end = allocations.offset + 1 + 3 * allocations.count;
    for (let k = allocations.offset; k < end; k++) mix(allocations.cells[k]!);
  }
  return hash;
}
