import { createHeap } from '../../local/service-bus/heap.ts';
import type { Clock } from '../../src/ports/clock.ts';

/** A clock that only `run` and `until` move: code that waits costs no real time, and the order of events is always the same. */
export interface VirtualClock extends Clock {
  /** The same time, read by a machine whose clock is `ms` ahead (negative: behind). */
  skewed(ms: number): Clock;
  /** Lets everything happen that happens within `ms` from now, then stands there. */
  run(ms: number): Promise<void>;
  /** Lets time pass until the promise settles. Throws when nothing is left to wake up, or after `limit` ms. */
  until<T>(promise: Promise<T>, limit?: number): Promise<T>;
}

interface Sleeper {
  readonly at: number;
  /** Equal times wake in the order in which they fell asleep. */
  readonly turn: number;
  readonly wake: () => void;
}

const day = 24 * 60 * 60_000;

/**
 * Between two instants every promise that can settle does. So code under this clock may await promises and this clock, but
 * no real input or output: that has its turn once in a thousand instants, for the test runner's sake.
 */
export function virtualClock(start = Date.UTC(2026, 0, 5, 20)): VirtualClock {
  let now = start;
  let turns = 0;
  let instants = 0;
  const sleepers = createHeap(before);

  const sleep = (ms: number): Promise<void> =>
    ms > 0
      ? new Promise((wake) => {
          sleepers.push({ at: now + ms, turn: turns++, wake });
        })
      : Promise.resolve();

  /** Wakes everybody who sleeps until the next instant; false when that is after `end`, or nobody sleeps. */
  function step(end: number): boolean {
    const next = sleepers.peek();
    if (next === undefined || next.at > end) return false;
    now = next.at;
    while (sleepers.peek()?.at === now) sleepers.pop()?.wake();
    return true;
  }

  /** A next tick comes when no promise is left that can go on. */
  function settled(): Promise<void> {
    instants += 1;
    return new Promise((resolve) => (instants % 1_000 === 0 ? setImmediate : process.nextTick)(resolve));
  }

  async function run(ms: number): Promise<void> {
    const end = now + ms;
    await settled();
    while (step(end)) await settled();
    now = end;
  }

  async function until<T>(promise: Promise<T>, limit = 7 * day): Promise<T> {
    const end = now + limit;
    let isOver = false;
    const mark = () => {
      isOver = true;
    };
    promise.then(mark, mark);
    await settled();
    while (!isOver) {
      if (!step(end)) {
        const why = sleepers.size() === 0 ? 'nobody sleeps' : `${limit} ms have passed`;
        throw new Error(
          `Virtual time ended at ${new Date(now).toISOString()}: the promise is open, and ${why}.`,
        );
      }
      await settled();
    }
    return promise;
  }

  return { now: () => now, sleep, skewed: (ms) => ({ now: () => now + ms, sleep }), run, until };
}

const before = (a: Sleeper, b: Sleeper): boolean => a.at < b.at || (a.at === b.at && a.turn < b.turn);

/**
 * A clock that whoever sleeps moves on: for one worker that does one thing at a time, so that a test need not run the clock beside
 * it. Two who sleep at once need `virtualClock`.
 */
export interface LeapingClock extends Clock {
  leapTo(time: number): void;
}

export function leapingClock(start: number): LeapingClock {
  let now = start;
  return {
    now: () => now,
    sleep: async (ms) => {
      now += Math.max(0, ms);
    },
    leapTo: (time) => {
      now = Math.max(now, time);
    },
  };
}
