/** Corpus replays and the parts of a gate: what did not pass by itself, the rest folded. */
import type { JSX } from 'preact';
import type { PageData } from './data.ts';
import { count, number } from './words.tsx';

type Check = PageData['checks'][number];

export function Checks({ checks }: { readonly checks: readonly Check[] }): JSX.Element {
  const parts = [...new Set(checks.map(({ part }) => part))];
  return (
    <section class="card" aria-labelledby="checks-heading">
      <h2 id="checks-heading">Checks</h2>
      {parts.map((part) => {
        const of = checks.filter((check) => check.part === part);
        const passed = of.filter(({ result }) => result === 'passed');
        return (
          <div key={part} class="checks">
            <p>
              <strong>{part}</strong>: {number(passed.length)} of {number(of.length)} passed
            </p>
            <CheckList checks={of.filter(({ result }) => result !== 'passed')} />
            {passed.length > 0 && (
              <details>
                <summary>what passed</summary>
                <CheckList checks={passed} />
              </details>
            )}
          </div>
        );
      })}
    </section>
  );
}

/** What an index has to say of them: nothing where all passed. */
export function Troubles({ checks }: { readonly checks: readonly Check[] }): JSX.Element | null {
  const troubles = checks.filter(({ result }) => result !== 'passed');
  if (troubles.length === 0) return null;
  return (
    <section class="card broken" aria-labelledby="troubles-heading">
      <h2 id="troubles-heading">
        {count(troubles.length, 'check')} of {number(checks.length)} did not pass
      </h2>
      <CheckList checks={troubles} />
    </section>
  );
}

function CheckList({ checks }: { readonly checks: readonly Check[] }): JSX.Element {
  return (
    <ul class="checks">
      {checks.map(({ part, name, result, said, token }) => (
        <li key={`${part} ${name}`} class={result}>
          <b>{result}</b> <span class="dim">{part}</span> <code>{name}</code> {said}{' '}
          {token !== null && <a href={`#${token}`}>play it</a>}
        </li>
      ))}
    </ul>
  );
}
