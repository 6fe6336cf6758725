/**
 * The call of the third part of a tick: reads one order within the poller's lane. Used by `poll-order.ts`.
 */

import { decodeOrder } from '../domain/answer/decode-order.ts';
import type { Poll } from '../domain/checkout/record.ts';
import type { Order } from '../domain/order/order.ts';
import type { OrderEntry } from '../domain/schedule-entry.ts';
import { type PollerRead, type PollerReadDeps, readAsPoller } from './read-as-poller.ts';

/** `later`: nothing was learned. `stop`: nobody may call now. */
export type ReadOrder =
  | { readonly kind: 'order'; readonly order: Order; readonly poll: Poll }
  | Exclude<PollerRead<Order>, { readonly kind: 'value' }>;

/** Reads one order within the poller's lane, and tells the gate how the call went. */
export async function readOrder(
  deps: Omit<PollerReadDeps, 'cartApi'>,
  { jobKey, orderId }: Pick<OrderEntry, 'jobKey' | 'orderId'>,
  deadline: number,
): Promise<ReadOrder> {
  const read = await readAsPoller(
    deps,
    {
      what: 'order',
      jobKey,
      orderId,
      send: (customerId, options) => deps.partnerCenter.order(customerId, orderId, options),
      decode: decodeOrder,
      forPeople: false,
    },
    deadline,
  );
  if (read.kind !== 'value') return read;
  const { value: order, poll } = read;
  if (order.id !== orderId) return { kind: 'later', poll };
  if (order.rawStatus !== undefined)
    deps.telemetry.warn(`order ${orderId} has the unknown status "${order.rawStatus}": treated as pending`, {
      jobKey,
    });
  return { kind: 'order', order, poll: { ...poll, found: order.status } };
}
