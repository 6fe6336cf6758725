/** Port: the requests around the paid call, from order lines to a cart and from orders to subscriptions. None of them buys. */

import type { Exchange } from '../domain/answer/exchange.ts';
import type { CartContent } from '../domain/cart/cart-content.ts';
import type { SendOptions } from './partner-center.ts';

/** What `make-cart.ts`, `preflight` and the poll of cancellation dates ask. None of it buys, and none throws for what the network or the API does. */
export interface CartApi {
  /** `GET /v1/customers/{customer}/products/{product}/skus/{sku}/availabilities`: what this customer may buy. */
  availabilities(customerId: string, product: string, sku: string, options: SendOptions): Promise<Exchange>;
  /** `POST /v1/customers/{customer}/carts`. A cart that nobody checks out expires, and costs nothing. */
  createCart(customerId: string, content: CartContent, options: SendOptions): Promise<Exchange>;
  /** `PUT /v1/customers/{customer}/carts/{cart}`: the whole content of an existing cart. */
  putCart(customerId: string, cartId: string, content: CartContent, options: SendOptions): Promise<Exchange>;
  /** `GET /v1/customers/{customer}/subscriptions`; those of one order with `?order_id={order}`. */
  subscriptions(
    of: { readonly customerId: string; readonly orderId?: string },
    options: SendOptions,
  ): Promise<Exchange>;
}
