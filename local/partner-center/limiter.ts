/** `fixed`: so many calls in each window; `sliding`: in any stretch as long as the window; `customer`: sliding, for each customer. */
export interface Limit {
  readonly kind: 'fixed' | 'sliding' | 'customer';
  readonly calls: number;
  /** Milliseconds. */
  readonly window: number;
}

export interface Limiter {
  /**
   * Counts a call and says how many milliseconds the caller has to wait: 0 when it may pass.
   * A refused call counts too, as in Partner Center ("API throttling guidance").
   */
  take(now: number, customerId: string): number;
}

export function makeLimiter(limit: Limit): Limiter {
  if (limit.kind === 'fixed') return fixedWindow(limit);
  const one = slidingWindow(limit);
  if (limit.kind === 'sliding') return one;
  const each = new Map<string, Limiter>();
  return {
    take(now, customerId) {
      let own = each.get(customerId);
      if (!own) {
        own = slidingWindow(limit);
        each.set(customerId, own);
      }
      return own.take(now, customerId);
    },
  };
}

function fixedWindow({ calls, window }: Limit): Limiter {
  let current = -1;
  let taken = 0;
  return {
    take(now) {
      const index = Math.floor(now / window);
      if (index !== current) {
        current = index;
        taken = 0;
      }
      taken += 1;
      return taken <= calls ? 0 : (index + 1) * window - now;
    },
  };
}

function slidingWindow({ calls, window }: Limit): Limiter {
  /** Times of the counted calls, oldest first; only the newest `calls` of them can matter. */
  const times: number[] = [];
  return {
    take(now) {
      while ((times[0] ?? now) <= now - window) times.shift();
      times.push(now);
      if (times.length <= calls) return 0;
      times.splice(0, times.length - calls - 1);
      // A later call passes once the newest `calls` of these have shrunk by one, this one included.
      const leaving = times[1] ?? now;
      return leaving + window - now;
    },
  };
}
