/** The oracle is tested too: every defect and mutant dies, and every invariant has killed. */
import {
  CLOUD_LAWS,
  CONTRACTS,
  compile,
  DEFECTS,
  decodeToken,
  deriveSeed,
  GROUP,
  HEADER,
  judgeScenario,
  MOST_OPERATIONS,
  madeUp,
  Player,
  PROTOCOLS,
  type Scenario,
  sample,
  type Violation,
  wordStream,
} from 'claimcheck';
import { describe, expect, test } from 'vitest';

const MOST_RUNS = 6000;
const SEED = 'oracle';
const stream = wordStream(HEADER, GROUP, MOST_OPERATIONS);
const situations = sample(madeUp(16), deriveSeed(SEED, 'clouds'), 16);

type ProtocolName = keyof typeof PROTOCOLS;
type Defect = (typeof DEFECTS)[number];

const plain = { nova: compile(PROTOCOLS.nova), rollback: compile(PROTOCOLS.rollback) };
const protocolOf = (defect: Defect): ProtocolName => defect.protocol ?? 'nova';

/**
 * Races that take a hold at one step and a fault at another: random words meet one in ten thousand runs or more, so the
 * minimal scenario is written down. `npx claimcheck replay` tells its story. And made-up clouds have no bystanders.
 */
