import type { Clock } from '../../src/ports/clock.ts';

/** The real clock of a server: what it still waits for does not keep a stopped process alive. */
export const serverClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) =>
    ms <= 0 ? Promise.resolve() : new Promise((resolve) => void setTimeout(resolve, ms).unref()),
};
