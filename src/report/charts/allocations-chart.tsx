/**
 * Who holds what on each host, as it changes: a row a host, bars stacked by consumer against what the host has, guests as a
 * line below, faults as marks, and the end where a law is broken in red.
 */
import { scaleLinear } from 'd3-scale';
import type { JSX } from 'preact';
import type { Recording } from '../recording.ts';
import { type Moment, momentsOf } from './moments.ts';
import { CHART_STYLE, hueOf } from './palette.ts';

const WIDTH = 960;
/** for a host's name and the ticks: less on a telephone */
const left = (width: number): number => (width < 560 ? 84 : 120);
const RIGHT = 16;
const TOP = 62;
const ROW = 96;
const BAR = 70;
const LEGEND = 34;
/** px of a letter of the labels */
const LETTER = 6.6;

export interface AllocationsChartProps {
  readonly recording: Recording;
  readonly resourceClass: string;
  /** of `Recording.events`: where the reader stands, or null */
  readonly at?: number | null;
  /** px */
  readonly width?: number;
  /** of `Recording.events`: where the reader points */
  readonly onPoint?: (event: number) => void;
  /** the chart is a file of its own */
  readonly alone?: boolean;
}

export function AllocationsChart({
  recording,
  resourceClass,
  at = null,
  width = WIDTH,
  onPoint,
  alone = false,
}: AllocationsChartProps): JSX.Element {
  const { hosts, servers, operations, violations } = recording;
  const moments = momentsOf(recording);
  const bottom = TOP + hosts.length * ROW;
  // a page has its own legend, which breaks lines
  const height = bottom + (alone ? LEGEND : 4);
  const bands = bandsOf(moments);
  const edges = edgesOf(bands, width);
  const x = (k: number): number => edges[k]!;
  const broken = new Set(violations.map(({ event }) => moments.findIndex(({ to }) => to >= event)));
  const here = at === null ? -1 : moments.findIndex(({ from, to }) => from <= at && at <= to);
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      viewBox={`0 0 ${width} ${height}`}
      width={alone ? width : '100%'}
      role="img"
      aria-label={`${resourceClass} held on each host, step by step`}
    >
      {alone && <style>{CHART_STYLE}</style>}
      {alone && <rect width={width} height={height} fill="var(--paper)" />}
      <Hatching servers={servers} />
      {bands.map(({ operation, from, to }, k) => (
        <g key={operation}>
          {k % 2 === 0 && <rect x={x(from)} y={0} width={x(to) - x(from)} height={bottom} fill="var(--band)" />}
          <Words
            x={x(from) + 4}
            y={16}
            width={x(to) - x(from) - 6}
            text={operations[operation]?.words ?? 'settle'}
            // below stand the faults, which have less room too
            lines={width < 560 ? 1 : 2}
          />
        </g>
      ))}
      {hosts.map((host, h) => (
        <HostRow
          key={host}
          host={host}
          top={TOP + h * ROW}
          moments={moments}
          x={x}
          width={width}
          servers={servers}
          resourceClass={resourceClass}
        />
      ))}
      {moments
        .map((moment, k) => ({ ...moment, k }))
        .filter(({ fault }) => fault !== null)
        .map(({ fault, from, k }, n) => (
          <g key={from}>
            <line
              x1={x(k)}
              x2={x(k)}
              y1={48}
              y2={bottom}
              stroke="var(--bad)"
              stroke-width={1.5}
              stroke-dasharray="4 3"
            />
            <path d={`M${x(k) - 5} 42h10l-5 8z`} fill="var(--bad)" />
            <text
              class="bad small"
              x={x(k) + (x(k) > width / 2 ? -8 : 8)}
              y={n % 2 === 0 ? 50 : 38}
              text-anchor={x(k) > width / 2 ? 'end' : 'start'}
            >
              {shortened(fault!.text, Math.max(x(k), width - x(k)) - 12)}
            </text>
          </g>
        ))}
      {[...broken].map((k) => (
        <rect
          key={k}
          x={x(k) + 1}
          y={TOP - 2}
          width={x(k + 1) - x(k) - 2}
          height={hosts.length * ROW}
          fill="none"
          stroke="var(--bad)"
          stroke-width={2}
          rx={3}
        />
      ))}
      {here >= 0 && (
        <rect
          x={x(here)}
          y={TOP - 6}
          width={x(here + 1) - x(here)}
          height={hosts.length * ROW + 4}
          fill="var(--ink)"
          opacity={0.12}
        />
      )}
      {alone && <Legend y={bottom + 20} width={width} recording={recording} />}
      {onPoint !== undefined &&
        moments.map(({ from }, k) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut for the mouse: the page has a slider for the same
          <rect
            key={from}
            class="pointable"
            x={x(k)}
            y={0}
            width={x(k + 1) - x(k)}
            height={bottom}
            fill="transparent"
            onClick={() => onPoint(from)}
          />
        ))}
    </svg>
  );
}

