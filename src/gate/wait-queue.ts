/** The wait queue of one lane: who wants a permit waits here, until it gets one, the gate closes, or it gives up. */
import type { Permit } from '../domain/gate/permit.ts';
import type { Closed, Taken } from '../ports/gate.ts';

/**
 * Who is served first. A delivery that has made a call comes before those that have not: else, with more callers than permits, each
 * would make its first call, wait for its second for longer than it may, be rescheduled, and begin anew.
 */
export const rank = { urgent: 0, begun: 1, fresh: 2 } as const;
export type Rank = (typeof rank)[keyof typeof rank];

interface Waiter {
  readonly rank: Rank;
  readonly giveUpAt: number;
  readonly resolve: (taken: Taken) => void;
  readonly reject: (error: unknown) => void;
}

/** All times are local. */
export function waitQueue() {
  let waiters: Waiter[] = [];
  return {
    /** Waits in line: by rank, and within a rank in the order of coming. */
    join: (place: Rank, giveUpAt: number): Promise<Taken> =>
      new Promise((resolve, reject) => {
        const next = waiters.findIndex((waiter) => waiter.rank > place);
        waiters.splice(next < 0 ? waiters.length : next, 0, { rank: place, giveUpAt, resolve, reject });
      }),
    size: () => waiters.length,
    /** The next in line gets the permit. */
    serve: (permit: Permit) => waiters.shift()?.resolve({ kind: 'permit', permit }),
    /** When the first of them gives up; Infinity when nobody waits. */
    nextGiveUp: () => Math.min(...waiters.map(({ giveUpAt }) => giveUpAt)),
    /** Those who have waited long enough hear when to ask again. */
    turnAwayLate: (now: number, until: number) => {
      const late = waiters.filter(({ giveUpAt }) => giveUpAt <= now);
      if (late.length > 0) waiters = waiters.filter(({ giveUpAt }) => giveUpAt > now);
      for (const { resolve } of late) resolve({ kind: 'busy', until });
    },
    turnAway: (closed: Closed) => {
      for (const { resolve } of waiters.splice(0)) resolve(closed);
    },
    fail: (error: unknown) => {
      for (const { reject } of waiters.splice(0)) reject(error);
    },
  };
}
