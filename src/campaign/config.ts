/** What a campaign is: everything that its result depends on. */
import * as z from 'zod';
import type { Contract } from '../contract/contracts.ts';
import { type Code, compile } from '../engine/compile.ts';
import { MOVE_FAMILY_NAMES, type MoveFamily } from '../generate/move-families.ts';
import { findDefect } from '../nova/defects/defects.ts';
import { PROTOCOLS } from '../nova/protocols.ts';
import {
  type Flavor,
  flavorSchema,
  type Host,
  hostSchema,
  NOVA_RELEASES,
  PLACEMENT_RELEASES,
  type Scenario,
} from '../scenario/scenario.ts';
import { encodeToken } from '../scenario/token.ts';

export interface CampaignConfig {
  readonly seed: string;
  readonly protocol: 'nova' | 'rollback';
  readonly contract: Contract['id'];
  readonly defects: readonly string[];
  readonly repairs: readonly string[];
  readonly novaRelease: number;
  /** null: one before and one behind 14.0, as they are drawn */
  readonly placementRelease: number | null;
  /** most faults of a scenario */
  readonly faults: number;
  /** the user's hosts and flavors; null for made-up clouds */
  readonly cloud: { readonly hosts: readonly Host[]; readonly flavors: readonly Flavor[] } | null;
  /** operators act on servers that are being moved; what that breaks lies outside the contract */
  readonly sabotage?: boolean;
  /** families of moves; only resizes and cold migrations where nothing is said */
  readonly moves?: readonly MoveFamily[];
}

/** Compiles what a campaign's configuration names. */
export function compileFor(config: Pick<CampaignConfig, 'protocol' | 'defects' | 'repairs' | 'novaRelease'>): Code {
  const named = [...config.defects, ...config.repairs].map((name) => {
    const defect = findDefect(name);
    if (defect === undefined) throw new Error(`no defect or repair is called ${name}`);
    return defect;
  });
  return compile(PROTOCOLS[config.protocol], named, config.novaRelease);
}

/** The token of a finding of a campaign. */
export function tokenFor(
  config: Pick<CampaignConfig, 'protocol' | 'contract' | 'defects' | 'repairs'>,
  scenario: Scenario,
  signature: string,
): string {
  const { protocol, contract, defects, repairs } = config;
  return encodeToken({ scenario, protocol, contract, defects: [...defects], repairs: [...repairs], signature });
}

const names = z.array(z.string().max(100)).max(100).readonly();

/** Of a configuration that comes from a file or over a wire. */
export const configSchema: z.ZodType<CampaignConfig> = z.strictObject({
  seed: z.string().max(1000),
  protocol: z.enum(['nova', 'rollback']),
  contract: z.enum(['strict', 'nova', 'mission']),
  defects: names,
  repairs: names,
  novaRelease: z.int().min(NOVA_RELEASES.oldest).max(NOVA_RELEASES.newest),
  placementRelease: z.int().min(PLACEMENT_RELEASES.oldest).max(PLACEMENT_RELEASES.newest).nullable(),
  faults: z.int().min(0).max(3),
  cloud: z
    .strictObject({ hosts: z.array(hostSchema).min(1).max(10_000), flavors: z.array(flavorSchema).min(1).max(10_000) })
    .nullable(),
  sabotage: z.boolean().optional(),
  moves: z.array(z.enum(MOVE_FAMILY_NAMES)).min(1).max(MOVE_FAMILY_NAMES.length).readonly().optional(),
}) as z.ZodType<CampaignConfig>;
