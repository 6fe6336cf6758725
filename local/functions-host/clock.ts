/** The host's time. Unlike a plain sleep, this one can be cut short, because a stopping host must not wait for its next minute. */
export interface HostClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves after `ms` milliseconds or when `signal` is aborted, whichever comes first. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** setTimeout fires at once beyond this. */
const longestTimeout = 2 ** 31 - 1;

export const systemClock: HostClock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (ms <= 0 || signal.aborted) return resolve();
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(ms, longestTimeout));
      signal.addEventListener('abort', end);
    }),
};
