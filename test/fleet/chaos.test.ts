/** Promise: with workers killed and connections cut every cart is bought once. */

import { expect, inject, test } from 'vitest';
import { patienceMs, runChaos } from '../../local/chaos/run-chaos.ts';

/** `npm run chaos` with a few jobs. */
test(
  'workers killed in their calls, connections cut, outages and 429s: every cart is bought once',
  async () => {
    const { ok, ...result } = await runChaos({
      jobs: 40,
      contract: 'replay',
      seed: 3,
      troubleMs: 60_000,
      appRoot: inject('appRoot'),
      onProgress: () => {},
    });
    expect(ok, JSON.stringify(result, null, 1)).toBe(true);
    expect(result.tally.kills).toBeGreaterThan(0);
    expect(result.tally.inFlight).toBeGreaterThanOrEqual(result.tally.kills);
  },
  120_000 + patienceMs,
);
