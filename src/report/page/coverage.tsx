/** Which faults struck where: failure points below the handler that has them, a column a kind, the darker the more often. */
import { scaleLog } from 'd3-scale';
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { FAULT_KINDS, type FaultKind } from '../../scenario/scenario.ts';
import type { PageData, PageHandler, PagePoint } from './data.ts';
import { number, share } from './words.tsx';

export function Coverage({ data }: { readonly data: PageData }): JSX.Element {
  const { coverage } = data;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [gaps, setGaps] = useState(false);
  const points = coverage.flatMap((handler) => handler.points);
  const cells = points.flatMap(({ fired }) => Object.values(fired));
  const kinds = FAULT_KINDS.filter((kind) => points.some(({ fired }) => fired[kind] !== undefined));
  const shade = useMemo(() => {
    const scale = scaleLog([1, Math.max(2, ...cells)], [0.22, 1]).clamp(true);
    return (count: number): number => scale(count);
  }, [cells]);
  const shown = gaps ? coverage.filter(({ points: of }) => of.some(lacks)) : coverage;
  const toggle = (id: string): void => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    setOpen(next);
  };
  const all = shown.every(({ id }) => open.has(id));
  return (
    <>
      <h1>Coverage of failure points</h1>
      <ul class="tiles">
        <li class="tile">
          <b>
            {points.filter(({ reached }) => reached > 0).length}/{points.length}
          </b>{' '}
          failure points reached
        </li>
        <li class="tile">
          <b>
            {cells.filter((count) => count > 0).length}/{cells.length}
          </b>{' '}
          pairs of point and fault fired
        </li>
      </ul>
      <div class="tools">
        <button type="button" onClick={() => setOpen(all ? new Set() : new Set(shown.map(({ id }) => id)))}>
          {all ? 'close all handlers' : 'open all handlers'}
        </button>
        <label class="check">
          <input type="checkbox" checked={gaps} onChange={({ currentTarget }) => setGaps(currentTarget.checked)} /> only
          what never fired
        </label>
        <p class="legend" aria-hidden="true">
          <span>
            <i class="cell never" /> fits, never fired
          </span>
          <span>
            <i class="cell" style={{ '--heat': 0.22 }} /> once
          </span>
          <span>
            <i class="cell" style={{ '--heat': 1 }} /> {number(Math.max(0, ...cells))} times
          </span>
          <span>no cell: does not fit</span>
        </p>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keyboard */}
      <section class="heat" tabIndex={0} aria-label="Heat map">
        <table>
          <thead>
            <tr>
              <th scope="col" class="corner">
                handler, failure point
              </th>
              {kinds.map((kind) => (
                <th key={kind} scope="col" class="kind">
                  <span>{kind}</span>
                </th>
              ))}
            </tr>
          </thead>
          {shown.map((handler) => (
            <HandlerRows
              key={handler.id}
              handler={handler}
              kinds={kinds}
              shade={shade}
              open={open.has(handler.id)}
              gaps={gaps}
              toggle={() => toggle(handler.id)}
            />
          ))}
        </table>
      </section>
    </>
  );
}

/** It has a fault that fits and never fired. */
const lacks = ({ fired }: PagePoint): boolean => Object.values(fired).includes(0);

interface HandlerProps {
  readonly handler: PageHandler;
  readonly kinds: readonly FaultKind[];
  readonly shade: (count: number) => number;
  readonly open: boolean;
  readonly gaps: boolean;
  readonly toggle: () => void;
}

function HandlerRows({ handler, kinds, shade, open, gaps, toggle }: HandlerProps): JSX.Element {
  const { id, nova, points } = handler;
  return (
    <tbody>
      <tr class="handler">
        <th scope="row">
          <button type="button" aria-expanded={open} onClick={toggle} title={nova}>
            {id}
          </button>
        </th>
        {kinds.map((kind) => {
          const counts = points.flatMap(({ fired }) => fired[kind] ?? []);
          const struck = counts.filter((count) => count > 0).length;
          const words = counts.length === 0 ? 'does not fit' : `${struck} of ${counts.length} points fired`;
          return (
            <td key={kind} title={`${id}, ${kind}: ${words}`}>
              {counts.length === 0 ? (
                <Cell count={null} shade={shade} />
              ) : (
                <span
                  class={struck === 0 ? 'cell part never' : 'cell part'}
                  style={{ '--part': struck / counts.length }}
                >
                  {struck === counts.length ? '' : `${struck}/${counts.length}`}
                  <span class="unseen">{share(struck, counts.length)}</span>
                </span>
              )}
            </td>
          );
        })}
      </tr>
      {open &&
        points
          .filter((point) => !gaps || lacks(point))
          .map((point) => (
            <tr key={point.id}>
              <th scope="row" title={point.nova}>
                <span>{point.id}</span>{' '}
                <span class={point.reached === 0 ? 'bad' : 'dim'}>
                  {point.reached === 0 ? 'never reached' : number(point.reached)}
                </span>
              </th>
              {kinds.map((kind) => (
                <td key={kind} title={`${point.id}, ${kind}: ${wordsOf(point.fired[kind])}`}>
                  <Cell count={point.fired[kind] ?? null} shade={shade} />
                </td>
              ))}
            </tr>
          ))}
    </tbody>
  );
}

const wordsOf = (count: number | undefined): string =>
  count === undefined ? 'does not fit' : count === 0 ? 'fits, never fired' : `fired ${number(count)} times`;

function Cell({
  count,
  shade,
}: {
  readonly count: number | null;
  readonly shade: (count: number) => number;
}): JSX.Element {
  if (count === null) return <span class="cell none" />;
  if (count === 0) {
    return (
      <span class="cell never">
        <span class="unseen">0</span>
      </span>
    );
  }
  return (
    <span class="cell" style={{ '--heat': shade(count) }}>
      <span class="unseen">{count}</span>
    </span>
  );
}
