/** The subscriptions that a completed order has made, and until when each can be cancelled. The record keeps them with its orders. */

import type { Subscription } from '../answer/decode-subscriptions.ts';
import type { CheckedLine } from '../cart/cart-content.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { isLacking, isTerminal, type Order } from './order.ts';

/**
 * The worker cancels nothing. It shows what Partner Center's own field says, because the time differs: 7 days for a new-commerce licence, 24
 * hours for SaaS by the month, 14 days for SaaS by the year. Source: Partner Center, "Subscription resources"
 * (`cancellationAllowedUntilDate`), "Cancel a subscription".
 */
export interface BoughtSubscription {
  readonly id: string;
  /** `product:sku:availability`. */
  readonly offerId: string;
  /** The producer's number of the order line, where only one line of the job can be meant. */
  readonly line?: number;
  /** ISO 8601 in UTC; null: it cannot be cancelled. Absent: nobody knows yet. */
  readonly cancellableUntil?: string | null;
}

/** Of one record: more would crowd out what its rules need. The row of an order has all ids. */
export const maxBoughtSubscriptions = 200;

/** What a lookup is worth for: an item of the new catalogue. Subscriptions of the old one are suspended, not cancelled. */
const item = /^[^:]{1,64}:[^:]{1,64}:[^:]{1,64}$/;
const maxId = 64;

/** The subscriptions of a completed order whose dates are worth a read, `most` of them at most. `made`: the lines of the job's own cart. */
export function boughtIn(
  { status, lines }: Order,
  made: readonly CheckedLine[],
  most: number,
): readonly BoughtSubscription[] {
  if (!isTerminal(status) || isLacking(status)) return [];
  return lines
    .flatMap(({ subscriptionId: id, offerId, quantity, term }) => {
      if (id === undefined || id.length > maxId || !item.test(offerId)) return [];
      const [match, ...more] = made.filter(
        (line) =>
          line.catalogItemId.toLowerCase() === offerId.toLowerCase() &&
          line.quantity === quantity &&
          (line.term === 'none' || line.term.toLowerCase() === term.toLowerCase()),
      );
      return [omitUndefined({ id, offerId, line: more.length === 0 ? match?.line : undefined })];
    })
    .slice(0, Math.max(0, most));
}

/** With the dates that an answer has. What it does not name stays as it was. */
export function withDates(
  bought: readonly BoughtSubscription[],
  answered: readonly Subscription[],
): readonly BoughtSubscription[] {
  const found = new Map(answered.map((one) => [one.id.toLowerCase(), one]));
  return bought.map((one) => {
    const until = found.get(one.id.toLowerCase())?.cancellableUntil;
    return until === undefined ? one : { ...one, cancellableUntil: until };
  });
}

export const isDated = ({ cancellableUntil }: BoughtSubscription): boolean => cancellableUntil !== undefined;
