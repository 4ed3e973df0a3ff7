/**
 * placement/handlers/allocation.py and handlers/util.py: whose a consumer is, and the form of bodies. What a write may do
 * to the allocations is decided by `serve` in ../server.ts alone.
 */
import { NONE } from '../../state/table.ts';
import { ANY_GENERATION, type Detail, type Entry, type Response, type Subject } from '../api.ts';
import { type Json, whyNotWritten } from '../rest.ts';
import { type Reshape, serve, writeAllocations } from '../server.ts';
import { type Answered, type Asked, NO_CONTENT, providerAsked, shown } from './asked.ts';
import type { ConsumerRow, Database } from './database.ts';
import { Refusal } from './refusal.ts';
import { type AllocationsBody, readPostAllocations, readPutAllocations } from './schemas.ts';
import { isUuidLike, normalUuid } from './uuid-form.ts';

/** `[placement] incomplete_consumer_project_id` and `..._user_id`: of a write below 1.8 */
const INCOMPLETE = '00000000-0000-0000-0000-000000000000';

/** A provider that nobody knows: no id of a provider. */
const UNKNOWN_PROVIDER = 0x7fffffff;

export function getAllocations({ database, version, at }: Asked): Answered {
  const row = database.consumer(at.consumer_uuid!);
  const consumer = row === undefined ? undefined : database.store.consumers[row.id]!;
  if (row === undefined || consumer === undefined || consumer.allocations.count === 0)
    return shown({ allocations: {} });
  const byProvider: Record<string, { generation: number; resources: Record<string, number> }> = {};
  const { allocations } = consumer;
  for (let k = 0; k < allocations.count; k++) {
    const provider = database.providerAt(allocations.provider(k));
    byProvider[provider.uuid] ??= { generation: database.generation(provider), resources: {} };
    byProvider[provider.uuid]!.resources[database.classes[allocations.resourceClass(k)]!] = allocations.amount(k);
  }
  return shown({
    allocations: byProvider,
    ...(version >= 12 ? { project_id: row.project, user_id: row.user } : {}),
    ...(version >= 28 ? { consumer_generation: consumer.generation } : {}),
    ...(version >= 38 ? { consumer_type: row.type ?? 'unknown' } : {}),
  });
}

export function getProviderAllocations(asked: Asked): Answered {
  const { database, version } = asked;
  const provider = providerAsked(asked, (uuid, reason) => `Resource provider '${uuid}' not found: ${reason}`);
  const byConsumer: Record<string, Json> = {};
  for (const row of database.allConsumers()) {
    const { allocations, generation } = database.store.consumers[row.id]!;
    const resources: Record<string, number> = {};
    for (let k = 0; k < allocations.count; k++) {
      if (allocations.provider(k) !== provider.id) continue;
      resources[database.classes[allocations.resourceClass(k)]!] = allocations.amount(k);
    }
    if (Object.keys(resources).length === 0) continue;
    byConsumer[row.uuid] = { resources, ...(version >= 28 ? { consumer_generation: generation } : {}) };
  }
  return shown({ allocations: byConsumer, resource_provider_generation: database.generation(provider) });
}

export function putAllocations(asked: Asked): Answered {
  const { at, body, version } = asked;
  const uuid = at.consumer_uuid!;
  if (!isUuidLike(uuid)) throw new Refusal(400, `Malformed consumer_uuid: ${uuid}`);
  const sent = readPutAllocations(body, version);
  write(asked, new Map([[normalUuid(uuid), sent]]));
  return NO_CONTENT;
}

export function postAllocations(asked: Asked): Answered {
  write(asked, new Map(Object.entries(readPostAllocations(asked.body, asked.version))));
  return NO_CONTENT;
}

export function deleteAllocations({ database, rules, at }: Asked): Answered {
  const uuid = at.consumer_uuid!;
  const row = database.consumer(uuid);
  const response =
    row === undefined ? null : serve(database.store, rules, { op: 'delete-allocations', consumer: row.id });
  if (row === undefined || response === null || response.status !== 204) {
    throw new Refusal(404, `No allocations for consumer '${uuid}'`);
  }
  database.forgetAbsent([row]);
  return NO_CONTENT;
}

/**
 * Writes all of them or none, and throws what the write is refused with.
 * @param reshape inventories to set on the way
 */
