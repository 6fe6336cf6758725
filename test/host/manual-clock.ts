import type { HostClock } from '../../local/functions-host/clock.ts';

/** A clock that stands still until the test moves it. */
export interface ManualClock extends HostClock {
  /** Moves to `time`, waking every sleeper whose time has come, in order, and lets each act before the next wakes. */
  advanceTo(time: number): Promise<void>;
}

export function manualClock(start: number): ManualClock {
  let now = start;
  let sleepers: { at: number; wake: () => void }[] = [];
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (ms <= 0 || signal.aborted) return resolve();
        sleepers.push({ at: now + ms, wake: resolve });
        signal.addEventListener('abort', () => resolve(), { once: true });
      }),
    advanceTo: async (time) => {
      await settle();
      for (;;) {
        const due = sleepers.filter(({ at }) => at <= time).sort((a, b) => a.at - b.at)[0];
        if (!due) break;
        sleepers = sleepers.filter((sleeper) => sleeper !== due);
        now = Math.max(now, due.at);
        due.wake();
        await settle();
      }
      now = time;
      await settle();
    },
  };
}
