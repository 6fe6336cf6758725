/** Promise: a time as people write it is the instant that they mean. */

import { describe, expect, test } from 'vitest';
import { nextWallTime } from '../../src/operator/wall-time.ts';

const at = (text: string, now: string, zone = 'Europe/Berlin') => {
  const found = nextWallTime(text, Date.parse(now), zone);
  return found === undefined ? undefined : { ...found, at: new Date(found.at).toISOString() };
};

describe('a time on the clock', () => {
  test('is today if it is to come, else tomorrow', () => {
    expect(at('02:00', '2026-11-25T00:30:00Z')).toEqual({
      at: '2026-11-25T01:00:00.000Z',
      text: 'Wed, 25 Nov 2026, 02:00 CET (Europe/Berlin)',
    });
    expect(at('02:00', '2026-11-25T01:00:00Z')?.at).toBe('2026-11-26T01:00:00.000Z');
    expect(at('23:59', '2026-12-31T22:58:00Z')?.at).toBe('2026-12-31T22:59:00.000Z');
    expect(at('00:00', '2026-12-31T22:58:00Z')?.at).toBe('2026-12-31T23:00:00.000Z');
  });

  test('follows summer time: the evening before the clocks change, it is the time of the night that counts', () => {
    expect(at('04:00', '2026-03-28T20:00:00Z')?.at).toBe('2026-03-29T02:00:00.000Z');
    expect(at('04:00', '2026-10-24T20:00:00Z')?.at).toBe('2026-10-25T03:00:00.000Z');
  });

  test('that is skipped by the clocks is the time that they show instead, with a note', () => {
    const found = at('02:30', '2026-03-28T20:00:00Z');
    expect(found).toMatchObject({ at: '2026-03-29T01:30:00.000Z', note: expect.stringContaining('forward') });
    expect(found?.text).toContain('03:30');
  });

  test('that the clocks show twice is the first that is to come', () => {
    expect(at('02:30', '2026-10-24T20:00:00Z')).toMatchObject({
      at: '2026-10-25T00:30:00.000Z',
      note: expect.stringContaining('twice'),
    });
    expect(at('02:30', '2026-10-25T00:45:00Z')?.at).toBe('2026-10-25T01:30:00.000Z');
    expect(at('02:30', '2026-10-25T01:45:00Z')?.at).toBe('2026-10-26T01:30:00.000Z');
  });

  test('works in zones west, with half hours, and without any', () => {
    expect(at('02:00', '2026-11-25T05:00:00Z', 'America/New_York')?.at).toBe('2026-11-25T07:00:00.000Z');
    expect(at('02:00', '2026-11-25T05:00:00Z', 'Asia/Kolkata')?.at).toBe('2026-11-25T20:30:00.000Z');
    expect(at('02:00', '2026-11-25T05:00:00Z', 'UTC')).toMatchObject({
      at: '2026-11-26T02:00:00.000Z',
      text: 'Thu, 26 Nov 2026, 02:00 UTC',
    });
  });
});

test('an instant with a zone is taken if it is to come', () => {
  expect(at('2026-11-25T02:00:00+01:00', '2026-11-24T00:00:00Z')?.at).toBe('2026-11-25T01:00:00.000Z');
  expect(at('2026-11-23T02:00:00Z', '2026-11-24T00:00:00Z')).toBeUndefined();
  for (const text of ['25:00', '2:60', 'tomorrow', '2026-11-25T02:00:00', ''])
    expect(at(text, '2026-11-24T00:00:00Z')).toBeUndefined();
});
