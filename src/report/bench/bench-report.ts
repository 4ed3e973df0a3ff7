/** The bench over the defects as a table, on a terminal and as a page. */
import { type BenchResults, type BenchRow, comparisons } from '../../campaign/bench-results.ts';
import type { Defect } from '../../nova/defects/defect.ts';
import * as markdown from '../markdown.ts';
import { table } from '../tables.ts';

const HEAD = [
  'defect',
  'title',
  'found',
  'CPU s, median',
  'p90',
  'scenarios, median',
  'p90',
  'length',
  'wanted',
  'forms/causes',
  'plays to minimise',
  'broken',
];

const seconds = (value: number): string => (value < 0.095 ? value.toFixed(3) : value.toFixed(2));

/** "2" where all are of one length, else each with how many seeds. */
function lengths({ lengths: counts }: BenchRow): string {
  const all = Object.entries(counts);
  return all.length === 1 ? all[0]![0] : all.map(([length, seeds]) => `${length} (${seeds})`).join(', ');
}

function rowsOf({ rows }: BenchResults, defects: readonly Defect[]): string[][] {
  return rows
    .filter(({ generator }) => generator === 'default')
    .map((row) => {
      const { title, length } = defects.find(({ id }) => id === row.defect)!;
      return [
        row.defect,
        title,
        `${row.found}/${row.seeds}`,
        seconds(row.cpuSeconds.median),
        seconds(row.cpuSeconds.p90),
        String(row.scenarios.median),
        String(row.scenarios.p90),
        lengths(row),
        length === 0 ? '' : String(length),
        `${row.forms}/${row.causes}`,
        String(row.executions),
        Object.keys(row.invariants).join(', '),
      ];
    });
}

const WAYS_HEAD = ['drawn', 'found', 'scenarios', 'CPU s', 'over defects'];
const WAYS: Readonly<Record<string, string>> = {
  default: 'as campaigns do: swarm, capacities at the edge, races met',
  uniform: 'everything always, capacities anyhow',
  swarm: 'swarm, capacities anyhow',
  boundary: 'everything always, capacities at the edge',
  commands: "fc.commands as fast-check's guide writes it, all laws in full after each command",
};

function waysOf(results: BenchResults): string[][] {
  return comparisons(results).map(({ generator, found, of, scenarios, cpuSeconds, defects }) => [
    `${generator}: ${WAYS[generator]}`,
    `${found}/${of}`,
    `x ${scenarios.toFixed(2)}`,
    `x ${cpuSeconds.toFixed(2)}`,
    String(defects),
  ]);
}

/** What the issue of a good benchmark comes to: found, fast, and short. */
export function benchVerdict({ rows }: BenchResults, defects: readonly Defect[]): string[] {
  const own = rows.filter(({ generator }) => generator === 'default');
  const every = own.filter(({ found, seeds }) => found === seeds);
  const fast = own.filter(({ cpuSeconds }) => cpuSeconds.median < 1);
  let asWanted = 0;
  let judged = 0;
  const others: string[] = [];
  for (const { defect, lengths: counts } of own) {
    const { length, lengthNote } = defects.find(({ id }) => id === defect)!;
    if (length === 0) continue;
    for (const [got, seeds] of Object.entries(counts)) {
      judged += seeds;
      if (Number(got) === length) asWanted += seeds;
      else
        others.push(
          `${defect}: ${got} instead of ${length} in ${seeds}${lengthNote === undefined ? '' : ` (${lengthNote})`}`,
        );
    }
  }
  const many = own
    .filter(({ forms, causes }) => forms > causes)
    .map(({ defect, forms, causes }) => `${defect} ${forms}/${causes}`);
  return [
    `found by every seed: ${every.length} of ${own.length} defects; median under one CPU second: ${fast.length} of ${own.length}`,
    `minimal length as the catalogue says: ${((100 * asWanted) / Math.max(1, judged)).toFixed(1)} % of ${judged} seeds`,
    ...others.map((one) => `  ${one}`),
    `more normal forms than causes: ${many.length === 0 ? 'none' : many.join(', ')}`,
  ];
}

export function benchText(results: BenchResults, defects: readonly Defect[], color: boolean): string {
  const { rows } = results;
  const parts = [table(HEAD, rowsOf(results, defects), { color, width: 170 }), '', ...benchVerdict(results, defects)];
  if (rows.some(({ generator }) => generator !== 'default')) {
    parts.push('', table(WAYS_HEAD, waysOf(results), { color, width: 150 }));
  }
  return parts.join('\n');
}

export function benchPage(results: BenchResults, defects: readonly Defect[], picture: string): string {
  const { commit, date, calibration, giveUp, rows } = results;
  const seeds = Math.max(0, ...rows.map((row) => row.seeds));
  return [
    '# How soon bugs of the past are found',
    '',
    `Each defect brings one historical bug back into the model of Nova. ${seeds} seeds each, given up after ${giveUp} CPU`,
    'seconds; every family of moves is drawn, with up to two faults or holds a scenario, and no defect is known to the generator.',
    `Commit ${commit?.slice(0, 10) ?? 'unknown'}, ${date}, calibration loop ${calibration.toFixed(0)} M rounds a CPU second.`,
    'Printed by `npm run -s claimcheck -- bench --out reports/bench`.',
    '',
    `![time to the first finding](${picture})`,
    '',
    ...benchVerdict(results, defects).map((line) => (line.startsWith('  ') ? `  - ${line.trim()}` : `- ${line}`)),
    '',
    markdown.table(HEAD, rowsOf(results, defects)),
    '',
    '## Ways of drawing scenarios',
    '',
    'Ratios to the default are geometric means over the defects that both found with every seed.',
    '',
    markdown.table(WAYS_HEAD, waysOf(results)),
    '',
  ].join('\n');
}
