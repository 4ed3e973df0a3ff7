/** What only an older release of Nova shows: which change took it away. */
import { CONTRACTS, type Contract } from '../contract/contracts.ts';
import { type Known, type KnownSignature, NOTHING_KNOWN } from '../contract/known/known.ts';
import type { Code } from '../engine/compile.ts';
import type { Change } from '../nova/step.ts';
import { NOVA_RELEASES, type Scenario } from '../scenario/scenario.ts';
import { type CampaignConfig, compileFor } from './config.ts';
import { judgeScenario } from './judge.ts';

export function asOf(novaRelease: number, scenario: Scenario): Scenario {
  return { ...scenario, options: { ...scenario.options, nova_release: novaRelease } };
}

/**
 * The first change behind the scenario's release with which it does not show the signature any more, if the newest release
 * does not show it either. Told by playing it, not by a list: whatever the changes explain is no news.
 * @param compiled the same protocol and defects, as of a release
 */
export function takenAwayBy(
  compiled: (novaRelease: number) => Code,
  contract: Contract,
  scenario: Scenario,
  signature: string,
): Change | null {
  const newest = compiled(NOVA_RELEASES.newest);
  const later = newest.protocol.changes.filter(
    ({ since, before }) => before !== null && since > scenario.options.nova_release,
  );
  const shows = (code: Code): boolean =>
    judgeScenario(code, contract, asOf(code.release, scenario)).some((one) => one.signature === signature);
  if (later.length === 0 || shows(newest)) return null;
  return later.toReversed().find(({ since }) => !shows(compiled(since))) ?? null;
}

/** On the known list, or explained by a change that a later release brought. */
export function knownFrom(
  config: Pick<CampaignConfig, 'protocol' | 'contract' | 'defects' | 'repairs'>,
  known: Known,
  { signature, scenario, token }: { readonly signature: string; readonly scenario: Scenario; readonly token: string },
): KnownSignature | null {
  const listed = known.get(signature);
  if (listed !== undefined || known === NOTHING_KNOWN) return listed ?? null;
  const compiled = (novaRelease: number): Code => compileFor({ ...config, novaRelease });
  const change = takenAwayBy(compiled, CONTRACTS[config.contract], scenario, signature);
  if (change === null) return null;
  return { weakness: `before ${change.since}.0`, reason: change.title, row: null, witness: token };
}
