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
      <div class="tables">
        {TABLES.map((table) => {
          const of = facts.filter((fact) => fact.table === table);
          return of.length === 0 ? null : <Table key={table} name={table} facts={of} servers={servers} />;
        })}
      </div>
    </>
  );
}

/** What of a table's lines says whose they are, in a line above them; a host of a tracker has but one line. */
const GROUPED: ReadonlySet<Fact['table']> = new Set(['instances', 'migrations', 'allocations'] as const);

interface TableProps {
  readonly name: Fact['table'];
  readonly facts: readonly Fact[];
  readonly servers: readonly string[];
}

function Table({ name, facts, servers }: TableProps): JSX.Element {
  const owners = GROUPED.has(name) ? [...new Set(facts.map(({ of }) => of))] : [null];
  return (
    <table class="facts-table">
      <caption>{name}</caption>
      <colgroup>
        <col style={{ width: '7rem' }} />
        <col />
        <col />
      </colgroup>
      <thead class="unseen">
        <tr>
          <th scope="col">what</th>
          <th scope="col">before</th>
          <th scope="col">after</th>
        </tr>
      </thead>
      {owners.map((owner) => (
        <tbody key={owner}>
          {owner !== null && (
            <tr>
              <th scope="rowgroup" colSpan={3}>
                <Swatch servers={servers} consumer={owner} /> {owner}
              </th>
            </tr>
          )}
          {facts
            .filter(({ of }) => owner === null || of === owner)
            .map((fact) => (
              <Line key={`${fact.of} ${fact.name}`} fact={fact} grouped={owner !== null} />
            ))}
        </tbody>
      ))}
    </table>
  );
}

function Line({ fact, grouped }: { readonly fact: Fact; readonly grouped: boolean }): JSX.Element {
  const { of, name, before, after } = fact;
  const same = before === after;
  return (
    <tr class={same ? '' : 'changed'}>
      <th scope="row" class={grouped ? 'dim' : ''}>
        {grouped ? name : of}
      </th>
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
}
