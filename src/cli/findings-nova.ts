/**
 * `npm run findings:nova`: a page in reports/findings for each cause on the known list that Nova 34.0.0 showed (what `npm run
 * evidence:nova` wrote), with its picture, Nova's own story and the test; and the test in reports/nova-tests where there is none
 * of that cause yet. With names of pages, those alone are written.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { h } from 'preact';
import { renderToStaticMarkup } from 'preact-render-to-string';
import { compileFor } from '../campaign/config.ts';
import { CONTRACTS } from '../contract/contracts.ts';
import { EVIDENCE, type Seen } from '../contract/known/evidence.ts';
import { KNOWN_OF_NOVA, type KnownEntry, knownOf } from '../contract/known/known.ts';
import { bugReport } from '../report/bug-report.ts';
import { AllocationsChart } from '../report/charts/allocations-chart.tsx';
import { classesOf } from '../report/charts/moments.ts';
import { findingPage } from '../report/finding-page.ts';
import { tellNovaStory } from '../report/nova-story.ts';
import { Inexpressible } from '../report/nova-stub.ts';
import { novaTest, testName } from '../report/nova-test.ts';
import { recordScenario } from '../report/recording.ts';
import { ROOT } from '../root.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { decodeToken } from '../scenario/token.ts';
import { missing, NOVA_VERSION } from '../targets/nova/install.ts';
import { NovaPool } from '../targets/nova/pool.ts';
import { EXIT, note, replayLine } from './context.ts';

const PAGES = join(ROOT, 'reports', 'findings');
const TESTS = join(ROOT, 'reports', 'nova-tests');
const VERSIONS = [NOVA_VERSION[34], NOVA_VERSION[26]];
const code = compileFor({ protocol: 'nova', defects: [], repairs: [], novaRelease: 34 });
const known = knownOf('nova');

interface Witness {
  readonly signature: string;
  readonly token: string;
  readonly scenario: Scenario;
  readonly size: number;
  /** its test, or why there is none */
  readonly test: { readonly python: string } | { readonly why: string };
}

/** Tests that are kept already, by the token that they show. */
const kept = new Map(
  readdirSync(TESTS)
    .filter((file) => file.endsWith('.md'))
    .map((file) => [/replay (cc1\.\S+)/.exec(readFileSync(join(TESTS, file), 'utf8'))?.[1] ?? '', file.slice(0, -3)]),
);

function witnessOf({ signature, witness: token }: KnownEntry['signatures'][number]): Witness {
  const reading = decodeToken(token);
  if (!reading.ok) throw new Error(`${signature}: ${reading.error}`);
  const { scenario } = reading.value;
  const size = scenario.operations.length + scenario.faults.length + scenario.holds.length;
  return { signature, token, scenario, size, test: testOf(scenario, signature) };
}

function testOf(scenario: Scenario, signature: string): Witness['test'] {
  try {
    const python = novaTest({ scenario, code, contract: CONTRACTS.strict, known, signature });
    return python === null ? { why: 'every law holds' } : { python };
  } catch (error) {
    if (error instanceof Inexpressible) return { why: error.message };
    throw error;
  }
}

/** Of those that Nova showed: one whose test is kept, else one that has a test, else the shortest. */
function chosen(entry: KnownEntry): Witness | undefined {
  const rank = ({ token, test }: Witness): number => (kept.has(token) ? 0 : 'python' in test ? 1 : 2);
  return entry.signatures
    .filter(({ signature }) => shownBy(signature, VERSIONS[0]!))
    .map(witnessOf)
    .sort((a, b) => rank(a) - rank(b) || a.size - b.size || (a.signature < b.signature ? -1 : 1))[0];
}

const shownBy = (signature: string, version: string): boolean => EVIDENCE[signature]?.[version]?.seen === 'shown';

interface Planned {
  readonly name: string;
  readonly entry: KnownEntry;
  readonly witness: Witness;
}

