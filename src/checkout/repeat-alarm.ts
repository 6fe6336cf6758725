import type { SkewBounds } from '../clock.ts';
import type { Order } from '../orders/order.ts';
import { boughtAgainCode } from './attention.ts';
import type { CheckoutRecord, KnownGroup, Reason } from './record.ts';
import { contentOf } from './settle.ts';

/** Clocks that nobody has compared are taken to differ by less than this. A repeat leaves minutes after the call before it. */
const uncompared = 30_000;

/** The orders that the API made for a repeat, though it had the cart's orders already: it buys again. */
export function madeByRepeat(
  orders: readonly Order[],
  repeat: {
    /** By our clock. */
    readonly sentAt: number;
    /** Ids of orders that were there before. */
    readonly known: ReadonlySet<string>;
    readonly skew: SkewBounds | undefined;
    /** Groups that an earlier answer left without an order: what the repeat made for them was wanted. */
    readonly awaited: readonly KnownGroup[];
  },
): readonly Order[] {
  const sent = repeat.sentAt + (repeat.skew?.low ?? -uncompared);
  const awaited = repeat.awaited.map(({ content }) => content);
  return orders.filter((order) => {
    const { id, created } = order;
    if (repeat.known.has(id) || created === undefined || created.earliest < sent) return false;
    const at = awaited.indexOf(contentOf(order));
    if (at >= 0) awaited.splice(at, 1);
    return at < 0;
  });
}

export const boughtAgainReason = ({ boughtAgain, orders }: CheckoutRecord): Reason | undefined =>
  boughtAgain === undefined
    ? undefined
    : {
        code: boughtAgainCode,
        description: `This cart was ordered, and its repeat made new orders: ${boughtAgain.orderIds.join(', ')}. All its orders: ${orders.map(({ id }) => id).join(', ')}.`,
        cure: 'Set REPEAT_ORDERED_CART to false, compare the orders with what the customer wants in Partner Center, cancel the others, then close this row.',
        at: boughtAgain.at,
      };
