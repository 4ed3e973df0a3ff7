/** What a verb is about: a token, or a file with a token or with a scenario as JSON. */
import { readFileSync } from 'node:fs';
import { compileFor } from '../campaign/campaign.ts';
import type { Code } from '../engine/compile.ts';
import { findDefect } from '../nova/defects.ts';
import { printable } from '../scenario/printable.ts';
import { readScenario } from '../scenario/read.ts';
import { decodeToken, type Envelope } from '../scenario/token.ts';
import { UsageError } from './context.ts';

/** A scenario of a file is run as a campaign does by default. */
const BY_DEFAULT = { protocol: 'nova', contract: 'strict', defects: [], repairs: [], signature: null } as const;

export function readSource(source: string): Envelope {
  if (isToken(source)) return readToken(source);
  let text: string;
  try {
    text = readFileSync(source, 'utf8');
  } catch {
    throw new UsageError(`${printable(source)} is neither a token (cc1....) nor a file that can be read`);
  }
  if (isToken(text)) return readToken(text);
  const reading = readScenario(text, source);
  if (!reading.ok) throw new UsageError(reading.error);
  return { ...BY_DEFAULT, defects: [], repairs: [], scenario: reading.value };
}

const isToken = (text: string): boolean => /^\s*cc\d+\./.test(text);

function readToken(token: string): Envelope {
  const reading = decodeToken(token);
  if (!reading.ok) throw new UsageError(reading.error);
  return reading.value;
}

/** What an envelope is run with. A token may be of a claimcheck that knew other defects. */
export function codeOf({ protocol, defects, repairs }: Envelope): Code {
  const unknown = [...defects, ...repairs].find((name) => findDefect(name) === undefined);
  if (unknown === undefined) return compileFor({ protocol, defects, repairs });
  throw new UsageError(`this token names the defect or repair "${printable(unknown)}", which "list defects" has not`);
}
