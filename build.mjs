// Bundles the sources: the command for `npx claimcheck`, the engine for property suites and the benchmark. Bundled, imported
// constants are locals; through a module runner each is a getter, and the engine five times slower.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';

const entries = {
  claimcheck: 'src/cli/main.ts',
  index: 'src/index.ts',
  worker: 'src/campaign/worker.ts',
  bench: 'src/campaign/bench.ts',
  'bench-campaign': 'src/cli/bench-campaign.ts',
  'bench-check': 'src/cli/bench-check.ts',
  'mutant-bench': 'src/campaign/mutant-bench.ts',
  'setup-placement': 'src/targets/placement/setup.ts',
  'setup-nova': 'src/targets/nova/setup.ts',
  'bench-nova': 'src/cli/bench-nova.ts',
  'setup-redis': 'src/fleet/setup.ts',
  'bench-fleet': 'src/cli/bench-fleet.ts',
  'setup-browser': 'src/report/page/setup.ts',
  'evidence-nova': 'src/cli/evidence-nova.ts',
  'findings-nova': 'src/cli/findings-nova.ts',
};

await build({
  entryPoints: Object.fromEntries(Object.entries(entries).filter(([, path]) => existsSync(path))),
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  loader: { '.sh': 'text' },
  banner: { js: '#!/usr/bin/env node' },
  logLevel: 'warning',
});

/** What generates source while it runs, and what does the same where a policy forbids that. */
const withoutEval = {
  name: 'without-eval',
  setup: ({ onResolve }) => {
    onResolve({ filter: /\/row-class\.ts$/ }, () => ({ path: resolve('src/state/row-class.plain.ts') }));
  },
};

// the page of a report: one script without Node and without a request, which the reporter `html` puts into its file
await build({
  entryPoints: { page: 'src/report/page/app.tsx' },
  outdir: 'dist',
  bundle: true,
  minify: true,
  format: 'iife',
  platform: 'browser',
  target: 'es2023',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  charset: 'utf8',
  legalComments: 'none',
  plugins: [withoutEval],
  logLevel: 'warning',
});
await build({ entryPoints: { page: 'src/report/page/page.css' }, outdir: 'dist', minify: true, logLevel: 'warning' });
