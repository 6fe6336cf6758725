/** Reads a customer's subscriptions: what is active before a list is sent, and until when what was bought can be cancelled. */
import * as z from 'zod/mini';
import { omitUndefined } from '../omit-undefined.ts';
import { fields, list, lowerCaseText, number, parseJson, read, text, textOf } from './answer-fields.ts';
import type { Decoded } from './exchange.ts';
import { instantOf } from './instant.ts';

export interface Subscription {
  readonly id: string;
  /** `product:sku:availability`; '' when it names none. */
  readonly offerId: string;
  readonly status: string;
  readonly quantity: number;
  /** ISO 8601 in UTC; null: it cannot be cancelled. Absent: the answer has no date that can be read. */
  readonly cancellableUntil?: string | null;
}

/**
 * Null stays null: "cannot be cancelled" is an answer. A date that proves nothing, such as the year 1, is none. A date without a zone
 * counts as UTC.
 */
const date = z.transform((value: unknown): string | null | undefined => {
  if (value === null) return null;
  const at = instantOf(textOf(value));
  return at === undefined ? undefined : new Date(at).toISOString();
});

/**
 * Source: Partner Center, "Subscription resources": `cancellationAllowedUntilDate` is null when the subscription cannot be cancelled. The
 * end of the term means that it can be cancelled at any time.
 */
const subscription = z.pipe(
  fields({
    id: text,
    offerId: text,
    status: lowerCaseText,
    quantity: number,
    cancellationAllowedUntilDate: date,
  }),
  z.transform((found): Subscription => {
    const { id = '', offerId = '', status = '', quantity = 0, cancellationAllowedUntilDate } = found;
    return omitUndefined({ id, offerId, status, quantity, cancellableUntil: cancellationAllowedUntilDate });
  }),
);

const subscriptions = fields({ items: list(subscription) });

/** The subscriptions of a customer, or of one order. What has no id is left out. */
export function decodeSubscriptions(body: string): Decoded<readonly Subscription[]> {
  const found = read(subscriptions, parseJson(body));
  return found.ok ? { ok: true, value: found.value.items.filter(({ id }) => id !== '') } : found;
}
