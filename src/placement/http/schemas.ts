/** placement/schemas: the form of bodies, by microversion. A body that breaks its schema is a 400, whatever is wrong with it. */
import { z } from 'zod';
import { Refusal } from './refusal.ts';
import { isUuidLike } from './uuid-form.ts';

/** placement/db/constants.py */
export const MAX_INT = 0x7fffffff;
const SQL_SP_FLOAT_MAX = 3.40282e38;

export const CLASS_NAME = /^[A-Z0-9_]+$/;
const CUSTOM_NAME = /^CUSTOM_[A-Z0-9_]+$/;
const UUID_KEY = /^[0-9a-fA-F-]{36}$/;
/** what is within a key matches: the pattern is not anchored */
const SUFFIX_KEY = /[a-zA-Z0-9_-]{1,64}/;

/** JSON Schema counts characters where JavaScript counts UTF-16 units. */
const characters = (least: number, most: number) =>
  z.string().refine((text) => [...text].length >= least && [...text].length <= most);

/** 2.0 is an integer to JSON Schema; its size is not bounded. */
const integer = z.number().refine(Number.isInteger);
const count = (least: number) => integer.min(least).max(MAX_INT);
const uuid = z.string().refine(isUuidLike);

const filled = <T extends object>(schema: z.ZodType<T>) => schema.refine((value) => Object.keys(value).length > 0);

// ---- inventories

const record = {
  total: count(1),
  reserved: count(0).optional(),
  min_unit: count(1).optional(),
  max_unit: count(1).optional(),
  step_size: count(1).optional(),
  allocation_ratio: z.number().max(SQL_SP_FLOAT_MAX).optional(),
};
const wholeRecord = z.strictObject({ ...record, resource_provider_generation: integer.optional() });

export type InventoryBody = z.infer<typeof wholeRecord>;

/** A name that is no class name escapes the schema: its record may be anything. */
const records = z.record(z.string(), z.unknown()).superRefine((named, context) => {
  for (const [name, value] of Object.entries(named)) {
    if (CLASS_NAME.test(name) && !wholeRecord.safeParse(value).success) context.addIssue('not an inventory record');
  }
});

export const postInventory = z.strictObject({
  ...record,
  resource_provider_generation: integer.optional(),
  resource_class: z.string().regex(CLASS_NAME),
});
export const putInventory = z.strictObject({ ...record, resource_provider_generation: integer });
export const putInventories = z.strictObject({ resource_provider_generation: integer, inventories: records });

// ---- providers

const name = characters(0, 200);
const parent = { parent_provider_uuid: uuid.nullable().optional() };

export interface ProviderBody {
  readonly name: string;
  readonly uuid?: string | undefined;
  readonly parent_provider_uuid?: string | null | undefined;
}

export const postProvider = (version: number): z.ZodType<ProviderBody> =>
  version >= 14
    ? z.strictObject({ name, uuid: uuid.optional(), ...parent })
    : z.strictObject({ name, uuid: uuid.optional() });
export const putProvider = (version: number): z.ZodType<ProviderBody> =>
  version >= 14 ? z.strictObject({ name, ...parent }) : z.strictObject({ name });

const aggregates = z.array(uuid).refine((list) => new Set(list).size === list.length);
export const putAggregates = aggregates;
export const putAggregatesWithGeneration = z.strictObject({ aggregates, resource_provider_generation: integer });

// ---- traits and resource classes

export const putTraits = z.strictObject({ traits: z.array(characters(1, 255)), resource_provider_generation: integer });
export const isCustomTrait = (text: string): boolean => CUSTOM_NAME.test(text) && text.length <= 255;
export const resourceClass = z.strictObject({ name: z.string().regex(CUSTOM_NAME).max(255) });

// ---- allocations

const resources = filled(z.record(z.string().regex(CLASS_NAME), integer.min(1)));
const consumerOf = { project_id: characters(1, 255), user_id: characters(1, 255) };
const byProvider = z.record(z.string().regex(UUID_KEY), z.strictObject({ generation: integer.optional(), resources }));
const asList = {
  allocations: z.array(z.strictObject({ resource_provider: z.strictObject({ uuid }), resources })).min(1),
};

const mappings = filled(
  z.record(z.string(), z.unknown()).superRefine((named, context) => {
    for (const [suffix, value] of Object.entries(named)) {
      if (SUFFIX_KEY.test(suffix) && !z.array(uuid).min(1).safeParse(value).success) context.addIssue('not providers');
    }
  }),
);

/** What the allocations of one consumer are told in, from 1.12 on. */
const entry = (version: number, mayBeEmpty: boolean) =>
  z.strictObject({
    allocations: mayBeEmpty ? byProvider : filled(byProvider),
    ...consumerOf,
    ...(version >= 28 ? { consumer_generation: integer.nullable() } : {}),
    ...(version >= 34 ? { mappings: mappings.optional() } : {}),
    ...(version >= 38 ? { consumer_type: characters(1, 255).regex(CLASS_NAME) } : {}),
  });

export interface AllocationsBody {
  readonly allocations: Readonly<Record<string, { readonly resources: Readonly<Record<string, number>> }>>;
  readonly project_id?: string;
  readonly user_id?: string;
  readonly consumer_generation?: number | null;
  readonly consumer_type?: string;
}

/** Below 1.12 a list of providers, of which the last entry of a provider counts. */
export function readPutAllocations(text: string, version: number): AllocationsBody {
  if (version >= 12) return read(text, entry(version, version >= 28)) as AllocationsBody;
  const list = version >= 8 ? z.strictObject({ ...asList, ...consumerOf }) : z.strictObject(asList);
  const { allocations, ...rest } = read(text, list);
  const last = new Map(allocations.map(({ resource_provider, resources }) => [resource_provider.uuid, { resources }]));
  return { ...rest, allocations: Object.fromEntries(last) };
}

const entries = (version: number) => z.record(z.string().regex(UUID_KEY), entry(version, true));

export function readPostAllocations(text: string, version: number): Readonly<Record<string, AllocationsBody>> {
  return read(text, filled(entries(version))) as Record<string, AllocationsBody>;
}

export interface ReshaperBody {
  readonly inventories: Readonly<
    Record<
      string,
      { readonly resource_provider_generation: number; readonly inventories: Readonly<Record<string, unknown>> }
    >
  >;
  readonly allocations: Readonly<Record<string, AllocationsBody>>;
}

export function readReshaper(text: string, version: number): ReshaperBody {
  const body = z.strictObject({
    inventories: filled(z.record(z.string().regex(UUID_KEY), putInventories)),
    allocations: entries(version),
  });
  return read(text, body) as ReshaperBody;
}

// ---- reading

/** placement/util.py:extract_json */
export function read<T>(text: string, schema: z.ZodType<T>): T {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new Refusal(400, 'Malformed JSON');
  }
  const reading = schema.safeParse(data);
  if (!reading.success) {
    const { path, message } = reading.error.issues[0]!;
    throw new Refusal(400, `JSON does not validate: ${[...path.map(String), message].join(': ')}`);
  }
  return reading.data;
}
