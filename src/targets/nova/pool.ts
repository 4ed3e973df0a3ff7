/** Several Novas at once, each a process: whoever is free takes the next scenario. */
import type { Code } from '../../engine/compile.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { type HarnessOptions, type NovaFailure, NovaHarness, type NovaPlay } from './harness.ts';

export class NovaPool {
  private readonly harnesses: readonly NovaHarness[];

  constructor(code: Code, options: HarnessOptions, processes: number) {
    this.harnesses = Array.from({ length: processes }, () => new NovaHarness(code, options));
  }

  /** Starts them all. Returns why that cannot be, or null. */
  async start(): Promise<NovaFailure | null> {
    const failures = await Promise.all(this.harnesses.map((one) => one.start()));
    return failures.find((one) => one !== null) ?? null;
  }

  play(scenario: Scenario, trace = false): Promise<NovaPlay | NovaFailure> {
    return this.harnesses[0]!.play(scenario, trace);
  }

  /** Plays each, and tells as they end; `more` says whether to go on. */
  async each(
    scenarios: Iterator<Scenario>,
    told: (scenario: Scenario, play: NovaPlay | NovaFailure) => void,
    more: () => boolean,
  ): Promise<void> {
    await Promise.all(
      this.harnesses.map(async (one) => {
        for (;;) {
          const next = more() ? scenarios.next() : undefined;
          if (next === undefined || next.done === true) return;
          told(next.value, await one.play(next.value));
        }
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.harnesses.map((one) => one.close()));
  }
}
