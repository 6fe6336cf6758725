import { testConfig } from '../vitest.config.ts';

/** `npm run check:fleet`: the commands that people type beside a running stack, and processes that die. */
export default testConfig({ include: ['test/fleet/**/*.test.ts'], exclude: [] });
