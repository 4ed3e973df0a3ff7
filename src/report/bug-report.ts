/** A finding as a text in Markdown that a Nova developer can read, check and work through without knowing this project. */
import { tryScenario } from '../campaign/judge.ts';
import type { Violation } from '../campaign/trial.ts';
import { CLOUD_LAWS, type Contract } from '../contract/contracts.ts';
import type { Known } from '../contract/known/known.ts';
import { seenWord } from '../contract/signature.ts';
import type { Code, Instruction as Step } from '../engine/compile.ts';
import { serverNames } from '../engine/operations.ts';
import { OPERATION, type World } from '../nova/world.ts';
import { type AllocationsPicture, operationPicture, picture } from '../observation/picture.ts';
import { renderOperation } from '../scenario/render.ts';
import { DEFAULT_OPTIONS, type Fault, type FaultKind, type Host, type Scenario } from '../scenario/scenario.ts';
import { fenced, list, numbered, prose, span } from './markdown.ts';
import { flavorCommand, instructionFor, type Piece } from './openstack-commands.ts';

export interface BugReportInput {
  readonly scenario: Scenario;
  readonly code: Code;
  readonly contract: Contract;
  readonly known: Known;
  /** the signature that the token says, or null */
  readonly signature: string | null;
  /** the line that shows it again */
  readonly again: string;
}

/** The report, or null where every law holds and there is nothing to report. */
export function bugReport({ scenario, code, contract, known, signature, again }: BugReportInput): string | null {
  const { run, violations } = tryScenario(code, contract, scenario);
  const first = violations.find((one) => one.signature === signature) ?? violations[0];
  if (first === undefined) return null;
  const { world } = run;
  const entries = violations.flatMap((one) => known.get(one.signature) ?? []);
  const parts = [
    `# ${title(scenario, world, first)}`,
    about(scenario, code, contract),
    '## What is wrong',
    list(wrongs(violations, contract)),
    ...new Set(entries.map(({ weakness, reason }) => `Known as ${prose(weakness)}: ${prose(reason)}`)),
    '## The cloud',
    list([...cloudOf(scenario), ...optionsOf(scenario)]),
    '## Steps',
    flavorsOf(scenario),
    stepsOf(scenario, world),
    ...failurePoints(scenario, code, world),
    '## The books afterwards',
    'When all messages are delivered, every nova-compute was restarted and all periodic work has run:',
    list(booksOf(scenario, world)),
    '## See it again',
    fenced(again),
    `Signature: ${span(first.signature)}`,
  ];
  return parts.join('\n\n');
}

// ---- text

const pieces = (parts: readonly Piece[]): string =>
  parts.map((part) => (typeof part === 'string' ? part : span(part.name))).join('');
const amounts = (of: Readonly<Record<string, number>>): string =>
  Object.entries(of)
    .map(([resourceClass, amount]) => `${resourceClass}=${amount}`)
    .join(' ');

// ---- parts

export const FAULT_WORDS: Readonly<Record<FaultKind, string>> = {
  'error-before': 'it raises before it has done anything',
  'error-after': 'it raises when all is done',
  'fault-rollback': 'it raises InstanceFaultRollback',
  unavailable: 'the resource tracker refuses the claim',
  'build-abort': 'it raises BuildAbortException',
  refused: 'the connection is refused',
  lost: 'the message is lost',
  late: 'the message comes late',
  doubled: 'the message comes twice',
  'timeout-before': 'the request times out, and was not applied',
  'timeout-after': 'the answer times out, though all was done',
  'timeout-during': 'the caller stops waiting while the called goes on',
  'reply-lost': 'the connection breaks when the request was applied, before its answer',
  conflict: 'Placement answers 409, a consumer generation conflict',
  'provider-conflict': 'Placement answers 409, a resource provider generation conflict',
  'html-before': 'a proxy answers with HTML, and the request was not applied',
  'html-after': 'a proxy answers with HTML, though the request was applied',
  'placement-crash': 'Placement dies between its two transactions',
  'crash-before': 'the service dies before it',
  'crash-after': 'the service dies right after it',
  'unknown-node': 'the resource tracker does not know the node',
};

