/** Campaign after campaign, as the ledger has them: what each found, how much it ran, what it came to. */
import { scaleBand, scaleLinear } from 'd3-scale';
import type { JSX } from 'preact';
import type { PageData, PagePast } from './data.ts';
import { useWidth } from './hooks.ts';
import { number } from './words.tsx';

/** More would be thinner than a pixel on a telephone. */
const MOST = 120;
const LEFT = 44;
const RIGHT = 20;
const BARS = 200;
const RUNS = 60;
const GAP = 34;
const VERDICTS = 26;
/** px that a day takes */
const DAY = 44;

export function Trend({ data }: { readonly data: PageData }): JSX.Element {
  const past = data.history.slice(-MOST);
  return (
    <>
      <h1>Trend</h1>
      {past.length === 0 ? (
        <p>The ledger has no campaign yet.</p>
      ) : (
        <>
          <Chart past={past} />
          <section class="card" aria-labelledby="ledger-heading">
            <h2 id="ledger-heading">The ledger</h2>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keyboard */}
            <section class="wide" tabIndex={0} aria-label="Campaigns">
              <table class="ledger">
                <thead>
                  <tr>
                    {['ended', 'verdict', 'new', 'known', 'sabotage', 'scenarios', 'seconds', 'commit', 'command'].map(
                      (name) => (
                        <th key={name} scope="col">
                          {name}
                        </th>
                      ),
                    )}
                  </tr>
                </thead>
                <tbody>
                  {past.toReversed().map((one, k) => (
                    <tr key={k}>
                      <th scope="row">{one.date}</th>
                      <td>
                        <span class={`pill ${one.verdict}`}>{one.verdict}</span>
                      </td>
                      <td class={one.news > 0 ? 'bad' : ''}>{number(one.news)}</td>
                      <td>{number(one.known)}</td>
                      <td>{number(one.sabotage)}</td>
                      <td>{number(one.runs)}</td>
                      <td>{one.seconds.toFixed(1)}</td>
                      <td>
                        <code>{one.commit?.slice(0, 10) ?? '-'}</code>
                      </td>
                      <td>
                        <code>{one.command}</code>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          </section>
        </>
      )}
    </>
  );
}

function Chart({ past }: { readonly past: readonly PagePast[] }): JSX.Element {
  const [ref, width] = useWidth<HTMLDivElement>();
  const height = 10 + BARS + GAP + RUNS + VERDICTS + 20;
  const x = scaleBand<number>(
    past.map((_, k) => k),
    [LEFT, width - RIGHT],
  )
    .paddingInner(0.25)
    .paddingOuter(0.1);
  // one campaign is no wall
  const wide = Math.min(x.bandwidth(), 48);
  const left = (k: number): number => x(k)! + (x.bandwidth() - wide) / 2;
  // so many campaigns apart, days have room
  const apart = Math.max(1, Math.ceil(DAY / x.step()));
  const most = Math.max(1, ...past.map(({ news, known, sabotage }) => news + known + sabotage));
  const y = scaleLinear([0, most], [10 + BARS, 10]).nice();
  const runsTop = 10 + BARS + GAP;
  const runs = scaleLinear([0, Math.max(1, ...past.map((one) => one.runs))], [runsTop + RUNS, runsTop]).nice();
  return (
    <section class="card" aria-labelledby="trend-heading">
      <h2 id="trend-heading">Ways to break the laws, and scenarios</h2>
      <p class="legend">
        <span class="key news">new</span> <span class="key sabotage">sabotage</span>{' '}
        <span class="key known">known</span> <span class="key runs">scenarios</span>
      </p>
      <div ref={ref}>
        <svg
          class="trend"
          viewBox={`0 0 ${width} ${height}`}
          width="100%"
          role="img"
          aria-label="Findings and scenarios of each campaign; the table below has the numbers"
        >
          {y
            .ticks(4)
            .filter(Number.isInteger)
            .map((tick) => (
              <g key={tick}>
                <line class="grid" x1={LEFT} x2={width - RIGHT} y1={y(tick)} y2={y(tick)} />
                <text class="dim small" x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
                  {number(tick)}
                </text>
              </g>
            ))}
          {runs
            .ticks(2)
            .filter(Number.isInteger)
            .map((tick) => (
              <g key={tick}>
                <line class="grid" x1={LEFT} x2={width - RIGHT} y1={runs(tick)} y2={runs(tick)} />
                <text class="dim small" x={LEFT - 6} y={runs(tick) + 4} text-anchor="end">
                  {short(tick)}
                </text>
              </g>
            ))}
          {past.map((one, k) => {
            let below = 0;
            const stacked = (['news', 'sabotage', 'known'] as const).map((what) => {
              const from = below;
              below += one[what];
              return { what, from, to: below };
            });
            return (
              <g key={k}>
                <title>{`${one.date} ${one.verdict}: ${one.news} new, ${one.sabotage} by sabotage, ${one.known} known, ${number(one.runs)} scenarios`}</title>
                {stacked.map(({ what, from, to }) => (
                  <rect key={what} class={what} x={left(k)} width={wide} y={y(to)} height={y(from) - y(to)} />
                ))}
                <rect
                  class="runs"
                  x={left(k)}
                  width={wide}
                  y={runs(one.runs)}
                  height={runsTop + RUNS - runs(one.runs)}
                />
                <rect
                  class={`verdict ${one.verdict}`}
                  x={left(k)}
                  width={wide}
                  y={runsTop + RUNS + 8}
                  height={10}
                  rx={2}
                />
                {(past.length - 1 - k) % apart === 0 && (
                  <text class="dim small" x={left(k) + wide / 2} y={height - 4} text-anchor="middle">
                    {one.date.slice(5, 10)}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
      </div>
    </section>
  );
}

const short = (value: number): string => (value >= 1000 ? `${value / 1000}k` : String(value));
