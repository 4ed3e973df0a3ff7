/** Generated scenarios on the model and on Nova: how many end alike, what is listed, and what is not. */
import type { Scenario } from '../../scenario/scenario.ts';
import type { Target } from '../target.ts';
import { compare, type Difference } from './conform.ts';
import type { NovaFailure, NovaPlay } from './harness.ts';
import { unreachablePoints } from './known-differences.ts';
import type { NovaPool } from './pool.ts';

export interface Disagreement {
  readonly scenario: Scenario;
  readonly differences: readonly Difference[];
}

export class Conformance {
  played = 0;
  alike = 0;
  /** scenarios in which an entry of the list was met, by its id */
  readonly listed = new Map<string, number>();
  /** left out: something would have to strike where no call of Nova's lies */
  unreachable = 0;
  readonly disagreements: Disagreement[] = [];
  /** plays that did not come to their end, by what was said */
  readonly failures = new Map<string, number>();
  /** pairs `point kind` that struck on Nova and whose end was predicted, and all that struck */
  readonly predicted = new Set<string>();
  readonly struck = new Set<string>();
  private readonly model: Target;

  constructor(model: Target) {
    this.model = model;
  }

  add(scenario: Scenario, play: NovaPlay | NovaFailure): void {
    if ('failed' in play) {
      this.failures.set(play.failed, (this.failures.get(play.failed) ?? 0) + 1);
      return;
    }
    this.played++;
    const { differences, listed } = compare(scenario, this.model.play(scenario), play);
    for (const id of listed) this.listed.set(id, (this.listed.get(id) ?? 0) + 1);
    for (const [k, { point, kind }] of scenario.faults.entries()) {
      if (!play.fired[k]) continue;
      this.struck.add(`${point} ${kind}`);
      if (differences.length === 0) this.predicted.add(`${point} ${kind}`);
    }
    if (differences.length === 0) this.alike++;
    else this.disagreements.push({ scenario, differences });
  }

  /** Plays the first `runs` that Nova can play. */
  async run(
    pool: NovaPool,
    scenarios: Iterator<Scenario>,
    { runs, more, told }: { runs: number; more: () => boolean; told: (done: number) => void },
  ): Promise<void> {
    let begun = 0;
    let ended = 0;
    const reachable = this.reachable(scenarios);
    await pool.each(
      reachable,
      (scenario, play) => {
        this.add(scenario, play);
        told(++ended);
      },
      () => more() && begun++ < runs,
    );
  }

  private *reachable(scenarios: Iterator<Scenario>): Generator<Scenario> {
    for (let next = scenarios.next(); next.done !== true; next = scenarios.next()) {
      if (unreachablePoints(next.value).length === 0) yield next.value;
      else this.unreachable++;
    }
  }
}
