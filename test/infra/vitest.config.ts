import { defineConfig } from 'vitest/config';

const report = process.env['TEST_REPORT'];

/** `npm run check:infra`: what needs the Bicep compiler, so that `npm test` does not. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/infra/**/*.test.ts'],
    globalSetup: ['test/infra/compile.ts'],
    // CI counts by it.
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    // Nothing here but reads of what was compiled.
    isolate: false,
    maxWorkers: 1,
  },
});
