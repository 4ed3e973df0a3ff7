/**
 * GET /allocation_candidates: placement/handlers/allocation_candidate.py, lib.py, objects/allocation_candidate.py and
 * objects/research_context.py. The same functions in the same order, because what finds nothing hides what is wrong behind it,
 * and because several of their turns can be seen from outside.
 */
import type { Json } from '../rest.ts';
import { hasRoom } from '../server.ts';
import { capacity } from '../store.ts';
import { type Answered, type Asked, shown } from './asked.ts';
import type { Database, ProviderRow } from './database.ts';
import { inAggregates, refuseUnknownTraits, withTraits } from './matching.ts';
import { type MemberOf, readMemberOf, readResources, readTraits, type Traits } from './query.ts';
import { Refusal } from './refusal.ts';
import { isUuidLike } from './uuid-form.ts';

const SHARING_TRAIT = 'MISC_SHARES_VIA_AGGREGATE';

// ---- what is asked

interface Group extends MemberOf {
  readonly suffix: string;
  resources: ReadonlyMap<string, number>;
  traits: Traits;
  inTree: string | null;
}

interface Wide {
  readonly limit: number | null;
  readonly groupPolicy: string | null;
  readonly rootRequired: ReadonlySet<string>;
  readonly rootForbidden: ReadonlySet<string>;
  readonly sameSubtrees: readonly ReadonlySet<string>[];
}

/** Parameters of the request as a whole, each with the microversion that brought it. */
const WIDE = [
  ['limit', 16],
  ['group_policy', 25],
  ['root_required', 35],
  ['same_subtree', 36],
] as const;

/** Parameters of a group. Suffixes came with 1.25. */
const OF_GROUP = [
  ['resources', 10],
  ['required', 17],
  ['member_of', 21],
  ['in_tree', 31],
] as const;

function groupParameter(name: string, version: number): readonly [prefix: string, suffix: string] | null {
  const suffixes = version >= 33 ? /^[a-zA-Z0-9_-]{1,64}$/ : /^[1-9][0-9]*$/;
  for (const [prefix, since] of OF_GROUP) {
    if (version < since || !name.startsWith(prefix)) continue;
    const suffix = name.slice(prefix.length);
    if (suffix === '' || (version >= 25 && suffixes.test(suffix))) return [prefix, suffix];
  }
  return null;
}

function refuseParameters({ query, version }: Asked): void {
  const wide = WIDE.filter(([, since]) => version >= since).map(([name]): string => name);
  for (const name of query.keys()) {
    if (!wide.includes(name) && groupParameter(name, version) === null) {
      throw new Refusal(400, `Invalid query string parameters: '${name}' does not match`);
    }
  }
  const last = (name: string): string | undefined => query.getAll(name).at(-1);
  if (version < 25 && last('resources') === undefined) {
    throw new Refusal(400, "Invalid query string parameters: 'resources' is a required property");
  }
  const limit = last('limit');
  if (limit !== undefined && !/^[1-9][0-9]*$/.test(limit))
    throw new Refusal(400, 'Invalid query string parameters: limit');
  const policy = last('group_policy');
  if (policy !== undefined && policy !== 'none' && policy !== 'isolate') {
    throw new Refusal(400, 'Invalid query string parameters: group_policy');
  }
}

function readWide({ query }: Asked): Wide {
  const [limit] = query.getAll('limit');
  const [groupPolicy = null] = query.getAll('group_policy');
  const root = query.getAll('root_required');
  if (root.length > 1) {
    throw new Refusal(400, "Query parameter 'root_required' may be specified only once.", 'query.duplicate_key');
  }
  // `in:` is not understood here, whatever the version
  const { required, forbidden } = readTraits(root, 22);
  const rootRequired = new Set(required.flatMap((any) => [...any]));
  if ([...rootRequired].some((name) => forbidden.has(name))) {
    throw new Refusal(400, 'Conflicting required and forbidden traits found in root_required', 'query.bad_value');
  }
  const sameSubtrees = query
    .getAll('same_subtree')
    .map((value) => new Set(value.split(',').map((name) => name.trim())));
  if (sameSubtrees.some((suffixes) => suffixes.has(''))) {
    throw new Refusal(400, 'Empty string can not be specified in `same_subtree`', 'query.bad_value');
  }
  return {
    limit: limit === undefined ? null : Number(limit),
    groupPolicy,
    rootRequired,
    rootForbidden: forbidden,
    sameSubtrees,
  };
}

