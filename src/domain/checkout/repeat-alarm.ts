import type { SkewBounds } from '../clock-skew.ts';
import type { Order } from '../order/order.ts';
import { boughtAgainCode } from './attention-row.ts';
import type { CheckoutRecord, Reason } from './record.ts';

/** Clocks that nobody has compared are taken to differ by less than this. A repeat leaves minutes after the call before it. */
const uncompared = 30_000;

/** The orders that the API made for a repeat, though it had the cart's orders already: it buys again. */
export function madeByRepeat(
  orders: readonly Order[],
  repeat: {
    /** By our clock. */
    readonly sentAt: number;
    /** Ids of orders that were there before. */
    readonly known: Pick<ReadonlySet<string>, 'has'>;
    readonly skew: SkewBounds | undefined;
  },
): readonly Order[] {
  const sent = repeat.sentAt + (repeat.skew?.low ?? -uncompared);
  return orders.filter(
    ({ id, created }) => !repeat.known.has(id) && created !== undefined && created.earliest >= sent,
  );
}

export const boughtAgainReason = ({ boughtAgain, orders }: CheckoutRecord): Reason | undefined =>
  boughtAgain === undefined
    ? undefined
    : {
        code: boughtAgainCode,
        description: `This cart was ordered, and its repeat made new orders: ${boughtAgain.orderIds.join(', ')}. All its orders: ${orders.map(({ id }) => id).join(', ')}.`,
        remedy:
          'Set REPEAT_ORDERED_CART to false, compare the orders with what the customer wants in Partner Center, cancel the others, then close this row.',
        at: boughtAgain.at,
      };
