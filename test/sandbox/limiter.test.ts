/** Promise: the sandbox limits calls in each way that an API may. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeLimiter } from '../../local/partner-center/limiter.ts';
import { startSandbox } from '../../local/partner-center/sandbox.ts';
import { call, instant } from './client.ts';
import { handClock } from './hand-clock.ts';

const minute = 60_000;
const take = (kind: 'fixed' | 'sliding' | 'customer', calls: number) => {
  const limiter = makeLimiter({ kind, calls, window: minute });
  return (now: number, customer = 'a'): number => limiter.take(now, customer);
};

describe('fixed window', () => {
  test('passes the limit, then asks to wait for the next minute', () => {
    const at = take('fixed', 2);
    expect([at(10_000), at(20_000), at(45_000)]).toEqual([0, 0, 15_000]);
    expect(at(60_000)).toBe(0);
  });
  test('lets a double burst through at the turn of a minute', () => {
    const at = take('fixed', 2);
    expect([at(59_000), at(59_500), at(60_000), at(60_500)]).toEqual([0, 0, 0, 0]);
  });
});

describe('sliding window', () => {
  test('allows no double burst', () => {
    const at = take('sliding', 2);
    expect([at(59_000), at(59_500)]).toEqual([0, 0]);
    expect(at(60_000)).toBeGreaterThan(0);
  });
  test('a call made while throttled counts and puts off the end of the wait', () => {
    const at = take('sliding', 2);
    at(0);
    at(1_000);
    expect(at(30_000)).toBe(31_000);
    expect(at(40_000)).toBe(50_000);
    // Without the two refused calls the window would be free by now.
    expect(at(62_000)).toBeGreaterThan(0);
  });
  test('whoever waits as told passes, whatever was sent before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 6 }),
        (gaps, calls) => {
          const at = take('sliding', calls);
          let now = 0;
          let wait = 0;
          for (const gap of gaps) {
            now += gap;
            wait = at(now);
          }
          return at(now + wait) === 0 || wait === 0;
        },
      ),
    );
  });
  test('never passes more than the limit in any window', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 15_000 }), { maxLength: 80 }), (gaps) => {
        const at = take('sliding', 4);
        const passed: number[] = [];
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          if (at(now) === 0) passed.push(now);
        }
        return passed.every((end) => passed.filter((time) => time > end - minute && time <= end).length <= 4);
      }),
    );
  });
});

test('per customer: one customer at its limit does not stop another', () => {
  const at = take('customer', 1);
  expect(at(0, 'a')).toBe(0);
  expect(at(1_000, 'a')).toBe(minute);
  expect(at(1_000, 'b')).toBe(0);
});

test('over HTTP: 429 in the gateway shape with whole seconds of Retry-After, scaled by the factor, then passes', async () => {
  const clock = handClock(Date.UTC(2026, 10, 3));
  const limiter = { kind: 'fixed', calls: 1 } as const;
  const sandbox = await startSandbox({ clock, factor: 10, switches: { ...instant, limiter } });
  try {
    const path = '/v1/customers/7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10/orders';
    expect((await call(sandbox, 'GET', path)).status).toBe(200);
    clock.advance(500);
    const refused = await call(sandbox, 'GET', path);
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '6']);
    expect(JSON.parse(refused.text)).toMatchObject({ statusCode: 429 });
    expect(sandbox.calls()[1]).toMatchObject({ throttled: true, throttleScope: 'partner', retryAfter: '6' });
    clock.advance(6_000);
    expect((await call(sandbox, 'GET', path)).status).toBe(200);
  } finally {
    await sandbox.stop();
  }
});

test('over HTTP, per customer: the log says whom the 429 binds', async () => {
  const limiter = { kind: 'customer', calls: 1 } as const;
  const sandbox = await startSandbox({ clock: handClock(), switches: { ...instant, limiter } });
  try {
    const [one, two] = sandbox.createCarts({ count: 2, customers: 2 });
    const list = async (customerId = ''): Promise<number> =>
      (await call(sandbox, 'GET', `/v1/customers/${customerId}/orders`)).status;
    expect(await list(one?.customerId)).toBe(200);
    expect(await list(one?.customerId)).toBe(429);
    expect(await list(two?.customerId)).toBe(200);
    expect(sandbox.calls()[1]).toMatchObject({ throttleScope: 'customer', customerId: one?.customerId });
  } finally {
    await sandbox.stop();
  }
});

test('a storm answers every call with 429 until it is over', async () => {
  const clock = handClock();
  const sandbox = await startSandbox({ clock, switches: instant });
  try {
    const path = '/v1/customers/7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10/orders';
    sandbox.set({ storm: { until: clock.now() + 20_000, retryAfter: 7 } });
    clock.advance(19_999);
    const refused = await call(sandbox, 'GET', path);
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '7']);
    clock.advance(1);
    expect((await call(sandbox, 'GET', path)).status).toBe(200);
  } finally {
    await sandbox.stop();
  }
});
