/**
 * Witnesses of known signatures: what a token shows when it is run now, the least scenario that shows the same, and what is
 * wrong with a known list.
 */
import { CONTRACTS } from '../contract/contracts.ts';
import { type KnownLine, type KnownList, linesOf } from '../contract/known/known.ts';
import type { Code } from '../engine/compile.ts';
import { ScenarioError } from '../engine/load.ts';
import { printable } from '../scenario/printable.ts';
import type { Reading } from '../scenario/read.ts';
import { decodeToken, type Envelope, encodeToken } from '../scenario/token.ts';
import { compileFor } from './config.ts';
import { judgeScenario } from './judge.ts';
import { minimise } from './minimise.ts';
import type { Violation } from './trial.ts';

/** Scenarios run to minimise one witness. */
const BUDGET = 4000;
/** Each takes away what the one before made room for; two are enough for all that was ever seen. */
const MOST_ROUNDS = 8;

export interface Witness {
  readonly envelope: Envelope;
  readonly violations: readonly Violation[];
}

/** A list has hundreds of witnesses, one protocol and one release. */
const compiled = new Map<string, Code>();

function codeOf({ protocol, scenario }: Pick<Envelope, 'protocol' | 'scenario'>): Code {
  const { nova_release: novaRelease } = scenario.options;
  const key = `${protocol} ${novaRelease}`;
  const code = compiled.get(key) ?? compileFor({ protocol, defects: [], repairs: [], novaRelease });
  compiled.set(key, code);
  return code;
}

/** Runs what a token carries; one with defects or repairs is refused, since what it shows is no protocol's own. */
export function hearWitness(token: string): Reading<Witness> {
  const reading = decodeToken(token);
  if (!reading.ok) return reading;
  const envelope = reading.value;
  const { protocol, contract, scenario, defects, repairs } = envelope;
  const [changed] = [
    ...defects.map((id) => `defect ${printable(id)}`),
    ...repairs.map((id) => `repair ${printable(id)}`),
  ];
  if (changed !== undefined) {
    return { ok: false, error: `this token carries ${changed}: what it shows is not what protocol ${protocol} does` };
  }
  try {
    return {
      ok: true,
      value: { envelope, violations: judgeScenario(codeOf(envelope), CONTRACTS[contract], scenario) },
    };
  } catch (error) {
    if (error instanceof ScenarioError) return { ok: false, error: error.message };
    throw error;
  }
}

export interface LeastWitness {
  readonly envelope: Envelope;
  readonly signature: string;
  readonly token: string;
}

/** Minimises until nothing changes any more: what the last passes take away may make room for the first. */
export function leastWitness({ envelope }: Witness, violation: Violation): LeastWitness {
  const code = codeOf(envelope);
  const contract = CONTRACTS[envelope.contract];
  let least = { scenario: envelope.scenario, violation };
  for (let round = 0, before = ''; round < MOST_ROUNDS && before !== JSON.stringify(least.scenario); round++) {
    before = JSON.stringify(least.scenario);
    least = minimise(code, contract, least.scenario, least.violation, BUDGET);
  }
  const { signature } = least.violation;
  const minimal = { ...envelope, scenario: least.scenario, signature };
  return { envelope: minimal, signature, token: encodeToken(minimal) };
}

/** What can be wrong with a signature of the list, the worst first. All but the last say that the entry is stale. */
export const COMPLAINTS = {
  UNREADABLE: 'its witness is no token, or not of the protocol as it is',
  FIXED: 'its witness breaks no law any more',
  CHANGED: 'its witness shows something else',
  TWICE: 'the list has it already',
  'NOT MINIMAL': 'its witness, minimised, shows a simpler one',
} as const;
export type Complaint = keyof typeof COMPLAINTS;

export interface Checked extends KnownLine {
  readonly complaint: Complaint;
  /** why a witness cannot be run, the signatures that it shows now, or the entry that has the signature already */
  readonly now: readonly string[];
}

/** Replays every witness of a list; what it has nothing to complain about is left out. */
export function checkKnown(list: KnownList): Checked[] {
  const first = new Map<string, KnownLine>();
  return linesOf(list).flatMap((line): Checked[] => {
    const earlier = first.get(line.signature);
    if (earlier !== undefined)
      return [{ ...line, complaint: 'TWICE', now: [`${earlier.weakness}: ${earlier.reason}`] }];
    first.set(line.signature, line);
    const reading = hearWitness(line.witness);
    if (!reading.ok) return [{ ...line, complaint: 'UNREADABLE', now: [reading.error] }];
    const { envelope, violations } = reading.value;
    if (envelope.protocol !== list.protocol) {
      const why = `this token is of protocol ${envelope.protocol}, and the list of protocol ${list.protocol}`;
      return [{ ...line, complaint: 'UNREADABLE', now: [why] }];
    }
    if (violations.length === 0) return [{ ...line, complaint: 'FIXED', now: [] }];
    const shown = violations.find(({ signature }) => signature === line.signature);
    if (shown === undefined) return [{ ...line, complaint: 'CHANGED', now: violations.map((one) => one.signature) }];
    const least = leastWitness(reading.value, shown);
    if (least.signature === line.signature) return [];
    return [{ ...line, complaint: 'NOT MINIMAL', now: [least.signature] }];
  });
}