const WITNESSES: Readonly<Record<string, string>> = {
  'mutant-audit-releases-strangers':
    'cc1.AxkIlDUDGQlxG9hMiKFIVsWClYMdAzQAzAaZCGTAENgKnWil3FJguwYYgqUpmaCghzZbgAUcqLovKlaKjQUAkuOq',
  'rollback-undo-without-fence':
    'cc1.bZZBC4JAEIX_yuLVIpLo0LlLh04dYwnRtYRVYTVEzP_em6eiqOBtnm-H2WXeJ4aonsWy742eqM5c0QH_klJw2gUbljRbPVkPrqLpK7zKCKOd9rwIjlSwOO0VFngQP2-BT_6alPwF3vzGfOMOGpL-6UzlGq1cmJa4fX9Tw1YGoQBErIAQ1I4LQxSvDMgE7fsbOsSrVkloywbHXkecODDhc1OrW_u4FDbu1L3tJiogoSF2M8M5YQiusFZSCXgUF_s6rT4CL4nJI-Np_Qdj9dg',
  'rollback-prep-overwrites':
    'cc1.AxkIlDUDGQlxG9hMoCxYHmw7UAeyGUZg0hRmAjBXAGtCYLigFAFKIHOMICowSgMloGVgOUOQY5TQmkbaaO2UGlhFpQe3Kj4TVILlJadGl-allyYWAau3WIW0xJziSgVthYzUHHAlDLUTkmZT4yE1WzQ4U8QCDQ2G1fr64Io4H6jJs7pWwbc62ArIrkVU3uCGFLB2zAW7GxgHSkX5OTmgygNcZuiCWk7lRZnAgkApNhYAfxne',
  'rollback-source-begins-anyway':
    'cc1.AxkIlDUDGQlxG9hMoCySqUAXgHWBpIxMdIywGAk2DCPJKgFNBamByICjMhkYtIhyHqTAEOwUMFJCayVpYzaItNFaMTWwagxc1EAr9Oii1JKiyliFosTMYmAka2NVA3YOVCGonZCiAGwpAM1zgTUH9ME1dF5quYJndbBVfk5KrYJvdS2iVge3sIDVZm4q2J9Abxbl5-SAahVY8ZOUmp6ZB2yz5VWWJ1YqxcYCAKwSYw',
  'rollback-source-ends-anyway':
    'cc1.bZY_C8IwEMW_SsiaolDUwdnFwclRggQNWkhTiNRSar-77y6kgbbzJb_Ln7t7j4CIHggZz8ZMREGNTOTnPRQod0W5CtwnIJoEwohnQgexZck9KokdV-V6kEjMSF3ImUdSSzukZh7ml0RsM-W9VzTd_MPeWv9qTYD0aRFM9cFvK_G2btJAnJAKI2_41hrEU7IDW1ZobztxHq7Hxj1HcRnGrOrssCCbtaVL4HNkaJwjVUnjB20Gx-b7zvRS6z8CTAo',
  'rollback-commit-overwrites':
    'cc1.bZaxCsIwEIZfJWRNVSgq6Ozi4ORYgogGDSQpBGuH2nf3v4tpsTpf-12a5vJ_BER1Tci0NmaiCmpioj-_Q4VyWZR_gasMxJAgGLFNmCBWlnFGJbE36bHvvZLozlxdyIkoqV8nUhOReeUkmw_NT5auuHAxVRNuzTki_3TyBKHE3bghBzHXtJCPCFRPr4HbZSFYcEYH04p9d9zW7tqLQ9ePuc6OheD0hr4Av0fG2jnKFToV3j5mpFVttLglpNZv61Oh',
  'rollback-confirm-overwrites':
    'cc1.AxkIlDUDGQlxG9hMoCzQVIiZQPvBekASRiY6RjgN1Ik2gRmLpXRT0jHWMbSESCOXLIjKVAlotzFIQayOEmbrpQZWXwGzJshwaN0dXZqXXppYBKzgYiENAQVthYzUHGilAjEbi9IaBRdorVwDrZX1wfVxXmq5gme1ixWQrlXwra5Fqs3BTlIAtR6UgIEFjAulovycHFAlAvODLqgRVV6UCSwTlGJjAb4aOw',
  'rollback-revert-overwrites':
    'cc1.AxkIlDUDGQlxG9hMoCzQVIiZQPvBekASRiY6RlgNNAHz4MbCiw5ghCnpGOsYWkLE0UpGJaBtxiCZWB0ltAaSNmZbSBuj3aON2qTRxmhc1MAqOT2oi6A1fnRpXnppYhGwWoyFNB8UtBUyUnMgVRHEkVhU1igEQ6vyGmhVrg-uxPOBGj2rXazyUstrFXyraxFtAXAjDFiz5qYqAQMYGH9KRfk5OaCKB1pd6ILaXeVFmcBiRCk2FgCn0eA',
  'rollback-failed-reboot-overwrites':
    'cc1.bVbLDsIgEPwVwlWqsVWj_oEHTz0aYqpFS4IlIakeav_d2aXUg54IDMw-yO4sEQLdEGX0jTmBMs7W-QUd5yuV_6Xb8m6dSFEoEEekagxeqkItdxFrqlDjRy7epx4qYbIgUCv5O7S8k0zNJ9azpf7VXs2pa-8d-Eyt4xAgZqIxbhI5FDHZ-d5_PjQIyyjACxZgj-uHvtxjHcSxH0ZxZkcEjQoSmUHiZfDOkWJkt8o6k2LIaG56BYs2ILX-AKikBQ',
  'rollback-no-recovery-of-stale-claims':
    'cc1.AxkIlDUDGQlxG9hMoCxYHmw7WAdI2MhExwircaYw4zDztRLQYENLiCy2zAOSBxsKNkkJS3NHG0v7owYp90ISZWo8pOqKBqf6WEijQEFbISM1B9jGgFtcDDQ4uSQeqQVVHF2al16aWASsImOB5kIckKLgWV2r4FsdbJWXWl6LWv2DXAyMCaWi_JwcUBUCzEjwBpRufhooOwDbT2BnFCvFxgIAo2w7',
};

const STOP = new Error('seen enough');

/** Plays the same words under a protocol until `seen` has seen enough. */
function play(
  protocol: ProtocolName,
  defects: readonly Defect[],
  seen: (violation: Violation, scenario: () => Scenario) => boolean,
  runs = MOST_RUNS,
): void {
  const player = new Player(compile(PROTOCOLS[protocol], defects), CONTRACTS.strict, 3, situations);
  const scenario = () => player.scenario();
  try {
    stream.forEach(deriveSeed(SEED, protocol), runs, (words) => {
      player.play(words);
      for (const violation of player.trial.violations) if (seen(violation, scenario)) throw STOP;
    });
  } catch (error) {
    if (error !== STOP) throw error;
  }
}

