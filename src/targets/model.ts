import type { Code } from '../engine/compile.ts';
import { load } from '../engine/load.ts';
import type { PlacementService } from '../engine/run.ts';
import { play, settle } from '../engine/settle.ts';
import type { World } from '../nova/world.ts';
import { describeServer } from '../observation/describe.ts';
import { operationPicture, picture } from '../observation/picture.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Play, Target } from './target.ts';

const HELD = ['did not strike', 'struck', 'released', 'broken'] as const;

/** The built-in model of a protocol, with whatever defects it was compiled with. */
export function modelTarget(code: Code): Target {
  return { id: 'model', play: (scenario) => playOn(code, scenario) };
}

/**
 * @param placement who answers in place of the model's Placement
 * @param observe runs before what everybody holds is looked at, at quiescence and at the end
 */
export function playOn(
  code: Code,
  scenario: Scenario,
  placement: PlacementService | null = null,
  observe: (world: World) => void = () => {},
): Play {
  const { run, operations, servers } = load(code, scenario, placement);
  const { world } = run;
  const lines = (): Record<string, string> =>
    Object.fromEntries(
      servers.flatMap((server, i) => (world.instances[i]!.exists === 0 ? [] : [[server, describeServer(world, i)]])),
    );
  const steps = operations.map((resolved, k) => {
    play(run, k, resolved);
    return { operation: operationPicture(world.operations[k]!), picture: picture(world, servers) };
  });
  observe(world);
  const quiescent = lines();
  settle(run);
  observe(world);
  return {
    steps,
    quiescent,
    settled: lines(),
    settledPicture: picture(world, servers),
    fired: world.faults.map(({ fired }) => fired > 0),
    held: world.holds.map(({ state }) => HELD[state]!),
  };
}
