import { expect, test } from 'vitest';
import type { PageData, PageFinding } from './data.ts';
import { grouped, search, standingOf } from './grouping.ts';

const finding = (signature: string, of: Partial<PageFinding> = {}): PageFinding => ({
  signature,
  invariants: ['source-zero'],
  details: [],
  reason: null,
  sabotage: false,
  token: `cc1.${signature}`,
  count: 1,
  operations: ['boot s1 m1', 'resize s1 to m2'],
  points: [],
  ...of,
});

const FINDINGS = [
  finding('new', { points: ['refused at confirm.delete-alloc'] }),
  finding('spoiled', { sabotage: true, count: 90 }),
  finding('old', { reason: 0, count: 5 }),
  finding('older', {
    reason: 1,
    count: 7,
    invariants: ['host-agreement'],
    points: ['lost at src.cast', 'held at api.x'],
  }),
];
const data = {
  findings: FINDINGS,
  reasons: [
    { weakness: 'W-03', reason: 'safe_connect returns None' },
    { weakness: 'W-16', reason: 'a message was lost' },
  ],
} as unknown as PageData;

const keys = (by: Parameters<typeof grouped>[1]): string[] =>
  grouped(FINDINGS, by, data).map(
    ({ title, standing, findings, seen }) => `${standing} ${title} ${findings.length} ${seen}`,
  );

test('below each cause, news in front, then sabotage, then what was seen most', () => {
  expect(keys('reason')).toEqual([
    'news Not on the known list 1 1',
    'sabotage By sabotage, outside the contract 1 90',
    'known a message was lost 1 7',
    'known safe_connect returns None 1 5',
  ]);
  expect(keys('invariant')).toEqual(['news source-zero 3 96', 'known host-agreement 1 7']);
  expect(keys('point')).toEqual([
    'news confirm.delete-alloc 1 1',
    'sabotage no fault: operations alone 2 95',
    'known src.cast and api.x 1 7',
  ]);
});

test('every word of a search must be somewhere', () => {
  const found = (asked: string): string[] => search(data, asked).map(({ signature }) => signature);
  expect(found('')).toHaveLength(4);
  expect(found('W-03')).toEqual(['old']);
  expect(found('LOST host-')).toEqual(['older']);
  expect(found('news resize')).toEqual(['new']);
  expect(found('lost nothing')).toEqual([]);
});

test('the known list comes before sabotage', () => {
  expect(standingOf(finding('both', { reason: 0, sabotage: true }))).toBe('known');
});
