/**
 * Reading is total: any text, and any value, gives a scenario or one sentence that says what is wrong, where, and what
 * is allowed.
 *
 * The schema is walked by hand up to the first thing that is wrong. Zod would collect every issue of a hostile file
 * first (and overflows the stack on a million of them), and its own words are no sentences.
 */
import * as z from 'zod';
import { CONTROLLERS } from './normal-form.ts';
import { printable } from './printable.ts';
import { resourceClassSchema, SCENARIO_VERSION, type Scenario, scenarioSchema } from './scenario.ts';

export type Reading<T> = { ok: true; value: T } | { ok: false; error: string };

/** Far above any scenario the schema allows in earnest; a limit on what a stray file can cost. */
export const LONGEST_SCENARIO_BYTES = 2 * 1024 * 1024;

export const refused = (error: string): { ok: false; error: string } => ({ ok: false, error });

type Path = readonly (string | number)[];

type Problem = { path: Path; says: string };

function rendered(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_]{0,59}$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `["${printable(step)}"]`;
  }
  return text === '' ? 'the scenario' : text;
}

function shown(value: unknown): string {
  if (typeof value === 'string') {
    const length = value.length > 60 ? ` (${value.length} characters)` : '';
    return `"${printable(value)}"${length}`;
  }
  if (Array.isArray(value)) return value.length === 1 ? 'a list of 1 entry' : `a list of ${value.length} entries`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return printable(String(value));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The limits on a list's length stand in its checks; Zod does not lift them to the schema as it does for numbers. */
function lengthLimits(schema: z.ZodArray): { least: number; most: number } {
  let least = 0;
  let most = Number.POSITIVE_INFINITY;
  for (const check of schema.def.checks ?? []) {
    const limit = check._zod.def as { check: string; minimum?: number; maximum?: number };
    if (limit.check === 'min_length') least = limit.minimum ?? least;
    if (limit.check === 'max_length') most = limit.maximum ?? most;
  }
  return { least, most };
}

function between(least: number, most: number, things: string): string {
  if (most === Number.POSITIVE_INFINITY) return least > 0 ? `of at least ${least} ${things}` : '';
  return least > 0 ? `of ${least} to ${most} ${things}` : `of at most ${most} ${things}`;
}

/** What a schema allows, in words that fit after "it must be". */
function allowed(schema: unknown): string {
  if (schema === resourceClassSchema) return 'a text of 1 to 255 characters out of A-Z, 0-9 and _';
  if (schema instanceof z.ZodString) {
    return `a text ${between(schema.minLength ?? 0, schema.maxLength ?? Number.POSITIVE_INFINITY, 'characters')}`.trim();
  }
  if (schema instanceof z.ZodNumber) {
    return `a ${schema.isInt ? 'whole number' : 'number'} from ${schema.minValue} to ${schema.maxValue}`;
  }
  if (schema instanceof z.ZodBoolean) return 'true or false';
  if (schema instanceof z.ZodEnum) return `one of ${schema.options.join(', ')}`;
  if (schema instanceof z.ZodLiteral) return [...schema.values].map(String).join(' or ');
  if (schema instanceof z.ZodArray) {
    const { least, most } = lengthLimits(schema);
    return `a list ${between(least, most, 'entries')}`.trim();
  }
  if (schema instanceof z.ZodObject) return `an object with ${Object.keys(schema.shape).join(', ')}`;
  return 'an object';
}

/** An operation is told by its name, so a wrong name is the first thing to say of it. */
function operationProblem(schema: z.ZodDiscriminatedUnion, value: unknown, path: Path): Problem | null {
  if (!isObject(value)) return mismatch(schema, value, path);
  const key = schema.def.discriminator;
  const names: string[] = [];
  for (const option of schema.options) {
    if (!(option instanceof z.ZodObject)) continue;
    const literal: unknown = option.shape[key];
    if (!(literal instanceof z.ZodLiteral)) continue;
    if (Object.hasOwn(value, key) && literal.safeParse(value[key]).success) return firstProblem(option, value, path);
    names.push([...literal.values].map(String).join(', '));
  }
  const found = Object.hasOwn(value, key) ? value[key] : undefined;
  const says = found === undefined ? 'is missing' : `is ${shown(found)}`;
  return { path: [...path, key], says: `${says}; it must be one of ${names.join(', ')}` };
}

function objectProblem(schema: z.ZodObject, value: unknown, path: Path): Problem | null {
  if (!isObject(value)) return mismatch(schema, value, path);
  const keys = Object.keys(schema.shape);
  // Before the keys that are missing: a mistyped key is both, and its name tells more.
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    return { path, says: `has the unknown key "${printable(unknown)}"; the keys allowed are ${keys.join(', ')}` };
  }
  for (const key of keys) {
    const problem = firstProblem(schema.shape[key], Object.hasOwn(value, key) ? value[key] : undefined, [...path, key]);
    if (problem !== null) return problem;
  }
  return null;
}

