import { describe, expect, test } from 'vitest';
import { NONE } from '../state/table.ts';
import {
  CONSUMER_CONFLICT,
  PROVIDER_CONFLICT,
  PROXY_ERROR,
  type Request,
  type Response,
  SERVER_ERROR,
  TIMED_OUT,
} from './api.ts';
import { type Names, namesFor, type RestRequest, type RestResponse, renderRequest, renderResponse } from './rest.ts';
import { PLACEMENT_RULES, serve } from './server.ts';
import { makeStore, type Store, storeSize } from './store.ts';

const [S, D] = [0, 1] as const;
const [I, M] = [0, 1] as const;
const [VCPU, MEMORY_MB, DISK_GB] = [0, 1, 2] as const;
const OLD = [S, VCPU, 1, S, MEMORY_MB, 512, S, DISK_GB, 1];
const NEW = [D, VCPU, 2, D, MEMORY_MB, 1024, D, DISK_GB, 1];

/** Source and destination of a resize, as their trackers reported them; the server runs on the source. */
function cloud(): Store {
  const shape = { providers: 2, classes: 3, consumers: 2, rows: 6 };
  const store = makeStore(new Int32Array(storeSize(shape)), 0, shape, [1, 1.5, 4]);
  for (const p of [S, D]) {
    Object.assign(store.providers[p]!, { exists: 1, generation: 2, parent: NONE, traits: 1 });
    for (const [c, total, reserved, ratio] of [
      [VCPU, 3, 0, 2],
      [MEMORY_MB, 8193, 512, 1],
      [DISK_GB, 100, 0, 0],
    ] as const) {
      const record = { exists: 1, total, reserved, minUnit: 1, maxUnit: total, stepSize: 1, ratio };
      Object.assign(store.inventories[p * 3 + c]!, record);
    }
  }
  serve(store, PLACEMENT_RULES, {
    op: 'put-allocations',
    entries: [{ consumer: I, generation: NONE, allocations: OLD }],
  });
  return store;
}

const shortNames = (store: Store): Names => ({
  provider: (id) => ['S', 'D'][id] ?? '?',
  providerName: (id) => ['compute-1', 'compute-2'][id] ?? '?',
  consumer: (id) => ['I', 'M'][id]!,
  classes: ['VCPU', 'MEMORY_MB', 'DISK_GB'],
  traits: ['COMPUTE_SAME_HOST_COLD_MIGRATE', 'HW_CPU_X86_AVX2', 'CUSTOM_B', 'CUSTOM_A'],
  project: 'project',
  user: 'user',
  store,
});

const line = ({ method, path, microversion, body }: RestRequest, { status, body: shown }: RestResponse): string => {
  const sent = body === undefined ? '' : `\n       ${JSON.stringify(body)}`;
  const got = shown === undefined ? '' : ` ${JSON.stringify(shown)}`;
  return `${method.padEnd(6)} ${path} ${microversion ?? 'no header'}${sent}\n    -> ${status}${got}`;
};

function converse(store: Store, requests: readonly Request[], names = shortNames(store)): string {
  return requests
    .map((request) => {
      const sent = renderRequest(request, names);
      return line(sent, renderResponse(request, serve(store, PLACEMENT_RULES, request), names));
    })
    .join('\n');
}

/** What is said when `response` comes in the place of Placement's own. */
const instead = (request: Request, response: Response): string => {
  const names = shortNames(cloud());
  return line(renderRequest(request, names), renderResponse(request, response, names));
};

const get = (consumer: number): Request => ({ op: 'get-allocations', consumer });
const put = (consumer: number, generation: number, allocations: readonly number[]): Request => ({
  op: 'put-allocations',
  entries: [{ consumer, generation, allocations }],
});

