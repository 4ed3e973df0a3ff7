import type { Code } from '../../engine/compile.ts';
import { playOn } from '../model.ts';
import type { Target } from '../target.ts';
import type { RemotePlacement } from './remote.ts';

/** The model's handlers, and a real Placement that answers them. What it keeps is read back before it is observed. */
export function placementTarget(code: Code, placement: RemotePlacement): Target {
  return {
    id: 'placement',
    play: (scenario) => playOn(code, scenario, placement, (world) => placement.readBack(world)),
  };
}
