/** Promise: a customer who is throttled alone holds up nobody else. */

import { describe, expect, test } from 'vitest';
import { judge429, type ThrottledCustomer, withPass } from '../../src/domain/gate/customer-throttles.ts';
import { minClosedMs, defaultGateSettings as settings } from '../../src/domain/gate/gate-settings.ts';

const now = 10_000_000;
const minute = settings.minuteMs;
const throttled = (change: Partial<ThrottledCustomer> = {}): ThrottledCustomer => ({
  customer: 'one',
  at: now - minute,
  until: now + 10 * minute,
  times: 1,
  passed: false,
  ...change,
});
const judge = (known: readonly ThrottledCustomer[], until: number, othersPassed = now - 1) =>
  judge429(known, 'one', now, until, 0, othersPassed, settings);

describe('a Retry-After of a customer', () => {
  test('that is longer than the next one’s is kept', () => {
    expect(judge([throttled()], now + minute).throttledCustomers).toMatchObject([
      { customer: 'one', until: now + 10 * minute },
    ]);
  });
  test('that is shorter gives way to the next one', () => {
    expect(judge([throttled({ until: now + minute })], now + 5 * minute).throttledCustomers).toMatchObject([
      { until: now + 5 * minute },
    ]);
  });
  test('is kept also after a call that was under way has passed', () => {
    expect(judge([throttled({ passed: true })], now + minute).throttledCustomers).toMatchObject([
      { until: now + 10 * minute, times: 1 },
    ]);
  });
  test('of another customer does not count', () => {
    const other = throttled({ customer: 'other' });
    expect(judge([other], now + minute).throttledCustomers).toEqual([
      other,
      { customer: 'one', at: now, until: now + minute, times: 1, passed: false },
    ]);
  });
  test('is forgotten a quarter of an hour after its 429, but not before it is over', () => {
    const old = throttled({ customer: 'other', at: now - 15 * minute });
    expect(judge([old], now + minute).throttledCustomers).toMatchObject([old, { customer: 'one' }]);
    expect(judge([{ ...old, until: now }], now + minute).throttledCustomers).toMatchObject([
      { customer: 'one' },
    ]);
  });
});

describe('a customer alone is throttled', () => {
  test('while others pass', () => {
    expect(judge([], now + minute).alone).toBe(true);
    expect(judge([], now + minute, 0).alone).toBe(false);
    expect(judge([], now + minute, now - minute).alone).toBe(false);
  });
  test('not while another met a 429 lately, unless that one is known for a limit of its own', () => {
    const other = throttled({ customer: 'other', at: now - 1 });
    expect(judge([other], now + minute).alone).toBe(false);
    expect(judge([{ ...other, times: 2 }], now + minute).alone).toBe(true);
  });
});

test('a customer that passes after a while is not throttled any more', () => {
  const known = [throttled()];
  const later = now - minute + minClosedMs(settings) + 1;
  expect(withPass(known, 'one', later, settings)).toMatchObject([{ passed: true, times: 0 }]);
  expect(withPass(known, 'other', later, settings)).toBe(known);
  expect(withPass(known, 'one', now - minute + 1, settings)).toBe(known);
});