const NOTHING_SHARED: MemberOf = { required: [], forbidden: new Set() };
const NO_TRAITS: Traits = { required: [], forbidden: new Set() };

/** RequestGroup.dict_from_request */
function readGroups({ query, version }: Asked, { sameSubtrees }: Wide): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const [name, value] of query) {
    const found = groupParameter(name, version);
    if (found === null) continue;
    const [prefix, suffix] = found;
    const group = groups.get(suffix) ?? {
      ...NOTHING_SHARED,
      suffix,
      resources: new Map<string, number>(),
      traits: NO_TRAITS,
      inTree: null,
    };
    groups.set(suffix, group);
    if (prefix === 'resources') group.resources = readResources(value);
    else if (prefix === 'required') group.traits = readTraits(query.getAll(name), version);
    else if (prefix === 'member_of') Object.assign(group, readMemberOf(query.getAll(name), version));
    else {
      group.inTree = value.trim();
      if (!isUuidLike(group.inTree)) {
        throw new Refusal(
          400,
          `Invalid query string parameters: Expected 'in_tree' to be a format of uuid. Got: ${value}`,
        );
      }
    }
  }
  const all = [...groups.values()];
  if (version >= 36) refuseResourceless(all, sameSubtrees);
  else refuseOrphans(all);
  if (version >= 22) {
    for (const { suffix, traits } of all) {
      if (!traits.required.some((any) => [...any].every((name) => traits.forbidden.has(name)))) continue;
      throw new Refusal(
        400,
        `Conflicting required and forbidden traits found in the following traits keys: required${suffix}`,
      );
    }
  }
  return groups;
}

function refuseResourceless(groups: readonly Group[], sameSubtrees: readonly ReadonlySet<string>[]): void {
  const resourceless = groups.filter(({ resources }) => resources.size === 0).map(({ suffix }) => suffix);
  const together = new Set(sameSubtrees.flatMap((suffixes) => [...suffixes]));
  if (resourceless.length === groups.length) {
    throw new Refusal(400, 'There must be at least one resources or resources[$S] parameter.', 'query.missing_value');
  }
  const outside = resourceless.filter((suffix) => !together.has(suffix));
  if (outside.length > 0) {
    throw new Refusal(
      400,
      `Resourceless suffixed group request should be specified in \`same_subtree\` query param: bad group(s) - ${outside}.`,
      'query.bad_value',
    );
  }
  const suffixes = new Set(groups.map(({ suffix }) => suffix));
  const unknown = [...together].filter((suffix) => !suffixes.has(suffix));
  if (unknown.length > 0) {
    throw new Refusal(400, `Real suffixes should be specified in \`same_subtree\`: ${unknown}`, 'query.bad_value');
  }
}

function refuseOrphans(groups: readonly Group[]): void {
  if (groups.length > 0 && groups.every(({ resources }) => resources.size > 0)) return;
  throw new Refusal(400, 'All request groups must specify resources.');
}

// ---- what is found

/** Raised where Placement raises ResourceProviderNotFound: nothing fits, and nothing further is looked at. */
class NothingFound extends Error {}

interface Wanted {
  readonly provider: ProviderRow;
  readonly resourceClass: number;
  amount: number;
}

/** A way to satisfy one group, or, merged, all of them. */
interface Candidate {
  readonly anchor: ProviderRow;
  readonly suffixed: boolean;
  readonly wanted: readonly Wanted[];
  readonly mappings: ReadonlyMap<string, ReadonlySet<ProviderRow>>;
}

/** RequestGroupSearchContext: a group in terms of providers, looked up in the order that decides which error is seen. */
interface Search {
  readonly group: Group;
  /** class, and those that have room for the amount asked for */
  readonly resources: readonly {
    readonly c: number;
    readonly amount: number;
    readonly having: ReadonlySet<ProviderRow>;
  }[];
  readonly inAggregates: Set<ProviderRow> | null;
}

