/** Placements that are wrong in one way each, to show that every law can fail. No release was ever like the last ones. */
import { isWrite, NO_CONTENT, type Request, type Response } from '../src/placement/api.ts';
import type { PlacementRules } from '../src/placement/server.ts';
import { capacity } from '../src/placement/store.ts';
import { NONE } from '../src/state/table.ts';
import { CLASSES, type Inventory, type Make, type Start } from './placement-laws.ts';
import { type Model, model } from './placement-model.ts';

const withRules =
  (rules: Partial<PlacementRules>): Make =>
  (start) =>
    model(start, rules);

/** The model, asked in another way or with something done to its store around a request. */
const around =
  (serve: (real: Model, request: Request) => Response): Make =>
  (start) => {
    const real = model(start);
    return { ratio: real.ratio, serve: (request) => serve(real, request) };
  };

const afterwards = (meddle: (real: Model, request: Request, response: Response) => void): Make =>
  around((real, request) => {
    const response = real.serve(request);
    meddle(real, request, response);
    return response;
  });

/** The model of a start that is read wrongly, in inventories that come later too. */
const misread =
  (read: (inventory: Inventory) => Inventory): Make =>
  (start) => {
    const inventories = start.inventories.map((of) => of.map((record) => (record === null ? null : read(record))));
    return model({ ...start, inventories });
  };

const withCapacity = (of: (capacity: number, inventory: Inventory) => number): Make =>
  misread((inventory) => {
    const { total, reserved, ratio } = inventory;
    return { ...inventory, total: 1, reserved: 0, ratio: of((total - reserved) * ratio, inventory) };
  });

const withRelease =
  (release: number): Make =>
  (start: Start) =>
    model({ ...start, release });

const entriesOf = (request: Request) => ('entries' in request ? request.entries : []);
const generationsOf = ({ store }: Model): number[] => store.providers.map(({ generation }) => generation);

const CONFLICT: Response = {
  ...NO_CONTENT,
  status: 409,
  code: 'concurrent-update',
  consumerConflict: true,
  detail: 'consumer generation conflict',
};
const NO_ROOM: Response = { ...NO_CONTENT, status: 409, code: 'undefined', detail: 'capacity exceeded' };

