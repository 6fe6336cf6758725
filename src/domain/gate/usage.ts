import type { Lane } from './permit.ts';

/**
 * Permits of each lane, those of a minute ago counting for a third, as they stood at `at`: with a steady rate, the permits of
 * a minute. Two numbers that need no memory of single permits.
 */
export interface Use extends Readonly<Record<Lane, number>> {
  readonly at: number;
}

export function useAt(use: Use, now: number, minuteMs: number): Use {
  const kept = Math.exp(-Math.max(0, now - use.at) / minuteMs);
  return { at: Math.max(now, use.at), worker: use.worker * kept, poller: use.poller * kept };
}

export function withPermits(use: Use, lane: Lane, permits: number, now: number, minuteMs: number): Use {
  const aged = useAt(use, now, minuteMs);
  return { ...aged, [lane]: aged[lane] + permits };
}