function plan(): Planned[] {
  const names = new Set<string>();
  return KNOWN_OF_NOVA.entries.flatMap((entry) => {
    const witness = chosen(entry);
    if (witness === undefined) return [];
    const weakness = entry.weakness.toLowerCase().replace('-', '').replaceAll(' ', '_');
    const base = kept.get(witness.token) ?? `${weakness}_${testName(witness.scenario)}`;
    let name = base;
    for (let n = 2; names.has(name); n++) name = `${base}_${n}`;
    names.add(name);
    return [{ name, entry, witness }];
  });
}

async function write({ name, entry, witness }: Planned, pool: NovaPool): Promise<void> {
  const { scenario, signature, token, test } = witness;
  const play = await pool.play(scenario, true);
  if ('failed' in play) {
    note(`${name}: ${play.failed}`);
    process.exitCode = EXIT.UNDECIDED;
    return;
  }
  const input = { scenario, code, contract: CONTRACTS.strict, known, signature };
  const report = bugReport({ ...input, again: replayLine(token) })!;
  if ('python' in test && !kept.has(token)) {
    writeFileSync(join(TESTS, `${name}.py`), test.python);
    writeFileSync(join(TESTS, `${name}.md`), `${report}\n`);
  }
  const recording = recordScenario(code, CONTRACTS.strict, scenario);
  const chart = h(AllocationsChart, { recording, resourceClass: classesOf(recording)[0]!, alone: true });
  writeFileSync(join(PAGES, `${name}.svg`), `${renderToStaticMarkup(chart)}\n`);
  writeFileSync(
    join(PAGES, `${name}.md`),
    findingPage({
      report,
      recording,
      picture: `${name}.svg`,
      seen: VERSIONS.map((version): [string, Seen | undefined] => [version, EVIDENCE[signature]?.[version]]),
      ways: VERSIONS.map((version) => [
        version,
        entry.signatures.filter((one) => shownBy(one.signature, version)).length,
      ]),
      signatures: entry.signatures.length,
      story: tellNovaStory(scenario, play, { color: false, verbose: false }),
      test: 'python' in test ? { path: `${name}.py` } : test,
      onNova: `${replayLine(token)} --target nova`,
    }),
  );
}

function writeIndex(planned: readonly Planned[]): void {
  const count = (entry: KnownEntry, version: string): string =>
    `${entry.signatures.filter(({ signature }) => shownBy(signature, version)).length} of ${entry.signatures.length}`;
  const lines = planned.map(
    ({ name, entry }) =>
      `| [${name}](${name}.md) | ${entry.weakness} | ${entry.reason} | ${VERSIONS.map((version) => count(entry, version)).join(' | ')} |`,
  );
  const text = [
    '# What was found on Nova itself',
    'A page a cause: each was found on the model, and then shown by Nova. Written by `npm run findings:nova` from what `npm run evidence:nova` saw.',
    [
      `| page | weakness | what Nova does | ${VERSIONS.map((version) => `shown by ${version}`).join(' | ')} |`,
      `| --- | --- | --- | ${VERSIONS.map(() => '---').join(' | ')} |`,
      ...lines,
    ].join('\n'),
  ].join('\n\n');
  writeFileSync(join(PAGES, 'README.md'), `${text}\n`);
}

const lacks = missing(34);
if (lacks !== null) {
  note(`claimcheck: ${lacks}`);
  process.exitCode = EXIT.UNDECIDED;
} else {
  const planned = plan();
  const asked = process.argv.slice(2);
  const unknown = asked.find((name) => !planned.some((one) => one.name === name));
  if (unknown !== undefined) {
    note(
      `claimcheck: there is no page ${JSON.stringify(unknown)}: the pages are ${planned.map(({ name }) => name).join(', ')}`,
    );
    process.exitCode = EXIT.USAGE;
  } else {
    mkdirSync(PAGES, { recursive: true });
    const pool = new NovaPool(code, { release: 34 }, 1);
    try {
      for (const one of planned) if (asked.length === 0 || asked.includes(one.name)) await write(one, pool);
    } finally {
      await pool.close();
    }
    if (asked.length === 0) {
      for (const file of readdirSync(PAGES)) {
        if (!planned.some(({ name }) => file === `${name}.md` || file === `${name}.svg`)) rmSync(join(PAGES, file));
      }
      writeIndex(planned);
    }
  }
}
