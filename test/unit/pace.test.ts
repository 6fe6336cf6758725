/** Promise: a night says whether the budget or the machine set its pace, with the arithmetic. */

import { expect, test } from 'vitest';
import { paceOf } from '../../local/night/pace.ts';

test('a machine that is slower than the budget', () => {
  expect(paceOf({ calls: 1_800, jobs: 300, ms: 60_000, factor: 100, perMinute: 300 })).toMatchObject({
    callsPerJob: 6,
    jobsPerSecond: 5,
    nightMinutes: 100,
    shareOfBudget: 0.06,
    secondsByBudget: 3.6,
    limitedBy: 'machine',
    words: expect.stringMatching(/300 jobs × 6 calls = 1800 calls.* 6 minutes .* 3.6 s here.* took 60 s/),
  });
});

test('a budget that is used up', () => {
  expect(paceOf({ calls: 1_800, jobs: 300, ms: 400_000, factor: 1, perMinute: 300 })).toMatchObject({
    shareOfBudget: 0.9,
    secondsByBudget: 360,
    limitedBy: 'budget',
  });
});
