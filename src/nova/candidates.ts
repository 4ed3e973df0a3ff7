/**
 * What each operation can be about as the world stands: servers, hosts or services by number. The fuzzer decodes its choice
 * words against these lists, so that nearly every operation is legal when it runs; exhaustive search walks them.
 */

import type { OperationName } from '../scenario/scenario.ts';
import { NONE } from '../state/table.ts';
import { findMigration } from './database.ts';
import { CONTROLLER_NAMES, MOVE_TYPE, SERVICE, STATUS, TASK, VM } from './states.ts';
import { type Instance, isGone, migrationConsumer, nothingUnderWay, seemsUp, serviceUp, type World } from './world.ts';

export type Candidates = (world: World, into: number[]) => void;

const servers =
  (fits: (world: World, instance: Instance, i: number) => boolean): Candidates =>
  (world, into) => {
    for (let i = 0; i < world.globals.instances; i++) {
      const instance = world.instances[i]!;
      if (instance.exists === 1 && fits(world, instance, i)) into.push(i);
    }
  };

const hosts =
  (fits: (world: World, h: number) => boolean): Candidates =>
  (world, into) => {
    for (let h = 0; h < world.setting.hosts.length; h++) if (fits(world, h)) into.push(h);
  };

const up = (world: World, h: number): boolean => world.hosts[h]!.up === 1;

const movable = (world: World, { vm, task, host }: Instance): boolean =>
  (vm === VM.ACTIVE || vm === VM.STOPPED) && task === TASK.NONE && host !== NONE && up(world, host);

const waits = (world: World, instance: Instance, i: number): boolean =>
  instance.vm === VM.RESIZED && instance.task === TASK.NONE && findMigration(world, i, STATUS.FINISHED) !== NONE;

const services =
  (fits: (world: World, service: number) => boolean): Candidates =>
  (world, into) => {
    const all = CONTROLLER_NAMES.length + world.setting.hosts.length;
    for (let s = 0; s < all; s++) if (fits(world, s)) into.push(s);
  };

const hasServers = (world: World, h: number): boolean => {
  for (let i = 0; i < world.globals.instances; i++) {
    if (world.instances[i]!.exists === 1 && world.instances[i]!.host === h) return true;
  }
  return false;
};

/** A live migration of it runs or is queued. */
function abortable(world: World, instance: number): boolean {
  for (const { exists, instance: of, type, status } of world.migrations) {
    if (exists !== 1 || of !== instance || type !== MOVE_TYPE.LIVE_MIGRATION) continue;
    if (status === STATUS.QUEUED || status === STATUS.PREPARING || status === STATUS.RUNNING) return true;
  }
  return false;
}

const stays = (world: World, h: number): boolean => !isGone(world, SERVICE.COMPUTE + h);

/** About nothing in particular. */
const once: Candidates = (_world, into) => {
  into.push(0);
};

export const CANDIDATES: Readonly<Record<OperationName, Candidates>> = {
  // not beside something held: an interrupted build is a matter of its own
  boot: (world, into) => {
    if (nothingUnderWay(world) && world.globals.instances < world.instances.length) into.push(world.globals.instances);
  },
  resize: servers(movable),
  cold_migrate: servers(movable),
  confirm: servers(waits),
  revert: servers(waits),
  live_migrate: servers(
    (world, { vm, task, host }) => vm === VM.ACTIVE && task === TASK.NONE && host !== NONE && up(world, host),
  ),
  abort_live_migration: servers((world, { task }, i) => task === TASK.MIGRATING && abortable(world, i)),
  evacuate: servers(
    (world, { vm, task, host }) =>
      (vm === VM.ACTIVE || vm === VM.STOPPED || vm === VM.ERROR) &&
      task === TASK.NONE &&
      host !== NONE &&
      !seemsUp(world, host),
  ),
  shelve: servers(
    (world, { vm, task, host }) =>
      (vm === VM.ACTIVE || vm === VM.STOPPED) && task === TASK.NONE && host !== NONE && up(world, host),
  ),
  shelve_offload: servers(
    (world, { vm, task, host }) => vm === VM.SHELVED && task === TASK.NONE && host !== NONE && up(world, host),
  ),
  unshelve: servers((_world, { vm, task }) => (vm === VM.SHELVED || vm === VM.SHELVED_OFFLOADED) && task === TASK.NONE),
  rebuild: servers(
    (world, { vm, task, host }) =>
      (vm === VM.ACTIVE || vm === VM.STOPPED || vm === VM.ERROR) &&
      task === TASK.NONE &&
      host !== NONE &&
      up(world, host),
  ),
  // down where something can be evacuated from then; up what is down
  force_down: hosts((world, h) => stays(world, h) && (world.hosts[h]!.forcedDown === 1 || hasServers(world, h))),
  delete_service: hosts(() => true),
  delete: servers(() => true),
  stop: servers((_world, { vm, task, host }) => vm === VM.ACTIVE && task === TASK.NONE && host !== NONE),
  start: servers((_world, { vm, task, host }) => vm === VM.STOPPED && task === TASK.NONE && host !== NONE),
  hard_reboot: servers(
    (_world, { vm, task, host }) =>
      (vm === VM.ACTIVE || vm === VM.STOPPED || vm === VM.ERROR) && task === TASK.NONE && host !== NONE,
  ),
  detach_interface: servers(
    (_world, { vm, task, host, minKbps }) =>
      minKbps > 0 && (vm === VM.ACTIVE || vm === VM.STOPPED) && task === TASK.NONE && host !== NONE,
  ),
  // with nobody at work on it: the operator's repair, not sabotage
  reset_state: servers(
    (world, { vm, task }, i) =>
      (vm === VM.ERROR || task !== TASK.NONE) && task !== TASK.DELETING && nothingUnderWay(world, i),
  ),
  audit: hosts(up),
  poll_unconfirmed_resizes: hosts(up),
  cleanup_incomplete_migrations: hosts(up),
  set_inventory: hosts(() => true),
  // a service that dies while something of its is held dies at that step: that is a fault of the step's own
  crash: (world, into) => {
    if (nothingUnderWay(world)) services(serviceUp)(world, into);
  },
  restart: (world, into) => {
    if (!nothingUnderWay(world)) return;
    // what is gone for good does not come back
    services((_world, s) => !serviceUp(world, s) && !isGone(world, s))(world, into);
    if (into.length === 0) services((_world, s) => s >= SERVICE.COMPUTE && !isGone(world, s))(world, into);
  },
  settle: once,
  // another host stays
  lose_host: (world, into) => {
    hosts(stays)(world, into);
    if (into.length < 2) into.length = 0;
  },
  recover: (world, into) => {
    if (serviceUp(world, SERVICE.CONDUCTOR)) once(world, into);
  },
  placement_audit: hosts(() => true),
  heal_allocations: servers(({ placement }, { task }, i) => task === TASK.NONE && !holds(placement, i)),
  // what is written by hand is sabotage, and drawn only where that is asked for
  delete_allocations: servers((world, _instance, i) => holdsAnything(world, i)),
  edit_row: servers(() => true),
};

const holds = ({ consumers }: World['placement'], id: number): boolean => consumers[id]!.allocations.count > 0;

function holdsAnything(world: World, i: number): boolean {
  if (holds(world.placement, i)) return true;
  for (let m = 0; m < world.globals.migrations; m++) {
    if (world.migrations[m]!.instance === i && holds(world.placement, migrationConsumer(world, m))) return true;
  }
  return false;
}
