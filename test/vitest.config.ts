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

interface Chosen {
  readonly include: string[];
  readonly exclude: string[];
}

/** How all tests run that `npm run check:fleet` and `npm test` choose among. */
export const testConfig = (chosen: Chosen) =>
  defineConfig({
    test: {
      root: new URL('..', import.meta.url).pathname,
      ...chosen,
      globalSetup: ['test/setup.ts'],
      // CI counts by it.
      reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
      pool: 'forks',
      // Of two cores, half of the files' time is waiting: for processes, timers, and the night.
      maxWorkers: 3,
      sequence: { sequencer: NightsFirst },
      // Files of one process share what they import; nothing here keeps a state that another file could meet.
      isolate: false,
      // For what hangs, and for nothing else: on a busy machine a test takes ten times its time.
      testTimeout: 180_000,
      hookTimeout: 180_000,
    },
  });

/** `npm test`. The others have commands of their own: minutes of processes, the Bicep compiler, a browser. */
export default testConfig({
  include: ['test/**/*.test.ts'],
  exclude: ['test/bench/**', 'test/fleet/**', 'test/infra/**', 'test/ui/**'],
});
