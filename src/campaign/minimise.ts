/**
 * From a scenario that shows a violation to the least one that shows the same, in normal form. Every step keeps the laws
 * broken and the class of the end state, and takes causes away, never puts others in their place.
 */
import type { Contract } from '../contract/contracts.ts';
import { type StruckFault, seenWord } from '../contract/signature.ts';
import type { Code } from '../engine/compile.ts';
import { kindsFor } from '../engine/faults.ts';
import { MOST_PCPUS } from '../scenario/flavor-properties.ts';
import { normalForm } from '../scenario/normal-form.ts';
import {
  DEFAULT_OPTIONS,
  type Fault,
  type Flavor,
  type Host,
  type Operation,
  type Options,
  type Scenario,
} from '../scenario/scenario.ts';
import { without } from '../scenario/without.ts';
import { judgeScenario } from './judge.ts';
import { plainFlavor, ROOM, roomy, roomyHost } from './plain.ts';
import type { Violation } from './trial.ts';

export interface Minimal {
  readonly scenario: Scenario;
  readonly violation: Violation;
  /** scenarios run on the way */
  readonly executions: number;
}

/** Whether one violation is the other with causes taken away. */
export function isSimplerOrEqual(found: Violation, target: Violation): boolean {
  if (found.endState !== target.endState) return false;
  if (found.invariants.length !== target.invariants.length) return false;
  if (!found.invariants.every((id) => target.invariants.includes(id))) return false;
  const left = target.cause.faults.map(causeKey);
  for (const fault of found.cause.faults) {
    const at = left.indexOf(causeKey(fault));
    if (at < 0) return false;
    left.splice(at, 1);
  }
  // sabotage is a class of its own: what it did is not told as what happens without it, nor the other way round
  if (found.cause.sabotage.length > 0 !== target.cause.sabotage.length > 0) return false;
  if (!found.cause.sabotage.every((operation) => target.cause.sabotage.includes(operation))) return false;
  return found.cause.holds.every((hold) => target.cause.holds.includes(hold));
}

const causeKey = ({ handler, guard, seen }: StruckFault): string => `${handler}[${guard}] ${seenWord(seen)}`;

export function minimise(
  code: Code,
  contract: Contract,
  scenario: Scenario,
  target: Violation,
  budget: number,
): Minimal {
  const shows: Shows = (candidate, best) =>
    judgeScenario(code, contract, candidate).find((one) => isSimplerOrEqual(one, best));
  return reduce(code, scenario, target, budget, shows);
}

/** The violation of a candidate that stands for the best one so far, or undefined. */
export type Shows = (candidate: Scenario, best: Violation) => Violation | undefined;

export const reduce = (code: Code, scenario: Scenario, target: Violation, budget: number, shows: Shows): Minimal =>
  new Reducer(code, scenario, target, budget, shows).reduce();

class Reducer {
  private readonly code: Code;
  private readonly budget: number;
  private readonly shows: Shows;
  private best: Scenario;
  private violation: Violation;
  private executions = 0;

  constructor(code: Code, scenario: Scenario, target: Violation, budget: number, shows: Shows) {
    this.shows = shows;
    this.code = code;
    this.best = scenario;
    this.violation = target;
    this.budget = budget;
  }

  reduce(): Minimal {
    this.takeTheShortWay();
    this.untilNothingChanges(() => {
      this.dropServers();
      this.dropOperations();
      this.dropDisturbances();
      this.crashesToOperations();
      this.simplifyCloud();
      this.simplifyOptions();
      this.simplifyOperations();
    });
    this.untilNothingChanges(() => {
      this.plainScenario();
      this.simplifyDisturbances();
      this.simplifyOperations();
      this.dropOperations();
    });
    this.try(normalForm(this.best));
    return { scenario: this.best, violation: this.violation, executions: this.executions };
  }

  private untilNothingChanges(pass: () => void): void {
    for (let before = ''; before !== JSON.stringify(this.best) && this.executions < this.budget; ) {
      before = JSON.stringify(this.best);
      pass();
    }
  }

  /** Most findings need one server, a roomy cloud and no options: tried at once, before anything is taken away singly. */
  private takeTheShortWay(): void {
    const server = this.servers()[this.violation.instance];
    const struck = new Set([...this.best.faults, ...this.best.holds].map(({ operation }) => operation));
    this.try(without(this.best, (op, k) => 'server' in op && op.server !== server && !struck.has(k)));
    this.plainScenario();
  }

  /** Flavors in the order of their use and hosts in any, plain ones, and the options that Nova has by itself. */
  private plainScenario(): void {
    for (const base of [this.best, ...resized(this.best)]) if (this.plainScenarioOf(base)) return;
  }

