/** Finds out that the repeat of an ordered cart bought again, and says so. */

import type { Order } from '../order/order.ts';
import type { SkewBounds } from '../times.ts';
import { contentOf, groupsWithoutOrder } from './apply-result.ts';
import { boughtAgainCode } from './attention-row.ts';
import type { CheckoutRecord, KnownGroup, OrderSummary, Reason } from './record.ts';

/** Clocks that nobody has compared are taken to differ by less than this. A repeat leaves minutes after the call before it. */
const uncompared = 30_000;

/**
 * The orders that the API made for a repeat, though it had the cart's orders already: it buys again. An ordered cart has an
 * older order. Where the answer or the record names one, what the repeat made for the groups that were left was wanted.
 */
export function madeByRepeat(
  orders: readonly Order[],
  repeat: {
    /** By our clock. */
    readonly sentAt: number;
    /** Ids of orders that were there before. */
    readonly known: ReadonlySet<string>;
    readonly skew: SkewBounds | undefined;
    readonly groups: readonly KnownGroup[];
    /** Orders that the record had before. */
    readonly recorded: readonly Pick<OrderSummary, 'id' | 'content'>[];
  },
): readonly Order[] {
  const sent = repeat.sentAt + (repeat.skew?.low ?? -uncompared);
  const isMade = ({ id, created }: Order): boolean =>
    !repeat.known.has(id) && created !== undefined && created.earliest >= sent;
  const older = new Map([
    ...repeat.recorded.map(({ id, content }) => [id, content] as const),
    ...orders.filter((order) => !isMade(order)).map((order) => [order.id, contentOf(order)] as const),
  ]);
  const wanted =
    older.size === 0
      ? []
      : groupsWithoutOrder(repeat.groups, [...older.values()]).map(({ content }) => content);
  return orders.filter(isMade).filter((order) => {
    const at = wanted.indexOf(contentOf(order));
    if (at >= 0) wanted.splice(at, 1);
    return at < 0;
  });
}

/** What a person is told of a cart that was bought twice. */
export const boughtAgainReason = (
  { at, orderIds }: NonNullable<CheckoutRecord['boughtAgain']>,
  orders: CheckoutRecord['orders'],
): Reason => ({
  code: boughtAgainCode,
  description: `This cart was ordered, and its repeat made new orders: ${orderIds.join(', ')}. All its orders: ${orders.map(({ id }) => id).join(', ')}.`,
  remedy:
    'Set REPEAT_ORDERED_CART to false, compare the orders with what the customer wants in Partner Center, cancel the others, then close this row.',
  at,
});