class Finder {
  private readonly database: Database;
  private readonly wide: Wide;
  private readonly all: readonly ProviderRow[];
  private readonly hasTrees: boolean;
  /** roots that root_required leaves, or null for all */
  private readonly anchors: ReadonlySet<ProviderRow> | null;
  /** shrinks with the groups: get_rps_with_shared_capacity intersects the one set in place */
  private readonly sharing: Set<ProviderRow>;
  /** classes that more than one group asks for */
  private readonly shared = new Set<number>();
  /** trees of which summaries were made */
  private readonly summarised = new Set<ProviderRow>();

  constructor(database: Database, wide: Wide) {
    this.database = database;
    this.wide = wide;
    this.all = [...database.allProviders()];
    this.hasTrees = this.all.some((row) => database.parentOf(row) !== null);
    this.anchors = this.findAnchors();
    this.sharing = new Set(this.all.filter(({ traits }) => traits.has(SHARING_TRAIT)));
  }

  private findAnchors(): ReadonlySet<ProviderRow> | null {
    const { rootRequired, rootForbidden } = this.wide;
    if (rootRequired.size === 0 && rootForbidden.size === 0) return null;
    refuseUnknownTraits(this.database, rootRequired);
    refuseUnknownTraits(this.database, rootForbidden);
    const roots = this.all.filter(
      (row) =>
        this.database.parentOf(row) === null &&
        [...rootRequired].every((name) => row.traits.has(name)) &&
        ![...rootForbidden].some((name) => row.traits.has(name)),
    );
    if (roots.length === 0) throw new NothingFound();
    return new Set(roots);
  }

  /** AllocationCandidates._get_by_requests */
  find(groups: Iterable<Group>, nestedAware: boolean): { candidates: Candidate[]; trees: Set<ProviderRow> } {
    const bySuffix = new Map<string, readonly Candidate[]>();
    const asked = new Set<number>();
    for (const group of groups) {
      const search = this.search(group);
      for (const { c } of search.resources) {
        if (asked.has(c)) this.shared.add(c);
        asked.add(c);
      }
      const found = this.byOneGroup(search);
      if (found.length === 0) return { candidates: [], trees: new Set() };
      bySuffix.set(group.suffix, found);
    }
    return this.limited(this.withoutNested(this.merged(bySuffix), nestedAware));
  }

  private search(group: Group): Search {
    const { database } = this;
    const classes = [...group.resources].map(([name, amount]) => {
      const c = database.classId(name);
      if (c < 0) {
        throw new Refusal(400, `Invalid resource class in resources parameter: No such resource class ${name}.`);
      }
      return { c, amount };
    });
    const members = group.required.length > 0 ? inAggregates(database, group.required) : null;
    if (members?.size === 0) throw new NothingFound();
    for (const any of group.traits.required) refuseUnknownTraits(database, any);
    refuseUnknownTraits(database, group.traits.forbidden);
    let tree: ProviderRow | null = null;
    if (group.inTree !== null) {
      const member = database.provider(group.inTree);
      if (member === undefined) throw new NothingFound();
      tree = database.rootOf(member);
    }
    const resources = classes.map(({ c, amount }) => {
      const having = new Set(
        this.all.filter((row) => {
          const inventory = database.inventory(row, c);
          if (inventory.exists === 0 || (tree !== null && database.rootOf(row) !== tree)) return false;
          return hasRoom(database.store, inventory, amount);
        }),
      );
      if (having.size === 0) throw new NothingFound();
      return { c, amount, having };
    });
    return { group, resources, inAggregates: members };
  }

  /** _get_by_one_request */
  private byOneGroup(search: Search): readonly Candidate[] {
    const { suffix, traits } = search.group;
    if (suffix !== '' || (this.sharing.size === 0 && !this.hasTrees)) return this.singleProvider(search);
    if (traits.required.length > 0) {
      const any = new Set(traits.required.flatMap((names) => [...names]));
      if (withTraits(this.database, [any]).size === 0) return [];
    }
    return this.multipleProviders(search);
  }

  // ---- one provider for all of a group

