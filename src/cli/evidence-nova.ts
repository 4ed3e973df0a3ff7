/**
 * `npm run evidence:nova`: replays the witness of every known signature on each Nova that is set up and writes what was seen
 * beside the list. A signature that is there already for a version is played again only with `--again`.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compileFor } from '../campaign/config.ts';
import { judgeScenario } from '../campaign/judge.ts';
import { CONTRACTS, type Contract } from '../contract/contracts.ts';
import type { Evidence, Seen } from '../contract/known/evidence.ts';
import { KNOWN_OF_NOVA, linesOf } from '../contract/known/known.ts';
import { describeInPicture } from '../report/nova-story.ts';
import { ROOT } from '../root.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { decodeToken } from '../scenario/token.ts';
import { modelTarget } from '../targets/model.ts';
import { compare } from '../targets/nova/conform.ts';
import { missing, NOVA_VERSION, NOVAS, PLACEMENT_OF } from '../targets/nova/install.ts';
import { unreachablePoints } from '../targets/nova/known-differences.ts';
import { NovaPool } from '../targets/nova/pool.ts';

const FILE = join(ROOT, 'src', 'contract', 'known', 'evidence.json');
const PROCESSES = 2;

const { values } = parseArgs({ options: { again: { type: 'boolean', default: false } } });
const evidence: Record<string, Record<string, Seen>> = existsSync(FILE)
  ? (JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Record<string, Seen>>)
  : {};
const lines = linesOf(KNOWN_OF_NOVA);
const date = new Date().toISOString().slice(0, 10);

function write(): void {
  const kept: Evidence = Object.fromEntries(
    lines.flatMap(({ signature }) => (evidence[signature] === undefined ? [] : [[signature, evidence[signature]]])),
  );
  writeFileSync(FILE, `${JSON.stringify(kept, null, 1)}\n`);
}

for (const release of NOVAS) {
  const version = NOVA_VERSION[release];
  const lacks = missing(release);
  if (lacks !== null) {
    process.stderr.write(`not replayed: ${lacks}\n`);
    continue;
  }
  const code = compileFor({ protocol: 'nova', defects: [], repairs: [], novaRelease: release });
  const model = modelTarget(code);
  const pool = new NovaPool(code, { release }, PROCESSES);
  const waiting = new Map<Scenario, { signature: string; contract: Contract }>();
  for (const { signature, witness } of lines) {
    if (!values.again && evidence[signature]?.[version] !== undefined) continue;
    const reading = decodeToken(witness);
    if (!reading.ok) throw new Error(`${signature}: ${reading.error}`);
    const { scenario, contract } = reading.value;
    const options = { ...scenario.options, nova_release: release, placement_release: PLACEMENT_OF[release] };
    waiting.set({ ...scenario, options }, { signature, contract: CONTRACTS[contract] });
  }
  const note = (signature: string, seen: Seen): void => {
    evidence[signature] = { ...evidence[signature], [version]: seen };
  };
  let done = 0;
  const playable = [...waiting.keys()].filter((scenario) => {
    const [point] = unreachablePoints(scenario);
    if (point !== undefined) note(waiting.get(scenario)!.signature, { seen: 'unreachable', what: point, date });
    return point === undefined;
  });
  await pool.each(
    playable[Symbol.iterator](),
    (scenario, play) => {
      const { signature, contract } = waiting.get(scenario)!;
      if ('failed' in play) note(signature, { seen: 'failed', what: play.failed, date });
      else {
        const { differences } = compare(scenario, model.play(scenario), play);
        const shows = judgeScenario(code, contract, scenario).some((one) => one.signature === signature);
        const end = play.settled.instances.map(({ server }) => describeInPicture(scenario, play.settled, server));
        const seen = differences.length > 0 ? 'otherwise' : shows ? 'shown' : 'not shown';
        note(signature, { seen, what: end.join('; '), date });
      }
      if (++done % 50 === 0) {
        write();
        process.stderr.write(`Nova ${version}: ${done} of ${playable.length}\n`);
      }
    },
    () => true,
  );
  await pool.close();
  write();
}