export function write(asked: Asked, sent: ReadonlyMap<string, AllocationsBody>, reshape: Reshape | null = null): void {
  const { database, rules, version, meanwhile } = asked;
  const rows: ConsumerRow[] = [];
  const entries: Entry[] = [];
  for (const [uuid, body] of sent) {
    const entry = entryOf(database, version, body);
    const row = database.rowFor(uuid, entry.allocations.length / 3, ownerOf(body, version));
    rows.push(row);
    entries.push({ ...entry, consumer: row.id });
  }
  let response: Response;
  try {
    if (
      !rules.makesProjectsApart &&
      [...sent.values()].some((body) => meanwhile.projects.has(ownerOf(body, version).project))
    ) {
      throw new Refusal(500);
    }
    if (!rules.retriesProviderConflicts && entries.some((entry) => touchesAny(entry, meanwhile.providers))) {
      throw new Refusal(409, 'Inventory and/or allocations changed while attempting to allocate', 'concurrent_update');
    }
    response = inTransaction(asked, entries, reshape);
    if (response.status === 204) {
      // project, user and type of the request replace what is stored; below 1.38 there is no type, and none is replaced
      for (const [k, body] of [...sent.values()].entries()) {
        const { type, ...owner } = ownerOf(body, version);
        Object.assign(rows[k]!, owner, type === null ? {} : { type });
        database.projects.add(owner.project);
      }
    }
  } finally {
    database.forgetAbsent(rows);
  }
  if (response.status !== 204) throw refusal(database, response, rows, [...sent.values()]);
}

function touchesAny({ allocations }: Entry, providers: ReadonlySet<number>): boolean {
  for (let k = 0; k < allocations.length; k += 3) if (providers.has(allocations[k]!)) return true;
  return false;
}

/** A write of allocations undoes itself; what a reshape did around it goes back with it. */
function inTransaction({ database, rules }: Asked, entries: readonly Entry[], reshape: Reshape | null): Response {
  if (reshape === null) return writeAllocations(database.store, rules, entries);
  const before = database.snapshot();
  let begun = false;
  const noted: Reshape = {
    interim() {
      begun = true;
      reshape.interim();
    },
    final: () => reshape.final(),
  };
  let response: Response | null = null;
  try {
    response = writeAllocations(database.store, rules, entries, false, noted);
    return response;
  } finally {
    if (begun && response?.status !== 204) database.restore(before);
  }
}

function ownerOf(body: AllocationsBody, version: number): Pick<ConsumerRow, 'project' | 'user' | 'type'> {
  return {
    project: body.project_id ?? INCOMPLETE,
    user: body.user_id ?? INCOMPLETE,
    type: version >= 38 ? body.consumer_type! : null,
  };
}

function entryOf(database: Database, version: number, body: AllocationsBody): Omit<Entry, 'consumer'> {
  const allocations: number[] = [];
  for (const [uuid, { resources }] of Object.entries(body.allocations)) {
    const provider = database.provider(uuid)?.id ?? UNKNOWN_PROVIDER;
    for (const [name, amount] of Object.entries(resources)) {
      const c = database.classId(name);
      allocations.push(provider, c < 0 ? NONE : c, amount);
    }
  }
  return { generation: version >= 28 ? generationOf(body) : ANY_GENERATION, allocations };
}

/** No consumer has a generation below zero, and NONE and ANY_GENERATION stand there for something else. */
const NO_GENERATION = Math.min(NONE, ANY_GENERATION) - 1;

function generationOf({ consumer_generation: sent }: AllocationsBody): number {
  if (sent === undefined || sent === null) return NONE;
  return sent < 0 ? NO_GENERATION : sent;
}

function refusal(
  database: Database,
  { status, code, detail, subject }: Response,
  rows: readonly ConsumerRow[],
  sent: readonly AllocationsBody[],
): Refusal {
  if (code !== 'concurrent-update') {
    const why = subject === null ? `Unable to allocate inventory: ${detail}` : because(database, detail, subject, sent);
    return new Refusal(status, why);
  }
  const { consumer, generation } = subject as Subject;
  const k = rows.findIndex(({ id }) => id === consumer);
  const expected = generation === NONE ? 'null' : `${generation}`;
  const got = sent[k]?.consumer_generation ?? 'None';
  return new Refusal(status, `${detail} - expected ${expected} but got ${got}`, 'concurrent_update');
}

/** A provider without any of the classes is told with all that the request names, and one that is not as it was sent. */
function because(
  database: Database,
  detail: Detail,
  { provider, resourceClass }: Subject,
  sent: readonly AllocationsBody[],
): string {
  const named = sent.flatMap(({ allocations }) => Object.entries(allocations));
  const uuid =
    provider === UNKNOWN_PROVIDER
      ? named.find(([one]) => database.provider(one) === undefined)![0]
      : database.providerAt(provider).uuid;
  const classes = new Set(named.flatMap(([, { resources }]) => Object.keys(resources)));
  return whyNotWritten(detail, uuid, database.classes[resourceClass] ?? [...classes].join(', '));
}
