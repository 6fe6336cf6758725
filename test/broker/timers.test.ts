/** Promise: the broker's alarms ring at their time, however many were set and stopped. */

import { expect, test } from 'vitest';
import { createAlarm } from '../../local/service-bus/alarm.ts';
import { systemClock } from '../../local/service-bus/clock.ts';
import { createOrder } from '../../local/service-bus/order.ts';
import { manualClock } from './bed.ts';

test('what is wanted rings at its time, also after thousands that were not', () => {
  const clock = manualClock();
  const start = clock.now();
  const rung: number[] = [];
  const alarm = createAlarm<number>(
    clock,
    (n) => n % 1_000 === 0,
    (n) => rung.push(clock.now() - start, n),
  );
  for (let n = 5_000; n > 0; n -= 1) {
    alarm.set(start + n, n);
    if (n % 1_000 !== 0) alarm.noteUnwanted();
  }
  clock.advance(10_000);
  expect(rung).toEqual([1_000, 2_000, 3_000, 4_000, 5_000].flatMap((n) => [n, n]));
});

test('a stopped alarm does not ring', () => {
  const clock = manualClock();
  const alarm = createAlarm<number>(
    clock,
    () => true,
    () => {
      throw new Error('it rang');
    },
  );
  alarm.set(clock.now() + 5, 1);
  alarm.stop();
  clock.advance(10);
});

test('a time beyond what a timer holds is waited for in parts', () => {
  // A timer of more than 2^31 - 1 ms would fire at once.
  const cancel = systemClock.wakeAt(Date.now() + 2 ** 33, () => {});
  expect(process.getActiveResourcesInfo()).toContain('Timeout');
  cancel();
});

test('an order finds what is left when most is gone', () => {
  const gone = new Set<number>();
  const order = createOrder<{ n: number }>(
    ({ n }) => n,
    ({ n }) => gone.has(n),
  );
  for (let n = 1; n <= 5_000; n += 1) order.add({ n });
  for (let n = 1; n <= 5_000; n += 1) {
    if (n % 500 === 0) continue;
    gone.add(n);
    order.noteGone();
  }
  expect([...order.from(0)].map(({ n }) => n)).toEqual([
    500, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000, 4_500, 5_000,
  ]);
  expect([...order.from(4_500)].map(({ n }) => n)).toEqual([4_500, 5_000]);
  expect(order.find(1_500)).toEqual({ n: 1_500 });
  expect(order.find(1_501)).toBeUndefined();
});
