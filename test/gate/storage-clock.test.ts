/** Promise: the storage's time is bounded by its answers, however wrong the local clock is. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { storageClock } from '../../src/gate/estimate-storage-clock.ts';
import type { StorageClock } from '../../src/ports/storage-clock.ts';

/** A local clock that is `skew` ahead of the storage's, and answers that took `there` and `back`. */
function world(skew: number) {
  let now = 1_700_000_000_000;
  const clock = storageClock({ now: () => now + skew, sleep: () => Promise.resolve() });
  return {
    clock,
    pass: (ms: number) => {
      now += ms;
    },
    ask: (there: number, back: number) => {
      const sentAt = now + skew;
      now += there;
      const date = Math.floor(now / 1_000) * 1_000;
      now += back;
      clock.observe({ date, sentAt, receivedAt: now + skew });
    },
    real: () => now,
    set: (by: number) => {
      now += by;
    },
  };
}

const answer = fc.record({
  after: fc.integer({ min: 0, max: 5_000 }),
  there: fc.integer({ min: 0, max: 3_000 }),
  back: fc.integer({ min: 0, max: 3_000 }),
});

test('the real time always lies between the bounds, however slow the answers and wrong the local clock', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.array(answer, { minLength: 1 }), (skew, answers) => {
      const { clock, pass, ask, real } = world(skew);
      for (const { after, there, back } of answers) {
        pass(after);
        ask(there, back);
        const { earliest, latest } = clock.now();
        expect(earliest).toBeLessThanOrEqual(real());
        expect(latest).toBeGreaterThanOrEqual(real());
      }
    }),
  );
});

test('a second of whole seconds narrows to about a round trip', () => {
  const { clock, pass, ask } = world(30_000);
  ask(10, 10);
  expect(clock.now().latest - clock.now().earliest).toBeGreaterThan(900);
  for (let count = 0; count < 100; count++) {
    pass(137);
    ask(10, 10);
  }
  expect(clock.now().latest - clock.now().earliest).toBeLessThan(60);
});

test('a local clock that is set in between is believed anew', () => {
  let local = 5_000_000;
  let server = 9_000_000;
  const clock = storageClock({ now: () => local, sleep: () => Promise.resolve() });
  const ask = () =>
    clock.observe({ date: Math.floor(server / 1_000) * 1_000, sentAt: local, receivedAt: local });
  ask();
  local += 60_000 + 3_600_000;
  server += 60_000;
  ask();
  const { earliest, latest } = clock.now();
  expect(earliest).toBeLessThanOrEqual(server);
  expect(latest).toBeGreaterThanOrEqual(server);
});

test('an answer without a readable date changes nothing', () => {
  const clock = storageClock({ now: () => 7, sleep: () => Promise.resolve() });
  clock.observe({ date: Number.NaN, sentAt: 1, receivedAt: 2 });
  expect(clock.now()).toEqual({ earliest: 7, latest: 7 });
});

const ask = (clock: StorageClock, at: number, ahead: number) =>
  clock.observe({ date: Math.floor((at + ahead) / 1_000) * 1_000, sentAt: at - 20, receivedAt: at });

test.each([3_600_000, -3_600_000])(
  'one Date that is wrong by %i ms moves nothing, whenever it comes and however often',
  (wrong) => {
    let now = 1_700_000_000_000;
    const clock = storageClock({ now: () => now, sleep: () => Promise.resolve() });
    const bounds = () => [clock.now().earliest - now, clock.now().latest - now] as const;
    for (let n = 0; n < 5; n += 1) {
      now += 700;
      ask(clock, now, 0);
    }
    const before = bounds();
    for (let n = 0; n < 20; n += 1) {
      now += 700;
      ask(clock, now, wrong);
      const [low, high] = bounds();
      expect(Math.abs(low - before[0])).toBeLessThan(1_000);
      expect(Math.abs(high - before[1])).toBeLessThan(1_000);
      now += 700;
      ask(clock, now, 0);
    }
  },
);

test.each([3_600_000, -3_600_000])(
  'a first Date that is wrong by %i ms: the real time stays between the bounds until two agree',
  (wrong) => {
    let now = 1_700_000_000_000;
    const clock = storageClock({ now: () => now, sleep: () => Promise.resolve() });
    ask(clock, now, wrong);
    expect(clock.now().earliest).toBeLessThanOrEqual(now);
    expect(clock.now().latest).toBeGreaterThanOrEqual(now);
    expect(clock.skew()).toBeUndefined();
    for (let n = 0; n < 2; n += 1) {
      now += 700;
      ask(clock, now, 0);
    }
    expect(Math.abs(clock.now().earliest - now)).toBeLessThan(1_100);
    expect(Math.abs(clock.now().latest - now)).toBeLessThan(1_100);
  },
);

test('the skew is known when two answers agree, holds the real one, and is wider a while later', () => {
  let now = 1_700_000_000_000;
  const clock = storageClock({ now: () => now, sleep: () => Promise.resolve() });
  expect(clock.skew()).toBeUndefined();
  ask(clock, now, 90_000);
  expect(clock.skew()).toBeUndefined();
  now += 1_400;
  ask(clock, now, 90_000);
  const skew = clock.skew();
  expect(skew?.low).toBeLessThanOrEqual(90_000);
  expect(skew?.high).toBeGreaterThanOrEqual(90_000);
  now += 3_600_000;
  expect(clock.skew()?.low).toBeLessThan((skew?.low ?? 0) - 300);
  expect(clock.skew()?.high).toBeGreaterThan((skew?.high ?? 0) + 300);
});

test('while an answer contradicts the others the skew is not known; the next one that agrees tells it again', () => {
  let now = 1_700_000_000_000;
  const clock = storageClock({ now: () => now, sleep: () => Promise.resolve() });
  for (const ahead of [100, 100, 3_600_000]) {
    now += 700;
    ask(clock, now, ahead);
  }
  expect(clock.skew()).toBeUndefined();
  now += 700;
  ask(clock, now, 100);
  expect(clock.skew()?.high).toBeLessThan(1_200);
});

test('two answers in a row that agree on a new time are believed', () => {
  let now = 1_700_000_000_000;
  const clock = storageClock({ now: () => now, sleep: () => Promise.resolve() });
  for (let n = 0; n < 3; n += 1) {
    now += 700;
    ask(clock, now, 0);
  }
  now += 700;
  ask(clock, now, 60_000);
  expect(clock.now().latest).toBeLessThan(now + 2_000);
  now += 700;
  ask(clock, now, 60_000);
  expect(clock.now().earliest).toBeGreaterThan(now + 58_000);
});
