/** The events that a record owes. Finalizing publishes them, each under an id that never changes. */

import type { BatchCounts } from '../batch/batch-counts.ts';
import { type CheckoutRecord, type FinalState, isFinal, type OrderSummary } from '../checkout/record.ts';
import { isOrderJob } from '../message/job.ts';
import { idIn } from '../message/job-key.ts';
import { isDated } from '../order/bought-subscription.ts';
import type { OrderStatus } from '../order/order.ts';
import type { CheckoutEvent, EventType, eventTypes } from './event.ts';

/** Every event of a record's present result. Ids are made of what happened, so a repeat has the same ones. */
export function eventsOf(record: CheckoutRecord): readonly CheckoutEvent[] {
  const { reached, state } = record;
  const events: CheckoutEvent[] = [];
  if (reached.ordered !== undefined) events.push(cartEvent(record, 'checkout.ordered', reached.ordered));
  for (const order of record.orders)
    if (order.wasPending && order.endedAt !== undefined)
      events.push(...orderEvents(record, order, order.endedAt));
  if (isFinal(state) && reached.final !== undefined)
    events.push(cartEvent(record, `checkout.${state}`, reached.final));
  return events;
}

export const needsDecisionEvent = (record: CheckoutRecord): CheckoutEvent =>
  cartEvent(record, 'checkout.needs-decision', record.asked?.since ?? record.revision);

export function rejectedEvent(
  key: string,
  at: number,
  data: Readonly<Record<string, unknown>>,
): CheckoutEvent {
  return envelope('job.rejected', `job.rejected:${key}`, key, at, data);
}

/** Every declared line is final. Raised again, under another id, only for a size that has grown. */
export const batchFinishedEvent = (
  batchId: string,
  total: number,
  counts: BatchCounts,
  at: number,
): CheckoutEvent => {
  const { completed, partial, failed, rejected } = counts;
  const id = `batch.finished:${batchId}:${total}`;
  const ended: Readonly<Record<FinalState | 'rejected', number>> = { completed, partial, failed, rejected };
  const data = { batchId, total, ...ended };
  return envelope('batch.finished', id, `batches/${batchId}`, at, data);
};

function cartEvent(record: CheckoutRecord, type: EventType, revision: number): CheckoutEvent {
  const id = `${type}:${record.jobKey}:${revision}`;
  return envelope(type, id, subjectOf(record), record.updatedAt, {
    ...about(record),
    state: record.state,
    orders: record.orders.map((order) => ({ id: order.id, status: order.status })),
    failedGroups: record.failedGroups,
    ...(record.badLines === undefined ? {} : { badLines: record.badLines }),
    ...(record.made?.total === undefined
      ? {}
      : { total: { amount: record.made.total, currency: record.made.currency } }),
    ...(record.reason === undefined ? {} : { reason: record.reason }),
  });
}

const subjectOf = ({ jobKey, customerId, job }: CheckoutRecord): string =>
  isOrderJob(job)
    ? `customers/${customerId}/order-numbers/${idIn(jobKey)}`
    : `customers/${customerId}/carts/${idIn(jobKey)}`;

/** The event of an order that has come to this status; none while it is open. */
const orderEventTypes: Readonly<Record<OrderStatus, readonly (typeof eventTypes.order)[number][]>> = {
  pending: [],
  completed: ['order.completed'],
  cancelled: ['order.cancelled'],
  unknown: [],
};

function orderEvents(
  record: CheckoutRecord,
  order: OrderSummary,
  revision: number,
): readonly CheckoutEvent[] {
  const { jobKey, customerId } = record;
  return orderEventTypes[order.status].map((type) => {
    const id = `${type}:${jobKey}:${order.id}:${revision}`;
    return envelope(type, id, `customers/${customerId}/orders/${order.id}`, record.updatedAt, {
      ...about(record),
      orderId: order.id,
      status: order.status,
    });
  });
}

/**
 * Until when each subscription of a completed order can be cancelled. It comes after the events of the result, which do not wait for it.
 * Undefined: no read has brought a date.
 */
export function cancellableEvent(record: CheckoutRecord, order: OrderSummary): CheckoutEvent | undefined {
  const { jobKey, customerId } = record;
  const { id: orderId, subscriptions = [], datesReadAt } = order;
  if (datesReadAt === undefined || !subscriptions.some(isDated)) return undefined;
  const id = `order.cancellable:${jobKey}:${orderId}`;
  return envelope('order.cancellable', id, `customers/${customerId}/orders/${orderId}`, datesReadAt, {
    ...about(record),
    orderId,
    subscriptions,
  });
}

const about = ({ jobKey, customerId, cartId, job, batches }: CheckoutRecord) => ({
  jobKey,
  customerId,
  ...(cartId === undefined ? {} : { cartId }),
  ...(isOrderJob(job) ? { externalOrderId: job.externalOrderId } : {}),
  ...(job.batchId === undefined ? {} : { batchId: job.batchId }),
  ...(batches.length < 2 ? {} : { batchIds: batches }),
  ...(job.reference === undefined ? {} : { reference: job.reference }),
  ...(job.correlationId === undefined ? {} : { correlationId: job.correlationId }),
});

const envelope = (
  type: EventType,
  id: string,
  subject: string,
  at: number,
  data: Readonly<Record<string, unknown>>,
): CheckoutEvent => ({
  specversion: '1.0',
  id,
  source: '/partner-center-checkout-worker',
  type,
  subject,
  time: new Date(at).toISOString(),
  datacontenttype: 'application/json',
  data,
});
