import { defineConfig } from 'vitest/config';

/** For the copies in which `npm run mutate` takes out a guard: without the bundle that the tests of processes share. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    // Whole processes, the embedded services, the bundle, the compiler and the simulation itself: none of them asks a rule alone.
    exclude: [
      'test/{bench,broker,clients,e2e,examples,fleet,host,infra,lint,messaging,process,sandbox,simulation,types,ui}/**',
    ],
    pool: 'forks',
    isolate: false,
    // A test that fails for a slow machine would notice a guard that it knows nothing of.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
