/** How generated scenarios ended on the model and on Nova, for people and as JSON. */
import { printable } from '../scenario/printable.ts';
import { renderScenario } from '../scenario/render.ts';
import { type Difference, kindOf } from '../targets/nova/conform.ts';
import type { Conformance, Disagreement } from '../targets/nova/conformance.ts';
import { KNOWN_DIFFERENCES } from '../targets/nova/known-differences.ts';
import { table } from './tables.ts';

const shown = (value: unknown): string => (value === undefined ? '-' : printable(JSON.stringify(value)));

export function conformanceLines(conformance: Conformance, name: string, color: boolean): string[] {
  const { played, alike, listed, unreachable, failures, struck, predicted, disagreements } = conformance;
  const pairs = `${predicted.size} of ${struck.size} pairs of failure point and fault that struck were predicted`;
  return [
    `${played} scenarios on the model and on ${name}: ${alike} end alike, operation by operation and when all has come to rest; ${pairs}.`,
    ...(unreachable > 0 ? [`${unreachable} left out: a fault or a hold of theirs lies where Nova makes no call.`] : []),
    ...KNOWN_DIFFERENCES.flatMap(({ id, reason, nova }) =>
      listed.has(id) ? [`listed, ${listed.get(id)} times: ${id}: ${reason} (${nova})`] : [],
    ),
    ...[...failures].map(([said, times]) => `not played, ${times} times: ${printable(said)}`),
    ...(disagreements.length === 0 ? [] : ['', ...byKind(disagreements, color)]),
  ];
}

function byKind(disagreements: readonly Disagreement[], color: boolean): string[] {
  const kinds = new Map<string, number>();
  for (const { differences } of disagreements) {
    const kind = differences.slice(0, 3).map(kindOf).join(', ');
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const rows = [...kinds].sort(([, a], [, b]) => b - a).map(([kind, times]) => [String(times), printable(kind)]);
  return [table(['times', 'differ in'], rows, { color })];
}

/** One disagreement: the scenario, and what differs where it first does. */
export function disagreementLines({ scenario, differences }: Disagreement, name: string, color: boolean): string[] {
  const at = differences[0]?.operation ?? null;
  return [
    `The model and ${name} differ ${at === null ? 'after settle' : `after operation ${at + 1}`} of`,
    '',
    ...renderScenario(scenario).map((line) => `    ${line}`),
    '',
    table(
      ['', 'model', name],
      differences.map(({ what, model, nova }) => [printable(what), shown(model), shown(nova)]),
      { color },
    ),
  ];
}

export function conformanceJson(conformance: Conformance): object {
  const { played, alike, listed, unreachable, failures, struck, predicted, disagreements } = conformance;
  return {
    played,
    alike,
    listed: Object.fromEntries(listed),
    unreachable,
    failures: Object.fromEntries(failures),
    struck: [...struck].sort(),
    predicted: [...predicted].sort(),
    disagreements: disagreements.map(({ scenario, differences }) => ({
      scenario,
      differences: differences.map(plain),
    })),
  };
}

const plain = ({ operation, what, model, nova }: Difference): object => ({
  operation,
  what,
  model: model ?? null,
  nova: nova ?? null,
});
