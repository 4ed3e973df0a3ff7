/**
 * `npm run bench:check`: what exhaustive search proves of the rollback protocol, how many signatures nova has in the same scopes and
 * how many of them random scenarios find. States and transitions are the same on every machine; time is told in rounds of a
 * fixed loop, measured in the same run. `npm run -s bench:check -- 60` gives each scope so many CPU seconds, ten minutes by default.
 */
import { calibrate, cpuSeconds } from '../campaign/calibrate.ts';
import { Campaign } from '../campaign/campaign.ts';
import { compileFor } from '../campaign/config.ts';
import { plainCampaign } from '../campaign/plain.ts';
import { type CheckFinding, findingsOf } from '../check/findings.ts';
import { type Scope, smallScope } from '../check/scope.ts';
import { Search } from '../check/search.ts';
import { CONTRACTS } from '../contract/contracts.ts';
import { indexKnown, KNOWN_OF_NOVA } from '../contract/known/known.ts';
import { unseenOf } from '../report/assurance.ts';
import { count } from '../report/campaign-report.ts';
import { completeWords, scopeWords } from '../report/check-report.ts';
import { table } from '../report/tables.ts';
import { DEFAULT_OPTIONS } from '../scenario/scenario.ts';
import { note, print } from './context.ts';

const SECONDS = Number(process.argv[2] ?? 600);
const KNOWN = indexKnown(KNOWN_OF_NOVA);
const SMALL = smallScope(DEFAULT_OPTIONS);
/** More than any of these scopes has room for: every interleaving. */
const ALL = 20;

const scope = (changes: Partial<Scope>): Scope => {
  const made = { ...SMALL, ...changes };
  return { ...made, together: changes.together ?? made.faults + made.holds };
};

const ROLLBACK: readonly Scope[] = [
  scope({ operations: 3, holds: 0 }),
  scope({ operations: 3 }),
  scope({ operations: 2, holds: ALL }),
  scope({ operations: 3, holds: ALL }),
  scope({ servers: 2, room: 2, holds: 0 }),
  scope({ servers: 2, room: 2 }),
  scope({ servers: 2, room: 2, holds: ALL }),
  scope({ holds: ALL, anyRequest: true }),
  scope({ servers: 2, room: 1 }),
  scope({ operations: 2, faults: 2, crashes: 2, holds: 0 }),
  scope({ operations: 3, faults: 2, crashes: 2, holds: 0 }),
  scope({ hosts: 3, operations: 3, holds: 0 }),
  scope({ hosts: 3, operations: 3 }),
];
const NOVA: readonly Scope[] = [
  scope({ operations: 1, together: 1 }),
  scope({ operations: 2, together: 1 }),
  scope({ operations: 3, together: 1 }),
];

interface Searched {
  readonly row: string[];
  readonly findings: readonly CheckFinding[];
}

function searched(protocol: 'nova' | 'rollback', bounds: Scope): Searched {
  const config = { ...plainCampaign('bench'), protocol };
  const code = compileFor(config);
  const search = new Search(code, CONTRACTS.strict, bounds, { causes: protocol === 'nova', symmetric: true });
  const rounds = calibrate();
  const before = process.cpuUsage();
  const spent = (): number => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
  const cpu = cpuSeconds(() => search.go(() => spent() > SECONDS));
  const findings = findingsOf(search, code, config, protocol === 'nova' ? KNOWN : new Map());
  const figures = search.figures();
  const news = findings.filter(({ known }) => known === null).length;
  note(`${protocol}: ${scopeWords(bounds)}: ${cpu.toFixed(1)} CPU s`);
  return {
    findings,
    row: [
      protocol,
      scopeWords(bounds),
      String(figures.states),
      String(figures.transitions),
      ((rounds * 1000 * cpu) / figures.transitions).toFixed(1),
      findings.length === 0
        ? 'every law held'
        : `${findings.length} signatures${news === 0 ? '' : `, ${news} unknown`}`,
      completeWords(bounds, figures),
    ],
  };
}

const HEAD = ['protocol', 'scope', 'states', 'transitions', 'cost', 'seen', 'how far'];
print('cost: thousands of rounds of the calibration loop a transition');
print(
  table(
    HEAD,
    ROLLBACK.map((bounds) => searched('rollback', bounds).row),
    { color: false, width: 200 },
  ),
);
const nova = NOVA.map((bounds) => searched('nova', bounds));
print('');
print(
  table(
    HEAD,
    nova.map(({ row }) => row),
    { color: false, width: 200 },
  ),
);

/**
 * Of the signatures of each scope, how many a campaign has seen after so many scenarios; and what was estimated before of the
 * new ones that each scenario since then was to show, beside what came.
 */
const rows: string[][] = [];
const campaign = new Campaign(plainCampaign('bench'), KNOWN);
let block = 0;
for (const runs of [1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000]) {
  const before = unseenOf(campaign);
  const [ways, scenarios] = [campaign.findings.size, campaign.statistics.runs];
  for (; block * 1000 < runs; block++) campaign.runBlock(block);
  const came = (campaign.findings.size - ways) / (campaign.statistics.runs - scenarios);
  rows.push([
    String(runs),
    String(campaign.findings.size),
    ...nova.map(({ findings }) => {
      const both = findings.filter(({ signature }) => campaign.findings.has(signature)).length;
      return `${both} of ${findings.length}`;
    }),
    before === null ? '-' : (1000 * before.chance).toFixed(2),
    (1000 * came).toFixed(2),
  ]);
}
print('');
print(
  table(
    [
      'random scenarios',
      'signatures',
      ...NOVA.map(({ operations }) => `of ${count(operations, 'operation')}`),
      'new in 1000, estimated',
      'came',
    ],
    rows,
    { color: false, width: 200 },
  ),
);