describe('a resize and its end, as recorded from a real Nova', () => {
  const swap: Request = {
    op: 'post-allocations',
    entries: [
      { consumer: I, generation: 1, allocations: [] },
      { consumer: M, generation: NONE, allocations: OLD },
    ],
  };
  const wanted: Request = {
    op: 'get-candidates',
    resources: [VCPU, 2, MEMORY_MB, 1024, DISK_GB, 1],
    required: 0,
    forbidden: 0,
    inTree: NONE,
  };

  test('resize and confirm', () => {
    const store = cloud();
    expect(
      converse(store, [
        get(I),
        get(I),
        get(M),
        swap,
        wanted,
        get(I),
        put(I, NONE, NEW),
        get(I),
        { op: 'get-provider-allocations', provider: D },
        { op: 'get-provider-allocations', provider: S },
        get(M),
        put(M, 1, []),
        get(M),
        get(I),
      ]),
    ).toMatchInlineSnapshot(`
      "GET    /allocations/I 1.28
          -> 200 {"allocations":{"S":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1},"generation":3}},"project_id":"project","user_id":"user","consumer_generation":1}
      GET    /allocations/I 1.28
          -> 200 {"allocations":{"S":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1},"generation":3}},"project_id":"project","user_id":"user","consumer_generation":1}
      GET    /allocations/M 1.28
          -> 200 {"allocations":{}}
      POST   /allocations 1.28
             {"I":{"allocations":{},"consumer_generation":1,"project_id":"project","user_id":"user"},"M":{"allocations":{"S":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}}},"consumer_generation":null,"project_id":"project","user_id":"user"}}
          -> 204
      GET    /allocation_candidates?limit=1000&resources=DISK_GB%3A1%2CMEMORY_MB%3A1024%2CVCPU%3A2&root_required=%21COMPUTE_STATUS_DISABLED 1.36
          -> 200 {"allocation_requests":[{"allocations":{"S":{"resources":{"VCPU":2,"MEMORY_MB":1024,"DISK_GB":1}}},"mappings":{"":["S"]}},{"allocations":{"D":{"resources":{"VCPU":2,"MEMORY_MB":1024,"DISK_GB":1}}},"mappings":{"":["D"]}}],"provider_summaries":{"S":{"resources":{"VCPU":{"capacity":12,"used":1},"MEMORY_MB":{"capacity":11521,"used":512},"DISK_GB":{"capacity":100,"used":1}},"traits":["COMPUTE_SAME_HOST_COLD_MIGRATE"],"parent_provider_uuid":null,"root_provider_uuid":"S"},"D":{"resources":{"VCPU":{"capacity":12,"used":0},"MEMORY_MB":{"capacity":11521,"used":0},"DISK_GB":{"capacity":100,"used":0}},"traits":["COMPUTE_SAME_HOST_COLD_MIGRATE"],"parent_provider_uuid":null,"root_provider_uuid":"D"}}}
      GET    /allocations/I 1.28
          -> 200 {"allocations":{}}
      PUT    /allocations/I 1.36
             {"allocations":{"D":{"resources":{"VCPU":2,"MEMORY_MB":1024,"DISK_GB":1}}},"mappings":{"":["D"]},"consumer_generation":null,"project_id":"project","user_id":"user"}
          -> 204
      GET    /allocations/I 1.28
          -> 200 {"allocations":{"D":{"resources":{"VCPU":2,"MEMORY_MB":1024,"DISK_GB":1},"generation":3}},"project_id":"project","user_id":"user","consumer_generation":1}
      GET    /resource_providers/D/allocations no header
          -> 200 {"allocations":{"I":{"resources":{"VCPU":2,"MEMORY_MB":1024,"DISK_GB":1}}},"resource_provider_generation":3}
      GET    /resource_providers/S/allocations no header
          -> 200 {"allocations":{"M":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}}},"resource_provider_generation":4}
      GET    /allocations/M 1.28
          -> 200 {"allocations":{"S":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1},"generation":4}},"project_id":"project","user_id":"user","consumer_generation":1}
      PUT    /allocations/M 1.28
             {"allocations":{},"consumer_generation":1,"project_id":"project","user_id":"user"}
          -> 204
      GET    /allocations/M 1.28
          -> 200 {"allocations":{}}
      GET    /allocations/I 1.28
          -> 200 {"allocations":{"D":{"resources":{"VCPU":2,"MEMORY_MB":1024,"DISK_GB":1},"generation":3}},"project_id":"project","user_id":"user","consumer_generation":1}"
    `);
  });

  test('resize and revert', () => {
    const store = cloud();
    converse(store, [swap, put(I, NONE, NEW)]);
    expect(
      converse(store, [
        get(M),
        get(M),
        get(I),
        {
          op: 'post-allocations',
          entries: [
            { consumer: M, generation: 1, allocations: [] },
            { consumer: I, generation: 1, allocations: OLD },
          ],
        },
        get(I),
        { op: 'delete-allocations', consumer: I },
      ]),
    ).toMatchInlineSnapshot(`
      "GET    /allocations/M 1.28
          -> 200 {"allocations":{"S":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1},"generation":4}},"project_id":"project","user_id":"user","consumer_generation":1}
      GET    /allocations/M 1.28
          -> 200 {"allocations":{"S":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1},"generation":4}},"project_id":"project","user_id":"user","consumer_generation":1}
      GET    /allocations/I 1.28
          -> 200 {"allocations":{"D":{"resources":{"VCPU":2,"MEMORY_MB":1024,"DISK_GB":1},"generation":3}},"project_id":"project","user_id":"user","consumer_generation":1}
      POST   /allocations 1.28
             {"M":{"allocations":{},"consumer_generation":1,"project_id":"project","user_id":"user"},"I":{"allocations":{"S":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}}},"consumer_generation":1,"project_id":"project","user_id":"user"}}
          -> 204
      GET    /allocations/I 1.28
          -> 200 {"allocations":{"S":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1},"generation":5}},"project_id":"project","user_id":"user","consumer_generation":2}
      DELETE /allocations/I no header
          -> 204"
    `);
  });
});

