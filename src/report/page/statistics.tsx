/** What the campaign did: part of its verdict. */
import type { JSX } from 'preact';
import type { OperationCounts } from '../../campaign/statistics.ts';
import { Checks } from './checks.tsx';
import type { PageData } from './data.ts';
import { number, share } from './words.tsx';

export function StatisticsView({ data }: { readonly data: PageData }): JSX.Element {
  const { statistics, sometimes, tooFew, checks, knownSeen, assurance } = data;
  const { faults, holds, moves } = statistics;
  return (
    <>
      <h1>Statistics</h1>
      <ul class="tiles">
        <li class="tile">
          <b>{number(statistics.runs)}</b> scenarios
        </li>
        <li class="tile">
          <b>{number(statistics.steps)}</b> steps
        </li>
        <li class="tile">
          <b>{number(faults.fired)}</b> faults fired, of {number(faults.armed)} armed
        </li>
        <li class="tile">
          <b>{number(holds.struck)}</b> holds struck, of {number(holds.armed)} armed; {number(holds.broken)} broken
        </li>
      </ul>
      {checks.length > 0 && <Checks checks={checks} />}
      <div class="columns">
        <section class="card" aria-labelledby="operations-heading">
          <h2 id="operations-heading">Operations</h2>
          <p class="legend" aria-hidden="true">
            <span class="key accepted">accepted</span> <span class="key refused">refused</span>{' '}
            <span class="key skipped">skipped</span>
          </p>
          <Operations operations={statistics.operations} />
        </section>
        <section class="card" aria-labelledby="moves-heading">
          <h2 id="moves-heading">Moves that committed</h2>
          <Share name="without a fault" part={moves.faultFreeCommitted} whole={moves.faultFree} />
          <Share name="with a fault" part={moves.faultedCommitted} whole={moves.faulted} />
          {tooFew.map((few) => (
            <p key={few} class="bad">
              Too few: {few}
            </p>
          ))}
          <h2>Sometimes</h2>
          <p class="dim">Situations that a long campaign must have reached.</p>
          <ul class="sometimes">
            {sometimes.map(({ id, claim, reached, missed }) => (
              <li key={id} class={missed ? 'bad' : reached === 0 ? 'dim' : ''}>
                <span>
                  <code>{id}</code> <span class="dim">{claim}</span>
                </span>
                <b>{missed ? 'never reached' : reached === 0 ? 'not possible here' : number(reached)}</b>
              </li>
            ))}
          </ul>
        </section>
        <section class="card" aria-labelledby="ends-heading">
          <h2 id="ends-heading">End states of servers</h2>
          <Bars counts={Object.entries(statistics.endStates)} />
        </section>
        <section class="card" aria-labelledby="assurance-heading">
          <h2 id="assurance-heading">What it is worth</h2>
          <ul class="plain">
            {assurance.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </section>
        {knownSeen.length > 0 && (
          <section class="card" aria-labelledby="seen-heading">
            <h2 id="seen-heading">The known list</h2>
            <ul class="plain">
              {knownSeen.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
          </section>
        )}
      </div>
    </>
  );
}

const sum = ({ accepted, refused, skipped }: OperationCounts): number => accepted + refused + skipped;

function Operations({ operations }: { readonly operations: PageData['statistics']['operations'] }): JSX.Element {
  const rows = Object.entries(operations).sort(([, a], [, b]) => sum(b) - sum(a));
  const most = Math.max(1, ...rows.map(([, counts]) => sum(counts)));
  return (
    <table class="operations">
      <thead class="unseen">
        <tr>
          <th scope="col">operation</th>
          <th scope="col">accepted, refused, skipped</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, counts]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <span class="bar" style={{ width: `${(100 * sum(counts)) / most}%` }} aria-hidden="true">
                {(['accepted', 'refused', 'skipped'] as const).map((what) => (
                  <i key={what} class={what} style={{ flexGrow: counts[what] }} />
                ))}
              </span>
              <span class="dim">
                {number(counts.accepted)} / {number(counts.refused)} / {number(counts.skipped)}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Share({
  name,
  part,
  whole,
}: {
  readonly name: string;
  readonly part: number;
  readonly whole: number;
}): JSX.Element {
  return (
    <div class="share">
      <span>{name}</span>
      <span class="meter" aria-hidden="true">
        <i style={{ width: whole === 0 ? '0' : `${(100 * part) / whole}%` }} />
      </span>
      <span>
        <b>{share(part, whole)}</b> <span class="dim">of {number(whole)}</span>
      </span>
    </div>
  );
}

function Bars({ counts }: { readonly counts: readonly (readonly [string, number])[] }): JSX.Element {
  const rows = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const most = Math.max(1, ...rows.map(([, n]) => n));
  return (
    <ul class="bars">
      {rows.map(([name, n]) => (
        <li key={name}>
          <code>{name}</code>
          <span class="meter" aria-hidden="true">
            <i style={{ width: `${(100 * n) / most}%` }} />
          </span>
          <span class="dim">{number(n)}</span>
        </li>
      ))}
    </ul>
  );
}
