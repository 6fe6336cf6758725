/** The port `OfferCache` in memory: what this instance learned about offers, for an hour. Used by `make-cart.ts`. */

import type { Availability } from '../domain/cart/availability.ts';
import type { Clock } from '../ports/clock.ts';
import type { OfferCache } from '../ports/offers.ts';

/** Availability ids are reissued on a regular basis, and no period is promised. */
const life = 60 * 60_000;
const maxItems = 20_000;

/** By customer and `product:sku`: market and eligibility are the customer's own. */
export function offerCache(clock: Pick<Clock, 'now'>): OfferCache {
  const kept = new Map<
    string,
    { readonly until: number; readonly availabilities: readonly Availability[] }
  >();
  const keyOf = (customerId: string, item: string) => `${customerId}:${item}`;
  return {
    get(customerId, item) {
      const found = kept.get(keyOf(customerId, item));
      // guard: Offers: kept for an hour at most
      if (found !== undefined && clock.now() >= found.until) return undefined;
      return found?.availabilities;
    },
    keep(customerId, item, availabilities) {
      const key = keyOf(customerId, item);
      kept.delete(key);
      kept.set(key, { until: clock.now() + life, availabilities });
      const oldest = kept.size > maxItems ? kept.keys().next().value : undefined;
      if (oldest !== undefined) kept.delete(oldest);
    },
    drop: (customerId, item) => void kept.delete(keyOf(customerId, item)),
  };
}
