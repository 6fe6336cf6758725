import type { Times } from '../times.ts';

/** Full jitter: anywhere between nothing and a ceiling that doubles with each attempt. */
export function backOff(attempt: number, times: Times, fraction: number): number {
  const ceiling = Math.min(times.backoffMax, times.backoffBase * 2 ** Math.max(0, Math.min(30, attempt - 1)));
  return fraction * ceiling;
}

/** A length of time, up to a tenth longer or shorter: what starts together need not come back together. */
export const withJitter = (ms: number, fraction: number): number => ms * (0.9 + 0.2 * fraction);

export const leftToSleep = (slept: number, times: Times): number => Math.max(0, times.sleepBudget - slept);
