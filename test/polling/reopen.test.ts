/** Promise: jobs that wait for a closed gate are woken within a tick of its opening. */

import { expect, test } from 'vitest';
import { byBreaker, onTrial } from '../bench/reopen.ts';

/** `npm run bench -- --only reopen` with a few carts. */
test('jobs that wait for a closed gate cost nothing, and are woken within a tick of its opening', async () => {
  const { closed, ...reopened } = await byBreaker(1, 60);
  // One trial call for each pause of the gate, and no wake-up that finds it closed.
  expect(closed.wakeUpsPerMinute).toBe(closed.callsPerMinute);
  expect(closed.wakeUpsPerMinute).toBeLessThan(1);
  expect(reopened.secondsToFirstCall).toBeLessThanOrEqual(65);
  expect(reopened).toMatchObject({ throttled: 0, notSettled: 0 });
});

test('a gate on trial opens by itself when no message comes', async () => {
  const { closed, ...reopened } = await onTrial(2, 60);
  expect(closed).toMatchObject({
    entries: 60,
    wakeUpsPerMinute: 0,
    deliveriesPerMinute: 0,
    callsPerMinute: 0,
  });
  expect(reopened.secondsToFirstCall).toBeLessThanOrEqual(65);
  expect(reopened).toMatchObject({ throttled: 0, notSettled: 0 });
});
