/**
 * Links a protocol into one flat list of steps in which each carries where to go next, on failure, on a falsy result and on
 * its other branch. Every use of a step gets its own copy, since the links live on it.
 */

import type { Defect } from '../nova/defects/defect.ts';
import type { Setting } from '../nova/setting.ts';
import {
  type Handler,
  INNER_REGIONS,
  type Item,
  isGroup,
  OUTCOME,
  type Outcome,
  type Patch,
  type Protocol,
  type Region,
  type Step,
  type UndoRow,
} from '../nova/step.ts';
import type { Job, World } from '../nova/world.ts';
import type { Request, Response } from '../placement/api.ts';
import { PLACEMENT_RULES, type PlacementRules } from '../placement/server.ts';
import { NOVA_RELEASES } from '../scenario/scenario.ts';
import { assert, ModelError, NONE } from '../state/table.ts';

export const KIND = { LOCAL: 0, ASK: 1, CAST: 2, CALL: 3, END: 4, RAISED: 5 } as const;

const nothing = (): Outcome => OUTCOME.OK;
const noRequest = (): Request | null => null;
const noAnswer = (): Outcome => OUTCOME.OK;
const nowhere = (): number => NONE;
const noFill = (): void => {};

/** One class with every field always present: the executor stays monomorphic. */
export class Instruction {
  readonly pc: number;
  readonly kind: number;
  readonly step: Step;
  readonly handler: Handler;
  /** index into `Code.points` */
  readonly point: number;
  /** regions that reach the step, innermost first */
  readonly regions: readonly Region[];
  /** the region whose undo this step is part of, or null in a handler's body */
  readonly undoing: Region | null;
  readonly run: (world: World, job: Job) => Outcome;
  readonly ask: (world: World, job: Job) => Request | null;
  readonly take: (world: World, job: Job, response: Response) => Outcome;
  readonly where: (world: World, job: Job) => number;
  readonly fill: (world: World, job: Job, message: Job) => void;
  readonly returned: (world: World, job: Job, callee: Job) => Outcome;
  readonly onError: ((world: World, job: Job) => void) | null;
  readonly when: ((world: World, job: Job) => boolean) | null;
  readonly falsyRaises: Outcome;
  /** the guarded region, for causes: the handler's innermost around a step, or the undo it belongs to */
  get guard(): string {
    return this.undoing === null ? (this.regions[0] ?? 'unguarded') : `undo.${this.undoing}`;
  }
  /** 1 the tracker's lock, 2 the instance's, 4 the executor of live migrations */
  readonly locks: number;
  next = NONE;
  fail = NONE;
  falsy = NONE;
  other = NONE;
  again = NONE;
  /** where a swallowed exception leads, if not to the next step */
  swallowed = NONE;
  /** entry of the handler that a message is for */
  entry = NONE;

  constructor(
    pc: number,
    kind: number,
    step: Step,
    handler: Handler,
    point: number,
    regions: readonly Region[],
    undoing: Region | null,
  ) {
    this.pc = pc;
    this.kind = kind;
    this.step = step;
    this.handler = handler;
    this.point = point;
    this.regions = regions;
    this.undoing = undoing;
    this.run = step.run ?? nothing;
    this.ask = step.ask ?? noRequest;
    this.take = step.take ?? noAnswer;
    this.where = step.where ?? nowhere;
    this.fill = step.fill ?? noFill;
    this.returned = step.returned ?? nothing;
    this.onError = step.onError ?? null;
    this.when = step.when ?? null;
    this.falsyRaises = step.falsyRaises ?? OUTCOME.RAISE;
    this.locks =
      (step.under === 'tracker' ? 1 : 0) | (handler.locksInstance === true ? 2 : 0) | (handler.pooled === true ? 4 : 0);
  }
}

export interface Point {
  readonly index: number;
  readonly id: string;
  readonly step: Step;
  /** handlers that have it, in order */
  readonly handlers: readonly string[];
}

export interface Code {
  readonly protocol: Protocol;
  /** the release of Nova whose tables these are; a scenario says which it is for */
  readonly release: number;
  readonly defects: readonly Defect[];
  readonly rules: PlacementRules;
  readonly instructions: readonly Instruction[];
  readonly entries: ReadonlyMap<string, number>;
  readonly points: readonly Point[];
  readonly pointIndex: ReadonlyMap<string, number>;
}

const KINDS: Partial<Record<Step['touches'], number>> = {
  'placement-read': KIND.ASK,
  'placement-write': KIND.ASK,
  cast: KIND.CAST,
  call: KIND.CALL,
  task: KIND.CAST,
  function: KIND.CALL,
};