/** What is seen without any defect: a defect must show something else. */
const baseline = { nova: new Set<string>(), rollback: new Set<string>() };
for (const protocol of ['nova', 'rollback'] as const) {
  play(protocol, [], ({ signature }) => {
    baseline[protocol].add(signature);
    return false;
  });
}

/** Invariants that the violation breaks and that the very same scenario keeps without the defect. */
function due(protocol: ProtocolName, { instance, invariants }: Violation, scenario: Scenario): readonly string[] {
  // a step that the defect adds is none that a fault could strike without it
  if (scenario.faults.some(({ point }) => !plain[protocol].pointIndex.has(point))) return [];
  const anyway = judgeScenario(plain[protocol], CONTRACTS.strict, scenario).filter((one) => one.instance === instance);
  return invariants.filter((id) => !anyway.some((one) => one.invariants.includes(id)));
}

/** What was wrong, in the laws' own words. */
const heard = new Set<string>();

/** Invariants that a small campaign, or the witness, sees broken by the defect. */
function brokenBy(defect: Defect): ReadonlySet<string> {
  const protocol = protocolOf(defect);
  const broken = new Set<string>();
  const count = (violation: Violation, scenario: Scenario): void => {
    for (const id of due(protocol, violation, scenario)) {
      broken.add(id);
      heard.add(violation.details[violation.invariants.indexOf(id)]!);
    }
  };
  const witness = WITNESSES[defect.id];
  if (witness !== undefined) {
    const reading = decodeToken(witness);
    if (!reading.ok) throw new Error(reading.error);
    const { scenario } = reading.value;
    for (const violation of judgeScenario(compile(PROTOCOLS[protocol], [defect]), CONTRACTS.strict, scenario)) {
      count(violation, scenario);
    }
    return broken;
  }
  play(protocol, [defect], (violation, scenario) => {
    const { signature, invariants } = violation;
    if (baseline[protocol].has(signature) || invariants.every((id) => broken.has(id))) return false;
    count(violation, scenario());
    return defect.catches.every((id) => broken.has(id));
  });
  return broken;
}

const killers = new Map<string, string>();

describe('every defect and mutant dies', () => {
  for (const defect of DEFECTS) {
    if (defect.kind === 'repair' || defect.catches.length === 0) continue;
    test(`${defect.id}: ${defect.title}`, () => {
      const broken = brokenBy(defect);
      for (const id of broken) if (!killers.has(id)) killers.set(id, defect.id);
      expect([...broken]).toEqual(expect.arrayContaining([...defect.catches]));
    });
  }
});

/**
 * What the rollback protocol can do without, one thing at a time, before a law turns red, and why. What is not named here
 * is needed: without it a small campaign fails.
 */
const SPARE: Readonly<Record<string, string>> = {
  'api.action-record': 'the model has no action records',
  'finish.swap-bdm': 'the model has no block devices',
  'frevert.prepare': 'the model has no block devices',
  'conductor.save-reqspec': 'no law reads the request spec',
  'conductor.read-source-node': 'a check: the transaction of prep compares again',
  'confirm.check': 'a check for a message that comes twice, which is not drawn',
  'revert.check': 'a check for a message that comes twice, which is not drawn',
  'frevert.check': 'a check for a message that comes twice, which is not drawn',
  'undo.source': 'to the laws the `_resize` copy is as good as the guest',
  'restore.driver': 'to the laws the `_resize` copy is as good as the guest',
  'confirm.driver': 'disks that stay behind are no violation',
  'delete.local.cast-discard': 'what a delete leaves behind after a fault is no violation, and a restart counts afresh',
  'delete.local.release-migration': 'recovery releases stale claims',
  'delete.local.delete-alloc': 'the audit of the host releases it when the host is back',
  'recover-delete.terminate': 'a host that starts finishes the deletes of its servers',
  'recover-delete.release-migration': 'a server without a host never moved',
  'recover-delete.cast-discard': 'a server without a host never moved',
  'recover-delete.delete-alloc': 'a server without a host holds nothing, since boots meet no faults',
  'compute.prep_resize: retry': 'no law asks that a move ends on the alternate',
  'compute.prep_resize: claim': 'recovery undoes the move too',
  'compute.resize_instance: vm': 'to the laws the `_resize` copy is as good as the guest',
  'compute.resize_instance: claim': 'recovery undoes the move too',
  'compute.finish_resize: vm': 'recovery undoes the move too',
  'compute.finish_resize: claim': 'recovery undoes the move too',
};

