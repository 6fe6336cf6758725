import type { Clock } from '../../src/ports/clock.ts';
import { createTimeline } from './timeline.ts';

/** A clock that only `run` and `until` move: code that waits costs no real time, and the order of events is always the same. */
export interface VirtualClock extends Clock {
  /** The same time, read by a machine whose clock is `ms` ahead (negative: behind). */
  skewed(ms: number): Clock;
  /** Lets everything happen that happens within `ms` from now, then stands there. */
  run(ms: number): Promise<void>;
  /** Lets time pass until the promise settles. Throws when nothing is left to wake up, or after `limit` ms. */
  until<T>(promise: Promise<T>, limit?: number): Promise<T>;
}

const day = 24 * 60 * 60_000;

/** Code under this clock may await promises and this clock. Real input and output have their turn once in a thousand instants. */
export function virtualClock(start = Date.UTC(2026, 0, 5, 20)): VirtualClock {
  const timeline = createTimeline(start);
  const { now } = timeline;

  const sleep = (ms: number): Promise<void> =>
    ms > 0 ? new Promise((wake) => timeline.at(now() + ms, wake)) : Promise.resolve();

  async function run(ms: number): Promise<void> {
    const end = now() + ms;
    let isOver = false;
    timeline.at(end, () => {
      isOver = true;
    });
    await timeline.run(end, () => isOver);
  }

  async function until<T>(promise: Promise<T>, limit = 7 * day): Promise<T> {
    const end = now() + limit;
    let isOver = false;
    const mark = () => {
      isOver = true;
    };
    promise.then(mark, mark);
    await timeline.run(end, () => isOver);
    if (isOver) return promise;
    const why = timeline.isEmpty() ? 'nobody sleeps' : `${limit} ms have passed`;
    throw new Error(
      `Virtual time ended at ${new Date(now()).toISOString()}: the promise is open, and ${why}.`,
    );
  }

  return { now, sleep, skewed: (ms) => ({ now: () => now() + ms, sleep }), run, until };
}

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
