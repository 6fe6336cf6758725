/** The broker's time: locks, schedules and time to live end by it. Tests put their own in its place. */
export interface BrokerClock {
  /** Epoch ms. */
  now(): number;
  /** Calls `wake` once at `at` (epoch ms), or soon after; returns what cancels it. */
  wakeAt(at: number, wake: () => void): () => void;
}

/** A timer holds at most 2^31 - 1 ms; one that is farther away wakes early, and is set again. */
const longest = 2 ** 31 - 1;

export const systemClock: BrokerClock = {
  now: () => Date.now(),
  wakeAt(at, wake) {
    const timer = setTimeout(wake, Math.min(Math.max(0, at - Date.now()), longest));
    return () => clearTimeout(timer);
  },
};
