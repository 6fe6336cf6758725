import { defineConfig } from 'vitest/config';

const report = process.env['TEST_REPORT'];

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    // infra/ has its own, `npm run check:infra`: it needs the Bicep compiler.
    exclude: ['test/bench/**', 'test/infra/**'],
    globalSetup: ['test/setup.ts'],
    // CI counts by it.
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
