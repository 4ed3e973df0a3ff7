/** Steps and messages between services, from above to below: a lane a service, a row an event, quiet ones folded. */
import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { RecordedEvent, RecordedViolation, Recording } from '../recording.ts';
import { type Row, rowsOf } from './rows.ts';

interface SequenceProps {
  readonly recording: Recording;
  readonly at: number;
  readonly go: (k: number) => void;
}

/** px that are to be seen behind the row where the reader is */
const LOOK_AHEAD = 80;

export function Sequence({ recording, at, go }: SequenceProps): JSX.Element {
  const { lifelines, events, violations, operations } = recording;
  const [whole, setWhole] = useState(false);
  const rows = useMemo(() => rowsOf(recording, whole), [recording, whole]);
  const chart = useRef<HTMLElement>(null);
  const here = rows.findIndex(({ from, to }) => from <= at && at <= to);
  // only the chart scrolls, never the page
  useLayoutEffect(() => {
    const box = chart.current;
    const row = box?.querySelector<HTMLElement>('[aria-current="step"]');
    if (!box || !row) return;
    const head = box.querySelector<HTMLElement>('.names')?.offsetHeight ?? 0;
    const [top, bottom] = [row.offsetTop - head, row.offsetTop + row.offsetHeight];
    const seen = top >= box.scrollTop && bottom + LOOK_AHEAD <= box.scrollTop + box.clientHeight;
    if (!seen) box.scrollTop = row.offsetTop - 0.4 * box.clientHeight;
  }, [here, whole]);
  return (
    <>
      <label class="check">
        <input type="checkbox" checked={whole} onChange={({ currentTarget }) => setWhole(currentTarget.checked)} />{' '}
        every step
      </label>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keyboard */}
      <section class="sequence" ref={chart} tabIndex={0} aria-label="Sequence chart">
        <div class="sized" style={{ '--lanes': lifelines.length }}>
          <div class="names" aria-hidden="true">
            {lifelines.map((name) => (
              <span key={name}>
                <span>{name}</span>
              </span>
            ))}
          </div>
          <ol>
            {rows.map((row, k) => {
              const event = events[row.from]!;
              const before = rows[k - 1];
              const handler = before === undefined ? null : events[before.to]!.handler;
              return (
                <RowView
                  key={`${row.from}-${row.to}`}
                  row={row}
                  recording={recording}
                  at={at}
                  go={go}
                  header={event.handler !== handler ? event.handler : null}
                  answered={event.what === 'operation' ? (operations[event.operation]?.answered ?? '') : ''}
                  broken={violations.filter((one) => row.from <= one.event && one.event <= row.to)}
                />
              );
            })}
          </ol>
        </div>
      </section>
    </>
  );
}

interface RowProps {
  readonly row: Row;
  readonly recording: Recording;
  readonly at: number;
  readonly go: (k: number) => void;
  /** the handler, where another one begins */
  readonly header: string | null;
  readonly answered: string;
  readonly broken: readonly RecordedViolation[];
}

function RowView({ row, recording, at, go, header, answered, broken }: RowProps): JSX.Element {
  const { from, to } = row;
  const { events, lifelines } = recording;
  const current = from <= at && at <= to;
  const shown = events[current ? at : from]!;
  const folded = to > from;
  const kind = folded ? 'fold' : shown.what;
  const classes = ['row', kind, shown.wrong && 'wrong', shown.undo && 'undo', broken.length > 0 && 'broken'];
  return (
    <li class={classes.filter(Boolean).join(' ')}>
      <button type="button" onClick={() => go(from)} aria-current={current ? 'step' : undefined}>
        <Lanes event={shown} folded={folded} lanes={lifelines.length} />
        <span class="said">
          {header !== null && <span class="handler dim">{header}</span>}
          {folded ? (
            <span class="dim">
              … {to - from + 1} quiet steps{current ? ` (${at - from + 1}): ${shown.text}` : ''}
            </span>
          ) : (
            <Said event={shown} lifelines={lifelines} answered={answered} />
          )}
        </span>
      </button>
      {broken.map(({ signature, laws }) => (
        <p key={signature} class="laws-broken">
          {laws.map(({ id, detail }) => (
            <span key={id}>
              ✗ <strong>{id}</strong>: {detail}
            </span>
          ))}
        </p>
      ))}
    </li>
  );
}