  /** get_provider_ids_matching and _alloc_candidates_single_provider */
  private singleProvider(search: Search): readonly Candidate[] {
    const { database } = this;
    const found: Candidate[] = [];
    const rows = this.matching(search);
    this.summarise(rows.map((row) => database.rootOf(row)));
    for (const row of rows) {
      const root = database.rootOf(row);
      const candidate = {
        suffixed: search.group.suffix !== '',
        wanted: search.resources.map(({ c, amount }) => ({ provider: row, resourceClass: c, amount })),
        mappings: new Map([[search.group.suffix, new Set([row])]]),
      };
      if (this.isAnchor(root)) found.push({ ...candidate, anchor: root });
      if (!row.traits.has(SHARING_TRAIT)) continue;
      for (const anchor of this.anchorsOf(row)) {
        if (anchor !== root && this.isAnchor(anchor)) found.push({ ...candidate, anchor });
      }
    }
    return found;
  }

  private matching({ group, resources, inAggregates: members }: Search): ProviderRow[] {
    const { database } = this;
    // an empty set means "not filtered", here as there
    let filtered = new Set<ProviderRow>();
    if (group.traits.required.length > 0) {
      filtered = withTraits(database, group.traits.required);
      if (filtered.size === 0) return [];
    }
    if (members !== null) {
      filtered = filtered.size > 0 ? intersection(filtered, members) : members;
      if (filtered.size === 0) return [];
    }
    const forbidden = new Set<ProviderRow>();
    for (const bad of [
      group.forbidden.size > 0 ? inAggregates(database, [group.forbidden]) : null,
      group.traits.forbidden.size > 0 ? withTraits(database, [group.traits.forbidden]) : null,
    ]) {
      if (bad === null) continue;
      for (const row of bad) forbidden.add(row);
      if (filtered.size === 0) continue;
      filtered = difference(filtered, bad);
      if (filtered.size === 0) return [];
    }
    for (const [k, { having }] of resources.entries()) {
      if (k > 0 || filtered.size > 0) filtered = intersection(filtered, having);
      else filtered = difference(having, forbidden);
      if (filtered.size === 0) return [];
    }
    return this.all.filter((row) => filtered.has(row));
  }

  /** anchors_for_sharing_providers: roots of all that share an aggregate with it. */
  private anchorsOf(sharing: ProviderRow): Set<ProviderRow> {
    const together = this.all.filter(({ aggregates }) => [...aggregates].some((uuid) => sharing.aggregates.has(uuid)));
    return new Set(together.map((row) => this.database.rootOf(row)));
  }

  private isAnchor(root: ProviderRow): boolean {
    return this.anchors === null || this.anchors.has(root);
  }

  // ---- providers of one tree, and those that share with it

  /** get_trees_matching_all and _alloc_candidates_multiple_providers */
  private multipleProviders(search: Search): readonly Candidate[] {
    const { database } = this;
    const trees = this.treesMatchingAll(search);
    if (trees.length === 0) return [];
    this.summarise(new Set(trees.flatMap(({ row, root }) => [row, root])));
    const byRoot = new Map<ProviderRow, Map<number, Wanted[]>>();
    for (const { row, root, c } of trees) {
      // a provider that shares from within a tree has no summary if that tree is not in play
      if (!this.summarised.has(database.rootOf(row))) throw new Refusal(500, `${row.id}`);
      const { amount } = search.resources.find((one) => one.c === c)!;
      const byClass = byRoot.get(root) ?? new Map<number, Wanted[]>();
      byRoot.set(root, byClass);
      byClass.set(c, [...(byClass.get(c) ?? []), { provider: row, resourceClass: c, amount }]);
    }
    const found: Candidate[] = [];
    for (const [root, byClass] of byRoot) {
      const choices = [...byClass].sort(([a], [b]) => a - b).map(([, wanted]) => wanted);
      for (const wanted of product(choices)) {
        if (!this.traitsSatisfied(wanted, search.group.traits)) continue;
        const mappings = new Map([[search.group.suffix, new Set(wanted.map(({ provider }) => provider))]]);
        found.push({ anchor: root, suffixed: false, wanted, mappings });
      }
    }
    return found;
  }