describe('a move under rollback needs', () => {
  const moves =
    /^(api\.(resize|confirm_resize|revert_resize|delete)|conductor\.(?!build).*|scheduler\..*|compute\.(\w*resize|resize_instance|\w*_guest|terminate_instance))$/;
  const effects: readonly string[] = ['database', 'driver', 'tracker', 'placement-write', 'cast', 'call'];
  // without them the model stops at an assertion: loops, and what names the migration, its destination or a host
  const assumed = /\.next$|^(api\.set-task-state|prep\.rt-claim\.save-migration|conductor\.schedule)$/;
  const parts: Pick<Defect, 'id' | 'steps' | 'undo'>[] = [];
  for (const { id, steps } of PROTOCOLS.rollback.handlers) {
    if (!moves.test(id)) continue;
    for (const step of steps.flatMap((item) => ('steps' in item ? item.steps : [item]))) {
      if (!effects.includes(step.touches) || assumed.test(step.id)) continue;
      parts.push({ id: step.id, steps: { [step.id]: { run: () => 0, ask: () => null, where: () => -1 } } });
    }
    for (const region of Object.keys(PROTOCOLS.rollback.undo[id] ?? {})) {
      if (PROTOCOLS.rollback.undo[id]?.[region as 'claim'] === 'keep') continue;
      parts.push({ id: `${id}: ${region}`, undo: { [id]: { [region]: 'keep' } } });
    }
  }
  const brokenWithout = (part: (typeof parts)[number], runs: number): readonly string[] => {
    const broken: string[] = [];
    const without: Defect = { ...part, kind: 'mutant', aliases: [], title: '', catches: [], length: 0 };
    play(
      'rollback',
      [without],
      ({ invariants }) => {
        broken.push(...invariants);
        return true;
      },
      runs,
    );
    return broken;
  };
  for (const part of parts) {
    const reason = SPARE[part.id];
    if (reason === undefined) test(part.id, () => expect(brokenWithout(part, MOST_RUNS)).not.toEqual([]));
    else test(`not ${part.id}: ${reason}`, () => expect(brokenWithout(part, MOST_RUNS / 4)).toEqual([]));
  }
  test('nothing else', () => {
    const ids = parts.map(({ id }) => id);
    expect(Object.keys(SPARE).filter((id) => !ids.includes(id))).toEqual([]);
  });
});

test('the rollback protocol breaks nothing without one', () => {
  expect([...baseline.rollback]).toEqual([]);
});

test('every witness is that of a defect', () => {
  const ids = DEFECTS.map(({ id }) => id);
  expect(Object.keys(WITNESSES).filter((id) => !ids.includes(id))).toEqual([]);
});

test('every invariant of the contract has turned red for one of them', () => {
  const all = [...CONTRACTS.strict.invariants, ...CLOUD_LAWS].map(({ id }) => id);
  expect(all.filter((id) => !killers.has(id))).toEqual([]);
});

test('capacity has turned red for its writes and for guests without a claim', () => {
  expect([...heard]).toEqual(
    expect.arrayContaining(['a write took usage above capacity', 'a guest runs where nothing is claimed for it']),
  );
});