test('what else Nova and an operator send', () => {
  expect(
    converse(cloud(), [
      // evacuation: what is added to older allocations has no mappings
      put(I, 1, [...OLD, ...NEW]),
      { op: 'get-candidates', resources: [VCPU, 1], required: 1 | 4 | 8, forbidden: 2, inTree: D },
      { op: 'get-candidates', resources: [VCPU, 1], required: 1, forbidden: 0, inTree: D },
      { op: 'get-provider-traits', provider: S },
      {
        op: 'put-inventory',
        provider: S,
        resourceClass: MEMORY_MB,
        generation: 4,
        total: 2048,
        reserved: 0,
        minUnit: 1,
        maxUnit: 2048,
        stepSize: 1,
        ratio: 1,
      },
    ]),
  ).toMatchInlineSnapshot(`
    "PUT    /allocations/I 1.36
           {"allocations":{"S":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}},"D":{"resources":{"VCPU":2,"MEMORY_MB":1024,"DISK_GB":1}}},"consumer_generation":1,"project_id":"project","user_id":"user"}
        -> 204
    GET    /allocation_candidates?in_tree=D&limit=1000&required=COMPUTE_SAME_HOST_COLD_MIGRATE%2CCUSTOM_A%2CCUSTOM_B%2C%21HW_CPU_X86_AVX2&resources=VCPU%3A1&root_required=%21COMPUTE_STATUS_DISABLED 1.36
        -> 200 {"allocation_requests":[],"provider_summaries":{}}
    GET    /allocation_candidates?in_tree=D&limit=1000&required=COMPUTE_SAME_HOST_COLD_MIGRATE&resources=VCPU%3A1&root_required=%21COMPUTE_STATUS_DISABLED 1.36
        -> 200 {"allocation_requests":[{"allocations":{"D":{"resources":{"VCPU":1}}},"mappings":{"":["D"]}}],"provider_summaries":{"D":{"resources":{"VCPU":{"capacity":12,"used":2},"MEMORY_MB":{"capacity":11521,"used":1024},"DISK_GB":{"capacity":100,"used":1}},"traits":["COMPUTE_SAME_HOST_COLD_MIGRATE"],"parent_provider_uuid":null,"root_provider_uuid":"D"}}}
    GET    /resource_providers/S/traits 1.6
        -> 200 {"traits":["COMPUTE_SAME_HOST_COLD_MIGRATE"],"resource_provider_generation":4}
    PUT    /resource_providers/S/inventories/MEMORY_MB 1.26
           {"resource_provider_generation":4,"total":2048,"reserved":0,"min_unit":1,"max_unit":2048,"step_size":1,"allocation_ratio":1.5}
        -> 200 {"total":2048,"reserved":0,"min_unit":1,"max_unit":2048,"step_size":1,"allocation_ratio":1.5,"resource_provider_generation":5}"
  `);
});

