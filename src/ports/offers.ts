/** Port: a cache of what customers may buy. `make-cart.ts` asks it before it asks Partner Center. */

import type { Availability } from '../domain/cart/availability.ts';

/** What this instance knows about what customers may buy: a whole list asks for the same few products again and again. */
export interface OfferCache {
  get(customerId: string, item: string): readonly Availability[] | undefined;
  keep(customerId: string, item: string, availabilities: readonly Availability[]): void;
  /** An availability of it was refused: nothing that is known of the item counts any more. */
  drop(customerId: string, item: string): void;
}