  private treesMatchingAll({ group, resources, inAggregates: members }: Search): readonly InTree[] {
    const { database } = this;
    const forbidden = group.forbidden.size > 0 ? inAggregates(database, [group.forbidden]) : null;
    let all: readonly InTree[] = [];
    for (const { c, having } of resources) {
      let one: InTree[] = [...having].map((row) => ({ row, root: database.rootOf(row), c }));
      const shared = this.withSharedCapacity(members, having);
      if (group.inTree === null) {
        for (const row of shared) {
          for (const root of this.anchorsOf(row)) {
            if (!one.some((other) => other.row === row && other.root === root)) one.push({ row, root, c });
          }
        }
      }
      const { anchors } = this;
      if (anchors !== null) one = one.filter(({ root }) => anchors.has(root));
      if (members !== null) one = one.filter(({ row, root }) => members.has(row) || members.has(root));
      if (forbidden !== null) one = one.filter(({ row, root }) => !forbidden.has(row) && !forbidden.has(root));
      if (one.length === 0) return [];
      all = mergeCommonTrees(all, one);
      if (all.length === 0) return [];
    }
    const { required, forbidden: forbiddenTraits } = group.traits;
    if ((required.length === 0 && forbiddenTraits.size === 0) || this.sharing.size > 0) return all;
    return this.treesWithTraits(all, group.traits);
  }

  private withSharedCapacity(
    members: ReadonlySet<ProviderRow> | null,
    having: ReadonlySet<ProviderRow>,
  ): ProviderRow[] {
    if (members !== null) for (const row of [...this.sharing]) if (!members.has(row)) this.sharing.delete(row);
    return [...this.sharing].filter((row) => having.has(row));
  }

  /** _get_trees_with_traits: drops trees that cannot do, not yet the providers that may not be used. */
  private treesWithTraits(all: readonly InTree[], { required, forbidden }: Traits): readonly InTree[] {
    const { database } = this;
    const rows = [...new Set(all.map(({ row }) => row))];
    const good = rows.filter((row) => ![...forbidden].some((name) => row.traits.has(name)));
    const ofRoot = new Map<ProviderRow, Set<string>>();
    for (const row of good) {
      const root = database.rootOf(row);
      const names = ofRoot.get(root) ?? new Set();
      ofRoot.set(root, names);
      for (const name of row.traits) names.add(name);
    }
    return all.filter(({ row, root }) => {
      const names = ofRoot.get(root);
      // of a provider that shares from another tree it is that tree that counts, and the pair is not found
      if (names === undefined || database.rootOf(row) !== root) return false;
      return required.every((any) => [...any].some((name) => names.has(name)));
    });
  }

  /** _check_traits_for_alloc_request: together they have what is required, and none has what is forbidden. */
  private traitsSatisfied(wanted: readonly Wanted[], { required, forbidden }: Traits): boolean {
    const together = new Set(wanted.flatMap(({ provider }) => [...provider.traits]));
    if ([...forbidden].some((name) => together.has(name))) return false;
    return required.every((any) => [...any].some((name) => together.has(name)));
  }

  // ---- all groups together

  /** _merge_candidates */
  private merged(bySuffix: ReadonlyMap<string, readonly Candidate[]>): Candidate[] {
    const byAnchor = new Map<ProviderRow, Map<string, Candidate[]>>();
    for (const [suffix, candidates] of bySuffix) {
      for (const candidate of candidates) {
        const lists = byAnchor.get(candidate.anchor) ?? new Map<string, Candidate[]>();
        byAnchor.set(candidate.anchor, lists);
        lists.set(suffix, [...(lists.get(suffix) ?? []), candidate]);
      }
    }
    const found = new Map<string, Candidate>();
    for (const lists of byAnchor.values()) {
      if (lists.size !== bySuffix.size) continue;
      for (const parts of product([...lists.values()])) {
        if (!this.satisfiesGroupPolicy(parts) || !this.satisfiesSameSubtree(parts)) continue;
        const candidate = this.consolidated(parts);
        if (this.exceedsCapacity(candidate)) continue;
        const key = JSON.stringify(this.identity(candidate));
        if (!found.has(key)) found.set(key, candidate);
      }
    }
    return [...found.values()];
  }

