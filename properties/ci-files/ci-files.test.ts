/**
 * The files that users copy into their CI. GitHub's parser of workflows always looks at them; the other linters are set up by
 * .ci/ci-files, and a line says what is missing. With CI_FILES_LINTED=1 nothing may be missing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = join(ROOT, 'reports', 'ci');
const PROGRAMS = join(ROOT, '.venv-ci-files', 'bin');
const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => /\.ya?ml$/.test(file));
const path = (file: string): string => join(FOLDER, file);
const text = (file: string): string => readFileSync(path(file), 'utf8');
const WORKFLOWS = ['github-gate.yml', 'github-nightly.yml'];

function documents(file: string): unknown[] {
  const all = parseAllDocuments(text(file), { strict: true });
  if (!Array.isArray(all)) throw new Error(`${file} is empty`);
  expect(all.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
  return all.map((one) => one.toJS({ maxAliasCount: 100 }) as unknown);
}

test.for(files)('%s is YAML', (file) => {
  expect(documents(file)).not.toEqual([]);
});

type Parser = typeof import('@actions/workflow-parser') & typeof import('@actions/workflow-parser/model/convert');
let github: Parser;

/** GitHub's parser is written for bundlers: it imports JSON in a way that Node does not take. */
beforeAll(async () => {
  const contents = "export * from '@actions/workflow-parser'; export * from '@actions/workflow-parser/model/convert';";
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: ROOT },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
  });
  const folder = mkdtempSync(join(tmpdir(), 'claimcheck-'));
  try {
    const file = join(folder, 'parser.mjs');
    writeFileSync(file, outputFiles[0]!.contents);
    github = (await import(file)) as Parser;
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** What GitHub says of a workflow. */
async function faults(name: string, content: string): Promise<string[]> {
  const { convertWorkflowTemplate, ErrorPolicy, NoOperationTraceWriter, parseWorkflow } = github;
  const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  const parsed = context.errors.getErrors().map(({ message }) => message);
  if (value === undefined || parsed.length > 0) return parsed;
  const template = await convertWorkflowTemplate(context, value, undefined, {
    errorPolicy: ErrorPolicy.TryConversion,
  });
  return (template.errors ?? []).map(({ Message }) => Message);
}

describe('a workflow of GitHub', () => {
  test.for(WORKFLOWS)('%s is one by the parser of GitHub', async (file) => {
    expect(await faults(file, text(file))).toEqual([]);
  });

  test.for([
    ['runs-on: ubuntu-latest', 'run-on: ubuntu-latest'],
    ['needs: seed', 'needs: sed'],
    ['$' + '{{ matrix.shard }}/', '$' + '{{ matrx.shard }}/'],
  ] as const)('one with %s misspelt is none', async ([right, wrong]) => {
    const [, nightly] = WORKFLOWS;
    const misspelt = text(nightly!).replace(right, wrong);
    expect(misspelt).not.toBe(text(nightly!));
    expect(await faults(nightly!, misspelt)).not.toEqual([]);
  });

  test.for(WORKFLOWS)('%s takes actions of GitHub alone, each at a major version', (file) => {
    const used = [...text(file).matchAll(/uses: (\S+)/g)].map(([, action]) => action!);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^actions\/[a-z-]+(\/[a-z]+)?@v\d+$/);
  });
});

/** Every text under one of these keys, joined where it is a list. */
function scripts(value: unknown, keys: readonly string[]): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inside]) =>
    keys.includes(key) && (typeof inside === 'string' || Array.isArray(inside))
      ? [[inside].flat().join('\n')]
      : scripts(inside, keys),
  );
}

test.for([
  ['github-gate.yml', ['run']],
  ['github-nightly.yml', ['run']],
  ['gitlab-ci.yml', ['script', 'before_script', 'after_script']],
  ['kubernetes-job.yaml', ['args']],
] as const)('what %s runs is shell', ([file, keys]) => {
  const found = scripts(documents(file), keys);
  expect(found.length).toBeGreaterThan(0);
  for (const script of found) {
    const { stderr } = spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' });
    expect(stderr).toBe('');
  }
});

