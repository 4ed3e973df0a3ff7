/** The contract of a move, as statements. Each runs with a fixed seed and with a fresh one. */
import { compile, findDefect, kindsFor, modelTarget, PROTOCOLS } from 'claimcheck';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as law from './moves.ts';

const nova = modelTarget(compile(PROTOCOLS.nova));
const rollback = modelTarget(compile(PROTOCOLS.rollback));

/** Every failure point of these handlers with every kind of fault that fits it. */
function strikesIn(protocol: 'nova' | 'rollback', fits: (point: string, touches: string) => boolean): law.Strike[] {
  return compile(PROTOCOLS[protocol]).points.flatMap(({ id, step }) =>
    fits(id, step.touches) ? kindsFor(step).map((kind) => ({ point: id, kind })) : [],
  );
}

const MOVE = /^(api|conductor|scheduler|prep|src|finish|undo|discard|restore)\./;

function holds(statement: string, property: () => fc.IRawProperty<unknown>): void {
  test(statement, () => fc.assert(property(), { seed: 1825537, numRuns: 400 }));
  test(`${statement} (fresh seed)`, () => fc.assert(property(), { numRuns: 100 }));
}

describe('under the rollback protocol, whatever fails,', () => {
  const any = strikesIn('rollback', (id) => MOVE.test(id));
  const deciding = strikesIn('rollback', (id) => /^(confirm|revert|frevert)\./.test(id));
  holds("a failed resize leaves the source's claim as it was", () =>
    law.failedResizeLeavesTheSourcesClaimAsItWas(rollback, any),
  );
  holds('a failed resize leaves nothing on the destination', () =>
    law.failedResizeLeavesNothingOnTheDestination(rollback, any),
  );
  holds('a resized server is claimed on both sides until it is decided', () =>
    law.resizedServerIsClaimedOnBothSides(rollback, any),
  );
  holds('a confirmed move leaves nothing on the source', () =>
    law.confirmedMoveLeavesNothingOnTheSource(rollback, deciding),
  );
  holds('a reverted move is as if it never was', () => law.revertedMoveIsAsIfItNeverWas(rollback, deciding));
  holds('a deleted server holds nothing, even in mid-move', () =>
    law.deletedServerHoldsNothingEvenInMidMove(rollback, any),
  );
  holds('a move that meets no fault commits', () => law.moveThatMeetsNoFaultCommits(rollback));
});

describe('in Nova 34.0.0', () => {
  const errors = new Set(['error-before', 'error-after', 'unavailable', 'fault-rollback', 'build-abort']);
  const outside = new Set(['driver', 'neutron', 'cinder', 'tracker']);
  const before = strikesIn(
    'nova',
    (id, touches) => /^(prep|src)\./.test(id) && outside.has(touches) && !/undo/.test(id),
  );
  const onTheWay = before.filter(({ kind }) => errors.has(kind));
  const finishing = strikesIn('nova', (id, touches) => /^finish\./.test(id) && outside.has(touches));
  const finish = finishing.filter(({ kind }) => errors.has(kind));

  holds('a move that meets no fault commits', () => law.moveThatMeetsNoFaultCommits(nova));
  holds(
    "a resize that fails in driver, Neutron or Cinder before the host flips leaves the source's claim as it was",
    () => law.failedResizeLeavesTheSourcesClaimAsItWas(nova, onTheWay),
  );
  holds('a resize that fails there leaves nothing on the destination', () =>
    law.failedResizeLeavesNothingOnTheDestination(nova, onTheWay),
  );
  holds("a resize that fails to finish keeps the destination's claim, where the server is", () =>
    law.failedFinishKeepsTheDestinationsClaim(nova, finish),
  );

  test('with bug 1825537 the last is broken', () => {
    const broken = modelTarget(compile(PROTOCOLS.nova, [findDefect('1825537')!]));
    const { failed } = fc.check(law.failedFinishKeepsTheDestinationsClaim(broken, finish), { seed: 1825537 });
    expect(failed).toBe(true);
  });

  test('a crash before the host flips leaks, which the rollback protocol does not', () => {
    const crashes = before.filter(({ kind }) => kind.startsWith('crash'));
    const { failed } = fc.check(law.failedResizeLeavesTheSourcesClaimAsItWas(nova, crashes), { seed: 1825537 });
    expect(failed).toBe(true);
  });
});
