import type { Availability } from '../domain/cart/availability.ts';
import type { Clock } from '../ports/clock.ts';

/** What this instance knows about what customers may buy: a whole list asks for the same few products again and again. */
export interface OfferCache {
  get(customerId: string, item: string): readonly Availability[] | undefined;
  keep(customerId: string, item: string, availabilities: readonly Availability[]): void;
  /** An availability of it was refused: nothing that is known of the item counts any more. */
  drop(customerId: string, item: string): void;
}

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
