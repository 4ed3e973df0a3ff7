/** Mutants: one broken cell each, kept to prove that a law sees it. No release of Nova was ever like this. */

import { NONE } from '../state/table.ts';
import { instanceOf, migrationOf, saveMigrationStatus } from './database.ts';
import type { Defect } from './defects.ts';
import { here } from './handlers/common.ts';
import { STATUS } from './states.ts';
import { OUTCOME } from './step.ts';
import { recount } from './tracker.ts';
import { trackingOf } from './world.ts';

type Mutant = Omit<Defect, 'kind' | 'aliases' | 'length'>;

const mutants: readonly Mutant[] = [
  {
    id: 'mutant-delete-takes-another-claim',
    title: "Deleting a server deletes another server's allocations",
    catches: ['bystanders-unchanged'],
    steps: {
      'terminate.delete-alloc': {
        ask: (_world, job) => ({ op: 'delete-allocations', consumer: job.instance === 0 ? 1 : 0 }),
      },
    },
  },
  {
    id: 'mutant-no-capacity-check',
    title: 'Placement offers every host and accepts every amount',
    catches: ['capacity-respected'],
    placement: { checkCapacity: false },
    steps: {
      'scheduler.candidates': {
        take: (world, job) => {
          job.hosts = (1 << world.setting.hosts.length) - 1;
          return OUTCOME.OK;
        },
      },
    },
  },
  {
    id: 'mutant-confirm-destroys-the-guest',
    title: 'Confirm destroys the guest where the server lives',
    catches: ['guest-single-home'],
    steps: {
      'confirm.driver': {
        run: (world, job) => {
          const instance = instanceOf(world, job);
          instance.guests = 0;
          instance.running = 0;
          return OUTCOME.OK;
        },
      },
    },
  },
  {
    id: 'mutant-drop-claim-keeps-usage',
    title: 'Confirm drops the move from the tracker without subtracting it',
    catches: ['tracker-matches'],
    steps: {
      'confirm.drop-claim': {
        run: (world, job) => {
          const tracking = trackingOf(world, here(job), job.instance);
          tracking.instance = 0;
          tracking.migration = 0;
          return saveMigrationStatus(world, migrationOf(world, job), STATUS.CONFIRMED);
        },
      },
    },
  },
  {
    id: 'mutant-move-refused-for-nothing',
    title: 'Conductor finds no valid host behind a claim that succeeded',
    catches: ['no-spurious-refusal'],
    steps: { 'conductor.fill': { run: () => OUTCOME.RAISE_NO_VALID_HOST } },
  },
  {
    id: 'mutant-delete-does-not-confirm',
    title: 'Deleting a server that waits for its decision leaves the move as it is',
    catches: ['delete-releases-all', 'no-orphan-consumer'],
    steps: { 'delete.confirm': { where: () => NONE } },
  },
  {
    id: 'mutant-restless-audit',
    title: 'Every audit comes to another number than the one before',
    catches: ['idempotent-recovery'],
    steps: {
      'audit.recount': {
        run: (world, job) => {
          recount(world, here(job));
          world.hosts[here(job)]!.vcpusUsed += ++world.globals.updates & 1;
          return OUTCOME.OK;
        },
      },
    },
  },
  {
    id: 'mutant-revert-forgets-its-decision',
    title: 'A revert ends without its status',
    catches: ['atomic-decision', 'no-stuck-migration'],
    steps: { 'revert.drop-claim': { run: () => OUTCOME.OK } },
  },
  {
    id: 'rollback-undo-without-fence',
    protocol: 'rollback',
    title: 'The undo of a move does not write down that it is being undone',
    catches: ['no-stuck-migration'],
    steps: {
      'undo.fence': { run: (world, job) => (migrationOf(world, job).exists === 1 ? OUTCOME.OK : OUTCOME.FALSY) },
    },
  },
  {
    id: 'rollback-undo-leaves-the-guest',
    protocol: 'rollback',
    title: 'The undo of a move leaves the guest on the destination',
    catches: ['guest-single-home'],
    steps: { 'undo.destination': { where: () => NONE } },
  },
  {
    id: 'rollback-undo-keeps-the-claim',
    protocol: 'rollback',
    title: 'The undo of a move keeps the claim on the destination',
    catches: ['destination-empty', 'no-orphan-consumer'],
    steps: { 'undo.drop-claim': { ask: () => null }, 'recover.drop-stale-claim': { ask: () => null } },
  },
  {
    id: 'rollback-undo-is-not-saved',
    protocol: 'rollback',
    title: 'The undo of a move never ends in the database',
    catches: ['no-stuck-migration'],
    steps: { 'undo.save': { run: () => OUTCOME.OK } },
  },
  {
    id: 'rollback-no-recovery-of-undo',
    protocol: 'rollback',
    title: 'Nobody undoes a move whose undo was not asked for',
    catches: ['no-stuck-migration', 'destination-empty'],
    steps: { 'recover.undo': { where: () => NONE } },
  },
  {
    id: 'rollback-no-recovery-of-confirm',
    protocol: 'rollback',
    title: 'Nobody drives an interrupted confirm again',
    catches: ['atomic-decision', 'no-stuck-migration'],
    steps: { 'recover.confirm': { where: () => NONE } },
  },
  {
    id: 'rollback-no-recovery-of-revert',
    protocol: 'rollback',
    title: 'Nobody drives an interrupted revert again',
    catches: ['atomic-decision', 'no-stuck-migration'],
    steps: { 'recover.revert': { where: () => NONE } },
  },
  {
    id: 'rollback-confirm-does-not-swap',
    protocol: 'rollback',
    title: 'Confirm cleans up the source without exchanging the claims',
    catches: ['host-agreement', 'source-zero'],
    steps: { 'confirm.swap': { ask: () => null } },
  },
  {
    id: 'rollback-revert-keeps-the-claim',
    protocol: 'rollback',
    title: 'Revert brings the server back and keeps the claim on the destination',
    catches: ['no-orphan-consumer', 'destination-empty'],
    steps: { 'frevert.release': { ask: () => null } },
  },
];

export const INVARIANT_MUTANTS: readonly Defect[] = mutants.map((mutant) => ({
  ...mutant,
  kind: 'mutant',
  aliases: [],
  length: 0,
}));
