/** What a handler is given, and what it gives back. */
import type { Json } from '../rest.ts';
import type { PlacementRules } from '../server.ts';
import type { Database, ProviderRow } from './database.ts';
import { Refusal } from './refusal.ts';

export interface Asked {
  readonly database: Database;
  readonly rules: PlacementRules;
  /** the minor of the microversion: 1.x */
  readonly version: number;
  /** what stands for `{...}` in the route */
  readonly at: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: string;
  /** what the request before it did while this one was under way already */
  readonly meanwhile: Meanwhile;
}

/** What another request changed between the reading and the writing of this one. */
export interface Meanwhile {
  readonly providers: ReadonlySet<number>;
  readonly projects: ReadonlySet<string>;
}

export interface Answered {
  readonly status: number;
  readonly body?: Json;
  /** a path */
  readonly location?: string;
  /** carries Last-Modified and Cache-Control from 1.15 on; an empty list of inventories has no date */
  readonly dated?: true | 'no-cache';
}

export const NO_CONTENT: Answered = { status: 204 };

/** A list answers with this from 1.15 on. */
export const shown = (body: Json): Answered => ({ status: 200, body, dated: true });

/** @param told some of the handlers wrap the exception that others leave as it is */
export function providerAsked(
  { database, at }: Asked,
  told = (_uuid: string, reason: string): string => reason,
): ProviderRow {
  const uuid = at.uuid!;
  const found = database.provider(uuid);
  if (found === undefined) throw new Refusal(404, told(uuid, `No resource provider with uuid ${uuid} found`));
  return found;
}
