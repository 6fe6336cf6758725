import { expect, test } from 'vitest';
import { settingsReader } from '../../src/config/setting-reader.ts';
import { readTimes, timeSettings, toDuration, wrongTogether } from '../../src/config/time-settings.ts';
import { defaultTimes, type Times } from '../../src/domain/times.ts';

const read = (env: Record<string, string>) => {
  const reader = settingsReader(env);
  return { times: readTimes(reader), problems: reader.problems };
};

test('every time has a setting', () => {
  expect(
    Object.values(timeSettings)
      .map(({ key }) => key)
      .toSorted(),
  ).toEqual(Object.keys(defaultTimes).toSorted());
});

test('the defaults of the settings are the defaults of the rules', () => {
  const fallbacks = Object.entries(timeSettings).map(([name, { fallback }]) => [name, fallback]);
  expect(read(Object.fromEntries(fallbacks))).toEqual({ times: defaultTimes, problems: [] });
  expect(read({})).toEqual({ times: defaultTimes, problems: [] });
});

test.each([
  ['180s', 180_000],
  ['1.5m', 90_000],
  ['500ms', 500],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['PT3M', 180_000],
  ['PT1.5S', 1_500],
  ['P1DT2H3M4S', 93_784_000],
  ['180', undefined],
  ['0s', undefined],
  ['-1s', undefined],
  ['31d', undefined],
  ['P', undefined],
  ['PT', undefined],
  ['P1M', undefined],
  ['3 m', undefined],
  ['3M', undefined],
  ['1e3s', undefined],
  ['NaNs', undefined],
])('%s is %s ms', (text, ms) => {
  expect(toDuration(text)).toBe(ms);
});

test('steps and hours', () => {
  expect(read({ POLL_STEPS: '1m, 2m,PT1H', PENDING_ALARM_HOURS: '1.5' })).toMatchObject({
    times: { pollSteps: [60_000, 120_000, 3_600_000], pendingAlarm: 5_400_000 },
    problems: [],
  });
  expect(read({ POLL_STEPS: '1m,,2m', PENDING_ALARM_HOURS: '1d' }).problems).toEqual([
    expect.stringMatching(/^POLL_STEPS is a text of 6 characters \(not shown\); expected is/),
    expect.stringMatching(
      /^PENDING_ALARM_HOURS is a text of 2 characters that looks like a length of time \(not shown\); expected is/,
    ),
  ]);
});

test.each<[Partial<Times>, RegExp]>([
  [{ callTimeout: 211_000 }, /^LEASE \(4m\) must be 30 s or more above CALL_TIMEOUT \(211s\)/],
  [{ lease: 241_000 }, /^WINDOW .* must not be below LEASE/],
  [{ window: defaultTimes.quiet }, /^QUIET .* must be above WINDOW/],
  [{ quiet: 899_000 }, /^QUIET .* must be 15m or more/],
  [{ sleepBudget: 420_000 }, /^SLEEP_BUDGET .* must be below LOCK_RENEWED/],
  [{ throwDelay: 420_000 }, /^THROW_DELAY .* must be below LOCK_RENEWED/],
  [{ parkMax: 3_600_000 }, /^REVIVE_AFTER .* must be above PARK_MAX/],
  [{ backoffBase: 1_800_001 }, /^BACKOFF_MAX/],
  [{ inProgressFirst: 240_001 }, /^IN_PROGRESS_LATER/],
  [{ tickLimit: 60_000 }, /^TICK_LIMIT/],
  [{ pendingAlarm: 1_200_000 }, /^PENDING_ALARM_HOURS/],
])('%j cannot be right', (change, says) => {
  expect(wrongTogether({ ...defaultTimes, ...change })).toEqual([expect.stringMatching(says)]);
});

test('the edges are right', () => {
  const edges = {
    callTimeout: 210_000,
    lease: 240_000,
    window: 240_000,
    quiet: 900_000,
    sleepBudget: 389_999,
  };
  expect(wrongTogether({ ...defaultTimes, ...edges })).toEqual([]);
});

test('times that cannot be right together are told by the reader', () => {
  expect(read({ LEASE: '181s' }).problems).toEqual([expect.stringContaining('LEASE')]);
});