test('jobs of Zuul that are run are there, and so are their playbooks', () => {
  type Stanza = {
    job?: { name: string; parent: string } & Record<string, string>;
    project?: Record<string, { jobs: string[] }>;
  };
  const stanzas = documents('zuul.yaml').flat() as Stanza[];
  const jobs = stanzas.flatMap(({ job }) => (job === undefined ? [] : [job]));
  const run = stanzas.flatMap(({ project }) => Object.values(project ?? {}).flatMap((pipeline) => pipeline.jobs));
  const names = jobs.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([...new Set(run)]));
  expect(['base', ...names]).toEqual(expect.arrayContaining(jobs.map(({ parent }) => parent)));
  for (const job of jobs) {
    for (const playbook of [job.run, job['post-run']]) {
      if (playbook !== undefined) expect(existsSync(path(playbook))).toBe(true);
    }
  }
});

test('an Indexed Job has as many completions as the campaign has shards', () => {
  type Manifest = { metadata: { name: string }; spec: { completions: number }; data: { SHARDS: string } };
  const manifests = documents('kubernetes-job.yaml') as Manifest[];
  const [job] = manifests.filter(({ metadata }) => metadata.name === 'claimcheck-fuzz');
  const [config] = manifests.filter(({ data }) => data !== undefined);
  expect(config!.data.SHARDS).toBe(String(job!.spec.completions));
});

// ---- linters that are Python's

const linted = process.env.CI_FILES_LINTED !== undefined;
const there = existsSync(PROGRAMS);
if (!there && !linted) process.stderr.write('not run: linters of reports/ci, which .ci/ci-files sets up\n');

describe.runIf(there || linted)('linters', () => {
  const lint = (program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string => {
    const { status, stdout, stderr, error } = spawnSync(join(PROGRAMS, program), args, {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
    if (error !== undefined) throw error;
    return status === 0 ? 'ok' : `${stdout}${stderr}`;
  };
  const schema = (name: string, file: string): string =>
    lint('check-jsonschema', ['--builtin-schema', name, '--data-transform', 'gitlab-ci', file]);
  const zuul = (file: string): string => lint('python', [join(import.meta.dirname, 'zuul_schema.py'), file]);
  const kubernetes = (file: string): string => lint('kubernetes-validate', ['--strict', file]);

  /** The linter sees a mistake: the file with one text changed is refused. */
  function refuses(judge: (file: string) => string, file: string, right: string, wrong: string): void {
    const folder = mkdtempSync(join(tmpdir(), 'claimcheck-'));
    try {
      const broken = join(folder, 'broken.yaml');
      expect(text(file)).toContain(right);
      writeFileSync(broken, text(file).replace(right, wrong));
      expect(judge(broken)).not.toBe('ok');
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test.for(WORKFLOWS)('%s is a workflow by the schema of SchemaStore', (file) => {
    expect(schema('vendor.github-workflows', path(file))).toBe('ok');
    refuses((one) => schema('vendor.github-workflows', one), file, 'timeout-minutes', 'timeout-minute');
  });

  test('gitlab-ci.yml is a pipeline by the schema of GitLab', () => {
    expect(schema('vendor.gitlab-ci', path('gitlab-ci.yml'))).toBe('ok');
    refuses((one) => schema('vendor.gitlab-ci', one), 'gitlab-ci.yml', 'parallel: 4', 'parallel: none');
  });

  test('kubernetes-job.yaml is what Kubernetes takes', () => {
    expect(kubernetes(path('kubernetes-job.yaml'))).toBe('ok');
    refuses(kubernetes, 'kubernetes-job.yaml', 'completionMode', 'completionsMode');
  });

  test('zuul.yaml is jobs and a project by the schemas of Zuul', () => {
    expect(zuul(path('zuul.yaml'))).toBe('ok');
    refuses(zuul, 'zuul.yaml', 'post-run:', 'postrun:');
  });

  test.for(['playbooks/claimcheck.yaml', 'playbooks/claimcheck-post.yaml'])('%s is a playbook of Ansible', (file) => {
    // of zuul-jobs, by name
    const roles = mkdtempSync(join(tmpdir(), 'claimcheck-'));
    try {
      mkdirSync(join(roles, 'ensure-nodejs', 'tasks'), { recursive: true });
      writeFileSync(join(roles, 'ensure-nodejs', 'tasks', 'main.yml'), '[]\n');
      const playbook = (one: string): string =>
        lint('ansible-playbook', ['--syntax-check', one], { ANSIBLE_ROLES_PATH: roles, ANSIBLE_HOME: roles });
      expect(playbook(path(file))).toBe('ok');
      refuses(playbook, file, 'ansible.builtin.', 'ansible.bultin.');
    } finally {
      rmSync(roles, { recursive: true });
    }
  });
});
