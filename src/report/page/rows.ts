/** The rows of a sequence chart: events, and what is folded because nothing comes of it. */
import type { RecordedEvent, Recording } from '../recording.ts';

export interface Row {
  /** of `Recording.events`: the first and the last of it */
  readonly from: number;
  readonly to: number;
}

/** So many steps in a row from which nothing comes are one row. */
const FEWEST_TO_FOLD = 3;

/** While everything settles only what changes anything has a row; before, messages and requests have one too. */
export function rowsOf({ events, violations }: Recording, whole: boolean): Row[] {
  if (whole) return events.map((_, k) => ({ from: k, to: k }));
  const broken = new Set(violations.map(({ event }) => event));
  const settles = events.findIndex(({ what }) => what === 'settle');
  const rows: Row[] = [];
  let from = -1;
  const close = (to: number): void => {
    if (from < 0) return;
    if (to - from >= FEWEST_TO_FOLD) rows.push({ from, to: to - 1 });
    else for (let k = from; k < to; k++) rows.push({ from: k, to: k });
    from = -1;
  };
  for (const [k, event] of events.entries()) {
    const folds = settles >= 0 && k > settles ? SETTLING : ALWAYS;
    const quiet = folds.has(event.what) && !event.wrong && !event.undo && !broken.has(k) && !changes(events, k);
    const next = from >= 0 && events[from]!.operation !== event.operation;
    if (!quiet || next) close(k);
    if (!quiet) rows.push({ from: k, to: k });
    else if (from < 0) from = k;
  }
  close(events.length);
  return rows;
}

const ALWAYS: ReadonlySet<RecordedEvent['what']> = new Set(['step'] as const);
const SETTLING: ReadonlySet<RecordedEvent['what']> = new Set([
  'step',
  'request',
  'message',
  'service',
  'hold',
] as const);

/** Whether anything stands otherwise behind event k. */
export const changes = (events: readonly RecordedEvent[], k: number): boolean =>
  k > 0 && events[k]!.state !== events[k - 1]!.state;
