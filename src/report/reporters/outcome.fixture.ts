/** An outcome with something of everything in it, and names of the worst kind wherever a name can stand. */

import type { CountedFinding } from '../../campaign/campaign.ts';
import { Campaign } from '../../campaign/campaign.ts';
import { plainCampaign, plainFlavor, roomyHost } from '../../campaign/plain.ts';
import { emptyStatistics } from '../../campaign/statistics.ts';
import type { Verdict } from '../../campaign/verdict.ts';
import type { KnownSignature } from '../../contract/known/known.ts';
import { DEFAULT_OPTIONS } from '../../scenario/scenario.ts';
import type { Check, Outcome, ReporterOptions } from '../reporter.ts';

/** What a terminal, XML, HTML, Markdown or a runner of GitHub's would take for something else than text. */
export const HOSTILE: readonly string[] = [
  'a\u0000b\u0007\u001b[31mred\u009b0m',
  'right\u202eto left\u2066 and\u200b nothing',
  'lone \ud800 and \udfff here',
  'no character \ufffe\uffff',
  ']]>',
  '::error::gone',
  '##[error]gone',
  '%0A::warning::%25',
  '</script><script>alert(1)</script>',
  '| **x** `',
  '``` fence ~~~',
  'bar \\| and \\',
  '"quoted" & <b>\'so\'</b> &amp; &#124;',
  'one\nline\r\nmore\u2028and\u0085more',
  'https://example.org @somebody #1',
  'l'.repeat(3000),
];

export const OPTIONS: ReporterOptions = {
  color: false,
  verbose: false,
  replayLine: (token) => `npm run -s claimcheck -- replay ${token}`,
  madeFor: 34,
};

export function finding(about: Partial<CountedFinding> & Pick<CountedFinding, 'signature'>): CountedFinding {
  const [invariants = ''] = about.signature.split(' | ');
  return {
    invariants: invariants.split('+'),
    details: invariants.split('+').map((id) => `what is wrong with ${id}`),
    known: null,
    sabotage: false,
    scenario: {
      version: 1,
      cloud: { hosts: [roomyHost('h1')], flavors: [plainFlavor('m1', 0)] },
      options: DEFAULT_OPTIONS,
      operations: [{ operation: 'boot', server: 's1', flavor: 'm1', volume_backed: false }],
      faults: [],
      holds: [],
    },
    token: 'cc1.AAAA',
    operations: 1,
    faults: 0,
    holds: 0,
    block: 0,
    run: 0,
    count: 1,
    ...about,
  };
}

const known = (weakness: string, reason: string): KnownSignature => ({ weakness, reason, row: null, witness: 'cc1.W' });

export const NEWS = finding({
  signature:
    'host-agreement+source-zero | compute.confirm_resize[drop] raised | D active|stopped/none new I{D:new} M{S:old} confirmed guest home',
  token: 'cc1.NEWS',
  count: 12,
});
const SEEN_ONCE = finding({
  signature: 'source-zero | compute.confirm_resize[drop] lost | D error/none new I{D:new} M{} error guest lost',
  token: 'cc1.ONCE',
});
const KNOWN = finding({
  signature: 'no-orphan-consumer | api.confirm_resize[] falsy | D active|stopped/none new I{D:new} M{S:old} confirmed',
  known: known('W-03', 'A refused connection is not an error to the report client: safe_connect returns None.'),
  count: 40,
});
const KNOWN_TOO = finding({
  signature: 'no-orphan-consumer | api.revert_resize[] falsy | S active|stopped/none old I{S:old} M{} reverted',
  known: known('W-03', 'A refused connection is not an error to the report client: safe_connect returns None.'),
  count: 2,
});
const BY_DESIGN = finding({
  signature: 'no-stuck-migration | reset_state | S active|stopped/none old I{S:old} M{} migrating',
  known: known('by design', 'An operator may set any state.'),
});
const SABOTAGE = finding({
  signature:
    'no-double-allocation | sabotage by heal_allocations + resize | S active|stopped/none old I{S:old D:old} M{}',
  sabotage: true,
  count: 3,
});

const hostileFindings = HOSTILE.map((name, k) =>
  finding({
    signature: `source-zero | ${name} | ${name} ${k}`,
    details: [name],
    token: k === 0 ? `cc1.${name}` : `cc1.HOSTILE-${k}`,
  }),
);
const hostileKnown = HOSTILE.map((name, k) =>
  finding({ signature: `host-agreement | known ${k} | ${name}`, known: known(name, name) }),
);

const CHECKS: readonly Check[] = [
  { part: 'corpus', name: 'source-zero | a | b', result: 'passed', said: 'is shown no more', token: 'cc1.FIXED' },
  { part: 'corpus', name: 'source-zero | c | d', result: 'failed', said: 'is shown again', token: 'cc1.AGAIN' },
  { part: 'oracle', name: '1825537', result: 'passed', said: 'found after 300 scenarios', token: null },
  { part: 'oracle', name: '1879999', result: 'undecided', said: 'not found in 5,000 scenarios', token: null },
];
const hostileChecks = HOSTILE.flatMap((name): Check[] => [
  { part: 'corpus', name, result: 'failed', said: name, token: 'cc1.HOSTILE' },
  { part: name, name, result: 'undecided', said: name, token: null },
]);

interface Wanted {
  readonly verdict: Verdict;
  readonly findings?: readonly CountedFinding[];
  readonly checks?: readonly Check[];
  readonly seed?: string;
  readonly command?: string;
}

export function outcome({ verdict, findings = [], checks = [], seed = 'a seed', command = 'fuzz' }: Wanted): Outcome {
  const config = { ...plainCampaign(seed), sabotage: true };
  const campaign = new Campaign(config, new Map());
  const statistics = {
    ...emptyStatistics(),
    runs: 12_000,
    steps: 480_000,
    operations: {
      boot: { accepted: 12_000, refused: 0, skipped: 0 },
      resize: { accepted: 9000, refused: 12, skipped: 3 },
    },
    faults: { armed: 9000, fired: 8000 },
    endStates: { 'active/none': 11_000, 'error/none': 1000 },
    moves: { faultFree: 1000, faultFreeCommitted: 990, faulted: 8000, faultedCommitted: 5000 },
    sometimes: { 'move-committed': 990, 'move-failed': 1 },
    possible: { 'move-committed': 16, 'move-failed': 16, 'faulted-move-committed': 16 },
  };
  const led = findings.map(({ signature, count }, order) => {
    return {
      played: signature,
      block: 0,
      run: 0,
      order,
      count,
      finding: signature,
      executions: order === 0 ? 5000 : 0,
    };
  });
  campaign.resume([{ statistics, findings, led }]);
  return { campaign, verdict, command, commit: '02b7d53', seconds: 12.3456, checks, history: [] };
}

export const PLAIN = outcome({
  verdict: 'violated',
  findings: [NEWS, SEEN_ONCE, KNOWN, KNOWN_TOO, BY_DESIGN, SABOTAGE],
  checks: CHECKS,
  command: 'gate --seed "a seed"',
});
export const UNDECIDED = outcome({ verdict: 'undecided', findings: [KNOWN] });
export const HELD = outcome({ verdict: 'held' });
export const WORST = outcome({
  verdict: 'violated',
  findings: [...hostileFindings, ...hostileKnown],
  checks: hostileChecks,
  seed: HOSTILE.join(' '),
  command: `fuzz --seed ${HOSTILE.join(' ')}`,
});
