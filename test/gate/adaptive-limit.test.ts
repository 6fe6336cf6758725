/** Promise: the limit is cut by what a 429 shows, and never below its floor. */

import { expect, test } from 'vitest';
import { decreased, increased } from '../../src/domain/gate/adaptive-limit.ts';
import { floorPerMinute, defaultGateSettings as settings } from '../../src/domain/gate/gate-settings.ts';
import { initialState, opened } from '../../src/domain/gate/gate-state.ts';
import { withSpaced } from './fleet.ts';

const { minuteMs: minute } = settings;
/** Open since 0, at 300 calls a minute, and so many permits were handed out until `now`. */
const open = (permits: number, now: number) =>
  withSpaced(opened(initialState(0, settings), 0), permits, 0, now, settings);
const refused = (now: number, retryAfterMs: number) => ({ now, firstAt: now, retryAfterMs });

test('a busy gate learns the real limit from one Retry-After', () => {
  // 300 a minute for half a minute: 150 calls filled the count, which has room when the oldest is a minute old.
  const after = decreased(open(150, minute / 2), refused(minute / 2, 30_000), settings);
  expect(after.limit).toBeGreaterThan(140);
  expect(after.limit).toBeLessThanOrEqual(155);
});

test('a gate that handed out little learns nothing: others filled the count, and the cut is a quarter', () => {
  expect(decreased(open(2, minute / 2), refused(minute / 2, 30_000), settings).limit).toBe(0.75 * 300);
  expect(decreased(open(0, 1_000), refused(1_000, 5_000), settings).limit).toBe(0.75 * 300);
});

test('no Retry-After costs more than half, and the limit never ends below its floor', () => {
  expect(decreased(open(300, minute), refused(minute, 59_000), settings).limit).toBeGreaterThanOrEqual(150);
  let state = open(300, minute);
  for (let nth = 1; nth < 20; nth += 1) {
    const next = (nth + 1) * minute;
    state = increased(decreased(state, refused(nth * minute, 59_000), settings), next, settings);
    expect(state.limit).toBeGreaterThanOrEqual(floorPerMinute(settings));
    state = withSpaced(state, state.limit, nth * minute, next, settings);
  }
});
