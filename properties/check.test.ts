/** What a search says of a scope is what ordinary scenarios show, and all that they show. */
import {
  CONTRACTS,
  cloudOf,
  compileFor,
  DEFAULT_OPTIONS,
  decodeToken,
  type Fault,
  findingsOf,
  judgeScenario,
  kindsFor,
  load,
  type Operation,
  placings,
  type Scenario,
  type Scope,
  Search,
  scenarioOf,
  Trial,
  tokenFor,
} from 'claimcheck';
import { expect, test } from 'vitest';

const NOVA = { protocol: 'nova', contract: 'strict', novaRelease: 34, defects: [], repairs: [] } as const;
const ROLLBACK = { ...NOVA, protocol: 'rollback' } as const;
const SCOPE: Scope = {
  hosts: 2,
  flavors: 2,
  servers: 1,
  operations: 2,
  faults: 1,
  holds: 0,
  together: 1,
  crashes: 1,
  room: 1,
  anyRequest: false,
  moves: ['resize'],
  options: DEFAULT_OPTIONS,
};

function search(
  config: typeof NOVA | typeof ROLLBACK,
  scope: Partial<Scope>,
  { causes = true, symmetric = true } = {},
) {
  const made = new Search(
    compileFor(config),
    CONTRACTS[config.contract],
    { ...SCOPE, ...scope },
    { causes, symmetric },
  );
  expect(made.go(() => false)).toBe(true);
  return made;
}

/** All of SCOPE. */
const nova = search(NOVA, {});

const signatures = ({ sightings }: Search): string[] => [...sightings.keys()].sort();

test('what is seen is shown by a scenario with faults and holds, which a token carries', () => {
  const code = compileFor(NOVA);
  const made = search(NOVA, { operations: 2, holds: 2, together: 2, faults: 1 });
  expect(made.sightings.size).toBeGreaterThan(200);
  let held = 0;
  for (const { signature, way } of made.sightings.values()) {
    const scenario = scenarioOf(made, way);
    const reading = decodeToken(tokenFor(NOVA, scenario, signature));
    if (!reading.ok) throw new Error(reading.error);
    expect(judgeScenario(code, CONTRACTS.strict, reading.value.scenario).map((one) => one.signature)).toContain(
      signature,
    );
    held += scenario.holds.length;
  }
  expect(held).toBeGreaterThan(0);
});

test('every state is where the scenario of its way ends', () => {
  const code = compileFor(NOVA);
  const made = search(NOVA, { holds: 1 });
  const ways = made.waysToAll();
  expect(ways.length).toBe(made.figures().states - made.placings.length);
  // one in so many: all of them take their time
  for (const [id, way] of ways.entries()) {
    if (id % 5 !== 0) continue;
    made.restore(made.placings.length + id, 0);
    // a scenario goes on until a later operation lets go what is held
    if (made.machine.run.world.jobs.some(({ hold }) => hold > 0)) continue;
    const scenario = scenarioOf(made, way);
    const { run, operations } = load(code, scenario);
    const trial = new Trial(run, CONTRACTS.strict);
    trial.begin();
    for (const [k, resolved] of operations.entries()) trial.step(k, resolved);
    made.restore(made.placings.length + id, operations.length - 1);
    const { world } = made.machine.run;
    const seen = (of: typeof world) => [
      of.instances.map(({ exists, host, vm, task, flavor, guests, running, backups, condemned }) => [
        [exists, host, vm, task, flavor],
        [guests, running, backups, condemned],
      ]),
      of.migrations
        .slice(0, of.globals.migrations)
        .map(({ status, source, destination }) => [status, source, destination]),
      of.hosts.map(({ up, vcpusUsed, memoryMbUsed }) => [up, vcpusUsed, memoryMbUsed]),
      of.placement.consumers
        .slice(0, 1 + of.globals.migrations)
        .map(({ exists, allocations }) => [exists, ...allocations.rows()]),
      of.jobs
        .filter(({ state }) => state > 0)
        .map(({ state, pc, service }) => [state, pc, service])
        .sort(),
    ];
    expect(seen(run.world)).toEqual(seen(world));
  }
});

/** Signatures of scenarios that are played one by one: a resize and another operation, with faults and holds. */
function shownBy(
  operations: readonly Operation[],
  disturbances: Iterable<Pick<Scenario, 'faults' | 'holds'>>,
): Set<string> {
  const code = compileFor(NOVA);
  const [placing] = placings(SCOPE, true);
  const boot: Operation = { operation: 'boot', server: 's1', flavor: 'm1', host: `h${placing![0]!.host + 1}` };
  const resize: Operation = { operation: 'resize', server: 's1', flavor: 'm2' };
  const shown = new Set<string>();
  for (const disturbance of disturbances) {
    const scenario: Scenario = {
      version: 1,
      cloud: cloudOf(SCOPE),
      options: DEFAULT_OPTIONS,
      operations: [boot, resize, ...operations],
      ...disturbance,
    };
    for (const { signature } of judgeScenario(code, CONTRACTS.strict, scenario)) shown.add(signature);
  }
  return shown;
}

/** Every fault of a first visit in an operation. */
const faultsIn = (operation: number): Fault[] =>
  compileFor(NOVA).points.flatMap(({ id: point, step }) =>
    kindsFor(step).map((kind) => ({ operation, point, kind, nth: 1, times: 1 })),
  );