interface Band {
  readonly operation: number;
  readonly from: number;
  to: number;
}

/** Moments for which an operation's words have room. */
const NARROWEST = 2;

/** Where each moment begins, and where the last ends. */
function edgesOf(bands: readonly Band[], width: number): number[] {
  const weights = bands.flatMap(({ from, to }) =>
    Array.from({ length: to - from }, () => Math.max(1, NARROWEST / (to - from))),
  );
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const scale = scaleLinear([0, all], [left(width), width - RIGHT]);
  const edges = [0];
  for (const weight of weights) edges.push(edges.at(-1)! + weight);
  return edges.map((edge) => scale(edge));
}

/** Operations side by side: each over its moments. */
function bandsOf(moments: readonly Moment[]): Band[] {
  const bands: Band[] = [];
  for (const [k, { operation }] of moments.entries()) {
    const last = bands.at(-1);
    if (last?.operation === operation) last.to = k + 1;
    else bands.push({ operation, from: k, to: k + 1 });
  }
  return bands;
}

function HostRow({
  host,
  top,
  moments,
  x,
  width,
  servers,
  resourceClass,
}: {
  readonly host: string;
  readonly top: number;
  readonly moments: readonly Moment[];
  readonly x: (k: number) => number;
  readonly width: number;
  readonly servers: readonly string[];
  readonly resourceClass: string;
}): JSX.Element {
  const held = moments.map(({ state }) =>
    Object.entries(state.allocations).flatMap(([consumer, byHost]) => {
      const amount = Object.hasOwn(byHost, host) ? (byHost[host]![resourceClass] ?? 0) : 0;
      return amount > 0 ? [{ consumer, amount }] : [];
    }),
  );
  const capacities = moments.map(({ state }) => state.capacities[host]?.[resourceClass] ?? 0);
  const peak = Math.max(1, ...held.map((row) => row.reduce((sum, { amount }) => sum + amount, 0)));
  const most = Math.max(...capacities);
  // a host with far more room than anybody claims would show no bars
  const ceiling = most <= peak * 3 ? Math.max(most, peak) : peak * 1.25;
  const y = scaleLinear([0, ceiling], [top + BAR, top]);
  const bars = stretches(held);
  return (
    <g>
      <text x={8} y={top + 14} style="font-weight:600">
        {shortened(host, left(width) - 14)}
      </text>
      <text class="dim small" x={8} y={top + 29}>
        {shortened(`${resourceClass} ${[...new Set(capacities)].join(' → ')}`, left(width) - 14)}
      </text>
      {y
        .ticks(3)
        .filter(Number.isInteger)
        .map((tick) => (
          <g key={tick}>
            <line
              x1={left(width)}
              x2={width - RIGHT}
              y1={y(tick)}
              y2={y(tick)}
              stroke="var(--line)"
              stroke-width={0.5}
            />
            <text class="dim small" x={left(width) - 5} y={y(tick) + 4} text-anchor="end">
              {tick}
            </text>
          </g>
        ))}
      {bars.map(({ consumer, amount, below, from, to }) => (
        <g key={`${consumer} ${from}`}>
          <rect
            x={x(from)}
            y={y(below + amount)}
            width={x(to) - x(from)}
            height={y(below) - y(below + amount)}
            fill={fillOf(servers, consumer)}
            stroke="var(--paper)"
            stroke-width={0.5}
          >
            <title>{`${consumer}: ${resourceClass}=${amount} on ${host}`}</title>
          </rect>
          {x(to) - x(from) > consumer.length * LETTER + 6 && y(below) - y(below + amount) > 13 && (
            <text class="on-bar small" x={x(from) + 4} y={y(below + amount / 2) + 4}>
              {consumer}
            </text>
          )}
        </g>
      ))}
      {capacities.map(
        (amount, k) =>
          amount <= ceiling && (
            <line
              key={moments[k]!.from}
              x1={x(k)}
              x2={x(k + 1)}
              y1={y(amount)}
              y2={y(amount)}
              stroke="var(--ink)"
              stroke-width={1.5}
            />
          ),
      )}
      {moments.flatMap(({ state, from }, k) =>
        state.instances
          .filter(({ running }) => running.includes(host))
          .map(({ server }) => (
            <rect
              key={`${server} ${from}`}
              x={x(k)}
              y={top + BAR + 4 + 6 * (servers.indexOf(server) % 3)}
              width={x(k + 1) - x(k)}
              height={4}
              fill={hueOf(servers, server)}
            >
              <title>{`the guest of ${server} runs on ${host}`}</title>
            </rect>
          )),
      )}
    </g>
  );
}

