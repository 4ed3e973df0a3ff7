/** The page of a report. Everything is in the file it stands in: no request leaves it. */

import type { JSX } from 'preact';
import { render } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import * as z from 'zod';
import { Coverage } from './coverage.tsx';
import type { PageData } from './data.ts';
import { Finding } from './finding.tsx';
import { Findings } from './findings.tsx';
import { type Grouping, grouped, search } from './grouping.ts';
import { useKeys } from './hooks.ts';
import { findingHash, type Place, placeOf, VIEWS, type View } from './place.ts';
import { StatisticsView } from './statistics.tsx';
import { ThemeButton } from './theme.tsx';
import { Trend } from './trend.tsx';

// a compiled check would be an eval, which the page's policy forbids
z.config({ jitless: true });

const NAMES: Readonly<Record<View, string>> = {
  findings: 'Findings',
  statistics: 'Statistics',
  coverage: 'Coverage',
  trend: 'Trend',
};

function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  useEffect(() => {
    const moved = (): void => setPlace(placeOf(location.hash));
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  return place;
}

function App({ data }: { readonly data: PageData }): JSX.Element {
  const place = usePlace();
  const [asked, setAsked] = useState('');
  const [by, setBy] = useState<Grouping>('reason');
  const groups = useMemo(() => grouped(search(data, asked), by, data), [data, asked, by]);
  const listed = useMemo(() => groups.flatMap(({ findings }) => findings), [groups]);
  // a link of another day may know the signature alone
  const open =
    place.view === 'finding'
      ? (data.findings.find(({ token }) => token === place.token) ??
        data.findings.find(({ signature }) => signature === place.signature) ??
        null)
      : null;
  const at = open === null ? -1 : listed.indexOf(open);
  const go = (k: number): void => {
    const next = listed[k];
    if (next !== undefined) location.hash = findingHash(next);
  };
  useKeys({
    j: () => go(at + 1),
    k: () => go(at < 0 ? 0 : at - 1),
    '/': () => {
      location.hash = '#findings';
      // the search is drawn by then
      setTimeout(() => document.getElementById('search')?.focus());
    },
    Escape: () => {
      if (place.view === 'finding') location.hash = '#findings';
    },
  });
  const title = place.view === 'finding' ? (open?.signature ?? 'a token') : NAMES[place.view];
  useEffect(() => {
    document.title = `${data.verdict.toUpperCase()} · ${title} · claimcheck`;
  }, [data, title]);
  const key = place.view === 'finding' ? place.token : place.view;
  // another place is read from its top
  useEffect(() => scrollTo(0, 0), [key]);
  return (
    <>
      <header class="top">
        <a class="brand" href="#findings">
          claimcheck
        </a>
        <nav aria-label="Parts of the report">
          {VIEWS.map((view) => (
            <a
              key={view}
              href={`#${view}`}
              aria-current={
                place.view === view || (view === 'findings' && place.view === 'finding') ? 'page' : undefined
              }
            >
              {NAMES[view]}
            </a>
          ))}
        </nav>
        <ThemeButton />
      </header>
      <main>
        {place.view === 'findings' && (
          <Findings data={data} groups={groups} asked={asked} setAsked={setAsked} by={by} setBy={setBy} />
        )}
        {place.view === 'finding' && (
          <Finding
            key={place.token}
            data={data}
            token={open?.token ?? place.token}
            signature={open?.signature ?? place.signature}
            finding={open}
            at={at}
            of={listed.length}
            go={go}
          />
        )}
        {place.view === 'statistics' && <StatisticsView data={data} />}
        {place.view === 'coverage' && <Coverage data={data} />}
        {place.view === 'trend' && <Trend data={data} />}
      </main>
      <footer>
        <p>
          <kbd>j</kbd> <kbd>k</kbd> next and previous finding · <kbd>←</kbd> <kbd>→</kbd> step · <kbd>Shift</kbd> with
          them: to the next step that changes anything · <kbd>Home</kbd> <kbd>End</kbd> first and last step ·{' '}
          <kbd>/</kbd> search · <kbd>Esc</kbd> back
        </p>
        <p class="dim">
          {data.commit === null ? '' : `Commit ${data.commit} · `}
          <code>claimcheck {data.command}</code>
        </p>
      </footer>
    </>
  );
}

const data = JSON.parse(document.getElementById('data')!.textContent) as PageData;
render(<App data={data} />, document.getElementById('app')!);
