/** The time as the code sees it: epoch milliseconds. Tests put a clock of their own in its place. */
export interface Clock {
  now(): number;
  /** Resolves after `ms` milliseconds; at once when `ms` is not positive. */
  sleep(ms: number): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => (ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms))),
};