/** Takes the tables back to a release of Nova, applies defects and repairs to them, then links them. */
export function compile(
  protocol: Protocol,
  defects: readonly Defect[] = [],
  release: number = NOVA_RELEASES.newest,
): Code {
  // from the newest back: an older change was made to what the newer ones found
  const undone = protocol.changes.flatMap(({ since, before }) => (since > release && before !== null ? [before] : []));
  const patches = [...undone, ...defects];
  return new Linker(patch(protocol, patches), release, defects, patches).link();
}

/** Whoever runs a scenario compiles for the release that it names: the tables of another would play another Nova. */
export function mustFit({ release }: Code, { options }: Setting): void {
  if (release === options.nova_release) return;
  throw new ModelError(`the scenario is for Nova ${options.nova_release}, the tables are those of ${release}`);
}

function patch(protocol: Protocol, patches: readonly Patch[]): Protocol {
  let { handlers, undoGroups } = protocol;
  const undo: Record<string, UndoRow> = { ...protocol.undo };
  for (const change of patches) {
    undoGroups = { ...undoGroups, ...change.undoGroups };
    for (const [handler, cells] of Object.entries(change.undo ?? {})) {
      if (undo[handler] === undefined) continue;
      undo[handler] = { ...undo[handler], ...cells };
    }
    const { steps = {}, order = {} } = change;
    const patched = (items: readonly Item[]): Item[] =>
      items.map((item) => {
        if (isGroup(item)) return { steps: patched(item.steps) as Step[] };
        const cells = steps[item.id];
        return cells === undefined ? item : { ...item, ...cells };
      });
    handlers = handlers.map((handler) => {
      const items = patched(handler.steps);
      const wanted = order[handler.id];
      return { ...handler, steps: wanted === undefined ? items : wanted(items) };
    });
  }
  return { ...protocol, handlers, undo, undoGroups };
}

class Linker {
  readonly protocol: Protocol;
  readonly release: number;
  readonly defects: readonly Defect[];
  readonly patches: readonly Patch[];
  readonly instructions: Instruction[] = [];
  readonly entries = new Map<string, number>();
  readonly pointIndex = new Map<string, number>();
  readonly points: { index: number; id: string; step: Step; handlers: string[] }[] = [];

  constructor(protocol: Protocol, release: number, defects: readonly Defect[], patches: readonly Patch[]) {
    this.protocol = protocol;
    this.release = release;
    this.defects = defects;
    this.patches = patches;
  }

  link(): Code {
    for (const handler of this.protocol.handlers) this.handler(handler);
    for (const instruction of this.instructions) {
      const { to } = instruction.step;
      if (to === undefined) continue;
      const entry = this.entries.get(to);
      if (entry === undefined) throw new ModelError(`${instruction.step.id} sends to ${to}, which no handler serves`);
      instruction.entry = entry;
    }
    const rules = { ...PLACEMENT_RULES };
    for (const { placement } of this.patches) Object.assign(rules, placement);
    return {
      protocol: this.protocol,
      release: this.release,
      defects: this.defects,
      rules,
      instructions: this.instructions,
      entries: this.entries,
      points: this.points,
      pointIndex: this.pointIndex,
    };
  }

  private point(step: Step, handler: Handler): number {
    const known = this.pointIndex.get(step.id);
    if (known !== undefined) {
      const point = this.points[known]!;
      if (!point.handlers.includes(handler.id)) point.handlers.push(handler.id);
      return known;
    }
    const index = this.points.length;
    this.points.push({ index, id: step.id, step, handlers: [handler.id] });
    this.pointIndex.set(step.id, index);
    return index;
  }

  private emit(
    kind: number,
    step: Step,
    handler: Handler,
    regions: readonly Region[],
    undoing: Region | null,
  ): Instruction {
    const point = kind === KIND.END || kind === KIND.RAISED ? NONE : this.point(step, handler);
    const made = new Instruction(this.instructions.length, kind, step, handler, point, regions, undoing);
    this.instructions.push(made);
    return made;
  }

  /** `finally:NAME` runs on failure and on success, `success:NAME` on success only, NAME on failure only. */
  private cell(handler: Handler, region: Region): { group: string; onSuccess: boolean; onFailure: boolean } {
    const text = this.protocol.undo[handler.id]?.[region] ?? 'keep';
    const [first, second] = text.split(':');
    if (second === undefined) return { group: text, onSuccess: false, onFailure: true };
    return { group: second, onSuccess: true, onFailure: first === 'finally' };
  }

  private undoItems(handler: Handler, region: Region, when: 'onSuccess' | 'onFailure'): readonly Item[] {
    const cell = this.cell(handler, region);
    const { group } = cell;
    if (group === 'keep' || !cell[when]) return [];
    const make = this.protocol.undoGroups[`${region}.${group}`] ?? this.protocol.undoGroups[group];
    if (make === undefined) throw new ModelError(`the undo row of ${handler.id} names ${group}, which is no undo`);
    return make(handler.prefix);
  }

