/** Reads the subscriptions of a customer for `preflight`, which checks order lines before they are sent. */

import type * as z from 'zod/mini';
import { fields, list, lowerCaseText, number, parseJson, read, text } from '../answer/answer-fields.ts';
import type { Decoded } from '../answer/exchange.ts';

/** What is read of a subscription. Source: Partner Center, "Subscription resources". */
const subscription = fields({
  id: text,
  offerId: text,
  status: lowerCaseText,
  quantity: number,
  cancellationAllowedUntilDate: text,
});

export interface Subscription {
  readonly id: string;
  /** `product:sku:availability`. */
  readonly offerId: string;
  readonly status: string;
  readonly quantity: number;
  /** As Partner Center writes it; absent: it cannot be cancelled, or does not say. */
  readonly cancelUntil?: string;
}

const subscriptions = fields({ items: list(subscription) });

/** The customer's subscriptions. Those without an id or an offer are left out. */
export function decodeSubscriptions(body: string): Decoded<readonly Subscription[]> {
  const found = read<z.infer<typeof subscriptions>>(subscriptions, parseJson(body));
  if (!found.ok) return found;
  return {
    ok: true,
    value: found.value.items.flatMap(({ id, offerId, status, quantity, cancellationAllowedUntilDate }) =>
      id === undefined || offerId === undefined
        ? []
        : [
            {
              id,
              offerId,
              status: status ?? '',
              quantity: quantity ?? 0,
              ...(cancellationAllowedUntilDate === undefined
                ? {}
                : { cancelUntil: cancellationAllowedUntilDate }),
            },
          ],
    ),
  };
}
