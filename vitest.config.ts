import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'properties/**/*.test.ts'],
    globalSetup: ['./vitest.setup.ts'],
    // one process a worker, not one a file: ten property files cost a quarter of the CPU time so
    isolate: false,
    // by itself vitest leaves one core idle: on two, half the machine
    maxWorkers: '100%',
    testTimeout: 120_000,
    // suites of laws run the built engine, see build.mjs
    alias: { claimcheck: fileURLToPath(new URL('./dist/index.mjs', import.meta.url)) },
  },
});