function title({ operations, faults }: Scenario, world: World, { details, invariants }: Violation): string {
  const wrong = prose(details[0] ?? invariants.join(', '));
  const struck = faults.find((_, k) => world.faults[k]!.fired > 0);
  const words = (name: string): string => name.replaceAll('_', ' ');
  if (struck !== undefined) {
    return `A ${words(operations[struck.operation]!.operation)} that fails at ${prose(struck.point)}: ${wrong}`;
  }
  const moves = operations.map(({ operation }) => operation).filter((operation) => operation !== 'boot');
  return `After ${moves.length === 0 ? 'a boot' : moves.map(words).join(', ')}: ${wrong}`;
}

function about({ options }: Scenario, { protocol, defects }: Code, contract: Contract): string {
  const releases = `Nova ${options.nova_release}.0.0 and Placement ${options.placement_release}.0.0`;
  const played = `Played on a model of ${releases}, protocol ${protocol.id}, contract ${contract.id}.`;
  const with_ = defects.map(({ id, kind, title: what }) => `With the ${kind} ${id}: ${prose(what)}.`);
  return [played, ...with_].join(' ');
}

/** Law by law, with everything that was seen of it. */
function wrongs(violations: readonly Violation[], contract: Contract): string[] {
  const laws = new Map([...contract.invariants, ...CLOUD_LAWS].map(({ id, law }) => [id, law]));
  const seen = new Map<string, Set<string>>();
  for (const { invariants, details } of violations) {
    for (const [k, id] of invariants.entries()) seen.set(id, (seen.get(id) ?? new Set()).add(details[k] ?? ''));
  }
  return [...seen].map(([id, details]) => `**${id}**: ${laws.get(id)} Here: ${[...details].map(prose).join('; ')}.`);
}

function cloudOf({ cloud }: Scenario): string[] {
  const groups = new Map<string, string[]>();
  for (const host of cloud.hosts) {
    const room = roomOf(host);
    groups.set(room, [...(groups.get(room) ?? []), span(host.name)]);
  }
  return [...groups].map(([room, names]) => `${names.join(', ')}: ${room}`);
}

function roomOf({ inventories, used = {}, traits }: Host): string {
  const classes = Object.entries(inventories).map(
    ([resourceClass, { total, reserved, allocation_ratio, min_unit, max_unit, step_size }]) => {
      const units = [
        ...(reserved > 0 ? [`reserved ${reserved}`] : []),
        ...(allocation_ratio === 1 ? [] : [`allocation_ratio ${allocation_ratio}`]),
        ...(min_unit > 1 ? [`min_unit ${min_unit}`] : []),
        ...(max_unit < total ? [`max_unit ${max_unit}`] : []),
        ...(step_size > 1 ? [`step_size ${step_size}`] : []),
      ];
      return `${resourceClass}=${total}${units.length > 0 ? ` (${units.join(', ')})` : ''}`;
    },
  );
  const parts = [classes.length === 0 ? 'no inventory' : classes.join(' ')];
  if (Object.keys(used).length > 0) parts.push(`other servers hold ${amounts(used)}`);
  const custom = traits.filter((trait) => trait.startsWith('CUSTOM_'));
  if (custom.length > 0) parts.push(`traits ${custom.join(', ')}`);
  return parts.join('; ');
}

/** nova.conf and the like, where it differs from what Nova has by itself. */
function optionsOf({ options }: Scenario): string[] {
  const names = Object.keys(DEFAULT_OPTIONS) as (keyof typeof DEFAULT_OPTIONS)[];
  return names.flatMap((name) => (options[name] === DEFAULT_OPTIONS[name] ? [] : [`${name} = ${options[name]}`]));
}

function flavorsOf({ cloud, operations }: Scenario): string {
  const named = new Set(operations.flatMap((op) => ('flavor' in op ? [op.flavor] : [])));
  const flavors = cloud.flavors.filter(({ name }) => named.has(name));
  const commands = flavors.map(flavorCommand);
  return commands.length === 0 ? 'No flavor is needed.' : fenced(commands.join('\n'));
}

