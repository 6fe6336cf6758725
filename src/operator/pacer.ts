/** Keeps a bulk command to a rate. */
import type { Clock } from '../ports/clock.ts';

/** Resolves at most so often a second; at once when no rate is asked for. */
export function pacer(clock: Clock, perSecond: number | undefined): () => Promise<void> {
  if (perSecond === undefined) return async () => {};
  let next = clock.now();
  return async () => {
    const at = Math.max(next, clock.now());
    next = at + 1_000 / perSecond;
    if (at > clock.now()) await clock.sleep(at - clock.now());
  };
}
