/**
 * Situations that a long campaign must have reached at least once: a verdict without them would be about nothing.
 */
import { MET } from '../nova/states.ts';
import type { Observation } from '../observation/observation.ts';
import { NONE } from '../state/table.ts';

export interface Sometimes {
  readonly id: string;
  readonly claim: string;
  /** judged on the world at the end of a scenario, settled */
  reached(observation: Observation): boolean;
  /** whether hosts and options of the campaign's situations allow it at all */
  possible(observation: Observation): boolean;
  /** least faults and holds of a scenario that shows it */
  readonly faults: number;
  /** only a protocol that recovers moves by itself can show it */
  readonly recovery?: true;
  /** it is about resizes, and no other move shows it */
  readonly resize?: true;
}

const always = (): boolean => true;
const someMove =
  (fits: (move: Observation['moves'][number], observation: Observation) => boolean) =>
  (observation: Observation): boolean => {
    for (let k = 0; k < observation.globals.moves; k++) {
      const move = observation.moves[k]!;
      if (move.exists === 1 && fits(move, observation)) return true;
    }
    return false;
  };

const met = (id: string, bit: number, claim: string): Sometimes => ({
  id,
  claim,
  reached: someMove((move) => (move.met & bit) !== 0),
  possible: always,
  faults: 0,
});

export const SOMETIMES: readonly Sometimes[] = [
  {
    id: 'move-committed',
    claim: 'a move that met no fault committed',
    reached: someMove((move) => move.committed === 1 && move.disturbed === 0),
    possible: always,
    faults: 0,
  },
  {
    id: 'faulted-move-committed',
    claim: 'a move that met a fault committed all the same',
    reached: someMove((move) => move.committed === 1 && move.disturbed === 1),
    possible: always,
    faults: 1,
  },
  {
    id: 'move-failed',
    claim: 'a move failed',
    reached: someMove((move) => move.accepted > 0 && move.committed === 0),
    possible: always,
    faults: 1,
  },
  {
    id: 'move-confirmed',
    claim: 'a committed move was confirmed',
    reached: someMove((move) => move.committed === 1 && move.decision === 1),
    possible: always,
    faults: 0,
    resize: true,
  },
  {
    id: 'move-reverted',
    claim: 'a committed move was reverted',
    reached: someMove((move) => move.committed === 1 && move.decision === 2),
    possible: always,
    faults: 0,
    resize: true,
  },
  {
    id: 'moved-within-host',
    claim: 'a server was resized within its host',
    reached: someMove(
      (move, { migrations }) =>
        move.committed === 1 && move.migration !== NONE && migrations[move.migration]!.destination === move.source,
    ),
    possible: ({ setting }) =>
      setting.options.allow_resize_to_same_host || setting.options.supports_migrate_to_same_host,
    faults: 0,
    resize: true,
  },
  {
    id: 'server-moved-twice',
    claim: 'a server was moved again after a move of it failed',
    reached: someMove((move, { moves, globals }) => {
      if (move.accepted === 0 || move.committed === 1) return false;
      for (let k = 0; k < globals.moves; k++) {
        const other = moves[k]!;
        if (other.instance === move.instance && other.accepted > move.accepted) return true;
      }
      return false;
    }),
    possible: always,
    faults: 1,
  },
  {
    id: 'deleted-during-move',
    claim: 'a server was deleted before its move was over',
    reached: someMove(
      (move, { instances }) => move.accepted > 0 && move.decision === 0 && instances[move.instance]!.exists === 2,
    ),
    possible: always,
    faults: 0,
  },
  {
    id: 'ended-on-alternate',
    claim: 'a move that failed on one host committed on the alternate',
    reached: someMove((move) => move.committed === 1 && move.elsewhere === 1),
    possible: ({ setting }) => setting.hosts.length > 2 && setting.options.max_attempts > 1,
    faults: 1,
    resize: true,
  },
  met('moves-at-once', MET.ANOTHER_MOVE, 'a move was asked for while another was not over'),
  met('inventory-changed-in-mid-move', MET.INVENTORY, 'the operator changed an inventory before a move was over'),
  met('placement-away-in-mid-move', MET.PLACEMENT_AWAY, 'Placement went away before a move was over'),
  { ...met('message-lost', MET.MESSAGE_LOST, 'a message of a move was lost'), faults: 1 },
  { ...met('message-late', MET.MESSAGE_LATE, 'a message of a move came late'), faults: 1 },
  { ...met('host-gone-in-mid-move', MET.HOST_GONE, 'a host was lost before a move was over'), recovery: true },
  {
    ...met('fault-in-recovery', MET.FAULT_IN_RECOVERY, 'what recovers or undoes a move met a fault'),
    faults: 1,
    recovery: true,
  },
];
