/** How everything stood before a step and behind it, what became different in colour. */
import type { JSX } from 'preact';
import { Swatch } from '../charts/allocations-chart.tsx';
import type { RecordedState } from '../recording.ts';
import { type Fact, factsOf, TABLES } from './facts.ts';

interface StateTablesProps {
  readonly servers: readonly string[];
  readonly before: RecordedState;
  readonly after: RecordedState;
}

export function StateTables({ servers, before, after }: StateTablesProps): JSX.Element {
  const facts = factsOf(before, after);
  const changed = facts.filter((fact) => fact.before !== fact.after).length;
  return (
    <>
      <p class="dim" role="status">
        {changed === 0 ? 'Nothing changes.' : `${changed} ${changed === 1 ? 'line changes' : 'lines change'}.`}
      </p>
      {TABLES.map((table) => {
        const of = facts.filter((fact) => fact.table === table);
        return of.length === 0 ? null : <Table key={table} name={table} facts={of} servers={servers} />;
      })}
    </>
  );
}

function Table({
  name,
  facts,
  servers,
}: {
  readonly name: string;
  readonly facts: readonly Fact[];
  readonly servers: readonly string[];
}): JSX.Element {
  return (
    <table class="facts-table">
      <caption>{name}</caption>
      <thead class="unseen">
        <tr>
          <th scope="col">of</th>
          <th scope="col">what</th>
          <th scope="col">before</th>
          <th scope="col">after</th>
        </tr>
      </thead>
      <tbody>
        {facts.map((fact, k) => {
          const { of, name: what, before, after } = fact;
          const first = facts[k - 1]?.of !== of;
          const same = before === after;
          return (
            <tr key={`${of} ${what}`} class={same ? '' : 'changed'}>
              <th scope="row">
                {first && (name === 'allocations' || name === 'instances' || name === 'migrations') && (
                  <Swatch servers={servers} consumer={of} />
                )}{' '}
                <span class={first ? '' : 'unseen'}>{of}</span>
              </th>
              <td class="dim">{what}</td>
              {same ? (
                <td colSpan={2}>{after}</td>
              ) : (
                <>
                  <td>
                    <del>{before ?? '·'}</del>
                  </td>
                  <td>
                    <ins>{after ?? 'gone'}</ins>
                  </td>
                </>
              )}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
