/**
 * Situations that a long campaign must have reached at least once: a verdict without them would be about nothing.
 */
import type { Observation } from '../observation/observation.ts';
import { NONE } from '../state/table.ts';

export interface Sometimes {
  readonly id: string;
  readonly claim: string;
  /** judged on the world at the end of a scenario, settled */
  reached(observation: Observation): boolean;
  /** whether hosts and options of the campaign's situations allow it at all */
  possible(observation: Observation): boolean;
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

export const SOMETIMES: readonly Sometimes[] = [
  {
    id: 'move-committed',
    claim: 'a move that met no fault committed',
    reached: someMove((move) => move.committed === 1 && move.disturbed === 0),
    possible: always,
  },
  {
    id: 'faulted-move-committed',
    claim: 'a move that met a fault committed all the same',
    reached: someMove((move) => move.committed === 1 && move.disturbed === 1),
    possible: always,
  },
  {
    id: 'move-failed',
    claim: 'a move failed',
    reached: someMove((move) => move.accepted > 0 && move.committed === 0),
    possible: always,
  },
  {
    id: 'move-confirmed',
    claim: 'a committed move was confirmed',
    reached: someMove((move) => move.committed === 1 && move.decision === 1),
    possible: always,
  },
  {
    id: 'move-reverted',
    claim: 'a committed move was reverted',
    reached: someMove((move) => move.committed === 1 && move.decision === 2),
    possible: always,
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
  },
  {
    id: 'deleted-during-move',
    claim: 'a server was deleted before its move was over',
    reached: someMove(
      (move, { instances }) => move.accepted > 0 && move.decision === 0 && instances[move.instance]!.exists === 2,
    ),
    possible: always,
  },
];
