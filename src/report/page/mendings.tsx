/** The operator's question: which commands put the books right. Searched for when asked, on the model that is in the page. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { mend } from '../../campaign/mend.ts';
import type { Code } from '../../engine/compile.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { mendingLines } from '../mending.ts';
import type { Recording } from '../recording.ts';

interface MendingsProps {
  readonly code: Code;
  readonly scenario: Scenario;
  readonly recording: Recording;
}

export function Mendings({ code, scenario, recording }: MendingsProps): JSX.Element | null {
  const [lines, setLines] = useState<readonly string[] | null>(null);
  const { servers, violations } = recording;
  const wronged = new Set(violations.flatMap(({ server }) => (server === null ? [] : [servers.indexOf(server)])));
  if (wronged.size === 0) return null;
  return (
    <section class="card" aria-labelledby="mend-heading">
      <h2 id="mend-heading">What mends the books</h2>
      {lines === null ? (
        <p>
          <button type="button" onClick={() => setLines(mendingLines(mend(code, scenario, wronged), false))}>
            search for the commands
          </button>{' '}
          <span class="dim">an operator's, tried on the model from the settled end</span>
        </p>
      ) : (
        <pre class="mending">{lines.join('\n')}</pre>
      )}
    </section>
  );
}
