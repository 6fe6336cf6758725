/** Promise: an entry's key says what it wakes and when, sorts by time, and is read as it was made. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { customerOf, jobKeyOf, readJobKey } from '../../src/domain/message/job-key.ts';
import {
  jobEntry,
  jobEntryKeyOf,
  jobKeysUntil,
  readJobEntryKey,
  restAfter,
  wholeMs,
} from '../../src/domain/schedule-entry.ts';
import { defaultTimes as times } from '../../src/domain/times.ts';
import { cartId, customerId, jobKey } from '../support/records.ts';

const minute = 60_000;
const fields = { jobKey, urgent: false, since: 0, state: 'waiting' } as const;

describe('the key of a job', () => {
  test('names its customer and its cart', () => {
    expect(readJobKey(jobKeyOf({ customerId, cartId }))).toBe(jobKey);
    expect(customerOf(jobKey)).toBe(customerId);
  });
  test.each(['', 'x', customerId, undefined])('is not %j', (text) => {
    expect(readJobKey(text)).toBeUndefined();
  });
});

describe('the key of a job’s entry', () => {
  test('is read as it was made, whatever the time', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.integer({ min: 0, max: 8.64e15 / 10 }), (urgent, origin) => {
        const key = jobEntryKeyOf(urgent, origin, jobKey);
        expect(readJobEntryKey(key)).toEqual({ urgent, origin, jobKey });
      }),
    );
  });
  test.each(['', 'job:1:x', `job:${'0'.repeat(15)}:`, `batch:${'0'.repeat(15)}:${jobKey}`])(
    'is not %j',
    (key) => {
      expect(readJobEntryKey(key)).toBeUndefined();
    },
  );
  test('sorts by time, and urgent jobs have a range of their own', () => {
    const keys = [5, 40, 300].map((at) => jobEntryKeyOf(false, at, jobKey));
    expect(keys.toSorted()).toEqual(keys);
    const { from, to } = jobKeysUntil('standard', 40);
    expect(keys.map((key) => key >= from && key <= to)).toEqual([true, true, false]);
    const urgent = jobEntryKeyOf(true, 5, jobKey);
    expect(urgent >= from && urgent <= to).toBe(false);
  });
});

test('the origin of an entry is a whole number of milliseconds, and never earlier than asked for', () => {
  fc.assert(
    fc.property(fc.double({ min: -10, max: 4e12, noNaN: true }), (at) => {
      const whole = wholeMs(at);
      expect(Number.isSafeInteger(whole)).toBe(true);
      expect(whole).toBeGreaterThanOrEqual(at);
      expect(whole).toBeLessThanOrEqual(Math.max(0, at) + 1);
      expect(jobEntry(fields, at)).toMatchObject({ origin: whole, dueAt: whole, wakes: 0, wokenAt: 0 });
    }),
  );
});

test('an entry rests five minutes after each of six wake-ups, then longer, up to six hours', () => {
  const rests = Array.from({ length: 16 }, (_, index) => restAfter(index + 1, times) / minute);
  expect(rests.slice(0, 6)).toEqual([5, 5, 5, 5, 5, 5]);
  expect(rests.slice(6, 12)).toEqual([15, 30, 60, 120, 240, 360]);
  expect(new Set(rests.slice(11))).toEqual(new Set([360]));
});
