/** How an order of Partner Center becomes a row of the table Checkouts, and back. */

import * as z from 'zod/mini';
import type { CheckoutRecord } from '../../domain/checkout/record.ts';
import { omitUndefined } from '../../domain/omit-undefined.ts';
import { type Order, orderIdKey, orderStatuses, unescapeOrderId } from '../../domain/order/order.ts';
import type { Row, StoredRow } from '../../ports/table.ts';
import { joinText, maxRowBytes, splitText, storedBytes } from './chunks.ts';
import { keyPart } from './keys.ts';
import { column } from './record-rows.ts';
import { sha256 } from './shorten.ts';

export const orderPrefix = 'order:';
/** Order ids are case-sensitive, and so are keys. */
export const orderKey = (orderId: string): string =>
  `${orderPrefix}${keyPart('orderId', orderIdKey(orderId))}`;

/** A column holds the id where the key cannot. */
export function orderIdOf(row: StoredRow): string {
  const whole = row.properties['orderId'];
  return typeof whole === 'string' ? whole : unescapeOrderId(row.key.slice(orderPrefix.length));
}

/**
 * Column `jobKey` says in whose books the order is; `order` holds it as JSON, without its lines when they do not fit. Its
 * status is the one that the record marks: the answer in hand may be older than what another run has written.
 */
export function toOrderRow(record: CheckoutRecord, read: Order): Row {
  const order = { ...read, status: record.orders.find(({ id }) => id === read.id)?.status ?? read.status };
  const whole = JSON.stringify(order);
  const truncated = storedBytes(whole) > maxRowBytes;
  const subscriptions = order.lines.flatMap(({ subscriptionId }) => subscriptionId ?? []);
  return {
    partition: keyPart('customerId', record.customerId),
    key: orderKey(order.id),
    properties: omitUndefined({
      version: 1,
      jobKey: record.jobKey,
      cartId: record.cartId,
      orderId: orderIdKey(order.id) === order.id ? undefined : order.id,
      status: order.status,
      rawStatus: order.rawStatus === undefined ? undefined : column(order.rawStatus),
      billingCycle: column(order.billingCycle),
      currency: order.currency === undefined ? undefined : column(order.currency),
      totalPrice: order.totalPrice,
      creationDate: order.creationDate === undefined ? undefined : column(order.creationDate),
      lineCount: order.lines.length,
      subscriptionIds: column(subscriptions.join(',')),
      batchIds: column(record.batches.join(',')),
      reference: record.job.reference === undefined ? undefined : column(record.job.reference),
      updatedAt: record.updatedAt,
      ...(truncated ? { truncated, wholeSha256: sha256(whole) } : {}),
      ...splitText('order', truncated ? JSON.stringify({ ...order, lines: [] }) : whole),
    }),
  };
}

const stored = z.object({
  id: z.string(),
  status: z.enum(orderStatuses),
  billingCycle: z.string(),
  lines: z.array(
    z.object({
      offerId: z.string(),
      quantity: z.number(),
      term: z.string(),
      subscriptionId: z.exactOptional(z.string()),
    }),
  ),
});

/** What people read of an order; undefined where its row was edited by hand. */
export function fromOrderRow({ properties }: StoredRow): Order | undefined {
  try {
    return stored.safeParse(JSON.parse(joinText('order', properties) ?? '')).data;
  } catch {
    return undefined;
  }
}

/** '' when a person has taken the column away: then nobody's, so that no cart takes the order for its own. */
export const ownerOf = (row: StoredRow): string => {
  const owner = row.properties['jobKey'];
  return typeof owner === 'string' ? owner : '';
};
