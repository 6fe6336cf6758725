/** Promise: in random worlds and with pairs of crashes every promise holds. */

import { expect, test } from 'vitest';
import { explore, pairUnits, randomUnits } from './explore.ts';

/** Much more than it takes: how fast a machine is, is not what is tested. */
const timeout = 600_000;

/** Enough to meet each fault; `npm run simulate` lives through as many as time allows. */
test('random worlds', { timeout }, async () => {
  for (const unit of randomUnits(1, 121)) expect((await explore(unit)).failures).toEqual([]);
});

test('pairs of crashes on the core path', { timeout }, async () => {
  const units = await pairUnits(1, ['one-lost-replay']);
  // Some of the first crashes, with all the second ones: `npm run simulate` takes them all.
  const some = units.filter((_, index) => index % 54 === 0);
  expect(some.length).toBeGreaterThan(1);
  for (const unit of some) expect((await explore(unit)).failures).toEqual([]);
});