function stepsOf({ operations, faults, holds }: Scenario, world: World): string {
  const struck = (k: number): string => (world.faults[k]!.fired > 0 ? '' : ' (never reached)');
  return numbered(
    operations.map((op, index) => {
      const instruction = instructionFor(op);
      const what = 'command' in instruction ? span(instruction.command) : pieces(instruction.words);
      const record = world.operations[index]!;
      const { outcome, http } = operationPicture(record);
      const answer = http === null ? outcome : `${outcome}, ${http}`;
      const told = 'command' in instruction && record.outcome !== OPERATION.NOT_BEGUN ? `: ${answer}` : '';
      const lines = [
        ...faults.flatMap((fault, k) =>
          fault.operation === index ? [`meanwhile, at ${span(fault.point)}: ${faultWords(fault)}${struck(k)}`] : [],
        ),
        ...holds.flatMap(({ operation, point, until, handler }) => {
          if (operation !== index) return [];
          const end = handler === undefined ? '' : `${span(handler)} of `;
          return [`held before ${span(point)} until ${end}step ${until + 1} is done`];
        }),
      ];
      return [`${what}${told}`, ...lines.map((line) => `   - ${line}`)].join('\n');
    }),
  );
}

function faultWords({ kind, nth, times }: Fault): string {
  const visit = nth > 1 ? `, at visit ${nth}` : '';
  const often = times > 1 ? `, ${times} times in a row` : '';
  return `${FAULT_WORDS[kind]}${visit}${often}`;
}

/** Where in Nova's sources the fault strikes, and what Nova makes of it. */
function failurePoints({ faults, operations }: Scenario, code: Code, world: World): string[] {
  const items = faults.flatMap((fault, k) => {
    const { fired, pc, seen } = world.faults[k]!;
    const at: Step | undefined = fired > 0 ? code.instructions[pc] : undefined;
    if (at === undefined) return [];
    const undoing = at.undoing === null ? '' : `, undoing (${at.undoing})`;
    return [
      `${span(fault.point)} in ${span(at.handler.id)}${undoing}, during step ${fault.operation + 1} (${prose(renderOperation(operations[fault.operation]!))}): ` +
        `${faultWords(fault)}. Nova: ${span(at.step.nova)}, called by ${span(at.handler.nova)}. As Nova saw it: ${seenWord(seen)}.`,
    ];
  });
  return items.length === 0 ? [] : ['## Where it fails', list(items)];
}

function booksOf({ operations }: Scenario, world: World): string[] {
  const { instances, migrations, allocations, empty_consumers } = picture(world, serverNames(operations));
  const holdings = (consumer: string): string => {
    const of: AllocationsPicture = Object.hasOwn(allocations, consumer) ? allocations[consumer]! : {};
    const parts = Object.entries(of).map(([host, held]) => `${amounts(held)} on ${span(host)}`);
    const row = empty_consumers.includes(consumer) ? 'nothing, though its consumer is there' : 'nothing';
    return parts.length === 0 ? row : parts.join(', ');
  };
  return instances.flatMap(({ server, deleted, host, vm_state, task_state, flavor, guests }) => {
    const where = host === null ? 'on no host' : `on ${span(host)}`;
    const disks = guests.length === 0 ? 'nowhere' : guests.map(span).join(', ');
    const state = deleted
      ? 'deleted'
      : `${where}, vm_state ${vm_state}, task_state ${task_state ?? 'None'}, flavor ${span(flavor)}, disks on ${disks}`;
    return [
      `server ${span(server)}: ${state}; it holds ${holdings(server)}`,
      ...migrations
        .filter((migration) => migration.server === server)
        .map(({ migration, status, migration_type, source_compute, dest_compute, deleted: gone }) => {
          const to = dest_compute === null ? 'nowhere yet' : span(dest_compute);
          return `migration ${span(migration)} (${migration_type}, ${gone ? 'deleted' : status}, from ${span(source_compute)} to ${to}): it holds ${holdings(migration)}`;
        }),
    ];
  });
}
