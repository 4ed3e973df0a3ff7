/** The model as something that the laws of Placement can be asked of. */
import { PLACEMENT_RULES, type PlacementRules, serve } from '../src/placement/server.ts';
import { makeStore, type Store, storeSize } from '../src/placement/store.ts';
import { NONE } from '../src/state/table.ts';
import { CLASSES, CONSUMERS, type Placement, PROVIDERS, type Start } from './placement-laws.ts';

const SHAPE = { providers: PROVIDERS, classes: CLASSES, consumers: CONSUMERS, rows: PROVIDERS * CLASSES };

export interface Model extends Placement {
  readonly store: Store;
}

export function model(start: Start, rules: Partial<PlacementRules> = {}): Model {
  const ratios: number[] = [];
  const ratio = (value: number): number => {
    const known = ratios.indexOf(value);
    return known >= 0 ? known : ratios.push(value) - 1;
  };
  const store = makeStore(new Int32Array(storeSize(SHAPE)), 0, SHAPE, ratios);
  store.overCapacityRewrite = start.release >= 14;
  for (const [p, inventories] of start.inventories.entries()) {
    Object.assign(store.providers[p]!, { exists: 1, parent: NONE, traits: start.traits[p]! });
    for (const [c, inventory] of inventories.entries()) {
      if (inventory === null) continue;
      Object.assign(store.inventories[p * CLASSES + c]!, { ...inventory, exists: 1, ratio: ratio(inventory.ratio) });
    }
  }
  const all = { ...PLACEMENT_RULES, ...rules };
  return { store, ratio, serve: (request) => serve(store, all, request) };
}
