/** Port: the local clock, and what is known of its skew. */

import type { SkewBounds } from '../domain/times.ts';

/** The time as the code sees it: epoch milliseconds. Tests put a clock of their own in its place. */
export interface Clock {
  now(): number;
  /** Resolves after `ms` milliseconds; at once when `ms` is not positive. */
  sleep(ms: number): Promise<void>;
}

/** By how much the storage's clock is ahead of ours, as two answers that agree have shown; undefined: not known. */
export type ClockSkew = () => SkewBounds | undefined;

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => (ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms))),
};
