import { defineConfig } from 'vitest/config';

const report = process.env['TEST_REPORT'];

/** `npm run check:ui`: what needs a browser, so that `npm test` does not. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/ui/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    // CI counts by it.
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