/** One in so many: all of them take their time. */
const some = <T>(list: readonly T[], each: number, from = 0): T[] => list.filter((_, k) => k % each === from % each);

test('nothing that scenarios with a fault show one by one is missed', () => {
  const found = new Set(signatures(nova));
  for (const operation of ['confirm', 'revert', 'delete'] as const) {
    const faults = [...faultsIn(1), ...faultsIn(2)].map((fault) => ({ faults: [fault], holds: [] }));
    const shown = shownBy([{ operation, server: 's1' }], faults);
    expect([...shown].filter((signature) => !found.has(signature))).toEqual([]);
    expect(shown.size).toBeGreaterThan(10);
  }
});

/** Faults of a scenario stand in any order, and the signature names them in theirs. */
function inAnyOrder(signature: string): string {
  const [laws, cause, endState] = signature.split(' | ');
  return [laws, cause!.split(' + ').sort().join(' + '), endState].join(' | ');
}

test('nor with two faults', () => {
  const found = new Set(
    signatures(search(NOVA, { operations: 1, faults: 2, crashes: 2, together: 2 })).map(inAnyOrder),
  );
  const first = faultsIn(1);
  const pairs = some(first, 3).flatMap((fault, k) =>
    some(first, 61, k).map((second) => ({ faults: [fault, second], holds: [] })),
  );
  const shown = shownBy([], pairs);
  expect([...shown].filter((signature) => !found.has(inAnyOrder(signature)))).toEqual([]);
  expect(shown.size).toBeGreaterThan(50);
});

test('nor with a fault and a hold', () => {
  const found = new Set(signatures(search(NOVA, { holds: 1, together: 2 })));
  const faults = [...faultsIn(1), ...faultsIn(2)];
  const { points } = compileFor(NOVA);
  for (const operation of ['confirm', 'delete', 'hard_reboot'] as const) {
    const both = points.flatMap(({ id: point }, k) =>
      some(faults, 130, k).map((fault) => ({
        faults: [fault],
        holds: [{ operation: 1, point, nth: 1, until: 2 }],
      })),
    );
    const shown = shownBy([{ operation, server: 's1' }], both);
    expect([...shown].filter((signature) => !found.has(signature))).toEqual([]);
    expect(shown.size).toBeGreaterThan(20);
  }
});

test('what is called what makes no difference to what is seen', () => {
  for (const scope of [{}, { servers: 2, operations: 1, room: 1 }]) {
    const without = search(NOVA, scope, { symmetric: false });
    const reduced = search(NOVA, scope);
    expect(reduced.placings.length).toBeLessThan(without.placings.length);
    expect(signatures(reduced)).toEqual(signatures(without));
  }
});

test('states are one whatever struck where only whether a law breaks is asked', () => {
  const one = search(NOVA, {}, { causes: false });
  const laws = ({ sightings }: Search) =>
    [
      ...new Set(
        [...sightings.values()].map(({ violation }) => `${violation.invariants.join()} ${violation.endState}`),
      ),
    ].sort();
  expect(one.figures().states).toBeLessThan(nova.figures().states);
  expect(laws(one)).toEqual(laws(nova));
});

test('rollback meets every law with one fault and one hold, and a defect of it is found', () => {
  expect(search(ROLLBACK, { holds: 1, together: 2 }, { causes: false }).sightings.size).toBe(0);
  const config = { ...ROLLBACK, defects: ['1825537'] };
  const code = compileFor(config);
  const made = new Search(code, CONTRACTS.strict, { ...SCOPE, operations: 1 }, { causes: false, symmetric: true });
  made.go(() => false);
  const findings = findingsOf(made, code, config, new Map());
  expect(findings.map(({ known, operations, faults }) => [known, operations, faults])).toEqual([[null, 1, 1]]);
});

test('a stop that comes late, behind one that was carried out and a resize, is not the rollback protocol’s to carry out', () => {
  const scenario: Scenario = {
    version: 1,
    cloud: cloudOf(SCOPE),
    options: DEFAULT_OPTIONS,
    operations: [
      { operation: 'boot', server: 's1', flavor: 'm1', host: 'h1' },
      { operation: 'restart', service: 'h1' },
      { operation: 'stop', server: 's1' },
      { operation: 'resize', server: 's1', flavor: 'm2' },
    ],
    faults: [{ operation: 2, point: 'stop.cast', kind: 'late', nth: 1, times: 1 }],
    holds: [{ operation: 1, point: 'init.clear-leftovers', nth: 1, until: 2 }],
  };
  expect(judgeScenario(compileFor(ROLLBACK), CONTRACTS.strict, scenario)).toEqual([]);
});

test('it can be stopped between two states and goes on from there', () => {
  const made = new Search(compileFor(NOVA), CONTRACTS.strict, SCOPE, { causes: true, symmetric: true });
  let asked = 0;
  let stops = 0;
  while (!made.go(() => ++asked % 7 === 0)) stops++;
  expect(stops).toBeGreaterThan(10);
  expect(made.figures().states).toBe(nova.figures().states);
  expect(signatures(made)).toEqual(signatures(nova));
});
