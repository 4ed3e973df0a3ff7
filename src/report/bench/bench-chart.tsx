/** CPU seconds to the first finding, a line a defect: the median as a dot, to the ninth decile as a line, on a log scale. */
import { scaleLog } from 'd3-scale';
import type { JSX } from 'preact';
import type { BenchResults } from '../../campaign/bench-results.ts';
import type { Generator } from '../../campaign/time-to-bug.ts';
import type { Defect } from '../../nova/defects/defect.ts';
import { CHART_STYLE } from '../charts/palette.ts';

const WIDTH = 960;
const LEFT = 330;
const RIGHT = 30;
const TOP = 54;
const ROW = 20;
const LEAST = 0.002;
const COLOURS: Readonly<Record<Generator, string>> = {
  default: '#0072b2',
  uniform: '#8a8f98',
  swarm: '#009e73',
  boundary: '#e69f00',
  commands: '#d55e00',
};

export function BenchChart({
  results,
  defects,
}: {
  readonly results: BenchResults;
  readonly defects: readonly Defect[];
}): JSX.Element {
  const ids = [...new Set(results.rows.map(({ defect }) => defect))];
  const ways = [...new Set(results.rows.map(({ generator }) => generator))];
  const most = Math.max(results.giveUp, ...results.rows.map(({ cpuSeconds }) => cpuSeconds.p90));
  const x = scaleLog()
    .domain([LEAST, most])
    .range([LEFT, WIDTH - RIGHT])
    .clamp(true);
  const bottom = TOP + ids.length * ROW;
  const ticks = [0.01, 0.1, 1, 10].filter((tick) => tick <= most);
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      viewBox={`0 0 ${WIDTH} ${bottom + 16}`}
      width={WIDTH}
      role="img"
      aria-label="CPU seconds to the first finding, by defect"
    >
      <style>{CHART_STYLE}</style>
      <rect width={WIDTH} height={bottom + 16} fill="var(--paper)" />
      {ways.map((way, k) => (
        <g key={way}>
          <circle cx={LEFT + k * 110} cy={14} r={5} fill={COLOURS[way]} />
          <text x={LEFT + 10 + k * 110} y={18}>
            {way}
          </text>
        </g>
      ))}
      {ticks.map((tick) => (
        <g key={tick}>
          <line x1={x(tick)} x2={x(tick)} y1={TOP - 8} y2={bottom} stroke="var(--line)" />
          <text class="dim small" x={x(tick)} y={TOP - 14} text-anchor="middle">
            {`${tick} s`}
          </text>
        </g>
      ))}
      {ids.map((id, k) => {
        const y = TOP + k * ROW + ROW / 2;
        const title = defects.find((one) => one.id === id)?.title ?? '';
        return (
          <g key={id}>
            {k % 2 === 0 && <rect x={0} y={y - ROW / 2} width={WIDTH} height={ROW} fill="var(--band)" />}
            <text x={8} y={y + 4} font-weight="600">
              {id}
            </text>
            <text class="dim small" x={56} y={y + 4}>
              {title.length > 46 ? `${title.slice(0, 45)}…` : title}
            </text>
            {results.rows
              .filter(({ defect }) => defect === id)
              .map(({ generator, cpuSeconds, found, seeds }, n) => {
                const line = y + (n - (ways.length - 1) / 2) * (ways.length > 1 ? 3 : 0);
                return (
                  <g key={generator}>
                    <line
                      x1={x(cpuSeconds.median)}
                      x2={x(cpuSeconds.p90)}
                      y1={line}
                      y2={line}
                      stroke={COLOURS[generator]}
                      stroke-width={1.5}
                    />
                    <circle
                      cx={x(cpuSeconds.median)}
                      cy={line}
                      r={generator === 'default' ? 4 : 2.5}
                      fill={found === seeds ? COLOURS[generator] : 'var(--paper)'}
                      stroke={COLOURS[generator]}
                    />
                  </g>
                );
              })}
          </g>
        );
      })}
    </svg>
  );
}
