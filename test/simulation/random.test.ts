import { expect, test } from 'vitest';
import { explore, pairUnits, randomUnits } from './explore.ts';

test('random worlds', { timeout: 60_000 }, async () => {
  for (const unit of randomUnits(1, 801)) expect((await explore(unit)).failures).toEqual([]);
});

test('pairs of crashes on the core path', { timeout: 60_000 }, async () => {
  const units = await pairUnits(1, ['one-lost-replay']);
  // Every ninth first crash, with all the second ones: `npm run simulate` takes them all.
  const some = units.filter((_, index) => index % 9 === 0);
  expect(some.length).toBeGreaterThan(3);
  for (const unit of some) expect((await explore(unit)).failures).toEqual([]);
});
