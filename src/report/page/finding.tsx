/** One finding, played here: who held what, what was sent to whom, how everything stood at each step, which laws it broke. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { AllocationsChart, consumersOf, isMigration, Swatch } from '../charts/allocations-chart.tsx';
import { classesOf } from '../charts/moments.ts';
import type { RecordedViolation, Recording } from '../recording.ts';
import { type PageData, type PageFinding, TOKEN_PLACE } from './data.ts';
import { useKeys, useWidth } from './hooks.ts';
import { Mendings } from './mendings.tsx';
import { findingHash } from './place.ts';
import { type Played, playToken } from './play.ts';
import { changes } from './rows.ts';
import { Sequence } from './sequence.tsx';
import { StateTables } from './state-tables.tsx';
import { CopyButton, count, number, Pill } from './words.tsx';

interface FindingProps {
  readonly data: PageData;
  readonly token: string;
  readonly signature: string | null;
  /** null: a token that the report does not have, but that can be played all the same */
  readonly finding: PageFinding | null;
  /** its place among the findings that are listed, or -1 */
  readonly at: number;
  readonly of: number;
  readonly go: (k: number) => void;
}

export function Finding({ data, token, signature, finding, at, of, go }: FindingProps): JSX.Element {
  const reading = useMemo(() => playToken(token), [token]);
  const heading = finding === null ? 'A token that this report does not have' : titleOf(finding);
  return (
    <article class="one" aria-labelledby="finding-heading">
      <nav class="between" aria-label="Findings">
        <a href="#findings">‹ all findings</a>
        <span class="dim">{at < 0 ? '' : `${at + 1} of ${of}`}</span>
        <span class="buttons">
          <button type="button" disabled={at <= 0} onClick={() => go(at - 1)}>
            previous
          </button>
          <button type="button" disabled={at + 1 >= of} onClick={() => go(at + 1)}>
            next
          </button>
        </span>
      </nav>
      <h1 id="finding-heading">{heading}</h1>
      {finding !== null && <About finding={finding} data={data} />}
      <div class="again">
        <code>{data.replay.replace(TOKEN_PLACE, () => token)}</code>
        <CopyButton
          text={data.replay.replace(TOKEN_PLACE, () => token)}
          what="the line that shows it again"
          label="copy"
        />
        {signature !== null && (
          <CopyButton
            text={`${location.href.split('#')[0]}${findingHash({ token, signature })}`}
            what="to this finding"
            label="copy link"
          />
        )}
      </div>
      {reading.ok ? (
        <Player played={reading.value} signature={signature} />
      ) : (
        <p class="trouble" role="alert">
          {reading.error}
        </p>
      )}
    </article>
  );
}

function titleOf({ details, invariants }: PageFinding): string {
  const said = details[0] ?? invariants.join(', ');
  return said.charAt(0).toUpperCase() + said.slice(1);
}

function About({ finding, data }: { readonly finding: PageFinding; readonly data: PageData }): JSX.Element {
  return (
    <div class="about">
      <p>
        <Pill finding={finding} data={data} /> seen in {count(finding.count, 'scenario')}
        {finding.points.length > 0 && (
          <>
            {' '}
            · <strong class="bad">{finding.points.join(', ')}</strong>
          </>
        )}
      </p>
      {finding.reason !== null && <p class="reason">{data.reasons[finding.reason]!.reason}</p>}
      <p class="signature">
        <code>{finding.signature}</code>
      </p>
    </div>
  );
}

/** Where a reader begins: at the fault or hold, else where a law is seen to be broken. */
function beginning({ events, violations }: Recording): number {
  const first = events.findIndex(({ what }) => what === 'fault' || what === 'hold');
  return first >= 0 ? first : (violations[0]?.event ?? 0);
}