  private satisfiesGroupPolicy(parts: readonly Candidate[]): boolean {
    if (this.wide.groupPolicy !== 'isolate') return true;
    const suffixed = parts.filter((part) => part.suffixed);
    return new Set(suffixed.flatMap(({ mappings }) => [...[...mappings.values()][0]!])).size === suffixed.length;
  }

  private satisfiesSameSubtree(parts: readonly Candidate[]): boolean {
    return this.wide.sameSubtrees.every((suffixes) => {
      const rows = new Set(
        parts.flatMap(({ mappings }) => [...suffixes].flatMap((suffix) => [...(mappings.get(suffix) ?? [])])),
      );
      return [...rows].some((top) => [...rows].every((row) => this.isWithin(row, top)));
    });
  }

  private isWithin(row: ProviderRow, top: ProviderRow): boolean {
    for (let at: ProviderRow | null = row; at !== null; at = this.database.parentOf(at)) if (at === top) return true;
    return false;
  }

  private consolidated(parts: readonly Candidate[]): Candidate {
    const wanted = new Map<string, Wanted>();
    const mappings = new Map<string, Set<ProviderRow>>();
    for (const part of parts) {
      for (const one of part.wanted) {
        const key = `${one.provider.id}/${one.resourceClass}`;
        const before = wanted.get(key);
        if (before === undefined) wanted.set(key, this.copyIfNeeded(one));
        else before.amount += one.amount;
      }
      for (const [suffix, rows] of part.mappings) {
        const together = mappings.get(suffix) ?? new Set();
        mappings.set(suffix, together);
        for (const row of rows) together.add(row);
      }
    }
    return { anchor: parts[0]!.anchor, suffixed: false, wanted: [...wanted.values()], mappings };
  }

  private copyIfNeeded(one: Wanted): Wanted {
    return this.wide.groupPolicy === 'none' && this.shared.has(one.resourceClass) ? { ...one } : one;
  }

  /** Against the truncated capacity: amounts of several groups on one provider were added up. */
  private exceedsCapacity({ wanted }: Candidate): boolean {
    return wanted.some(({ provider, resourceClass, amount }) => {
      const inventory = this.database.inventory(provider, resourceClass);
      const whole = Math.trunc(capacity(this.database.store, inventory));
      return inventory.used + amount > whole || amount > inventory.maxUnit;
    });
  }

  private identity({ wanted, mappings }: Candidate): Json {
    const resources = wanted.map(({ provider, resourceClass, amount }) => [provider.id, resourceClass, amount]);
    const rows = [...mappings].map(([suffix, providers]) => [suffix, ...[...providers].map(({ id }) => id).sort()]);
    return [resources.map((one) => one.join('/')).sort(), rows.map((one) => one.join('/')).sort()];
  }

  // ---- what is shown

  private summarise(roots: Iterable<ProviderRow>): void {
    for (const row of roots) if (this.database.parentOf(row) === null) this.summarised.add(row);
  }

  private treesOf(candidates: readonly Candidate[]): Set<ProviderRow> {
    return new Set(candidates.flatMap(({ wanted }) => wanted.map(({ provider }) => this.database.rootOf(provider))));
  }

  /** exclude_nested_providers: before 1.29 a client cannot take two providers of one tree. */
  private withoutNested(candidates: Candidate[], nestedAware: boolean): Candidate[] {
    if (nestedAware || !this.hasTrees) return candidates;
    return candidates.filter(({ wanted }) => {
      const rows = new Set(wanted.map(({ provider }) => provider));
      return rows.size === new Set([...rows].map((row) => this.database.rootOf(row))).size;
    });
  }

  private limited(candidates: Candidate[]): { candidates: Candidate[]; trees: Set<ProviderRow> } {
    const { limit } = this.wide;
    const kept = limit === null ? candidates : candidates.slice(0, limit);
    return { candidates: kept, trees: this.treesOf(kept) };
  }

