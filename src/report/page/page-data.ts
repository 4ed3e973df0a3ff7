/** A campaign that is over, as the data of its page. */
import type { Campaign, CountedFinding } from '../../campaign/campaign.ts';
import { missed, within } from '../../campaign/verdict.ts';
import { SOMETIMES } from '../../contract/sometimes.ts';
import { renderOperation } from '../../scenario/render.ts';
import type { FaultKind } from '../../scenario/scenario.ts';
import { assuranceLines } from '../assurance.ts';
import { knownLines, ordered, verdictSentence } from '../campaign-report.ts';
import type { Outcome, ReporterOptions } from '../reporter.ts';
import { type PageData, type PageFinding, type PageHandler, type PageReason, TOKEN_PLACE } from './data.ts';

export function pageData(outcome: Outcome, options: ReporterOptions): PageData {
  const { campaign, verdict, command, commit, seconds, checks, history } = outcome;
  const { config, statistics } = campaign;
  const { cloud: _, ...settings } = config;
  const { reached: _reached, fired: _fired, sometimes, possible: _possible, ...counts } = statistics;
  const reasons: PageReason[] = [];
  const never = missed(campaign);
  const situations = new Set(SOMETIMES.map(({ id }) => id));
  return {
    verdict,
    sentence: verdictSentence(campaign, verdict, checks, options),
    config: settings,
    command,
    commit,
    seconds,
    replay: options.replayLine(TOKEN_PLACE),
    reasons,
    findings: ordered(campaign).map((finding) => pageFinding(finding, reasons)),
    statistics: counts,
    knownSeen: knownLines(campaign),
    assurance: assuranceLines(campaign, checks),
    sometimes: SOMETIMES.map(({ id, claim }) => ({ id, claim, reached: sometimes[id]!, missed: never.includes(id) })),
    tooFew: never.filter((id) => !situations.has(id)),
    coverage: coverageOf(campaign),
    checks,
    history: history.map(({ findings, date, commit: of, command: typed, verdict: said, runs, seconds: took }) => ({
      date,
      commit: of,
      command: typed,
      verdict: said,
      runs,
      seconds: took,
      ...findings,
    })),
  };
}

/** @param reasons of the findings so far; one that is new is added */
function pageFinding(finding: CountedFinding, reasons: PageReason[]): PageFinding {
  const { signature, invariants, details, known, sabotage, token, count, scenario } = finding;
  const { operations, faults, holds } = scenario;
  return {
    signature,
    invariants,
    details,
    reason: known === null ? null : indexOf(reasons, { weakness: known.weakness, reason: known.reason }),
    sabotage,
    token,
    count,
    operations: operations.map(renderOperation),
    points: [
      ...faults.map(({ point, kind }) => `${kind} at ${point}`),
      ...holds.map(({ point }) => `held at ${point}`),
    ],
  };
}

function indexOf(reasons: PageReason[], wanted: PageReason): number {
  const at = reasons.findIndex(({ weakness, reason }) => weakness === wanted.weakness && reason === wanted.reason);
  return at < 0 ? reasons.push(wanted) - 1 : at;
}

/** Failure points and the kinds that fit each, below the first handler that has the point. */
function coverageOf(campaign: Campaign): PageHandler[] {
  const { code, statistics } = campaign;
  const fitting = new Map<string, FaultKind[]>();
  for (const pair of within(campaign).pairs) {
    const [point, kind] = pair.split(' ') as [string, FaultKind];
    fitting.set(point, [...(fitting.get(point) ?? []), kind]);
  }
  const handlers = new Map<string, PageHandler & { points: PageHandler['points'][number][] }>();
  for (const { id, step, handlers: having } of code.points) {
    const kinds = fitting.get(id);
    if (kinds === undefined) continue;
    const first = having[0]!;
    const nova = code.instructions.find(({ handler }) => handler.id === first)?.handler.nova ?? '';
    const handler = handlers.get(first) ?? { id: first, nova, points: [] };
    handlers.set(first, handler);
    handler.points.push({
      id,
      nova: step.nova,
      reached: statistics.reached[id] ?? 0,
      fired: Object.fromEntries(kinds.map((kind) => [kind, statistics.fired[`${id} ${kind}`] ?? 0])),
    });
  }
  return [...handlers.values()];
}
