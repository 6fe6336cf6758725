import { expect, test } from 'vitest';
import { floorPerMinute, defaultGateSettings as settings } from '../../src/domain/gate/gate-settings.ts';
import { initialState, opened } from '../../src/domain/gate/gate-state.ts';
import { cut, grown } from '../../src/gate/adaptive-limit.ts';

const { minuteMs: minute } = settings;
/** Open for `after` ms, in which so many permits were handed out; at 300 calls a minute. */
const open = (granted: number) => ({ ...opened(initialState(0, settings), 0), granted });

test('a busy gate learns the real limit from one Retry-After', () => {
  // 300 a minute for half a minute: 150 calls filled the count, which has room when the oldest is a minute old.
  const after = cut(open(150), minute / 2, 30_000, settings);
  expect(after.limit).toBeGreaterThan(140);
  expect(after.limit).toBeLessThanOrEqual(155);
});

test('a gate that handed out little learns nothing: others filled the count, and the cut is a quarter', () => {
  expect(cut(open(2), minute / 2, 30_000, settings).limit).toBe(0.75 * 300);
  expect(cut(open(0), 1_000, 5_000, settings).limit).toBe(0.75 * 300);
});

test('no Retry-After costs more than half, and the limit never ends below its floor', () => {
  expect(cut(open(300), minute, 59_000, settings).limit).toBeGreaterThanOrEqual(150);
  let state = open(300);
  for (let nth = 1; nth < 20; nth += 1) {
    state = grown(cut(state, nth * minute, 59_000, settings), (nth + 1) * minute, settings);
    expect(state.limit).toBeGreaterThanOrEqual(floorPerMinute(settings));
    state = { ...state, granted: state.limit };
  }
});