  private plainScenarioOf(base: Scenario): boolean {
    const ordered = normalForm(base);
    const flavors = ordered.cloud.flavors.map(({ name }, k) => plainFlavor(name, k));
    const { nova_release, placement_release } = ordered.options;
    const defaults = { ...DEFAULT_OPTIONS, nova_release, placement_release };
    const names = ordered.cloud.hosts.map(({ name }) => name);
    for (const options of [defaults, ordered.options]) {
      for (const order of permutations(names)) {
        const renamed = renameHosts(ordered, names, order);
        const plain = { ...renamed, options, cloud: { flavors, hosts: names.map(roomyHost) } };
        // plain already: another order of the hosts only if it reads as the simpler one
        const text = JSON.stringify(plain);
        const now = JSON.stringify(this.best);
        if (text.length === now.length && text >= now) continue;
        if (this.try(plain)) return true;
      }
    }
    return false;
  }

  /** Keeps a candidate that shows the same violation or a simpler cause of it. */
  private try(candidate: Scenario): boolean {
    if (this.executions >= this.budget) return false;
    this.executions++;
    const found = this.shows(candidate, this.violation);
    if (found === undefined) return false;
    this.best = candidate;
    this.violation = found;
    return true;
  }

  // ---- operations

  private dropServers(): void {
    const servers = this.servers();
    if (servers.length < 2) return;
    for (const server of servers) {
      this.try(without(this.best, (op) => 'server' in op && op.server === server));
    }
  }

  private dropOperations(): void {
    for (let size = Math.max(1, this.best.operations.length >> 1); size >= 1; size >>= 1) {
      for (let from = this.best.operations.length - size; from >= 0; from--) {
        const to = from + size;
        if (to > this.best.operations.length) continue;
        const fewer = without(this.best, (_op, k) => k >= from && k < to);
        // what was a way back may now be no resize at all
        const repaired = withoutIdleResizes(fewer);
        if (!this.try(fewer) && repaired !== fewer) this.try(repaired);
      }
    }
  }

  /** A service that dies while it works for somebody else is a service that dies. */
  private crashesToOperations(): void {
    const server = this.servers()[this.violation.instance];
    for (const fault of this.best.faults) {
      const operation = this.best.operations[fault.operation];
      if (!fault.kind.startsWith('crash') || operation === undefined) continue;
      if ('server' in operation && (operation.server === server || operation.operation === 'boot')) continue;
      const faults = this.best.faults.filter((other) => other !== fault);
      for (const service of [...this.best.cloud.hosts.map(({ name }) => name), ...CONTROLLERS]) {
        const operations = [...this.best.operations];
        operations[fault.operation] = { operation: 'crash', service };
        if (this.try({ ...this.best, operations, faults })) return;
      }
    }
  }

  private servers(): string[] {
    return this.best.operations.flatMap((op) => (op.operation === 'boot' ? [op.server] : []));
  }

  private simplifyOperations(): void {
    for (let k = 0; k < this.best.operations.length; k++) {
      for (const simpler of simplerOperations(this.best.operations[k]!, this.best)) {
        const operations = [...this.best.operations];
        operations[k] = simpler;
        if (this.try({ ...this.best, operations })) break;
      }
    }
  }

  // ---- faults and holds

  private dropDisturbances(): void {
    for (const list of ['faults', 'holds'] as const) {
      for (let k = this.best[list].length - 1; k >= 0; k--) {
        this.try({ ...this.best, [list]: this.best[list].filter((_, other) => other !== k) });
      }
    }
  }

  /**
   * The first point and kind, in the order of the tables, with which the finding is the same: one form a signature. A cold
   * migration becomes a resize on the way, if at some of those points that comes to the same.
   */
  private simplifyDisturbances(): void {
    for (let k = 0; k < Math.max(1, this.best.faults.length); k++) {
      const fault = this.best.faults[k];
      const faults = fault === undefined ? [] : [...this.simplerFaults(fault), fault];
      for (const base of [...resized(this.best), this.best]) {
        const found = (fault === undefined ? [null] : faults).some((simpler) => {
          if (base === this.best && (simpler === null || simpler === fault)) return false;
          const list = simpler === null ? base.faults : base.faults.map((other, at) => (at === k ? simpler : other));
          return this.try({ ...base, faults: list });
        });
        if (found) break;
      }
    }
    for (let k = 0; k < this.best.holds.length; k++) {
      const hold = this.best.holds[k]!;
      const points = this.pointsBeside(hold.point);
      for (const point of points.slice(0, points.indexOf(hold.point))) {
        const holds = [...this.best.holds];
        holds[k] = { ...hold, point };
        if (this.try({ ...this.best, holds })) break;
      }
    }
  }

