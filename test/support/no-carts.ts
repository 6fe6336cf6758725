import { offerCache } from '../../src/checkout/offer-cache.ts';
import type { CartApi } from '../../src/ports/cart-api.ts';
import type { OfferCache } from '../../src/ports/offers.ts';

const unasked = (): Promise<never> => Promise.reject(new Error('No cart is made in this test'));

/** For workers that buy carts which their producers made. */
export const noCarts: { readonly cartApi: CartApi; readonly offers: OfferCache } = {
  cartApi: { availabilities: unasked, createCart: unasked, putCart: unasked, subscriptions: unasked },
  offers: offerCache({ now: () => 0 }),
};