export interface Mutant {
  readonly make: Make;
  /** the laws that must see it */
  readonly breaks: readonly string[];
}

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  // ---- cells of the model, some of which are bugs of old releases
  'P-03: empty consumers are kept': {
    make: withRules({ dropEmptyConsumers: false }),
    breaks: ['generationsStartAgainAfterRemoval', 'leftBehindConsumerRefusesNullAndAcceptsZero'],
  },
  'P-01: each amount is checked alone': {
    make: withRules({ sumWithinRequest: false }),
    breaks: ['twoConsumersThatFitAloneButNotTogetherAreRefused', 'usageIsTheSumOfAllocations'],
  },
  'room is not checked': {
    make: withRules({ checkCapacity: false }),
    breaks: ['capacityIsARealNumberNeverRounded', 'everyClassNeedsAnInventory', 'postIsAllOrNothing'],
  },
  'consumer generations are not checked': {
    make: withRules({ checkConsumerGeneration: false }),
    breaks: [
      'integerGenerationMustMatchExactly',
      'nullGenerationMeansMustNotExist',
      'generationConflictUnmakesEarlierConsumers',
      'emptyWriteForMissingConsumerLeavesItBehind',
    ],
  },
  'a refused write keeps the consumers it made': {
    make: withRules({ atomicWrites: false }),
    breaks: ['refusedWriteLeavesNoTrace', 'generationConflictUnmakesEarlierConsumers'],
  },

  // ---- generations of providers
  'writes move no provider generation': {
    make: around((real, request) => {
      const before = generationsOf(real);
      const response = real.serve(request);
      if (request.op !== 'put-inventory')
        before.forEach((g, p) => {
          real.store.providers[p]!.generation = g;
        });
      return response;
    }),
    breaks: ['providerGenerationRisesOncePerWriteThatNamesIt'],
  },
  'a provider rises once a row': {
    make: afterwards(({ store }, request, { status }) => {
      if (status !== 204) return;
      for (const { allocations } of entriesOf(request)) {
        for (let k = 3; k < allocations.length; k += 3) {
          if (allocations[k] === allocations[k - 3]) store.providers[allocations[k]!]!.generation++;
        }
      }
    }),
    breaks: ['providerGenerationRisesOncePerWriteThatNamesIt'],
  },
  'a provider rises whenever its usage falls by a write': {
    make: around((real, request) => {
      const had = entriesOf(request).map(({ consumer }) => real.store.consumers[consumer]!.allocations.rows());
      const response = real.serve(request);
      if (response.status !== 204) return response;
      for (const [e, { allocations }] of entriesOf(request).entries()) {
        if (allocations.length === 0) continue;
        const dropped = new Set(
          had[e]!.filter((p, k) => k % 3 === 0 && !allocations.some((q, n) => n % 3 === 0 && p === q)),
        );
        for (const p of dropped) real.store.providers[p]!.generation++;
      }
      return response;
    }),
    breaks: ['droppingAProviderFromANonEmptySetDoesNotRaiseItsGeneration'],
  },
  'DELETE raises provider generations': {
    make: around((real, request) => {
      if (request.op !== 'delete-allocations') return real.serve(request);
      const rows = real.store.consumers[request.consumer]!.allocations.rows();
      for (const p of new Set(rows.filter((_, k) => k % 3 === 0))) real.store.providers[p]!.generation++;
      return real.serve(request);
    }),
    breaks: ['deleteMovesNoProviderGeneration'],
  },
  'inventory writes ask no generation': {
    make: around((real, request) =>
      real.serve(
        request.op === 'put-inventory'
          ? { ...request, generation: real.store.providers[request.provider]!.generation }
          : request,
      ),
    ),
    breaks: ['inventoryWriteNeedsTheGenerationAndRaisesIt'],
  },
  'inventory writes move no generation': {
    make: afterwards(({ store }, request, { status }) => {
      if (request.op === 'put-inventory' && status === 200) store.providers[request.provider]!.generation--;
    }),
    breaks: ['inventoryWriteNeedsTheGenerationAndRaisesIt'],
  },

  // ---- consumers
  'null overwrites': {
    make: around((real, request) => {
      if (request.op !== 'put-allocations' || request.entries[0].generation !== NONE) return real.serve(request);
      const [entry] = request.entries;
      const { exists, generation } = real.store.consumers[entry.consumer]!;
      return real.serve({ ...request, entries: [{ ...entry, generation: exists === 1 ? generation : NONE }] });
    }),
    breaks: ['nullGenerationMeansMustNotExist', 'leftBehindConsumerRefusesNullAndAcceptsZero'],
  },
  'any older generation will do': {
    make: around((real, request) => {
      if (request.op !== 'put-allocations') return real.serve(request);
      const [entry] = request.entries;
      const { generation } = real.store.consumers[entry.consumer]!;
      const older = entry.generation !== NONE && entry.generation < generation;
      return real.serve({ ...request, entries: [{ ...entry, generation: older ? generation : entry.generation }] });
    }),
    breaks: ['integerGenerationMustMatchExactly'],
  },
  'the first write shows generation 0': {
    make: afterwards(({ store }, request, { status }) => {
      if (status !== 204) return;
      for (const { consumer, generation } of entriesOf(request)) {
        const record = store.consumers[consumer]!;
        if (generation === NONE && record.allocations.count > 0) record.generation = 0;
      }
    }),
    breaks: ['firstWriteShowsGenerationOne', 'everyWriteRaisesTheConsumerGenerationByOne'],
  },
  'an unchanged write leaves the generation': {
    make: around((real, request) => {
      const had = entriesOf(request).map(({ consumer }) => real.store.consumers[consumer]!.allocations.rows().join());
      const response = real.serve(request);
      if (response.status !== 204) return response;
      for (const [e, { consumer }] of entriesOf(request).entries()) {
        const record = real.store.consumers[consumer]!;
        if (record.allocations.rows().join() === had[e] && record.generation > 1) record.generation--;
      }
      return response;
    }),
    breaks: ['everyWriteRaisesTheConsumerGenerationByOne'],
  },
  'a removed consumer goes on where it was': {
    make: (start) => {
      const real = model(start);
      const last = new Map<number, number>();
      return {
        ratio: real.ratio,
        serve(request) {
          for (const [id, { exists, generation }] of real.store.consumers.entries()) {
            if (exists === 1) last.set(id, generation);
          }
          const made = entriesOf(request).filter(({ consumer }) => real.store.consumers[consumer]!.exists === 0);
          const response = real.serve(request);
          for (const { consumer } of made) {
            const record = real.store.consumers[consumer]!;
            if (record.exists === 1) record.generation += last.get(consumer) ?? 0;
          }
          return response;
        },
      };
    },
    breaks: ['generationsStartAgainAfterRemoval'],
  },
  'an empty write leaves nothing behind': {
    make: afterwards(({ store }, request) => {
      for (const { consumer } of entriesOf(request)) {
        const record = store.consumers[consumer]!;
        if (record.allocations.count === 0) record.exists = 0;
      }
    }),
    breaks: ['emptyWriteForMissingConsumerLeavesItBehind', 'unknownProviderLeavesConsumersBehind'],
  },
  'an empty write at 0 removes the one left behind': {
    make: afterwards(({ store }, request, { status }) => {
      if (status !== 204) return;
      for (const { consumer, generation, allocations } of entriesOf(request)) {
        if (generation === 0 && allocations.length === 0) store.consumers[consumer]!.exists = 0;
      }
    }),
    breaks: ['leftBehindConsumerRefusesNullAndAcceptsZero'],
  },
  'an unknown provider is refused within the clean-up': {
    make: around((real, request) => {
      const missing = entriesOf(request).filter(({ consumer }) => real.store.consumers[consumer]!.exists === 0);
      const response = real.serve(request);
      if (response.status === 400) for (const { consumer } of missing) real.store.consumers[consumer]!.exists = 0;
      return response;
    }),
    breaks: ['unknownProviderLeavesConsumersBehind'],
  },

  // ---- writes
  'a write adds to what is there': {
    make: around((real, request) => {
      if (request.op !== 'put-allocations') return real.serve(request);
      const [entry] = request.entries;
      const held = real.store.consumers[entry.consumer]!.allocations.rows();
      const kept: number[] = [];
      for (let k = 0; k < held.length; k += 3) {
        const again = entry.allocations.some((p, n) => n % 3 === 0 && p === held[k]);
        if (!again && entry.allocations.length > 0) kept.push(held[k]!, held[k + 1]!, held[k + 2]!);
      }
      return real.serve({ ...request, entries: [{ ...entry, allocations: [...entry.allocations, ...kept] }] });
    }),
    breaks: ['readShowsWhatWasWrittenLast'],
  },
  'room is judged before generations': {
    make: around((real, request) => {
      const full = entriesOf(request).some(({ allocations }) =>
        allocations.some((p, k) => {
          const record = real.store.inventories[p * CLASSES + allocations[k + 1]!];
          return k % 3 === 0 && record !== undefined && allocations[k + 2]! > capacity(real.store, record);
        }),
      );
      return full ? NO_ROOM : real.serve(request);
    }),
    breaks: ['firstMistakeIsTheOneAnswered'],
  },
  'unknown providers are found before generations': {
    make: around((real, request) => {
      const response = real.serve(request);
      if (response.status !== 400 || !('entries' in request)) return response;
      return CONFLICT;
    }),
    breaks: ['firstMistakeIsTheOneAnswered', 'unknownProviderLeavesConsumersBehind'],
  },
  'a POST is one PUT after the other': {
    make: around((real, request) => {
      if (request.op !== 'post-allocations') return real.serve(request);
      for (const entry of request.entries) {
        const response = real.serve({ op: 'put-allocations', entries: [entry] });
        if (response.status !== 204) return response;
      }
      return NO_CONTENT;
    }),
    breaks: ['postIsAllOrNothing', 'swapFitsInsideFullCapacity', 'providerGenerationRisesOncePerWriteThatNamesIt'],
  },
  'DELETE finds nothing to complain of': {
    make: around((real, request) => {
      const response = real.serve(request);
      return request.op === 'delete-allocations' ? NO_CONTENT : response;
    }),
    breaks: ['deleteAsksNoGenerationAndFindsOrNot'],
  },
  'GET makes the consumer it asks for': {
    make: afterwards(({ store }, request) => {
      if (request.op === 'get-allocations') store.consumers[request.consumer]!.exists = 1;
    }),
    breaks: ['readsLeaveNoTrace'],
  },
  'reading traits moves the generation': {
    make: afterwards(({ store }, request) => {
      if (request.op === 'get-provider-traits') store.providers[request.provider]!.generation++;
    }),
    breaks: ['readsLeaveNoTrace'],
  },

  // ---- room
  'capacity is rounded to the nearest': {
    make: withCapacity(Math.round),
    breaks: ['capacityIsARealNumberNeverRounded'],
  },
  'capacity is rounded up': { make: withCapacity(Math.ceil), breaks: ['capacityIsARealNumberNeverRounded'] },
  'capacity is compared with a tolerance': {
    make: withCapacity((exact) => exact + 1e-9),
    breaks: ['capacityIsARealNumberNeverRounded'],
  },
  'the ratio is multiplied in before the reserve comes off': {
    make: withCapacity((_, { total, reserved, ratio }) => total * ratio - reserved * ratio),
    breaks: ['capacityIsARealNumberNeverRounded'],
  },
  'the reserve is not multiplied': {
    make: withCapacity((_, { total, reserved, ratio }) => total * ratio - reserved),
    breaks: ['capacityIsARealNumberNeverRounded'],
  },
  'the ratio is kept in single precision': {
    make: misread((inventory) => ({ ...inventory, ratio: Math.fround(inventory.ratio) })),
    breaks: ['capacityIsARealNumberNeverRounded'],
  },
  'equality is refused': { make: withCapacity((exact) => exact - 1e-6), breaks: ['equalityIsAccepted'] },
  'min_unit is not looked at': {
    make: misread((inventory) => ({ ...inventory, minUnit: 1 })),
    breaks: ['minMaxStepBoundEachAmount'],
  },
  'max_unit is not looked at': {
    make: misread((inventory) => ({ ...inventory, maxUnit: 2 ** 31 - 1 })),
    breaks: ['minMaxStepBoundEachAmount'],
  },
  'step_size is not looked at': {
    make: misread((inventory) => ({ ...inventory, stepSize: 1 })),
    breaks: ['minMaxStepBoundEachAmount'],
  },
  'max_unit bounds the sum on the provider': {
    make: misread((inventory) => ({
      ...inventory,
      total: Math.min(inventory.total, inventory.maxUnit),
      ratio: inventory.maxUnit < inventory.total ? 1 : inventory.ratio,
    })),
    breaks: ['minMaxStepBoundEachAmount'],
  },
  'releases before 14 forgive over-commitment': { make: withRelease(16), breaks: ['overCommittedProviderTable'] },
  'no release forgives over-commitment': { make: withRelease(13), breaks: ['overCommittedProviderTable'] },
  'inventory cannot go below what is used': {
    make: around((real, request) => {
      if (request.op !== 'put-inventory') return real.serve(request);
      const { used } = real.store.inventories[request.provider * CLASSES + request.resourceClass]!;
      return request.total < used ? NO_ROOM : real.serve(request);
    }),
    breaks: ['overCommittedProviderTable'],
  },
  'candidates know no capacity': {
    make: around((real, request) => {
      if (request.op !== 'get-candidates') return real.serve(request);
      const kept = real.store.inventories.map(({ used }) => used);
      for (const record of real.store.inventories) record.used = 0;
      const response = real.serve(request);
      kept.forEach((used, k) => {
        real.store.inventories[k]!.used = used;
      });
      return response;
    }),
    breaks: ['candidatesUseTheSameRuleWithoutTheExemption', 'overCommittedProviderTable', 'usageIsTheSumOfAllocations'],
  },
  'forbidden traits are not looked at': {
    make: around((real, request) =>
      real.serve(request.op === 'get-candidates' ? { ...request, forbidden: 0 } : request),
    ),
    breaks: ['candidatesHaveEveryTraitAndStandInTheTree'],
  },
  'required traits are not looked at': {
    make: around((real, request) =>
      real.serve(request.op === 'get-candidates' ? { ...request, required: 0 } : request),
    ),
    breaks: ['candidatesHaveEveryTraitAndStandInTheTree'],
  },
  'the tree is not looked at': {
    make: around((real, request) =>
      real.serve(request.op === 'get-candidates' ? { ...request, inTree: NONE } : request),
    ),
    breaks: ['candidatesHaveEveryTraitAndStandInTheTree'],
  },
  'DELETE gives nothing back': {
    make: around((real, request) => {
      const kept = real.store.inventories.map(({ used }) => used);
      const response = real.serve(request);
      if (request.op === 'delete-allocations')
        kept.forEach((used, k) => {
          real.store.inventories[k]!.used = used;
        });
      return response;
    }),
    breaks: ['usageIsTheSumOfAllocations'],
  },
  'a refused write counts': {
    make: afterwards(({ store }, request, { status }) => {
      if (!isWrite(request.op) || status !== 409) return;
      for (const { allocations } of entriesOf(request)) {
        const record = store.inventories[allocations[0]! * CLASSES + allocations[1]!];
        if (record !== undefined) record.used += allocations[2]!;
      }
    }),
    breaks: ['refusedWriteLeavesNoTrace', 'usageIsTheSumOfAllocations'],
  },
};