  /** Before 1.29, in a cloud with trees, only the providers that candidates name; else all of their trees. */
  summaries(candidates: readonly Candidate[], trees: ReadonlySet<ProviderRow>, nestedAware: boolean): ProviderRow[] {
    if (nestedAware || !this.hasTrees) return this.all.filter((row) => trees.has(this.database.rootOf(row)));
    const named = new Set(candidates.flatMap(({ wanted }) => wanted.map(({ provider }) => provider)));
    return this.all.filter((row) => named.has(row));
  }
}

interface InTree {
  readonly row: ProviderRow;
  readonly root: ProviderRow;
  readonly c: number;
}

/** RPCandidateList.merge_common_trees */
function mergeCommonTrees(all: readonly InTree[], one: readonly InTree[]): readonly InTree[] {
  if (all.length === 0) return one;
  const roots = new Set(all.map(({ root }) => root));
  const both = new Set(one.map(({ root }) => root).filter((root) => roots.has(root)));
  return [...all, ...one].filter(({ root }) => both.has(root));
}

function intersection<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): Set<T> {
  return new Set([...a].filter((one) => b.has(one)));
}

function difference<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): Set<T> {
  return new Set([...a].filter((one) => !b.has(one)));
}

function* product<T>(lists: readonly (readonly T[])[], k = 0): Generator<readonly T[]> {
  if (k === lists.length) {
    yield [];
    return;
  }
  for (const first of lists[k]!) for (const rest of product(lists, k + 1)) yield [first, ...rest];
}

// ---- the route

export function listCandidates(asked: Asked): Answered {
  const { database, version } = asked;
  refuseParameters(asked);
  const wide = readWide(asked);
  const groups = readGroups(asked, wide);
  if (wide.groupPolicy === null && [...groups.keys()].filter((suffix) => suffix !== '').length > 1) {
    throw new Refusal(
      400,
      'The "group_policy" parameter is required when specifying more than one "resources{N}" parameter.',
    );
  }
  const nestedAware = version >= 29;
  try {
    const finder = new Finder(database, wide);
    const { candidates, trees } = finder.find(groups.values(), nestedAware);
    const requested = new Set([...groups.values()].flatMap(({ resources }) => [...resources.keys()]));
    return shown({
      allocation_requests: candidates.map((candidate) => pictureOf(database, candidate, version)),
      provider_summaries: Object.fromEntries(
        finder.summaries(candidates, trees, nestedAware).map((row) => [row.uuid, summary(asked, row, requested)]),
      ),
    });
  } catch (error) {
    if (error instanceof NothingFound) return shown({ allocation_requests: [], provider_summaries: {} });
    throw error;
  }
}

function pictureOf(database: Database, { wanted, mappings }: Candidate, version: number): Json {
  const byProvider: Record<string, { resources: Record<string, number> }> = {};
  for (const { provider, resourceClass, amount } of wanted) {
    byProvider[provider.uuid] ??= { resources: {} };
    byProvider[provider.uuid]!.resources[database.classes[resourceClass]!] = amount;
  }
  if (version < 12) {
    const list = Object.entries(byProvider).map(([uuid, { resources }]) => ({
      resource_provider: { uuid },
      resources,
    }));
    return { allocations: list };
  }
  const bySuffix = [...mappings].map(([suffix, rows]) => [suffix, [...rows].map(({ uuid }) => uuid)]);
  return { allocations: byProvider, ...(version >= 34 ? { mappings: Object.fromEntries(bySuffix) } : {}) };
}

function summary({ database, version }: Asked, row: ProviderRow, requested: ReadonlySet<string>): Json {
  const resources: Record<string, Json> = {};
  for (const c of database.inventoried(row)) {
    const name = database.classes[c]!;
    if (version < 27 && !requested.has(name)) continue;
    const inventory = database.inventory(row, c);
    // truncated towards zero; zero is added to make -0 a 0
    resources[name] = { capacity: Math.trunc(capacity(database.store, inventory)) + 0, used: inventory.used };
  }
  return {
    resources,
    ...(version >= 17 ? { traits: [...row.traits] } : {}),
    ...(version >= 29
      ? {
          parent_provider_uuid: database.parentOf(row)?.uuid ?? null,
          root_provider_uuid: database.rootOf(row).uuid,
        }
      : {}),
  };
}
