import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const report = process.env['TEST_REPORT'];

/** Whole nights take longest, and mostly wait: they begin (in the order of their names), and what is short fills the time. */
class NightsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const folders = ['/e2e/', '/simulation/', '/gate/', '/'];
    const placeOf = ({ moduleId }: TestSpecification) =>
      folders.findIndex((folder) => moduleId.includes(`/test${folder}`));
    return files.toSorted((a, b) => placeOf(a) - placeOf(b) || (a.moduleId < b.moduleId ? -1 : 1));
  }
}

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    // infra/ has its own, `npm run check:infra`: it needs the Bicep compiler.
    exclude: ['test/bench/**', 'test/infra/**', 'test/ui/**'],
    globalSetup: ['test/setup.ts'],
    // CI counts by it.
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    pool: 'forks',
    // Of two cores, half of the files' time is waiting: for processes, timers, and the night.
    maxWorkers: 3,
    sequence: { sequencer: NightsFirst },
    // Files of one process share what they import; nothing here keeps a state that another file could meet.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
