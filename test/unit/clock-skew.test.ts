import { expect, test } from 'vitest';
import { clockSkew } from '../../src/clock-skew.ts';

const second = 1_000;
/** An answer of a server whose clock is ahead of ours; its `Date` has whole seconds. */
const answer = (sentAt: number, ahead: number, took = 40) => ({
  date: Math.floor((sentAt + took / 2 + ahead) / second) * second,
  sentAt,
  receivedAt: sentAt + took,
});

test('nothing is measured before two answers agree', () => {
  const skew = clockSkew(() => 10_040);
  expect(skew.measured()).toBeUndefined();
  skew.observe(answer(5_000, 7_300));
  expect(skew.measured()).toBeUndefined();
  skew.observe(answer(10_000, 7_300));
  const { low = 0, high = 0 } = skew.measured() ?? {};
  expect(low).toBeLessThanOrEqual(7_300);
  expect(high).toBeGreaterThanOrEqual(7_300);
  expect(high - low).toBeLessThan(1_100);
});

test('one wrong date is not believed, and costs no more than the measure', () => {
  let now = 0;
  const skew = clockSkew(() => now);
  for (const [sentAt, ahead] of [
    [0, 100],
    [5_000, 100],
    [10_000, 3_600_000],
  ] as const) {
    now = sentAt + 40;
    skew.observe(answer(sentAt, ahead));
  }
  expect(skew.measured()).toBeUndefined();
  for (const sentAt of [15_000, 20_000]) {
    now = sentAt + 40;
    skew.observe(answer(sentAt, 100));
  }
  expect(skew.measured()?.high).toBeLessThan(1_200);
});

test('clocks part: an old measure is wider', () => {
  let now = 5_040;
  const skew = clockSkew(() => now);
  skew.observe(answer(0, 0));
  skew.observe(answer(5_000, 0));
  const fresh = skew.measured()?.high ?? 0;
  now += 24 * 3_600_000;
  expect(skew.measured()?.high).toBeGreaterThan(fresh + 8_000);
});