function recordProblem(schema: z.ZodRecord, value: unknown, path: Path): Problem | null {
  if (!isObject(value)) return mismatch(schema, value, path);
  for (const key of Object.keys(value)) {
    // Zod drops this key without a word, and assigned to an object it would set the prototype.
    if (key === '__proto__') return { path, says: 'has the key "__proto__", which no object may have' };
    if (!z.safeParse(schema.keyType, key).success) {
      return { path, says: `has the key ${shown(key)}; a key must be ${allowed(schema.keyType)}` };
    }
    const problem = firstProblem(schema.valueType, value[key], [...path, key]);
    if (problem !== null) return problem;
  }
  return null;
}

function arrayProblem(schema: z.ZodArray, value: unknown, path: Path): Problem | null {
  const { least, most } = lengthLimits(schema);
  if (!Array.isArray(value) || value.length < least || value.length > most) return mismatch(schema, value, path);
  for (const [index, entry] of value.entries()) {
    const problem = firstProblem(schema.element, entry, [...path, index]);
    if (problem !== null) return problem;
  }
  return null;
}

function mismatch(schema: unknown, value: unknown, path: Path): Problem {
  const says = value === undefined ? 'is missing' : `is ${shown(value)}`;
  return { path, says: `${says}; it must be ${allowed(schema)}` };
}

function firstProblem(schema: unknown, value: unknown, path: Path): Problem | null {
  if (schema instanceof z.ZodOptional) return value === undefined ? null : firstProblem(schema.unwrap(), value, path);
  if (schema instanceof z.ZodDiscriminatedUnion) return operationProblem(schema, value, path);
  if (schema instanceof z.ZodObject) return objectProblem(schema, value, path);
  if (schema instanceof z.ZodRecord) return recordProblem(schema, value, path);
  if (schema instanceof z.ZodArray) return arrayProblem(schema, value, path);
  if (schema instanceof z.ZodType && schema.safeParse(value).success) return null;
  return mismatch(schema, value, path);
}

function duplicateName(list: 'hosts' | 'flavors', entries: readonly { name: string }[]): Problem | null {
  const seen = new Map<string, number>();
  for (const [index, { name }] of entries.entries()) {
    const first = seen.get(name);
    if (first !== undefined) {
      const says = `is ${shown(name)}, the name of cloud.${list}[${first}] already; no two ${list} may have one name`;
      return { path: ['cloud', list, index, 'name'], says };
    }
    seen.set(name, index);
  }
  return null;
}

/** Placement lets no inventory go that is in use, so no class is in use where there is none. */
function useOfNothing(scenario: Scenario): Problem | null {
  for (const [index, { inventories, used }] of scenario.cloud.hosts.entries()) {
    const stray = Object.keys(used ?? {}).find((resourceClass) => !Object.hasOwn(inventories, resourceClass));
    if (stray === undefined) continue;
    const says = `has the key ${shown(stray)}, of which the host has no inventory; a class in use must have one`;
    return { path: ['cloud', 'hosts', index, 'used'], says };
  }
  return null;
}