interface Bar {
  readonly consumer: string;
  readonly amount: number;
  readonly below: number;
  readonly from: number;
  to: number;
}

/** One bar for as long as a consumer holds the same at the same height. */
function stretches(held: readonly (readonly { consumer: string; amount: number }[])[]): Bar[] {
  const bars: Bar[] = [];
  let open = new Map<string, Bar>();
  for (const [k, row] of held.entries()) {
    const next = new Map<string, Bar>();
    let below = 0;
    for (const { consumer, amount } of row) {
      const before = open.get(consumer);
      const same = before !== undefined && before.amount === amount && before.below === below;
      const bar = same ? before : { consumer, amount, below, from: k, to: k };
      bar.to = k + 1;
      if (!same) bars.push(bar);
      next.set(consumer, bar);
      below += amount;
    }
    open = next;
  }
  return bars;
}

export const isMigration = (consumer: string): boolean => /\/migration-\d+$/.test(consumer);

const fillOf = (servers: readonly string[], consumer: string): string =>
  isMigration(consumer) ? `url(#hatched-${hueOf(servers, consumer).slice(1)})` : hueOf(servers, consumer);

/** What a migration holds has its server's colour, in stripes. */
function Hatching({ servers }: { readonly servers: readonly string[] }): JSX.Element {
  return (
    <defs>
      {[...new Set(servers.map((server) => hueOf(servers, server)))].map((hue) => (
        <pattern
          key={hue}
          id={`hatched-${hue.slice(1)}`}
          width={7}
          height={7}
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <rect width={7} height={7} fill={hue} opacity={0.72} />
          <rect width={2.5} height={7} fill="#ffffff" opacity={0.55} />
        </pattern>
      ))}
    </defs>
  );
}

/** Whoever holds anything in a recording: instances, their migrations, and servers that no scenario is about. */
export function consumersOf({ servers, states }: Recording): string[] {
  const consumers = new Set(states.flatMap(({ allocations }) => Object.keys(allocations)));
  return [...servers, ...[...consumers].filter((consumer) => !servers.includes(consumer)).sort()];
}

/** A consumer's colour, as its bars have it: where one chart of the recording is on the page. */
export function Swatch({ servers, consumer }: { servers: readonly string[]; consumer: string }): JSX.Element {
  return (
    <svg class="swatch" width={12} height={12} aria-hidden="true">
      <rect width={12} height={12} rx={2} fill={fillOf(servers, consumer)} />
    </svg>
  );
}

function Legend({
  y,
  width,
  recording,
}: {
  readonly y: number;
  readonly width: number;
  readonly recording: Recording;
}): JSX.Element {
  const { servers } = recording;
  const shown = consumersOf(recording)
    .filter((consumer) => servers.includes(consumer) || isMigration(consumer))
    .slice(0, 6);
  let next = left(width);
  return (
    <g>
      {shown.map((consumer) => {
        const at = next;
        next += 30 + (consumer.length + (isMigration(consumer) ? 0 : 11)) * LETTER;
        return (
          <g key={consumer}>
            <rect x={at} y={y - 9} width={12} height={12} fill={fillOf(servers, consumer)} />
            <text class="small" x={at + 17} y={y + 1}>
              {isMigration(consumer) ? consumer : `${consumer} (instance)`}
            </text>
          </g>
        );
      })}
      <text class="dim small" x={width - RIGHT} y={y + 1} text-anchor="end">
        line below the bars: its guest runs there
      </text>
    </g>
  );
}

/** Text in as many lines as there is room for, the rest cut off; SVG breaks none by itself. */
function Words({
  x,
  y,
  width,
  text,
  lines,
}: {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly text: string;
  readonly lines: number;
}): JSX.Element {
  const rows: string[] = [];
  for (const word of text.split(' ')) {
    const last = rows.at(-1);
    if (last !== undefined && (last.length + 1 + word.length) * LETTER <= width)
      rows[rows.length - 1] = `${last} ${word}`;
    else rows.push(word);
  }
  const kept = rows.length <= lines ? rows : [...rows.slice(0, lines - 1), rows.slice(lines - 1).join(' ')];
  return (
    <text x={x} y={y}>
      <title>{text}</title>
      {kept.map((row, k) => (
        <tspan key={row} x={x} y={y + 14 * k}>
          {shortened(row, width)}
        </tspan>
      ))}
    </text>
  );
}

function shortened(text: string, width: number): string {
  const letters = Math.max(1, Math.floor(width / LETTER));
  return text.length <= letters ? text : `${text.slice(0, Math.max(letters - 1, 1))}…`;
}
