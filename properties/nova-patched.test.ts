/**
 * What a patch of Nova changes is told rightly: on the release beside a checkout with one function changed. Needs `npm run
 * setup:nova`; without it a line says what is missing.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTRACTS, compileFor, type Scenario } from 'claimcheck';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JUDGED_ON_NOVA } from '../src/campaign/judge-nova.ts';
import { type Pair, playPair, type SignatureEffect, signatureEffects } from '../src/campaign/patched.ts';
import { load } from '../src/engine/load.ts';
import { play, settle } from '../src/engine/settle.ts';
import { Kinds, pairLines, signatureLines } from '../src/report/patched.ts';
import { NovaHarness } from '../src/targets/nova/harness.ts';
import { ENVIRONMENT, missing } from '../src/targets/nova/install.ts';
import { scenario } from './moves.ts';

const share = process.env.NOVA_SHARE;
const lacks = missing(34);
if (lacks !== null) {
  if (share === undefined) process.stderr.write(`not run: ${lacks}\n`);
  else test('Nova 34.0.0 is set up', () => expect(lacks).toBeNull());
}

/** for several Novas on a busy machine */
const LONG_MS = 300_000;

const code = compileFor({ protocol: 'nova', defects: [], repairs: [], novaRelease: 34 });

const boot = { operation: 'boot', server: 's1', flavor: 'm1' } as const;
const resize = { operation: 'resize', server: 's1', flavor: 'm2' } as const;
const struck = (point: string): Scenario =>
  scenario(2, [boot, resize], [{ operation: 1, point, kind: 'error-before', nth: 1, times: 1 }]);

const folder = mkdtempSync(join(tmpdir(), 'claimcheck-nova-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The release with one passage of nova/compute/manager.py changed: all else is linked to where it is. */
function checkoutWith(name: string, passage: string, instead: string): string {
  const python = readdirSync(join(ENVIRONMENT, 'lib')).find((one) => one.startsWith('python3'))!;
  const installed = join(ENVIRONMENT, 'lib', python, 'site-packages', 'nova');
  const checkout = join(folder, name);
  const link = (path: string, except: string): void => {
    mkdirSync(join(checkout, path), { recursive: true });
    for (const one of readdirSync(join(installed, '..', path))) {
      if (one !== except) symlinkSync(join(installed, '..', path, one), join(checkout, path, one));
    }
  };
  link('nova', 'compute');
  link(join('nova', 'compute'), 'manager.py');
  const manager = readFileSync(join(installed, 'compute', 'manager.py'), 'utf8');
  expect(manager.split(passage)).toHaveLength(2);
  writeFileSync(join(checkout, 'nova', 'compute', 'manager.py'), manager.replace(passage, instead));
  return checkout;
}

/** What fails in resize_instance behind the save of the new host leaves the server there, and its claim goes back. */
const RESIZE_HANDLER = `                                  flavor, clean_shutdown, request_spec)
        except Exception:
            with excutils.save_and_reraise_exception():
`;
const GIVES_THE_SERVER_BACK = `${RESIZE_HANDLER}                if instance.host == migration.dest_compute:
                    instance.host = migration.source_compute
                    instance.node = migration.source_node
                    instance.compute_id = self._get_compute_info(
                        context, migration.source_compute).id
                    instance.save()
`;
/** Without compute_id Nova refuses the save: the handler raises before it gives the claim back. */
const FORGETS_COMPUTE_ID = GIVES_THE_SERVER_BACK.replace(/ {20}instance\.compute_id[^)]*\)\.id\n/s, '');

/** The fix of bug 1825537 taken back. */
const FINISH_HANDLER = `                self._delete_allocation_after_move(
                    context, instance, migration)
        finally:
            # NOTE(gmaan): finish_resize`;
const GIVES_THE_CLAIM_BACK = `                self._revert_allocation(context, instance, migration)
        finally:
            # NOTE(gmaan): finish_resize`;