  private handler(handler: Handler): void {
    const all = Object.keys(this.protocol.undo[handler.id] ?? {}) as Region[];
    const end = (): Step => ({ id: '$end', touches: 'memory', nova: '' });
    this.entries.set(handler.id, this.instructions.length);

    // chains of undo are made per set of regions, on first use, and linked after the body
    const chains = new Map<string, { first: number }>();
    const pending: { instruction: Instruction; regions: readonly Region[] }[] = [];
    const sequence = (
      items: readonly Item[],
      regionsOf: (step: Step) => readonly Region[],
      undoing: Region | null,
    ): Instruction[] => {
      const start = this.instructions.length;
      const made: Instruction[] = [];
      const jumps: {
        from: Instruction;
        cell: 'falsy' | 'other' | 'again' | 'swallowed';
        target: string;
        end: number;
      }[] = [];
      for (const item of items) {
        const steps = isGroup(item) ? item.steps : [item];
        const behind = this.instructions.length + steps.length;
        for (const step of steps) {
          const regions = regionsOf(step);
          const instruction = this.emit(KINDS[step.touches] ?? KIND.LOCAL, step, handler, regions, undoing);
          instruction.next = instruction.pc + 1;
          made.push(instruction);
          pending.push({ instruction, regions });
          const { falsy } = step;
          if (falsy !== undefined && falsy !== 'raise') {
            jumps.push({ from: instruction, cell: 'falsy', target: falsy, end: behind });
          }
          if (step.else !== undefined) jumps.push({ from: instruction, cell: 'other', target: step.else, end: behind });
          if (step.again !== undefined)
            jumps.push({ from: instruction, cell: 'again', target: step.again, end: behind });
          if (typeof step.swallows === 'string')
            jumps.push({ from: instruction, cell: 'swallowed', target: step.swallows, end: behind });
        }
      }
      for (const { from, cell, target, end: behind } of jumps) {
        if (target === 'go-on') from[cell] = from.next;
        else if (target === '$end') from[cell] = behind;
        else if (target === '$done') from[cell] = -2;
        else {
          const found = made.find((instruction) => instruction.step.id === target);
          assert(found !== undefined, `${from.step.id} jumps to ${target}, which is not in ${handler.id}`);
          from[cell] = found.pc;
        }
      }
      assert(this.instructions.length === start + made.length, 'steps were emitted out of order');
      return made;
    };

    const within = (step: Step): readonly Region[] =>
      all.filter((region) =>
        INNER_REGIONS.has(region) ? step.inside?.includes(region) === true : step.outside?.includes(region) !== true,
      );
    const leaving =
      (outer: readonly Region[]) =>
      (step: Step): readonly Region[] =>
        outer.filter((region) => step.outside?.includes(region) !== true);
    sequence(handler.steps, within, null);
    // finally-regions on the success path, innermost first; a failure in one reaches the regions outside it
    const successEntry = new Map<Region, number>();
    for (const region of all) {
      if (!this.cell(handler, region).onSuccess) continue;
      successEntry.set(region, this.instructions.length);
      const outer = all.slice(all.indexOf(region) + 1);
      sequence(this.undoItems(handler, region, 'onSuccess'), leaving(outer), null);
    }
    const done = this.emit(KIND.END, end(), handler, [], null);

    const chainOf = (regions: readonly Region[]): number => {
      const key = regions.join();
      const known = chains.get(key);
      if (known !== undefined) return known.first;
      const chain = { first: this.instructions.length };
      chains.set(key, chain);
      for (const [k, region] of regions.entries()) {
        const outer = regions.slice(k + 1);
        const made = sequence(this.undoItems(handler, region, 'onFailure'), leaving(outer), region);
        // an undo that swallowed the exception goes on to the finally-regions outside it, then ends well
        const rest = outer.find((other) => successEntry.has(other));
        const swallowed = rest === undefined ? done.pc : successEntry.get(rest)!;
        for (const instruction of made) {
          if (instruction.falsy === -2) instruction.falsy = swallowed;
          if (instruction.other === -2) instruction.other = swallowed;
        }
      }
      this.emit(KIND.RAISED, end(), handler, [], null);
      return chain.first;
    };
    while (pending.length > 0) {
      const { instruction, regions } = pending.shift()!;
      instruction.fail = chainOf(regions);
    }
    const firstFinally = [...successEntry.values()][0];
    for (const instruction of this.instructions) {
      if (instruction.handler !== handler) continue;
      if (instruction.falsy === -2) instruction.falsy = firstFinally ?? done.pc;
      if (instruction.other === -2) instruction.other = firstFinally ?? done.pc;
    }
  }
}
