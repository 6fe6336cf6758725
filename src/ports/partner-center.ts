/** Port: the four requests to Partner Center, and their token. */

import type { CallIds, Exchange } from '../domain/answer/exchange.ts';

export interface SendOptions {
  readonly ids: CallIds;
  /** Asks the credential for a token that is not the cached one: the last one was refused. */
  readonly renewToken?: boolean;
  /** Asked when token and connection are at hand, in the instant before the request leaves: nothing is awaited after it says yes. */
  readonly mayLeave?: () => boolean;
}

/** The four requests that the worker makes. None of them throws for what the network or the API does. */
export interface PartnerCenter {
  /** `POST /v1/customers/{customer}/carts/{cart}/checkout`: the paid call. Never retried inside. */
  checkout(customerId: string, cartId: string, options: SendOptions): Promise<Exchange>;
  cart(customerId: string, cartId: string, options: SendOptions): Promise<Exchange>;
  order(customerId: string, orderId: string, options: SendOptions): Promise<Exchange>;
  orders(customerId: string, options: SendOptions): Promise<Exchange>;
}

/** The token that the requests need. */
export interface Tokens {
  /**
   * Resolves when a token is at hand, so that the request that follows leaves at once; to be asked before a permit is taken, because
   * a permit does not live as long as a token may take. `renew`: the last token was refused. False: the request itself has to ask for
   * one, and tells why there is none. Never throws.
   */
  ready(options: { readonly renew: boolean }): Promise<boolean>;
}
