import type { Code } from '../engine/compile.ts';
import { load } from '../engine/load.ts';
import { perform } from '../engine/operations.ts';
import { settle } from '../engine/settle.ts';
import { describeServer } from '../observation/describe.ts';
import { operationPicture, picture } from '../observation/picture.ts';
import type { Target } from './target.ts';

const HELD = ['did not strike', 'struck', 'released', 'broken'] as const;

/** The built-in model of a protocol, with whatever defects it was compiled with. */
export function modelTarget(code: Code): Target {
  return {
    id: 'model',
    play(scenario) {
      const { run, operations, servers } = load(code, scenario);
      const { world } = run;
      const lines = (): Record<string, string> =>
        Object.fromEntries(
          servers.flatMap((server, i) =>
            world.instances[i]!.exists === 0 ? [] : [[server, describeServer(world, i)]],
          ),
        );
      const steps = operations.map((resolved, k) => {
        perform(run, k, resolved);
        if (resolved.operation.operation === 'settle') {
          settle(run);
          run.armed = true;
        }
        return { operation: operationPicture(world.operations[k]!), picture: picture(world, servers) };
      });
      const quiescent = lines();
      settle(run);
      return {
        steps,
        quiescent,
        settled: lines(),
        settledPicture: picture(world, servers),
        fired: world.faults.map(({ fired }) => fired > 0),
        held: world.holds.map(({ state }) => HELD[state]!),
      };
    },
  };
}
