/** Promise: the lengths of time fit together: a lease outlasts a call, and so on. */

import { expect, test } from 'vitest';
import { scaleTimes, timeKeys, defaultTimes as times } from '../../src/domain/times.ts';

const second = 1_000;
const minute = 60 * second;

/** What has to hold between the constants, each with what would happen otherwise. */
const inequalities: readonly (readonly [why: string, smaller: number, larger: number])[] = [
  ['a lease outlasts a call and the writes around it', times.callTimeout + 30 * second, times.lease],
  ['nobody looks for evidence while a call may still run', times.lease, times.inFlightWindow],
  ['the order list is trusted only after the window', times.inFlightWindow + 1, times.listLag],
  ['the order list lags up to 15 minutes, as documented', 15 * minute, times.listLag],
  ['a repeat may leave after the window', times.inFlightWindow + 1, times.repeatWithin],
  ['a cart is looked for again only when the list has caught up', times.listLag, times.goneConfirm],
  [
    'a delivery that slept still has the lock for its call',
    times.sleepBudget + times.callTimeout + 1,
    times.lockRenewed,
  ],
  [
    'a delivery that is held back is handed back before its lock ends',
    times.throwDelay + 1,
    times.lockRenewed,
  ],
  ['a permit is stale long before a call ends', times.permitLife, times.callTimeout],
  ['a tick ends before the next one starts', times.tickLimit + 1, minute],
  ['a heartbeat of the timer is never stale', 2 * minute, times.heartbeatStale],
  [
    'a wake-up is not repeated while a first delivery may sleep and call',
    times.sleepBudget + times.callTimeout,
    times.wakeRetry,
  ],
  ['wake-ups come less often, never more', times.wakeRetry, times.wakeRetryMax],
  ['back-off grows', times.backoffBase, times.backoffMax],
  [
    'the second look at an order that is being made comes later',
    times.inProgressFirst,
    times.inProgressLater,
  ],
  ['runs that are put off return before a person is asked again', times.putOffMax, times.askedRetry],
  ['a bug is tried again before a person is asked again', times.bugRetry, times.askedRetry],
  ['a person hears of a pending order after its list had time', times.listLag, times.pendingAlarm],
  [
    'the list of subscriptions has caught up before it is read',
    times.listLag,
    times.cancellationSteps[0] ?? 0,
  ],
  ['a stopped batch is obeyed within a minute', times.batchMemory, minute],
];

test.each(inequalities)('%s', (_, smaller, larger) => {
  expect(smaller).toBeLessThanOrEqual(larger);
});

test('ten deliveries that are held back last over an hour and a half', () => {
  expect(10 * (times.lockRenewed - times.throwDelay)).toBeGreaterThan(90 * minute);
});

test('an order is polled less often the longer it is pending', () => {
  expect(times.pollSteps.length).toBeGreaterThan(0);
  expect(times.pollSteps).toEqual(times.pollSteps.toSorted((one, other) => one - other));
});

test('a factor divides every time', () => {
  const scaled = scaleTimes(times, 60);
  for (const key of timeKeys) expect(scaled[key]).toBe(Math.max(1, Math.round(times[key] / 60)));
  expect(scaled.pollSteps).toEqual(times.pollSteps.map((step) => step / 60));
  expect(scaled.cancellationSteps).toEqual(times.cancellationSteps.map((step) => step / 60));
});