describe('refusals', () => {
  const nowhere = 2;
  const inventory = {
    op: 'put-inventory',
    provider: S,
    resourceClass: VCPU,
    generation: 3,
    total: 1,
    reserved: 0,
    minUnit: 1,
    maxUnit: 1,
    stepSize: 1,
    ratio: 0,
  } as const;

  test('of Placement', () => {
    const store = cloud();
    store.inventories[D * 3 + DISK_GB]!.exists = 0;
    expect(
      converse(store, [
        put(I, NONE, OLD),
        put(M, 7, OLD),
        put(M, NONE, [S, VCPU, 4]),
        put(M, NONE, [S, DISK_GB, 100]),
        put(M, NONE, [D, VCPU, 1, D, DISK_GB, 1]),
        put(M, NONE, [D, DISK_GB, 1]),
        put(M, NONE, [nowhere, VCPU, 1]),
        put(M, NONE, OLD),
        { op: 'delete-allocations', consumer: M },
        { op: 'get-provider-allocations', provider: nowhere },
        { op: 'get-provider-traits', provider: nowhere },
        { ...inventory, provider: nowhere },
        { ...inventory, generation: 2 },
        { ...inventory, reserved: 2 },
        { ...inventory, provider: D, generation: 2, resourceClass: DISK_GB },
      ]),
    ).toMatchInlineSnapshot(`
      "PUT    /allocations/I 1.36
             {"allocations":{"S":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}}},"mappings":{"":["S"]},"consumer_generation":null,"project_id":"project","user_id":"user"}
          -> 409 {"errors":[{"status":409,"title":"Conflict","detail":"There was a conflict when trying to complete your request.\\n\\n consumer generation conflict - expected 1 but got None  ","code":"placement.concurrent_update"}]}
      PUT    /allocations/M 1.36
             {"allocations":{"S":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}}},"consumer_generation":7,"project_id":"project","user_id":"user"}
          -> 409 {"errors":[{"status":409,"title":"Conflict","detail":"There was a conflict when trying to complete your request.\\n\\n consumer generation conflict - expected null but got 7  ","code":"placement.concurrent_update"}]}
      PUT    /allocations/M 1.36
             {"allocations":{"S":{"resources":{"VCPU":4}}},"mappings":{"":["S"]},"consumer_generation":null,"project_id":"project","user_id":"user"}
          -> 409 {"errors":[{"status":409,"title":"Conflict","detail":"There was a conflict when trying to complete your request.\\n\\n Unable to allocate inventory: Unable to create allocation for 'VCPU' on resource provider 'S'. The requested amount would violate inventory constraints.  ","code":"placement.undefined_code"}]}
      PUT    /allocations/M 1.36
             {"allocations":{"S":{"resources":{"DISK_GB":100}}},"mappings":{"":["S"]},"consumer_generation":null,"project_id":"project","user_id":"user"}
          -> 409 {"errors":[{"status":409,"title":"Conflict","detail":"There was a conflict when trying to complete your request.\\n\\n Unable to allocate inventory: Unable to create allocation for 'DISK_GB' on resource provider 'S'. The requested amount would exceed the capacity.  ","code":"placement.undefined_code"}]}
      PUT    /allocations/M 1.36
             {"allocations":{"D":{"resources":{"VCPU":1,"DISK_GB":1}}},"mappings":{"":["D"]},"consumer_generation":null,"project_id":"project","user_id":"user"}
          -> 409 {"errors":[{"status":409,"title":"Conflict","detail":"There was a conflict when trying to complete your request.\\n\\n Unable to allocate inventory: Inventory for 'DISK_GB' on resource provider 'D' invalid.  ","code":"placement.undefined_code"}]}
      PUT    /allocations/M 1.36
             {"allocations":{"D":{"resources":{"DISK_GB":1}}},"mappings":{"":["D"]},"consumer_generation":null,"project_id":"project","user_id":"user"}
          -> 409 {"errors":[{"status":409,"title":"Conflict","detail":"There was a conflict when trying to complete your request.\\n\\n Unable to allocate inventory: Inventory for 'DISK_GB' on resource provider 'D' invalid.  ","code":"placement.undefined_code"}]}
      PUT    /allocations/M 1.36
             {"allocations":{"?":{"resources":{"VCPU":1}}},"mappings":{"":["?"]},"consumer_generation":null,"project_id":"project","user_id":"user"}
          -> 400 {"errors":[{"status":400,"title":"Bad Request","detail":"The server could not comply with the request since it is either malformed or otherwise incorrect.\\n\\n Allocation for resource provider '?' that does not exist.  ","code":"placement.undefined_code"}]}
      PUT    /allocations/M 1.36
             {"allocations":{"S":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}}},"mappings":{"":["S"]},"consumer_generation":null,"project_id":"project","user_id":"user"}
          -> 409 {"errors":[{"status":409,"title":"Conflict","detail":"There was a conflict when trying to complete your request.\\n\\n consumer generation conflict - expected 0 but got None  ","code":"placement.concurrent_update"}]}
      DELETE /allocations/M no header
          -> 404 {"errors":[{"status":404,"title":"Not Found","detail":"The resource could not be found.\\n\\n No allocations for consumer 'M'  "}]}
      GET    /resource_providers/?/allocations no header
          -> 404 {"errors":[{"status":404,"title":"Not Found","detail":"The resource could not be found.\\n\\n Resource provider '?' not found: No resource provider with uuid ? found  "}]}
      GET    /resource_providers/?/traits 1.6
          -> 404 {"errors":[{"status":404,"title":"Not Found","detail":"The resource could not be found.\\n\\n No resource provider with uuid ? found: No resource provider with uuid ? found  "}]}
      PUT    /resource_providers/?/inventories/VCPU 1.26
             {"resource_provider_generation":3,"total":1,"reserved":0,"min_unit":1,"max_unit":1,"step_size":1,"allocation_ratio":1}
          -> 404 {"errors":[{"status":404,"title":"Not Found","detail":"The resource could not be found.\\n\\n No resource provider with uuid ? found  ","code":"placement.undefined_code"}]}
      PUT    /resource_providers/S/inventories/VCPU 1.26
             {"resource_provider_generation":2,"total":1,"reserved":0,"min_unit":1,"max_unit":1,"step_size":1,"allocation_ratio":1}
          -> 409 {"errors":[{"status":409,"title":"Conflict","detail":"There was a conflict when trying to complete your request.\\n\\n resource provider generation conflict  ","code":"placement.concurrent_update"}]}
      PUT    /resource_providers/S/inventories/VCPU 1.26
             {"resource_provider_generation":3,"total":1,"reserved":2,"min_unit":1,"max_unit":1,"step_size":1,"allocation_ratio":1}
          -> 400 {"errors":[{"status":400,"title":"Bad Request","detail":"The server could not comply with the request since it is either malformed or otherwise incorrect.\\n\\n Unable to update inventory for resource provider S: Invalid inventory for 'VCPU' on resource provider 'S'. The reserved value is greater than total.  ","code":"placement.undefined_code"}]}
      PUT    /resource_providers/D/inventories/DISK_GB 1.26
             {"resource_provider_generation":2,"total":1,"reserved":0,"min_unit":1,"max_unit":1,"step_size":1,"allocation_ratio":1}
          -> 400 {"errors":[{"status":400,"title":"Bad Request","detail":"The server could not comply with the request since it is either malformed or otherwise incorrect.\\n\\n No inventory record with resource class for resource provider D: No inventory of class DISK_GB found.  ","code":"placement.undefined_code"}]}"
    `);
  });

  test('of the wire', () => {
    const answers = [CONSUMER_CONFLICT, PROVIDER_CONFLICT, SERVER_ERROR, PROXY_ERROR, TIMED_OUT];
    expect(answers.map((response) => instead(put(M, NONE, []), response)).join('\n')).toMatchInlineSnapshot(`
      "PUT    /allocations/M 1.28
             {"allocations":{},"consumer_generation":null,"project_id":"project","user_id":"user"}
          -> 409 {"errors":[{"status":409,"title":"Conflict","detail":"There was a conflict when trying to complete your request.\\n\\n consumer generation conflict  ","code":"placement.concurrent_update"}]}
      PUT    /allocations/M 1.28
             {"allocations":{},"consumer_generation":null,"project_id":"project","user_id":"user"}
          -> 409 {"errors":[{"status":409,"title":"Conflict","detail":"There was a conflict when trying to complete your request.\\n\\n Inventory and/or allocations changed while attempting to allocate: Another thread concurrently updated the resource provider data. Please retry your update  ","code":"placement.concurrent_update"}]}
      PUT    /allocations/M 1.28
             {"allocations":{},"consumer_generation":null,"project_id":"project","user_id":"user"}
          -> 500 {"errors":[{"status":500,"title":"Internal Server Error","detail":"The server has either erred or is incapable of performing the requested operation.\\n\\n Internal Server Error  ","code":"placement.undefined_code"}]}
      PUT    /allocations/M 1.28
             {"allocations":{},"consumer_generation":null,"project_id":"project","user_id":"user"}
          -> 503 "<html><body><h1>503 Service Unavailable</h1></body></html>"
      PUT    /allocations/M 1.28
             {"allocations":{},"consumer_generation":null,"project_id":"project","user_id":"user"}
          -> 0"
    `);
  });
});

