import type { Clock } from '../../src/ports/clock.ts';

/** A clock that stands still until a test moves it. */
export interface HandClock extends Clock {
  /** Moves the time on and wakes who has slept long enough, earliest first. */
  advance(ms: number): void;
  /** Resolves when so many sleep. */
  whenAsleep(count: number): Promise<void>;
}

export function handClock(start = Date.UTC(2026, 10, 3, 9, 14, 22)): HandClock {
  let now = start;
  let sleepers: { until: number; wake: () => void }[] = [];
  let watchers: { count: number; resolve: () => void }[] = [];
  const tell = (): void => {
    for (const { resolve } of watchers.filter(({ count }) => sleepers.length >= count)) resolve();
    watchers = watchers.filter(({ count }) => sleepers.length < count);
  };
  return {
    now: () => now,
    sleep(ms) {
      if (ms <= 0) return Promise.resolve();
      return new Promise((wake) => {
        sleepers.push({ until: now + ms, wake });
        tell();
      });
    },
    advance(ms) {
      now += ms;
      const due = sleepers.filter(({ until }) => until <= now).sort((a, b) => a.until - b.until);
      sleepers = sleepers.filter(({ until }) => until > now);
      for (const { wake } of due) wake();
    },
    whenAsleep(count) {
      if (sleepers.length >= count) return Promise.resolve();
      return new Promise((resolve) => watchers.push({ count, resolve }));
    },
  };
}