/** What was done, and below it what it changed. */
function Said({
  event,
  lifelines,
  answered,
}: {
  readonly event: RecordedEvent;
  readonly lifelines: readonly string[];
  readonly answered: string;
}): JSX.Element {
  const { what, text, to, undo } = event;
  if (what === 'operation' || what === 'settle') {
    return (
      <span>
        <strong>{text}</strong>
        {answered === '' ? '' : `: ${answered}`}
      </span>
    );
  }
  const cut = text.indexOf('; ');
  const done = cut < 0 ? text : text.slice(0, cut);
  return (
    <>
      <span>
        {undo && <span class="tag">undo</span>} {done}
        {what === 'message' && to !== null && <span class="dim"> to {lifelines[to]}</span>}
      </span>
      {cut >= 0 && <span class="changed">{text.slice(cut + 2)}</span>}
    </>
  );
}

/** px from the top of a row to its mark */
const Y = 15;

function Lanes({
  event,
  folded,
  lanes,
}: {
  readonly event: RecordedEvent;
  readonly folded: boolean;
  readonly lanes: number;
}): JSX.Element {
  const x = (lane: number): string => `${(100 * (lane + 0.5)) / lanes}%`;
  return (
    <svg class="lanes" aria-hidden="true">
      {Array.from({ length: lanes }, (_, lane) => (
        <line key={lane} class="life" x1={x(lane)} x2={x(lane)} y1={0} y2="100%" />
      ))}
      {folded ? (
        <circle class="quiet" cx={x(event.from)} cy={Y} r={2.5} />
      ) : event.to === null || event.what === 'fault' ? (
        <Mark event={event} x={x(event.from)} />
      ) : (
        <Arrow event={event} to={event.to} x={x} />
      )}
    </svg>
  );
}

function Mark({ event: { what }, x }: { readonly event: RecordedEvent; readonly x: string }): JSX.Element {
  switch (what) {
    case 'fault':
      return (
        <svg class="at" aria-hidden="true" x={x} y={Y}>
          <path class="strike" d="M2 -10 L-5 2 L0 2 L-2 10 L5 -2 L0 -2 Z" />
        </svg>
      );
    case 'hold':
      return (
        <svg class="at" aria-hidden="true" x={x} y={Y}>
          <path class="held" d="M-3 -5 v10 M3 -5 v10" />
        </svg>
      );
    case 'operation':
    case 'settle':
    case 'service':
      return (
        <svg class="at" aria-hidden="true" x={x} y={Y}>
          <rect class="begin" x={-5} y={-5} width={10} height={10} rx={2} />
        </svg>
      );
    default:
      return <circle class="dot" cx={x} cy={Y} r={4} />;
  }
}

/** A cast has one head, a call and a request two; one that nobody gets ends half way. */
function Arrow({
  event: { what, text, from, to: _, lost },
  to,
  x,
}: {
  readonly event: RecordedEvent;
  readonly to: number;
  readonly x: (lane: number) => string;
}): JSX.Element {
  const way = to >= from ? 1 : -1;
  const head = (direction: number): string => `M${-8 * direction} -4 L0 0 L${-8 * direction} 4 Z`;
  const answers = what === 'request' || text.startsWith('call ');
  if (to === from) {
    return (
      <svg class="at" aria-hidden="true" x={x(from)} y={Y}>
        <path class="arrow" d="M0 -6 h16 v12 h-12" />
        <path class="head" transform="translate(2 6)" d={head(-1)} />
      </svg>
    );
  }
  const end = lost ? (from + to) / 2 : to;
  return (
    <>
      <circle class="dot" cx={x(from)} cy={Y} r={2.5} />
      <line class={`arrow ${what}`} x1={x(from)} x2={x(end)} y1={Y} y2={Y} />
      <svg class="at" aria-hidden="true" x={x(end)} y={Y}>
        <path class={lost ? 'lost' : 'head'} d={lost ? 'M-5 -5 L5 5 M-5 5 L5 -5' : head(way)} />
      </svg>
      {answers && !lost && (
        <svg class="at" aria-hidden="true" x={x(from)} y={Y}>
          <path class="answer" d={`M${8 * way} -4 L0 0 L${8 * way} 4`} />
        </svg>
      )}
    </>
  );
}
