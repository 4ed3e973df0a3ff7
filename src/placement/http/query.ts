/** placement/util.py: query strings of providers and candidates. */
import { Refusal } from './refusal.ts';
import { isUuidLike } from './uuid-form.ts';

/** placement/util.py:validate_query_params, as far as names go. */
export function refuseUnknownParameters(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys()) {
    if (!known.includes(name)) throw new Refusal(400, `Invalid query string parameters: '${name}' is not known`);
  }
}

/** normalize_resources_qs_param: of a class given twice the last counts. */
export function readResources(value: string): Map<string, number> {
  const result = new Map<string, number>();
  if (value.trim() === '') throw new Refusal(400, 'Badly formed resources parameter. Got: empty string.');
  for (const part of value.split(',')) {
    const [name, amount, ...more] = part.split(':');
    if (amount === undefined || more.length > 0) {
      throw new Refusal(400, `Badly formed resources parameter. Got: ${part}.`);
    }
    // what Python's int() takes
    if (!/^\s*[+-]?\d+(_\d+)*\s*$/.test(amount)) {
      throw new Refusal(400, `Requested resource ${name} expected positive integer amount. Got: ${amount}.`);
    }
    const number = Number(amount.trim().replaceAll('_', ''));
    if (number < 1) throw new Refusal(400, `Requested resource ${name} requires amount >= 1. Got: ${number}.`);
    result.set(name!, number);
  }
  return result;
}

export interface Traits {
  /** all of these, of each one at least one */
  readonly required: readonly ReadonlySet<string>[];
  readonly forbidden: ReadonlySet<string>;
}

/** normalize_traits_qs_params */
export function readTraits(values: readonly string[], version: number): Traits {
  const required: Set<string>[] = [];
  const forbidden = new Set<string>();
  for (const value of version >= 39 ? values : values.slice(-1)) {
    const read = readTraitList(value, version >= 22, version >= 39);
    required.push(...read.required);
    for (const name of read.forbidden) forbidden.add(name);
  }
  return { required, forbidden };
}

/** normalize_traits_qs_param; any number of `!` forbids */
function readTraitList(
  value: string,
  mayForbid: boolean,
  mayBeAny: boolean,
): { required: Set<string>[]; forbidden: string[] } {
  const refuse = (): Refusal => new Refusal(400, `Invalid query string parameters: Expected 'required'. Got: ${value}`);
  if (value.startsWith('in:')) {
    if (!mayBeAny) throw refuse();
    const names = value
      .slice(3)
      .split(',')
      .map((name) => name.trim());
    if (names.some((name) => name === '' || name.startsWith('!'))) throw refuse();
    return { required: [new Set(names)], forbidden: [] };
  }
  const names = value.split(',').map((name) => name.trim());
  const forbidden = names.filter((name) => name.startsWith('!')).map((name) => name.replace(/^!+/, ''));
  if (names.includes('') || forbidden.includes('') || (forbidden.length > 0 && !mayForbid)) throw refuse();
  return { required: names.filter((name) => !name.startsWith('!')).map((name) => new Set([name])), forbidden };
}

export interface MemberOf {
  readonly required: readonly ReadonlySet<string>[];
  readonly forbidden: ReadonlySet<string>;
}

/** normalize_member_of_qs_params */
export function readMemberOf(values: readonly string[], version: number): MemberOf {
  if (version < 24 && values.length > 1) throw new Refusal(400, 'Multiple member_of parameters are not supported');
  const required: Set<string>[] = [];
  const forbidden = new Set<string>();
  for (const value of values) {
    const [, not, list, rest] = /^(!?)(in:)?(.*)$/s.exec(value)!;
    if (list === undefined && value.includes(',')) {
      throw new Refusal(400, `Multiple values for 'member_of' must be prefixed with the 'in:' keyword. Got: ${value}`);
    }
    const uuids = list === undefined ? [rest!] : rest!.split(',');
    for (const uuid of uuids) {
      if (isUuidLike(uuid)) continue;
      throw new Refusal(
        400,
        `Invalid query string parameters: Expected 'member_of' to contain valid UUID(s). Got: ${uuid}`,
      );
    }
    if (not === '') required.push(new Set(uuids));
    else if (version < 32) throw new Refusal(400, 'Forbidden member_of parameters are not supported');
    else for (const uuid of uuids) forbidden.add(uuid);
  }
  return { required, forbidden };
}
