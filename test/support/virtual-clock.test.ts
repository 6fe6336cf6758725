/** Promise: the clock of the tests wakes sleepers in the order of their times, and a hang is an error. */

import { expect, test } from 'vitest';
import { virtualClock } from './virtual-clock.ts';

test('sleepers wake in the order of their times, then of their falling asleep, and the time is theirs', async () => {
  const clock = virtualClock(1_000);
  const seen: string[] = [];
  const sleeper = async (name: string, ...naps: number[]) => {
    for (const nap of naps) {
      await clock.sleep(nap);
      seen.push(`${name}@${clock.now()}`);
    }
  };
  const all = Promise.all([sleeper('a', 30, 20), sleeper('b', 10, 10, 30), sleeper('c', 20, 0)]);
  await clock.run(45);
  // What a sleeper does when it wakes is done before the next one of that instant wakes.
  expect(seen).toEqual(['b@1010', 'c@1020', 'c@1020', 'b@1020', 'a@1030']);
  expect(clock.now()).toBe(1_045);
  await clock.until(all);
  expect(seen.slice(5)).toEqual(['b@1050', 'a@1050']);
});

test('many sleepers come in order', async () => {
  const clock = virtualClock(0);
  const seen: number[] = [];
  const naps = Array.from({ length: 500 }, (_, index) => 1 + ((index * 7919) % 503));
  await clock.until(
    Promise.all(
      naps.map(async (nap) => {
        await clock.sleep(nap);
        seen.push(nap);
      }),
    ),
  );
  expect(seen).toEqual(naps.toSorted((a, b) => a - b));
});

test('a promise that nobody can settle is an error at once, not a hang', async () => {
  const clock = virtualClock();
  await expect(clock.until(new Promise(() => {}))).rejects.toThrow('nobody sleeps');
  const forever = (async () => {
    for (;;) await clock.sleep(1_000);
  })();
  await expect(clock.until(forever, 5_000)).rejects.toThrow('5000 ms have passed');
});

test('a skewed clock shows another time and sleeps as long', async () => {
  const clock = virtualClock(60_000);
  const ahead = clock.skewed(30_000);
  expect(ahead.now()).toBe(90_000);
  await clock.until(ahead.sleep(5));
  expect(ahead.now()).toBe(90_005);
});