describe.skipIf(lacks !== null)('a patch of Nova 34.0.0', () => {
  const release = new NovaHarness(code, { release: 34 });
  beforeAll(async () => expect(await release.start()).toBeNull(), LONG_MS);
  afterAll(() => release.close());

  /** The laws are those of the model's own end, since the release does what the model does. */
  function onTheModel(one: Scenario): readonly string[] {
    const { run, operations } = load(code, one);
    for (const [k, resolved] of operations.entries()) play(run, k, resolved);
    settle(run);
    const judged = { observation: run.world, instance: 0, settled: null, peaceful: false, pointOfNoReturn: false };
    return CONTRACTS.strict.invariants
      .filter(({ id }) => JUDGED_ON_NOVA.has(id))
      .flatMap((law) => (law.broken(judged) === null ? [] : [law.id]));
  }

  const onBoth = async (
    checkout: string,
    one: Scenario,
  ): Promise<{ pair: Pair; effects: readonly SignatureEffect[] }> => {
    const patched = new NovaHarness(code, { release: 34, checkout });
    const both = (other: Scenario) => Promise.all([release.play(other), patched.play(other)]);
    const pair = (await playPair(both, CONTRACTS.strict, one)) as Pair;
    const effects = (await signatureEffects(
      both,
      code,
      CONTRACTS.strict,
      one,
      () => true,
      pair,
    )) as readonly SignatureEffect[];
    await patched.close();
    expect([...pair.servers[0]!.release!.broken.keys()]).toEqual(onTheModel(one));
    return { pair, effects };
  };

  const NAMES = { release: '34.0.0', checkout: 'the checkout' };

  test(
    'that gives the server back with its claim fixes what is known of resize_instance',
    async () => {
      const { pair, effects } = await onBoth(
        checkoutWith('fixes', RESIZE_HANDLER, GIVES_THE_SERVER_BACK),
        struck('src.flip-host'),
      );
      expect(signatureLines(effects, (signature) => signature)).toEqual([
        'fixed: host-agreement | compute.resize_instance[migration] raised | D error/none old I{S:old} M{} error guest home',
      ]);
      expect(pairLines(pair, NAMES, false).join('\n')).toMatchInlineSnapshot(`
        "the checkout first does something else after operation 2:

                           34.0.0  the checkout
        instances.s1.host  "h2"    "h1"

        They have come to rest

            34.0.0                                    the checkout
        s1  h2 error/none m1 | I{h1:m1} | M1{} error  h1 error/none m1 | I{h1:m1} | M1{} error"
      `);
    },
    LONG_MS,
  );

  test(
    'that tries to and raises on the way breaks more than was broken',
    async () => {
      const { pair, effects } = await onBoth(
        checkoutWith('raises', RESIZE_HANDLER, FORGETS_COMPUTE_ID),
        struck('src.flip-host'),
      );
      expect(effects.map(({ effect }) => effect)).toEqual(['new']);
      const kinds = new Kinds();
      kinds.add(pair);
      expect(kinds.lines(NAMES, false, () => 'replay')).toMatchInlineSnapshot(`
        [
          "1 generated scenarios on both: in 0 the checkout does the same as 34.0.0, step by step.",
          "",
          "     servers  broken by 34.0.0  by the checkout
        new  1        host-agreement    destination-empty, source-unchanged, host-agreement, no-orphan-consumer, no-stuck-migration",
          "",
          "One of each that is new:",
          "  replay",
        ]
      `);
    },
    LONG_MS,
  );

  test(
    'that brings bug 1825537 back is told and where it shows',
    async () => {
      const checkout = checkoutWith('reverts', FINISH_HANDLER, GIVES_THE_CLAIM_BACK);
      const { pair, effects } = await onBoth(checkout, struck('finish.driver'));
      expect(pair.checkout.settled.allocations).toEqual({ s1: { h1: { DISK_GB: 1, MEMORY_MB: 512, VCPU: 1 } } });
      expect(pair.departures.map(({ operation, what }) => ({ operation, what }))).toEqual([
        { operation: 1, what: 'allocations.s1.h2' },
        { operation: 1, what: 'allocations.s1.h1' },
      ]);
      expect(effects.map(({ effect }) => effect)).toEqual(['still there']);
    },
    LONG_MS,
  );

  test(
    'whose checkout is gone does not let the release stand in for it',
    async () => {
      const gone = new NovaHarness(code, { release: 34, checkout: join(folder, 'gone') });
      expect(await gone.start()).toEqual({ failed: expect.stringContaining('is gone') });
    },
    LONG_MS,
  );
});
