/** Options that say what is run: protocol, contract, defects, releases. */
import { Option } from 'commander';
import { compile } from '../engine/compile.ts';
import { DEFAULT_MOVES, MOVE_FAMILY_NAMES, type MoveFamily, movesServed } from '../generate/move-families.ts';
import { DEFECTS, findDefect } from '../nova/defects/defects.ts';
import { PROTOCOLS } from '../nova/protocols.ts';
import { printable } from '../scenario/printable.ts';
import { NOVA_RELEASES, PLACEMENT_RELEASES } from '../scenario/scenario.ts';
import { note, oneOf, UsageError, wholeNumber } from './context.ts';

export const PROTOCOL_NAMES = ['nova', 'rollback'] as const;
export const CONTRACT_NAMES = ['strict', 'nova', 'mission'] as const;

function defect(kind: 'defect' | 'repair') {
  return (text: string, before: readonly string[]): string[] => {
    // for replay: without those that the token carries
    if (text === 'none') return ['none'];
    const found = findDefect(text);
    const fits = found !== undefined && (found.kind === 'repair') === (kind === 'repair');
    if (!fits) {
      const named = DEFECTS.filter((one) => one.kind === kind);
      const some = named.map(({ id }) => id).join(', ');
      throw new UsageError(
        `--${kind} takes an id or an alias of "list defects" (${some}${kind === 'defect' ? ' or a mutant' : ''}), not "${printable(text)}"`,
      );
    }
    return before.includes(found.id) ? [...before] : [...before, found.id];
  };
}

/** What was named, without the `none` that takes a token's own away. */
export const named = (flags: readonly string[]): string[] => flags.filter((name) => name !== 'none');

export const defectOption = (): Option =>
  new Option('--defect <id>', 'bring a historical bug or a mutant into the protocol (repeatable)')
    .argParser(defect('defect'))
    .default([], 'none');

export const repairOption = (): Option =>
  new Option('--repair <id>', 'take an open weakness away (repeatable)')
    .argParser(defect('repair'))
    .default([], 'none');

export const protocolOption = (): Option =>
  new Option('--protocol <name>', `the handlers: ${PROTOCOL_NAMES.join(' or ')}`).argParser(
    oneOf('--protocol', PROTOCOL_NAMES),
  );

/** `all`, or families separated by commas; in the table's order, however they are given. */
function moveFamilies(text: string): MoveFamily[] {
  if (text === 'all') return MOVE_FAMILY_NAMES;
  const names = text.split(',');
  const unknown = names.find((name) => !(MOVE_FAMILY_NAMES as string[]).includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `--moves takes ${MOVE_FAMILY_NAMES.join(', ')}, several of them with commas between, or all, not "${printable(unknown)}"`,
    );
  }
  return MOVE_FAMILY_NAMES.filter((family) => names.includes(family));
}

/** What was asked for, `all` being what the protocol has; a family that it has not would never be drawn. */
export function movesOf(
  protocol: (typeof PROTOCOL_NAMES)[number],
  moves: readonly MoveFamily[] | undefined,
): readonly MoveFamily[] | undefined {
  if (moves === undefined) return undefined;
  const served = movesServed(compile(PROTOCOLS[protocol]));
  if (moves.length === MOVE_FAMILY_NAMES.length) return served;
  const missing = moves.filter((family) => !served.includes(family));
  if (missing.length === 0) return moves;
  throw new UsageError(`--moves ${missing.join(',')}: protocol ${protocol} has ${served.join(', ')}, and no such move`);
}

export const movesOption = (): Option =>
  new Option(
    '--moves <families>',
    `what servers go through: ${MOVE_FAMILY_NAMES.join(',')} or all (default: ${DEFAULT_MOVES.join(',')})`,
  ).argParser(moveFamilies);

export const contractOption = (): Option =>
  new Option('--contract <name>', `the laws: ${CONTRACT_NAMES.join(', ')}`).argParser(
    oneOf('--contract', CONTRACT_NAMES),
  );

/** The rollback protocol is played at every release, and is the same at each. */
export function noteRelease(protocol: (typeof PROTOCOL_NAMES)[number], novaRelease: number): void {
  if (protocol !== 'rollback' || novaRelease === NOVA_RELEASES.newest) return;
  note(
    `note: the rollback protocol is a design upon Nova ${NOVA_RELEASES.newest}.0.0; release ${novaRelease} changes nothing of it`,
  );
}

export const placementReleaseOption = (): Option =>
  new Option(
    '--placement-release <n>',
    `Placement's release, ${PLACEMENT_RELEASES.oldest} to ${PLACEMENT_RELEASES.newest}: see "list releases"`,
  ).argParser(wholeNumber('--placement-release', PLACEMENT_RELEASES.oldest, PLACEMENT_RELEASES.newest));

export const novaReleaseOption = (): Option =>
  new Option(
    '--nova-release <n>',
    `Nova's release, ${NOVA_RELEASES.oldest} to ${NOVA_RELEASES.newest}: see "list releases"`,
  ).argParser(wholeNumber('--nova-release', NOVA_RELEASES.oldest, NOVA_RELEASES.newest));