function Player({ played, signature }: { readonly played: Played; readonly signature: string | null }): JSX.Element {
  const { recording, envelope, code } = played;
  const { events, states, violations } = recording;
  const [at, setAt] = useState(() => beginning(recording));
  const last = events.length - 1;
  const to = (k: number): void => setAt(Math.min(Math.max(k, 0), last));
  const told = useMemo(() => interesting(recording), [recording]);
  const onwards = (): void => to(told.find((k) => k > at) ?? last);
  const backwards = (): void => to(told.findLast((k) => k < at) ?? 0);
  useKeys({
    ArrowRight: () => to(at + 1),
    ArrowLeft: () => to(at - 1),
    'Shift+ArrowRight': onwards,
    'Shift+ArrowLeft': backwards,
    Home: () => to(0),
    End: () => to(last),
  });
  const { from, to: whom, text, point, handler, nova, state, operation } = events[at]!;
  const other = signature !== null && !violations.some((one) => one.signature === signature);
  return (
    <>
      {other && (
        <p class="trouble" role="alert">
          {violations.length === 0
            ? 'Played here, it breaks no law: the model of this page is another than the one that found it, or it was found on a real service.'
            : 'Played here, it breaks other laws than its signature says.'}
        </p>
      )}
      <Broken violations={violations} events={events.length} go={to} />
      <Timeline recording={recording} at={at} go={to} />
      <div class="slider">
        <div class="controls">
          <button type="button" onClick={backwards} aria-label="To the change before">
            ⇤
          </button>
          <button type="button" onClick={() => to(at - 1)} aria-label="One step back">
            ←
          </button>
          <div class="track">
            <Marks recording={recording} />
            <input
              type="range"
              aria-label="Step"
              min={0}
              max={last}
              value={at}
              aria-valuetext={`step ${at + 1} of ${events.length}: ${text}`}
              // the page's keys do the same and more, wherever the focus is
              onKeyDown={(event) => {
                if (/^(Arrow(Left|Right)|Home|End)$/.test(event.key)) event.preventDefault();
              }}
              onInput={({ currentTarget }) => to(Number(currentTarget.value))}
            />
          </div>
          <button type="button" onClick={() => to(at + 1)} aria-label="One step on">
            →
          </button>
          <button type="button" onClick={onwards} aria-label="To the next change">
            ⇥
          </button>
        </div>
        <p class="here">
          <span class="dim">
            {number(at + 1)}/{number(events.length)}
          </span>{' '}
          <span class="dim">
            {operation < recording.operations.length ? `operation ${operation + 1}` : 'settle'} ·{' '}
            {recording.lifelines[from]}
            {whom === null ? '' : ` → ${recording.lifelines[whom]}`}
          </span>{' '}
          <span class={events[at]!.wrong ? 'bad' : ''}>{text}</span>
        </p>
      </div>
      <div class="play">
        <section class="card" aria-labelledby="sequence-heading">
          <h2 id="sequence-heading">Steps and messages</h2>
          <Sequence recording={recording} at={at} go={to} />
        </section>
        <section class="card state" aria-labelledby="state-heading">
          <h2 id="state-heading">Before and after step {at + 1}</h2>
          {point !== null && (
            <p class="where dim">
              {handler}, failure point <code>{point}</code>
              <br />
              <code>{nova}</code>
            </p>
          )}
          <StateTables
            servers={recording.servers}
            before={states[events[Math.max(at - 1, 0)]!.state]!}
            after={states[state]!}
          />
        </section>
      </div>
      <Mendings code={code} scenario={envelope.scenario} recording={recording} />
    </>
  );
}

/** Steps at which anything changes or goes wrong, or an operation begins. */
function interesting({ events, violations }: Recording): number[] {
  const broken = new Set(violations.map(({ event }) => event));
  return events.flatMap(({ what, wrong }, k) => {
    const begins = what === 'operation' || what === 'settle';
    return begins || wrong || broken.has(k) || changes(events, k) ? [k] : [];
  });
}

/** Faults and broken laws above the slider, where they are. */
function Marks({ recording: { events, violations } }: { readonly recording: Recording }): JSX.Element {
  const left = (k: number): string => `${(100 * k) / Math.max(events.length - 1, 1)}%`;
  const broken = [...new Set(violations.map(({ event }) => event))];
  return (
    <div class="marks" aria-hidden="true">
      {events.map(
        ({ what, text }, k) =>
          (what === 'fault' && <i key={`fault ${k}`} class="fault" style={{ left: left(k) }} title={text} />) ||
          ((what === 'operation' || what === 'settle') && <i key={k} style={{ left: left(k) }} title={text} />),
      )}
      {broken.map((k) => (
        <i key={`broken ${k}`} class="broken" style={{ left: left(k) }} title="laws seen to be broken" />
      ))}
    </div>
  );
}

function Broken({
  violations,
  events,
  go,
}: {
  readonly violations: readonly RecordedViolation[];
  readonly events: number;
  readonly go: (k: number) => void;
}): JSX.Element | null {
  if (violations.length === 0) return null;
  return (
    <section class="card broken" aria-labelledby="laws-heading">
      <h2 id="laws-heading">Laws broken</h2>
      {violations.map(({ server, laws, event, signature }) => (
        <div key={signature}>
          <p>
            {server === null ? 'Seen' : <strong>{server}</strong>}
            {server === null ? '' : ', seen'} at{' '}
            <button type="button" class="link" onClick={() => go(event)}>
              {event === events - 1 ? 'the settled end' : `step ${event + 1}`}
            </button>
          </p>
          <ul>
            {laws.map(({ id, law, detail }) => (
              <li key={id}>
                <strong class="bad">{id}</strong>: {detail}
                <br />
                <span class="dim">{law}</span>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}

function Timeline({
  recording,
  at,
  go,
}: {
  readonly recording: Recording;
  readonly at: number;
  readonly go: (k: number) => void;
}): JSX.Element {
  const classes = useMemo(() => classesOf(recording), [recording]);
  const consumers = useMemo(() => consumersOf(recording), [recording]);
  const [chosen, setChosen] = useState(classes[0]);
  const [ref, width] = useWidth<HTMLDivElement>();
  return (
    <section class="card" aria-labelledby="timeline-heading">
      <div class="heading">
        <h2 id="timeline-heading">Who holds what on each host</h2>
        {chosen !== undefined && (
          <label>
            <span class="dim">resource class</span>{' '}
            <select value={chosen} onChange={({ currentTarget }) => setChosen(currentTarget.value)}>
              {classes.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <div ref={ref}>
        {chosen === undefined ? (
          <p class="dim">Nobody claims anything.</p>
        ) : (
          <AllocationsChart recording={recording} resourceClass={chosen} at={at} width={width} onPoint={go} />
        )}
      </div>
      <ul class="legend">
        {consumers.map((consumer) => (
          <li key={consumer}>
            <Swatch servers={recording.servers} consumer={consumer} /> {consumer}
            {isMigration(consumer) ? '' : recording.servers.includes(consumer) ? ' (instance)' : ''}
          </li>
        ))}
        <li class="dim">line below the bars: the guest runs there</li>
      </ul>
    </section>
  );
}
