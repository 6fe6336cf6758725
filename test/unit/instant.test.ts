/** Promise: a date of the API excludes an order only if it proves something. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { instantOf, intervalOf } from '../../src/domain/answer/instant.ts';

const at = Date.UTC(2026, 10, 24, 2, 0, 1);
const hour = 3_600_000;

test.each([
  undefined,
  '',
  'soon',
  '2026-11-24',
  '11/24/2026 02:00:01',
  '0001-01-01T00:00:00',
  '0001-01-01T00:00:00Z',
  '1970-01-01T00:00:00Z',
  '1999-12-31T23:59:59Z',
  '2026-02-30T00:00:00Z',
  '2026-11-24T25:00:00Z',
  '2026-11-24T02:00:01+99:00',
])('%s proves nothing', (text) => {
  expect(intervalOf(text)).toBeUndefined();
  expect(instantOf(text)).toBeUndefined();
});

test.each([
  ['2026-11-24T02:00:01.6578126Z', at + 657, at + 657],
  ['2026-11-24T02:00:01.76+00:00', at + 760, at + 769],
  ['2026-11-23T18:00:01.253-08:00', at + 253, at + 253],
  ['2026-11-24T11:00:01+0900', at, at + 999],
  ['2026-11-24 02:00:01Z', at, at + 999],
  ['2026-11-24T02:00Z', at - 1_000, at + 58_999],
  ['2026-11-24T02:00:01', at - 14 * hour, at + 999 + 14 * hour],
])('%s is between its bounds', (text, earliest, latest) => {
  expect(intervalOf(text)).toEqual({ earliest, latest });
});

test('a date without a zone counts as UTC, wherever the worker runs', () => {
  expect(instantOf('2026-11-24T02:00:01')).toBe(at);
  expect(instantOf('2026-11-24T02:00:01.5Z')).toBe(at + 500);
});

test('whatever instant is written in whatever zone, the bounds hold it', () => {
  const zones = fc.integer({ min: -14 * 60, max: 14 * 60 });
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(2000, 0, 2), max: Date.UTC(2099, 0, 1) }), zones, (time, zone) => {
      const local = new Date(time + zone * 60_000).toISOString().slice(0, 19);
      const interval = intervalOf(local);
      expect(interval?.earliest).toBeLessThanOrEqual(time);
      expect(interval?.latest).toBeGreaterThanOrEqual(time);
    }),
  );
});
