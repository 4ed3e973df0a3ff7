/** placement/handlers/inventory.py */

import type { Json } from '../rest.ts';
import { capacity, type InventoryRecord } from '../store.ts';
import { type Answered, type Asked, NO_CONTENT, providerAsked } from './asked.ts';
import type { Database, ProviderRow } from './database.ts';
import { Refusal } from './refusal.ts';
import { type InventoryBody, MAX_INT, postInventory, putInventories, putInventory, read } from './schemas.ts';

/** INVENTORY_DEFAULTS: a record that is written is whole, and what is left out goes back to these. */
export interface InventoryValues {
  readonly total: number;
  readonly reserved: number;
  readonly min_unit: number;
  readonly max_unit: number;
  readonly step_size: number;
  readonly allocation_ratio: number;
}

type Sent = Partial<InventoryBody>;

/**
 * The record of a class whose name escaped the schema may be anything. What Python's dict.update takes goes on, up to the
 * question whether there is such a class.
 */
function merged(sent: unknown): Sent {
  if (typeof sent === 'object' && sent !== null && !Array.isArray(sent)) return sent;
  if (sent === '' || (Array.isArray(sent) && sent.length === 0)) return {};
  throw new Refusal(500, 'cannot convert dictionary update sequence');
}

function whole({
  total = Number.NaN,
  reserved = 0,
  min_unit = 1,
  max_unit = MAX_INT,
  step_size = 1,
  allocation_ratio = 1,
}: Sent): InventoryValues {
  return { total, reserved, min_unit, max_unit, step_size, allocation_ratio };
}

export function valuesAt(database: Database, provider: ProviderRow, c: number): InventoryValues {
  const inventory = database.inventory(provider, c);
  return {
    total: inventory.total,
    reserved: inventory.reserved,
    min_unit: inventory.minUnit,
    max_unit: inventory.maxUnit,
    step_size: inventory.stepSize,
    allocation_ratio: database.store.ratios[inventory.ratio]!,
  };
}

/** Usage may end above capacity; the server only logs that. */
function setRecord(database: Database, inventory: InventoryRecord, values: InventoryValues): void {
  Object.assign(inventory, {
    exists: 1,
    total: values.total,
    reserved: values.reserved,
    minUnit: values.min_unit,
    maxUnit: values.max_unit,
    stepSize: values.step_size,
    ratio: database.ratio(values.allocation_ratio),
  });
}

/**
 * _validate_inventory_capacity: the product, truncated, may be zero from 1.26 on. The product is that of ../store.ts, of the
 * numbers sent, not of a record.
 */
function refuseNoCapacity({ version }: Asked, provider: ProviderRow, name: string, values: InventoryValues): void {
  const { total, reserved, allocation_ratio } = values;
  // int(None - 0) is a TypeError that nobody catches
  if (![total, reserved, allocation_ratio].every(Number.isFinite))
    throw new Refusal(500, 'unsupported operand type(s)');
  const product = capacity({ ratios: [allocation_ratio] }, { total, reserved, ratio: 0 });
  const capacityOf = Math.trunc(product);
  if (version >= 26 ? capacityOf >= 0 : capacityOf > 0) return;
  const why = version >= 26 ? 'greater than' : 'greater than or equal to';
  throw new Refusal(
    400,
    `Unable to update inventory for resource provider ${provider.uuid}: Invalid inventory for '${name}' on resource ` +
      `provider '${provider.uuid}'. The reserved value is ${why} total.`,
  );
}

const conflict = (): Refusal => new Refusal(409, 'resource provider generation conflict', 'concurrent_update');

function showAll({ database }: Asked, provider: ProviderRow, classes: readonly number[]): Answered {
  const inventories = classes.map((c): [string, Json] => [
    database.classes[c]!,
    { ...valuesAt(database, provider, c) },
  ]);
  return {
    status: 200,
    body: {
      resource_provider_generation: database.generation(provider),
      inventories: Object.fromEntries(inventories),
    },
    dated: classes.length > 0 ? true : 'no-cache',
  };
}

function showOne(
  { database }: Asked,
  provider: ProviderRow,
  c: number,
  rest: Omit<Answered, 'body' | 'dated'>,
): Answered {
  const values = { ...valuesAt(database, provider, c) };
  const body = { ...values, resource_provider_generation: database.generation(provider) };
  return { ...rest, body, dated: true };
}

export function listInventories(asked: Asked): Answered {
  const provider = providerAsked(asked);
  return showAll(asked, provider, asked.database.inventoried(provider));
}

