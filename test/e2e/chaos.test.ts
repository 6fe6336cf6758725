import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildDist } from '../../local/build.ts';
import { runChaos } from '../../local/chaos/run-chaos.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkout-chaos-'));
  await buildDist(join(import.meta.dirname, '../..'), join(folder, 'dist'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** `npm run chaos` with a few jobs. */
test('workers killed in their calls, connections cut, outages and 429s: every cart is bought once', async () => {
  const { ok, ...result } = await runChaos({
    jobs: 40,
    contract: 'replay',
    seed: 3,
    limitMs: 150_000,
    appRoot: join(folder, 'dist'),
    onProgress: () => {},
  });
  expect(ok, JSON.stringify(result, null, 1)).toBe(true);
  expect(result.tally.kills).toBeGreaterThan(0);
  expect(result.tally.inFlight).toBeGreaterThanOrEqual(result.tally.kills);
}, 180_000);
