/** Plays a token's scenario where the page is: the model is in it. */
import { compileFor } from '../../campaign/config.ts';
import { CONTRACTS } from '../../contract/contracts.ts';
import type { Code } from '../../engine/compile.ts';
import { ScenarioError } from '../../engine/load.ts';
import type { Reading } from '../../scenario/read.ts';
import { decodeToken, type Envelope } from '../../scenario/token.ts';
import { type Recording, recordScenario } from '../recording.ts';

export interface Played {
  readonly envelope: Envelope;
  readonly code: Code;
  readonly recording: Recording;
}

const compiled = new Map<string, Code>();

export function playToken(token: string): Reading<Played> {
  const reading = decodeToken(token);
  if (!reading.ok) return reading;
  const envelope = reading.value;
  try {
    const code = codeFor(envelope);
    return {
      ok: true,
      value: { envelope, code, recording: recordScenario(code, CONTRACTS[envelope.contract], envelope.scenario) },
    };
  } catch (error) {
    if (error instanceof ScenarioError) return { ok: false, error: error.message };
    // a token may name a defect that this version does not have
    return {
      ok: false,
      error: `this token cannot be played: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

function codeFor({ protocol, defects, repairs, scenario }: Envelope): Code {
  const { nova_release: novaRelease } = scenario.options;
  const key = JSON.stringify([protocol, defects, repairs, novaRelease]);
  const code = compiled.get(key) ?? compileFor({ protocol, defects, repairs, novaRelease });
  compiled.set(key, code);
  return code;
}