export function getInventory(asked: Asked): Answered {
  const { database, at } = asked;
  const provider = providerAsked(asked);
  const c = database.classId(at.resource_class!);
  if (c < 0 || database.inventory(provider, c).exists === 0) {
    throw new Refusal(404, `No inventory of class ${at.resource_class} for ${provider.uuid}`);
  }
  return showOne(asked, provider, c, { status: 200 });
}

export function createInventory(asked: Asked): Answered {
  const { database, body } = asked;
  const provider = providerAsked(asked);
  const { resource_class: name, ...sent } = read(body, postInventory);
  const values = whole(sent as Sent);
  refuseNoCapacity(asked, provider, name, values);
  const c = database.classId(name);
  if (c < 0) throw new Refusal(400, `Unable to create inventory: No such resource class ${name}.`);
  const inventory = database.inventory(provider, c);
  if (inventory.exists !== 0) throw new Refusal(409, 'Update conflict: duplicate entry', 'concurrent_update');
  setRecord(database, inventory, values);
  database.bump(provider);
  const location = `/resource_providers/${provider.uuid}/inventories/${name}`;
  return showOne(asked, provider, c, { status: 201, location });
}

export function updateInventory(asked: Asked): Answered {
  const { database, at, body } = asked;
  const provider = providerAsked(asked);
  const { resource_provider_generation, ...sent } = read(body, putInventory);
  if (resource_provider_generation !== database.generation(provider)) throw conflict();
  const name = at.resource_class!;
  const values = whole(sent as Sent);
  refuseNoCapacity(asked, provider, name, values);
  const c = database.classId(name);
  if (c < 0) throw new Refusal(404, `No such resource class ${name}.`);
  const inventory = database.inventory(provider, c);
  if (inventory.exists === 0) {
    throw new Refusal(
      400,
      `No inventory record with resource class for resource provider ${provider.uuid}: No inventory of class ${name} found.`,
    );
  }
  setRecord(database, inventory, values);
  database.bump(provider);
  return showOne(asked, provider, c, { status: 200 });
}

export function deleteInventory(asked: Asked): Answered {
  const { database, at } = asked;
  const provider = providerAsked(asked);
  const name = at.resource_class!;
  const c = database.classId(name);
  const inventory = c < 0 ? undefined : database.inventory(provider, c);
  if (inventory === undefined || inventory.exists === 0) {
    throw new Refusal(404, `No inventory of class ${name} found for delete`);
  }
  if (inventory.used > 0) {
    throw new Refusal(
      409,
      `Unable to delete inventory of class ${name}: Inventory for '${name}' on resource provider '${provider.uuid}' in use.`,
      'concurrent_update',
    );
  }
  inventory.exists = 0;
  database.bump(provider);
  return NO_CONTENT;
}

/** The records of a body that sets all of a provider. The reshaper does not ask whether they leave any capacity. */
export function readAll(records: Readonly<Record<string, unknown>>): Map<string, InventoryValues> {
  return new Map(Object.entries(records).map(([name, sent]) => [name, whole(merged(sent))]));
}

/** placement/objects/resource_provider.py:_set_inventory: what is not named goes, unless something holds it. */
export function replaceAll(
  database: Database,
  provider: ProviderRow,
  records: ReadonlyMap<string, InventoryValues>,
): void {
  const byClass = new Map<number, InventoryValues>();
  for (const [name, values] of records) {
    const c = database.classId(name);
    if (c < 0) {
      throw new Refusal(
        400,
        `Unknown resource class in inventory for resource provider ${provider.uuid}: No such resource class ${name}.`,
      );
    }
    byClass.set(c, values);
  }
  const gone = database.inventoried(provider).filter((c) => !byClass.has(c));
  const used = gone.filter((c) => database.inventory(provider, c).used > 0);
  if (used.length > 0) {
    const names = used.map((c) => database.classes[c]).join(', ');
    throw new Refusal(
      409,
      `update conflict: Inventory for '${names}' on resource provider '${provider.uuid}' in use.`,
      'inventory.inuse',
    );
  }
  for (const c of gone) database.inventory(provider, c).exists = 0;
  for (const [c, values] of byClass) setRecord(database, database.inventory(provider, c), values);
  database.bump(provider);
}

export function setInventories(asked: Asked): Answered {
  const { database, body } = asked;
  const provider = providerAsked(asked);
  const { resource_provider_generation, inventories } = read(body, putInventories);
  const records = readAll(inventories);
  if (resource_provider_generation !== database.generation(provider)) throw conflict();
  for (const [name, values] of records) refuseNoCapacity(asked, provider, name, values);
  replaceAll(database, provider, records);
  return showAll(asked, provider, database.inventoried(provider));
}

export function deleteInventories(asked: Asked): Answered {
  replaceAll(asked.database, providerAsked(asked), new Map());
  return NO_CONTENT;
}
