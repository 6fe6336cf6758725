/** When the gate was closed lately: for people who look at a chart and ask why nothing happened. No rule reads it. */
import type { Cause } from './closure-cause.ts';

export interface Closing {
  readonly cause: Cause | 'paused';
  /** Storage time, epoch ms. */
  readonly since: number;
  readonly until: number;
}

/** The row is written with each permit batch, so the list stays short. */
export const mostClosings = 20;
/** One that follows so soon belongs to the one before: a limit that is met again each minute is one line. */
const sameAfter = 60_000;

/** The list with one more closing, which has ended. Oldest first. */
export function withClosing(closings: readonly Closing[], closing: Closing): readonly Closing[] {
  const last = closings.at(-1);
  const continues =
    last !== undefined && last.cause === closing.cause && closing.since <= last.until + sameAfter;
  const kept = continues
    ? [...closings.slice(0, -1), { ...last, until: Math.max(last.until, closing.until) }]
    : [...closings, closing];
  return kept.slice(-mostClosings);
}
