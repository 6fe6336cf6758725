import { expect, test } from 'vitest';
import { settingsReader } from '../../src/config/setting-reader.ts';
import { timeSettings } from '../../src/config/time-setting-table.ts';
import { readTimes, scaleTimes, toDuration } from '../../src/config/time-settings.ts';
import { defaultTimes, timeKeys } from '../../src/domain/times.ts';

const read = (env: Record<string, string>) => {
  const reader = settingsReader(env);
  return { times: readTimes(reader), problems: reader.problems };
};

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

test('the hours of the alarm', () => {
  expect(read({ PENDING_ALARM_HOURS: '1.5' })).toMatchObject({
    times: { pendingAlarm: 5_400_000 },
    problems: [],
  });
  expect(read({ PENDING_ALARM_HOURS: '1d' }).problems).toEqual([
    expect.stringMatching(
      /^PENDING_ALARM_HOURS is a text of 2 characters that looks like a length of time \(not shown\); expected is/,
    ),
  ]);
});

test('all other times are constants: an unknown setting changes none', () => {
  expect(read({ LEASE: '1s', POLL_STEPS: '1s' })).toEqual({ times: defaultTimes, problems: [] });
});

test('a factor divides every time', () => {
  const scaled = scaleTimes(defaultTimes, 60);
  for (const key of timeKeys) expect(scaled[key]).toBe(Math.max(1, Math.round(defaultTimes[key] / 60)));
  expect(scaled.pollSteps).toEqual(defaultTimes.pollSteps.map((step) => step / 60));
});
