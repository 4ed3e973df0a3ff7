/** The few rules about the sources that are enforced, each with its reason. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '');
const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/**
 * What each folder of src may import from the others: data flows one way, from scenario to report. The model knows nothing
 * of generators, runners, reports or files.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  scenario: [],
  state: [],
  cloud: ['scenario'],
  placement: ['state', 'scenario'],
  nova: ['state', 'placement', 'scenario'],
  observation: ['state', 'nova', 'scenario'],
  engine: ['state', 'placement', 'nova', 'scenario'],
  // laws see observations: of the model only its words and settings, of the engine what settle and faults are called
  contract: ['state', 'observation', 'nova', 'engine'],
  generate: ['state', 'placement', 'nova', 'engine', 'scenario'],
  targets: ['state', 'placement', 'nova', 'engine', 'observation', 'scenario'],
  campaign: ['state', 'nova', 'engine', 'observation', 'contract', 'generate', 'scenario', 'targets'],
  check: ['state', 'nova', 'engine', 'contract', 'generate', 'campaign', 'scenario'],
  journal: ['scenario', 'contract', 'campaign'],
  fleet: ['scenario', 'contract', 'campaign', 'journal', 'targets'],
  report: [
    'state',
    'placement',
    'nova',
    'engine',
    'observation',
    'contract',
    'campaign',
    'check',
    'journal',
    'scenario',
    'targets',
  ],
  // benches make scenarios themselves
  cli: [
    'state',
    'cloud',
    'nova',
    'engine',
    'contract',
    'generate',
    'campaign',
    'check',
    'journal',
    'fleet',
    'report',
    'scenario',
    'targets',
  ],
};

test('imports go in the direction of the data', () => {
  const wrong: string[] = [];
  for (const path of tracked) {
    const folder = /^src\/(\w+)\//.exec(path)?.[1];
    if (folder === undefined || !/\.tsx?$/.test(path) || path.endsWith('.test.ts')) continue;
    for (const [, target] of text(path).matchAll(/from '(\.[^']+)'/g)) {
      const other = relative(join(ROOT, 'src'), join(ROOT, dirname(path), target!)).split('/')[0]!;
      if (other === 'root.ts') continue;
      if (other !== folder && MAY_IMPORT[folder]?.includes(other) !== true) wrong.push(`${path} imports from ${other}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('laws read no code of the model: only words, settings and what settle reports', () => {
  const allowed = /^(nova\/(states|setting|step)\.ts|engine\/(settle|run)\.ts|state\/.*|observation\/.*|contract\/.*)$/;
  const wrong = tracked
    .filter((path) => path.startsWith('src/contract/') && path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .flatMap((path) =>
      [...text(path).matchAll(/from '(\.[^']+)'/g)]
        .map(([, target]) => relative(join(ROOT, 'src'), join(ROOT, dirname(path), target!)))
        .filter((target) => target.endsWith('.ts') && !allowed.test(target))
        .map((target) => `${path} imports ${target}`),
    );
  expect(wrong).toEqual([]);
});

test('of the sources only the adapter and tests know fast-check', () => {
  const knows = tracked.filter(
    (path) =>
      path.startsWith('src/') &&
      path.endsWith('.ts') &&
      !path.endsWith('.test.ts') &&
      /from 'fast-check'/.test(text(path)),
  );
  expect(knows).toEqual(['src/generate/adapter.ts', 'src/scenario/any-scenario.ts']);
});

test('no file names a package registry: a clone uses whichever its machine is set to', () => {
  const host = new RegExp(['registry', '\\.(npmjs|yarnpkg)|npm', '\\.pkg\\.github'].join(''), 'i');
  const named = tracked.filter((path) => !/\.(png|woff2?)$/.test(path) && host.test(text(path)));
  expect(named).toEqual([]);
});

test('the lockfile carries no download addresses', () => {
  expect(text('package-lock.json')).not.toMatch(/"resolved"/);
});

test('nothing points outside the clone', () => {
  const outside = new RegExp(['\\.\\./', 'shared/|/wo', 'rk/'].join(''));
  const pointing = tracked.filter(
    (path) => /\.(tsx?|mjs|md|json)$/.test(path) && !path.includes('samples/') && outside.test(text(path)),
  );
  expect(pointing).toEqual([]);
});

test('the model reads no clock, no randomness and no locale', () => {
  const forbidden = /Date\.|Math\.random|performance\.|toLocale|Intl\.|localeCompare|process\.(env|hrtime)/;
  const wrong = tracked.filter(
    (path) =>
      /^src\/(state|placement|nova|engine|observation|contract|generate)\//.test(path) &&
      path.endsWith('.ts') &&
      !path.endsWith('.test.ts') &&
      forbidden.test(text(path)),
  );
  expect(wrong).toEqual([]);
});
