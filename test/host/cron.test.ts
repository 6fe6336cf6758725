/** Promise: the local host runs a timer when Azure would. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseSchedule } from '../../local/functions-host/cron.ts';

const zoneBefore = process.env['TZ'];
beforeAll(() => {
  process.env['TZ'] = 'Europe/Berlin';
});
afterAll(() => {
  if (zoneBefore === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zoneBefore;
});

/** The next occurrences after a time, in UTC. */
function occurrences(expression: string, after: string, count: number): string[] {
  const schedule = parseSchedule(expression);
  let time = Date.parse(after);
  return Array.from({ length: count }, () => {
    time = schedule.next(time);
    return new Date(time).toISOString().replace(':00.000Z', '').replace('.000Z', '');
  });
}

describe('fields', () => {
  test.each([
    ['0 * * * * *', '2026-01-05T10:00:30Z', ['2026-01-05T10:01', '2026-01-05T10:02']],
    ['* * * * *', '2026-01-05T10:00:30Z', ['2026-01-05T10:01', '2026-01-05T10:02']],
    ['*/20 * * * * *', '2026-01-05T10:00:30Z', ['2026-01-05T10:00:40', '2026-01-05T10:01']],
    [
      '0 5/25 * * * *',
      '2026-01-05T10:00:00Z',
      ['2026-01-05T10:05', '2026-01-05T10:30', '2026-01-05T10:55', '2026-01-05T11:05'],
    ],
    [
      '0 0,30 9-10 * * *',
      '2026-01-05T07:00:00Z',
      ['2026-01-05T08:00', '2026-01-05T08:30', '2026-01-05T09:00', '2026-01-05T09:30', '2026-01-06T08:00'],
    ],
    ['0 30 9 * jan mon', '2026-01-05T10:00:00Z', ['2026-01-12T08:30', '2026-01-19T08:30']],
    ['0 0 0 29 2 *', '2026-01-05T10:00:00Z', ['2028-02-28T23:00']],
  ])('%s', (expression, after, expected) => {
    expect(occurrences(expression, after, expected.length)).toEqual(expected);
  });

  test('day and weekday must both match', () => {
    // Friday the 13th, at noon in Berlin.
    expect(occurrences('0 0 12 13 * 5', '2026-01-01T00:00:00Z', 3)).toEqual([
      '2026-02-13T11:00',
      '2026-03-13T11:00',
      '2026-11-13T11:00',
    ]);
  });

  test('an occurrence is after the time, never at it', () => {
    expect(occurrences('0 0 * * * *', '2026-01-05T10:00:00Z', 1)).toEqual(['2026-01-05T11:00']);
    expect(occurrences('0 0 * * * *', '2026-01-05T09:59:59.999Z', 1)).toEqual(['2026-01-05T10:00']);
  });

  test.each([
    '0 60 * * * *',
    '0 0 0 0 * *',
    '0 0 0 * * 5#9',
    '0 */0 * * * *',
    '0 0 0 * foo *',
    '00:01:00',
    '0 0 0 * * * *',
  ])('%s is refused', (expression) => {
    expect(() => parseSchedule(expression)).toThrow(`The schedule "${expression}" cannot be read: `);
  });

  test('a date that never comes is told', () => {
    expect(() => parseSchedule('0 0 0 30 2 *').next(0)).toThrow('never comes');
  });
});

// Berlin: 2026-03-29 02:00 becomes 03:00 (01:00 UTC); 2026-10-25 03:00 becomes 02:00 (01:00 UTC).
describe('when the clocks change', () => {
  test('in spring a fixed time inside the gap runs when the gap ends', () => {
    expect(occurrences('0 30 2 * * *', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00',
      '2026-03-30T00:30',
    ]);
  });

  test('in spring a repeating schedule keeps its rhythm', () => {
    expect(occurrences('0 */30 * * * *', '2026-03-29T00:30:00Z', 3)).toEqual([
      '2026-03-29T01:00',
      '2026-03-29T01:30',
      '2026-03-29T02:00',
    ]);
  });

  test('in autumn a fixed time runs once', () => {
    expect(occurrences('0 30 2 * * *', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
    // Counted from within the repeated hour: not again.
    expect(occurrences('0 30 2 * * *', '2026-10-25T01:10:00Z', 1)).toEqual(['2026-10-26T01:30']);
  });

  test('in autumn a repeating schedule keeps running through both hours', () => {
    expect(occurrences('0 */30 * * * *', '2026-10-24T23:30:00Z', 5)).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T00:30',
      '2026-10-25T01:00',
      '2026-10-25T01:30',
      '2026-10-25T02:00',
    ]);
  });
});
