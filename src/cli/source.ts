/** What a verb is about: a token, or a file with a token or with a scenario as JSON. */
import { closeSync, openSync, readSync } from 'node:fs';
import { compileFor } from '../campaign/config.ts';
import type { Code } from '../engine/compile.ts';
import { findDefect } from '../nova/defects/defects.ts';
import { printable } from '../scenario/printable.ts';
import { LONGEST_SCENARIO_BYTES, readScenario } from '../scenario/read.ts';
import { decodeToken, type Envelope } from '../scenario/token.ts';
import { UsageError } from './context.ts';

/** A scenario of a file is run as a campaign does by default. */
const BY_DEFAULT = { protocol: 'nova', contract: 'strict', defects: [], repairs: [], signature: null } as const;

export function readSource(source: string): Envelope {
  if (isToken(source)) return readToken(source);
  const text = readText(source);
  if (isToken(text)) return readToken(text);
  const reading = readScenario(text, source);
  if (!reading.ok) throw new UsageError(reading.error);
  return { ...BY_DEFAULT, defects: [], repairs: [], scenario: reading.value };
}

/**
 * So much of a file, a pipe or a device as shows that it is too long. PowerShell writes UTF-16, and says so at the
 * beginning.
 */
function readText(path: string): string {
  const bytes = Buffer.alloc(LONGEST_SCENARIO_BYTES + 1);
  let length = 0;
  try {
    const file = openSync(path, 'r');
    try {
      for (let read = 1; read > 0 && length < bytes.length; length += read) {
        read = readSync(file, bytes, length, bytes.length - length, null);
      }
    } finally {
      closeSync(file);
    }
  } catch {
    throw new UsageError(`${printable(path)} is neither a token (cc1....) nor a file that can be read`);
  }
  if (length > LONGEST_SCENARIO_BYTES) {
    throw new UsageError(`${printable(path)}: this is larger than 2 MB, the most that a scenario may have`);
  }
  const [first, second] = bytes;
  const [low, high] = [0xff, 0xfe];
  const encoding =
    first === low && second === high ? 'utf-16le' : first === high && second === low ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes.subarray(0, length));
}

const isToken = (text: string): boolean => /^\s*cc\d+\./.test(text);

function readToken(token: string): Envelope {
  const reading = decodeToken(token);
  if (!reading.ok) throw new UsageError(reading.error);
  return reading.value;
}

/** What an envelope is run with. A token may be of a claimcheck that knew other defects. */
export function codeOf({ protocol, defects, repairs, scenario }: Envelope): Code {
  const unknown = [...defects, ...repairs].find((name) => findDefect(name) === undefined);
  if (unknown === undefined) {
    return compileFor({ protocol, defects, repairs, novaRelease: scenario.options.nova_release });
  }
  throw new UsageError(`this token names the defect or repair "${printable(unknown)}", which "list defects" has not`);
}