  private *simplerFaults(fault: Fault): Iterable<Fault> {
    if (fault.nth > 1) yield { ...fault, nth: 1 };
    if (fault.times > 1) yield { ...fault, times: 1 };
    for (const point of this.pointsBeside(fault.point)) {
      const step = this.code.points[this.code.pointIndex.get(point)!]!.step;
      for (const kind of kindsFor(step)) {
        if (point === fault.point && kind === fault.kind) return;
        // four attempts at a provider conflict are one failure
        yield {
          ...fault,
          point,
          kind,
          times: kind === 'provider-conflict' ? 4 : fault.kind === 'provider-conflict' ? 1 : fault.times,
        };
      }
    }
  }

  /** Points of the same handler and guarded region, in the order of the table. */
  private pointsBeside(id: string): string[] {
    const { instructions, pointIndex } = this.code;
    const index = pointIndex.get(id);
    const at = instructions.find(({ point }) => point === index);
    if (at === undefined) return [id];
    const found: string[] = [];
    for (const other of instructions) {
      if (other.handler !== at.handler || other.guard !== at.guard || other.step.id.startsWith('$')) continue;
      if (!found.includes(other.step.id)) found.push(other.step.id);
    }
    return found.includes(id) ? found : [id];
  }

  // ---- cloud and options

  private simplifyCloud(): void {
    this.dropUnusedFlavors();
    const { hosts, flavors } = this.best.cloud;
    const plain = flavors.map((flavor, k) => plainFlavor(flavor.name, k));
    this.try({ ...this.best, cloud: { hosts: hosts.map(({ name }) => roomyHost(name)), flavors: plain } });
    for (let h = this.best.cloud.hosts.length - 1; h >= 0; h--) this.dropHost(h);
    for (let h = 0; h < this.best.cloud.hosts.length; ) {
      const { cloud } = this.best;
      const simpler = [...simplerHosts(cloud.hosts[h]!, cloud.flavors)].some((host) => {
        const hosts = [...cloud.hosts];
        hosts[h] = host;
        return this.try({ ...this.best, cloud: { ...cloud, hosts } });
      });
      if (!simpler) h++;
    }
    for (let f = 0; f < this.best.cloud.flavors.length; f++) {
      for (const simpler of [
        plainFlavor(this.best.cloud.flavors[f]!.name, f),
        { ...this.best.cloud.flavors[f]!, properties: {} },
      ]) {
        const list = [...this.best.cloud.flavors];
        if (JSON.stringify(list[f]) === JSON.stringify(simpler)) break;
        list[f] = simpler;
        if (this.try({ ...this.best, cloud: { ...this.best.cloud, flavors: list } })) break;
      }
    }
  }

  private dropUnusedFlavors(): void {
    const used = new Set(this.best.operations.flatMap((op) => ('flavor' in op ? [op.flavor] : [])));
    const flavors = this.best.cloud.flavors.filter(({ name }) => used.has(name));
    if (flavors.length === 0 || flavors.length === this.best.cloud.flavors.length) return;
    this.try({ ...this.best, cloud: { ...this.best.cloud, flavors } });
  }

  private dropHost(h: number): void {
    const { hosts } = this.best.cloud;
    if (hosts.length === 1) return;
    const { name } = hosts[h]!;
    const cloud = { ...this.best.cloud, hosts: hosts.filter((_, k) => k !== h) };
    // a server that is sent to it could be sent elsewhere: what names it of those stays, and asks for what is not there
    const named = (op: Operation): boolean =>
      ('host' in op && op.host === name && !('server' in op)) || ('service' in op && op.service === name);
    this.try(without({ ...this.best, cloud }, named));
  }

  private simplifyOptions(): void {
    for (const key of Object.keys(DEFAULT_OPTIONS) as (keyof Options)[]) {
      if (key === 'nova_release' || key === 'placement_release') continue;
      if (this.best.options[key] === DEFAULT_OPTIONS[key]) continue;
      this.try({ ...this.best, options: { ...this.best.options, [key]: DEFAULT_OPTIONS[key] } });
    }
  }
}

/** The scenario with resizes to a second flavor in the place of cold migrations. */
function resized(scenario: Scenario): Scenario[] {
  const { cloud, operations } = scenario;
  if (!operations.some(({ operation }) => operation === 'cold_migrate')) return [];
  const flavors = cloud.flavors.length > 1 ? cloud.flavors : [...cloud.flavors, plainFlavor('another', 1)];
  const sizes = new Map<string, string>();
  const changed = operations.map((op): Operation => {
    if (op.operation === 'boot' || op.operation === 'resize') sizes.set(op.server, op.flavor);
    if (op.operation !== 'cold_migrate') return op;
    const flavor = flavors.find(({ name }) => name !== sizes.get(op.server))!.name;
    sizes.set(op.server, flavor);
    return { operation: 'resize', server: op.server, flavor };
  });
  return [{ ...scenario, cloud: { ...cloud, flavors }, operations: changed }];
}