test('uuids come from names', () => {
  const store = cloud();
  const names = namesFor(store, {
    providers: ['compute-1', 'compute-2'],
    consumer: (id) => ['web', 'web/migration-1'][id]!,
    classes: ['VCPU', 'MEMORY_MB', 'DISK_GB'],
    traits: [],
  });
  expect(converse(store, [get(I), { op: 'get-provider-allocations', provider: S }], names)).toMatchInlineSnapshot(`
    "GET    /allocations/62af4f73-a671-4ec6-9950-20727a159bc9 1.28
        -> 200 {"allocations":{"e81d9765-cb14-4d2a-b570-62b5ebe22e88":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1},"generation":3}},"project_id":"c2c97e4ccf3a4b9e86b27ce7b3afe198","user_id":"7ac80cacd38d4a02b8ab37b70e6b5db6","consumer_generation":1}
    GET    /resource_providers/e81d9765-cb14-4d2a-b570-62b5ebe22e88/allocations no header
        -> 200 {"allocations":{"62af4f73-a671-4ec6-9950-20727a159bc9":{"resources":{"VCPU":1,"MEMORY_MB":512,"DISK_GB":1}}},"resource_provider_generation":3}"
  `);
});

test('a capacity is truncated towards zero, a usage may exceed it', () => {
  const store = cloud();
  Object.assign(store.inventories[S * 3 + VCPU]!, { total: 1, reserved: 2, ratio: 1 });
  Object.assign(store.inventories[S * 3 + MEMORY_MB]!, { total: 3, reserved: 0 });
  const wanted: Request = { op: 'get-candidates', resources: [DISK_GB, 1], required: 0, forbidden: 0, inTree: S };
  const { body } = renderResponse(wanted, serve(store, PLACEMENT_RULES, wanted), shortNames(store));
  expect(body).toMatchObject({
    provider_summaries: {
      S: {
        resources: {
          VCPU: { capacity: -1, used: 1 },
          MEMORY_MB: { capacity: 4, used: 512 },
          DISK_GB: { capacity: 100, used: 1 },
        },
      },
    },
  });
});