/** `crash` and `restart` name a service: a host of that name could not be told from it. */
function serviceName(scenario: Scenario): Problem | null {
  for (const [index, { name }] of scenario.cloud.hosts.entries()) {
    if (!CONTROLLERS.includes(name)) continue;
    const says = `is ${shown(name)}, the name of a service; a host may not be called ${CONTROLLERS.join(', ')}`;
    return { path: ['cloud', 'hosts', index, 'name'], says };
  }
  return null;
}

function secondBoot(scenario: Scenario): Problem | null {
  const booted = new Map<string, number>();
  for (const [index, op] of scenario.operations.entries()) {
    if (op.operation !== 'boot') continue;
    const first = booted.get(op.server);
    if (first !== undefined) {
      const says = `is ${shown(op.server)}, which operations[${first}] boots already; a server is booted once only`;
      return { path: ['operations', index, 'server'], says };
    }
    booted.set(op.server, index);
  }
  return null;
}

/** Faults and holds speak of operations by index: such an index must be in the list, and a hold must end later. */
function strayIndex(scenario: Scenario): Problem | null {
  const last = scenario.operations.length - 1;
  for (const list of ['faults', 'holds'] as const) {
    for (const [index, { operation }] of scenario[list].entries()) {
      if (operation <= last) continue;
      const range = last < 0 ? ', but there are no operations' : `; it must be the index of an operation, 0 to ${last}`;
      return { path: [list, index, 'operation'], says: `is ${operation}${range}` };
    }
  }
  for (const [index, { operation, until, handler }] of scenario.holds.entries()) {
    if (until > operation && until <= last) continue;
    if (handler !== undefined && until === operation) continue;
    const range =
      operation === last
        ? `, but no operation comes after ${operation}, which it holds`
        : `; it must be the index of an operation after ${operation}, which it holds: ${operation + 1} to ${last}`;
    return { path: ['holds', index, 'until'], says: `is ${until}${range}` };
  }
  return null;
}

/** A scenario out of a value that is parsed already. `where` says in the sentence whose it is: a file, a token. */
export function checkScenario(value: unknown, where: string): Reading<Scenario> {
  const refuse = (problem: Problem) => refused(`${printable(where)}: ${rendered(problem.path)} ${problem.says}`);
  if (isObject(value) && typeof value.version === 'number' && value.version !== SCENARIO_VERSION) {
    const says = `is ${value.version}; this claimcheck reads scenarios of version ${SCENARIO_VERSION} only`;
    return refuse({ path: ['version'], says });
  }
  const misfit = firstProblem(scenarioSchema, value, []);
  if (misfit !== null) return refuse(misfit);
  const scenario = scenarioSchema.parse(value);
  const contradiction =
    duplicateName('hosts', scenario.cloud.hosts) ??
    serviceName(scenario) ??
    useOfNothing(scenario) ??
    duplicateName('flavors', scenario.cloud.flavors) ??
    secondBoot(scenario) ??
    strayIndex(scenario);
  return contradiction === null ? { ok: true, value: scenario } : refuse(contradiction);
}

function syntaxProblem(error: unknown, text: string): string {
  // What V8 throws on a text nested too deeply is no SyntaxError.
  if (!(error instanceof SyntaxError)) return 'the JSON is nested too deeply to be read';
  const position = /\bat position (\d+)/.exec(error.message)?.[1];
  const reason = printable(error.message.replace(/(,? is not valid JSON| in JSON| at position).*$/s, ''));
  if (position === undefined) return `this is not JSON: ${reason}`;
  const lines = text.slice(0, Number(position)).split('\n');
  return `this is not JSON: ${reason} in line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
}

/** A scenario out of a text. `where` says in the sentence whose it is, a file for example. */
export function readScenario(text: string, where: string): Reading<Scenario> {
  const place = printable(where);
  if (Buffer.byteLength(text) > LONGEST_SCENARIO_BYTES) {
    return refused(`${place}: this is larger than 2 MB, the most that a scenario may have`);
  }
  // Editors on Windows put a byte order mark in front, which JSON does not know.
  const json = text.replace(/^\uFEFF/, '');
  if (json.trim() === '') return refused(`${place}: this is empty; a scenario is a JSON object`);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return refused(`${place}: ${syntaxProblem(error, json)}`);
  }
  return checkScenario(value, where);
}
