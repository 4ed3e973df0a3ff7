/** What property suites and other programs use of claimcheck. */
export { BLOCK_SIZE } from './campaign/block.ts';
export { Campaign, type CountedFinding } from './campaign/campaign.ts';
export { type CampaignConfig, compileFor, tokenFor } from './campaign/config.ts';
export { judgeScenario, tryScenario } from './campaign/judge.ts';
export { isSimplerOrEqual, minimise } from './campaign/minimise.ts';
export { Player } from './campaign/player.ts';
export { campaignScenarios } from './campaign/scenarios.ts';
export { Trial, type Violation } from './campaign/trial.ts';
export { verdictOf } from './campaign/verdict.ts';
export { checkKnown, hearWitness, leastWitness } from './campaign/witness.ts';
export { findingsOf } from './check/findings.ts';
export { scenarioOf } from './check/scenario-of.ts';
export { cloudOf, placings, type Scope } from './check/scope.ts';
export { Search } from './check/search.ts';
export { type ImportedCloud, readCloud } from './cloud/read-cloud.ts';
export { CLOUD_LAWS, CONTRACTS } from './contract/contracts.ts';
export { indexKnown, KNOWN_OF_NOVA, NOTHING_KNOWN, withSignature } from './contract/known/known.ts';
export { type Code, compile } from './engine/compile.ts';
export { fits, kindsFor } from './engine/faults.ts';
export { load, ScenarioError } from './engine/load.ts';
export { deriveSeed, sample, wordStream } from './generate/adapter.ts';
export { drawnFrom, madeUp, type Situation } from './generate/clouds.ts';
export { GROUP, HEADER, MOST_OPERATIONS } from './generate/decode.ts';
export { movesServed } from './generate/move-families.ts';
export { DEFECTS, findDefect } from './nova/defects/defects.ts';
export { PROTOCOLS } from './nova/protocols.ts';
export { partsOfRollback, staleReasons } from './nova/rollback/parts.ts';
export { campaignJson, campaignReport } from './report/campaign-report.ts';
export { table as markdownTable } from './report/markdown.ts';
export { anonymise } from './scenario/anonymise.ts';
export { readScenario } from './scenario/read.ts';
export {
  DEFAULT_OPTIONS,
  type Fault,
  type FaultKind,
  type Hold,
  type Host,
  type Operation,
  type Scenario,
} from './scenario/scenario.ts';
export { decodeToken, type Envelope, encodeToken, packEnvelope, sealToken } from './scenario/token.ts';
export { modelTarget } from './targets/model.ts';
export type { Play, Target } from './targets/target.ts';