/** Resizes to the flavor that the server has are asked for another one. */
function withoutIdleResizes(scenario: Scenario): Scenario {
  const sizes = new Map<string, string>();
  let changed = false;
  const operations = scenario.operations.map((op): Operation => {
    if (op.operation !== 'boot' && op.operation !== 'resize') return op;
    const idle = op.operation === 'resize' && sizes.get(op.server) === op.flavor;
    const other = idle ? scenario.cloud.flavors.find(({ name }) => name !== op.flavor)?.name : undefined;
    sizes.set(op.server, other ?? op.flavor);
    if (other === undefined) return op;
    changed = true;
    return { ...op, flavor: other };
  });
  return changed ? { ...scenario, operations } : scenario;
}

/** Of more hosts than a campaign draws there are too many orders to try: they stay as they are. */
const MOST_ORDERED = 5;

function permutations(names: readonly string[]): string[][] {
  if (names.length < 2 || names.length > MOST_ORDERED) return [[...names]];
  return names.flatMap((first) => permutations(names.filter((name) => name !== first)).map((rest) => [first, ...rest]));
}

/** What was about the k-th of `names` is about the k-th of `order`. */
function renameHosts(scenario: Scenario, names: readonly string[], order: readonly string[]): Scenario {
  const other = (name: string): string => order[names.indexOf(name)] ?? name;
  const operations = scenario.operations.map((op): Operation => {
    if ('service' in op) return { ...op, service: other(op.service) };
    return 'host' in op && op.host !== undefined ? { ...op, host: other(op.host) } : op;
  });
  return { ...scenario, operations };
}

function* simplerOperations(operation: Operation, { cloud, operations }: Scenario): Iterable<Operation> {
  const earlier = (flavor: string): string[] => {
    const names = cloud.flavors.map(({ name }) => name);
    return names.slice(0, Math.max(0, names.indexOf(flavor)));
  };
  switch (operation.operation) {
    case 'boot': {
      const { host, volume_backed, min_kbps, ...plain } = operation;
      if (host !== undefined || volume_backed !== undefined || min_kbps !== undefined) yield plain;
      if (host !== undefined) yield { ...operation, ...plain };
      for (const flavor of earlier(operation.flavor)) yield { ...operation, flavor };
      break;
    }
    case 'cold_migrate':
    case 'unshelve': {
      const { host, ...plain } = operation;
      if (host !== undefined) yield plain;
      break;
    }
    case 'live_migrate':
    case 'evacuate': {
      const { host, force, ...plain } = operation;
      if (host !== undefined) yield plain;
      if (host !== undefined && force !== undefined) yield { ...plain, host };
      break;
    }
    case 'restart': {
      const { reinstalled, ...plain } = operation;
      if (reinstalled !== undefined) yield plain;
      break;
    }
    case 'resize':
      for (const flavor of earlier(operation.flavor)) yield { ...operation, flavor };
      break;
    case 'poll_unconfirmed_resizes':
      for (const op of operations) if (op.operation === 'boot') yield { operation: 'confirm', server: op.server };
      break;
    case 'reset_state':
      if (operation.state !== 'active') yield { ...operation, state: 'active' };
      break;
    case 'placement_audit':
      if (operation.host !== undefined) {
        const { host: _, ...everywhere } = operation;
        yield everywhere;
      }
      break;
    default:
  }
}

const CONTROLLERS = ['api', 'conductor', 'scheduler'];

/** One inventory at a time: room to spare, else a plain ratio, else nothing reserved. */
function* simplerHosts(host: Host, flavors: readonly Flavor[]): Iterable<Host> {
  const { used: inUse, ...idle } = host;
  if (inUse !== undefined) yield idle;
  if (host.traits.length > 0) yield { ...host, traits: [] };
  const used = new Set(flavors.flatMap(({ properties }) => Object.keys(properties)));
  for (const [name, inventory] of Object.entries(host.inventories)) {
    const spare = roomy(name === 'PCPU' ? MOST_PCPUS : (ROOM[name as keyof typeof ROOM] ?? 64));
    if (JSON.stringify(inventory) === JSON.stringify(spare)) continue;
    if (!(name in ROOM) && !used.has(`resources:${name}`)) yield withoutClass(host, name);
    const set = (record: typeof inventory): Host => ({ ...host, inventories: { ...host.inventories, [name]: record } });
    yield set(spare);
    yield set({ ...inventory, allocation_ratio: 1, reserved: 0 });
  }
  for (const name of Object.keys(inUse ?? {})) {
    const { [name]: _, ...others } = inUse!;
    yield { ...host, used: others };
  }
}

/** The host without an inventory, and so without what bystanders hold of it. */
function withoutClass(host: Host, name: string): Host {
  const without = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).filter(([other]) => other !== name));
  const inventories = without(host.inventories);
  return host.used === undefined ? { ...host, inventories } : { ...host, inventories, used: without(host.used) };
}
